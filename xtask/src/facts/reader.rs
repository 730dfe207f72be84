//! Reads the catalog again and again, thousands of times for one run of the chore.
//!
//! By the planner's own queries, each prepared once, since planning them takes as long as running them.
//! Only what changed is read: functions where one did, and of the relations those of which a row in
//! the server's catalog is another one. What relations of any name may show is read whole. So is
//! everything at times, and must be what was put together. Dependencies are left out: they take a
//! quarter of the time, and no change's facts look at them.

use anyhow::{Context as _, ensure};
use changeover_plan::Catalog;
use changeover_plan::QualifiedName;
use changeover_plan::catalog::load;
use std::collections::BTreeMap;
use tokio_postgres::{Client, Statement, types::ToSql};

macro_rules! planners {
    ($name:literal) => {
        include_str!(concat!("../../../crates/plan/src/model/catalog/sql/", $name, ".sql"))
    };
}

const STAMPS: &str = include_str!("stamps.sql");
const SIGNATURES: &str = include_str!("signatures.sql");
const FUNCTIONS: &str = planners!("functions");
const DEPENDENCIES: &str = planners!("dependencies");
/// What each of these gives belongs to one relation, whose oid it calls so.
const OF_RELATIONS: [(&str, &str); 7] = [
    (planners!("relations"), "c.oid"),
    (planners!("columns"), "c.oid"),
    (planners!("indexes"), "t.oid"),
    (planners!("statistics"), "c.oid"),
    (planners!("constraints"), "c.oid"),
    (planners!("triggers"), "c.oid"),
    (planners!("rules"), "c.oid"),
];
/// So many readings in parts are followed by a whole one: one in a hundred costs nothing to speak of.
const PARTS_MAX: u32 = 100;

/// Name and signature of a relation, by oid.
type Signatures = BTreeMap<u32, (QualifiedName, String)>;

struct Prepared {
    query: &'static load::Query,
    whole: Statement,
    /// The same of some relations; `None` where it is not about relations.
    some: Option<Statement>,
}

/// The queries on one connection, and what the last reading gave.
pub(super) struct Reader {
    queries: Vec<Prepared>,
    stamps: Statement,
    signatures: Statement,
    functions_stamp: String,
    stamp: String,
    signed: Signatures,
    known: Catalog,
    parts: u32,
}

impl Reader {
    /// Prepares the queries.
    pub(super) async fn new(client: &Client) -> anyhow::Result<Self> {
        let mut queries = Vec::new();
        // The first query tells the version, by which the others are chosen.
        let mut head = Catalog::default();
        for query in load::QUERIES.iter().filter(|query| query.sql != DEPENDENCIES) {
            if query.applies(&head) {
                let whole = client.prepare(query.sql).await.context("preparing the queries")?;
                if queries.is_empty() {
                    let row = client.query_one(&whole, &[]).await.context("the version")?;
                    query.add(&mut head, row.get(0))?;
                }
                queries.push(Prepared { query, whole, some: some(client, query.sql).await? });
            }
        }
        let of_relations = queries.iter().filter(|prepared| prepared.some.is_some()).count();
        ensure!(of_relations == OF_RELATIONS.len(), "a query about relations has another name");
        Ok(Self {
            queries,
            stamps: client.prepare(STAMPS).await.context("preparing the stamps")?,
            signatures: client.prepare(SIGNATURES).await.context("preparing the signatures")?,
            functions_stamp: String::new(),
            stamp: String::new(),
            signed: Signatures::new(),
            known: Catalog::default(),
            parts: 0,
        })
    }

    /// The catalog as it is now.
    pub(super) async fn read(&mut self, client: &Client) -> anyhow::Result<Catalog> {
        let stamps = client.query_one(&self.stamps, &[]).await.context("reading the stamps")?;
        let (functions_stamp, stamp): (String, String) = (stamps.get(0), stamps.get(1));
        let signed = self.sign(client).await?;
        let functions = functions_stamp != self.functions_stamp;
        if stamp != self.stamp || self.renamed(&signed) {
            self.known = self.whole(client, functions).await?;
        } else {
            self.changed(client, &signed, functions).await?;
            self.parts += 1;
            if self.parts % PARTS_MAX == 0 {
                let whole = self.whole(client, false).await?;
                ensure!(whole.relations == self.known.relations, "a change was not noticed");
            }
        }
        (self.functions_stamp, self.stamp, self.signed) = (functions_stamp, stamp, signed);
        Ok(self.known.clone())
    }

    async fn sign(&self, client: &Client) -> anyhow::Result<Signatures> {
        let rows = client.query(&self.signatures, &[]).await.context("reading the signatures")?;
        let signed = rows.iter().map(|row| {
            let name = QualifiedName::new(row.get::<_, String>(1), row.get::<_, String>(2));
            (row.get(0), (name, row.get(3)))
        });
        Ok(signed.collect())
    }

    /// Whether a relation has another name than before, which others may show.
    fn renamed(&self, signed: &Signatures) -> bool {
        signed
            .iter()
            .any(|(oid, (name, _))| self.signed.get(oid).is_some_and(|(before, _)| before != name))
    }

    async fn whole(&self, client: &Client, functions: bool) -> anyhow::Result<Catalog> {
        let mut catalog = Catalog::default();
        if !functions {
            catalog.functions.clone_from(&self.known.functions);
        }
        for prepared in &self.queries {
            if functions || prepared.query.sql != FUNCTIONS {
                add(client, &mut catalog, prepared.query, &prepared.whole, &[]).await?;
            }
        }
        Ok(catalog)
    }

    /// Reads the relations that changed into what is known, and functions where these did.
    async fn changed(
        &mut self,
        client: &Client,
        signed: &Signatures,
        functions: bool,
    ) -> anyhow::Result<()> {
        let mut oids: Vec<u32> = Vec::new();
        for (oid, (name, _)) in
            self.signed.iter().filter(|(oid, now)| signed.get(*oid) != Some(*now))
        {
            self.known.relations.remove(&name.to_string());
            oids.push(*oid);
        }
        oids.extend(signed.keys().filter(|oid| !self.signed.contains_key(oid)));
        if functions {
            self.known.functions = Catalog::default().functions;
        }
        for Prepared { query, whole, some } in &self.queries {
            match some {
                Some(some) if !oids.is_empty() => {
                    add(client, &mut self.known, query, some, &[&oids]).await?;
                }
                None if functions && query.sql == FUNCTIONS => {
                    add(client, &mut self.known, query, whole, &[]).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The query, only of the relations with these oids.
async fn some(client: &Client, sql: &str) -> anyhow::Result<Option<Statement>> {
    let Some((_, oid)) = OF_RELATIONS.iter().find(|(query, _)| *query == sql) else {
        return Ok(None);
    };
    // Only the outermost WHERE begins a line so.
    let sql = sql.replacen("\n WHERE ", &format!("\n WHERE {oid} = ANY ($1::oid[]) AND "), 1);
    Ok(Some(client.prepare(&sql).await.context("preparing the queries of some relations")?))
}

async fn add(
    client: &Client,
    catalog: &mut Catalog,
    query: &load::Query,
    prepared: &Statement,
    oids: &[&(dyn ToSql + Sync)],
) -> anyhow::Result<()> {
    for row in client.query(prepared, oids).await.context("reading the catalog")? {
        query.add(catalog, row.get(0))?;
    }
    Ok(())
}
