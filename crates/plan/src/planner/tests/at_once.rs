//! Plans for a database that nobody uses.

use super::{migration, show};
use crate::{
    model::{catalog::Catalog, plan::PlanMode},
    planner::{Request, plan},
};

fn at_once(text: &str) -> String {
    let migrations = [migration(1, text)];
    let catalog = Catalog::default();
    let request = Request {
        app: "shop",
        migrations: &migrations,
        applied: &[],
        catalog: &catalog,
        pending: &[],
        mode: PlanMode::AtOnce,
    };
    show(&plan(request).unwrap())
}

#[test]
fn files_run_as_written() {
    let shown = [
        "BEGIN;\ncreate table t (a int);\n-- about it\ninsert into t values (1);\nCOMMIT;",
        "-- no-transaction\ncreate table t (a int)",
        "create table t (a int); create unique index concurrently on t (a)",
        "do $$ begin perform 1; end $$; vacuum",
        "whatever the server says; -- changeover: fase=x",
        "",
        "select 'never closed",
    ]
    .map(at_once);
    insta::assert_snapshot!(shown.join("\n\n"), @r"
    expand 0001.0.script: run 0001_m.sql
      create table t (a int)
      insert into t values (1)
      transactional: true

    expand 0001.0.script: run 0001_m.sql
      create table t (a int)
      transactional: false

    expand 0001.0.script: run 0001_m.sql
      create table t (a int)
      create unique index concurrently on t (a)
      transactional: false

    expand 0001.0.script: run 0001_m.sql
      do $$ begin perform 1; end $$
      vacuum
      transactional: false

    expand 0001.0.script: run 0001_m.sql
      whatever the server says
      transactional: true

    expand 0001.0.script: run 0001_m.sql
      transactional: true

    REFUSED unterminated line 1: 
      why: Missing trailing `'` symbol to terminate the string literal
      instead: close the quote or comment that begins on this line
    ");
}
