//! How far an instance's leaving is, as its connections see it.

/// How far a drain is. Only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DrainPhase {
    /// No drain.
    Serving,
    /// Not ready any more, serving everyone.
    Announcing,
    /// HTTP/2 clients are told to go elsewhere.
    GoAway,
    /// Every connection ends after the request that it is at.
    Closing,
    /// The deadline has passed: every connection ends where it is.
    Cut,
}
