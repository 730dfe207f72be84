//! Statements of every form drop what they change: keys, many rows, partitions, COPY, TRUNCATE.

use crate::common::{Database, OWNER, SERVICE, until, value};
use crate::stage::{Start, set, start, token};
use changeover_share::cache::ChangeToken;
use futures_util::SinkExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_drops_that_key_alone_and_many_keys_all() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let instance = start(&database, Start::default()).await;
        let cache = instance.prices();
        let client = database.connect(SERVICE).await;
        for name in ["a", "b"] {
            set(&client, "prices", name, 1).await;
        }
        let written = token(&client).await;
        let at_least = async |name: &str, seen: ChangeToken| {
            *cache.get_at_least(&name.to_owned(), seen).await.unwrap()
        };
        assert_eq!(
            (at_least("a", written).await, at_least("b", written).await),
            (Some(1), Some(1))
        );
        // What was loaded while notes were on their way is loaded once more; after this it is quiet.
        let written = token(&client).await;
        at_least("a", written).await;
        at_least("b", written).await;
        let loads = instance.loads();
        set(&client, "prices", "a", 2).await;
        let written = token(&client).await;
        assert_eq!(at_least("a", written).await, Some(2));
        assert_eq!(instance.loads(), loads + 1);
        assert_eq!(at_least("b", written).await, Some(1));
        assert_eq!(instance.loads(), loads + 1);
        // A key that changes is two keys.
        client.batch_execute("UPDATE prices SET name = 'c' WHERE name = 'a'").await.unwrap();
        let written = token(&client).await;
        assert_eq!((at_least("a", written).await, at_least("c", written).await), (None, Some(2)));
        let many = "INSERT INTO prices SELECT 'x' || i, i FROM generate_series(1, 500) AS i";
        client.batch_execute(many).await.unwrap();
        let admin = database.connect("postgres").await;
        let notes =
            "SELECT count(*) FROM changeover.change_note WHERE source = 'prices' AND key = ''";
        assert_eq!(value::<i64>(&admin, notes).await, 1);
        let written = token(&client).await;
        assert_eq!(at_least("x7", written).await, Some(7));
        for statement in ["DELETE FROM prices WHERE name = 'x7'", "SET ROLE none"] {
            client.batch_execute(statement).await.unwrap();
        }
        let written = token(&client).await;
        assert_eq!(at_least("x7", written).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn truncate_copy_and_partitions_are_seen() {
    for major in [15, 17] {
        let database = Database::new(major).await;
        let instance = start(&database, Start::default()).await;
        let parts = instance.whole("parts");
        let owner = database.connect(OWNER).await;
        let count = async || {
            let written = token(&owner).await;
            parts.get_at_least(&(), written).await.unwrap().len()
        };
        assert_eq!(count().await, 0);
        let sink = owner.copy_in("COPY parts (id, name, content) FROM STDIN").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        sink.send(bytes::Bytes::from_static(b"1\ta\t1\n1001\tb\t2\n")).await.unwrap();
        sink.as_mut().finish().await.unwrap();
        assert_eq!(count().await, 2);
        for (statement, left) in [
            ("INSERT INTO parts_low VALUES (2, 'c', 3)", 3),
            ("UPDATE parts SET id = id + 1000 WHERE id = 2", 3),
            ("DELETE FROM parts_high WHERE name = 'c'", 2),
            ("TRUNCATE parts_low", 1),
            ("ALTER TABLE parts DETACH PARTITION parts_high", 0),
            ("ALTER TABLE parts ATTACH PARTITION parts_high FOR VALUES FROM (1000) TO (2000)", 1),
            ("TRUNCATE parts", 0),
        ] {
            owner.batch_execute(statement).await.unwrap();
            assert_eq!(count().await, left, "{statement}");
        }
        // A partition that is not watched is found out, and watched by the instance that owns.
        owner
            .batch_execute(
                "CREATE TABLE parts_top PARTITION OF parts FOR VALUES FROM (2000) TO (3000)",
            )
            .await
            .unwrap();
        until("the new partition is watched", async || {
            let written = token(&owner).await;
            parts.get_at_least(&(), written).await.is_ok()
        })
        .await;
        owner.batch_execute("INSERT INTO parts_top VALUES (2000, 'd', 4)").await.unwrap();
        assert_eq!(count().await, 1);
    }
}
