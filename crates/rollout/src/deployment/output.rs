//! Keeps the end of a pod's output, and appends all of it to a file where one is wanted.
//!
//! The copying tasks end with the process (its pipes close), so they need no owner.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
};

/// Enough for a panic with its backtrace.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// The last output of one pod, over all its restarts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    bytes: Arc<Mutex<VecDeque<u8>>>,
}

impl Output {
    /// Copies a pipe in the background until it closes.
    pub(crate) fn follow(
        &self,
        pipe: Option<impl AsyncRead + Unpin + Send + 'static>,
        log: Option<&Path>,
    ) {
        if let Some(pipe) = pipe {
            tokio::spawn(copy(self.clone(), pipe, log.map(Into::into)));
        }
    }

    fn push(&self, chunk: &[u8]) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend(chunk);
        let excess = bytes.len().saturating_sub(KEPT_BYTES_MAX);
        bytes.drain(..excess);
    }

    /// The last `lines` lines.
    pub(crate) fn tail(&self, lines: usize) -> String {
        let bytes: Vec<u8> = {
            let kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().copied().collect()
        };
        let text = String::from_utf8_lossy(&bytes);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

async fn copy(output: Output, mut pipe: impl AsyncRead + Unpin, log: Option<std::path::PathBuf>) {
    let mut file = match &log {
        Some(path) => open(path).await,
        None => None,
    };
    let mut chunk = vec![0; 8 * 1024];
    loop {
        let length = match pipe.read(&mut chunk).await {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) => {
                tracing::warn!(%error, "could not read a pod's output");
                break;
            }
        };
        output.push(&chunk[..length]);
        if let Some(open) = &mut file
            && let Err(error) = append(open, &chunk[..length]).await
        {
            tracing::warn!(%error, "could not write a pod's log; it ends here");
            file = None;
        }
    }
}

async fn open(path: &Path) -> Option<File> {
    match OpenOptions::new().create(true).append(true).open(path).await {
        Ok(file) => Some(file),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "could not open a pod's log");
            None
        }
    }
}

async fn append(file: &mut File, chunk: &[u8]) -> std::io::Result<()> {
    file.write_all(chunk).await?;
    file.flush().await
}

#[cfg(test)]
mod tests {
    use super::{KEPT_BYTES_MAX, Output};

    #[test]
    fn only_the_end_is_kept() {
        let output = Output::default();
        for _ in 0..KEPT_BYTES_MAX {
            output.push(b"x\n");
        }
        output.push(b"last but one\nlast\n");
        assert_eq!(output.tail(2), "last but one\nlast");
        assert_eq!(output.tail(usize::MAX).len() + 1, KEPT_BYTES_MAX);
    }
}
