//! What the planner claims, held against real servers: its parser's verdicts, its sync triggers,
//! the locks of its steps, and whole plans from first to last step.

mod database;
mod locks;
mod parser;
mod runner;
mod sync;
mod whole_plans;
