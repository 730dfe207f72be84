//! Expressions: which columns they read, what they call, and how they look with the columns'
//! names written otherwise.
//!
//! Rewriting replaces the spans of column references and leaves every other byte as the author
//! wrote it. Node kinds are listed one by one; an expression with any other is marked
//! [`Expression::not_understood`], and a rewrite that would move it elsewhere refuses it.

mod kind;
mod reader;
mod shape;

pub use shape::Shape;

use super::tree::Unknown;
use crate::model::identifier::Identifier;
use reader::Reader;
use squawk_syntax::SyntaxNode;
use std::ops::Range;

/// One expression.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Its text as written.
    pub text: String,
    /// The columns that it reads, in order; the same one may come twice.
    pub references: Vec<Reference>,
    /// The functions that it calls.
    pub calls: Vec<Call>,
    /// Words that stand for a changing value: `current_timestamp`, `current_user`, … in lower case.
    pub keywords: Vec<String>,
    /// The string constants in it, without quotes.
    pub strings: Vec<String>,
    /// Whether it has a sub-select.
    pub subselect: bool,
    /// Whether it casts anything.
    pub casts: bool,
    /// The types to which something other than a constant is cast, as written.
    pub cast_types: Vec<String>,
    /// The operators in it, in lower case with single spaces.
    pub operators: Vec<String>,
    /// What in it is not understood.
    pub not_understood: Option<String>,
    /// Its outermost form.
    pub shape: Shape,
}

/// One reference to a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it stands in the expression's text, qualifier included.
    pub span: Range<usize>,
    /// What stands before the column: a table or alias, a schema before that.
    pub qualifier: Vec<Identifier>,
    /// The column.
    pub column: Identifier,
}

/// One function call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its schema, where written.
    pub schema: Option<Identifier>,
    /// Its name.
    pub name: Identifier,
    /// How many arguments it is given.
    pub arguments: usize,
}

impl Expression {
    /// The expression with each column reference written as `write` says.
    pub fn render(&self, mut write: impl FnMut(&Reference) -> String) -> String {
        let mut rendered = String::with_capacity(self.text.len() + 16);
        let mut end = 0;
        for reference in &self.references {
            rendered.push_str(&self.text[end..reference.span.start]);
            rendered.push_str(&write(reference));
            end = reference.span.end;
        }
        rendered.push_str(&self.text[end..]);
        rendered
    }

    /// The columns that it reads, each once, in order of first use.
    pub fn columns(&self) -> Vec<Identifier> {
        let mut columns: Vec<Identifier> = Vec::new();
        for reference in &self.references {
            if !columns.contains(&reference.column) {
                columns.push(reference.column.clone());
            }
        }
        columns
    }

    /// Whether it is a constant, NULL included.
    pub fn is_constant(&self) -> bool {
        matches!(self.shape, Shape::Null | Shape::Constant)
    }

    /// Analyses a node.
    pub(super) fn read(node: &SyntaxNode) -> Self {
        let mut reader = Reader::new(node);
        if let Err(Unknown(what)) = reader.expression(node) {
            reader.found.not_understood = Some(what);
        }
        let mut found = reader.found;
        found.references.sort_by_key(|reference| reference.span.start);
        found.shape = shape::shape(node);
        found
    }
}
