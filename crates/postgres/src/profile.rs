//! Named sets of server settings: for tests, and for measuring.

/// What the server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Nothing survives a power failure and nothing is synced; in memory where that is possible.
    #[default]
    Test,
    /// Durable and on disk, with buffers and write-ahead log of a small production server.
    Measure,
}

impl Profile {
    /// The settings of this profile, as lines of `postgresql.conf` take them.
    pub(crate) fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Test => &[
                ("fsync", "off"),
                ("full_page_writes", "off"),
                ("synchronous_commit", "off"),
                ("shared_buffers", "128MB"),
                ("max_connections", "200"),
                // In the data directory, so it is removed with it, also if the server is killed.
                ("dynamic_shared_memory_type", "mmap"),
            ],
            Self::Measure => &[
                ("fsync", "on"),
                ("full_page_writes", "on"),
                ("synchronous_commit", "on"),
                ("shared_buffers", "512MB"),
                ("max_wal_size", "4GB"),
                ("max_connections", "200"),
            ],
        }
    }

    /// Whether the data may live in memory.
    pub(crate) fn may_be_in_memory(self) -> bool {
        self == Self::Test
    }
}
