//! Stand-ins for what lies outside of the database: a mail server and a receiver of webhooks.
//!
//! They count what arrives, by its idempotency key, so that tests and `cargo xtask chaos` can tell an
//! effect that was done twice from one that was sent again under the same key. For nothing else.

mod mail_server;
mod webhook_receiver;

pub use mail_server::{Mail, MailServer};
pub use webhook_receiver::{Received, WebhookReceiver};
