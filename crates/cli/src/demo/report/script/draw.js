// Drawing SVG: shapes, scales, axes. A panel is drawn into a frame with a left and a right margin;
// all panels of a run share the scale of time.

const LEFT = 62;
const RIGHT = 14;

function shape(tag, attributes, parent, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function fillWith(made, variable) {
  made.style.fill = "var(--" + variable + ")";
  return made;
}

function strokeWith(made, variable) {
  made.style.stroke = "var(--" + variable + ")";
  return made;
}

function linear(from, to, begin, end) {
  const scale = (value) => begin + ((value - from) / (to - from || 1)) * (end - begin);
  scale.inverse = (place) => from + ((place - begin) / (end - begin || 1)) * (to - from);
  return scale;
}

function logarithmic(from, to, begin, end) {
  const scale = linear(Math.log10(from), Math.log10(to), begin, end);
  return (value) => scale(Math.log10(Math.max(value, from)));
}

// Round steps of 1, 2, 5 times a power of ten, about `wanted` of them.
function ticks(to, wanted) {
  const raw = to / Math.max(wanted, 1);
  const power = Math.pow(10, Math.floor(Math.log10(raw || 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw) || 1;
  const all = [];
  for (let value = 0; value <= to * 1.0001; value += step) all.push(value);
  return all;
}

// Seconds step by parts of minutes once there are minutes.
function timeTicks(toMs, wanted) {
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200];
  const seconds = toMs / 1000;
  const step = steps.find((each) => seconds / each <= wanted) || 14400;
  const all = [];
  for (let value = 0; value <= seconds; value += step) all.push(value * 1000);
  return all;
}

function clock(ms) {
  const seconds = Math.round(ms / 1000);
  return Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
}

function frame(width, height, name) {
  const chart = shape("svg", {
    class: "chart", width, height, viewBox: "0 0 " + width + " " + height,
    role: "img", "aria-label": name,
  });
  return chart;
}

function levels(chart, width, values, place, word) {
  for (const value of values) {
    const y = place(value);
    shape("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }, chart);
    shape("text", { x: LEFT - 9, y: y + 4, "text-anchor": "end" }, chart, word(value));
  }
}

function timeAxis(chart, x, toMs, top, bottom, width) {
  shape("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom }, chart);
  for (const at of timeTicks(toMs, Math.floor((width - LEFT) / 80))) {
    shape("line", { class: "axis", x1: x(at), x2: x(at), y1: bottom, y2: bottom + 5 }, chart);
    shape("text", { x: x(at), y: bottom + 18, "text-anchor": "middle" }, chart, clock(at));
  }
}

// The background of all panels: when pods are replaced and when steps go on.
function bands(chart, run, x, top, bottom) {
  for (const phase of run.outcome.phases) {
    const begin = x(phase.from_ms);
    const width = x(phase.from_ms + phase.duration_ms) - begin;
    if (phase.kind === "rollout" || phase.kind === "online") {
      shape("rect", { class: "band " + phase.kind, x: begin, y: top, width, height: bottom - top }, chart);
    }
    if (phase.kind === "rollout") {
      shape("line", { class: "edge", x1: begin, x2: begin, y1: top, y2: bottom }, chart);
    }
  }
}
