//! `changeover rules`: why statements are refused, and what to write instead.

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::view;
use changeover::planning::rule::{self, Rule};

const EXAMPLES: &str = "\
Examples:
  changeover rules                      list them
  changeover rules rename               why renames are refused, and what to write instead
  changeover rules --json               all of them, with their pages and examples

A refusal names its rule in brackets, as in refused[rename]. The same pages are in docs/rules.md.";

/// Arguments of `changeover rules`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Show this one's page
    #[arg(value_name = "RULE")]
    id: Option<String>,
}

/// Prints the list, or one page.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let rule = args.id.as_deref().map(known).transpose()?;
    match (rule, output.wants_json()) {
        (Some(rule), true) => output.json(&view::rules::json(rule))?,
        (Some(rule), false) => output.line(view::rules::page(rule, output.columns()))?,
        (None, true) => {
            output
                .json(&rule::ALL.iter().map(|rule| view::rules::json(rule)).collect::<Vec<_>>())?;
        }
        (None, false) => output.line(view::rules::list(output.columns()))?,
    }
    Ok(ExitCode::Ok)
}

/// The rule of that name, also in the form in which a refusal prints it.
fn known(id: &str) -> Result<&'static Rule, Failure> {
    let id = id.strip_prefix("refused[").and_then(|id| id.strip_suffix(']')).unwrap_or(id);
    rule::find(id).ok_or_else(|| {
        let near: Vec<&str> =
            rule::ALL.iter().map(|rule| rule.id).filter(|known| is_near(known, id)).collect();
        let remedy = match near.as_slice() {
            [] => "`changeover rules` lists them".to_owned(),
            near => format!("choose from {}; `changeover rules` lists all", near.join(", ")),
        };
        Failure::with_remedy(ExitCode::Usage, format!("there is no rule `{id}`"), remedy)
    })
}

/// Whether somebody may have meant the one by the other: they share a word.
fn is_near(known: &str, asked: &str) -> bool {
    let asked = asked.to_lowercase();
    asked.split(['-', '_', ' ']).any(|word| {
        word.len() > 2
            && known.split('-').any(|part| part.starts_with(word) || word.starts_with(part))
    })
}
