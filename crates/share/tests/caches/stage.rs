//! An instance with caches of a few tables.

use crate::common::{Database, SERVICE, value};
use changeover::Changeover;
use changeover_share::cache::{
    Bounds, CacheTiming, Caches, ChangeToken, SharedCache, WatchedTable, WhenStale,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_postgres::Client;

pub(crate) const TABLES: (&str, &str) = (
    "0001_tables.sql",
    "CREATE TABLE settings (name text PRIMARY KEY, content bigint);
     CREATE TABLE prices (name text PRIMARY KEY, content bigint);
     CREATE TABLE parts (id bigint, name text, content bigint) PARTITION BY RANGE (id);
     CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (1000);
     CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (1000) TO (2000);",
);

/// Looks so seldom that only a notification or a request brings the next look on.
pub(crate) const SELDOM: Duration = Duration::from_secs(600);

pub(crate) type Whole = SharedCache<(), BTreeMap<String, i64>>;

/// An instance with its caches.
pub(crate) struct Instance {
    _changeover: Changeover,
    caches: Caches,
    pub(crate) reader: Arc<Client>,
    loads: Arc<AtomicUsize>,
}

pub(crate) struct Start<'a> {
    pub(crate) files: &'a [(&'a str, &'a str)],
    pub(crate) watched: Vec<WatchedTable>,
    pub(crate) listens: bool,
    pub(crate) poll: Duration,
    pub(crate) mend: Duration,
}

impl Default for Start<'_> {
    fn default() -> Self {
        let mut watched = vec![WatchedTable::whole("settings"), WatchedTable::whole("parts")];
        watched.push(WatchedTable::by_key("prices", "name"));
        Self {
            files: &[TABLES],
            watched,
            listens: true,
            poll: Duration::from_millis(50),
            mend: CacheTiming::default().mend,
        }
    }
}

pub(crate) async fn start(database: &Database, start: Start<'_>) -> Instance {
    let mut options = database.options("1", start.files);
    options.listen_url = start.listens.then(|| database.url(SERVICE));
    let changeover = Changeover::start(options).await.unwrap();
    changeover.wait_until_servable().await.unwrap();
    changeover.mark_serving().await.unwrap();
    let timing = CacheTiming { poll: start.poll, mend: start.mend, ..CacheTiming::default() };
    let caches = Caches::start(&changeover, start.watched, timing).await.unwrap();
    Instance {
        _changeover: changeover,
        caches,
        reader: Arc::new(database.connect(SERVICE).await),
        loads: Arc::default(),
    }
}

/// For states that do come, but on a machine that is busy with other things.
pub(crate) fn patient() -> Bounds {
    Bounds {
        age_max: Duration::from_secs(60),
        token_wait: Duration::from_secs(60),
        when_stale: WhenStale::Wait(Duration::from_secs(60)),
        ..Bounds::default()
    }
}

impl Instance {
    pub(crate) fn whole(&self, table: &'static str) -> Whole {
        self.whole_within(table, patient())
    }

    pub(crate) fn whole_within(&self, table: &'static str, bounds: Bounds) -> Whole {
        let (reader, loads) = (Arc::clone(&self.reader), Arc::clone(&self.loads));
        self.caches.whole(table, bounds, move || {
            let (reader, loads) = (Arc::clone(&reader), Arc::clone(&loads));
            async move {
                loads.fetch_add(1, Ordering::SeqCst);
                let rows = reader.query(&format!("SELECT name, content FROM {table}"), &[]).await?;
                let rows = rows.iter().map(|row| (row.get(0), row.get(1)));
                Ok::<BTreeMap<String, i64>, tokio_postgres::Error>(rows.collect())
            }
        })
    }

    pub(crate) fn prices(&self) -> SharedCache<String, Option<i64>> {
        let (reader, loads) = (Arc::clone(&self.reader), Arc::clone(&self.loads));
        self.caches.by_key("prices", patient(), move |name: String| {
            let (reader, loads) = (Arc::clone(&reader), Arc::clone(&loads));
            async move {
                loads.fetch_add(1, Ordering::SeqCst);
                let sql = "SELECT content FROM prices WHERE name = $1";
                let row = reader.query_opt(sql, &[&name]).await?;
                Ok::<Option<i64>, tokio_postgres::Error>(row.map(|row| row.get(0)))
            }
        })
    }

    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

pub(crate) async fn content(cache: &Whole, name: &str) -> Option<i64> {
    cache.get(&()).await.unwrap().get(name).copied()
}

pub(crate) async fn set(client: &Client, table: &str, name: &str, content: i64) {
    let sql = format!(
        "INSERT INTO {table} (name, content) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET content = excluded.content"
    );
    client.execute(&sql, &[&name, &content]).await.unwrap();
}

pub(crate) async fn token(client: &Client) -> ChangeToken {
    value::<String>(client, "SELECT changeover.change_token_v1()").await.parse().unwrap()
}
