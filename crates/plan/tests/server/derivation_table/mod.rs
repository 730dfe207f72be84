//! A generated table: every type of column × every type of key × kind of relation × what the column
//! allows, each filled and kept right in every way that a derivation has ([`PATHS`]).
//!
//! `types.rs` makes the columns, `keys.rs` the keys, `shape.rs` the tables, `cell.rs` takes one table
//! through an upgrade; several share one migration, since reading the catalog costs the most. Each type of
//! the server's own meets each key; what is made of them an eighth of the keys; each chunk of columns, and
//! each key, meets each relation kind and each allowance.
//!
//! `cargo test` takes one major and a sample; `cargo xtask derivation-table`
//! (`CHANGEOVER_DERIVATION_TABLE=13,15,17,18`, `CHANGEOVER_DERIVATION_TABLE_ONE_IN=1`) takes all of it.

mod cell;
mod keys;
mod shape;
mod types;

use crate::database::{Database, majors};
use cell::{Cell, Fault};
use keys::Key;
use shape::{Allowance, Kind};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use types::{COLUMNS_MAX, Case, Group};

/// The ways in which a value gets into a column, or is looked at.
const PATHS: [&str; 7] =
    ["insert", "update", "batch", "careful batch", "one row", "revisited row", "check"];

/// Tables in one migration: reading the catalog once for all of them is what this saves.
const CELLS: usize = 24;

/// Connections, each with a database of its own.
const WORKERS: usize = 4;

/// A type that is made of another meets one key in so many.
const KEYS_APART: usize = 8;

/// `cargo test` takes one table in so many; coprime to the numbers of kinds, allowances and chunks.
const SAMPLE: usize = 11;

/// How long one major may take: four minutes on two free cores, and much more on busy ones.
const MAJOR_MAX: Duration = Duration::from_secs(40 * 60);

/// How many faults are printed for each major.
const SHOWN_MAX: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_of_column_and_key() {
    let wanted = std::env::var("CHANGEOVER_DERIVATION_TABLE").ok();
    let one_in = std::env::var("CHANGEOVER_DERIVATION_TABLE_ONE_IN").ok();
    let one_in = one_in.map_or(1, |number| number.parse().unwrap());
    let stride = if wanted.is_some() { one_in } else { SAMPLE };
    let majors: Vec<u16> = match wanted {
        Some(list) => list.split(',').map(|major| major.trim().parse().unwrap()).collect(),
        None => majors().into_iter().filter(|major| *major == 15).collect(),
    };
    let mut wrong = 0;
    for major in majors {
        wrong += major_of(major, stride).await;
    }
    assert_eq!(wrong, 0, "cases are wrong; the first of each major are printed above");
}

/// All tables on one server; says how many cases came out wrong.
async fn major_of(major: u16, stride: usize) -> usize {
    let began = Instant::now();
    let database = Database::new(major).await;
    let made = types::make(&database, major).await;
    let keys = keys::make(&database, &made.cases).await;
    println!("PostgreSQL {major}: {} types, {} keys", made.cases.len(), keys.len());
    assert!(made.cases.len() > 600 && keys.len() > 150, "{} {}", made.cases.len(), keys.len());
    let (types, key_count) = (made.cases.len(), keys.len());
    let cells = cells(&made.cases, &keys, stride);
    let tables = cells.len();
    let cases: usize = cells.iter().map(|cell| cell.columns.len() * PATHS.len()).sum();
    let batches: Arc<Vec<Vec<Cell>>> =
        Arc::new(cells.chunks(CELLS).map(<[Cell]>::to_vec).collect());
    let setup = Arc::new(made.setup + &keys::setup(&database).await);
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (batches, setup) = (batches.clone(), setup.clone());
            tokio::spawn(async move {
                let mut database = Database::with(major, &setup).await;
                // Or the server takes its catalog for small, and what reads it for quick.
                database.run("ANALYZE").await;
                let mut faults: Vec<Fault> = Vec::new();
                for batch in batches.iter().skip(worker).step_by(WORKERS) {
                    // A session keeps the plans of functions that are gone, and goes through all of them at
                    // each change of the catalog.
                    database.reconnect().await;
                    let late = began.elapsed() > MAJOR_MAX;
                    faults.extend(if late {
                        cell::left_out(batch)
                    } else {
                        cell::run(&database, batch).await
                    });
                }
                faults
            })
        })
        .collect();
    let mut faults = Vec::new();
    for worker in workers {
        faults.extend(worker.await.unwrap());
    }
    let wrong: usize = faults.iter().map(|fault| fault.cases).sum();
    println!(
        "PostgreSQL {major}: {types} types of column, {key_count} of key, {tables} tables, {cases} cases: \
         {} right, {wrong} wrong, in {} s",
        cases - wrong,
        began.elapsed().as_secs()
    );
    for fault in faults.iter().take(SHOWN_MAX) {
        println!("  wrong: {}", fault.words);
    }
    wrong
}

/// Each chunk of columns with each key, in a kind of relation and an allowance that go round.
fn cells(cases: &[Case], keys: &[Key], stride: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for group in [Group::Base, Group::Made, Group::Strict] {
        let some: Vec<Case> = cases.iter().filter(|case| case.group == group).cloned().collect();
        let allowances = Allowance::of(group);
        for (at, columns) in some.chunks(COLUMNS_MAX).enumerate() {
            for (nth, key) in keys.iter().enumerate() {
                if group != Group::Base && nth % KEYS_APART != at % KEYS_APART {
                    continue;
                }
                let round = at + nth;
                cells.push(Cell {
                    columns: Arc::new(columns.to_vec()),
                    key: key.clone(),
                    kind: Kind::ALL[round % Kind::ALL.len()],
                    allowance: allowances[(round / Kind::ALL.len() + at) % allowances.len()],
                });
            }
        }
    }
    cells.into_iter().step_by(stride).collect()
}
