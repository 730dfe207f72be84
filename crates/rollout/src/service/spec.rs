//! How a Service listens, balances and learns of changes.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Settings of a [`Service`](super::Service).
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How late the service learns that a pod has become ready or has ceased to be.
    pub propagation_delay: Duration,
    /// Which endpoint gets the next connection.
    pub balance: Balance,
    /// A connection that a pod does not take within this time has failed.
    pub connect_timeout: Duration,
}

/// Which endpoint gets the next connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// One after the other.
    RoundRobin,
    /// At random, as kube-proxy's iptables rules do.
    Random {
        /// Same seed, same choices.
        seed: u64,
    },
}

impl Default for ServiceSpec {
    fn default() -> ServiceSpec {
        ServiceSpec {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            // In clusters some tens of ms to some seconds; half a second tells the careful from
            // the careless without making the demo long.
            propagation_delay: Duration::from_millis(500),
            balance: Balance::RoundRobin,
            connect_timeout: Duration::from_secs(1),
        }
    }
}
