//! What each column is set to: which expressions over the row, under which condition.

use super::super::{expression, table};
use crate::{
    derivation::{DerivedColumn, Template},
    model::{
        catalog::{Column, Relation},
        identifier::Identifier,
    },
    rule,
    sql::{
        self, Expression, directive,
        expression::Shape,
        statement::{SetValue, Update},
    },
    world::{Refused, Work},
};

/// The update and the table that it is about.
pub(super) struct Target<'a> {
    pub(super) relation: &'a Relation,
    pub(super) update: &'a Update,
}

impl Target<'_> {
    /// What each column is set to.
    pub(super) fn values(&self, work: &Work<'_>) -> Result<Vec<DerivedColumn>, Refused> {
        let catalog = &work.world.catalog;
        let alias = self.update.alias.as_ref();
        let condition = match self.filter(work) {
            Some(filter) => Some(expression::template(catalog, self.relation, alias, &filter)?),
            None => None,
        };
        let mut values: Vec<DerivedColumn> = Vec::new();
        for (name, value) in &self.update.set {
            let column = self.column(name)?;
            if values.iter().any(|earlier| &earlier.column == name) {
                return Err(Refused::new(
                    &rule::set_twice::RULE,
                    format!("{} is set twice", name.as_str()),
                    "set each column once",
                ));
            }
            let SetValue::Expression(value) = value else {
                return Err(Refused::new(
                    &rule::set_default::RULE,
                    format!("{} is set to its DEFAULT", name.as_str()),
                    "write the value itself",
                ));
            };
            let template = expression::template(catalog, self.relation, alias, value)?;
            values.push(self.value(work, column, value, template, condition.clone())?);
        }
        let kinds: Vec<bool> = values.iter().map(|value| value.condition.is_some()).collect();
        if condition.is_some() && kinds.iter().any(|kind| *kind) && !kinds.iter().all(|kind| *kind)
        {
            return Err(Refused::new(
                &rule::mixed_targets::RULE,
                "one UPDATE with a WHERE sets both a new column and one that was there before",
                "write two UPDATE statements",
            ));
        }
        Ok(values)
    }

    fn column(&self, name: &Identifier) -> Result<&Column, Refused> {
        table::has_column(self.relation, name)?;
        match self.relation.column(name) {
            Some(column) if column.generated.is_none() => Ok(column),
            _ => Err(Refused::new(
                &rule::generated_target::RULE,
                format!("{} is a generated column", name.as_str()),
                "update the columns from which it is generated",
            )),
        }
    }

    /// What the rows that are there get at once in a column that the pending migrations add: `Some(None)` for NULL.
    pub(super) fn starts_with<'w>(
        &self,
        work: &'w Work<'_>,
        column: &Identifier,
    ) -> Option<&'w Option<String>> {
        work.world.new_columns.get(&(self.relation.name.clone(), column.clone()))
    }

    /// Whether the pending migrations added the column, so that no older release writes it.
    fn is_new(&self, work: &Work<'_>, column: &Identifier) -> bool {
        self.starts_with(work, column).is_some()
    }

    /// The filter without `column IS NULL` for new columns, which are NULL in every row, and for
    /// the one column that is only filled where it is NULL.
    fn filter(&self, work: &Work<'_>) -> Option<Expression> {
        let folds = |conjunct: &Expression| match &conjunct.shape {
            Shape::IsNull(column) => {
                let set = self.update.set.iter().any(|(name, _)| name == column);
                let starts_null = self.starts_with(work, column) == Some(&None);
                set && (starts_null || self.fills_null_only(column))
            }
            _ => false,
        };
        let left: Vec<&Expression> =
            self.update.conjuncts.iter().filter(|conjunct| !folds(conjunct)).collect();
        if left.len() == self.update.conjuncts.len() {
            return self.update.filter.clone();
        }
        let texts: Vec<String> = left.iter().map(|left| format!("({})", left.text)).collect();
        match left.as_slice() {
            [] => None,
            [single] => Some((*single).clone()),
            _ => sql::parse_expression(&texts.join(" AND ")).or(self.update.filter.clone()),
        }
    }

    /// A trigger computes again what it has computed before, and one column after the other: what it
    /// reads must not be what it sets.
    fn reads_no_target(
        &self,
        work: &Work<'_>,
        column: &Column,
        value: &Template,
        condition: Option<&Template>,
    ) -> Result<(), Refused> {
        if work.directives.sync == Some(directive::Sync::Once) {
            return Ok(());
        }
        let is_target = |read: &&Identifier| self.update.set.iter().any(|(set, _)| &set == read);
        let in_condition = condition.map(Template::columns).unwrap_or_default();
        let own_is_new = self.is_new(work, &column.name);
        let of_condition =
            in_condition.iter().filter(is_target).find(|read| own_is_new || **read != column.name);
        let in_value = value.columns();
        let of_value = in_value.iter().filter(is_target).find(|read| **read != column.name);
        match of_condition.or(of_value) {
            None => Ok(()),
            Some(read) => Err(Refused::new(
                &rule::reads_own_target::RULE,
                format!(
                    "what {} becomes depends on {}, which the statement sets: doing it twice differs",
                    column.name.as_str(),
                    read.as_str()
                ),
                "let it depend on other columns only; a new column need not be asked for its \
                 default",
            )),
        }
    }

    /// `SET c = constant WHERE c IS NULL`.
    fn fills_null_only(&self, column: &Identifier) -> bool {
        let constant = match self.update.set.as_slice() {
            [(_, SetValue::Expression(value))] => value.is_constant(),
            _ => false,
        };
        constant
            && self.update.conjuncts.len() == 1
            && self.update.conjuncts[0].shape == Shape::IsNull(column.clone())
    }

    fn value(
        &self,
        work: &Work<'_>,
        column: &Column,
        value: &Expression,
        template: Template,
        condition: Option<Template>,
    ) -> Result<DerivedColumn, Refused> {
        let is_new = self.is_new(work, &column.name);
        let constant = value.is_constant().then(|| value.text.clone());
        let (keeps_own, last_constant) = match &value.shape {
            Shape::Coalesce { first, last_constant } => {
                (first.as_ref() == Some(&column.name), last_constant.clone())
            }
            _ => (false, None),
        };
        // A constant follows nothing: it fills what is NULL, and never overrides a writer.
        let fills = constant.is_some()
            && condition.is_none()
            && (is_new || self.fills_null_only(&column.name));
        let directed = work.directives.sync.is_some();
        self.reads_no_target(work, column, &template, condition.as_ref())?;
        if template.columns().contains(&column.name) && !keeps_own {
            return Err(Refused::new(
                &rule::reads_own_target::RULE,
                format!(
                    "{} is computed from itself, so doing it twice differs",
                    column.name.as_str()
                ),
                "write the result into a new column",
            ));
        }
        if !is_new && !fills && !keeps_own && !directed {
            return Err(Refused::new(
                &rule::existing_target::RULE,
                format!(
                    "{} was there before, and releases that serve write it",
                    column.name.as_str()
                ),
                "write `-- changeover: sync=derived` before the statement if the column is to \
                 follow this expression for every writer, or `sync=once` if only the rows that \
                 are there are to change; else use a new column",
            ));
        }
        let unfiltered = condition.is_none();
        let (template, condition) = match condition {
            Some(condition) if is_new => {
                let starts = self.starts_with(work, &column.name).and_then(Option::as_deref);
                // A constant has no type of its own, and two of them would make a text.
                let typed = |text: &str| format!("CAST({text} AS {})", column.type_sql);
                let value = if value.shape == Shape::Constant {
                    Template::constant(&typed(&value.text))
                } else {
                    template
                };
                let otherwise = starts.map_or("NULL".to_owned(), typed);
                (Template::when(condition, value, &otherwise), None)
            }
            condition if fills => (Template::unless_set(&column.name, template), condition),
            condition => (template, condition),
        };
        let not_null_constant = value.shape == Shape::Constant;
        let fallback = if fills { constant.filter(|_| not_null_constant) } else { last_constant };
        Ok(DerivedColumn {
            column: column.name.clone(),
            type_sql: column.type_sql.clone(),
            value: template,
            condition,
            fallback: fallback.filter(|_| unfiltered),
            null_by_default: column.default.is_none() && !column.identity,
            only_null: false,
        })
    }
}
