//! The mutants: what is taken out, where, and which test must notice.

/// One protection taken out.
pub(super) struct Mutant {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) edits: &'static [Edit],
    pub(super) test: Test,
}

/// A text of a file and what stands there instead.
pub(super) struct Edit {
    pub(super) file: &'static str,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

/// A test of one of the library's crates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    pub(super) package: &'static str,
    pub(super) target: &'static [&'static str],
    pub(super) name: &'static str,
}

const fn unit(name: &'static str) -> Test {
    Test { package: "changeover-ledger", target: &["--lib"], name }
}

const fn worker(name: &'static str) -> Test {
    Test { package: "changeover-work", target: &["--test", "workers"], name }
}

const fn engine(target: &'static [&'static str], name: &'static str) -> Test {
    Test { package: "changeover", target, name }
}

const WORKERS: &str = "crates/ledger/src/bootstrap/sql/worker/functions_0002.sql";
const FUNCTIONS: &str = "crates/ledger/src/bootstrap/sql/functions_0001.sql";
const FORMAT: &str = "crates/ledger/src/bootstrap/sql/format_0001.sql";
const LANE: &str = "crates/engine/src/step/ranges/lane.rs";
const SYNC: &str = "crates/engine/src/step/sync.rs";

const DROP_KEY: Edit = Edit {
    file: FORMAT,
    from: "CONSTRAINT term_app_epoch UNIQUE (app, epoch)",
    to: "CHECK (epoch >= 0)",
};

const NO_TRIGGER: Edit = Edit {
    file: "crates/plan/src/model/step_kind/sync_install.rs",
    from: "Course::Short(self.statements.clone())",
    to: "Course::Short(self.statements[..0].to_vec())",
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "guard-removed",
        what: "the guard never raises",
        edits: &[Edit {
            file: FUNCTIONS,
            from: "    IF NOT FOUND THEN\n        RAISE EXCEPTION 'term % of",
            to: "    IF false THEN\n        RAISE EXCEPTION 'term % of",
        }],
        test: unit("a_commit_after_the_next_grant_is_refused"),
    },
    Mutant {
        name: "guard-as-plain-read",
        what: "the guard takes no lock",
        edits: &[Edit { file: FUNCTIONS, from: "       FOR KEY SHARE;", to: "       ;" }],
        test: unit("a_grant_waits_for_whoever_has_passed_the_guard"),
    },
    Mutant {
        name: "unique-key-dropped",
        what: "UNIQUE (app, epoch) is missing; the start must refuse",
        edits: &[DROP_KEY],
        test: unit("a_commit_after_the_next_grant_is_refused"),
    },
    Mutant {
        name: "unique-key-dropped-unnoticed",
        what: "the same, and nobody looks whether it is there",
        edits: &[
            DROP_KEY,
            Edit {
                file: "crates/ledger/src/fence/sql/unique_key.sql",
                from: "SELECT EXISTS (",
                to: "SELECT true OR EXISTS (",
            },
        ],
        test: unit("a_grant_waits_for_whoever_has_passed_the_guard"),
    },
    Mutant {
        name: "old-backends-not-ended",
        what: "a successor leaves its predecessor's backends running",
        edits: &[Edit {
            file: "crates/ledger/src/term/sql/earlier_backends.sql",
            from: " WHERE b.app = $1",
            to: " WHERE false AND b.app = $1",
        }],
        test: unit("a_successor_ends_what_its_predecessor_left_running"),
    },
    Mutant {
        name: "timeline-ignored",
        what: "a term of before a failover still counts",
        edits: &[Edit {
            file: FUNCTIONS,
            from: "       AND timeline = changeover.timeline()\n",
            to: "",
        }],
        test: unit("a_term_of_another_timeline_is_nobodys"),
    },
    Mutant {
        name: "floor-read-without-lock",
        what: "registering reads the floor and does not lock it",
        edits: &[Edit {
            file: FUNCTIONS,
            from: "WHERE app = my_app FOR SHARE;",
            to: "WHERE app = my_app;",
        }],
        test: engine(&["--test", "admission"], "a_registration_waits_for_whoever_raises_the_floor"),
    },
    Mutant {
        name: "admission-without-lock",
        what: "a session is admitted by a floor that is being raised",
        edits: &[Edit { file: FUNCTIONS, from: "       FOR SHARE OF a;", to: "       ;" }],
        test: engine(&["--test", "admission"], "an_admission_waits_for_whoever_raises_the_floor"),
    },
    Mutant {
        name: "cursor-outside-the-batch",
        what: "a batch commits without its cursor",
        edits: &[Edit {
            file: LANE,
            from: "        if course.lanes == 1 {\n            return saved.await;",
            to: "        if course.lanes > 0 {\n            drop(saved);\n            return Ok(());",
        }],
        test: engine(&["--test", "resume"], "goes_on_after_dying_within_a_batch"),
    },
    Mutant {
        name: "cursor-passes-over",
        what: "of several connections each writes its own cursor",
        edits: &[Edit {
            file: "crates/engine/src/step/ranges/watermark.rs",
            from: "        if (self.covered..number).any(|earlier| !self.beyond.contains_key(&earlier)) {",
            to: "        if false {",
        }],
        test: engine(&["--test", "resume"], "goes_on_where_ranges_were_committed_out_of_order"),
    },
    Mutant {
        name: "marker-heard-from-all",
        what: "a service that says that it is a batch leaves the sync trigger out",
        edits: &[Edit {
            file: "crates/plan/src/derivation/sql/fires.sql",
            from: " OR SESSION_USER OPERATOR(pg_catalog.<>) {migrator}",
            to: "",
        }],
        test: engine(
            &["--test", "backfills"],
            "skipping::a_service_that_says_it_is_a_batch_is_not_heard",
        ),
    },
    Mutant {
        name: "trigger-skipped-beside-others",
        what: "a batch skips the trigger although others change what it has read",
        edits: &[Edit {
            file: "crates/engine/src/backfill/prepared.rs",
            from: "!others.get::<_, bool>(0)",
            to: "(others.get::<_, bool>(0) || true)",
        }],
        test: engine(&["--test", "backfills"], "skipping::what_else_fires_is_computed_from"),
    },
    Mutant {
        name: "trigger-not-installed",
        what: "the backfill begins without its trigger; the step must refuse",
        edits: &[NO_TRIGGER],
        test: engine(&["--test", "upgrade"], "old_writes_come_out_right_on_15"),
    },
    Mutant {
        name: "trigger-not-installed-unnoticed",
        what: "the same, and nobody looks whether it stands",
        edits: &[
            NO_TRIGGER,
            Edit {
                file: SYNC,
                from: "    match rows.first() {",
                to: "    match rows.first().filter(|_| false) {",
            },
        ],
        test: engine(&["--test", "upgrade"], "old_writes_come_out_right_on_15"),
    },
    Mutant {
        name: "worker-guard-as-plain-read",
        what: "a worker's guard takes no lock",
        edits: &[Edit { file: WORKERS, from: "       FOR KEY SHARE;", to: "       ;" }],
        test: worker("ledger::a_grant_waits_for_a_guard_that_has_passed"),
    },
    Mutant {
        name: "worker-epoch-key-dropped",
        what: "UNIQUE (app, name, epoch) of the workers is missing",
        edits: &[Edit {
            file: "crates/ledger/src/bootstrap/sql/worker/tables_0002.sql",
            from: "CONSTRAINT worker_epoch UNIQUE (app, name, epoch)",
            to: "CHECK (epoch >= 0)",
        }],
        test: worker("ledger::a_taking_waits_for_a_guard_that_has_passed"),
    },
    Mutant {
        name: "worker-renewed-outside-window",
        what: "a holder renews although its generation is not in the window",
        edits: &[Edit {
            file: WORKERS,
            from: " AND w.holder_gen BETWEEN w.min_gen AND w.max_gen",
            to: "",
        }],
        test: worker("ledger::a_holder_outside_of_the_window_cannot_renew"),
    },
];
