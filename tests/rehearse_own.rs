//! Rehearsals of a schema of the user's own: awkward tables arrive whole, and what is wrong with a file is named.
#![cfg(unix)]

mod common;
#[path = "common/rehearsal.rs"]
mod rehearsal;

use std::path::{Path, PathBuf};

use rehearsal::{INSTALL, failure, rehearse};
use serde_json::Value;

const WAY: [&str; 6] = ["--to", "split-db", "--rows", "600", "--rate", "100"];

/// A project with files beside its spec.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spec = common::root().join("examples/shop/scalectl.yaml");
    std::fs::copy(spec, folder.path().join("scalectl.yaml")).unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn schema(name: &str) -> PathBuf {
    common::root().join("tests/rehearse_own").join(name)
}

/// The report of a rehearsal of a schema from `tests/rehearse_own`.
#[track_caller]
fn rehearse_schema(engine: &str, name: &str, more: &[&str]) -> Value {
    let path = schema(name);
    let own = ["--engine", engine, "--schema", path.to_str().unwrap()];
    rehearse(project(&[]).path(), &[&WAY[..], &own, more].concat())
}

#[track_caller]
fn assert_intact(report: &Value) {
    assert_eq!(report["ok"], true);
    assert_eq!(report["load"]["failed"], 0);
    assert_eq!(report["equal"], true);
    let own = &report["own"];
    for what in ["lost", "doubled", "changed"] {
        assert_eq!(own[what], 0, "{what}");
    }
    for what in [
        "different",
        "objects_differ",
        "sequences_behind",
        "refusals",
    ] {
        assert_eq!(own[what].as_array().unwrap().len(), 0, "{what}");
    }
    let tables = own["tables"].as_array().unwrap();
    for what in ["inserted", "updated", "deleted", "keys_changed"] {
        let all: u64 = tables.iter().map(|t| t[what].as_u64().unwrap()).sum();
        assert!(all > 0, "nothing was {what}");
    }
    assert!(own["compared"].as_u64().unwrap() > 1000);
}

/// What the command prints to standard error when it cannot begin.
#[track_caller]
fn error(project: &Path, arguments: &[&str]) -> String {
    let output = rehearsal::bounded()
        .args(["rehearse", "--to", "split-db"])
        .args(arguments)
        .current_dir(project)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{INSTALL}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn awkward_postgres_tables_move_there_and_back_whole() {
    let report = rehearse_schema("postgres", "awkward-postgres.sql", &[]);
    assert_intact(&report);
    let tables = report["own"]["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 13);
    for table in tables {
        assert!(table["rows_before"].as_u64().unwrap() > 0, "{table}");
    }
}

#[test]
fn awkward_mariadb_tables_move_there_and_back_whole() {
    let report = rehearse_schema("mysql", "awkward-mysql.sql", &[]);
    assert_intact(&report);
    let tables = report["own"]["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 12);
    for table in tables {
        assert!(table["rows_before"].as_u64().unwrap() > 0, "{table}");
    }
}

#[test]
fn pg_dump_file_with_data_loads_and_moves() {
    let report = rehearse_schema("postgres", "dump-postgres.sql", &[]);
    assert_eq!(report["ok"], true);
    let notes = report["notes"].to_string();
    assert!(notes.contains("owned by shopkeeper"), "{notes}");
}

#[test]
fn rows_of_a_data_file_are_the_rows_that_move() {
    let rows = "INSERT INTO notes VALUES (1, 'one'), (2, NULL);\n";
    let table = "CREATE TABLE notes (id int PRIMARY KEY, body text);\n";
    let project = project(&[("schema.sql", table), ("rows.sql", rows)]);
    let own = ["--schema", "schema.sql", "--data", "rows.sql"];
    let report = rehearse(project.path(), &[&WAY[..], &own].concat());
    assert_eq!(report["ok"], true);
    assert_eq!(report["own"]["tables"][0]["rows_before"], 2);
}

#[test]
fn refused_schema_is_reported_by_object_name() {
    let project = project(&[(
        "schema.sql",
        "CREATE TABLE notes (id int PRIMARY KEY);\nCREATE UNLOGGED TABLE scratch (id int PRIMARY KEY);\n",
    )]);
    let report = rehearse(
        project.path(),
        &[&WAY[..], &["--schema", "schema.sql"]].concat(),
    );
    assert_eq!(report["ok"], false);
    assert_eq!(failure(&report).0, "preflight");
    assert_eq!(report["steps"].as_array().unwrap().len(), 1);
    let refusals = report["own"]["refusals"].to_string();
    assert!(
        refusals.contains("scratch") && refusals.contains("unlogged"),
        "{refusals}"
    );
}

#[test]
fn broken_sql_file_names_its_line_and_statement() {
    let table = "CREATE TABLE a (id int PRIMARY KEY);\n\nCREATE TABLE b (id wrongtype);\n";
    let project = project(&[("broken.sql", table)]);
    for engine in ["postgres", "mysql"] {
        let own = ["--engine", engine, "--schema", "broken.sql"];
        let said = error(project.path(), &own);
        assert!(said.contains("broken.sql:3: "), "{said}");
        assert!(said.contains("CREATE TABLE b (id wrongtype)"), "{said}");
    }
}

#[test]
fn unusable_schema_files_are_named_before_servers_start() {
    let project = project(&[
        ("empty.sql", " \n"),
        ("folder/a.sql", ""),
        ("dump", "PGDMP\x01"),
    ]);
    std::fs::write(project.path().join("latin.sql"), b"-- a\n-- caf\xe9\n").unwrap();
    for (file, words) in [
        ("missing.sql", "cannot read missing.sql: No such file"),
        ("empty.sql", "empty.sql is empty"),
        ("folder", "folder is a directory"),
        ("latin.sql", "latin.sql:2: the file is not UTF-8"),
        ("dump", "pg_restore -f schema.sql dump"),
    ] {
        let said = error(project.path(), &["--schema", file]);
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("Starting servers"), "{said}");
    }
}

#[test]
fn schema_without_tables_is_an_error() {
    let project = project(&[("views.sql", "CREATE VIEW one AS SELECT 1 AS n;\n")]);
    let said = error(project.path(), &["--schema", "views.sql"]);
    assert!(said.contains("views.sql creates no tables"), "{said}");
}

#[test]
fn rows_that_a_script_spoils_are_found_by_the_comparison() {
    // A cut-over that writes to a row on its way, as one would that edits what it copies.
    let (_, script) = scalectl::blueprint::library::TEMPLATES
        .iter()
        .find(|(name, _)| *name == "actions/cut-over.sh")
        .unwrap();
    let begin = "if [[ $action == 'settle' ]]; then";
    let spoil = "sql \"$(used)\" \"UPDATE public.notes SET body = 'spoilt'\"";
    let spoilt = script.replacen(begin, &format!("{spoil}\n{begin}"), 1);
    assert_ne!(spoilt, *script);
    let project = project(&[
        ("templates/actions/cut-over.sh", &spoilt),
        (
            "schema.sql",
            "CREATE TABLE notes (id int PRIMARY KEY, body text);\nINSERT INTO notes VALUES (1, 'one');\n",
        ),
        ("rows.sql", "INSERT INTO notes VALUES (2, 'two');\n"),
    ]);
    let own = ["--schema", "schema.sql", "--data", "rows.sql"];
    let report = rehearse(project.path(), &[&WAY[..], &own].concat());
    assert_eq!(report["ok"], false);
    let examples = report["own"]["examples"].to_string();
    assert!(
        examples.contains("notes: the row") && examples.contains("is not as it was written"),
        "{examples}"
    );
}
