// Requests per second, each by the moment at which it was due: answered below, failed above, by kind.

const REQUESTS_HEIGHT = 170;

function failureKinds(run) {
  return Object.keys(run.outcome.failures_by_kind);
}

function failureColour(run, kind) {
  return "f" + Math.min(Math.max(failureKinds(run).indexOf(kind), 0), 4);
}

function drawRequests(run, width, x) {
  const chart = frame(width, REQUESTS_HEIGHT + 24, "requests per second");
  const perSecond = 1000 / run.stretch_ms;
  // The last stretch may be cut short.
  const most = Math.max(...run.timeline.map((stretch) => stretch.n)) * perSecond;
  const y = linear(0, most * 1.08, REQUESTS_HEIGHT, 22);
  bands(chart, run, x, 22, REQUESTS_HEIGHT);
  levels(chart, width, ticks(most, 4), y, count);
  const kinds = failureKinds(run);
  for (const stretch of run.timeline) {
    const begin = x(stretch.t);
    const span = Math.max(x(Math.min(stretch.t + run.stretch_ms, run.duration_ms)) - begin, 0.5);
    const failed = Object.values(stretch.f || {}).reduce((sum, each) => sum + each, 0);
    let base = 0;
    const bar = (number, variable) => {
      if (!number) return;
      const [low, high] = [y(base * perSecond), y((base + number) * perSecond)];
      base += number;
      fillWith(shape("rect", {
        class: "bar", x: begin, y: high, width: span, height: Math.max(low - high, 0.8),
      }, chart), variable);
    };
    bar(stretch.n - failed, "ok-fill");
    for (const kind of kinds) bar((stretch.f || {})[kind], failureColour(run, kind));
  }
  timeAxis(chart, x, x.toMs, 22, REQUESTS_HEIGHT, width);
  return chart;
}

function requestsLegend(run) {
  return legend([["answered", "ok-fill"]].concat(
    failureKinds(run).map((kind) => [
      failureName(kind) + " (" + count(run.outcome.failures_by_kind[kind]) + ")",
      failureColour(run, kind),
    ])));
}
