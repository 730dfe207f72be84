//! Which faults there are, and who else is there when they strike.

use std::fmt;

/// What happens to process A, its connections or the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Fault {
    /// The process is killed.
    Sigkill,
    /// The process is stopped until its lease has expired, and goes on then.
    Sigstop,
    /// `pg_terminate_backend`.
    TerminateBackend,
    /// Its connections are reset.
    Cut,
    /// Its connections, and new ones, swallow everything.
    Hang,
    /// The server is restarted immediately.
    Restart,
    /// A standby is promoted; the old primary lives on.
    Promote,
    /// No connection is to be had (53300).
    Exhausted,
    /// No block is to be had (53100).
    DiskFull,
}

/// Who else is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Nobody: A has to finish by itself.
    Alone,
    /// A process B: takes over and ends before A goes on, or waits beside A when the fault strikes.
    Rival,
    /// B holds at the moment when it was granted the term; A goes on just then.
    Race,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Alone => "alone",
            Self::Rival => "rival",
            Self::Race => "race",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::Sigkill,
        Self::Sigstop,
        Self::TerminateBackend,
        Self::Cut,
        Self::Hang,
        Self::Restart,
        Self::Promote,
        Self::Exhausted,
        Self::DiskFull,
    ];

    /// The name, as on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sigkill => "sigkill",
            Self::Sigstop => "sigstop",
            Self::TerminateBackend => "terminate-backend",
            Self::Cut => "cut",
            Self::Hang => "hang",
            Self::Restart => "restart",
            Self::Promote => "promote",
            Self::Exhausted => "exhausted",
            Self::DiskFull => "disk-full",
        }
    }

    /// Who else may be there.
    pub(crate) fn variants(self) -> &'static [Variant] {
        match self {
            Self::Sigkill => &[Variant::Rival],
            // The race is where a stale commit would happen: twice as often.
            Self::Sigstop | Self::Hang => {
                &[Variant::Alone, Variant::Rival, Variant::Race, Variant::Race]
            }
            _ => &[Variant::Alone, Variant::Rival],
        }
    }

    /// Whether A stands still until the fault is undone.
    pub(crate) fn holds_still(self) -> bool {
        matches!(self, Self::Sigkill | Self::Sigstop | Self::Hang)
    }
}
