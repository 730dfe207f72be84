//! What holds whatever the input: no panic, the same plan for the same request, JSON without loss.

use super::{ORDERS, catalog, planned_on};
use crate::model::plan::Plan;
use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

/// Statements out of which files are made and then mutilated.
const STATEMENTS: [&str; 14] = [
    "ALTER TABLE orders ADD COLUMN n timestamptz DEFAULT now() NOT NULL",
    "ALTER TABLE orders ADD COLUMN m text, DROP COLUMN legacy",
    "UPDATE orders SET total = coalesce(total, 0), nick = lower(status) WHERE nick IS NULL",
    "UPDATE orders o SET nick = o.payload->>'x' WHERE (o.total > 3 OR o.total IS NULL)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (lower(status), total DESC)",
    "CREATE TABLE x (id bigserial PRIMARY KEY, o bigint REFERENCES orders (id) ON DELETE CASCADE)",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0), ALTER COLUMN total SET NOT NULL",
    "DROP TABLE customers, orders",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE TRIGGER t BEFORE UPDATE OF total ON orders FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE OR REPLACE VIEW v (a) AS SELECT total FROM orders JOIN customers USING (id)",
    "-- changeover: sync=derived phase=online because \"x\"\nUPDATE orders SET status = 'ü€'",
    "INSERT INTO orders VALUES (1, 'a''b', E'\\n', $x$ ; $x$) ON CONFLICT DO NOTHING",
    "ALTER TYPE mood ADD VALUE 'x'; DROP INDEX orders_pkey; COMMENT ON TABLE orders IS '' /* ; */",
];

/// A file: some statements, with pieces cut out, doubled or replaced.
fn files() -> impl Strategy<Value = String> {
    let picks = prop::collection::vec(0..STATEMENTS.len(), 1..5);
    let cuts = prop::collection::vec((any::<u16>(), any::<u8>(), any::<Option<char>>()), 0..4);
    (picks, cuts).prop_map(|(picks, cuts)| {
        let mut text: Vec<char> = picks
            .into_iter()
            .map(|pick| STATEMENTS[pick])
            .collect::<Vec<_>>()
            .join(";\n")
            .chars()
            .collect();
        for (at, length, put) in cuts {
            let start = usize::from(at) % text.len().max(1);
            let end = (start + usize::from(length) % 12).min(text.len());
            text.splice(start..end, put);
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn mutilated_files_are_planned_or_refused_but_never_panic(text in files()) {
        let catalog = catalog(ORDERS);
        let first = planned_on(&catalog, &[&text], &[]);
        let second = planned_on(&catalog, &[&text], &[]);
        prop_assert_eq!(&first, &second);
        let json = serde_json::to_string(&first).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), first);
    }
}
