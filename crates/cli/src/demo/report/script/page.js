// The page: verdict, both ways side by side, each run in full.

const comparison = data.comparison;

function details(name, content, open) {
  const made = element("details", [element("summary", name), element("div", content)]);
  made.open = Boolean(open);
  return made;
}

function verdict() {
  if (comparison.faults.length) {
    return element("div.verdict.bad", [
      element("b", "The rolling upgrade does not hold."),
      element("ul", comparison.faults.map((fault) => element("li", fault))),
    ]);
  }
  const { recreate, rolling } = comparison;
  const there = rolling && "each of " + count(rolling.writes_acknowledged) + " acknowledged writes is there exactly once";
  const often = comparison.rolling_runs && comparison.rolling_runs.length;
  const streams = rolling && rolling.streams;
  const moved = streams ? " " + count(streams.ended_by_go_away) + " of " + count(streams.opened)
    + " sensors' streams were sent away in order and went on at the next release; each of " + count(streams.acknowledged)
    + " events is there exactly once." : "";
  if (often) return element("div.verdict", [element("b", often + " rolling runs: no request failed"), ", " + there + "." + moved]);
  if (rolling && recreate) {
    return element("div.verdict", [
      "The same load met the same migrations twice. Recreate failed ",
      element("b", count(recreate.failed) + " requests"), " and was away for ",
      element("b", span(recreate.outage_ms_max)), ". With Changeover ",
      element("b", "no request failed"), ", and " + there + "." + moved,
    ]);
  }
  if (rolling) return element("div.verdict", [element("b", "No request failed"), ", and " + there + "." + moved]);
  return element("div.verdict.bad", [
    element("b", count(recreate.failed) + " requests failed"), ", and the service was away for ",
    element("b", span(recreate.outage_ms_max)), ".",
  ]);
}

function lead() {
  const outcome = comparison.rolling || comparison.recreate;
  return [
    "PostgreSQL " + comparison.server,
    count(comparison.rows) + " process indicators and as many network flows",
    count(outcome.rate_per_second) + " requests per second, "
      + Math.round(outcome.migrating_writes_share * 100) + " % of them writes to tables that migrate",
  ].join(" · ");
}

function runCard(run, toMs) {
  const card = element("section.card.run", [
    element("header", [element("h2", run.title), element("p", count(run.outcome.requests) + " requests in " + span(run.duration_ms))]),
    timeline(run, toMs),
  ]);
  if (run.failures.length) {
    card.append(details("Failures, the first " + run.failures.length + " of " + count(run.outcome.failed), failuresTable(run)));
  }
  card.append(details(run.steps.length + " steps and the locks they take", stepsTable(run)));
  card.append(details("Four kinds of client", clientsTable(run)));
  if (run.outcome.streams) card.append(details("Sensors' streams: a fifth kind", [streamsTable(run.outcome.streams), streamSpansTable(run)]));
  return card;
}

function settingsTable() {
  return table(["setting", "value"], [
    ["rows of process_indicators", count(comparison.rows)],
    ["instances", "" + comparison.replicas],
    ["seed of rows and load", "" + comparison.seed],
    ["draining before the end", comparison.drain ? "on" : "off"],
    ["PostgreSQL", comparison.server],
    ["written", data.written_at.replace("T", " ").slice(0, 19) + " UTC, by changeover " + data.program],
  ]);
}

// One scale for all runs, so that they can be compared by eye; a run that would be squeezed into less
// than a third has its own.
const longestMs = Math.max(...data.runs.map((run) => run.duration_ms));
const scaleMs = (run) => (run.duration_ms * 3 < longestMs ? run.duration_ms : longestMs);
const perWay = data.runs.filter((run, index) => data.runs.findIndex((each) => each.way === run.way) === index);

document.getElementById("page").append(
  element("p.brand", "Changeover"),
  element("h1", "Releases 4.8 → 4.9 → 4.10 under load"),
  element("p.lead", lead()),
  verdict(),
  element("div.pair", ["recreate", "rolling"].filter((way) => comparison[way]).map((way) => headline(way, comparison[way]))),
  ...data.runs.map((run) => runCard(run, scaleMs(run))),
  element("section.card.run", [
    element("header", [element("h2", "Phases"), element("p", "latency counts from the moment at which a request was due")]),
    phasesTable(perWay),
    details("Settings", settingsTable()),
  ]),
  element("footer", "Open loop: requests are sent at their time, no matter what became of those before; no request is sent twice; "
    + "a failed request is one that was refused, reset, late, or answered wrongly."),
);
