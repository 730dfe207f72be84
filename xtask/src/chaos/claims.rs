//! Whether a job's effect was ever committed by somebody who did not hold the job at that moment, in the
//! order of commits: what finishing looks at, told by logical decoding and not by the ledger. Pure.

use std::collections::BTreeMap;

const JOB: &str = "table changeover.job: ";
const CLAIM: &str = "table changeover.job_claim: INSERT: ";
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

/// Reads the lines of a slot that was made before there was any job. A claim holds while its attempt is one
/// more than the job's.
pub(super) fn claims(lines: &[String]) -> Claims {
    let mut claims = Claims::default();
    let mut jobs: BTreeMap<&str, i64> = BTreeMap::new();
    let mut claimed: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    for line in lines {
        if let Some(tuple) = line.strip_prefix(GREETING) {
            claims.effects += 1;
            let job = field(tuple, "job");
            let told = (field(tuple, "greeted_by"), number(field(tuple, "attempt")));
            let holds = claimed
                .get(job)
                .filter(|(_, attempt)| jobs.get(job).is_some_and(|now| now + 1 == *attempt));
            if holds != Some(&told) {
                claims.violations.push(format!(
                    "job {job}: an effect of {} at attempt {}, while {} held it",
                    told.0,
                    told.1,
                    holds.map_or("nobody".to_owned(), |(who, at)| format!("{who} at attempt {at}"))
                ));
            }
        } else if let Some(tuple) = line.strip_prefix(CLAIM) {
            let who = field(tuple, "instance");
            let attempts = array(field(tuple, "attempts"));
            for (job, attempt) in array(field(tuple, "ids")).zip(attempts) {
                let before = claimed.insert(job, (who, number(attempt)));
                claims.passed_on += u64::from(before.is_some_and(|(other, _)| other != who));
            }
        } else if let Some(tuple) = line.strip_prefix(JOB) {
            let id = field(tuple, "id");
            if tuple.starts_with("DELETE") {
                jobs.remove(id);
            } else {
                jobs.insert(id, number(field(tuple, "attempt")));
            }
        }
    }
    claims
}

/// What is no number is no attempt of anybody's.
fn number(text: &str) -> i64 {
    text.parse().unwrap_or(i64::MIN)
}

fn array(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches(['{', '}']).split(',')
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

    const CLAIMED: &str = "table changeover.job: INSERT: id[bigint]:7 kind_id[integer]:1 attempt[integer]:0
        table changeover.job_claim: INSERT: instance[uuid]:'a' number[bigint]:1 ids[bigint[]]:'{6,7}' attempts[integer[]]:'{3,1}'";

    #[test]
    fn whoever_holds_the_job_has_its_effect() {
        let effect = "table public.greeting: INSERT: id[bigint]:1 job[bigint]:7 attempt[integer]:1 name[text]:'n' greeted_by[uuid]:'a'";
        let found = claims(&lines(&format!("{CLAIMED}\n{effect}")));
        assert_eq!((found.effects, found.violations), (1, vec![]));
    }

    #[test]
    fn an_effect_of_somebody_who_was_replaced_is_found() {
        let late = "table changeover.job: UPDATE: id[bigint]:7 kind_id[integer]:1 attempt[integer]:1
            table changeover.job_claim: INSERT: instance[uuid]:'b' number[bigint]:2 ids[bigint[]]:'{7}' attempts[integer[]]:'{2}'
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
