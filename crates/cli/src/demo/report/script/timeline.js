// The four panels of a run over one axis of time, drawn again when the width changes, with a cross and
// a box that tell what was at the moment under the pointer.

const PHASE_WORDS = {
  warm_up: "", baseline: "before", restart: "restart", settling: "", online: "steps go on", afterwards: "after",
};

function phaseWord(phase) {
  if (phase.kind !== "rollout") return PHASE_WORDS[phase.kind];
  return "→ " + phase.name.split("→").pop().trim();
}

function labelPhases(chart, run, x) {
  for (const phase of run.outcome.phases) {
    const word = phaseWord(phase);
    const width = x(phase.from_ms + phase.duration_ms) - x(phase.from_ms);
    if (word.length * 6.6 > width) continue;
    shape("text", {
      class: "phase", x: x(phase.from_ms) + width / 2, y: 14, "text-anchor": "middle",
    }, chart, word);
  }
}

function timeline(run, toMs) {
  const panels = [
    ["Requests per second", requestsLegend(run), drawRequests],
    ["Latency", latencyLegend(), drawLatency],
    ["Live instances", podsLegend(run), drawPods],
    ["Running steps", stepsLegend(run), drawSteps],
  ].map(([name, keys, draw]) => {
    const place = element("div");
    const made = element("section.panel", [element("header", [element("h3", name), keys]), place]);
    return { place, made, draw };
  });
  const whole = element("div", panels.map((panel) => panel.made));
  let x = null;
  let crosses = [];
  let drawn = 0;

  const redraw = () => {
    const width = Math.max(whole.clientWidth, 320);
    if (width === drawn) return;
    drawn = width;
    x = linear(0, toMs, LEFT, width - RIGHT);
    x.toMs = toMs;
    crosses = panels.map((panel, index) => {
      const chart = panel.draw(run, width, x);
      if (index === 0) labelPhases(chart, run, x);
      panel.place.replaceChildren(chart);
      const height = Number(chart.getAttribute("height")) - 24;
      const cross = shape("line", { class: "cross", y1: 2, y2: height, x1: -9, x2: -9 }, chart);
      cross.style.display = "none";
      return cross;
    });
  };
  new ResizeObserver(() => requestAnimationFrame(redraw)).observe(whole);

  whole.addEventListener("pointermove", (event) => {
    const place = event.clientX - whole.getBoundingClientRect().left;
    const at = x ? x.inverse(place) : -1;
    const outside = at < 0 || at > run.duration_ms;
    for (const cross of crosses) {
      cross.style.display = outside ? "none" : "";
      cross.setAttribute("x1", place);
      cross.setAttribute("x2", place);
    }
    if (outside) hideTip();
    else showTip(event, moment(run, at));
  });
  whole.addEventListener("pointerleave", () => {
    hideTip();
    for (const cross of crosses) cross.style.display = "none";
  });
  return whole;
}

// What was at one moment, as rows of the box.
function moment(run, at) {
  const row = (name, value, bad) =>
    element("div.row", [element("span", name), element(bad ? "span.bad" : "span", value)]);
  const phase = run.outcome.phases.find((each) => at >= each.from_ms && at < each.from_ms + each.duration_ms);
  const stretch = run.timeline[Math.min(Math.floor(at / run.stretch_ms), run.timeline.length - 1)];
  const rows = [element("b", clock(at) + (phase ? "  " + phase.name : ""))];
  if (stretch) {
    rows.push(row("requests", count(stretch.n * 1000 / run.stretch_ms) + " per second"));
    for (const [kind, number] of Object.entries(stretch.f || {})) {
      rows.push(row(failureName(kind), count(number), true));
    }
    if (stretch.max > 0) {
      rows.push(row("p50 / p99", time(stretch.p50) + " / " + time(stretch.p99)));
      rows.push(row("slowest", time(stretch.max)));
    }
  }
  for (const span of run.pods) {
    if (at >= span.from_ms && at < span.to_ms) rows.push(row(span.pod + ", " + span.release, span.stage));
  }
  const running = stepsRun(run).filter((step) => at >= step.from_ms && at < step.end_ms);
  for (const step of running) rows.push(row(step.phase, step.title));
  return rows;
}

function showTip(event, rows) {
  const tip = document.getElementById("tip");
  tip.replaceChildren(...rows);
  tip.hidden = false;
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  const left = event.clientX + 18 + width < innerWidth ? event.clientX + 18 : event.clientX - 18 - width;
  tip.style.left = Math.max(left, 4) + "px";
  tip.style.top = Math.max(Math.min(event.clientY - height / 2, innerHeight - height - 8), 8) + "px";
}

function hideTip() {
  document.getElementById("tip").hidden = true;
}
