//! What the planner claims, held against real servers: its parser's verdicts, its sync triggers,
//! the locks of its steps and of statements as they are written, and whole plans from first to last step.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::print_stdout, reason = "the generated table says how many cases it has")]

mod catalog;
mod database;
mod derivation_table;
mod facts;
mod locks;
mod obstacles;
mod parser;
mod planted;
mod rules;
mod runner;
mod settings;
mod sync;
mod types;
mod whole_plans;
