//! How many late commits the guards refused, as the server's own log tells: it names each refused
//! statement with its error's code and the session.

use super::release_of;
use changeover_postgres::Server;
use std::collections::BTreeMap;

/// What the server begins each line of its log with: the error's code and the session's name.
pub(super) const PREFIX: &str = "ALTER SYSTEM SET log_line_prefix = '%e|%a|'";

/// How much of its log a server shows at once; of what is longer the front is not seen.
const SHOWN_BYTES: usize = 64 * 1024;

/// Refused commits so far, by what refused them and by the program that tried.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    read_bytes: usize,
    /// `guard_v1`: a singleton's owner that was replaced.
    pub(super) guard: BTreeMap<String, u64>,
    /// `finish_v1`: a job's claimant that was replaced.
    pub(super) finish: BTreeMap<String, u64>,
}

impl Refusals {
    /// Reads what came since; often, since the server shows only the last of it.
    pub(super) fn read(&mut self, server: &Server) {
        let text = server.log_since(self.read_bytes);
        // The last line may not be whole yet.
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        self.read_bytes =
            if text.len() < SHOWN_BYTES { self.read_bytes + whole } else { server.log_mark() };
        text[..whole].lines().for_each(|line| self.line(line));
    }

    fn line(&mut self, line: &str) {
        let mut parts = line.splitn(3, '|');
        let (Some(code), Some(session), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let counts = match code {
            "CO002" if rest.starts_with("STATEMENT:") && rest.contains("guard_v1") => {
                &mut self.guard
            }
            "CO007" if rest.starts_with("STATEMENT:") && rest.contains("finish_v1") => {
                &mut self.finish
            }
            _ => return,
        };
        let program = release_of(session).split('-').nth(1).unwrap_or("central");
        *counts.entry(program.to_owned()).or_default() += 1;
    }

    /// For people.
    pub(super) fn say(counts: &BTreeMap<String, u64>) -> String {
        let of: Vec<_> = counts.iter().map(|(program, n)| format!("{n} {program}")).collect();
        format!("{} ({})", counts.values().sum::<u64>(), of.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_statements_are_counted_by_program() {
        let mut refusals = Refusals::default();
        for line in [
            "CO002|changeover@209/central/4.9-python-3|ERROR:  worker tally is not held",
            "CO002|changeover@209/central/4.9-python-3/owner|STATEMENT:  SELECT changeover.guard_v1($1)",
            "CO002|changeover@209/central/4.9|STATEMENT:  SELECT changeover.transfer_v1($1)",
            "CO007|changeover@209/central/4.9|STATEMENT:  SELECT changeover.finish_v1($1)",
            "00000||LOG:  checkpoint",
        ] {
            refusals.line(line);
        }
        assert_eq!(Refusals::say(&refusals.guard), "1 (1 python)");
        assert_eq!(Refusals::say(&refusals.finish), "1 (1 central)");
    }
}
