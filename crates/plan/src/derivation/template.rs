//! An expression that can be written over a row's own columns or over `NEW`.

use crate::{
    model::{catalog::Relation, identifier::Identifier},
    sql::{self, Expression},
};

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// SQL text.
    Text(String),
    /// A column of the row.
    Column(Identifier),
}

/// An expression in pieces, in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

/// How deep generated columns may stand in each other's expressions. The server allows none at all.
const INLINE_DEPTH_MAX: u32 = 4;

impl Template {
    /// Takes an expression whose references are columns of the relation; generated columns are
    /// inlined, since a BEFORE trigger sees them as NULL.
    ///
    /// `None` where a generated column's expression is not understood.
    pub(crate) fn of(expression: &Expression, relation: &Relation) -> Option<Self> {
        Self::inlined(expression, relation, INLINE_DEPTH_MAX)
    }

    fn inlined(expression: &Expression, relation: &Relation, depth: u32) -> Option<Self> {
        let mut pieces = vec![Piece::Text("(".to_owned())];
        let mut end = 0;
        for reference in &expression.references {
            pieces.push(Piece::Text(expression.text[end..reference.span.start].to_owned()));
            end = reference.span.end;
            let generated =
                relation.column(&reference.column).and_then(|column| column.generated.as_ref());
            match generated {
                None => pieces.push(Piece::Column(reference.column.clone())),
                Some(text) => {
                    let inner = sql::parse_expression(text)
                        .filter(|inner| depth > 0 && inner.not_understood.is_none())?;
                    pieces.extend(Self::inlined(&inner, relation, depth - 1)?.0);
                }
            }
        }
        pieces.push(Piece::Text(expression.text[end..].to_owned()));
        pieces.push(Piece::Text(")".to_owned()));
        Some(Self(pieces))
    }

    /// A text that names no column.
    pub(crate) fn constant(text: &str) -> Self {
        Self(vec![Piece::Text(format!("({text})"))])
    }

    /// `CASE WHEN condition THEN value ELSE otherwise END`.
    pub(crate) fn when(condition: Self, value: Self, otherwise: &str) -> Self {
        let text = |text: &str| Piece::Text(text.to_owned());
        let mut pieces = vec![text("(CASE WHEN ")];
        pieces.extend(condition.0);
        pieces.push(text(" THEN "));
        pieces.extend(value.0);
        pieces.push(text(&format!(" ELSE {otherwise} END)")));
        Self(pieces)
    }

    /// `coalesce(column, value)`.
    pub(crate) fn unless_set(column: &Identifier, value: Self) -> Self {
        let mut pieces = vec![Piece::Text("coalesce(".to_owned()), Piece::Column(column.clone())];
        pieces.push(Piece::Text(", ".to_owned()));
        pieces.extend(value.0);
        pieces.push(Piece::Text(")".to_owned()));
        Self(pieces)
    }

    /// `column IS NULL`, as NOT NULL means it: a composite of NULLs is a value.
    pub(crate) fn is_null(column: &Identifier) -> Self {
        let end = Piece::Text(" IS NOT DISTINCT FROM NULL)".to_owned());
        Self(vec![Piece::Text("(".to_owned()), Piece::Column(column.clone()), end])
    }

    /// `(condition) IS FALSE`.
    pub(crate) fn negated(mut self) -> Self {
        self.0.push(Piece::Text(" IS FALSE".to_owned()));
        self
    }

    /// The columns that it reads, each once.
    pub(crate) fn columns(&self) -> Vec<Identifier> {
        let mut columns: Vec<Identifier> = Vec::new();
        for piece in &self.0 {
            if let Piece::Column(column) = piece
                && !columns.contains(column)
            {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// Over the row's own columns: `"column"`.
    pub(crate) fn of_row(&self) -> String {
        self.write("")
    }

    /// Over the row being written: `NEW."column"`.
    pub(crate) fn of_new(&self) -> String {
        self.write("NEW.")
    }

    fn write(&self, prefix: &str) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Column(column) => format!("{prefix}{column}"),
            })
            .collect()
    }
}
