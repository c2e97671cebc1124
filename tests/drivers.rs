//! Database drivers as npm, PyPI and Debian have them, against databases that accept TLS only, with the variables that a
//! server's own program makes, through a migration and back. `tests/drivers/install.sh` installs the drivers.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use common::{example, graph_of, root};
use scalectl::blueprint::Library;
use scalectl::spec::Stage;
use scalectl::value::decoded_text;

/// The stages that `run.py` goes through.
const STAGES: [&str; 6] = [
    "single-server",
    "migration",
    "after the switch",
    "after the switch, by the old name",
    "split-db",
    "after the way back",
];

/// The answers by stage and driver.
fn answers(engine: &str) -> BTreeMap<(String, String), String> {
    let library = Library::embedded().unwrap();
    let graph = graph_of(&library, &example("shop", Stage::SingleServer));
    let server = graph.get(&"us-east-1/server".parse().unwrap()).unwrap();
    let encoded = server.property("UserData").unwrap().as_str().unwrap();
    let text = decoded_text(encoded).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let programs = text.split("<<'PYTHON'\n").skip(1);
    for (name, program) in ["site-database", "site-reconcile"].iter().zip(programs) {
        let (program, _) = program.split_once("\nPYTHON\n").unwrap();
        std::fs::write(folder.path().join(name), program).unwrap();
    }
    let drivers = std::env::var("SCALECTL_DRIVERS");
    let drivers = drivers.unwrap_or_else(|_| "/var/cache/scalectl/drivers".to_owned());
    assert!(
        Path::new(&drivers).join("installed").exists(),
        "{drivers} has no drivers; run tests/drivers/install.sh"
    );
    let output = Command::new("/usr/bin/python3")
        .arg(root().join("tests/drivers/run.py"))
        .arg(engine)
        .arg(folder.path().join("site-reconcile"))
        .arg(folder.path().join("site-database"))
        .arg(drivers)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .filter_map(|line| {
            let mut words = line.splitn(3, " | ").map(str::to_owned);
            Some(((words.next()?, words.next()?), words.next()?))
        })
        .collect()
}

/// Holds every answer against what is expected of a driver that does not verify a name, that does, and without TLS.
fn hold(engine: &str, drivers: &[&str], verifying: &[&str], plain: &[&str]) {
    let mut answers = answers(engine);
    for stage in STAGES {
        let mut answer = |driver: &str| {
            answers
                .remove(&(stage.to_owned(), driver.to_owned()))
                .unwrap_or_else(|| panic!("{stage}: {driver} was not tried"))
        };
        for driver in drivers {
            assert_eq!(answer(driver), "encrypted", "{stage}: {driver}");
        }
        for driver in verifying {
            let answer = answer(driver);
            match stage {
                // RDS's certificate has RDS's name, which such a container does not have yet.
                "after the switch, by the old name" => assert!(
                    [
                        "does not match",
                        "mismatch",
                        "altnames",
                        "not database",
                        "hostname",
                        "correspond"
                    ]
                    .iter()
                    .any(|words| answer.contains(words)),
                    "{stage}: {driver}: {answer}"
                ),
                _ => assert_eq!(answer, "encrypted", "{stage}: {driver}"),
            }
        }
        for driver in plain {
            let answer = answer(driver);
            assert!(
                answer.contains("no encryption") || answer.contains("Access denied"),
                "{stage}: {driver}: {answer}"
            );
        }
    }
    assert!(answers.is_empty(), "{answers:?}");
}

#[test]
fn postgres_drivers_connect_at_every_stage() {
    hold(
        "postgres",
        &[
            "psycopg2",
            "psycopg2 verify-ca",
            "asyncpg",
            "SQLAlchemy psycopg2",
            "postgres",
            "lib/pq",
            "pgx",
            "PostgreSQL JDBC",
        ],
        // `pg`, node-postgres, takes `sslmode=require` for verify-full.
        &[
            "psycopg2 verify-full",
            "pg",
            "pg verify-full",
            "PostgreSQL JDBC verify-full",
        ],
        &["psycopg2 without TLS"],
    );
}

#[test]
fn mysql_drivers_connect_at_every_stage() {
    hold(
        "mysql",
        &[
            "PyMySQL",
            "PyMySQL verify-ca",
            "mysql2",
            "go-sql-driver skip-verify",
        ],
        &[
            "PyMySQL verify-full",
            "SQLAlchemy PyMySQL",
            "mysql2 verify-full",
            "go-sql-driver verify-full",
            "MariaDB Connector/J verify-full",
        ],
        &["PyMySQL without TLS", "mysql2 without TLS"],
    );
}
