//! Picks a free port on the loopback address.
//!
//! Below the range that systems give to outgoing connections: a server that is stopped and started
//! again on the same port must not find it taken by somebody's client, least of all by a client
//! that tried to reach this very server and got connected to itself.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::ops::Range;

use crate::StartError;

/// Outgoing connections begin at 32768 on Linux and 49152 on macOS; below 20000 live known services.
const PORTS: Range<u16> = 20_000..32_000;

/// With 200 random picks, even a range that is nine tenths full fails once in a billion times.
const ATTEMPTS_MAX: u32 = 200;

/// A port that was free a moment ago. The one that uses it must be ready to find it taken.
///
/// Errors: [`StartError::NoFreePort`].
pub(crate) fn pick() -> Result<u16, StartError> {
    // Every `RandomState` has keys of its own: a random number without a dependency.
    let random = RandomState::new();
    (0..ATTEMPTS_MAX)
        .map(|attempt| {
            let offset = random.hash_one(attempt) % PORTS.len() as u64;
            PORTS.start + u16::try_from(offset).unwrap_or(0)
        })
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or(StartError::NoFreePort { attempts: ATTEMPTS_MAX })
}
