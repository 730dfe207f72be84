// The contestant graphile-worker (Node): `node graphile-worker.mjs <fill|drain> <url> <jobs>`, with the
// settings of its own performance test: 24 at once, a local queue of 500, finishes collected
// (`completeJobBatchDelay`). Weaker than ours: a job is deleted after, not with its effects, by number alone;
// what was collected and not yet written when the process dies is run again.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const [action, connectionString, jobs] = process.argv.slice(2);

if (action === "fill") {
  const utils = await makeWorkerUtils({ connectionString });
  await utils.migrate();
  for (let left = Number(jobs); left > 0; left -= 10000) {
    const specs = [];
    for (let id = 1; id <= Math.min(left, 10000); id++) specs.push({ identifier: "noop", payload: { id } });
    await utils.addJobs(specs);
  }
  await utils.release();
} else {
  const began = performance.now();
  const runner = await run({
    preset: {
      worker: {
        connectionString,
        concurrentJobs: 24,
        maxPoolSize: 24,
        pollInterval: 5,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        // A line a job, otherwise.
        logger: new Logger(() => () => {}),
      },
    },
    noHandleSignals: true,
    taskList: { noop: async () => {} },
  });
  const client = new pg.Client({ connectionString });
  await client.connect();
  const isDone = "SELECT max(id) IS NULL AS done FROM graphile_worker._private_jobs";
  while (!(await client.query(isDone)).rows[0].done) await new Promise((go) => setTimeout(go, 10));
  console.log(`drained_ms=${(performance.now() - began).toFixed(1)}`);
  await client.end();
  await runner.stop();
}
