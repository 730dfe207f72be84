//! Fills the places of a template: `{name}` stands for a text, `{part}` for the name of the part of the
//! table that a statement is about, which only the engine knows.
//!
//! What is filled in is not looked at again: an author's text may hold braces. Lines of a template that
//! begin with `--` are for its readers and are left out.

use crate::model::backfill::PartSql;

/// Where the part's name goes.
const PART: &str = "part";

/// Fills a template that is not about a part.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    part_sql(template, values).0.concat()
}

/// Fills a template about a part.
pub(super) fn part_sql(template: &str, values: &[(&str, String)]) -> PartSql {
    let template = without_comments(template);
    let mut pieces = vec![String::new()];
    let mut rest = template.as_str();
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
    {
        push(&mut pieces, before);
        if name == PART {
            pieces.push(String::new());
        } else if let Some((_, value)) = values.iter().find(|(found, _)| *found == name) {
            push(&mut pieces, value);
        }
        rest = after;
    }
    push(&mut pieces, rest);
    PartSql(pieces)
}

/// One statement with another in the place `{name}`.
pub(super) fn nested(
    template: &str,
    values: &[(&str, String)],
    name: &str,
    inner: &PartSql,
) -> PartSql {
    let marked = part_sql(&template.replace(&format!("{{{name}}}"), "{part}"), values);
    let mut pieces = vec![String::new()];
    for (at, piece) in marked.0.iter().enumerate() {
        if at > 0 {
            push(&mut pieces, inner.0.first().map_or("", String::as_str));
            pieces.extend(inner.0.iter().skip(1).cloned());
        }
        push(&mut pieces, piece);
    }
    PartSql(pieces)
}

fn push(pieces: &mut [String], text: &str) {
    if let Some(last) = pieces.last_mut() {
        last.push_str(text);
    }
}

fn without_comments(template: &str) -> String {
    let kept: Vec<&str> =
        template.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    kept.join("\n")
}

/// Dollar-quotes a body with a tag that does not occur in it.
pub(super) fn dollar_quoted(body: &str) -> String {
    let tag = (0..)
        .map(|number: u32| format!("$changeover{number}$"))
        .find(|tag| !body.contains(tag.as_str()))
        .unwrap_or_default();
    format!("{tag}\n{body}\n{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QualifiedName;

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        let value = || vec![("value", "a #> '{part}'".to_owned())];
        let sql = part_sql("-- {value}\nUPDATE {part} SET b = {value} /* {part} */", &value());
        let part = QualifiedName::new("s", "p{value}");
        let filled = "UPDATE \"s\".\"p{value}\" SET b = a #> '{part}' /* \"s\".\"p{value}\" */";
        assert_eq!(sql.of(&part), filled);
        let outer = nested("SELECT {rows} AND {value}", &value(), "rows", &sql);
        assert_eq!(outer.of(&part), format!("SELECT {filled} AND a #> '{{part}}'"));
    }
}
