//! What each kind of node of an expression is. Listed one by one: any other is not understood.

use crate::model::identifier::Identifier;
use crate::sql::tree::{self, Unknown};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Functions with a syntax of their own; all of them are immutable or follow their arguments.
pub(super) fn is_special_call(kind: K) -> bool {
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
pub(super) fn is_container(kind: K) -> bool {
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
pub(super) fn is_operator(kind: K) -> bool {
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
pub(super) fn is_type(kind: K) -> bool {
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
pub(super) fn is_value_keyword(kind: K) -> bool {
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

/// The dotted names of `a.b.c`; `None` where it is something else.
pub(super) fn plain_path(node: &SyntaxNode) -> Option<Result<Vec<Identifier>, Unknown>> {
    let plain = node
        .descendants()
        .all(|descendant| matches!(descendant.kind(), K::NAME_REF | K::FIELD_EXPR));
    let star = tree::all_tokens(node).any(|token| token.kind() == K::STAR);
    (plain && !star).then(|| tree::path(node))
}
