//! `changeover new`: makes the next migration's file, numbered as the others are.

use crate::arguments::FolderArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use changeover::folder;
use changeover::planning::source::{self, File, NewFile};
use jiff::Timestamp;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;

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
    let new = next_file(&folder::files(&folder)?, &name, Timestamp::now())?;
    let path = folder.join(&new.path);
    let failed = |error| Failure::new(&format!("{} cannot be written", path.display()), error);
    std::fs::create_dir_all(path.parent().unwrap_or(&folder)).map_err(failed)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(format!("{}{TEMPLATE}", new.head).as_bytes()).map_err(failed)?;
    if output.wants_json() {
        output.json(&json!({ "file": path }))?;
    } else {
        output.line(path.display())?;
    }
    Ok(ExitCode::Ok)
}

/// The next file, in the form that the others have.
fn next_file(files: &[File], name: &str, now: Timestamp) -> Result<NewFile, Failure> {
    let stamp = now.strftime("%Y%m%d%H%M%S").to_string().parse().unwrap_or(0);
    source::next(files, name, stamp)
        .map_err(|error| Failure::with_remedy(ExitCode::History, error.to_string(), error.remedy()))
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

    #[test]
    fn a_file_is_named_by_its_words_and_the_time() {
        let now: Timestamp = "2026-11-22T10:11:12Z".parse().unwrap();
        let there = ("20240131120000_a.sql".to_owned(), String::new());
        let new = next_file(&[there], &slug("Add order-total!"), now).unwrap();
        assert_eq!(new.path, "20261122101112_add_order_total.sql");
    }
}
