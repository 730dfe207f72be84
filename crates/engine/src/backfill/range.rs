//! A range of keys as SQL: lower bound excluded, upper bound included.
//!
//! Key values go over the wire as text and are cast on the server, so that any type of key works.
//! A composite key is compared row-wise, which the index serves.

use changeover_plan::model::step::KeyColumn;

/// `"a", "b"`, each with a prefix such as `t.`.
pub(super) fn columns(key: &[KeyColumn], prefix: &str) -> String {
    join(key, |column| format!("{prefix}{}", column.name))
}

/// `"a" DESC, "b" DESC`, each with a prefix.
pub(super) fn descending(key: &[KeyColumn], prefix: &str) -> String {
    join(key, |column| format!("{prefix}{} DESC", column.name))
}

/// `CAST("a" AS text), …`: the key as it is kept in cursors.
pub(super) fn texts(key: &[KeyColumn], prefix: &str) -> String {
    join(key, |column| format!("CAST({prefix}{} AS text)", column.name))
}

/// `(t."a", t."b") > (CAST($1 AS …), …)`, with the values as the parameters from `first` on.
pub(super) fn compare(key: &[KeyColumn], prefix: &str, operator: &str, first: usize) -> String {
    let mut number = first;
    let values = join(key, |column| {
        let value = format!("CAST(${number}::text AS {})", column.type_sql);
        number += 1;
        value
    });
    format!("({}) {operator} ({values})", columns(key, prefix))
}

/// The condition of a range. Upper bound from `$1` on, lower bound (where there is one) after it.
pub(super) fn condition(key: &[KeyColumn], prefix: &str, has_lower: bool) -> String {
    let upper = compare(key, prefix, "<=", 1);
    if has_lower {
        format!("{} AND {upper}", compare(key, prefix, ">", 1 + key.len()))
    } else {
        upper
    }
}

/// The parameters of [`condition`], in its order.
pub(super) fn parameters(lower: Option<&[String]>, upper: &[String]) -> Vec<String> {
    upper.iter().chain(lower.unwrap_or_default()).cloned().collect()
}

fn join(key: &[KeyColumn], part: impl FnMut(&KeyColumn) -> String) -> String {
    key.iter().map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use changeover_plan::Identifier;

    #[test]
    fn composite_ranges_compare_row_wise() {
        let key = [
            KeyColumn { name: Identifier::from("a"), type_sql: "integer".to_owned() },
            KeyColumn { name: Identifier::from("b"), type_sql: "uuid".to_owned() },
        ];
        assert_eq!(
            condition(&key, "t.", true),
            "(t.\"a\", t.\"b\") > (CAST($3::text AS integer), CAST($4::text AS uuid)) AND \
             (t.\"a\", t.\"b\") <= (CAST($1::text AS integer), CAST($2::text AS uuid))"
        );
        let (lower, upper) = (["1".to_owned(), "x".to_owned()], ["2".to_owned(), "y".to_owned()]);
        assert_eq!(parameters(Some(&lower), &upper), ["2", "y", "1", "x"]);
    }
}
