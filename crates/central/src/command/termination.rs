//! The message that a container leaves behind: what `kubectl describe pod` shows of one that has ended.
//!
//! Written when central ends badly, to where Kubernetes reads it. Elsewhere there is no such file, and
//! nothing is made.

use crate::error::CentralError;
use std::path::Path;

/// Where Kubernetes reads it, unless the manifest says otherwise (`terminationMessagePath`).
pub const PATH: &str = "/dev/termination-log";
/// How much Kubernetes reads of it, in bytes.
const BYTES_MAX: usize = 4096;

/// Writes why central has ended, with what to do about it. The file must be there.
pub fn write(path: &Path, error: &CentralError) {
    let message = message(error);
    let open = std::fs::OpenOptions::new().write(true).truncate(true).open(path);
    let written =
        open.and_then(|mut file| std::io::Write::write_all(&mut file, message.as_bytes()));
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::debug!(error = changeover::chain(&error), "no termination message");
    }
}

fn message(error: &CentralError) -> String {
    let mut text = changeover::chain(error);
    if let CentralError::Upgrade(cause) = error
        && let Some(remedy) = cause.remedy()
    {
        text.push_str("\nwhat to do: ");
        text.push_str(&remedy);
    }
    let mut end = text.len().min(BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
