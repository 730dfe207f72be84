// Steps of the migrations, in the order in which they began: a lane each, coloured by phase.

const STEP_LANE = 17;

function stepsRun(run) {
  return run.steps.filter((step) => step.from_ms !== null)
    .map((step) => ({ ...step, end_ms: step.to_ms === null ? run.duration_ms : step.to_ms }))
    .sort((a, b) => a.from_ms - b.from_ms || a.end_ms - b.end_ms);
}

function drawSteps(run, width, x) {
  const steps = stepsRun(run);
  const bottom = Math.max(steps.length, 1) * STEP_LANE + 8;
  const chart = frame(width, bottom + 24, "running steps");
  bands(chart, run, x, 2, bottom);
  if (!steps.length) {
    shape("text", { class: "none", x: LEFT + 8, y: 16 }, chart, "no step ran");
  }
  steps.forEach((step, index) => {
    const y = index * STEP_LANE + 5;
    const begin = x(step.from_ms);
    const long = Math.max(x(step.end_ms) - begin, 3);
    fillWith(shape("rect", { x: begin, y, width: long, height: STEP_LANE - 6, rx: 2.5 }, chart),
      phaseColour(step.phase));
    const text = step.title + " · " + span(step.end_ms - step.from_ms);
    // About six units a letter: beside the bar where there is room, else before it.
    const right = begin + long + 6 + text.length * 6.1 < width - RIGHT;
    shape("text", {
      x: right ? begin + long + 6 : begin - 6, y: y + 9.5, "text-anchor": right ? "start" : "end",
    }, chart, text);
    shape("text", { x: LEFT - 9, y: y + 9.5, "text-anchor": "end" }, chart, "" + step.migration);
  });
  timeAxis(chart, x, x.toMs, 2, bottom, width);
  return chart;
}

function stepsLegend(run) {
  const phases = ["expand", "online", "contract", "in one go"];
  const seen = phases.filter((phase) => run.steps.some((step) => step.phase === phase));
  return legend(seen.map((phase) => [phase, phaseColour(phase)]));
}
