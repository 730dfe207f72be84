//! The registry of rules: one file for each reason to refuse a statement. A new rule:
//!
//! 1. `rule/<id_in_snake_case>.rs` with `pub(crate) static RULE: Rule`; copy a neighbour's.
//! 2. Its name in the list of `rules!` below, in alphabetical order.
//! 3. At the call site `Refused::new(&rule::no_primary_key::RULE, reason, remedy)`: what is wrong
//!    with *this* statement, and what to write instead of it.
//! 4. `cargo xtask rules` writes `docs/rules.md` (or `CHANGEOVER_WRITE_DOCS=1 cargo test -p
//!    changeover-plan guide`, which builds less).
//! 5. `cargo test -p changeover-plan rule` runs the examples on servers: `bad` must be refused by
//!    this rule, `good` by none, and be SQL that the server takes.
//!
//! A rule that is `allowable` is refused by `Work::refuse_unless_allowed`. What shows in the statement and
//! the catalog alone needs no call site (3): the rule has a `fn look`, and its line is `NAME: look`.

pub mod guide;
#[cfg(test)]
mod tests;

use crate::{model::catalog::Catalog, sql::Statement};

/// Declares the modules, [`ALL`], the list of their rules, and [`LOOKING`], those that look themselves.
macro_rules! rules {
    ($($name:ident $(: $look:ident)?,)+) => {
        $(pub(crate) mod $name;)+

        /// All rules, by id.
        pub static ALL: &[&Rule] = &[$(&$name::RULE,)+];

        /// The rules that see by themselves what they refuse.
        pub(crate) static LOOKING: &[(&Rule, Look)] = &[$($((&$name::RULE, $name::$look),)?)+];
    };
}

rules! {
    add_primary_key_column,
    attach_partition,
    cascade,
    changes_rows,
    copies_rows,
    directive,
    do_block,
    drop_key_column,
    drop_schema,
    drop_synced_table,
    drops_source,
    exclusion_constraint,
    existing_target,
    exists,
    fills_referenced,
    forced_row_security,
    foreign_partition,
    generated_depends,
    generated_target,
    in_use,
    index_of_constraint,
    inheritance,
    materialized_view_fill,
    missing_right,
    mixed_targets,
    moves_table: look,
    no_primary_key,
    not_a_table,
    not_null_without_default,
    not_owner,
    not_understood,
    open_schema,
    partition_key,
    partitioned_foreign_key,
    partitioned_key,
    phase_too_early,
    primary_key_nullable,
    query,
    read_only,
    reads_clock,
    reads_other_rows,
    reads_own_target,
    reads_session,
    referenced,
    removes_rows,
    rename,
    replaces_function,
    replaces_trigger,
    replaces_view,
    replica_identity,
    rewrites_table,
    row_security,
    rules_fire,
    set_default,
    set_twice,
    setting,
    stable_function,
    stop_between,
    syntax_error,
    temporary,
    too_many_rows,
    transaction_control,
    trigger_depends,
    trigger_sorts_last,
    type_change,
    unknown_column,
    unknown_constraint,
    unknown_function,
    unknown_relation,
    unterminated,
    update_joins,
    user_triggers,
    view_depends,
    volatile_function,
}

/// A reason to refuse statements.
#[derive(Debug)]
pub struct Rule {
    /// The stable name: that of the file, with dashes.
    pub id: &'static str,
    /// What it is about.
    pub topic: Topic,
    /// Whether an author may allow it, giving a reason: `allow=ID because "…"`.
    pub allowable: bool,
    /// What it refuses, in one line.
    pub summary: &'static str,
    /// Why that hurts.
    pub why: &'static str,
    /// What to write or do instead.
    pub instead: &'static str,
    /// Migrations that it refuses.
    pub bad: &'static [Example],
    /// Migrations that say what was meant in a form that is planned.
    pub good: &'static [Example],
}

impl Rule {
    /// What is there before, where all examples begin with the same.
    pub fn common_before(&self) -> Option<&'static str> {
        let mut befores = self.bad.iter().chain(self.good).map(|example| example.before);
        let first = befores.next()?;
        befores.all(|before| before == first).then_some(first)
    }
}

/// What a rule that looks itself finds in a statement, on the catalog as it is by then.
pub(crate) type Look = fn(&Statement, &Catalog) -> Option<Found>;

/// What is wrong with a statement.
#[derive(Debug)]
pub(crate) struct Found {
    /// What is wrong with it.
    pub(crate) reason: String,
    /// What to write instead of it.
    pub(crate) remedy: String,
}

/// A migration that shows a rule.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Makes what is there before.
    pub before: &'static str,
    /// The migration.
    pub migration: &'static str,
    /// The first major of PostgreSQL on which it shows the rule.
    pub since_major: u16,
    /// The first major on which it no longer does.
    pub before_major: u16,
}

/// The table of most examples.
pub(crate) const ORDERS: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, status text,\n  \
    total integer, created_at timestamptz NOT NULL);";

impl Example {
    /// An example on every major.
    pub(crate) const fn of(before: &'static str, migration: &'static str) -> Self {
        Self { before, migration, since_major: 0, before_major: u16::MAX }
    }

    /// Only on this major and newer ones.
    pub(crate) const fn since_major(self, major: u16) -> Self {
        Self { since_major: major, ..self }
    }

    /// Only on majors below this one.
    pub(crate) const fn before_major(self, major: u16) -> Self {
        Self { before_major: major, ..self }
    }

    /// Whether there are majors on which it does not show the rule.
    pub fn is_of_some_majors(&self) -> bool {
        self.since_major > 0 || self.before_major < u16::MAX
    }

    /// Whether it shows the rule on this major.
    pub fn holds_on(&self, major: u16) -> bool {
        (self.since_major..self.before_major).contains(&major)
    }
}

/// What a rule is about, in the order in which the guide shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The text of a file, and statements that no plan can hold.
    File,
    /// Directives, and the order of phases.
    Directive,
    /// Tables as a whole.
    Table,
    /// Columns.
    Column,
    /// Constraints and their indexes.
    Constraint,
    /// Views, functions, triggers.
    Object,
    /// An `UPDATE` that fills a column of a table in use.
    Fill,
    /// Other statements that write rows.
    Rows,
}

impl Topic {
    /// All, in order.
    pub const ALL: [Self; 8] = [
        Self::File,
        Self::Directive,
        Self::Table,
        Self::Column,
        Self::Constraint,
        Self::Object,
        Self::Fill,
        Self::Rows,
    ];

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "Files and statements",
            Self::Directive => "Directives and phases",
            Self::Table => "Tables",
            Self::Column => "Columns",
            Self::Constraint => "Constraints",
            Self::Object => "Views, functions, triggers",
            Self::Fill => "Filling a column",
            Self::Rows => "Rows",
        }
    }
}

/// The rule of a name.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
