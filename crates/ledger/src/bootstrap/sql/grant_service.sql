-- $ROLE may register, heartbeat, admit, leave, ask and look; it may change nothing in the ledger by itself.
GRANT USAGE ON SCHEMA changeover TO $ROLE;
GRANT EXECUTE ON FUNCTION
    changeover.register(uuid, text, text, bigint, bigint, text, integer),
    changeover.heartbeat(uuid, text),
    changeover.leave(uuid),
    changeover.admit(uuid),
    changeover.is_done(text, text),
    changeover.standing(text, bigint)
    TO $ROLE;
GRANT SELECT ON changeover.format, changeover.app, changeover.term, changeover.migration,
    changeover.plan, changeover.step, changeover.progress, changeover.parked_row,
    changeover.instance, changeover.event, changeover.service_role, changeover.refused_release,
    changeover.term_waiter, changeover.control, changeover.pace
    TO $ROLE;

-- Background work.
GRANT EXECUTE ON FUNCTION
    changeover.timeline(),
    changeover.join_v1(uuid, bigint),
    changeover.settle_v1(text),
    changeover.declare_worker_v1(uuid, text, bigint, bigint, bigint),
    changeover.retire_worker_v1(uuid, text),
    changeover.worker_news_v1(uuid),
    changeover.acquire_v1(uuid, text, bigint),
    changeover.renew_v1(uuid, text, bigint, bigint),
    changeover.guard_v1(text, text, bigint, uuid),
    changeover.transfer_v1(uuid, text, bigint),
    changeover.unowned_workers_v1(text, bigint),
    changeover.declare_job_v1(uuid, text, integer, integer, integer, boolean),
    changeover.enqueueable_version_v1(text, text, integer),
    changeover.enqueue_v1(text, text, integer, jsonb[], smallint, timestamptz, text[]),
    changeover.claim_v1(uuid, integer, text[], integer[]),
    changeover.claim_unread_v1(uuid, integer, text[], integer[]),
    changeover.read_jobs_v1(uuid, bigint[], tid[]),
    changeover.claim_unknown_v1(uuid, integer),
    changeover.finish_v1(uuid, bigint[], integer[]),
    changeover.fail_v1(uuid, bigint, integer, text, bigint, boolean),
    changeover.unclaim_v1(uuid, bigint[], integer[]),
    changeover.unclaim_others_v1(uuid, bigint[]),
    changeover.mark_v1(uuid, bigint, integer),
    changeover.set_unknown_v1(uuid, bigint, integer, text),
    changeover.tend_jobs_v1(uuid),
    changeover.jobs_beyond_v1(text, bigint),
    changeover.requeue_v1(text, bigint[]),
    changeover.declare_schedule_v1(uuid, text, text, text, text),
    changeover.tick_v1(uuid, text, timestamptz[], timestamptz, text, integer),
    changeover.prune_work_v1(text)
    TO $ROLE;
GRANT SELECT ON changeover.member, changeover.generation, changeover.worker,
    changeover.worker_candidate, changeover.worker_known, changeover.job_kind,
    changeover.job_consumer, changeover.job, changeover.job_claim, changeover.jobs, changeover.schedule,
    changeover.tick
    TO $ROLE;

-- Shared caches and the connections of all instances together.
GRANT EXECUTE ON FUNCTION
    changeover.changes_v1(text, text[], pg_snapshot, integer),
    changeover.change_token_v1(),
    changeover.prune_changes_v1(text, bigint),
    changeover.share_v1(uuid, integer, integer, integer, integer, integer, integer)
    TO $ROLE;
GRANT SELECT ON changeover.watched_table, changeover.connection_share TO $ROLE;

-- What a service says of itself.
GRANT EXECUTE ON FUNCTION changeover.report_latency_v1(text, text, double precision) TO $ROLE;
