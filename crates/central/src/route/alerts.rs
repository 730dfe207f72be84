//! `GET /v1/alerts`: alerts, newest first, filtered, in keyset pages.
//!
//! A page begins after the last row of the one before, named by its (time, id): pages neither overlap
//! nor skip rows while alerts are being written. Whatever the filter, a page costs its own rows and one for
//! each severity and state: `alerts_page.sql`, and `alerts_page_of_cluster.sql` where a cluster is named.

use super::{ALERT_STATES, SEVERITIES, state::ServiceState};
use crate::{
    database::Parameter,
    request::{ApiError, FieldErrors},
};
use axum::{
    Json,
    extract::{Query, State},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

/// The page size when none is asked for.
const LIMIT_DEFAULT: i64 = 50;

/// The largest page. The statements of a page read at most one row more of each of their branches.
const LIMIT_MAX: i64 = 500;

/// A page.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertPage {
    /// The alerts, newest first.
    pub alerts: Vec<Alert>,
    /// What to give as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// One alert.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Its key.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// The violated policy.
    #[schema(value_type = String)]
    pub policy_id: Uuid,
    /// Its name.
    pub policy_name: String,
    /// Where.
    #[schema(value_type = String)]
    pub cluster_id: Uuid,
    /// By whom.
    #[schema(value_type = String)]
    pub deployment_id: Uuid,
    /// `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
    pub severity: String,
    /// `ACTIVE`, `SNOOZED` or `RESOLVED`.
    pub state: String,
    /// When.
    #[schema(value_type = String)]
    pub raised_at: Timestamp,
    /// How often it was enforced.
    pub enforcement_count: i32,
}

/// The filter, checked.
struct Filter {
    after: (Timestamp, Uuid),
    cluster: Option<Uuid>,
    severity: Option<String>,
    state: Option<String>,
    limit: i64,
}

/// Lists alerts.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    params(
        ("cluster" = Option<String>, Query, description = "Only this cluster's"),
        ("severity" = Option<String>, Query, description = "Only of this severity"),
        ("state" = Option<String>, Query, description = "Only in this state"),
        ("limit" = Option<i64>, Query, description = "Rows of the page, 1 to 500; 50 by default"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before"),
    ),
    responses(
        (status = 200, body = AlertPage),
        (status = 400, body = crate::request::ErrorBody),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn alerts(
    State(service): State<ServiceState>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Json<AlertPage>, ApiError> {
    let filter = filter(&query)?;
    let client = service.pool.get().await?;
    // One row more than asked for tells whether there is a next page.
    let limit = filter.limit + 1;
    let mut parameters: Vec<Parameter<'_>> = vec![
        (&filter.after.0, Type::TIMESTAMPTZ),
        (&filter.after.1, Type::UUID),
        (&filter.severity, Type::TEXT),
        (&filter.state, Type::TEXT),
        (&limit, Type::INT8),
    ];
    let statements = &service.release.statements;
    let statement = match &filter.cluster {
        Some(cluster) => {
            parameters.push((cluster, Type::UUID));
            statements.alerts_page_of_cluster
        }
        None => statements.alerts_page,
    };
    let rows = service.statement_mode.query(&client, statement, &parameters).await?;
    let mut alerts = rows.iter().map(alert).collect::<Result<Vec<_>, _>>()?;
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let is_last = alerts.len() <= limit;
    alerts.truncate(limit);
    let next_cursor =
        alerts.last().filter(|_| !is_last).map(|last| encode_cursor(last.raised_at, last.id));
    Ok(Json(AlertPage { alerts, next_cursor }))
}

fn filter(query: &BTreeMap<String, String>) -> Result<Filter, ApiError> {
    let mut errors = FieldErrors::default();
    let mut filter = Filter {
        after: (Timestamp::MAX, Uuid::max()),
        cluster: None,
        severity: None,
        state: None,
        limit: LIMIT_DEFAULT,
    };
    for (name, value) in query {
        match name.as_str() {
            "cluster" => match value.parse() {
                Ok(id) => filter.cluster = Some(id),
                Err(_) => errors.add("cluster", "must be a uuid"),
            },
            "severity" => {
                errors.check_word("severity", value, &SEVERITIES);
                filter.severity = Some(value.clone());
            }
            "state" => {
                errors.check_word("state", value, &ALERT_STATES);
                filter.state = Some(value.clone());
            }
            "limit" => match value.parse() {
                Ok(limit @ 1..=LIMIT_MAX) => filter.limit = limit,
                _ => errors.add("limit", format!("must be a number from 1 to {LIMIT_MAX}")),
            },
            "cursor" => match decode_cursor(value) {
                Some(after) => filter.after = after,
                None => errors.add("cursor", "is not one that was given out"),
            },
            other => errors.add(other, "is no parameter of this call"),
        }
    }
    errors.finish()?;
    Ok(filter)
}

fn alert(row: &Row) -> Result<Alert, tokio_postgres::Error> {
    Ok(Alert {
        id: row.try_get(0)?,
        policy_id: row.try_get(1)?,
        policy_name: row.try_get(2)?,
        cluster_id: row.try_get(3)?,
        deployment_id: row.try_get(4)?,
        severity: row.try_get(5)?,
        state: row.try_get(6)?,
        raised_at: row.try_get(7)?,
        enforcement_count: row.try_get(8)?,
    })
}

/// A cursor: microseconds (which is what PostgreSQL keeps) and key, in hexadecimal.
fn encode_cursor(raised_at: Timestamp, id: Uuid) -> String {
    format!("{:016x}{}", raised_at.as_microsecond(), id.simple())
}

fn decode_cursor(cursor: &str) -> Option<(Timestamp, Uuid)> {
    let (micros, id) = cursor.split_at_checked(16)?;
    let micros = u64::from_str_radix(micros, 16).ok()?.cast_signed();
    Some((Timestamp::from_microsecond(micros).ok()?, Uuid::parse_str(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        for micros in [1_750_000_000_123_456, -1, 0] {
            let at = Timestamp::from_microsecond(micros).unwrap();
            let id = Uuid::from_u128(7);
            assert_eq!(decode_cursor(&encode_cursor(at, id)), Some((at, id)));
        }
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        for cursor in ["", "abc", "é234567890123456", "zz"] {
            assert_eq!(decode_cursor(cursor), None, "{cursor}");
        }
    }
}
