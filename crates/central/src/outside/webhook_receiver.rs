//! Takes webhooks and keeps their keys; refuses the first ones, if it is told to.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// One call that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its header `Idempotency-Key`.
    pub key: String,
    /// What it said.
    pub body: String,
}

#[derive(Debug, Default)]
struct Kept {
    received: Mutex<Vec<Received>>,
    refuse: AtomicUsize,
}

/// The running receiver; gone when dropped.
#[derive(Debug)]
pub struct WebhookReceiver {
    address: SocketAddr,
    kept: Arc<Kept>,
    _task: AbortOnDropHandle<()>,
}

impl WebhookReceiver {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let kept = Arc::new(Kept::default());
        let router = Router::new().fallback(receive).with_state(Arc::clone(&kept));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(
                    error = changeover::chain(&error),
                    "the receiver of webhooks has ended"
                );
            }
        });
        Ok(Self { address, kept, _task: AbortOnDropHandle::new(task) })
    }

    /// What a notifier has as its endpoint.
    pub fn endpoint(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The next so many calls are refused.
    pub fn refuse(&self, calls: usize) {
        self.kept.refuse.store(calls, Ordering::SeqCst);
    }

    /// What was taken.
    pub fn received(&self) -> Vec<Received> {
        self.kept.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn receive(State(kept): State<Arc<Kept>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let fewer = |left: usize| left.checked_sub(1);
    if kept.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_ok() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    kept.received
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Received { key: key.to_owned(), body: String::from_utf8_lossy(&body).into_owned() });
    StatusCode::OK
}
