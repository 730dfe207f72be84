// Numbers and names for people, and making elements. Text always goes in as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);

const FAILURES = {
  refused: "connection refused", reset: "connection reset", timed_out: "timed out",
  goaway_refused: "HTTP/2 stream refused", turned_away: "turned away (503)", http5xx: "server error", http4xx: "client error",
  wrong_body: "wrong answer", unfinished: "unfinished", overload: "not sent, too many waiting",
};
const CLIENTS = {
  per_request: "a connection per request", keep_alive: "keep-alive pool",
  idle: "connection used every few seconds", http2: "HTTP/2 streams",
};

function count(number) {
  return Math.round(number).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

function time(ms) {
  if (ms < 10) return ms.toFixed(2) + " ms";
  if (ms < 100) return ms.toFixed(1) + " ms";
  if (ms < 1000) return ms.toFixed(0) + " ms";
  if (ms < 60000) return (ms / 1000).toFixed(1) + " s";
  return Math.floor(ms / 60000) + " min " + Math.round((ms % 60000) / 1000) + " s";
}

// The same where fractions of a millisecond mean nothing.
function span(ms) {
  return ms < 1000 ? Math.round(ms) + " ms" : time(ms);
}

function failureName(kind) {
  return FAILURES[kind] || kind.replace(/_/g, " ");
}

// element("td.number", "12") or element("div.row", [child, child]).
function element(kind, content) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const part of [content].flat(3)) {
    if (part === undefined || part === null || part === false) continue;
    made.append(part instanceof Node ? part : String(part));
  }
  return made;
}

function tinted(made, variable, property = "background") {
  made.style[property] = "var(--" + variable + ")";
  return made;
}

// rows: arrays of cells; a cell is text, an element, or {text, kind: "number bad"}.
function table(heads, rows) {
  const cell = (tag) => (value) => {
    if (value === null || value === undefined) return element(tag, "");
    if (typeof value === "object" && !(value instanceof Node) && !Array.isArray(value)) {
      return element(tag + (value.kind ? "." + value.kind.replace(/ /g, ".") : ""), value.text);
    }
    return element(tag, value);
  };
  return element("div.scroll", element("table", [
    element("thead", element("tr", heads.map(cell("th")))),
    element("tbody", rows.map((row) => element("tr", row.map(cell("td"))))),
  ]));
}

function releaseColour(release) {
  return { "4.8": "r0", "4.9": "r1", "4.10": "r2" }[release] || "r0";
}

function phaseColour(phase) {
  return { expand: "expand", online: "online", contract: "contract" }[phase] || "once";
}

function legend(entries) {
  return element("div.legend", entries.map(([name, variable, style]) => {
    const mark = tinted(element("i"), variable);
    if (style) Object.assign(mark.style, style);
    return element("span", [mark, name]);
  }));
}
