//! The same file with CRLF line endings counted as edited, and the new release did not start.
//!
//! What does not change a statement is no edit; what does is one, and is named.

use super::stage::Stage;

const FILE: &str = "-- two columns\nALTER TABLE a ADD COLUMN b int;\nALTER TABLE a ADD COLUMN c text DEFAULT 'x';\n";

async fn applied() -> Stage {
    let stage = Stage::adopted("CREATE TABLE a (id bigserial PRIMARY KEY);\n").await;
    stage.expand(FILE).await;
    stage
}

#[tokio::test]
async fn what_a_checkout_or_an_editor_does_is_no_edit() {
    let stage = applied().await;
    for same in [
        FILE.replace('\n', "\r\n"),
        format!("\u{feff}{FILE}"),
        format!("\u{feff}{}", FILE.replace('\n', "\r\n")),
        format!("{FILE}\n\n"),
        FILE.trim_end().to_owned(),
        FILE.replace(";\n", ";   \n"),
    ] {
        stage.second(&same);
        let ran = stage.migrate().await;
        assert_eq!(ran.exit_code, Some(0), "{same:?}\n{}", ran.all());
        stage.run(&["status"]).await.ok();
    }
}

#[tokio::test]
async fn an_edit_is_one() {
    let stage = applied().await;
    for other in [
        FILE.replace("text", "varchar"),
        // White space within a constant is what the statement says.
        FILE.replace("'x'", "'x\n'"),
        FILE.replace("ALTER TABLE a ADD COLUMN b int;", ""),
    ] {
        stage.second(&other);
        let ran = stage.migrate().await;
        assert_eq!(ran.exit_code, Some(7), "{other:?}\n{}", ran.all());
        assert!(ran.stderr.contains("0002_second.sql"), "{}", ran.all());
    }
}
