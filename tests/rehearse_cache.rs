//! The laboratory of caches on real servers: what each strategy loses when the cache's node is killed.
#![cfg(unix)]

mod common;
#[path = "common/laboratory.rs"]
mod laboratory;
#[path = "common/rehearsal.rs"]
mod rehearsal;

use laboratory::{changed, error, project, seeds};
use rehearsal::rehearse;
use serde_json::Value;

fn strategy<'a>(report: &'a Value, name: &str) -> &'a Value {
    let all = report["strategies"].as_array().unwrap();
    all.iter().find(|one| one["strategy"] == name).unwrap()
}

fn number(report: &Value, name: &str, of: &str) -> f64 {
    strategy(report, name)[of].as_f64().unwrap()
}

#[test]
fn only_write_back_without_a_queue_loses_writes() {
    for seed in 1..=seeds() {
        println!("seed {seed}");
        let seed = seed.to_string();
        let few = ["--cache", "--requests", "3000", "--seed", &seed];
        check(&rehearse(project().path(), &few));
    }
}

fn check(report: &Value) {
    assert_eq!(report["ok"], true);
    for name in [
        "none",
        "cache-aside",
        "read-through",
        "write-through",
        "write-back",
    ] {
        let one = strategy(report, name);
        assert_eq!(
            (&one["lost"], &one["doubled"], &one["failed"]),
            (&0.into(), &0.into(), &0.into()),
            "{name}"
        );
        assert!(
            one["acknowledged"].as_u64().unwrap() > 200,
            "{name}: too few writes prove nothing"
        );
    }
    assert!(number(report, "write-back-without-queue", "lost") > 0.0);
    // A cache answers most reads, and the database is asked less.
    for name in ["cache-aside", "read-through", "write-through", "write-back"] {
        assert!(number(report, name, "hit_ratio") > 0.4, "{name}");
        assert!(
            number(report, name, "queries") < number(report, "none", "queries"),
            "{name}"
        );
    }
    // What is written stays in the cache, and a batch is one statement.
    assert!(
        number(report, "write-through", "hit_ratio") > number(report, "cache-aside", "hit_ratio")
    );
    assert!(number(report, "write-back", "queries") < number(report, "write-through", "queries"));
    assert_eq!(strategy(report, "none")["hit_ratio"], Value::Null);
    assert_eq!(number(report, "none", "stale_reads"), 0.0);
}

#[test]
fn a_laboratory_that_kills_nothing_is_an_error() {
    let folder = changed(
        "cache.py",
        "                    node.kill()\n                    node.start()\n",
        "",
    );
    let said = error(folder.path(), &["--cache", "--requests", "1000"]);
    assert!(said.contains("the laboratory measured nothing"), "{said}");
}

#[test]
fn a_queue_that_forgets_is_found_out() {
    // Deleted before the database has it, by a writer that dies.
    let folder = changed(
        "cache.py",
        "                self.database.write(batch)\n                if self.dies:",
        "                if self.dies:\n                    self.done(batch)",
    );
    let report = rehearse(folder.path(), &["--cache", "--requests", "2000"]);
    assert_eq!(report["ok"], false);
    assert!(number(&report, "write-back", "lost") > 0.0);
}
