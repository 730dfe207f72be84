//! Rows of inheritance children were neither filled nor kept right, and the check passed.
//!
//! A table with children by `INHERITS` is refused, whatever is done to it that should reach its rows. A
//! partitioned table has its rows in children, too, and is filled through each of them.

use super::stage::{OWNER, SERVICE, Stage};

const CHILDREN: &str = "
    CREATE TABLE event (id bigserial PRIMARY KEY, body text NOT NULL);
    CREATE TABLE event_2024 (PRIMARY KEY (id)) INHERITS (event);
    CREATE TABLE event_2024_may (PRIMARY KEY (id)) INHERITS (event_2024);
    INSERT INTO event (body) SELECT 'p' || g FROM generate_series(1, 5) g;
    INSERT INTO event_2024 (body) SELECT 'c' || g FROM generate_series(1, 5) g;
    INSERT INTO event_2024_may (body) SELECT 'd' || g FROM generate_series(1, 5) g;";

#[tokio::test]
async fn a_table_with_children_is_refused() {
    let stage = Stage::adopted(CHILDREN).await;
    for migration in [
        "ALTER TABLE event ADD COLUMN shout text; UPDATE event SET shout = upper(body);",
        // In the middle: both a child and a parent.
        "ALTER TABLE event_2024 ADD COLUMN shout text; UPDATE event_2024 SET shout = upper(body);",
        "ALTER TABLE event ADD CONSTRAINT short CHECK (length(body) < 9);",
        "ALTER TABLE event ALTER COLUMN body TYPE varchar(9);",
    ] {
        stage.refuses(migration, "inheritance", &["inherits from"]).await;
    }
}

#[tokio::test]
async fn a_child_without_children_is_filled() {
    let stage = Stage::adopted(CHILDREN).await;
    stage
        .expand(
            "ALTER TABLE event_2024_may ADD COLUMN shout text;
             UPDATE event_2024_may SET shout = upper(body);",
        )
        .await;
    let old = "INSERT INTO event_2024_may (body) VALUES ('old') RETURNING shout";
    assert_eq!(stage.value(SERVICE, old).await, "OLD");
    stage.contract().await.ok();
    let all = "SELECT count(*), count(shout) FROM event_2024_may";
    assert_eq!(stage.value(OWNER, all).await, "6|6");
}

#[tokio::test]
async fn parts_of_parts_are_filled_and_kept_right() {
    let stage = Stage::adopted(
        "CREATE TABLE event (id bigserial, y int, body text NOT NULL, PRIMARY KEY (id, y))
           PARTITION BY LIST (y);
         CREATE TABLE event_2023 PARTITION OF event FOR VALUES IN (2023);
         CREATE TABLE event_2024 PARTITION OF event FOR VALUES IN (2024) PARTITION BY RANGE (id);
         CREATE TABLE event_2024_a PARTITION OF event_2024 FOR VALUES FROM (1) TO (10);
         CREATE TABLE event_2024_z PARTITION OF event_2024 DEFAULT;
         CREATE TABLE event_rest PARTITION OF event DEFAULT;
         INSERT INTO event (y, body) SELECT 2022 + g % 4, 'b' || g FROM generate_series(1, 40) g;",
    )
    .await;
    stage
        .expand("ALTER TABLE event ADD COLUMN shout text; UPDATE event SET shout = upper(body);")
        .await;
    for y in 2022..2026 {
        let old = format!("INSERT INTO event (y, body) VALUES ({y}, 'old') RETURNING shout");
        assert_eq!(stage.value(SERVICE, &old).await, "OLD");
    }
    stage.contract().await.ok();
    let all =
        "SELECT count(*), count(*) FILTER (WHERE shout IS DISTINCT FROM upper(body)) FROM event";
    assert_eq!(stage.value(OWNER, all).await, "44|0");
}
