//! What rows a database holds, as lines that can be compared between databases. SQL: `row_sums.sql`.

use tokio_postgres::Client;

/// One line a table: how many rows it holds and what is in them.
pub(crate) async fn sums(client: &Client) -> anyhow::Result<Vec<String>> {
    let mut sums = Vec::new();
    for row in client.query(include_str!("row_sums.sql"), &[]).await? {
        let (title, query): (String, String) = (row.get(0), row.get(1));
        let sum: String = client.query_one(&query, &[]).await?.get(0);
        sums.push(format!("{title} {sum}"));
    }
    Ok(sums)
}
