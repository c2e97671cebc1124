//! The laboratory of read replicas on real servers: what sessions read while a replica lags.
#![cfg(unix)]

mod common;
#[path = "common/laboratory.rs"]
mod laboratory;
#[path = "common/rehearsal.rs"]
mod rehearsal;

use laboratory::{changed, error, project, seeds};
use rehearsal::rehearse;
use serde_json::Value;

fn number(report: &Value, mode: &str, of: &str) -> f64 {
    let all = report["modes"].as_array().unwrap();
    let one = all.iter().find(|one| one["mode"] == mode).unwrap();
    one[of].as_f64().unwrap()
}

fn no_session_reads_older_data(engine: &str) {
    for seed in 1..=seeds() {
        println!("seed {seed}");
        let seed = seed.to_string();
        let few = [
            "--reads",
            "--engine",
            engine,
            "--requests",
            "4000",
            "--seed",
            &seed,
        ];
        let report = rehearse(project().path(), &few);
        assert_eq!(report["ok"], true);
        assert!(number(&report, "none", "stale_reads") > 0.0);
        assert_eq!(number(&report, "session", "stale_reads"), 0.0);
        for mode in ["none", "session"] {
            assert!(
                number(&report, mode, "reads") > 1000.0,
                "{mode}: too few prove nothing"
            );
            assert_eq!(number(&report, mode, "reads_after_left_out"), 0.0, "{mode}");
            assert!(number(&report, mode, "left_out_ms") > 0.0, "{mode}");
        }
        // What a session has written it reads from a replica as soon as one has it.
        assert!(number(&report, "session", "replica_ratio") > 0.1);
        assert_eq!(number(&report, "none", "replica_ratio"), 1.0);
    }
}

#[test]
fn no_session_reads_older_data_from_postgres() {
    no_session_reads_older_data("postgres");
}

#[test]
fn no_session_reads_older_data_from_mariadb() {
    no_session_reads_older_data("mariadb");
}

#[test]
fn a_session_that_forgets_its_write_is_found_out() {
    let folder = changed(
        "reads.py",
        "            self.position = link.position()",
        "            pass",
    );
    let report = rehearse(folder.path(), &["--reads", "--requests", "2000"]);
    assert_eq!(report["ok"], false);
    assert!(number(&report, "session", "stale_reads") > 0.0);
}

#[test]
fn a_replica_that_stays_in_is_found_out() {
    let folder = changed(
        "reads.py",
        "if 0 <= lag <= MAX_LAG]",
        "]\n            self.left_out.set()",
    );
    let report = rehearse(folder.path(), &["--reads", "--requests", "2000"]);
    assert_eq!(report["ok"], false);
    assert!(number(&report, "none", "reads_after_left_out") > 0.0);
}

#[test]
fn a_laboratory_that_reads_from_the_primary_is_an_error() {
    let folder = changed(
        "reads.py",
        "return chance.choice(self.healthy or [PRIMARY])",
        "return PRIMARY",
    );
    let said = error(folder.path(), &["--reads", "--requests", "1000"]);
    assert!(said.contains("the laboratory measured nothing"), "{said}");
}
