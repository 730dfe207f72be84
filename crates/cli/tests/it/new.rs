//! `changeover new`.

use crate::project::{ORDERS, Project};

#[tokio::test]
async fn the_next_file_is_made_and_can_be_planned() {
    let project = Project::with_orders(1).await;
    let ran = project.run(&["new", "Add a note"]).await.ok();
    assert_eq!(ran.stdout, "migrations/0002_add_a_note.sql\n");
    let path = project.path().join("migrations/0002_add_a_note.sql");
    let template = std::fs::read_to_string(&path).unwrap();
    insta::assert_snapshot!(template, @r#"
    -- Ordinary SQL, as you would write it; `changeover plan` shows what becomes of it.
    -- A comment `-- changeover: KEY` on the line before a statement overrides what is planned:
    --   phase=contract              not before the older releases are gone for good
    --   unused-since=210            no release that knows migration 210 uses what is dropped here
    --   before-serving              the new release waits for this online step
    --   sync=once                   fill only the rows that are there (default sync=derived: a trigger
    --                               keeps the column right, for every writer)
    --   old-complies because "..."  older releases write nothing that this constraint rejects
    --   user-triggers=fire because "..."   your own triggers may fire for each backfilled row
    --   allow=RULE because "..."    you know better than the rule that refused it
    "#);
    // Nothing in the template is an order by itself.
    std::fs::write(&path, template + "ALTER TABLE orders ADD COLUMN note text;\n").unwrap();
    let plan = project.run(&["plan", "--json"]).await.ok().json();
    assert_eq!(plan["steps"][0]["id"], "0002.1.add_column");
}

#[tokio::test]
async fn files_of_other_tools_are_numbered_as_theirs() {
    let flyway = Project::new().await.file("V1__orders.sql", ORDERS);
    let ran = flyway.run(&["new", "note", "--json"]).await.ok();
    assert_eq!(ran.json()["file"], "migrations/V2__note.sql");
    let mixed = flyway.file("orders.sql", ORDERS);
    let ran = mixed.run(&["new", "note"]).await;
    assert_eq!(ran.exit_code, Some(7), "{ran:?}");
    let goose = Project::new().await.file("00001_orders.sql", &format!("-- +goose Up\n{ORDERS}"));
    let ran = goose.run(&["new", "note"]).await.ok();
    assert_eq!(ran.stdout, "migrations/00002_note.sql\n");
    let path = goose.path().join("migrations/00002_note.sql");
    assert!(std::fs::read_to_string(path).unwrap().starts_with("-- +goose Up\n"));
    // A folder for each migration is made.
    let prisma = Project::new().await.file("20240131120000_orders/migration.sql", ORDERS);
    let ran = prisma.run(&["new", "note"]).await.ok();
    assert!(ran.stdout.ends_with("_note/migration.sql\n"), "{ran:?}");
    assert_eq!(
        prisma.run(&["plan", "--json"]).await.json()["migrations"].as_array().unwrap().len(),
        2
    );
    let empty = Project::new().await;
    let ran = empty.run(&["new", "first"]).await.ok();
    assert_eq!(ran.stdout, "migrations/0001_first.sql\n");
}
