//! A Service: one fixed TCP port in front of the pods that are ready.
//!
//! [`Service`] accepts connections and forwards each to one pod; `endpoints.rs` holds the list of
//! pods as the service knows it, which lags behind the truth by the propagation delay, as
//! kube-proxy's does; `forward.rs` copies the bytes of one connection.
//!
//! **Invariant:** a connection is given to one endpoint, once. It is never queued, never tried
//! again elsewhere: without an endpoint, or when connecting fails, the client gets a reset.

mod endpoints;
mod forward;
mod proxy;
mod spec;

pub use proxy::{Service, ServiceStats};
pub use spec::{Balance, ServiceSpec};
