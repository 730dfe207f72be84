//! `--mutate`: takes one protection out of the ledger's functions, in the throw-away database. The chore
//! must then fail: this is how it is shown that its checks can.

use anyhow::ensure;
use tokio_postgres::Client;

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Mutation {
    /// The guard of singleton workers never raises.
    Guard,
    /// Finishing a job does not look whose it is, nor whether it is still there.
    Finish,
    /// Finishing a job does not look whose it is.
    FinishClaimant,
    /// The clock's ticks have neither their key nor `done_until`.
    Tick,
}

/// Edits of a function; each text must stand there exactly once.
type Edits = &'static [(&'static str, &'static str)];

/// Finishing without a look at whose the job is.
const FINISH_UNASKED: Edits = &[
    (" AND j.attempt = m.attempt - 1", ""),
    ("IF FOUND AND attempts[1] = ALL (attempts)", "IF false"),
    ("ELSIF FOUND OR changeover.have_claimed(", "ELSIF true OR changeover.have_claimed("),
];
/// Nor does it matter whether it was there.
const FINISH_UNCOUNTED: Edits =
    &[("IF gone IS DISTINCT FROM cardinality(ids) THEN", "IF false THEN")];

impl Mutation {
    fn edits(self) -> (&'static str, Vec<(&'static str, &'static str)>) {
        match self {
            Self::Guard => ("changeover.guard_v1", vec![("IF NOT FOUND THEN", "IF false THEN")]),
            Self::Finish => ("changeover.finish_v1", [FINISH_UNASKED, FINISH_UNCOUNTED].concat()),
            Self::FinishClaimant => ("changeover.finish_v1", FINISH_UNASKED.to_vec()),
            Self::Tick => (
                "changeover.tick_v1",
                vec![
                    ("moment <= passed OR ", ""),
                    ("WHERE t.app = my_app", "WHERE false AND t.app = my_app"),
                ],
            ),
        }
    }

    /// Takes it out.
    pub(super) async fn apply(self, superuser: &Client) -> anyhow::Result<()> {
        let (function, edits) = self.edits();
        let sql = "SELECT pg_get_functiondef($1::text::regproc)";
        let mut text: String = superuser.query_one(sql, &[&function]).await?.get(0);
        for (from, to) in edits {
            let count = text.matches(from).count();
            ensure!(count == 1, "{function} has {count} times: {from}");
            text = text.replace(from, to);
        }
        superuser.batch_execute(&text).await?;
        if self == Self::Tick {
            let drop = "ALTER TABLE changeover.tick DROP CONSTRAINT tick_pkey";
            superuser.batch_execute(drop).await?;
        }
        Ok(())
    }
}
