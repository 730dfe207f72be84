//! A file as its tokens, for telling an edit from another layout.
//!
//! White space, line endings, a byte order mark and comments are left out; directives are not, since
//! they change what a statement becomes.

use super::tree;
use squawk_syntax::{SourceFile, SyntaxKind, ast::AstNode};

/// What marks a comment as a directive.
const DIRECTIVE: &str = "changeover:";

/// All tokens, a space between each two.
pub fn tokens(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let parsed = SourceFile::parse(&text);
    let mut written = String::with_capacity(text.len());
    let all = parsed.tree().syntax().descendants_with_tokens();
    for token in all.filter_map(|element| element.into_token()) {
        let is_directive = token.kind() == SyntaxKind::COMMENT && token.text().contains(DIRECTIVE);
        if tree::is_trivia(token.kind()) && !is_directive {
            continue;
        }
        written.push_str(token.text().trim_end());
        written.push(' ');
    }
    // The last statement may do without its semicolon.
    written.trim_end_matches([' ', ';']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn layout_is_no_edit_and_a_directive_is_one() {
        let written = tokens("ALTER TABLE a ADD COLUMN b text DEFAULT 'x  y';\nSELECT 1;\n");
        for same in [
            "ALTER TABLE a ADD COLUMN b text DEFAULT 'x  y';\r\nSELECT 1;\r\n",
            "\u{feff}-- why\nALTER TABLE a\n  ADD COLUMN b text /* so */ DEFAULT 'x  y';\n\nSELECT 1",
        ] {
            assert_eq!(tokens(same), written);
        }
        for other in [
            "ALTER TABLE a ADD COLUMN b text DEFAULT 'x y';\nSELECT 1;\n",
            "-- changeover: phase=contract\nALTER TABLE a ADD COLUMN b text DEFAULT 'x  y';\nSELECT 1;\n",
        ] {
            assert_ne!(tokens(other), written);
        }
    }
}
