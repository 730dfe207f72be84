//! One statement that a release sends, and all of them by name.
//!
//! The same list for every release: what a release does not have is `None`. Handlers take statements
//! from here and never write SQL themselves.

/// One frozen statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The name of its file without ending.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

/// Declares [`Statements`] with one field for each file, and the list of all of them.
macro_rules! statements {
    ($($(#[$comment:meta])+ $name:ident,)+ ; $($(#[$late_comment:meta])+ $late:ident,)+) => {
        /// All statements of one release.
        #[derive(Clone, Copy, Debug)]
        pub struct Statements {
            $($(#[$comment])+ pub $name: Statement,)+
            $($(#[$late_comment])+ pub $late: Option<Statement>,)+
        }

        impl Statements {
            /// Every statement that the release has.
            pub fn all(&self) -> Vec<Statement> {
                let mut all = vec![$(self.$name),+];
                all.extend([$(self.$late),+].into_iter().flatten());
                all
            }
        }
    };
}

statements! {
    /// One cluster by key.
    cluster_by_id,
    /// The newest scan of an image by name.
    image_by_name,
    /// An image's components, each with its CVEs.
    image_vulnerabilities,
    /// The policies that builds are checked against.
    build_policies,
    /// Makes a policy, or changes it.
    policy_upsert,
    /// Stores an image or brings it up to date.
    image_upsert,
    /// Removes an image's components and, with them, CVEs.
    image_components_delete,
    /// Stores components, given as one JSON array so that one statement serves every count.
    image_components_insert,
    /// Stores CVEs, given as one JSON array.
    image_cves_insert,
    /// One page of alerts, newest first, by keyset.
    alerts_page,
    /// The same of one cluster.
    alerts_page_of_cluster,
    /// Stores alerts, given as one JSON array.
    alerts_insert,
    /// Merges a change into an alert.
    alert_update,
    /// Stores process indicators, given as one JSON array.
    indicators_insert,
    /// Merges a change into a process indicator.
    indicator_update,
    /// Removes a process indicator.
    indicator_delete,
    /// Stores network flows, given as one JSON array.
    flows_insert,
    /// Merges a change into a network flow.
    flow_update,
    /// Removes a network flow.
    flow_delete,
    /// A deployment's processes, the youngest container first.
    processes_by_start,
    /// Takes a cluster's stream over, with the next epoch.
    stream_open,
    /// How far a stream's events are stored; no row for one that is not the newest.
    stream_cursor,
    /// Notes how far a stream's events are stored.
    stream_advance,
    /// Writes a cluster's health, for the newest stream only.
    health_write,
    /// Writes that a cluster is inactive of which nothing was heard for a while.
    health_expire,
    ;
    /// The same list as long as `container_start_time` is not filled everywhere.
    processes_half_filled,
}
