//! Rehearsals with real servers: nothing is lost on the way, and what is broken is caught.
#![cfg(unix)]

mod common;
#[path = "common/rehearsal.rs"]
mod rehearsal;

use std::path::Path;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rehearsal::{INSTALL, assert_nothing_is_lost, bounded, failure};
use scalectl::blueprint::Library;
use scalectl::blueprint::library::TEMPLATES;
use scalectl::migrate::action;
use serde_json::Value;

/// A rehearsal with the full load wants the machine for itself; the others share it.
static MACHINE: RwLock<()> = RwLock::new(());

/// A rehearsal beside others.
fn beside_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// A rehearsal with no other beside it.
fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

/// A project of its own, with these files under `templates/` in place of the built-in ones.
fn project(templates: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spec = common::root().join("examples/shop/scalectl.yaml");
    std::fs::copy(spec, folder.path().join("scalectl.yaml")).unwrap();
    for (path, text) in templates {
        let path = folder.path().join("templates").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The report of a rehearsal of the way to a database of its own.
#[track_caller]
fn rehearse(project: &Path, arguments: &[&str]) -> Value {
    rehearsal::rehearse(project, &[&["--to", "split-db"], arguments].concat())
}

/// The report of a rehearsal of the way back onto a server's own database.
#[track_caller]
fn rehearse_down(project: &Path, engine: &str, load: &[&str]) -> Value {
    let way = ["--from", "split-db", "--to", "single-server"];
    rehearsal::rehearse(project, &[&way, &["--engine", engine][..], load].concat())
}

/// A built-in script without the lines that have this text.
fn without(path: &str, text: &str) -> String {
    let (_, script) = TEMPLATES.iter().find(|(name, _)| *name == path).unwrap();
    let kept: Vec<&str> = script.lines().filter(|line| !line.contains(text)).collect();
    assert!(kept.len() < script.lines().count(), "{path} has no {text}");
    kept.join("\n") + "\n"
}

#[test]
fn postgres_moves_and_moves_back_with_nothing_lost_and_no_request_failed() {
    let _machine = alone();
    let report = rehearse(project(&[]).path(), &["--rows", "100000", "--rate", "200"]);
    assert_eq!(report["ok"], true);
    assert_nothing_is_lost(&report);
    assert_eq!(report["load"]["failed"], 0);
    assert_eq!(report["equal"], true);
    let stall = report["load"]["longest_stall_ms"].as_u64().unwrap();
    assert!(stall < 15_000, "writes stood still for {stall} ms");
}

#[test]
fn mariadb_moves_and_moves_back_with_nothing_lost() {
    let _machine = alone();
    let arguments = ["--engine", "mysql", "--rows", "100000", "--rate", "200"];
    let report = rehearse(project(&[]).path(), &arguments);
    assert_eq!(report["ok"], true);
    assert_nothing_is_lost(&report);
    assert_eq!(report["equal"], true);
}

#[test]
fn rows_move_from_rds_onto_a_server_and_back_with_nothing_lost() {
    let _machine = beside_others();
    for engine in ["postgres", "mysql"] {
        let load = ["--rows", "20000", "--rate", "50"];
        let report = rehearse_down(project(&[]).path(), engine, &load);
        assert_eq!(report["ok"], true, "{engine}");
        assert_nothing_is_lost(&report);
        assert_eq!(report["equal"], true, "{engine}");
    }
}

#[test]
fn a_copy_from_rds_is_of_one_moment_although_nobody_may_lock_the_server() {
    let _machine = beside_others();
    // Without holding the tables, the copy begins at another moment than the one whose place is noted.
    let path = "actions/mysql/lib.sh";
    let late = without(path, "  hold \"$from\"");
    let begin = "  { rows_of \"$from\"";
    assert!(late.contains(begin));
    let late = late.replace(begin, &format!("  sleep 1\n{begin}"));
    let load = ["--rows", "1000", "--rate", "200"];
    let report = rehearse_down(project(&[(path, &late)]).path(), "mysql", &load);
    assert_eq!(report["ok"], false);
    let (_, told) = failure(&report);
    assert!(told.contains("cannot apply a change"), "{told}");
}

/// A project whose spec asks for a version of PostgreSQL.
fn project_on(version: &str, templates: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = project(templates);
    let path = folder.path().join("scalectl.yaml");
    let spec = std::fs::read_to_string(&path).unwrap();
    let asked = spec.replace(
        "engine: postgres",
        &format!("engine: postgres\n  version: \"{version}\""),
    );
    assert_ne!(asked, spec);
    std::fs::write(&path, asked).unwrap();
    folder
}

#[test]
fn logins_move_both_ways_on_every_postgres_version() {
    let _machine = beside_others();
    // The default, 17, is everywhere else.
    for version in ["15", "16", "18"] {
        let project = project_on(version, &[]);
        let load = ["--rows", "500", "--rate", "50"];
        let reports = [
            rehearse(project.path(), &load),
            rehearse_down(project.path(), "postgres", &load),
        ];
        for report in reports {
            assert_eq!(report["ok"], true, "{version}");
            assert_nothing_is_lost(&report);
            let server = report["server"].as_str().unwrap();
            assert!(
                server.starts_with(&format!("PostgreSQL {version}.")),
                "{server}"
            );
            assert_eq!(report["notes"].as_array().unwrap().len(), 0);
        }
    }
}

#[test]
fn a_report_names_the_version_used_instead() {
    let _machine = beside_others();
    let ends = ("actions/postgres/preflight.sh", "refuse enough\n");
    let report = rehearse(project_on("12", &[ends]).path(), &["--rows", "100"]);
    let note = report["notes"][0].as_str().unwrap();
    assert!(
        note.starts_with("PostgreSQL 12 is not installed; 1"),
        "{note}"
    );
    let report = rehearse(
        project(&[("actions/mysql/preflight.sh", ends.1)]).path(),
        &["--engine", "mysql", "--rows", "100"],
    );
    let note = report["notes"][0].as_str().unwrap();
    assert!(note.contains("in place of MySQL"), "{note}");
}

#[test]
fn servers_refuse_plaintext_and_the_login_is_no_superuser() {
    let _machine = beside_others();
    // In preflight's place: what an action's login may do, and what it may not.
    let looks = r#"
for side in source target; do PGSSLMODE=disable session "$side" <<<'SELECT 1' || true; done
say "rights: $(sql target "SELECT concat_ws(' ', rolsuper, rolcreatedb, rolcreaterole,
  pg_has_role('rds_superuser', 'usage'), pg_has_role('rds_replication', 'usage')) FROM pg_roles WHERE rolname = current_user")"
sql target "SET session_replication_role = replica"
may_fail=1 sql target "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rdsadmin' AND datname = current_database()" || true
refuse "that is all"
"#;
    let path = "actions/postgres/preflight.sh";
    let report = rehearse(project(&[(path, looks)]).path(), &["--rows", "100"]);
    let (_, said) = failure(&report);
    assert_eq!(said.matches("no encryption").count(), 2, "{said}");
    assert!(said.contains("rights: f t t t t"), "{said}");
    assert!(
        said.contains("permission denied to terminate process"),
        "{said}"
    );
    assert!(said.ends_with("that is all"), "{said}");
    let looks = r#"
for side in source target; do
  mapfile -t words < <(arguments "$side")
  client "$mysql" "${words[@]}" --skip-ssl <<<'SELECT 1' || true
done
refuse "that is all"
"#;
    let path = "actions/mysql/preflight.sh";
    let arguments = ["--engine", "mysql", "--rows", "100"];
    let report = rehearse(project(&[(path, looks)]).path(), &arguments);
    let (_, said) = failure(&report);
    // The same logins have just been let in with TLS, by what every action begins with.
    assert_eq!(said.matches("ERROR").count(), 2, "{said}");
}

/// A rehearsal in which scripts and servers are killed; the seed is in the report.
#[track_caller]
fn assert_chaos_loses_nothing(engine: &str) {
    for seed in common::seeds(2) {
        let seed = seed.to_string();
        let arguments = ["--engine", engine, "--chaos", "--seed", &seed];
        let few = ["--rows", "5000", "--rate", "100"];
        let report = rehearse(project(&[]).path(), &[&arguments[..], &few].concat());
        assert_nothing_is_lost(&report);
        assert_eq!(report["ok"], true);
        let steps = report["steps"].as_array().unwrap();
        let killed = steps.iter().flat_map(|s| s["killed"].as_array().unwrap());
        let count = killed.count();
        assert!(count > 2, "seed {seed} kills next to nothing: {count}");
    }
}

#[test]
fn killed_scripts_and_servers_lose_nothing_on_postgres() {
    let _machine = beside_others();
    assert_chaos_loses_nothing("postgres");
}

#[test]
fn killed_scripts_and_servers_lose_nothing_on_mariadb() {
    let _machine = beside_others();
    assert_chaos_loses_nothing("mysql");
}

#[test]
fn a_cut_over_that_forgets_sequences_is_caught_before_the_switch() {
    let _machine = beside_others();
    let path = "actions/cut-over.sh";
    let broken = without(path, "  copy_sequences \"$from\"");
    let report = rehearse(project(&[(path, &broken)]).path(), &["--rows", "1000"]);
    let (step, why) = failure(&report);
    assert_eq!(step, "cut-over");
    assert!(
        why.contains("the target's sequences are not the source's"),
        "{why}"
    );
    assert_nothing_is_lost(&report);
    assert_eq!(report["load"]["failed"], 0);
}

#[test]
fn a_cut_over_that_does_not_wait_for_the_follower_is_caught_before_the_switch() {
    let _machine = beside_others();
    let path = "actions/cut-over.sh";
    let broken = without(path, "caught_up \"$from\"");
    // The follower stands still, as one does that cannot keep up.
    let broken = broken.replace(
        "  began=$(milliseconds)\n",
        "  began=$(milliseconds)\n  sql \"$to\" \"ALTER SUBSCRIPTION $(subscription \"$from\") DISABLE\"\n  sleep 1\n",
    );
    let report = rehearse(project(&[(path, &broken)]).path(), &["--rows", "1000"]);
    let (step, why) = failure(&report);
    assert_eq!(step, "cut-over");
    assert!(why.contains("has not everything that was written"), "{why}");
    assert_nothing_is_lost(&report);
    assert_eq!(report["load"]["failed"], 0);
}

#[test]
fn rows_that_were_not_copied_are_found_before_the_cut_over() {
    let _machine = beside_others();
    let path = "actions/replicate.sh";
    let (_, script) = TEMPLATES.iter().find(|(name, _)| *name == path).unwrap();
    let broken = script.replace("subscribe source true", "subscribe source false");
    assert_ne!(broken, *script);
    for engine in ["postgres", "mysql"] {
        let arguments = ["--engine", engine, "--rows", "1000"];
        let report = rehearse(project(&[(path, &broken)]).path(), &arguments);
        let steps = report["steps"].as_array().unwrap();
        let last = steps.last().unwrap();
        assert!(steps.iter().all(|step| step["action"] != "cut-over"));
        match engine {
            // A row that refers to one that is not there stops MySQL's replication by itself.
            "mysql" => {
                let (step, why) = failure(&report);
                assert_eq!(step, "lag");
                assert!(why.contains("the target cannot apply a change"), "{why}");
            }
            _ => {
                assert_eq!(failure(&report).0, "verify");
                let different = last["reading"]["different"].as_array().unwrap();
                let orders = different.iter().find(|t| t["table"] == "public.orders");
                assert!(orders.unwrap()["missing"].as_u64().unwrap() >= 1000);
            }
        }
        assert_nothing_is_lost(&report);
    }
}

#[test]
fn preflight_names_what_cannot_be_replicated() {
    let _machine = beside_others();
    for (engine, table, why) in [
        (
            "postgres",
            "CREATE TABLE notes (text text);",
            "without a usable primary key or replica identity",
        ),
        (
            "postgres",
            "CREATE UNLOGGED TABLE notes (id int PRIMARY KEY);",
            "unlogged tables",
        ),
        ("mysql", "CREATE TABLE notes (text text);", "no primary key"),
        (
            "mysql",
            "CREATE TABLE notes (id int PRIMARY KEY) ENGINE = MyISAM;",
            "not InnoDB",
        ),
    ] {
        let path = format!("rehearse/{engine}.sql");
        let (_, tables) = TEMPLATES.iter().find(|(name, _)| *name == path).unwrap();
        let more = format!("{tables}\n{table}\n");
        let arguments = ["--engine", engine, "--rows", "100"];
        let report = rehearse(project(&[(&path, &more)]).path(), &arguments);
        let (step, said) = failure(&report);
        assert_eq!(step, "preflight");
        assert!(said.contains(why) && said.contains("notes"), "{said}");
    }
}

#[test]
fn no_password_is_in_what_a_script_says() {
    let _machine = beside_others();
    let (server, rds) = ("single-server", "split-db");
    for (engine, from, to) in [
        ("postgres", server, rds),
        ("mysql", server, rds),
        ("mysql", rds, server),
    ] {
        let temporary = tempfile::tempdir().unwrap();
        // Scripts that fail say most: one that is refused, and one whose statement is.
        let (_, lib) = TEMPLATES
            .iter()
            .find(|(name, _)| *name == format!("actions/{engine}/lib.sh"))
            .unwrap();
        let broken = lib
            .replace(
                "CREATE SUBSCRIPTION $name",
                "CREATE SUBSCRIPTION $name $name",
            )
            .replace(
                "CHANGE MASTER TO MASTER_HOST",
                "CHANGE MASTER TO TO MASTER_HOST",
            )
            .replace("CALL mysql.$set(", "CALL CALL mysql.$set(");
        assert_ne!(broken, *lib);
        let path = format!("actions/{engine}/lib.sh");
        let output = bounded()
            .args(["rehearse", "--from", from, "--to", to])
            .args(["--rows", "100", "--keep"])
            .args(["--engine", engine])
            .env("TMPDIR", temporary.path())
            .current_dir(project(&[(&path, &broken)]).path())
            .output()
            .unwrap();
        let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("✗ replicate"), "{said}\n{INSTALL}");
        let folder = std::fs::read_dir(temporary.path()).unwrap().next().unwrap();
        let folder = folder.unwrap().path();
        // One is a password, the other an object that holds one.
        let secrets = ["source.secret", "target.secret"].map(|name| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            match serde_json::from_str::<Value>(&text) {
                Ok(login) => login["password"].as_str().unwrap().to_owned(),
                Err(_) => text,
            }
        });
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().and_then(|e| e.to_str());
            if matches!(ending, Some("out" | "err" | "sh")) {
                said.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
        for secret in secrets {
            // The beginning is enough: quoting changes the rest.
            assert!(!said.contains(&secret[..12]), "{engine}: {said}");
        }
    }
}

#[test]
fn retire_keeps_a_last_copy_of_the_old_database() {
    let _machine = beside_others();
    for (engine, begins) in [("postgres", &b"PGDMP"[..]), ("mysql", &b"\x1f\x8b"[..])] {
        let temporary = tempfile::tempdir().unwrap();
        let output = bounded()
            .args(["rehearse", "--to", "split-db", "--rows", "100", "--keep"])
            .args(["--engine", engine])
            .env("TMPDIR", temporary.path())
            .current_dir(project(&[]).path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{report}\n{INSTALL}");
        let folder = std::fs::read_dir(temporary.path()).unwrap().next().unwrap();
        let copy = std::fs::read(folder.unwrap().path().join("final.dump")).unwrap();
        assert!(copy.starts_with(begins) && copy.len() > 1000, "{said}");
    }
}

#[test]
fn an_interrupt_ends_servers_and_removes_the_folder() {
    let _machine = beside_others();
    use std::io::BufRead as _;
    let temporary = tempfile::tempdir().unwrap();
    let project = project(&[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_scalectl"))
        .args(["rehearse", "--to", "split-db", "--rows", "100"])
        .env("TMPDIR", temporary.path())
        .current_dir(project.path())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
    let reached = lines
        .by_ref()
        .any(|line| line.unwrap().contains("copy-schema"));
    assert!(reached, "{INSTALL}");
    let id = child.id().to_string();
    let mut kill = Command::new("bash");
    kill.args(["-c", "kill -INT \"$1\"", "bash", &id]);
    assert!(kill.status().unwrap().success());
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said:?}");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
    let name = temporary.path().to_string_lossy().into_owned();
    let runs = std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains(&name)
    });
    assert!(!runs, "a program that the rehearsal started is still there");
}

#[test]
fn the_scripts_pass_shellcheck_as_they_run_on_a_server() {
    let library = Library::embedded().unwrap();
    let mut texts: Vec<(String, String)> = Vec::new();
    for engine in ["postgres", "mysql"] {
        for name in action::DATABASE {
            let script = action::script(&library, engine, name).unwrap();
            texts.push((format!("{engine}/{name}"), script));
        }
    }
    for name in ["release", "run", "settle"] {
        let script = scalectl::deploy::script(&library, name).unwrap();
        texts.push((format!("deploy/{name}"), script));
    }
    let install = std::fs::read_to_string(common::root().join("tests/install.sh")).unwrap();
    texts.push(("tests/install.sh".to_owned(), install));
    for (name, text) in texts {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let output = Command::new("shellcheck")
            .args(["--shell", "bash"])
            .arg(file.path())
            .output()
            .unwrap_or_else(|error| panic!("shellcheck does not run ({error}); {INSTALL}"));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}:\n{said}");
    }
}
