//! `cargo xtask differential`: phased = sequential, as a law with a machine behind it.
//!
//! Generated histories over a small schema with every kind of object (`differential/base.sql`), made of the
//! statement forms of `differential/forms.sql`: all pairs on one object, and sampled ones of two to six, in one
//! file, in several, and in several releases. Each is played by the engine and as it is written; what is
//! accepted must run to its end, and both must end alike. A fault is shrunk to its shortest history.
//!
//! `BUDGET_S`: a seeded sample of both kinds. Seeds are printed; `--seed` begins with another one.

mod forms;
mod history;
mod play;

use crate::budget::Budget;
use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use history::History;
use play::{Outcome, Player};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's major version, 13 to 18 [default: one that is there]
    #[arg(long)]
    major: Option<u16>,
    /// How many sampled histories follow the pairs.
    #[arg(long, default_value_t = 20_000)]
    sampled: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only pairs in which a statement has this text, and no sampled ones.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How many are played at the same time.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Each refusal by rule, with one history.
    #[arg(long)]
    refusals: bool,
}

/// What came of all.
#[derive(Default)]
struct Tally {
    same: usize,
    refused: usize,
    file_fails: usize,
    faults: Vec<(History, Outcome)>,
    by_rule: BTreeMap<String, (usize, Vec<&'static str>)>,
}

/// Plays them; fails where one ends otherwise than its files do, or does not end.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let player = Arc::new(Player::start(args.major).await?);
    println!("PostgreSQL {}, seed {}", player.version(), args.seed);
    let histories = histories(&player, &args, budget).await?;
    let mut tally = Tally::default();
    let mut playing = stream::iter(histories)
        .map(|history| {
            let player = Arc::clone(&player);
            tokio::spawn(async move {
                if budget.is_spent() {
                    return Ok((history, None));
                }
                let outcome = player.play(&history).await;
                let outcome = outcome.with_context(|| format!("{history:?}"))?;
                anyhow::Ok((history, Some(outcome)))
            })
        })
        .buffer_unordered(args.jobs.max(1));
    let mut left_out = 0;
    while let Some(played) = playing.next().await {
        match played?? {
            (history, Some(outcome)) => tally.add(&player, history, outcome).await?,
            (_, None) => left_out += 1,
        }
    }
    tally.print(&args, left_out, budget);
    ensure!(tally.faults.is_empty(), "{} histories do not come out right", tally.faults.len());
    ensure!(tally.same > 0, "no history was played to its end");
    Ok(())
}

/// The pairs and the sampled ones; within a budget in a seeded order, both kinds mixed.
async fn histories(player: &Player, args: &Args, budget: Budget) -> anyhow::Result<Vec<History>> {
    let groups = forms::groups()?;
    let scratch = player.scratch().await?;
    let mut histories = history::pairs(&scratch, &groups).await?;
    let pairs = histories.len();
    if let Some(text) = &args.only {
        histories.retain(|history| history.statements.iter().any(|one| one.contains(text)));
    } else {
        // Sampled histories cost time to make: within a budget as many as there are pairs are enough.
        let sampled = if budget.is_limited() { args.sampled.min(500) } else { args.sampled };
        for seed in args.seed..args.seed + sampled {
            histories.push(history::sample(&scratch, &groups, seed).await?);
        }
    }
    println!("{pairs} pairs, {} histories", histories.len());
    if budget.is_limited() {
        histories.shuffle(&mut StdRng::seed_from_u64(args.seed));
    }
    Ok(histories)
}

impl Tally {
    async fn add(
        &mut self,
        player: &Player,
        history: History,
        outcome: Outcome,
    ) -> anyhow::Result<()> {
        match &outcome {
            Outcome::Same => self.same += 1,
            Outcome::FileFails => self.file_fails += 1,
            Outcome::Refused(rules) => {
                self.refused += 1;
                for rule in rules {
                    let of_rule = self.by_rule.entry(rule.clone()).or_default();
                    of_rule.0 += 1;
                    if of_rule.1.is_empty() {
                        of_rule.1.clone_from(&history.statements);
                    }
                }
            }
            Outcome::Differs(_) | Outcome::Stuck(_) => {
                let (history, outcome) = shrink(player, history, outcome).await?;
                if self.faults.iter().all(|(known, _)| *known != history) {
                    println!("\n{}", told(&history, &outcome));
                    self.faults.push((history, outcome));
                }
            }
        }
        Ok(())
    }

    fn print(&self, args: &Args, left_out: usize, budget: Budget) {
        if args.refusals {
            for (rule, (count, example)) in &self.by_rule {
                println!("{count:>6} {rule:<28} {}", example.join(" "));
            }
        }
        println!(
            "{} same, {} refused, {} that PostgreSQL does not take, {} faults, {left_out} left out, {:.0} s",
            self.same,
            self.refused,
            self.file_fails,
            self.faults.len(),
            budget.elapsed_s()
        );
    }
}

/// The shortest history that has a fault, by leaving out one statement after the other.
async fn shrink(
    player: &Player,
    mut history: History,
    mut outcome: Outcome,
) -> anyhow::Result<(History, Outcome)> {
    // Bounded: each round has a statement less.
    'shorter: loop {
        for shorter in history.shorter().collect::<Vec<_>>() {
            let found = player.play(&shorter).await?;
            if found.is_fault() {
                (history, outcome) = (shorter, found);
                continue 'shorter;
            }
        }
        return Ok((history, outcome));
    }
}

fn told(history: &History, outcome: &Outcome) -> String {
    let mut lines = vec![format!("{:?}:", history.cut)];
    lines.extend(history.statements.iter().map(|statement| format!("  {statement}")));
    match outcome {
        Outcome::Differs(differences) => lines.push(crate::schema::shown(differences)),
        Outcome::Stuck(why) => lines.push(why.clone()),
        Outcome::Same | Outcome::Refused(_) | Outcome::FileFails => {}
    }
    lines.join("\n")
}
