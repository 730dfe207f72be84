// Headline figures and tables.

const TITLES = {
  recreate: ["Recreate", "the old instance ends, the new one migrates in one go, then serves"],
  rolling: ["RollingUpdate with Changeover", "old and new serve side by side, migrations run online"],
};

function figure(name, value, note, kind) {
  return element("div.figure", [
    element("h3", name), element("div.value" + (kind ? "." + kind : ""), value),
    element("p.note", note),
  ]);
}

function streamsFigures(streams) {
  const lost = streams.missing + streams.unacknowledged + streams.held_back;
  const fate = lost + streams.doubled ? count(lost) + " lost, " + count(streams.doubled) + " doubled"
    : "each is there exactly once";
  return [
    figure("Sensors' streams", count(streams.opened),
      count(streams.ended_by_go_away) + " sent away in order, " + count(streams.cut) + " cut",
      streams.cut ? "small.bad" : "small"),
    figure("Their events", count(streams.events),
      fate + "; " + count(streams.resent) + " sent again", lost + streams.doubled ? "small.bad" : "small"),
  ];
}

function headline(way, outcome) {
  const wrong = outcome.writes_missing + outcome.writes_doubled;
  const kinds = Object.entries(outcome.failures_by_kind).sort((a, b) => b[1] - a[1])
    .map(([kind, number]) => count(number) + " " + failureName(kind));
  const long = outcome.outage_ms_max >= 1000;
  return element("section.card", [
    element("header", [element("h2", TITLES[way][0]), element("p", TITLES[way][1])]),
    element("div.figures", [
      figure("Failed requests", count(outcome.failed),
        "of " + count(outcome.requests) + (kinds.length ? ": " + kinds.join(", ") : "")
          + (outcome.failed_in_restart ? "; " + count(outcome.failed_in_restart) + " of them in the mere restart" : ""),
        outcome.failed ? "bad" : "good"),
      figure("Longest outage", span(outcome.outage_ms_max),
        long ? "without a single right answer" : "between two right answers", long ? "bad" : "good"),
      figure("p99 latency", time(outcome.p99_ms_before) + " → " + time(outcome.p99_ms_during),
        "before → during the upgrades" + (outcome.p99_ms_restart
          ? "; while the same release was restarted: " + time(outcome.p99_ms_restart) : ""), "small"),
      figure("Made to wait", count(outcome.waited),
        "answered after more than 100 ms; " + count(outcome.turned_away) + " turned away (503), among the failed",
        outcome.turned_away ? "small.bad" : "small"),
      figure("Acknowledged writes", count(outcome.writes_acknowledged),
        wrong ? count(outcome.writes_missing) + " missing, " + count(outcome.writes_doubled) + " doubled"
          : "each is there exactly once", wrong ? "small.bad" : "small"),
      outcome.streams && streamsFigures(outcome.streams),
    ]),
  ]);
}

// What became of sensors' streams and of their events.
function streamsTable(streams) {
  const number = (value, bad) => ({ text: count(value), kind: "number" + (bad && value ? " bad" : "") });
  const releases = Object.entries(streams.streams_by_release).map(([release, streamCount]) => release + ": " + streamCount);
  return table(["streams of " + count(streams.sensors) + " sensors", ""], [
    ["opened (" + releases.join(", ") + ")", number(streams.opened)],
    ["ended by goAway, everything acknowledged", number(streams.ended_by_go_away)],
    ["cut", number(streams.cut, true)],
    ["not taken", number(streams.not_opened, true)],
    ["events acknowledged", number(streams.acknowledged)],
    ["never acknowledged", number(streams.unacknowledged + streams.held_back, true)],
    ["sent again over a further stream", number(streams.resent)],
    ["of these, in the database already and not stored again", number(streams.repeated)],
    ["missing", number(streams.missing, true)],
    ["doubled", number(streams.doubled, true)],
    ["event due → acknowledged: p50, p99, slowest", {
      text: [streams.acknowledged_ms_p50, streams.acknowledged_ms_p99, streams.acknowledged_ms_max].map(time).join(", "),
      kind: "number",
    }],
  ]);
}

const STREAM_ENDS = { go_away: "goAway", cut: "cut", by_client: "the load's end", turned_away: "turned away" };

function streamSpansTable(run) {
  return table(["sensor", "held by", { text: "from", kind: "number" }, { text: "to", kind: "number" }, "ended by"],
    run.streams.map((stream) => [
      "" + (stream.client + 1), stream.holder,
      { text: (stream.from_ms / 1000).toFixed(1) + " s", kind: "number" },
      { text: (stream.to_ms / 1000).toFixed(1) + " s", kind: "number" },
      { text: STREAM_ENDS[stream.ended], kind: stream.ended === "cut" ? "bad" : "" },
    ]));
}

// Phases by name: a run that migrates in one go has fewer.
function phasesTable(runs) {
  const number = (text, bad) => ({ text, kind: "number" + (bad ? " bad" : "") });
  const names = [...new Set(runs.flatMap((run) => run.outcome.phases.map((phase) => phase.name)))];
  const order = (name) => Math.max(...runs.map((run) => run.outcome.phases.findIndex((phase) => phase.name === name)));
  names.sort((a, b) => order(a) - order(b));
  const heads = [""].concat(runs.flatMap((run) =>
    [TITLES[run.way][0], "failed", "p50", "p99", "p99.9"].map((text) => number(text))));
  return table(heads, names.map((name) => [name].concat(runs.flatMap((run) => {
    const phase = run.outcome.phases.find((each) => each.name === name);
    if (!phase) return [number("—"), "", "", "", ""];
    return [number(span(phase.duration_ms)), number(count(phase.failed), phase.failed > 0)]
      .concat([phase.p50_ms, phase.p99_ms, phase.p99_9_ms].map((ms) => number(ms ? time(ms) : "—")));
  }))));
}

function stepState(step) {
  if (step.state === "done") return span(step.to_ms - step.from_ms);
  return step.phase === "contract" ? "waits: the release before may come back" : step.state;
}

function stepsTable(run) {
  const lock = (each) => element("div", [
    each.mode + " on " + each.relation,
    element("span.sub", " for " + each.held + (each.blocks_service ? ", blocks " + each.blocks : "")),
  ]);
  return table(["migration", "phase", "step", "locks",
    { text: "rows", kind: "number" }, { text: "took", kind: "number" }],
    run.steps.map((step) => [
      "" + step.migration,
      tinted(element("span.tag", step.phase), phaseColour(step.phase)),
      [step.title, step.reason ? element("div.sub", step.reason) : null],
      step.locks.length ? step.locks.map(lock) : element("span.sub", step.phase === "in one go" ? "what its statements take, to its end" : "none that anybody waits for"),
      { text: step.rows === null ? "" : count(step.rows), kind: "number" },
      {
        text: stepState(step), kind: step.state === "done" ? "number" : "sub",
      },
    ]));
}

function failuresTable(run) {
  return table(["at", "client", "request", "failure", { text: "after", kind: "number" }, "what it said"],
    run.failures.map((failure) => [
      (failure.intended_ms / 1000).toFixed(2) + " s", CLIENTS[failure.client] || failure.client,
      failure.request, failureName(failure.outcome),
      { text: time(failure.latency_ms), kind: "number" }, { text: failure.text, kind: "wrap" },
    ]));
}

function clientsTable(run) {
  return table(["client", { text: "requests", kind: "number" }, { text: "failed", kind: "number" }],
    Object.entries(run.outcome.requests_by_client).map(([client, number]) => {
      const failed = run.outcome.failures_by_client[client] || 0;
      return [
        CLIENTS[client] || client, { text: count(number), kind: "number" },
        { text: count(failed), kind: "number" + (failed ? " bad" : "") },
      ];
    }));
}
