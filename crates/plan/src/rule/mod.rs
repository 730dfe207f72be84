//! The registry of rules: one file for each reason to refuse a statement.
//!
//! A new rule is one file and one line:
//!
//! 1. `rule/<id_in_snake_case>.rs` with `pub(crate) static RULE: Rule`; copy a neighbour's.
//! 2. Its name in the list of `rules!` below, in alphabetical order.
//! 3. At the call site `Refused::new(&rule::no_primary_key::RULE, reason, remedy)`: what is wrong
//!    with *this* statement, and what to write instead of it. `Work::refuse_unless_allowed` is for a
//!    rule that is `allowable`.
//!
//! `bad` and `good` are tests: `before` runs on a server, then `migration` is planned.
//! `cargo xtask rules` writes `docs/rules.md`; `changeover rules ID` shows the page.

/// Declares the modules, and [`ALL`], the list of their rules.
macro_rules! rules {
    ($($name:ident,)+) => {
        $(pub(crate) mod $name;)+

        /// All rules, by id.
        pub static ALL: &[&Rule] = &[$(&$name::RULE,)+];
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
    no_primary_key,
    not_a_table,
    not_null_without_default,
    not_owner,
    not_understood,
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
    /// Why that hurts. Paragraphs are parted by an empty line.
    pub why: &'static str,
    /// What to write or do instead.
    pub instead: &'static str,
    /// Migrations that it refuses.
    pub bad: &'static [Example],
    /// Migrations that say what was meant in a form that is planned.
    pub good: &'static [Example],
}

/// A migration that shows a rule.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Makes what is there before.
    pub before: &'static str,
    /// The migration.
    pub migration: &'static str,
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
