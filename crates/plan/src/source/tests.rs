//! Folders told apart, read, and refused by name.

use super::*;

fn files(names: &[&str]) -> Vec<File> {
    names.iter().map(|name| ((*name).to_owned(), format!("-- {name}"))).collect()
}

fn heads(names: &[&str]) -> Vec<(u64, String)> {
    let migrations = read(&files(names)).unwrap();
    migrations.into_iter().map(|migration| (migration.number, migration.name)).collect()
}

fn error(names: &[&str]) -> String {
    let error = read(&files(names)).unwrap_err();
    format!("{error}; {}", error.remedy())
}

#[test]
fn our_form_is_read_in_order() {
    let read = heads(&["0002_b.sql", "0001_a.sql", "README.md", "0001_a.sql.orig"]);
    assert_eq!(read, [(1, "a".to_owned()), (2, "b".to_owned())]);
    assert!(heads(&[]).is_empty());
    assert!(heads(&["README.md", "mod.rs"]).is_empty());
    assert_eq!(heads(&["0212_x.sql", "0213_y.sql"])[0].0, 212);
}

#[test]
fn sqlx_and_flyway_forms_are_read() {
    let sqlx = heads(&["20240131120000_a.up.sql", "20240131120000_a.down.sql"]);
    assert_eq!(sqlx, [(20_240_131_120_000, "a".to_owned())]);
    // The down file has another number than its up file: sqlx leaves it aside.
    let typo = heads(&["20240131120000_a.up.sql", "20240131110000_a.down.sql"]);
    assert_eq!(typo, [(20_240_131_120_000, "a".to_owned())]);
    assert_eq!(heads(&["20240131120000_a.sql", "20240228120000_b.sql"]).len(), 2);
    assert_eq!(heads(&["V12__second.sql", "V2__first.sql"])[1], (12, "second".to_owned()));
}

#[test]
fn what_does_not_fit_is_named_with_a_remedy() {
    let all = [
        error(&["0001_a.sql", "0003_c.sql"]),
        error(&["0001_a.sql", "0001_b.sql"]),
        error(&["R__views.sql", "V1__a.sql"]),
        error(&["U1__undo.sql", "V1__a.sql"]),
        error(&["V1.2__a.sql"]),
        error(&["20240131120000_a.down.sql"]),
        error(&["0001_a.sql", "0002_b.go"]),
        error(&["20240131120000_create_users.rb", "README.md"]),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    0003_c.sql: number 0002 is missing before it; add the file with number 0002, or renumber the files after it if none of them was applied anywhere
    0001_b.sql: number 0001 is also that of 0001_a.sql; give 0001_b.sql the next free number
    R__views.sql: repeatable migrations have no place in the order of an upgrade; make it a numbered migration whenever it changes: V13__name.sql
    U1__undo.sql: undo and unversioned migrations are not read; remove it, or number it: V13__name.sql; the way back is the plan's own
    V1.2__a.sql: dotted versions have no single number; number the files V1__, V2__, … or by timestamp
    20240131120000_a.down.sql: a down migration, and the folder has no up migration; add the files that lead forward
    0002_b.go: a migration that is no SQL; write it as SQL, in a file of the form that the others have
    20240131120000_create_users.rb: a migration that is no SQL; write it as SQL, in a file of the form that the others have
    ");
}

#[test]
fn a_file_that_no_form_knows_is_named_wherever_it_is() {
    for (names, stranger) in [
        (vec!["1_a.sql", "V1__b.sql"], "V1__b.sql"),
        (vec!["init.sql"], "init.sql"),
        (vec!["0001_a.sql", "old/0002_b.sql"], "old/0002_b.sql"),
        (vec!["versions/a/b/x.sql"], "versions/a/b/x.sql"),
    ] {
        let error = read(&files(&names)).unwrap_err();
        assert!(
            matches!(&error, SourceError::UnknownName { file, .. } if file == stranger),
            "{error}"
        );
        let remedy = error.remedy();
        for format in format::ALL {
            assert!(remedy.contains(format.example), "{remedy} lacks {}", format.name);
        }
    }
}

#[test]
fn a_form_has_a_name_and_reads_its_own_example() {
    for format in format::ALL {
        assert!(std::ptr::eq(format::find(format.name).unwrap(), *format), "{}", format.name);
        let example = (format.example.to_owned(), format!("{}SELECT 1;", format.head));
        assert!((format.fits)(&example), "{}", format.name);
        assert!(
            std::ptr::eq(detect(std::slice::from_ref(&example)).unwrap(), *format),
            "{}",
            format.name
        );
        let read = read(std::slice::from_ref(&example)).unwrap().remove(0);
        assert!(read.text.contains("SELECT 1"), "{}", format.name);
        // What comes next is of the same form, and comes after it.
        let new = next(std::slice::from_ref(&example), "more", 20_990_131_120_000).unwrap();
        let both = [example, (new.path, format!("{}SELECT 2;", new.head))];
        let read = super::read(&both).unwrap();
        assert_eq!((read.len(), read[1].name.as_str()), (2, "more"), "{}", format.name);
        assert!(read[1].text.contains("SELECT 2"), "{}", format.name);
    }
}
