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

function headline(way, outcome) {
  const wrong = outcome.writes_missing + outcome.writes_doubled;
  const kinds = Object.entries(outcome.failures_by_kind).sort((a, b) => b[1] - a[1])
    .map(([kind, number]) => count(number) + " " + failureName(kind));
  const long = outcome.outage_ms_max >= 1000;
  return element("section.card", [
    element("header", [element("h2", TITLES[way][0]), element("p", TITLES[way][1])]),
    element("div.figures", [
      figure("Failed requests", count(outcome.failed),
        "of " + count(outcome.requests) + (kinds.length ? ": " + kinds.join(", ") : ""),
        outcome.failed ? "bad" : "good"),
      figure("Longest outage", span(outcome.outage_ms_max),
        long ? "without a single right answer" : "between two right answers", long ? "bad" : "good"),
      figure("p99 latency", time(outcome.p99_ms_before) + " → " + time(outcome.p99_ms_during),
        "before → during the upgrades", "small"),
      figure("Acknowledged writes", count(outcome.writes_acknowledged),
        wrong ? count(outcome.writes_missing) + " missing, " + count(outcome.writes_doubled) + " doubled"
          : "each is there exactly once", wrong ? "small.bad" : "small"),
    ]),
  ]);
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
  return table(["migration", "phase", "step", "locks", { text: "took", kind: "number" }],
    run.steps.map((step) => [
      "" + step.migration,
      tinted(element("span.tag", step.phase), phaseColour(step.phase)),
      [step.title, step.reason ? element("div.sub", step.reason) : null],
      step.locks.length ? step.locks.map(lock) : element("span.sub", step.phase === "in one go" ? "whatever its statements take, to its end" : "none that anybody waits for"),
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
