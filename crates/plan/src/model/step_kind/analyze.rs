//! Brings the planner's statistics of tables up to date: a sample is read, and nobody waits.

use super::{Course, Kind};
use crate::model::{
    identifier::QualifiedName,
    lock::{Lock, LockHeld, LockMode},
};
use serde::{Deserialize, Serialize};

/// Brings the planner's statistics of tables up to date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analyze {
    /// The tables.
    pub tables: Vec<QualifiedName>,
}

impl Kind for Analyze {
    fn course(&self) -> Course<'_> {
        let tables: Vec<String> = self.tables.iter().map(QualifiedName::plain).collect();
        Course::Long {
            statements: self.tables.iter().map(|table| format!("ANALYZE {table}")).collect(),
            action: format!("analyzing {}", tables.join(", ")),
            validates: None,
        }
    }

    fn locks(&self) -> Vec<Lock> {
        let lock = |table| Lock::of(table, LockMode::ShareUpdateExclusive, LockHeld::WholeStep);
        self.tables.iter().map(lock).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Course, StepKind};

    #[test]
    fn its_statements_quote_names_and_may_be_lost() {
        let text = r#"{"kind":"analyze","tables":[{"schema":"public","name":"Odd \" name"}]}"#;
        let kind: StepKind = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&kind).unwrap(), text);
        assert_eq!(kind.as_str(), "analyze");
        assert!(kind.loses_work() && !kind.is_lost() && kind.changes().is_empty());
        let Course::Long { statements, .. } = kind.course() else { panic!("{kind:?}") };
        assert_eq!(statements, [r#"ANALYZE "public"."Odd "" name""#]);
    }
}
