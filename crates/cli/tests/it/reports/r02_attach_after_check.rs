//! A filled table that was attached as a partition after the check was never filled, and the contract
//! ran.
//!
//! What others do to the parts between check and contract: the contract fills and checks those that it
//! does not know, and does without those that are gone.

use super::stage::{OWNER, Stage};

const SEEN: &str = "
    CREATE TABLE seen (id bigint, at date NOT NULL, v int, PRIMARY KEY (id, at))
      PARTITION BY RANGE (at);
    CREATE TABLE seen_1 PARTITION OF seen FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
    CREATE TABLE seen_2 PARTITION OF seen FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
    INSERT INTO seen SELECT g, '2024-01-01'::date + g % 60, g FROM generate_series(1, 1000) g;";

/// What happens after the check, and how many rows each part has at the end.
const CASES: [(&str, &str); 6] = [
    (
        "CREATE TABLE seen_5 (LIKE seen INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
         INSERT INTO seen_5 (id, at, v) SELECT g, '2024-05-05', g FROM generate_series(1, 1000) g;
         ALTER TABLE seen ATTACH PARTITION seen_5 FOR VALUES FROM ('2024-05-01') TO ('2024-06-01')",
        "seen_1|526 seen_2|474 seen_5|1000",
    ),
    (
        // A part that has parts.
        "CREATE TABLE seen_6 (LIKE seen INCLUDING DEFAULTS) PARTITION BY LIST (id);
         CREATE TABLE seen_6_a PARTITION OF seen_6 DEFAULT;
         INSERT INTO seen_6 (id, at, v) SELECT g, '2024-06-05', g FROM generate_series(1, 50) g;
         ALTER TABLE seen ATTACH PARTITION seen_6 FOR VALUES FROM ('2024-06-01') TO ('2024-07-01')",
        "seen_1|526 seen_2|474 seen_6_a|50",
    ),
    (
        // Away, written to without our trigger, and back again under the same name and identity.
        "ALTER TABLE seen DETACH PARTITION seen_2;
         UPDATE seen_2 SET v = v + 1;
         INSERT INTO seen_2 (id, at, v) VALUES (2000, '2024-02-02', 7);
         ALTER TABLE seen ATTACH PARTITION seen_2 FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')",
        "seen_1|526 seen_2|475",
    ),
    (
        // Another table under the same name.
        "DROP TABLE seen_2;
         CREATE TABLE seen_2 (LIKE seen INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
         INSERT INTO seen_2 (id, at, v) SELECT g, '2024-02-05', g FROM generate_series(1, 30) g;
         ALTER TABLE seen ATTACH PARTITION seen_2 FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')",
        "seen_1|526 seen_2|30",
    ),
    ("ALTER TABLE seen DETACH PARTITION seen_2", "seen_1|526"),
    ("DROP TABLE seen_2", "seen_1|526"),
];

#[tokio::test]
async fn parts_that_others_change_after_the_check() {
    for (meanwhile, wanted) in CASES {
        let stage = Stage::adopted(SEEN).await;
        stage.expand("ALTER TABLE seen ADD COLUMN w int; UPDATE seen SET w = v * 2;").await;
        stage.sql(OWNER, meanwhile).await;
        let ran = stage.contract().await.ok();
        assert_eq!(stage.open_steps().await, "", "{meanwhile}\n{}", ran.all());
        let wrong = "SELECT count(*) FROM seen WHERE w IS DISTINCT FROM v * 2";
        assert_eq!(stage.value(OWNER, wrong).await, "0", "{meanwhile}");
        let parts = "SELECT tableoid::regclass, count(*) FROM seen GROUP BY tableoid ORDER BY tableoid::regclass::text";
        assert_eq!(stage.value(OWNER, parts).await, wanted, "{meanwhile}");
    }
}
