// A worker that takes part in upgrades by plain SQL: node-postgres, beside `changeover agent`.
//
//   changeover agent --release 2.4 -- node worker.mjs
//
// It owns the singleton `tally` while the database says so, and runs jobs of the kind `greet`. The agent
// registers, beats, settles and leaves; this process only calls the functions of docs/sql-functions.md.
// Each of the two has a loop and a connection of its own, so that a long job delays no renewal.
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

const URL = process.env.DATABASE_URL; // PGAPPNAME, from the agent, tells the database which release writes
const ME = process.env.CHANGEOVER_INSTANCE;
const APP = process.env.CHANGEOVER_APP;
const LABEL_COMMITS = process.env.CHANGEOVER_LABEL_COMMITS === '1'; // for checks by logical decoding
const WORK_MS = Number(process.env.WORK_MS ?? 0); // how long a turn computes before it writes
const [WORKER, KIND, VERSION] = ['tally', 'greet', 1];
const LEASE_MS = Number(process.env.LEASE_MS ?? 5000); // how long others wait for an owner that has died without a word
const PAUSE_MS = 500; // between two turns, and the longest that a lost notification costs
const BATCH = 10; // jobs claimed in one go

const [FENCED, NOT_MINE, BELOW_FLOOR] = ['CO002', 'CO007', 'CO001'];
const stop = new AbortController();
const stopping = () => stop.signal.aborted;
const log = (text) => console.error(`${ME.slice(0, 8)} ${text}`);

/** One statement, its own transaction unless one is open; the first row or undefined. */
const call = async (db, sql, ...values) => (await db.query(sql, values)).rows[0];

/** Runs `work` in a transaction; an error rolls it back and is thrown on. */
async function transaction(db, label, work) {
  await db.query('BEGIN');
  try {
    // A process that is paused in here holds locks on its rows: the server ends it after 2 s.
    await db.query("SET LOCAL idle_in_transaction_session_timeout = '2s'");
    if (LABEL_COMMITS) await call(db, "SELECT pg_logical_emit_message(true, 'changeover', $1)", label);
    await work();
    await db.query('COMMIT');
  } catch (error) {
    if (!db.isLost) await db.query('ROLLBACK');
    throw error;
  }
}

/** Until a notification, or for a pause: behind a pooler, which passes none on, that must do. */
async function wait(db) {
  const woken = new AbortController();
  const wake = () => woken.abort();
  db.once('notification', wake);
  await sleep(PAUSE_MS, undefined, { signal: woken.signal }).catch(wake);
  db.off('notification', wake);
}

/** One unit of the singleton's work, and last in its transaction the guard: it raises CO002 where
 *  somebody else has taken over, and then nothing of this transaction has happened. */
async function turn(db, epoch) {
  await sleep(WORK_MS); // stands for computing; in all less than a third of the lease
  await transaction(db, `worker=${WORKER} epoch=${epoch}`, async () => {
    await call(db, 'INSERT INTO tally (worker, epoch, told_by) VALUES ($1, $2, $3)', WORKER, epoch, ME);
    await call(db, 'SELECT changeover.guard_v1($1, $2, $3, $4)', APP, WORKER, epoch, ME);
  });
}

async function own(db) {
  await call(db, 'SELECT changeover.declare_worker_v1($1, $2, 0, 2000, $3)', ME, WORKER, LEASE_MS);
  await call(db, 'SELECT changeover.settle_v1($1)', APP);
  await db.query('LISTEN changeover_worker');
  let epoch; // a string: bigint does not fit into a number
  for (; !stopping() && !db.isLost; await wait(db)) {
    try {
      if (epoch === undefined) {
        // Also after a transfer to me: the lease is taken under the next number.
        const granted = await call(db, 'SELECT epoch FROM changeover.acquire_v1($1, $2, $3)',
          ME, WORKER, LEASE_MS);
        epoch = granted?.epoch;
        if (epoch) log(`owns ${WORKER} under epoch ${epoch}`);
        continue;
      }
      const lease = await call(db, 'SELECT successor FROM changeover.renew_v1($1, $2, $3, $4)',
        ME, WORKER, epoch, LEASE_MS);
      if (!lease) {
        log(`lost ${WORKER}, epoch ${epoch}: the lease is another's`);
        epoch = undefined;
      } else if (lease.successor) {
        epoch = await handOver(db, epoch);
      } else {
        await turn(db, epoch);
      }
    } catch (error) {
      if (error.code !== FENCED) throw error;
      log(`fenced ${error.code}, epoch ${epoch}: nothing of it was committed`);
      epoch = undefined;
    }
  }
  if (epoch && !db.isLost) await handOver(db, epoch);
}

async function handOver(db, epoch) {
  const { heir } = await call(db, 'SELECT changeover.transfer_v1($1, $2, $3) AS heir', ME, WORKER, epoch);
  log(`handed over ${WORKER}, epoch ${epoch}, to ${heir}`);
}

/** The job's effects and its end, in one transaction: both happen, or neither. */
async function run(db, { id, attempt, payload }) {
  try {
    await sleep(payload.ms ?? 0); // stands for computing
    await transaction(db, `jobs=${KIND}`, async () => {
      await call(db, 'INSERT INTO greeting (job, attempt, name, greeted_by) VALUES ($1, $2, $3, $4)',
        id, attempt, payload.name, ME);
      await call(db, 'SELECT changeover.finish_v1($1, $2, $3)', ME, [id], [attempt]);
    });
  } catch (error) {
    if (db.isLost) throw error; // not known what has happened: who rescues the job finds out
    if (error.code === NOT_MINE) return log(`job ${id} is another's now: rolled back`);
    log(`job ${id} failed: ${error.message}`);
    await call(db, 'SELECT changeover.fail_v1($1, $2, $3, $4)', ME, id, attempt, error.message);
  }
}

async function runJobs(db) {
  // At most 20 failures, and 3 deaths of the process that runs it.
  await call(db, 'SELECT changeover.declare_job_v1($1, $2, $3, 20, 3, false)', ME, KIND, VERSION);
  await db.query('LISTEN changeover_job');
  while (!stopping() && !db.isLost) {
    const sql = 'SELECT id, attempt, payload FROM changeover.claim_v1($1, $2)';
    const claimed = (await db.query(sql, [ME, BATCH])).rows;
    const idle = claimed.length === 0;
    while (claimed.length > 0 && !stopping()) await run(db, claimed.shift());
    if (claimed.length > 0) { // told to stop: what has not begun goes back, and counts as no failure
      const [ids, attempts] = [claimed.map((job) => job.id), claimed.map((job) => job.attempt)];
      await call(db, 'SELECT changeover.unclaim_v1($1, $2, $3)', ME, ids, attempts);
      log(`gave back ${ids.length} jobs`);
    }
    if (idle) await wait(db);
  }
}

/** Runs `work` on a connection; on a new one where that was lost, after a pause. */
async function keep(work) {
  while (!stopping()) {
    const db = new pg.Client({ connectionString: URL, keepAlive: true });
    db.on('error', () => { db.isLost = true; }); // what runs on it fails too, and says why
    try {
      await db.connect();
      await call(db, 'SELECT changeover.admit($1)', ME); // refuses a release below the floor
      await work(db);
    } catch (error) {
      log(`${work.name}: ${error.code} ${error.message}`);
      if (error.code === BELOW_FLOOR) stop.abort();
      await sleep(PAUSE_MS);
    }
    await db.end().catch(() => { db.isLost = true; });
  }
}

for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => stop.abort());
await Promise.all([keep(own), keep(runJobs)]);
