//! The slots of standbys that are gone.

use super::shop::SUPERUSER;
use crate::connect::connect;
use anyhow::bail;
use changeover_postgres::Server;
use std::time::Duration;

/// How often it is looked whether a standby's sender has gone.
const SLOT_LOOKS_MAX: u32 = 500;
/// The pause between two looks.
const SLOT_LOOK: Duration = Duration::from_millis(20);

/// A slot whose standby is gone would keep all WAL from now on.
pub(super) async fn drop_standby_slots(server: &Server) -> anyhow::Result<()> {
    let admin = connect(&server.url(SUPERUSER, SUPERUSER)).await?;
    for _ in 0..SLOT_LOOKS_MAX {
        admin
            .query(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                  WHERE slot_type = 'physical' AND NOT active",
                &[],
            )
            .await?;
        let left = "SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical'";
        if admin.query_one(left, &[]).await?.get::<_, i64>(0) == 0 {
            return Ok(());
        }
        tokio::time::sleep(SLOT_LOOK).await;
    }
    bail!("a standby's slot stays in use")
}
