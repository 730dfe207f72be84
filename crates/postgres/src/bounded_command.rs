//! Runs a program to its end under a deadline, and keeps what it printed.
//!
//! Used for `initdb`, `cp`, `tar` and the package clients. Output goes through a temporary file, so
//! that a full pipe can never make the program wait for us.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{StartError, file_error};

/// How often a running program is looked at: short beside the shortest of them (some 300 ms).
const POLL: Duration = Duration::from_millis(10);

/// How much of a program's output goes into an error, in bytes.
const OUTPUT_BYTES_MAX: usize = 4000;

/// Runs `command` and returns what it printed to stdout and stderr, in the order printed.
///
/// Errors: it cannot be run, it fails, or it takes longer than `deadline` (it is killed then).
pub(crate) fn run(mut command: Command, deadline: Duration) -> Result<String, StartError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut output = tempfile::tempfile().map_err(file_error("make", std::env::temp_dir()))?;
    let duplicate = |file: &File| file.try_clone().map_err(file_error("open", "a temporary file"));
    command.stdin(Stdio::null()).stdout(duplicate(&output)?).stderr(duplicate(&output)?);
    let spawn_error = |source| StartError::Spawn { program: program.clone(), source };

    let mut child = command.spawn().map_err(spawn_error)?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(spawn_error)? {
            break Some(status);
        }
        if started.elapsed() > deadline {
            child.kill().map_err(spawn_error)?;
            child.wait().map_err(spawn_error)?;
            break None;
        }
        std::thread::sleep(POLL);
    };
    let output = read_all(&mut output)?;
    match status {
        Some(status) if status.success() => Ok(output),
        Some(status) => Err(StartError::Failed {
            program,
            status: status.to_string(),
            output: tail(&output, OUTPUT_BYTES_MAX).to_owned(),
        }),
        None => Err(StartError::TookTooLong {
            program,
            deadline,
            output: tail(&output, OUTPUT_BYTES_MAX).to_owned(),
        }),
    }
}

fn read_all(file: &mut File) -> Result<String, StartError> {
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .map_err(file_error("read", "a temporary file"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last `bytes_max` bytes of `text`, beginning at a whole line where there is one.
pub(crate) fn tail(text: &str, bytes_max: usize) -> &str {
    let text = text.trim_end();
    if text.len() <= bytes_max {
        return text;
    }
    let cut = text.ceil_char_boundary(text.len() - bytes_max);
    let end = &text[cut..];
    end.find('\n').map_or(end, |newline| &end[newline + 1..])
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::{run, tail};
    use crate::StartError;

    #[test]
    fn a_program_that_hangs_is_killed_at_its_deadline() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let error = run(command, Duration::from_millis(50)).unwrap_err();
        assert!(matches!(error, StartError::TookTooLong { .. }), "{error}");
    }

    #[test]
    fn a_failure_carries_status_and_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let StartError::Failed { status, output, .. } =
            run(command, Duration::from_secs(60)).unwrap_err()
        else {
            panic!("must be a failure");
        };
        assert_eq!((status.as_str(), output.as_str()), ("exit status: 3", "out\nerr"));
    }

    #[test]
    fn the_tail_begins_at_a_whole_line() {
        assert_eq!(tail("one\ntwo\nthree\n", 100), "one\ntwo\nthree");
        assert_eq!(tail("one\ntwo\nthree\n", 7), "three");
        assert_eq!(tail("ääää", 3), "ä");
    }
}
