//! `to_char` read the locale of the session that wrote the row, and constants its way of quoting: what
//! the older release's trigger computed was another value than the backfill's.
//!
//! Whatever a session has set, its rows get what the author's statement means. The server has a locale
//! other than C for it.

use super::stage::{OWNER, SERVICE, SUPERUSER, Stage};
use changeover_postgres::Server;

/// Its decimal comma and its names of months differ from those of C.
const LOCALE: &str = "de_DE.UTF-8";

const PRICE: &str = "
    CREATE TABLE price (id bigserial PRIMARY KEY, net numeric, at timestamptz, t text, m money,
      raw bytea, rate float8, span interval);
    INSERT INTO price (net, at, t, m, raw, rate, span)
      SELECT 1234.5, '2024-03-05 23:30+00', 'x', 5, '\\xdeadbeef', 1.0 / 3, '1 day 2 hours'
        FROM generate_series(1, 100);";

/// Settings of the older release's role, and expressions that read them.
const CASES: [(&str, &str); 10] = [
    ("lc_numeric = 'de_DE.UTF-8'", "to_char(net, 'FM999G999D00')"),
    ("lc_time = 'de_DE.UTF-8'", "to_char(at AT TIME ZONE 'UTC', 'TMMonth')"),
    ("lc_monetary = 'de_DE.UTF-8'", "m::text"),
    ("lc_monetary = 'de_DE.UTF-8'", "to_char(net, 'FML999')"),
    ("TimeZone = 'Asia/Tokyo'", "at::date::text"),
    ("DateStyle = 'German'", "at::text"),
    ("IntervalStyle = 'iso_8601'", "span::text"),
    ("bytea_output = 'escape'", "raw::text"),
    ("extra_float_digits = -10", "rate::text"),
    ("standard_conforming_strings = off", "t || '/\\x'"),
];

#[tokio::test]
async fn a_sessions_settings_do_not_change_what_is_computed() {
    let server = tokio::task::spawn_blocking(|| {
        Server::builder().major(super::stage::major()).locale(LOCALE).start()
    });
    let server: &'static Server = Box::leak(Box::new(server.await.unwrap().unwrap()));
    let stage = Stage::on(server).await.adopt(PRICE).await;
    let mut migration = String::new();
    for (at, (setting, expression)) in CASES.into_iter().enumerate() {
        let set =
            format!("ALTER ROLE {SERVICE} IN DATABASE \"{}\" SET {setting}", stage.database());
        stage.sql(SUPERUSER, &set).await;
        migration += &format!(
            "ALTER TABLE price ADD COLUMN c{at} text;\nUPDATE price SET c{at} = {expression};\n"
        );
    }
    stage.expand(&migration).await;
    stage
        .sql(SERVICE, "UPDATE price SET net = net, at = at, m = m, raw = raw WHERE id <= 10")
        .await;
    stage.sql(SERVICE, "UPDATE price SET t = 'x', rate = rate, span = span WHERE id > 90").await;
    stage.contract().await.ok();
    for (at, (setting, expression)) in CASES.into_iter().enumerate() {
        // The settings do change what a session that has them computes.
        let theirs = stage.value(SERVICE, &format!("SELECT {expression} FROM price LIMIT 1")).await;
        let ours = stage.value(OWNER, &format!("SELECT {expression} FROM price LIMIT 1")).await;
        assert_ne!(theirs, ours, "{setting} {expression}");
        let found = stage.value(OWNER, &format!("SELECT DISTINCT c{at} FROM price")).await;
        assert_eq!(found, ours, "{setting} {expression}");
    }
}
