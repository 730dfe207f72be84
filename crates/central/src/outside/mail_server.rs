//! A mail server that takes every mail and keeps its headers.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;

/// The longest line that is read; a mail has at most 998 bytes a line.
const MAIL_LINES_MAX: usize = 100_000;

/// One mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Its key.
    pub message_id: String,
    /// What it is about.
    pub subject: String,
}

/// The running server; gone when dropped.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    _task: AbortOnDropHandle<()>,
}

impl MailServer {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    if let Err(error) = talk(stream, &kept).await {
                        tracing::debug!(
                            error = changeover::chain(&error),
                            "a mail client has gone"
                        );
                    }
                });
            }
        });
        Ok(Self { address, mails, _task: AbortOnDropHandle::new(task) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has arrived.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn talk(stream: TcpStream, kept: &Mutex<Vec<Mail>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    let mut line = String::new();
    while {
        line.clear();
        stream.read_line(&mut line).await? > 0
    } {
        let word = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mail = read_mail(&mut stream).await?;
                // Kept before it is acknowledged: an answer that is lost leaves a mail that was sent.
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                stream.write_all(b"250 taken\r\n").await?;
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => stream.write_all(b"250 well\r\n").await?,
        }
    }
    Ok(())
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<Mail> {
    let mut mail = Mail::default();
    let mut line = String::new();
    for _ in 0..MAIL_LINES_MAX {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end();
        if text == "." {
            return Ok(mail);
        }
        if let Some((name, value)) = text.split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "message-id" if mail.message_id.is_empty() => {
                    value.clone_into(&mut mail.message_id)
                }
                "subject" if mail.subject.is_empty() => value.clone_into(&mut mail.subject),
                _ => {}
            }
        }
    }
    Err(std::io::ErrorKind::InvalidData.into())
}
