//! The migrations of central, as each release carries them.
//!
//! Called by [`crate::upgrade`] and by the one that checks or plans them. The files are in `migrations/`;
//! they are ordinary SQL, and none knows whether it will run online or in one go.

/// Every migration, in order.
const MIGRATIONS: [(u64, &str, &str); 6] = [
    (208, "0208_baseline.sql", include_str!("../migrations/0208_baseline.sql")),
    (
        209,
        "0209_container_start_time.sql",
        include_str!("../migrations/0209_container_start_time.sql"),
    ),
    (210, "0210_flows_updated_at.sql", include_str!("../migrations/0210_flows_updated_at.sql")),
    (211, "0211_hash_to_btree.sql", include_str!("../migrations/0211_hash_to_btree.sql")),
    (212, "0212_enforcement_count.sql", include_str!("../migrations/0212_enforcement_count.sql")),
    (213, "0213_drop_legacy.sql", include_str!("../migrations/0213_drop_legacy.sql")),
];

/// The migrations that a release with this head carries: (number, file name, text), in order.
pub fn numbered_migrations_up_to(head: u64) -> Vec<(u64, &'static str, &'static str)> {
    MIGRATIONS.into_iter().filter(|(number, _, _)| *number <= head).collect()
}

/// The migrations that a release with this head carries: (file name, text), in order.
pub fn migrations_up_to(head: u64) -> Vec<(String, String)> {
    numbered_migrations_up_to(head)
        .into_iter()
        .map(|(_, file, text)| (file.to_owned(), text.to_owned()))
        .collect()
}
