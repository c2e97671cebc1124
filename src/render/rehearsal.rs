//! A rehearsal's report, for a person.

use super::style::{FAINT, GONE, NEW, Painted, STRONG};
use crate::rehearse::{OwnReport, Report, StepReport};
use crate::words::count;

/// Shorter times without an acknowledged write are nothing to speak of.
const STALL_MS: u64 = 100;

/// One step as a line, and what went wrong below it.
pub fn step(step: &StepReport) -> String {
    let mark = match step.error {
        None => Painted(NEW, "✓"),
        Some(_) => Painted(GONE, "✗"),
    };
    let mut text = format!("  {mark} {:15} {:6.1} s", step.name, step.seconds);
    if step.stall_ms >= STALL_MS {
        text.push_str(&format!("  writes paused for {} ms", step.stall_ms));
    }
    if step.attempts > 1 && !step.killed.is_empty() {
        text.push_str(&format!("  {}", count(step.attempts as usize, "attempt")));
    }
    let reading = reading(&step.reading);
    if !reading.is_empty() {
        text.push_str(&format!("  {}", Painted(FAINT, reading)));
    }
    text.push('\n');
    if let Some(error) = &step.error {
        for line in error.lines() {
            text.push_str(&format!("      {line}\n"));
        }
    }
    text
}

/// A script's numbers in one line.
fn reading(reading: &serde_json::Value) -> String {
    let numbers = reading.as_object().into_iter().flatten();
    let numbers = numbers.filter(|(_, value)| value.is_number());
    let words: Vec<String> = numbers
        .map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
        .collect();
    words.join(", ")
}

/// The report below the steps.
pub fn report(report: &Report) -> String {
    let (load, rows) = (&report.load, &report.comparison);
    let line = |name: &str, value: String| format!("  {name:24} {value}\n");
    let mut text = format!(
        "\n{}\n",
        Painted(
            STRONG,
            format!(
                "{} to {} on {}: {} initial rows, {} writes and as many reads per second, seed {}",
                report.from,
                report.to,
                report.server,
                rows_before(report),
                report.rate,
                report.seed
            )
        )
    );
    let bad = |number: u64| match number {
        0 => Painted(NEW, "0".to_owned()),
        more => Painted(GONE, more.to_string()),
    };
    let yes = |good: bool, yes: &str, no: &str| {
        if good {
            Painted(NEW, yes.to_owned())
        } else {
            Painted(GONE, no.to_owned())
        }
    };
    text.push_str(&line("requests failed", bad(load.failed).to_string()));
    text.push_str(&line(
        "requests answered",
        format!(
            "{} writes, {} reads; {} retried by the application",
            load.writes, load.reads, load.retried
        ),
    ));
    if load.cached > 0 {
        text.push_str(&line(
            "answered by the edge",
            count(load.cached as usize, "file"),
        ));
    }
    text.push_str(&line(
        "longest write pause",
        format!("{} ms", load.longest_stall_ms),
    ));
    text.push_str(&line(
        "write latency",
        format!(
            "{} ms (median), {} ms (p99), {} ms (max)",
            load.median_ms, load.p99_ms, load.slowest_ms
        ),
    ));
    text.push_str(&line(
        "acknowledged writes",
        format!(
            "{}: {} lost, {} duplicated; {} more applied without a response",
            rows.acknowledged,
            bad(rows.lost),
            bad(rows.doubled),
            rows.unacknowledged
        ),
    ));
    if let Some(equal) = report.equal {
        text.push_str(&line(
            "rows and checksums",
            yes(equal, "equal on both sides", "NOT verified as equal").to_string(),
        ));
    }
    if let Some(equal) = report.replica_equal {
        text.push_str(&line(
            "the replica's rows",
            yes(equal, "equal to the writer's", "NOT equal to the writer's").to_string(),
        ));
    }
    match &report.own {
        Some(own) => text.push_str(&own_tables(own, report)),
        None => text.push_str(&line(
            "sums of transactions",
            yes(report.balanced, "right", "WRONG").to_string(),
        )),
    }
    for example in rows.examples.iter().chain(&load.failures) {
        text.push_str(&format!("    {example}\n"));
    }
    let refused = report.own.iter().any(|own| !own.refusals.is_empty());
    if refused {
        text.push_str(&format!(
            "\n{}\n",
            Painted(
                GONE,
                "Preflight rejects this schema, so no data was moved. Fix the problems above and rehearse again."
            )
        ));
        return text;
    }
    text.push_str(&format!("\n{}\n", verdict(report)));
    text
}

fn verdict(report: &Report) -> Painted<&'static str> {
    let stopped = report.steps.iter().any(|step| step.error.is_some());
    if report.ok {
        Painted(NEW, "The migration would lose nothing.")
    } else if stopped {
        Painted(GONE, "The migration does not finish.")
    } else {
        Painted(GONE, "The migration is not safe to run.")
    }
}

/// Rows before the first step.
fn rows_before(report: &Report) -> u64 {
    match &report.own {
        Some(own) => own.tables.iter().map(|table| table.rows_before).sum(),
        None => report.rows.into(),
    }
}

/// How many lines of a kind are shown; the rest is in the JSON.
const LINES: usize = 10;

/// What was found in the user's own tables.
fn own_tables(own: &OwnReport, report: &Report) -> String {
    let line = |name: &str, value: String| format!("  {name:24} {value}\n");
    let good = |good: bool, text: String| {
        if good {
            Painted(NEW, text).to_string()
        } else {
            Painted(GONE, text).to_string()
        }
    };
    let rows: u64 = own.tables.iter().map(|table| table.rows_after).sum();
    let verified = report.steps.iter().any(|step| {
        let compares = matches!(&*step.action, "verify" | "compare");
        compares && step.error.is_none()
    });
    let mut text = line("schema", own.schema.clone());
    text.push_str(&line(
        "tables",
        format!("{}, with {rows} rows at the end", own.tables.len()),
    ));
    text.push_str(&line(
        "rows compared",
        format!(
            "{}: {}",
            own.compared,
            good(
                own.lost + own.doubled + own.changed == 0,
                format!(
                    "{} lost, {} duplicated, {} changed",
                    own.lost, own.doubled, own.changed
                )
            )
        ),
    ));
    text.push_str(&line(
        "rows on both sides",
        match own.different.len() {
            0 if !verified => {
                "not compared, because the migration did not reach that step".to_owned()
            }
            0 => good(true, "equal at every comparison".to_owned()),
            many => good(false, format!("NOT equal in {}", count(many, "table"))),
        },
    ));
    text.push_str(&line(
        "objects",
        match own.objects_differ.len() {
            0 => good(true, format!("{}, all unchanged", own.objects)),
            many => good(false, format!("{many} of {} CHANGED", own.objects)),
        },
    ));
    text.push_str(&line(
        "sequences",
        match own.sequences_behind.len() {
            0 => good(true, "continue".to_owned()),
            _ => good(false, "would generate duplicate values".to_owned()),
        },
    ));
    text.push_str(&line(
        "rejected by the schema",
        count(own.refused as usize, "write"),
    ));
    let mut details: Vec<String> = own
        .different
        .iter()
        .map(|table| {
            format!(
                "{}: {} rows missing, {} extra, {} changed ({})",
                table.table,
                table.missing,
                table.extra,
                table.changed,
                table.examples.join("; ")
            )
        })
        .collect();
    details.extend(own.objects_differ.iter().cloned());
    details.extend(own.sequences_behind.iter().cloned());
    let more = details.len().saturating_sub(LINES);
    details.truncate(LINES);
    if more > 0 {
        details.push(format!("and {more} more; `--json` lists all"));
    }
    let empty = own.tables.iter().filter(|table| table.rows_before == 0);
    details.extend(empty.map(|table| match &table.refused {
        Some(why) => format!("{} stayed empty: {why}", table.name),
        None => format!("{} was empty", table.name),
    }));
    for detail in details {
        text.push_str(&format!("    {detail}\n"));
    }
    text
}
