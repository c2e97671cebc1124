//! Every kind on every cloud, one by one: `tests/kinds/*.yaml` says with which properties, and
//! `docs/conformance.md` what passed where.
#![cfg(feature = "aws")]

mod common;
#[path = "common/emulator.rs"]
mod emulator;
#[path = "common/faults.rs"]
mod faults;
#[path = "common/gaps.rs"]
mod gaps;
#[path = "common/proxy.rs"]
mod proxy;

mod kinds {
    pub mod case;
    pub mod run;
    pub mod table;
}

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use common::{EPOCH, root};
use emulator::{Emulator, Kind};
use futures_util::future::join_all;
use gaps::Gaps;
use kinds::case::{File, files};
use kinds::run::{Tried, run};
use kinds::table::{Results, table};
use proxy::{Faults, Proxy};
use scalectl::provider::aws;
use scalectl::provider::sim::{self, Sim, cloud::Cloud};

/// What an emulator cannot do. ` (change)` behind a property says that it can be set but not changed.
const GAPS: &str = "tests/wire/gaps.txt";

/// What is left out here only, in the form of `tests/wire/gaps.txt`.
const OPEN: &str = "tests/kinds/open.txt";

/// Set, only the cases of these files run, by name, and the table is not compared.
const ONLY: &str = "SCALECTL_KINDS";

fn wanted() -> Vec<File> {
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut files = files();
    files.retain(|file| only.is_empty() || only.split(',').any(|name| name == file.name));
    files
}

/// What came of all files on one cloud.
fn results(
    provider: &'static str,
    work: impl AsyncFnOnce(&[File], &Gaps) -> Vec<(Vec<Tried>, Vec<String>)>,
    runtime: &tokio::runtime::Runtime,
) -> Results {
    let open = Gaps::read(OPEN, provider);
    let gaps = Gaps::read(GAPS, provider);
    let mut all = Gaps::read(OPEN, provider);
    all.0.extend(Gaps::read(GAPS, provider).0);
    let files = wanted();
    let mut results = Results {
        provider,
        tried: Vec::new(),
        around: Vec::new(),
        gaps,
        open,
    };
    for (tried, around) in runtime.block_on(work(&files, &all)) {
        results.tried.extend(tried);
        results.around.extend(around);
    }
    results
}

fn on_sim() -> &'static Results {
    static RESULTS: OnceLock<Results> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let work = async |files: &[File], gaps: &Gaps| {
            let pause = Duration::from_secs(30);
            join_all(files.iter().map(async |file| {
                // One each, because quotas hold there.
                let sim = Sim::in_memory(Cloud::default(), sim::faults::Faults::default(), EPOCH);
                run(&sim, &sim, pause, file, gaps).await
            }))
            .await
        };
        results("sim", work, &common::runtime())
    })
}

fn on_emulator(kind: Kind, provider: &'static str) -> Results {
    let emulator = Emulator::start(kind);
    let proxy = Proxy::before(&emulator, Faults::none());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let work = async |files: &[File], gaps: &Gaps| {
        let regions = ["us-east-1"];
        let aws = proxy.connect(&regions).await.unwrap();
        let other = proxy.connect(&regions).await.unwrap();
        let pause = Duration::from_millis(200);
        join_all(
            files
                .iter()
                .map(|file| run(&aws, &other, pause, file, gaps)),
        )
        .await
    };
    results(provider, work, &runtime)
}

fn on_moto() -> &'static Results {
    static RESULTS: OnceLock<Results> = OnceLock::new();
    RESULTS.get_or_init(|| on_emulator(Kind::Moto, "moto"))
}

fn on_ministack() -> &'static Results {
    static RESULTS: OnceLock<Results> = OnceLock::new();
    RESULTS.get_or_init(|| on_emulator(Kind::Ministack, "ministack"))
}

/// Where the part of docs/conformance.md begins that no run writes.
const BY_HAND: &str = "\n## Every request against AWS's models\n";

fn assert_no_complaints(results: &Results) {
    let told: Vec<&String> = (results.tried.iter())
        .flat_map(|tried| &tried.complaints)
        .chain(&results.around)
        .collect();
    assert!(told.is_empty(), "{} complaints:\n{}", told.len(), {
        let lines: Vec<&str> = told.iter().map(|line| line.as_str()).collect();
        lines.join("\n")
    });
}

#[test]
fn every_kind_comes_changes_and_goes_on_the_simulator() {
    assert_no_complaints(on_sim());
}

#[test]
fn every_kind_comes_changes_and_goes_on_moto() {
    assert_no_complaints(on_moto());
}

#[test]
fn every_kind_comes_changes_and_goes_on_ministack() {
    assert_no_complaints(on_ministack());
}

#[test]
fn every_mapped_kind_has_a_case() {
    let tried: BTreeSet<String> = (files().iter())
        .flat_map(|file| &file.cases)
        .map(|case| case.resource.kind.to_string())
        .collect();
    let missing: Vec<&str> = aws::mapped_kinds()
        .into_iter()
        .filter(|kind| !tried.contains(*kind))
        .collect();
    assert!(missing.is_empty(), "no case in tests/kinds for {missing:?}");
}

#[test]
fn the_table_says_what_the_run_found() {
    if std::env::var(ONLY).is_ok() {
        return;
    }
    let made = table(&[on_sim(), on_moto(), on_ministack()]);
    let path = root().join("docs/conformance.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    // What people write comes after what the run writes.
    let end = written.find(BY_HAND).unwrap_or(written.len());
    let (found, by_hand) = written.split_at(end);
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(&path, made.clone() + by_hand).unwrap();
        return;
    }
    assert_eq!(
        found, made,
        "docs/conformance.md is not what the run found; INSTA_UPDATE=always cargo test --test kinds writes it"
    );
}
