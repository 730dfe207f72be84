//! `changeover new`: makes the next migration's file, numbered as the others are.

use crate::arguments::FolderArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use changeover::planning::source::{self, Format};
use jiff::Timestamp;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

const TEMPLATE: &str = include_str!("new_template.sql");

const EXAMPLES: &str = "\
Examples:
  changeover new add_order_total        0004_add_order_total.sql after 0003_….sql,
                                        20240131120000_….sql beside sqlx's files,
                                        V4__….sql beside Flyway's and refinery's
  changeover plan                       what it becomes";

/// Arguments of `changeover new`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: FolderArgs,
    /// What it does, in a few words; other characters than letters and digits become `_`
    name: String,
}

/// Makes the file and prints its path.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let name = slug(&args.name);
    if name.is_empty() {
        return Err(Failure::told(
            ExitCode::Usage,
            format!("`{}` has no letter or digit that a file could be named by", args.name),
        ));
    }
    let folder = Settings::find()?.folder_path(&args.folder);
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(&format!("the folder {} cannot be made", folder.display()), error)
    })?;
    let file = next_file(&names(&folder)?, &name, Timestamp::now())?;
    let path = folder.join(file);
    let failed = |error| Failure::new(&format!("{} cannot be written", path.display()), error);
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(TEMPLATE.as_bytes()).map_err(failed)?;
    if output.wants_json() {
        output.json(&json!({ "file": path }))?;
    } else {
        output.line(path.display())?;
    }
    Ok(ExitCode::Ok)
}

/// The names of the `.sql` files, sorted.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed =
        |error| Failure::new(&format!("the folder {} cannot be read", folder.display()), error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".sql") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The next file's name, in the form that the others have.
fn next_file(names: &[String], name: &str, now: Timestamp) -> Result<String, Failure> {
    let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
    let format = source::detect(&borrowed).map_err(|error| {
        Failure::with_remedy(ExitCode::History, error.to_string(), error.remedy())
    })?;
    let (highest, digits) = highest(names);
    let next = highest + 1;
    Ok(match format {
        Format::Ours => format!("{next:0digits$}_{name}.sql"),
        Format::Flyway => format!("V{next:0digits$}__{name}.sql"),
        Format::Sqlx => {
            let both_ways = names.iter().any(|name| name.ends_with(".up.sql"));
            let ending = if both_ways { "up.sql" } else { "sql" };
            // A clock that is behind must not put the file before others.
            let stamp: u64 = now.strftime("%Y%m%d%H%M%S").to_string().parse().unwrap_or(0);
            format!("{}_{name}.{ending}", stamp.max(next))
        }
    })
}

/// The highest number, and how many digits it is written with: four where there is none.
fn highest(names: &[String]) -> (u64, usize) {
    let digits = |name: &String| -> String {
        name.trim_start_matches('V').chars().take_while(char::is_ascii_digit).collect()
    };
    let numbered =
        names.iter().map(digits).filter_map(|digits| Some((digits.parse().ok()?, digits.len())));
    let highest = numbered.max_by_key(|(number, _): &(u64, usize)| *number);
    highest.unwrap_or((0, 4))
}

/// Lower-case words joined by `_`.
fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let now: Timestamp = "2026-11-22T10:11:12Z".parse().unwrap();
        next_file(&names, &slug("Add order-total!"), now).unwrap()
    }

    #[test]
    fn files_are_numbered_as_the_others_are() {
        assert_eq!(next(&[]), "0001_add_order_total.sql");
        assert_eq!(next(&["0211_a.sql", "0212_b.sql"]), "0213_add_order_total.sql");
        assert_eq!(next(&["9_a.sql", "10_b.sql"]), "11_add_order_total.sql");
        assert_eq!(next(&["20240131120000_a.sql"]), "20261122101112_add_order_total.sql");
        assert_eq!(
            next(&["20300131120000_a.down.sql", "20300131120000_a.up.sql"]),
            "20300131120001_add_order_total.up.sql"
        );
        assert_eq!(next(&["V9__a.sql", "V10__b.sql"]), "V11__add_order_total.sql");
    }
}
