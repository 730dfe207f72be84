//! Finds a port on 127.0.0.1 for a pod.
//!
//! Ports are taken from below the kernel's ephemeral range (32768 up on Linux): an ephemeral one
//! that is free now may be some client's source port before the pod binds it. A process-wide
//! counter keeps two pods that start at the same time from getting the same port.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

const FIRST: u32 = 15_000;
const COUNT: u32 = 17_000;

/// A port that can be bound now; `None` when all of them are taken.
pub(crate) fn allocate() -> Option<u16> {
    static NEXT: OnceLock<AtomicU32> = OnceLock::new();
    // A random start keeps programs that run side by side apart.
    let next = NEXT.get_or_init(|| AtomicU32::new(rand::random_range(0..COUNT)));
    (0..COUNT)
        .filter_map(|_| u16::try_from(FIRST + next.fetch_add(1, Ordering::Relaxed) % COUNT).ok())
        .find(|&port| is_free(port))
}

/// Whether the port can be bound now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{allocate, is_free};

    #[test]
    fn ports_are_free_and_distinct() {
        let (first, second) = (allocate().unwrap(), allocate().unwrap());
        assert_ne!(first, second);
        assert!(is_free(first) && is_free(second));
        assert!(first < 32_768);
    }
}
