"""A worker that takes part in upgrades by plain SQL: psycopg 3, beside `changeover agent`.

    changeover agent --release 2.3 -- python3 worker.py

It owns the singleton `tally` while the database says so, and runs jobs of the kind `greet`. The agent
registers, beats, settles and leaves; this process only calls the functions of docs/sql-functions.md.
Each of the two has a thread and a connection of its own, so that a long job delays no renewal.
"""
import os
import signal
import sys
import threading
import time

import psycopg

URL = os.environ["DATABASE_URL"]  # PGAPPNAME, from the agent, tells the database which release writes
ME = os.environ["CHANGEOVER_INSTANCE"]
APP = os.environ["CHANGEOVER_APP"]
LABEL_COMMITS = os.environ.get("CHANGEOVER_LABEL_COMMITS") == "1"  # for checks by logical decoding
WORKER, KIND, VERSION = "tally", "greet", 1
LEASE_MS = int(os.environ.get("LEASE_MS", "5000"))  # how long others wait for an owner that has died without a word
PAUSE_S = 0.5  # between two turns, and the longest that a lost notification costs
BATCH = 10  # jobs claimed in one go
WORK_S = float(os.environ.get("WORK_MS", "0")) / 1000  # how long a turn computes before it writes

FENCED, NOT_MINE, BELOW_FLOOR = "CO002", "CO007", "CO001"
stop = threading.Event()


def log(text):
    print(f"{ME[:8]} {text}", file=sys.stderr, flush=True)


def call(db, sql, *args):
    """One statement, its own transaction; the first row or None."""
    return db.execute(sql, args).fetchone()


def begin(db, label):
    # A process that is paused in here holds locks on its rows: the server ends it after 2 s.
    db.execute("SET LOCAL idle_in_transaction_session_timeout = '2s'")
    if LABEL_COMMITS:
        db.execute("SELECT pg_logical_emit_message(true, 'changeover', %s)", (label,))


def wait(db):
    """Until a notification, or for a pause: behind a pooler, which passes none on, that must do."""
    for _ in db.notifies(timeout=PAUSE_S, stop_after=1):
        pass


def turn(db, epoch):
    """One unit of the singleton's work, and last in its transaction the guard: it raises CO002 where
    somebody else has taken over, and then nothing of this transaction has happened."""
    time.sleep(WORK_S)  # stands for computing; in all less than a third of the lease
    with db.transaction():
        begin(db, f"worker={WORKER} epoch={epoch}")
        db.execute("INSERT INTO tally (worker, epoch, told_by) VALUES (%s, %s, %s)", (WORKER, epoch, ME))
        db.execute("SELECT changeover.guard_v1(%s, %s, %s, %s)", (APP, WORKER, epoch, ME))


def own(db):
    call(db, "SELECT changeover.declare_worker_v1(%s, %s, 0, 2000, %s)", ME, WORKER, LEASE_MS)
    call(db, "SELECT changeover.settle_v1(%s)", APP)
    db.execute("LISTEN changeover_worker")
    epoch = None
    while not stop.is_set():
        try:
            if epoch is None:
                # Also after a transfer to me: the lease is taken under the next number.
                row = call(db, "SELECT epoch FROM changeover.acquire_v1(%s, %s, %s)", ME, WORKER, LEASE_MS)
                epoch = row and row[0]
                if epoch:
                    log(f"owns {WORKER} under epoch {epoch}")
            else:
                row = call(db, "SELECT successor FROM changeover.renew_v1(%s, %s, %s, %s)",
                           ME, WORKER, epoch, LEASE_MS)
                if row is None:
                    log(f"lost {WORKER}, epoch {epoch}: the lease is another's")
                    epoch = None
                elif row[0]:
                    epoch = hand_over(db, epoch)
                else:
                    turn(db, epoch)
        except psycopg.Error as error:
            if error.sqlstate != FENCED:
                raise
            log(f"fenced {error.sqlstate}, epoch {epoch}: nothing of it was committed")
            epoch = None
        wait(db)
    if epoch:
        hand_over(db, epoch)


def hand_over(db, epoch):
    heir, = call(db, "SELECT changeover.transfer_v1(%s, %s, %s)", ME, WORKER, epoch)
    log(f"handed over {WORKER}, epoch {epoch}, to {heir}")


def run(db, job, attempt, payload):
    """The job's effects and its end, in one transaction: both happen, or neither."""
    try:
        time.sleep(payload.get("ms", 0) / 1000)  # stands for computing
        with db.transaction():
            begin(db, f"jobs={KIND}")
            db.execute("INSERT INTO greeting (job, attempt, name, greeted_by) VALUES (%s, %s, %s, %s)",
                       (job, attempt, payload["name"], ME))
            # Python's integers have no width: the casts say which arrays are meant.
            db.execute("SELECT changeover.finish_v1(%s, %s::bigint[], %s::integer[])",
                       (ME, [job], [attempt]))
    except Exception as error:
        if db.closed:
            raise  # not known what has happened: who rescues the job finds out
        if getattr(error, "sqlstate", None) == NOT_MINE:
            log(f"job {job} is another's now: rolled back")
            return
        log(f"job {job} failed: {error}")
        call(db, "SELECT changeover.fail_v1(%s, %s, %s, %s)", ME, job, attempt, str(error))


def run_jobs(db):
    # At most 20 failures, and 3 deaths of the process that runs it.
    call(db, "SELECT changeover.declare_job_v1(%s, %s, %s, 20, 3, false)", ME, KIND, VERSION)
    db.execute("LISTEN changeover_job")
    while not stop.is_set():
        sql = "SELECT id, attempt, payload FROM changeover.claim_v1(%s, %s)"
        claimed = db.execute(sql, (ME, BATCH)).fetchall()
        while claimed and not stop.is_set():
            run(db, *claimed.pop(0))
        if claimed:  # told to stop: what has not begun goes back, and counts as no failure
            ids, attempts = [job[0] for job in claimed], [job[1] for job in claimed]
            call(db, "SELECT changeover.unclaim_v1(%s, %s::bigint[], %s::integer[])", ME, ids, attempts)
            log(f"gave back {len(ids)} jobs")
        elif not stop.is_set():
            wait(db)


def keep(work):
    """Runs `work` on a connection; on a new one where that was lost, after a pause."""
    while not stop.is_set():
        try:
            with psycopg.connect(URL, autocommit=True, prepare_threshold=None) as db:
                call(db, "SELECT changeover.admit(%s)", ME)  # refuses a release below the floor
                work(db)
        except psycopg.Error as error:
            log(f"{work.__name__}: {error.sqlstate} {error}".rstrip())
            if error.sqlstate == BELOW_FLOOR:
                stop.set()
            stop.wait(PAUSE_S)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [threading.Thread(target=keep, args=(work,)) for work in (own, run_jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
