//! What the picture says of dependants and types, and that it survives JSON.

use super::*;

fn name(name: &str) -> QualifiedName {
    QualifiedName::new("public", name)
}

fn column(relation: &str, column: &str) -> Object {
    Object::Column { relation: name(relation), name: column.into() }
}

/// A table `doc`, its key behind an index, a foreign key of `refs` to it, and a view of one column.
fn catalog() -> Catalog {
    let mut catalog = Catalog { server_version: 150_000, ..Catalog::default() };
    let constraint = |name: &str| Constraint { name: name.into(), ..Constraint::default() };
    for table in ["doc", "refs", "v"] {
        let columns = ["a", "b"].map(|name| Column { name: name.into(), ..Column::default() });
        catalog.insert(Relation {
            name: name(table),
            columns: columns.into(),
            ..Relation::default()
        });
    }
    let doc = catalog.relation_mut(&name("doc")).unwrap();
    doc.constraints.push(constraint("doc_a_key"));
    doc.indexes.push(Index { name: "doc_a_key".into(), ..Index::default() });
    catalog.relation_mut(&name("refs")).unwrap().constraints.push(constraint("refs_fkey"));
    let key = Object::Constraint { relation: name("doc"), name: "doc_a_key".into() };
    let index = Object::Relation { name: name("doc_a_key") };
    let foreign = Object::Constraint { relation: name("refs"), name: "refs_fkey".into() };
    let view = Object::Relation { name: name("v") };
    for (on, by, kind) in [
        (column("doc", "a"), key.clone(), DependencyKind::Goes),
        (key, index.clone(), DependencyKind::Goes),
        (index, foreign, DependencyKind::Bars),
        (column("doc", "b"), view, DependencyKind::Bars),
    ] {
        catalog.dependencies.push(Dependency { on, by, kind });
    }
    catalog
}

fn bars(catalog: &Catalog, object: &Object) -> Vec<String> {
    catalog.bars_drop(object).iter().map(Object::plain).collect()
}

#[test]
fn dependants_bar_by_column_and_through_what_goes_along() {
    let mut catalog = catalog();
    assert_eq!(bars(&catalog, &column("doc", "a")), ["constraint refs_fkey of refs"]);
    assert_eq!(bars(&catalog, &column("doc", "b")), ["v"]);
    assert_eq!(bars(&catalog, &column("refs", "a")), [""; 0]);
    let whole = bars(&catalog, &Object::Relation { name: name("doc") });
    assert_eq!(whole, ["v", "constraint refs_fkey of refs"]);
    // What an earlier statement has dropped is in nobody's way.
    catalog.relations.remove(&name("v").to_string());
    catalog.relation_mut(&name("refs")).unwrap().constraints.clear();
    assert_eq!(bars(&catalog, &Object::Relation { name: name("doc") }), [""; 0]);
}

#[test]
fn a_picture_of_an_earlier_version_is_read() {
    let relation = r#"{"name": {"schema": "public", "name": "t"}, "kind": "table", "columns": [{"name":
        "a", "type_sql": "integer", "not_null": true, "default": null, "generated": null, "identity":
        false}], "indexes": [], "constraints": [], "triggers": [], "row_security": "off",
        "partition_of": null, "partition_key": [], "views": [], "rows_estimate": 0}"#;
    let text = format!(
        r#"{{"server_version": 150000, "search_path": ["public"], "functions": {{}}, "types": [],
        "relations": {{"\"public\".\"t\"": {relation}}}}}"#
    );
    let catalog: Catalog = serde_json::from_str(&text).unwrap();
    assert!(catalog.relation(&name("t")).unwrap().column(&"a".into()).is_some());
    assert!(catalog.session.is_none());
}

#[test]
fn domains_are_followed_to_the_base_type() {
    let domain = |sql: &str, base: &str, check: Option<&str>| Type {
        name: name(sql),
        sql: sql.to_owned(),
        kind: TypeKind::Domain(Domain {
            base: base.to_owned(),
            not_null: check.is_none(),
            default: None,
            checks: check
                .map(|check| DomainCheck { definition: check.to_owned(), ..DomainCheck::default() })
                .into_iter()
                .collect(),
        }),
        has_equality: true,
    };
    let mut catalog = Catalog::default();
    catalog.types.push(domain("inner_d", "numeric(5,2)", Some("CHECK (VALUE > 0)")));
    catalog.types.push(domain("outer_d", "inner_d", None));
    let rules = catalog.domain_rules("outer_d").unwrap();
    assert_eq!((rules.base, rules.not_null, rules.checks.len()), ("numeric(5,2)", true, 1));
    assert!(catalog.domain_rules("numeric(5,2)").is_none());
    assert!(catalog.domain_rules("outer_d[]").is_none());
    assert_eq!(without_modifier("timestamp(3) with time zone"), "timestamp with time zone");
    assert_eq!(without_modifier("\"odd(3)\"(4)"), "\"odd(3)\"");
}
