//! What a pod runs: program, arguments and environment with placeholders, and its release.
//!
//! Two templates that are equal are the same release: pods of an equal template are kept, as a
//! ReplicaSet is adopted again after `kubectl rollout undo`.

use std::path::PathBuf;

/// The process that a pod runs.
///
/// In `args` and in the values of `env`, `{port}` becomes the pod's port on 127.0.0.1, `{pod}` its
/// name and `{release}` the label. The child inherits this process's environment besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodTemplate {
    /// Label of the release; shown in snapshots, events and reports.
    pub release: String,
    /// The program to run.
    pub program: PathBuf,
    /// Its arguments, with placeholders.
    pub args: Vec<String>,
    /// Environment variables set in addition to the inherited ones; the values have placeholders.
    pub env: Vec<(String, String)>,
}

impl PodTemplate {
    /// A template without arguments and without environment of its own.
    pub fn new(release: impl Into<String>, program: impl Into<PathBuf>) -> PodTemplate {
        PodTemplate {
            release: release.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
        }
    }

    /// The same template with these arguments after those it has.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> PodTemplate {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The same template with one more environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> PodTemplate {
        self.env.push((name.into(), value.into()));
        self
    }

    /// `text` with the placeholders replaced.
    pub(crate) fn fill(&self, text: &str, pod: &str, port: u16) -> String {
        text.replace("{port}", &port.to_string())
            .replace("{pod}", pod)
            .replace("{release}", &self.release)
    }
}

#[cfg(test)]
mod tests {
    use super::PodTemplate;

    #[test]
    fn placeholders_are_replaced() {
        let template = PodTemplate::new("4.9", "central");
        insta::assert_snapshot!(
            template.fill("--listen 127.0.0.1:{port} --name {pod}@{release}", "web-1", 17000),
            @"--listen 127.0.0.1:17000 --name web-1@4.9"
        );
    }
}
