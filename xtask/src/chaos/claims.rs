//! Whether a job's effect was ever committed by somebody who did not hold the job at that moment, in the
//! order of commits: what finishing looks at, told by logical decoding and not by the ledger. Pure.

use std::collections::BTreeMap;

const JOB: &str = "table changeover.job: ";
const GREETING: &str = "table public.greeting: INSERT: ";

/// What the history of the common jobs shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) effects: u64,
    /// How often a job passed on to another claimant.
    pub(super) passed_on: u64,
    /// What must not be.
    pub(super) violations: Vec<String>,
}

/// Reads the lines of a slot that was made before there was any job.
pub(super) fn claims(lines: &[String]) -> Claims {
    let mut claims = Claims::default();
    let mut held: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in lines {
        if let Some(tuple) = line.strip_prefix(GREETING) {
            let told = (field(tuple, "greeted_by"), field(tuple, "attempt"));
            let job = field(tuple, "job");
            claims.effects += 1;
            let holds = held.get(job).copied();
            if holds != Some(told) {
                claims.violations.push(format!(
                    "job {job}: an effect of {} at attempt {}, while {} held it",
                    told.0,
                    told.1,
                    holds.map_or("nobody".to_owned(), |(who, at)| format!("{who} at attempt {at}"))
                ));
            }
        } else if let Some(tuple) = line.strip_prefix(JOB) {
            let id = field(tuple, "id");
            if tuple.starts_with("DELETE") {
                held.remove(id);
                continue;
            }
            let now = (field(tuple, "claimant"), field(tuple, "attempt"));
            if let Some(before) = held.insert(id, now) {
                claims.passed_on += u64::from(before.0 != now.0 && now.0 != "null" && now.1 != "1");
            }
        }
    }
    claims
}

/// A value of a tuple, without quotes. The columns asked for stand before any free text.
fn field<'a>(tuple: &'a str, name: &str) -> &'a str {
    let pattern = format!("{name}[");
    // A name is preceded by a space: `id[` is also the end of `kind_id[`.
    let at = tuple.match_indices(&pattern).map(|(at, _)| at);
    let mut at = at.filter(|&at| at == 0 || tuple.as_bytes()[at - 1] == b' ');
    let value = at.next().and_then(|at| tuple[at..].split_once("]:"));
    value.map_or("", |(_, rest)| rest.split(' ').next().unwrap_or_default().trim_matches('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    const CLAIMED: &str = "table changeover.job: INSERT: id[bigint]:7 kind_id[integer]:1 attempt[integer]:0 claimant[uuid]:null
        table changeover.job: UPDATE: id[bigint]:7 kind_id[integer]:1 attempt[integer]:1 claimant[uuid]:'a'";

    #[test]
    fn whoever_holds_the_job_has_its_effect() {
        let effect = "table public.greeting: INSERT: id[bigint]:1 job[bigint]:7 attempt[integer]:1 name[text]:'n' greeted_by[uuid]:'a'";
        let found = claims(&lines(&format!("{CLAIMED}\n{effect}")));
        assert_eq!((found.effects, found.violations), (1, vec![]));
    }

    #[test]
    fn an_effect_of_somebody_who_was_replaced_is_found() {
        let late = "table changeover.job: UPDATE: id[bigint]:7 kind_id[integer]:1 attempt[integer]:2 claimant[uuid]:'b'
            table public.greeting: INSERT: id[bigint]:1 job[bigint]:7 attempt[integer]:1 name[text]:'n' greeted_by[uuid]:'a'";
        let found = claims(&lines(&format!("{CLAIMED}\n{late}")));
        assert_eq!((found.violations.len(), found.passed_on), (1, 1));
    }

    #[test]
    fn an_effect_after_the_job_has_gone_is_found() {
        let late = "table changeover.job: DELETE: id[bigint]:7
            table public.greeting: INSERT: id[bigint]:1 job[bigint]:7 attempt[integer]:1 name[text]:'n' greeted_by[uuid]:'a'";
        assert_eq!(claims(&lines(&format!("{CLAIMED}\n{late}"))).violations.len(), 1);
    }
}
