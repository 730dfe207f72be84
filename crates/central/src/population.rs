//! How many rows each table gets for a wished size, and the keys that they have.
//!
//! Used by [`crate::seed`], which makes the rows, and by [`crate::workload`], which must name them
//! without asking the database. Both compute the same key from the same number.

use uuid::Uuid;

/// How many rows the seeded tables have. Made from one number, so that both sides agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    /// Rows of process_indicators, and as many of network_flows.
    pub rows: u64,
    /// Clusters; each has a partition of network_flows.
    pub clusters: u64,
    /// Deployments: a multiple of the clusters, so that row `i` of every table that belongs to a
    /// cluster belongs to cluster `i % clusters`.
    pub deployments: u64,
    /// Images.
    pub images: u64,
    /// Policies.
    pub policies: u64,
    /// Alerts.
    pub alerts: u64,
}

/// A table with seeded keys; the number stands in the fourth group of digits of each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// clusters
    Cluster = 1,
    /// deployments
    Deployment = 2,
    /// policies
    Policy = 3,
    /// process_indicators
    Indicator = 4,
    /// network_flows
    Flow = 5,
    /// alerts
    Alert = 6,
}

/// Components of each seeded image: what a small base image has.
pub const COMPONENTS_PER_IMAGE: u64 = 12;

/// Every third policy checks builds; the names tell what the others are for.
pub const POLICIES: u64 = 24;

impl Population {
    /// The population for `rows` process indicators; at least 1,000.
    pub fn of(rows: u64) -> Self {
        let rows = rows.max(1_000);
        let clusters = (rows / 100_000).clamp(3, 12);
        // 200 rows a deployment are what a hash index on it still bears.
        let deployments = (rows / 200).clamp(60, 50_000).next_multiple_of(clusters);
        Self {
            rows,
            clusters,
            deployments,
            // Enough that the server reads an image's CVEs by their index from the first scan on: a plan is
            // kept while a table grows.
            images: (rows / 20).clamp(40, 5_000),
            policies: POLICIES,
            alerts: rows / 4,
        }
    }

    /// Rows of the table that `kind` stands for.
    pub fn count(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Cluster => self.clusters,
            Kind::Deployment => self.deployments,
            Kind::Policy => self.policies,
            Kind::Indicator | Kind::Flow => self.rows,
            Kind::Alert => self.alerts,
        }
    }

    /// The key of seeded row `number` (from 0). Keys grow with the number and are spread over the
    /// whole range, so that rows with random keys that clients write fall everywhere between them:
    /// behind and before the cursor of a backfill.
    pub fn key(&self, kind: Kind, number: u64) -> Uuid {
        let spread = (u128::from(number) << 32) / u128::from(self.count(kind));
        Uuid::from_u128(spread << 96 | (kind as u128) << 48 | u128::from(number))
    }

    /// The name of seeded image `number`.
    pub fn image_name(&self, number: u64) -> String {
        format!("registry.example/team-{}/app-{number}:1.0", number % 7)
    }

    /// The digest, which is the key, of seeded image `number`.
    pub fn image_digest(&self, number: u64) -> String {
        format!("sha256:{number:064x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_cluster_are_those_with_its_remainder() {
        for rows in [1, 10_000, 2_000_000, 30_000_000] {
            let population = Population::of(rows);
            assert_eq!(population.deployments % population.clusters, 0);
        }
    }

    #[test]
    fn keys_grow_with_the_number() {
        let population = Population::of(5_000);
        assert!(population.key(Kind::Flow, 1) < population.key(Kind::Flow, 2));
        assert_eq!(
            population.key(Kind::Indicator, 2_500).to_string(),
            "80000000-0000-0000-0004-0000000009c4"
        );
    }
}
