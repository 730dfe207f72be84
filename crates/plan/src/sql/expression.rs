//! Expressions: which columns they read, what they call, and how they look with the columns'
//! names written otherwise.
//!
//! Rewriting replaces the spans of column references and leaves every other byte as the author
//! wrote it. Node kinds are listed one by one; an expression with any other is marked
//! [`Expression::not_understood`], and whoever wants to move it elsewhere refuses it.

use super::tree::{self, Unknown};
use crate::model::identifier::Identifier;
use squawk_syntax::{SyntaxKind as K, SyntaxNode};
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
    /// What in it is not understood.
    pub not_understood: Option<String>,
    /// Its outermost form.
    pub shape: Shape,
}

/// The forms that the planner treats in a way of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `NULL`, cast or not.
    Null,
    /// A constant that is not NULL, cast or not.
    Constant,
    /// Exactly one column.
    Column(Identifier),
    /// `column IS NULL`.
    IsNull(Identifier),
    /// `column IS NOT NULL`.
    IsNotNull(Identifier),
    /// `coalesce(…)`.
    Coalesce {
        /// The first argument, where it is a column.
        first: Option<Identifier>,
        /// The last argument's text, where it is a constant that is not NULL.
        last_constant: Option<String>,
    },
    /// Anything else.
    Other,
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
        found.shape = shape(node);
        found
    }
}

/// Walks a tree and collects.
struct Reader {
    start: usize,
    found: Expression,
}

impl Reader {
    fn new(node: &SyntaxNode) -> Self {
        Self {
            start: tree::span(node).start,
            found: Expression {
                text: tree::text(node),
                references: Vec::new(),
                calls: Vec::new(),
                keywords: Vec::new(),
                strings: Vec::new(),
                subselect: false,
                casts: false,
                not_understood: None,
                shape: Shape::Other,
            },
        }
    }

    fn expression(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        match node.kind() {
            K::NAME_REF => self.name(node),
            K::FIELD_EXPR => self.field(node),
            K::CALL_EXPR => self.call(node),
            K::CAST_EXPR => {
                self.found.casts = true;
                self.children(node)
            }
            K::LITERAL => self.literal(node),
            K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT | K::VALUES | K::TABLE => {
                self.found.subselect = true;
                Ok(())
            }
            kind if is_type(kind) || is_operator(kind) => Ok(()),
            kind if is_container(kind) => self.children(node),
            _ => Err(Unknown::node(node)),
        }
    }

    fn children(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        node.children().try_for_each(|child| self.expression(&child))
    }

    /// A bare name: a column, or a keyword that is an expression by itself.
    fn name(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        let token = tree::all_tokens(node).next().ok_or_else(|| Unknown::node(node))?;
        if is_value_keyword(token.kind()) {
            self.found.keywords.push(token.text().to_ascii_lowercase());
            return Ok(());
        }
        self.reference(node, vec![tree::name(node)?]);
        Ok(())
    }

    fn reference(&mut self, node: &SyntaxNode, mut path: Vec<Identifier>) {
        let span = tree::span(node);
        if let Some(column) = path.pop() {
            self.found.references.push(Reference {
                span: span.start - self.start..span.end - self.start,
                qualifier: path,
                column,
            });
        }
    }

    /// `a.b`, `a.b.c`, or a field of a composite value: `(a).b`.
    fn field(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        match plain_path(node) {
            Some(path) => {
                self.reference(node, path?);
                Ok(())
            }
            None if tree::has(node, K::STAR) => Err(Unknown::node(node)),
            None => {
                let base = node.children().next().ok_or_else(|| Unknown::node(node))?;
                self.expression(&base)
            }
        }
    }

    fn call(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        let mut arguments = 0;
        let mut name = None;
        for child in node.children() {
            match child.kind() {
                K::NAME_REF => name = Some(vec![tree::name(&child)?]),
                K::FIELD_EXPR => {
                    name = Some(plain_path(&child).ok_or_else(|| Unknown::node(&child))??);
                }
                K::ARG_LIST => {
                    tree::only(&child, &[K::ARG])?;
                    arguments = child.children().count();
                    child.children().try_for_each(|argument| self.children(&argument))?;
                }
                K::EXISTS_FN => self.found.subselect = true,
                kind if is_special_call(kind) => self.children(&child)?,
                _ => return Err(Unknown::node(&child)),
            }
        }
        if let Some(mut path) = name {
            let function = path.pop().ok_or_else(|| Unknown::node(node))?;
            self.found.calls.push(Call { schema: path.pop(), name: function, arguments });
        }
        Ok(())
    }

    fn literal(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        for token in tree::all_tokens(node) {
            match token.kind() {
                K::STRING => self.found.strings.push(token.text().trim_matches('\'').to_owned()),
                K::POSITIONAL_PARAM => return Err(Unknown::node(node)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The dotted names of `a.b.c`; `None` where it is something else.
fn plain_path(node: &SyntaxNode) -> Option<Result<Vec<Identifier>, Unknown>> {
    let plain = node
        .descendants()
        .all(|descendant| matches!(descendant.kind(), K::NAME_REF | K::FIELD_EXPR));
    let star = tree::all_tokens(node).any(|token| token.kind() == K::STAR);
    (plain && !star).then(|| tree::path(node))
}

/// Functions with a syntax of their own; all of them are immutable or follow their arguments.
fn is_special_call(kind: K) -> bool {
    matches!(
        kind,
        K::EXTRACT_FN
            | K::SUBSTRING_FN
            | K::TRIM_FN
            | K::POSITION_FN
            | K::OVERLAY_FN
            | K::ANY_FN
            | K::ALL_FN
            | K::SOME_FN
    )
}

/// Nodes that only hold expressions.
fn is_container(kind: K) -> bool {
    matches!(
        kind,
        K::BIN_EXPR
            | K::PREFIX_EXPR
            | K::POSTFIX_EXPR
            | K::PAREN_EXPR
            | K::BETWEEN_EXPR
            | K::CASE_EXPR
            | K::WHEN_CLAUSE_LIST
            | K::WHEN_CLAUSE
            | K::ELSE_CLAUSE
            | K::ARRAY_EXPR
            | K::INDEX_EXPR
            | K::SLICE_EXPR
            | K::TUPLE_EXPR
            | K::COLLATE
            | K::SUBSTRING_FROM_FOR
            | K::SUBSTRING_FOR_FROM
            | K::SUBSTRING_EXPRS
            | K::OVERLAY_PLACING
            | K::OVERLAY_EXPRS
            | K::TRIM_FROM
            | K::TRIM_EXPRS
            | K::TRIM_EXPR_FROM
            | K::SET_EXPR
    )
}

/// Operators of several words, and names of things that are no expressions.
fn is_operator(kind: K) -> bool {
    matches!(
        kind,
        K::CUSTOM_OP
            | K::COLON_COLON
            | K::IS_DISTINCT_FROM
            | K::IS_NOT_DISTINCT_FROM
            | K::IS_NOT
            | K::NOT_IN
            | K::NOT_LIKE
            | K::NOT_ILIKE
            | K::SIMILAR_TO
            | K::NOT_SIMILAR_TO
            | K::AT_TIME_ZONE
            | K::EXTRACT_FIELD_NAME
            | K::EXTRACT_FIELD_LITERAL
            | K::IS_JSON
            | K::IS_NOT_JSON
            | K::TRIM_BOTH
            | K::TRIM_LEADING
            | K::TRIM_TRAILING
            | K::COLLATION_REF
            | K::GTEQ
            | K::LTEQ
            | K::NEQ
            | K::NEQB
    )
}

/// Types in casts.
fn is_type(kind: K) -> bool {
    matches!(
        kind,
        K::PATH_TYPE
            | K::ARRAY_TYPE
            | K::BIT_TYPE
            | K::BIT_VARYING_TYPE
            | K::CHARACTER_TYPE
            | K::VARCHAR_TYPE
            | K::DOUBLE_TYPE
            | K::INTERVAL_TYPE
            | K::TIME_TYPE
            | K::TIMESTAMP_TYPE
    )
}

/// Keywords that are values: of the clock or of the session.
fn is_value_keyword(kind: K) -> bool {
    matches!(
        kind,
        K::CURRENT_DATE_KW
            | K::CURRENT_TIME_KW
            | K::CURRENT_TIMESTAMP_KW
            | K::LOCALTIME_KW
            | K::LOCALTIMESTAMP_KW
            | K::CURRENT_USER_KW
            | K::SESSION_USER_KW
            | K::SYSTEM_USER_KW
            | K::USER_KW
            | K::CURRENT_ROLE_KW
            | K::CURRENT_CATALOG_KW
            | K::CURRENT_SCHEMA_KW
    )
}

/// The outermost form of an expression.
fn shape(node: &SyntaxNode) -> Shape {
    match node.kind() {
        K::PAREN_EXPR | K::SET_EXPR => match node.children().next() {
            Some(inner) => shape(&inner),
            None => Shape::Other,
        },
        K::LITERAL if tree::has(node, K::NULL_KW) => Shape::Null,
        K::LITERAL => Shape::Constant,
        K::PREFIX_EXPR => match node.children().find(|child| !is_operator(child.kind())) {
            Some(inner) if shape(&inner) == Shape::Constant => Shape::Constant,
            _ => Shape::Other,
        },
        K::CAST_EXPR => {
            let inner =
                node.children().find(|child| !is_type(child.kind()) && !is_operator(child.kind()));
            match inner.map(|inner| shape(&inner)) {
                Some(constant @ (Shape::Null | Shape::Constant)) => constant,
                _ => Shape::Other,
            }
        }
        K::NAME_REF | K::FIELD_EXPR => column_of(node).map_or(Shape::Other, Shape::Column),
        K::BIN_EXPR => is_null_shape(node),
        K::CALL_EXPR => coalesce_shape(node),
        _ => Shape::Other,
    }
}

/// The column, where the node is nothing but a column.
fn column_of(node: &SyntaxNode) -> Option<Identifier> {
    if node.kind() == K::NAME_REF
        && tree::all_tokens(node).any(|token| is_value_keyword(token.kind()))
    {
        return None;
    }
    plain_path(node)?.ok()?.pop()
}

fn is_null_shape(node: &SyntaxNode) -> Shape {
    let children: Vec<SyntaxNode> = node.children().collect();
    let (Some(first), Some(last)) = (children.first(), children.last()) else {
        return Shape::Other;
    };
    let Shape::Column(column) = shape(first) else {
        return Shape::Other;
    };
    let null = last.kind() == K::LITERAL && tree::has(last, K::NULL_KW);
    match (null, children.len(), tree::has(node, K::IS_KW)) {
        (true, 2, true) => Shape::IsNull(column),
        (true, 3, _) if children[1].kind() == K::IS_NOT => Shape::IsNotNull(column),
        _ => Shape::Other,
    }
}

fn coalesce_shape(node: &SyntaxNode) -> Shape {
    let is_coalesce = tree::child(node, K::NAME_REF)
        .is_some_and(|name| tree::all_tokens(&name).any(|token| token.kind() == K::COALESCE_KW));
    let Some(list) = tree::child(node, K::ARG_LIST).filter(|_| is_coalesce) else {
        return Shape::Other;
    };
    let arguments: Vec<SyntaxNode> =
        list.children().filter_map(|argument| argument.children().next()).collect();
    Shape::Coalesce {
        first: arguments.first().and_then(|first| match shape(first) {
            Shape::Column(column) => Some(column),
            _ => None,
        }),
        last_constant: arguments
            .last()
            .filter(|last| shape(last) == Shape::Constant)
            .map(tree::text),
    }
}
