//! Who plans: the role, what it may do, and the settings that a run would meet. SQL: `sql/session.sql`.

use crate::model::identifier::Identifier;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The role that plans and its surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a right or a setting of its own")]
pub struct Session {
    /// The database.
    pub database: Identifier,
    /// `current_user`.
    pub role: Identifier,
    /// Whether it is a superuser.
    pub superuser: bool,
    /// Whether it may create schemas in the database.
    pub may_create_schemas: bool,
    /// Whether the ledger's schema is there already.
    pub ledger_is_there: bool,
    /// `default_transaction_read_only`.
    pub read_only: bool,
    /// Whether the server is a standby.
    pub standby: bool,
    /// The schemas that are no system's own.
    pub schemas: Vec<Schema>,
    /// Settings of this session of which no value is right everywhere (`lc_monetary`, …), so that what
    /// is planned means later what it means now.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

/// One schema and who may do what there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Its name.
    pub name: Identifier,
    /// Whether the role that plans may create objects there.
    pub may_create: bool,
    /// Other roles that may (neither superusers nor the owner); `public` for everybody.
    pub others_may_create: Vec<Identifier>,
    /// The names of the functions in it.
    #[serde(default)]
    pub functions: BTreeSet<String>,
}
