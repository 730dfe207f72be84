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
    changeover.instance, changeover.event
    TO $ROLE;
