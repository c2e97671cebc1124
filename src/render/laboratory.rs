//! The reports of laboratories, for a person.

use super::style::{GONE, NEW, Painted, STRONG};
use crate::rehearse::{BalanceReport, CacheReport, ReadsReport};

/// How often something happened that should not have, so wide.
fn at_best_none(count: u64, width: usize) -> impl std::fmt::Display {
    Painted(
        if count == 0 { NEW } else { GONE },
        format!("{count:>width$}"),
    )
}

/// What the laboratory of caches found, a line for each strategy.
pub fn caches(report: &CacheReport) -> String {
    let head = format!(
        "{} and {}: {} requests per strategy, 10 % writes, {} keys with a Zipf distribution; seed {}",
        report.cache, report.database, report.requests, report.keys, report.seed
    );
    let mut text = format!("\n{}\n", Painted(STRONG, head));
    text.push_str(&format!(
        "{:26} {:>6} {:>9} {:>9} {:>8} {:>6} {:>13} {:>5}\n",
        "strategy", "hits", "p50", "p99", "queries", "stale", "acknowledged", "lost"
    ));
    let time = |microseconds: u64| format!("{:.2} ms", microseconds as f64 / 1000.0);
    for one in &report.strategies {
        let hits = one
            .hit_ratio
            .map_or("-".to_owned(), |part| format!("{:.1} %", part * 100.0));
        let lost = at_best_none(one.lost, 5);
        text.push_str(&format!(
            "{:26} {hits:>6} {:>9} {:>9} {:>8} {:>6} {:>13} {lost}\n",
            one.strategy,
            time(one.p50_us),
            time(one.p99_us),
            one.queries,
            one.stale_reads,
            one.acknowledged,
        ));
    }
    let wrong = report.strategies.iter().map(|one| one.doubled).sum::<u64>();
    text.push_str(&match (report.ok, wrong) {
        (true, _) => "\nThe cache node was killed halfway. Only write-back without a queue lost acknowledged writes.\n".to_owned(),
        (false, 0) => "\nWrites were lost or failed in a strategy that must not lose any.\n".to_owned(),
        (false, doubled) => format!("\nWrites were lost, failed or duplicated ({doubled}) in a strategy that must not do so.\n"),
    });
    text
}

/// What the laboratory of read replicas found, a line for each mode.
pub fn reads(report: &ReadsReport) -> String {
    let head = format!(
        "{} with {} replicas, one of which stops following: {} requests or more per mode, 20 % writes; seed {}",
        report.database, report.replicas, report.requests, report.seed
    );
    let mut text = format!("\n{}\n", Painted(STRONG, head));
    text.push_str(&format!(
        "{:16} {:>8} {:>8} {:>14} {:>8} {:>14} {:>14} {:>14}\n",
        "read_after_write",
        "reads",
        "writes",
        "from replicas",
        "stale",
        "left out after",
        "reads until",
        "reads from then"
    ));
    for one in &report.modes {
        let stale = at_best_none(one.stale_reads, 8);
        text.push_str(&format!(
            "{:16} {:>8} {:>8} {:>14} {stale} {:>14} {:>14} {:>15}\n",
            one.mode,
            one.reads,
            one.writes,
            format!("{:.1} %", one.replica_ratio * 100.0),
            format!("{:.1} s", one.left_out_ms as f64 / 1000.0),
            one.reads_until_left_out,
            one.reads_after_left_out,
        ));
    }
    text.push_str(if report.ok {
        "\nWith session, no session read older data than it wrote. A minute of CloudWatch is a second here.\n"
    } else {
        "\nA session read older data than it wrote, or a replica was read from after it was left out.\n"
    });
    text
}

/// What the laboratory of load balancers found, a line for each algorithm.
pub fn balance(report: &BalanceReport) -> String {
    let head = format!(
        "{} and {} servers: {} requests per algorithm, {} per second; seed {}",
        report.balancer,
        report.servers.len(),
        report.requests,
        report.rate,
        report.seed
    );
    let mut text = format!("\n{}\n", Painted(STRONG, head));
    for one in &report.servers {
        text.push_str(&format!(
            "  {:8} {:>2} ms per request, {} at a time, weight {}\n",
            one.name, one.milliseconds, one.workers, one.weight
        ));
    }
    text.push_str(&format!("{:26}", "algorithm"));
    for one in &report.servers {
        text.push_str(&format!(" {:>7}", one.name));
    }
    text.push_str(&format!(
        " {:>8} {:>8} {:>10} {:>10} {:>10} {:>7} {:>7}\n",
        "p50", "p99", "p99 steady", "p99 slowed", "p99 killed", "resent", "failed"
    ));
    let time = |microseconds: u64| format!("{} ms", (microseconds + 500) / 1000);
    for one in &report.algorithms {
        let failed = at_best_none(one.failed, 7);
        text.push_str(&format!("{:26}", one.algorithm));
        for server in &report.servers {
            let share = one.shares.get(server.name).copied().unwrap_or_default();
            text.push_str(&format!(" {:>7}", format!("{:.1} %", share * 100.0)));
        }
        text.push_str(&format!(
            " {:>8} {:>8} {:>10} {:>10} {:>10} {:>7} {failed}\n",
            time(one.p50_us),
            time(one.p99_us),
            time(one.steady_p99_us),
            time(one.slowed_p99_us),
            time(one.killed_p99_us),
            one.resent,
        ));
    }
    text.push_str(if report.ok {
        "\nOne server became 20 times slower after a third of the requests, another one was killed after two thirds. No request failed.\n"
    } else {
        "\nRequests failed though other servers were healthy.\n"
    });
    text
}
