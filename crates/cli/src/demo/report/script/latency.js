// Latency of successful requests, from the moment at which each was due, on a logarithmic scale.

const LATENCY_HEIGHT = 170;

function drawLatency(run, width, x) {
  const chart = frame(width, LATENCY_HEIGHT + 24, "latency");
  const answered = run.timeline.filter((stretch) => stretch.max > 0);
  const most = Math.max(10, ...answered.map((stretch) => stretch.max));
  const least = Math.min(1, ...answered.map((stretch) => stretch.p50));
  const [from, to] = [Math.pow(10, Math.floor(Math.log10(least))), most * 1.4];
  const y = logarithmic(from, to, LATENCY_HEIGHT, 8);
  bands(chart, run, x, 8, LATENCY_HEIGHT);
  const decades = [];
  for (let value = from; value <= to; value *= 10) decades.push(value);
  levels(chart, width, decades, y, (ms) => (ms < 1 ? ms + " ms" : time(ms).replace(/\.0+ /, " ")));
  const middle = (stretch) => x(stretch.t + run.stretch_ms / 2);

  for (const stretch of answered) {
    fillWith(shape("circle", { cx: middle(stretch), cy: y(stretch.max), r: 1.6, opacity: 0.55 }, chart), "soft");
  }
  const line = (key, variable, thick) => {
    let path = "";
    let open = false;
    for (const stretch of run.timeline) {
      const known = stretch.max > 0;
      if (known) path += (open ? "L" : "M") + middle(stretch).toFixed(1) + " " + y(stretch[key]).toFixed(1);
      open = known;
    }
    strokeWith(shape("path", {
      d: path, fill: "none", "stroke-width": thick, "stroke-linejoin": "round",
    }, chart), variable);
  };
  line("p99", "expand", 1.6);
  line("p50", "ok", 2);
  timeAxis(chart, x, x.toMs, 8, LATENCY_HEIGHT, width);
  return chart;
}

function latencyLegend() {
  return legend([
    ["half are faster (p50)", "ok"], ["99 of 100 are faster (p99)", "expand"],
    ["slowest", "soft", { borderRadius: "50%" }],
  ]);
}
