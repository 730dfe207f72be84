//! Help, exit codes and completion.

use crate::project::run;

#[tokio::test]
async fn help_tells_what_there_is() {
    insta::assert_snapshot!(run(&["--help"]).await.ok().stdout, @r"
    Upgrades a service with its data in PostgreSQL without its API stopping

    Usage: changeover [OPTIONS] <COMMAND>

    Commands:
      plan        Show what would be done, by phase, with each lock and whom it blocks
      migrate     Do it: run all steps that nothing holds back
      status      Show where the upgrade stands
      pause       Let nothing more begin, and batches wait
      resume      Go on after a pause or a cancelled step
      pace        Say how fast what runs long may go, and when builds may begin
      stop        Let nothing begin once a step is done
      cancel      Cancel what a step runs, until it is resumed
      workers     Show who owns the singleton workers
      new         Make the next migration's file
      adopt       Take over an existing database, running nothing
      finalize    Say that older releases will not come back, so that what they needed may go
      rollback    Undo an upgrade, out of the ledger
      agent       Take part in upgrades on behalf of a process in any language
      jobs        Show the queue, put dead jobs back, ask before going back
      demo        Upgrade a service twice under load, without and with Changeover, and compare
      rules       Show by which rules statements are refused, and what to write instead
      completion  Print a shell's completion script
      exit-codes  Print what the exit codes mean
      help        Print this message or the help of the given subcommand(s)

    Options:
          --json          Print one JSON object instead of text
          --color <WHEN>  When to use colours; NO_COLOR is honoured [default: auto] [possible values:
                          auto, always, never]
      -h, --help          Print help
      -V, --version       Print version

    Examples:
      changeover new add_order_total        make the next migration's file
      changeover plan                       see what it becomes: steps, locks, reasons
      changeover migrate                    run it while the service serves
      changeover status --watch             see how far it is

    The connection string is taken from --database-url, CHANGEOVER_OWNER_URL or DATABASE_URL;
    application, folder and roles also from a file changeover.toml here or further up.
    `changeover exit-codes` lists how commands end; `changeover help COMMAND` has more examples.
    ");
    insta::assert_snapshot!(run(&["exit-codes"]).await.ok().stdout, @r"
      0  done, or nothing to do
      1  failed: a step, the file system, anything without a code of its own
      2  the command line cannot be understood, or makes no sense
      3  a pending statement is refused; nothing was changed
      4  the database cannot be reached
      5  release below the floor, or ledger of a newer Changeover
      6  a lock was not to be had within its bound; start again
      7  the files are no history of migrations, or contradict the ledger
      8  the floor cannot be raised yet: older releases live, or workers lack an owner
      9  no ledger in the database, no such application in it, or not taken over yet
     10  the owner's connection leads through a pooler that shares sessions
     11  jobs are there that the generation to go back to could not run
     12  the upgrade cannot be undone; nothing was changed
     13  the role lacks a right, which the message names
     14  the server is read-only, a standby, or too old
    130  stopped on request; what was committed is kept
    ");
}

#[tokio::test]
async fn every_command_has_examples() {
    for command in [
        "plan",
        "migrate",
        "status",
        "pause",
        "resume",
        "pace",
        "stop",
        "cancel",
        "workers",
        "jobs",
        "new",
        "adopt",
        "finalize",
        "rollback",
        "agent",
        "demo",
        "rules",
        "completion",
    ] {
        let help = run(&[command, "--help"]).await.ok().stdout;
        assert!(help.contains("Examples:\n  "), "{command}: {help}");
        assert!(help.contains(&format!("  changeover {command}")), "{command}: {help}");
    }
    insta::assert_snapshot!(run(&["migrate", "--help"]).await.ok().stdout, @"
    Do it: run all steps that nothing holds back

    Usage: changeover migrate [OPTIONS]

    Options:
          --app <NAME>              The application; several may share a database [default: from
                                    changeover.toml, else default]
          --json                    Print one JSON object instead of text
          --color <WHEN>            When to use colours; NO_COLOR is honoured [default: auto] [possible
                                    values: auto, always, never]
          --database-url <URL>      The connection of the role that owns the tables: direct, not through
                                    a pooler [default: CHANGEOVER_OWNER_URL, DATABASE_URL]
          --migrations <DIR>        The folder of migrations [default: from changeover.toml, else
                                    ./migrations]
          --format <TOOL>           The tool whose form the files have, such as sqlx or flyway [default:
                                    told by their names and texts]
          --at-once                 Nobody serves: run each file as it is written
          --fresh                   The tables that are there belong to something else: begin with the
                                    first migration
          --service-role <ROLE>     A role that the service's instances use; may be given several times
          --lock-give-up <SECONDS>  How long one try of a step waits for its locks [default: 60]
          --tries <N>               How often a step is tried before it counts as failed [default: 8]
          --batch-ms <MS>           How long one batch of a backfill should take; its rows are locked
                                    meanwhile [default: 50]
          --rest <RATIO>            How long to rest after a batch, as a multiple of the time it took
                                    [default: 0.5]
          --parallel <N>            How many connections a backfill or a check uses at once; for when
                                    cores are free [default: 1]
          --stop-after <STEP>       Stop once this step is done, e.g. 0209.2.sync; started again, it
                                    goes on with the next
      -h, --help                    Print help

    Examples:
      changeover migrate                    do what is pending while the service serves
      changeover migrate --service-role shop
                                            and let the role shop register its instances
      changeover migrate --at-once          nobody serves: run the files as they are written
      changeover migrate --stop-after 0209.2.sync
                                            look around before the backfill begins
      changeover migrate --rest 2           go gently: rest twice as long as each batch took
      changeover migrate --json             one object at the end, for a pipeline

    Ctrl-C stops after the open batch; started again, it goes on from there. Ends with 0 also where
    steps wait for older releases to go; with 1 where a step has failed.
    ");
}

#[tokio::test]
async fn shells_complete() {
    let script = run(&["completion", "bash"]).await.ok().stdout;
    assert!(script.contains("finalize") && script.contains("--lock-give-up"), "{script}");
}

#[tokio::test]
async fn colours_are_only_there_when_wanted() {
    let plain = run(&["status"]).await.stderr;
    assert!(!plain.contains('\x1b'), "{plain:?}");
    let coloured = run(&["status", "--color", "always"]).await.stderr;
    assert!(coloured.contains("\x1b[1m\x1b[31merror:\x1b[0m"), "{coloured:?}");
}
