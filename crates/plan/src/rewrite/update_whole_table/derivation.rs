//! The derivation of an `UPDATE`: its values, what they read, what the table demands of them, and under
//! which settings.

use super::{
    super::{expression, not_understood, table},
    values::Target,
};
use crate::{
    change::Subject,
    derivation::{
        Derivation, DerivedColumn, Requirement, Template, Writers, check_expression,
        pinned_settings,
    },
    model::{
        catalog::{Constraint, ConstraintKind, RelationKind},
        identifier::Identifier,
        step::Phase,
    },
    sql::{Expression, directive, statement::SetValue},
    world::{Refused, Work},
};

impl Target<'_> {
    /// The CHECKs of the table that read what is computed, as far as they stand before the contract.
    fn checks<'r>(
        &'r self,
        work: &Work<'_>,
        values: &[DerivedColumn],
    ) -> Result<Vec<(&'r Constraint, Expression)>, Refused> {
        let relation = self.relation;
        let is_read = |constraint: &&Constraint| {
            let subject = Subject::Constraint(relation.name.clone(), constraint.name.clone());
            let made = work.world.records.made(&subject);
            constraint.kind == ConstraintKind::Check
                && made.is_none_or(|provider| provider.phase != Phase::Contract)
                && values.iter().any(|value| constraint.columns.contains(&value.column))
        };
        let found = relation.constraints.iter().filter(is_read).map(|constraint| {
            let expression = check_expression(constraint)
                .ok_or_else(|| not_understood(&format!("the constraint {}", constraint.name)))?;
            Ok((constraint, expression))
        });
        found.collect()
    }

    /// What the table demands of what is computed.
    fn requirements(
        &self,
        values: &[DerivedColumn],
        checks: &[(&Constraint, Expression)],
    ) -> Result<Vec<Requirement>, Refused> {
        let relation = self.relation;
        let not_null = values
            .iter()
            .filter(|value| relation.column(&value.column).is_some_and(|column| column.not_null))
            .map(|value| Ok(Requirement::not_null(&value.column)));
        let checks = checks.iter().map(|(constraint, expression)| {
            Requirement::check(relation, constraint, expression)
                .ok_or_else(|| not_understood(&format!("the constraint {}", constraint.name)))
        });
        not_null.chain(checks).collect()
    }

    /// Which columns follow which expressions, for whom.
    pub(super) fn derivation(
        &self,
        work: &Work<'_>,
        values: Vec<DerivedColumn>,
    ) -> Result<Derivation, Refused> {
        let checks = self.checks(work, &values)?;
        let requirements = self.requirements(&values, &checks)?;
        let mut reads: Vec<Identifier> = Vec::new();
        for value in &values {
            let condition = value.condition.as_ref();
            let own = condition.map(|_| value.column.clone());
            let columns = value.value.columns().into_iter();
            for column in
                columns.chain(condition.map(Template::columns).unwrap_or_default()).chain(own)
            {
                if !reads.contains(&column) {
                    reads.push(column);
                }
            }
        }
        for column in requirements.iter().flat_map(|one| one.violated.columns()) {
            let is_computed = values.iter().any(|value| value.column == column);
            if !is_computed && !reads.contains(&column) {
                reads.push(column);
            }
        }
        let expressions = self.update.set.iter().filter_map(|(_, value)| match value {
            SetValue::Expression(expression) => Some(expression),
            SetValue::Default => None,
        });
        let reads: Vec<_> =
            reads.iter().filter_map(|name| table::typed(self.relation, name)).collect();
        let keys = table::key(self.relation)?;
        let types: Vec<&str> = reads
            .iter()
            .map(|read| read.type_sql.as_str())
            .chain(values.iter().map(|value| value.type_sql.as_str()))
            .chain(keys.iter().map(|key| key.type_sql.as_str()))
            .collect();
        let expressions = expressions
            .chain(&self.update.filter)
            .chain(checks.iter().map(|(_, expression)| expression));
        expression::needs_no_open_schema(work, expressions.clone(), &types)?;
        let settings = pinned_settings(&work.world.catalog, expressions, &types);
        let once = work.directives.sync == Some(directive::Sync::Once);
        Ok(Derivation {
            app: work.world.app.clone(),
            migration: work.migration.number,
            statement: work.number,
            backfill: work.id("backfill"),
            table: self.relation.name.clone(),
            partitioned: self.relation.kind == RelationKind::PartitionedTable,
            rows_estimate: self.relation.rows_estimate,
            key: keys,
            reads,
            columns: values,
            requirements,
            settings,
            writers: if once { Writers::None } else { Writers::All },
        })
    }
}
