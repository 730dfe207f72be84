//! `GET /v1/processes/deployment/{id}`: a deployment's processes, the youngest container first.
//!
//! The one read of a column that 4.9 fills in the background: as long as the backfill is not done, the
//! order is computed from the payloads, afterwards taken from the column.

use super::state::ServiceState;
use crate::request::{ApiError, FieldErrors};
use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use uuid::Uuid;

/// As many as a page of the user interface shows.
const PROCESSES_MAX: i64 = 50;

/// The answer.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Processes {
    /// The processes, the youngest container first; those without a start last.
    pub processes: Vec<Process>,
}

/// One process.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// Its key.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// The pod.
    #[schema(value_type = String)]
    pub pod_uid: Uuid,
    /// Its name.
    pub process_name: String,
    /// Its arguments.
    pub process_args: String,
    /// When its container started, if that is known.
    #[schema(value_type = Option<String>)]
    pub container_start_time: Option<Timestamp>,
}

/// Lists a deployment's processes.
#[utoipa::path(
    get,
    path = "/v1/processes/deployment/{id}",
    params(("id" = String, Path, description = "The deployment")),
    responses(
        (status = 200, body = Processes),
        (status = 400, body = crate::request::ErrorBody),
        (status = 503, body = crate::request::ErrorBody, description = "Nothing was done; see `Retry-After`"),
    )
)]
pub(super) async fn processes(
    State(state): State<ServiceState>,
    Path(id): Path<String>,
) -> Result<Json<Processes>, ApiError> {
    let deployment: Uuid =
        id.parse().map_err(|_| ApiError::Invalid(FieldErrors::one("id", "must be a uuid")))?;
    let statements = &state.release.statements;
    let statement = match statements.processes_half_filled {
        Some(half_filled) if !state.upgrade.is_filled() => half_filled,
        _ => statements.processes_by_start,
    };
    let client = state.pool.get().await?;
    let rows = state
        .statement_mode
        .query(&client, statement, &[(&deployment, Type::UUID), (&PROCESSES_MAX, Type::INT8)])
        .await?;
    let processes = rows
        .iter()
        .map(|row| {
            Ok(Process {
                id: row.try_get(0)?,
                pod_uid: row.try_get(1)?,
                process_name: row.try_get(2)?,
                process_args: row.try_get(3)?,
                container_start_time: row.try_get(4)?,
            })
        })
        .collect::<Result<_, tokio_postgres::Error>>()?;
    Ok(Json(Processes { processes }))
}
