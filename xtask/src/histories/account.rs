//! Holds a plan against the file it was made from: every statement has a step or a refusal.
//!
//! Statements are counted twice, by the planner's splitter and by one of our own that knows nothing
//! but quotes and comments, so that a statement which the splitter swallows is found out.

use anyhow::ensure;
use changeover_plan::{Migration, Plan, Refusal, Step, sql};

/// A statement of a file.
pub(super) struct Statement {
    /// Its number in the file, from 1, as steps are named after it.
    number: usize,
    /// Its first line.
    line: u32,
    /// Its last line.
    line_end: u32,
    /// Its text on one line.
    text: String,
}

/// What became of a statement.
pub(super) enum Verdict<'p> {
    /// It is done by these steps.
    Planned(Vec<&'p Step>),
    /// It is refused, with this reason.
    Refused(&'p Refusal),
    /// Nobody says anything about it: a fault of the planner.
    Dropped,
}

/// The statements of a file.
///
/// # Errors
/// Where the planner's splitter finds another number of them than our own.
pub(super) fn statements(migration: &Migration) -> anyhow::Result<Vec<Statement>> {
    let found: Vec<Statement> = sql::parse(&migration.text)?
        .into_iter()
        .enumerate()
        .filter(|(_, statement)| !statement.text.is_empty())
        .map(|(at, statement)| Statement {
            number: at + 1,
            line: statement.line,
            line_end: statement.line
                + u32::try_from(statement.text.matches('\n').count()).unwrap_or(u32::MAX),
            text: statement.text.split_whitespace().collect::<Vec<_>>().join(" "),
        })
        .collect();
    let counted = count(&migration.text);
    ensure!(
        counted == found.len(),
        "{}: the planner sees {} statements, there are {counted}",
        migration.file,
        found.len()
    );
    Ok(found)
}

/// What the plan says of each statement of a file.
pub(super) fn verdicts<'p>(
    plan: &'p Plan,
    migration: &Migration,
) -> anyhow::Result<Vec<(Statement, Verdict<'p>)>> {
    let statements = statements(migration)?;
    Ok(statements
        .into_iter()
        .map(|statement| {
            let verdict = verdict(plan, migration, &statement);
            (statement, verdict)
        })
        .collect())
}

fn verdict<'p>(plan: &'p Plan, migration: &Migration, statement: &Statement) -> Verdict<'p> {
    let lines = statement.line..=statement.line_end;
    let refusal = plan
        .refusals
        .iter()
        .find(|refusal| refusal.migration == migration.number && lines.contains(&refusal.line));
    if let Some(refusal) = refusal {
        return Verdict::Refused(refusal);
    }
    let prefix = format!("{:04}.{}.", migration.number, statement.number);
    let steps: Vec<&Step> =
        plan.steps.iter().filter(|step| step.id.as_str().starts_with(&prefix)).collect();
    if steps.is_empty() { Verdict::Dropped } else { Verdict::Planned(steps) }
}

/// What is printed of a statement: where it stands, what becomes of it, and why.
pub(super) fn lines(file: &str, statement: &Statement, verdict: &Verdict<'_>) -> Vec<String> {
    let mut lines = vec![format!("  {file}:{}: {}", statement.line, statement.text)];
    match verdict {
        Verdict::Planned(steps) => lines.extend(steps.iter().map(|step| {
            let floor = step.floor.map(|floor| format!(", floor {floor}")).unwrap_or_default();
            format!("    {:<8} {}{floor}: {}", step.phase, step.title, step.reason)
        })),
        Verdict::Refused(refusal) => {
            lines.push(format!("    refused  [{}] {}", refusal.rule, refusal.reason));
            lines.push(format!("             instead: {}", refusal.remedy));
        }
        Verdict::Dropped => lines.push("    DROPPED without a word".to_owned()),
    }
    lines
}

/// A refusal on one line.
pub(super) fn refusal(refusal: &Refusal) -> String {
    format!("{}:{}: [{}] {}", refusal.file, refusal.line, refusal.rule, refusal.reason)
}

/// Counts statements by semicolons outside of quotes and comments.
fn count(text: &str) -> usize {
    let mut rest = text;
    let (mut count, mut open) = (0, false);
    while let Some(letter) = rest.chars().next() {
        let skipped = match letter {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '\'' | '"' => {
                open = true;
                rest[1..].find(letter).map_or(rest.len(), |end| end + 2)
            }
            '$' => {
                open = true;
                dollar_quoted(rest).unwrap_or(1)
            }
            ';' => {
                count += usize::from(open);
                open = false;
                1
            }
            _ => {
                open |= !letter.is_whitespace();
                letter.len_utf8()
            }
        };
        rest = &rest[skipped..];
    }
    count + usize::from(open)
}

/// The length of a dollar-quoted text that begins here.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag_end = text[1..].find('$')? + 2;
    let tag = &text[..tag_end];
    let named = tag[1..tag_end - 1].chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let body = text[tag_end..].find(tag)?;
    named.then_some(tag_end + body + tag_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use changeover_plan::{
        AppliedMigration, Catalog, PlanMode, Request, plan,
        source::{self, File},
    };

    #[test]
    fn a_statement_without_step_or_refusal_is_found() {
        let text =
            "create table a (id int primary key);\n\ndelete from b;\ncreate table c (id int);";
        let files: [File; 2] = [
            ("0001_base.sql".to_owned(), String::new()),
            ("0002_more.sql".to_owned(), text.to_owned()),
        ];
        let migrations = source::read(&files).unwrap();
        let applied = [AppliedMigration {
            number: 1,
            name: migrations[0].name.clone(),
            checksum: migrations[0].checksum.clone(),
        }];
        let mut plan = plan(Request {
            app: "shop",
            migrations: &migrations,
            applied: &applied,
            catalog: &Catalog::default(),
            pending: &[],
            mode: PlanMode::Online,
        })
        .unwrap();
        let told = |plan: &Plan| -> Vec<String> {
            let verdicts = verdicts(plan, &migrations[1]).unwrap();
            verdicts
                .iter()
                .map(|(statement, verdict)| match verdict {
                    Verdict::Planned(steps) => format!("{} {} steps", statement.line, steps.len()),
                    Verdict::Refused(_) => format!("{} refused", statement.line),
                    Verdict::Dropped => format!("{} dropped", statement.line),
                })
                .collect()
        };
        assert_eq!(told(&plan), ["1 1 steps", "3 refused", "4 1 steps"]);
        plan.refusals.clear();
        plan.steps.pop();
        assert_eq!(told(&plan), ["1 1 steps", "3 dropped", "4 dropped"]);
    }

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_count() {
        let text =
            "-- a;\nselect ';' as \"x;y\"; /* ; */ ;\ndo $f$ begin; end; $f$; -- b;\nselect 1";
        assert_eq!(count(text), 3);
        assert_eq!(count("-- nothing;\n"), 0);
    }
}
