//! What went wrong once, each as it was reported: a base, a migration, and how it has to end.
//!
//! One file a report (`rNN_…`), with the report's case and its brothers: other kinds of relation, other
//! statements, other settings. The program runs as a user would run it, against a real server with an
//! owner that migrates and a service that owns nothing; see [`stage`].

mod stage;

mod r01_inherits;
mod r02_attach_after_check;
mod r03_rules;
mod r04_pinned_locale;
mod r05_domain;
mod r07_expression_index;
mod r08_validate_leaves_constraint;
mod r10_slow_rows;
mod r11_cannot_ever_be_updated;
mod r13_set_role;
mod r14_drops_with_dependants;
mod r16_remedies_refused;
mod r18_line_endings;
mod r19_messages;
