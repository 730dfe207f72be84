//! A standby is promoted while the old primary lives on, with everybody's sessions on it.
//!
//! Commits wait for the standby, so it has all that was acknowledged; once it is promoted, those on the
//! old primary wait for ever. Then the address moves: sessions are reset, new ones get to the new
//! primary. The migrator comes along, or is left behind and goes on migrating what nobody reads any
//! more; then another one takes over on the new primary.

use super::{Struck, Target, successor};
use anyhow::Context as _;

pub(super) async fn strike(target: Target<'_>, comes_along: bool) -> anyhow::Result<Struck> {
    let standby = target.stage.standby.as_ref().context("no standby was made")?;
    standby.promote().await?;
    let port = standby.port();
    target.stage.services.redirect(port);
    target.stage.services.cut();
    target.stage.promoted = true;
    if comes_along {
        target.stage.own.redirect(port);
        target.stage.own.cut();
        return Ok(Struck::default());
    }
    Ok(Struck {
        successor: Some(successor(&target)?),
        note: "the migrator stays behind".to_owned(),
    })
}
