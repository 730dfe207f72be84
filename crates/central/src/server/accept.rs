//! The accept loop: hands each connection to a task of its own, until it is told to stop.
//!
//! Invariant: when it has stopped, every connection that the kernel had accepted by then has a task;
//! closing a listening socket would reset those that still wait in its backlog.

use super::{connection, drain::DrainPhase, in_flight::InFlight};
use axum::Router;
use std::{sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// More connections than this wait in the backlog. Bounds memory; far above what a few hundred
/// sensors and CI jobs open.
const CONNECTIONS_MAX: usize = 4_096;

/// The pause after a failed accept (out of file descriptors, say), so that it does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The running accept loop.
#[derive(Debug)]
pub(super) struct Acceptor {
    /// Stops the loop also where the instance is dropped without a drain.
    stop: DropGuard,
    task: JoinHandle<()>,
}

/// What connections are served with.
pub(super) struct Parts {
    pub(super) router: Router,
    pub(super) phase: watch::Sender<DrainPhase>,
    pub(super) connections: TaskTracker,
    pub(super) in_flight: Arc<InFlight>,
}

impl Acceptor {
    pub(super) fn start(listener: TcpListener, parts: Parts) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(listener, parts, stop.clone()));
        Self { stop: stop.drop_guard(), task }
    }

    /// Stops accepting; returns when the last accepted connection has its task.
    pub(super) async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(error = changeover::chain(&error), "the accept loop ended badly");
        }
    }
}

async fn run(listener: TcpListener, parts: Parts, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Some((stream, permit)) => parts.serve(stream, permit),
            None => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    empty_backlog(listener, &parts, &permits);
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!(error = changeover::chain(&error), "a connection could not be accepted");
            None
        }
    }
}

/// Takes every connection that is still in the kernel's backlog, without waiting for more.
fn empty_backlog(listener: TcpListener, parts: &Parts, permits: &Arc<Semaphore>) {
    let listener = match listener.into_std() {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(error = changeover::chain(&error), "the backlog could not be emptied");
            return;
        }
    };
    while let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
        // A tokio listener is non-blocking, also once it is a std one: an empty backlog is an error.
        let Ok((stream, _)) = listener.accept() else {
            return;
        };
        match stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
            Ok(stream) => parts.serve(stream, permit),
            Err(error) => tracing::warn!(
                error = changeover::chain(&error),
                "a connection could not be taken over"
            ),
        }
    }
}

impl Parts {
    fn serve(&self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let phase = self.phase.subscribe();
        let router = self.router.clone();
        let in_flight = Arc::clone(&self.in_flight);
        self.connections.spawn(async move {
            connection::serve(stream, router, phase, in_flight).await;
            drop(permit);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Connections that the kernel holds when accepting stops are served and not reset.
    #[tokio::test]
    async fn the_backlog_is_served() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        for _ in 0..40 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        let router = Router::new().route("/", get(async || "here"));
        let (phase, _) = watch::channel(DrainPhase::Announcing);
        let parts = Parts {
            router,
            phase: phase.clone(),
            connections: TaskTracker::new(),
            in_flight: Arc::default(),
        };
        Acceptor::start(listener, parts).stop().await;

        for mut stream in waiting {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: central\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("here"), "{answer:?}");
        }
    }
}
