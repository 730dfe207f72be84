//! The picture of the catalog, held against real servers.

use crate::database::{Database, majors};
use changeover_plan::{
    Catalog, Identifier, QualifiedName,
    catalog::{Object, Persistence, Relation, RelationKind, ReplicaIdentity, RuleEvent, TypeKind},
};

const SETUP: &str = "
    CREATE DOMAIN percent AS numeric(5,2) DEFAULT 7 CHECK (VALUE BETWEEN 0 AND 100);
    CREATE DOMAIN needed AS percent NOT NULL;
    CREATE DOMAIN raw_json AS json;
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TYPE pair AS (a int, b raw_json);
    CREATE TYPE spot AS (a int, m mood);
    CREATE TYPE span AS RANGE (subtype = float8);
    CREATE SEQUENCE s1;
    CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE doc (id bigserial PRIMARY KEY, title text COLLATE \"C\", tenant text, code text UNIQUE, m mood,
        h int DEFAULT half(4), n int GENERATED ALWAYS AS IDENTITY, w text, k bigint DEFAULT nextval('s1'),
        g text GENERATED ALWAYS AS (w || '!') STORED);
    CREATE INDEX doc_half ON doc (half(h)) WHERE w IS NOT NULL;
    CREATE TABLE ref (id bigserial PRIMARY KEY, code text REFERENCES doc (code) ON UPDATE CASCADE);
    CREATE TABLE log (LIKE doc); CREATE TABLE child (more int) INHERITS (log);
    ALTER TABLE log REPLICA IDENTITY FULL;
    CREATE RULE also AS ON UPDATE TO doc DO ALSO INSERT INTO log (id) VALUES (NEW.id);
    CREATE POLICY p ON doc USING (tenant = current_user);
    CREATE VIEW v AS SELECT id, title FROM doc;
    CREATE UNLOGGED TABLE fast (id int);
    CREATE STATISTICS st ON tenant, title FROM doc;
    CREATE TRIGGER tr BEFORE UPDATE OF w ON doc FOR EACH ROW EXECUTE FUNCTION tf();
    CREATE PUBLICATION pub FOR TABLE doc;";

fn relation<'a>(catalog: &'a Catalog, name: &str) -> &'a Relation {
    catalog.relation(&QualifiedName::new("public", name)).unwrap()
}

fn column(name: &str) -> Object {
    Object::Column { relation: QualifiedName::new("public", "doc"), name: Identifier::from(name) }
}

fn bars(catalog: &Catalog, object: &Object) -> String {
    let found: Vec<String> = catalog.bars_drop(object).iter().map(Object::plain).collect();
    found.join("; ")
}

#[tokio::test]
async fn the_picture_shows_what_the_server_has() {
    for major in majors() {
        let catalog = Database::with(major, SETUP).await.catalog().await;
        relations(&catalog);
        types(&catalog);
        dependants(&catalog);
        let text = serde_json::to_string(&catalog).unwrap();
        assert_eq!(serde_json::from_str::<Catalog>(&text).unwrap(), catalog, "PostgreSQL {major}");
    }
}

fn relations(catalog: &Catalog) {
    let doc = relation(catalog, "doc");
    let get = |name: &str| doc.column(&Identifier::from(name)).unwrap();
    assert_eq!(get("title").collation, Some(QualifiedName::new("pg_catalog", "C")));
    assert!(get("n").identity_always && get("n").sequence.is_some() && !get("g").computed_on_read);
    assert_eq!(doc.rules[0].event, RuleEvent::Update);
    assert!(!doc.rules[0].instead && doc.rules[0].enabled);
    assert_eq!(doc.statistics[0].columns, ["title", "tenant"].map(Identifier::from));
    let index = doc.indexes.iter().find(|index| index.name.as_str() == "doc_half").unwrap();
    assert_eq!(index.expression_columns, ["h", "w"].map(Identifier::from));
    assert_eq!(doc.triggers[0].update_columns, [Identifier::from("w")]);
    assert!(!doc.owned_by_other && doc.has_replica_identity());
    let log = relation(catalog, "log");
    assert_eq!(log.replica_identity, ReplicaIdentity::Full);
    assert_eq!(relation(catalog, "child").inherits.first(), Some(&log.name));
    assert_eq!(catalog.children(&log.name)[0].kind, RelationKind::Table);
    assert_eq!(relation(catalog, "fast").persistence, Persistence::Unlogged);
    let foreign = &relation(catalog, "ref").constraints;
    let foreign = foreign.iter().find(|found| found.name.as_str() == "ref_code_fkey").unwrap();
    assert!(foreign.acts_on_update && foreign.referenced == [Identifier::from("code")]);
    let publication = &catalog.publications[0];
    assert!(publication.updates && publication.has(catalog, doc) && !publication.has(catalog, log));
    let session = catalog.session.as_ref().unwrap();
    assert!(session.superuser && session.may_create_schemas && !session.read_only);
}

fn types(catalog: &Catalog) {
    for (type_sql, has_equality) in [
        ("integer", true),
        ("character varying(20)", true),
        ("timestamp(3) with time zone", true),
        ("\"char\"", true),
        ("json", false),
        ("jsonb", true),
        ("jsonpath", false),
        ("point", false),
        ("xml", false),
        ("percent", true),
        ("raw_json", false),
        ("raw_json[]", false),
        ("pair", false),
        ("spot", true),
        ("mood[]", true),
        ("span", true),
        ("int4range", true),
    ] {
        assert_eq!(catalog.has_equality(type_sql), has_equality, "{type_sql}");
    }
    let needed = catalog.domain_rules("needed").unwrap();
    assert_eq!((needed.base, needed.not_null, needed.checks.len()), ("numeric(5,2)", true, 1));
    assert_eq!(needed.default, Some("7"));
    let TypeKind::Enum { labels } = &catalog.type_of("mood").unwrap().kind else { panic!("enum") };
    assert_eq!(labels, &["sad", "glad"]);
}

fn dependants(catalog: &Catalog) {
    let public = |name: &str| QualifiedName::new("public", name);
    assert_eq!(bars(catalog, &column("tenant")), "policy p of doc");
    assert_eq!(bars(catalog, &column("code")), "constraint ref_code_fkey of ref");
    assert_eq!(bars(catalog, &column("title")), "v");
    assert_eq!(bars(catalog, &column("h")), "");
    let key = Object::Constraint { relation: public("doc"), name: "doc_code_key".into() };
    assert_eq!(bars(catalog, &key), "constraint ref_code_fkey of ref");
    let half = Object::Function { name: public("half"), arguments: "integer".to_owned() };
    assert_eq!(bars(catalog, &half), "doc_half; the default or expression of doc.h");
    assert_eq!(
        bars(catalog, &Object::Type { name: public("mood") }),
        "doc.m; log.m; child.m; type spot"
            .split("; ")
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join("; ")
    );
    let s1 = Object::Relation { name: public("s1") };
    assert_eq!(bars(catalog, &s1), "the default or expression of doc.k");
    assert_eq!(bars(catalog, &Object::Relation { name: public("log") }), "child; rule also of doc");
}
