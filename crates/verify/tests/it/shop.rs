//! A small application with some of everything: the base that small migrations are tried on.

use changeover_plan::Migration;
use changeover_postgres::Server;
use changeover_verify::{Stage, Trial};

pub(crate) const OWNER: &str = "shop_owner";
pub(crate) const SERVICE: &str = "shop_service";
pub(crate) const APP: &str = "shop";

/// Release 1.
pub(crate) const BASE: (&str, &str) = ("0001_base.sql", include_str!("shop.sql"));

pub(crate) async fn server(major: u16) -> &'static Server {
    tokio::task::spawn_blocking(move || Server::shared(major))
        .await
        .expect("starting does not panic")
        .expect("the server starts")
}

pub(crate) fn migrations(files: &[(&str, &str)]) -> Vec<Migration> {
    let files: Vec<(String, String)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    changeover_plan::source::read(&files).expect("the files are read")
}

/// Release 1 stands; the trial upgrades it by one file.
pub(crate) async fn trial(major: u16, change: &str) -> (Stage, Trial) {
    let stage =
        Stage::with_roles(server(major).await, OWNER, SERVICE).await.expect("a database is made");
    stage
        .install(stage.options(APP, "1", migrations(&[BASE])))
        .await
        .expect("release 1 is installed");
    let files = migrations(&[BASE, ("0002_change.sql", change)]);
    let trial = stage.trial(stage.options(APP, "2", files));
    (stage, trial)
}

/// A superuser's connection.
pub(crate) async fn superuser(stage: &Stage) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&stage.superuser_url, tokio_postgres::NoTls)
        .await
        .expect("connects");
    tokio::spawn(connection);
    client
}
