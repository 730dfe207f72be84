//! Collects what stands in an expression: columns, calls, keywords, constants; and what is not understood.

use super::kind::{
    is_container, is_operator, is_special_call, is_type, is_value_keyword, plain_path,
};
use super::{Call, Expression, Reference, Shape};
use crate::model::identifier::Identifier;
use crate::sql::tree::{self, Unknown};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Walks a tree and collects.
pub(super) struct Reader {
    start: usize,
    pub(super) found: Expression,
}

impl Reader {
    pub(super) fn new(node: &SyntaxNode) -> Self {
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
                cast_types: Vec::new(),
                operators: Vec::new(),
                not_understood: None,
                shape: Shape::Other,
            },
        }
    }

    pub(super) fn expression(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        match node.kind() {
            K::NAME_REF => self.name(node),
            K::FIELD_EXPR => self.field(node),
            K::CALL_EXPR => self.call(node),
            K::CAST_EXPR => {
                self.found.casts = true;
                self.cast(node);
                self.children(node)
            }
            K::LITERAL => self.literal(node),
            K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT | K::VALUES | K::TABLE => {
                self.found.subselect = true;
                Ok(())
            }
            kind if is_type(kind) || is_operator(kind) => Ok(()),
            kind if is_container(kind) => {
                self.operator(node);
                self.children(node)
            }
            _ => Err(Unknown::node(node)),
        }
    }

    fn children(&mut self, node: &SyntaxNode) -> Result<(), Unknown> {
        node.children().try_for_each(|child| self.expression(&child))
    }

    /// A cast of a constant is computed when the statement is read; others for each row.
    fn cast(&mut self, node: &SyntaxNode) {
        let operand =
            node.children().find(|child| !is_type(child.kind()) && !is_operator(child.kind()));
        let constant = operand.is_some_and(|operand| {
            matches!(super::shape::shape(&operand), Shape::Constant | Shape::Null)
        });
        if let Some(target) = node.children().find(|child| is_type(child.kind()) && !constant) {
            self.found.cast_types.push(tree::text(&target));
        }
    }

    /// The operator of a node that has one: its own tokens, and operators of several words.
    fn operator(&mut self, node: &SyntaxNode) {
        if !matches!(node.kind(), K::BIN_EXPR | K::PREFIX_EXPR | K::POSTFIX_EXPR) {
            return;
        }
        let mut words: Vec<String> = Vec::new();
        for element in node.children_with_tokens() {
            match (element.as_node(), element.as_token()) {
                (Some(child), _) if is_operator(child.kind()) => words.push(tree::text(child)),
                (None, Some(token)) if !tree::is_trivia(token.kind()) => {
                    words.push(token.text().to_owned());
                }
                _ => {}
            }
        }
        let operator = words.join(" ").to_lowercase();
        let operator = operator.split_whitespace().collect::<Vec<_>>().join(" ");
        // A sign before a number is no computation.
        let sign = node.kind() == K::PREFIX_EXPR && super::shape::shape(node) == Shape::Constant;
        if !operator.is_empty() && !sign {
            self.found.operators.push(operator);
        }
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
