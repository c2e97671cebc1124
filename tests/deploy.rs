//! What is exported for CloudFormation, deployed there, is what our own apply makes: on ministack, which has
//! a CloudFormation of its own, read both times by AWS's SDK for Python. What that one cannot do is left
//! out by name, with its reason, in `tests/wire/gaps.txt`; what it does with the rest and AWS would not, in
//! `tests/wire/deploy-gaps.txt`.
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
#[path = "common/readback.rs"]
mod readback;

use std::cell::Cell;
use std::path::Path;
use std::process::Command;

use common::{apply_of, example, graph_of, owner_of, root};
use emulator::{Emulator, Kind, programs};
use gaps::Gaps;
use proxy::{Faults, Proxy, runtime};
use readback::{Readback, changes};
use scalectl::address::Address;
use scalectl::apply::{Context, Stop, observe};
use scalectl::blueprint::Library;
use scalectl::render::cloudformation;
use scalectl::spec::Stage;

const REGION: &str = "us-east-1";

/// Deploys a template, or takes its stack away; what each resource is called there, and in the template.
fn deploy(emulator: &Emulator, stack: &str, template: Option<&Path>) -> Result<Names, String> {
    let output = Command::new(programs().join("python"))
        .arg("-B")
        .arg(root().join("tests/wire/deploy.py"))
        .args([
            &format!("http://127.0.0.1:{}", emulator.port),
            REGION,
            stack,
        ])
        .args(template)
        .output()
        .unwrap();
    if output.status.success() {
        let text = String::from_utf8(output.stdout).unwrap();
        let names = text.lines().filter_map(|line| line.split_once('\t'));
        Ok(names
            .map(|(there, here)| (named(there), here.to_owned()))
            .collect())
    } else {
        Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

/// What resources are called in the cloud, and in the template.
type Names = Vec<(String, String)>;

/// The name in an identifier: load balancers, target groups and topics have it in their ARN.
fn named(identifier: &str) -> String {
    let mut parts = identifier.split('/');
    match parts.next() {
        Some(first) if first.ends_with(":loadbalancer") => parts.nth(1),
        Some(first) if first.ends_with(":targetgroup") => parts.next(),
        Some(first) if first.contains(":sns:") => first.rsplit(':').next(),
        _ => None,
    }
    .unwrap_or(identifier)
    .to_owned()
}

/// Whether somebody made a name up: it ends with a digest, or something random.
fn is_made_up(name: &str) -> bool {
    let digits = name.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
    let dashed = name.len() > 9 && name.as_bytes()[name.len() - 9] == b'-' && digits == 8;
    dashed || digits >= 12 && digits < name.len()
}

/// Lines with the template's names in place of those that each side makes up, and `*` in place of those
/// that no identifier tells.
fn with_names(lines: &[String], names: &Names) -> Vec<String> {
    let mut names = names.clone();
    names.retain(|(there, _)| is_made_up(there));
    // What is the beginning of another name comes after it.
    names.sort_by_key(|(there, _)| std::cmp::Reverse(there.len()));
    let replaced = |line: &String| {
        let line = names.iter().fold(line.clone(), |line, (there, here)| {
            line.replace(there, &format!("<{here}>"))
        });
        let words: Vec<&str> = line
            .split(' ')
            .map(|word| if is_made_up(word) { "*" } else { word })
            .collect();
        words.join(" ")
    };
    lines.iter().map(replaced).collect()
}

/// The name that a template gives a resource.
fn logical(address: &Address) -> String {
    let key = address.key.as_deref().unwrap_or_default();
    let words = [&*address.id, key].join("_");
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .flat_map(|word| {
            let first = word
                .chars()
                .next()
                .map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(word.chars().skip(1))
        })
        .collect()
}

/// One example at one stage, made both ways; what is not the same.
fn made_both_ways(
    emulator: &Emulator,
    readback: &mut Readback,
    name: &str,
    stage: Stage,
) -> Vec<String> {
    let mut spec = example(name, stage);
    for service in spec.services.values_mut() {
        // Of AWS's public parameters it has the one for x86 only.
        service.instance = "t3.small".to_owned();
    }
    let library = Library::embedded().unwrap();
    let graph = Gaps::of(Kind::Ministack).without(&graph_of(&library, &spec));
    let graph = Gaps::read("tests/wire/gaps.txt", "cloudformation").without(&graph);

    emulator.reset();
    let proxy = Proxy::before(emulator, Faults::none());
    let (plan, report, live) = runtime().block_on(async {
        let aws = proxy.connect(&[REGION]).await.unwrap();
        let (plan, report) = apply_of(&aws, &owner_of(&spec), &graph, Some(20)).await;
        let stop = Stop::default();
        let context = Context {
            provider: &aws,
            owner: &owner_of(&spec),
            stop: &stop,
        };
        (plan, report, observe(&context, Some(&graph)).await.unwrap())
    });
    assert!(
        report.is_complete(),
        "{name} at {}: {:?}",
        stage.name(),
        plan.changes
    );
    let names = live.resources.values();
    let names: Names = names
        .map(|one| (named(&one.identifier), logical(&one.address)))
        .collect();
    let ours = with_names(&readback.show(&[REGION]), &names);

    emulator.reset();
    let nothing = readback.show(&[REGION]);
    let (_, template) = cloudformation::templates(&graph, REGION, name)
        .into_iter()
        .next()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.json");
    std::fs::write(&file, serde_json::to_string(&template).unwrap()).unwrap();
    let stack = format!("{name}-{}", stage.name());
    let names = match deploy(emulator, &stack, Some(&file)) {
        Ok(names) => names,
        Err(why) => return vec![why],
    };
    let theirs = with_names(&readback.show(&[REGION]), &names);
    let made = changes(&ours, &theirs).into_iter();
    let mut differs: Vec<String> = made.map(|line| format!("made | {line}")).collect();
    differs.extend(deploy(emulator, &stack, None).err());
    let left = with_names(&readback.show(&[REGION]), &names);
    let left = changes(&with_names(&nothing, &names), &left).into_iter();
    differs.extend(left.map(|line| format!("left | {line}")));
    differs
}

/// A difference that is accepted: its beginning, what it contains, and why.
struct Accepted {
    begins: String,
    contains: String,
    used: Cell<bool>,
}

impl Accepted {
    fn is(&self, line: &str) -> bool {
        let when = line.split(" | ").next().unwrap_or_default();
        let kind = line.split(": ").nth(1).unwrap_or_default();
        let kind = kind.split([' ', ':']).next().unwrap_or_default();
        let is_it = self.begins == format!("{when} {kind}") && line.contains(&self.contains);
        self.used.set(self.used.get() || is_it);
        is_it
    }
}

fn accepted() -> Vec<Accepted> {
    let text = std::fs::read_to_string(root().join("tests/wire/deploy-gaps.txt")).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let [when, kind, contains, why] = fields[..] else {
                panic!("{line} needs four fields");
            };
            assert!(!why.is_empty(), "{line} gives no reason");
            Accepted {
                begins: format!("{when} {kind}"),
                contains: contains.trim_start_matches('*').to_owned(),
                used: Cell::new(false),
            }
        })
        .collect()
}

/// An example at every stage.
fn every_stage(name: &str) -> Vec<String> {
    let emulator = Emulator::start(Kind::Ministack);
    let mut readback = Readback::of(&emulator);
    let mut told = Vec::new();
    // The templates of several regions take values from each other.
    for stage in Stage::ALL
        .into_iter()
        .filter(|stage| *stage != Stage::MultiRegion)
    {
        let differs = made_both_ways(&emulator, &mut readback, name, stage);
        let differs = differs.into_iter();
        told.extend(differs.map(|line| format!("{name} at {}: {line}", stage.name())));
    }
    told
}

#[test]
fn a_deployed_export_is_what_apply_makes() {
    // Most of the time they wait; each has an emulator of its own.
    let mut told: Vec<String> = std::thread::scope(|scope| {
        let examples = ["shop", "newsroom", "marketplace"];
        let all = examples.map(|name| scope.spawn(move || every_stage(name)));
        all.into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect()
    });
    let accepted = accepted();
    told.retain(|line| {
        let line = line.split_once(": ").map_or("", |(_, line)| line);
        !accepted.iter().any(|one| one.is(line))
    });
    let idle = accepted.iter().filter(|one| !one.used.get());
    told.extend(idle.map(|one| format!("nothing is {} {} any more", one.begins, one.contains)));
    assert!(told.is_empty(), "{}:\n{}", told.len(), told.join("\n"));
}
