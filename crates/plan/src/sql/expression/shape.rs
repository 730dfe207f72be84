//! The outermost form of an expression.

use super::kind::{is_operator, is_type, is_value_keyword, plain_path};
use crate::model::identifier::Identifier;
use crate::sql::tree;
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

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

/// The outermost form of an expression.
pub(super) fn shape(node: &SyntaxNode) -> Shape {
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
