//! The names that a file takes: its imports, and the paths that it writes out.

/// What stands before and between the names of a path.
const ROOTS: [&str; 3] = ["crate", "super", "self"];

/// A path with the name that it has in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its names, from `crate`, `super`, `self` or a child on.
    pub(super) path: Vec<String>,
    /// As what it is known in the file; `None`: everything in it, or only written out.
    pub(super) name: Option<String>,
}

/// All that a file takes.
pub(super) fn taken(code: &str) -> Vec<Taken> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] == "use" {
            at = tree(&tokens, at + 1, &[], &mut found);
        } else if is_name(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::") {
            let path = path(&tokens, &mut at);
            found.push(Taken { path, name: None });
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one tree of a `use`; returns where it ends.
fn tree(tokens: &[String], from: usize, before: &[String], found: &mut Vec<Taken>) -> usize {
    let mut at = from;
    let mut path = before.to_vec();
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.as_str() {
            "::" => {}
            "{" => {
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = tree(tokens, at, &path, found);
                    at += usize::from(tokens.get(at).is_some_and(|token| token == ","));
                }
                return at + 1;
            }
            "*" => {
                found.push(Taken { path, name: None });
                return at;
            }
            "as" => {
                found.push(Taken { path, name: tokens.get(at).cloned() });
                return at + 1;
            }
            name if is_name(name) => path.push(name.to_owned()),
            _ => {
                at -= 1;
                break;
            }
        }
    }
    // `{self}`: the module itself.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = path.last().cloned();
    found.push(Taken { path, name });
    at
}

fn path(tokens: &[String], at: &mut usize) -> Vec<String> {
    let mut path = vec![tokens[*at].clone()];
    *at += 1;
    while tokens.get(*at).is_some_and(|token| token == "::")
        && tokens.get(*at + 1).is_some_and(|name| is_name(name))
    {
        path.push(tokens[*at + 1].clone());
        *at += 2;
    }
    path
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Whether a path begins in the file's own crate, whatever its children are called.
pub(super) fn is_rooted(path: &[String]) -> bool {
    path.first().is_some_and(|first| ROOTS.contains(&first.as_str()))
}

fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut characters = code.chars().peekable();
    while let Some(first) = characters.next() {
        if first.is_alphanumeric() || first == '_' {
            let mut name = String::from(first);
            while let Some(next) = characters.next_if(|next| next.is_alphanumeric() || *next == '_')
            {
                name.push(next);
            }
            tokens.push(name);
        } else if first == ':' && characters.next_if_eq(&':').is_some() {
            tokens.push("::".to_owned());
        } else if !first.is_whitespace() {
            tokens.push(first.to_string());
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::taken;

    #[test]
    fn trees_aliases_and_written_paths_are_read() {
        let found = taken(
            "pub(crate) use crate::a::{self, b::C, d as e}; use super::*; fn f() { g::h(1); }",
        );
        let shown: Vec<String> = found
            .iter()
            .map(|taken| {
                let name = taken.name.as_deref().unwrap_or("-");
                format!("{} {name}", taken.path.join("::"))
            })
            .collect();
        assert_eq!(shown, ["crate::a a", "crate::a::b::C C", "crate::a::d e", "super -", "g::h -"]);
    }
}
