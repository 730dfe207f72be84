// Live instances: a lane for each, faint while it starts, solid while it takes requests, hollow while
// it leaves.

const POD_LANE = 24;

function podLanes(run) {
  const lanes = [];
  for (const span of run.pods) {
    const lane = lanes.find((each) => each.pod === span.pod);
    if (lane) lane.spans.push(span);
    else lanes.push({ pod: span.pod, release: span.release, spans: [span] });
  }
  return lanes;
}

function drawPods(run, width, x) {
  const lanes = podLanes(run);
  const bottom = lanes.length * POD_LANE + 6;
  const chart = frame(width, bottom + 24, "live instances by release");
  bands(chart, run, x, 2, bottom);
  lanes.forEach((lane, index) => {
    const y = index * POD_LANE + 6;
    const colour = releaseColour(lane.release);
    shape("text", { class: "lane", x: LEFT - 9, y: y + 13, "text-anchor": "end" }, chart, lane.release);
    for (const span of lane.spans) {
      const begin = x(Math.max(span.from_ms, 0));
      const bar = shape("rect", {
        x: begin, y, width: Math.max(x(span.to_ms) - begin, 1.5), height: POD_LANE - 8, rx: 4,
      }, chart);
      fillWith(bar, colour);
      if (span.stage === "starting") bar.setAttribute("fill-opacity", "0.35");
      if (span.stage === "leaving") {
        bar.setAttribute("fill-opacity", "0.08");
        strokeWith(bar, colour).setAttribute("stroke-dasharray", "3 2");
      }
    }
  });
  timeAxis(chart, x, x.toMs, 2, bottom, width);
  return chart;
}

function podsLegend(run) {
  const releases = [...new Set(run.pods.map((span) => span.release))];
  return legend(releases.map((release) => ["release " + release, releaseColour(release)]).concat([
    ["starting", "soft", { opacity: 0.4 }],
    ["leaving", "card", { border: "1.5px dashed var(--soft)" }],
  ]));
}
