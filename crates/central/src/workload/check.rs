//! Whether an answer is right. Reads plain JSON and not the server's own types, so that a change of
//! those is noticed here.

use super::{Expected, MixRequest};
use crate::population::COMPONENTS_PER_IMAGE;
use serde_json::Value;
use uuid::Uuid;

pub(super) fn check(request: &MixRequest, status: u16, body: &[u8]) -> Result<(), String> {
    if status != 200 {
        let start: String = String::from_utf8_lossy(body).chars().take(200).collect();
        return Err(format!("status {status}: {start}"));
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
    match &request.expected {
        Expected::Pong => same(&body, "status", &Value::from("ok")),
        Expected::Metadata => {
            text(&body, "version")?;
            text(&body, "instanceId").map(drop)
        }
        Expected::Verdict { image_name } => verdict(&body, image_name),
        Expected::ScanStored { image_digest, components } => {
            same(&body, "imageDigest", &Value::from(image_digest.as_str()))?;
            same(&body, "components", &Value::from(*components))?;
            let write_id = request.write_ids.first().map(Uuid::to_string);
            same(&body, "writeId", &Value::from(write_id))
        }
        Expected::Alerts { cluster, severity, state, limit } => {
            let rows = array(&body, "alerts")?;
            if rows.len() > *limit {
                return Err(format!("{} alerts on a page of {limit}", rows.len()));
            }
            let cluster = cluster.map(|id| id.to_string());
            let wanted =
                [("clusterId", cluster.as_deref()), ("severity", *severity), ("state", *state)];
            alerts(rows, &wanted)
        }
        Expected::Processes => {
            let rows = array(&body, "processes")?;
            descending(rows, "containerStartTime")
        }
        Expected::EventsStored { changes, removals } => {
            events_stored(&body, &request.write_ids, *changes, *removals)
        }
    }
}

fn verdict(body: &Value, image_name: &str) -> Result<(), String> {
    same(body, "imageName", &Value::from(image_name))?;
    same(body, "components", &Value::from(COMPONENTS_PER_IMAGE))?;
    let violations = array(body, "violations")?;
    for violation in violations {
        text(violation, "policyName")?;
        if array(violation, "messages")?.is_empty() {
            return Err("a violation without messages".to_owned());
        }
    }
    let verdict = if violations.is_empty() { "pass" } else { "fail" };
    same(body, "verdict", &Value::from(verdict))
}

fn alerts(rows: &[Value], wanted: &[(&str, Option<&str>)]) -> Result<(), String> {
    for row in rows {
        for (name, value) in wanted {
            if let Some(value) = value {
                same(row, name, &Value::from(*value))?;
            }
        }
        if !row["enforcementCount"].is_i64() {
            return Err("an alert without `enforcementCount`".to_owned());
        }
    }
    descending(rows, "raisedAt")
}

fn events_stored(
    body: &Value,
    write_ids: &[Uuid],
    changes: u64,
    removals: u64,
) -> Result<(), String> {
    let ids: Vec<String> = write_ids.iter().map(Uuid::to_string).collect();
    same(body, "accepted", &Value::from(ids))?;
    for (name, count_max) in [("updated", changes), ("deleted", removals)] {
        match body[name].as_u64() {
            // A row that another request removed before is not counted.
            Some(count) if count <= count_max => {}
            _ => {
                return Err(format!(
                    "`{name}` is {}, at most {count_max} were asked for",
                    body[name]
                ));
            }
        }
    }
    Ok(())
}

fn same(body: &Value, name: &str, wanted: &Value) -> Result<(), String> {
    if &body[name] == wanted {
        Ok(())
    } else {
        Err(format!("`{name}` is {}, not {wanted}", body[name]))
    }
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, String> {
    body[name].as_str().ok_or_else(|| format!("`{name}` is {}, not a text", body[name]))
}

fn array<'a>(body: &'a Value, name: &str) -> Result<&'a Vec<Value>, String> {
    body[name].as_array().ok_or_else(|| format!("`{name}` is {}, not a list", body[name]))
}

/// Times must not grow; what has none comes last.
fn descending(rows: &[Value], name: &str) -> Result<(), String> {
    let mut times = Vec::with_capacity(rows.len());
    for row in rows {
        match row[name].as_str().map(str::parse::<jiff::Timestamp>) {
            Some(Ok(time)) => times.push(Some(time)),
            Some(Err(error)) => return Err(format!("`{name}` is no time: {error}")),
            None => times.push(None),
        }
    }
    if times.is_sorted_by(|before, after| before >= after) {
        Ok(())
    } else {
        Err(format!("rows are not sorted by `{name}`"))
    }
}
