//! What is exported for several regions, deployed as a stack in each on ministack's CloudFormation, stands as
//! our own apply left it, which `tests/wire/expect` has in writing. Each stack's outputs are the other's
//! parameters; as both ask for some, the first is told of the second by an update.
//!
//! What ministack's CloudFormation does not have is left out by kind in `tests/wire/gaps.txt`; the lines in which
//! the rest differs are accepted in `tests/wire/deploy-regions-gaps.txt`, with reasons.

mod common;
#[path = "common/emulator.rs"]
mod emulator;
#[path = "common/gaps.rs"]
mod gaps;
#[path = "common/readback.rs"]
mod readback;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use common::{EXAMPLES, example, graph_of, owner_of, root};
use emulator::{Emulator, Kind, programs};
use gaps::Gaps;
use readback::{Readback, changes};
use regex_lite::{Captures, Regex};
use scalectl::blueprint::Library;
use scalectl::render::cloudformation;
use scalectl::spec::Stage;
use serde_json::json;

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// What both stacks are called: short, because load balancers' names are.
const STACK: &str = "stack";

const TARGET_GROUP: &str = "targetgroup";

/// Runs `tests/wire/deploy.py`; what it says went wrong.
fn deploy(emulator: &Emulator, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(programs().join("python"))
        .arg("-B")
        .arg(root().join("tests/wire/deploy.py"))
        .arg(format!("http://127.0.0.1:{}", emulator.port))
        .args(arguments)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

/// Lines in which a name that somebody made up is the part of it that says whose it is: ours end with a digest,
/// CloudFormation's with something random. Target groups are one another's alike, as short as their names are.
fn named_alike(lines: &[String], owner: &str) -> Vec<String> {
    let made_up =
        format!("\\b(?:{owner}|{STACK})-([A-Za-z0-9-]+?)(?:-[0-9a-f]{{8}}|-?[0-9a-fA-F]{{13}})\\b");
    let made_up = Regex::new(&made_up).unwrap();
    let whose = |found: &Captures<'_>| {
        let name = found[1].replace('-', "").to_lowercase();
        if TARGET_GROUP.starts_with(&name) || name.starts_with(TARGET_GROUP) {
            format!("<{TARGET_GROUP}>")
        } else {
            format!("<{name}>")
        }
    };
    let lines = lines.iter();
    lines
        .map(|line| made_up.replace_all(line, whose).into_owned())
        .collect()
}

/// What our own apply left standing.
fn expected(name: &str) -> Vec<String> {
    let file = format!("tests/wire/expect/{name}-multi-region-ministack.txt");
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    // What follows is another story: somebody changes the application.
    let first = text.lines().take_while(|line| *line != "== the change");
    first.map(str::to_owned).collect()
}

/// Deploys an example to two regions and takes it away again; what is not the same.
fn deployed(name: &str) -> Vec<String> {
    let emulator = Emulator::start(Kind::Ministack);
    let mut readback = Readback::of(&emulator);
    let mut spec = example(name, Stage::MultiRegion);
    for service in spec.services.values_mut() {
        // Of AWS's public parameters it has the one for x86 only.
        service.instance = "t3.small".to_owned();
    }
    let graph = graph_of(&Library::embedded().unwrap(), &spec);
    let graph = Gaps::of(Kind::Ministack).without(&graph);
    let graph = Gaps::read("tests/wire/gaps.txt", "cloudformation").without(&graph);
    let owner = owner_of(&spec);
    let owner = format!("{}-{}", owner.app, owner.env);
    let folder = tempfile::tempdir().unwrap();
    let files: BTreeMap<String, String> = cloudformation::templates(&graph, REGIONS[0], name)
        .into_iter()
        .map(|(region, template)| {
            let path = folder.path().join(format!("{region}.json"));
            std::fs::write(&path, serde_json::to_string(&template).unwrap()).unwrap();
            (region, path.to_string_lossy().into_owned())
        })
        .collect();

    let nothing = readback.show(&REGIONS);
    let [first, second] = REGIONS;
    for (region, other) in [(first, second), (second, first), (first, second)] {
        if let Err(why) = deploy(&emulator, &[region, STACK, &files[region], other]) {
            return vec![format!("{name}: {region}: {why}")];
        }
    }
    let ours = named_alike(&expected(name), &owner);
    let theirs = named_alike(&readback.show(&REGIONS), &owner);
    let made = changes(&ours, &theirs).into_iter();
    let mut differs: Vec<String> = made.map(|line| format!("made | {line}")).collect();
    for region in [second, first] {
        differs.extend(deploy(&emulator, &[region, STACK]).err());
    }
    let left = changes(&nothing, &named_alike(&readback.show(&REGIONS), &owner));
    differs.extend(left.into_iter().map(|line| format!("left | {line}")));
    differs
        .into_iter()
        .map(|line| format!("{name}: {line}"))
        .collect()
}

/// A difference that is accepted: when, in which kind of line, and what it contains.
struct Accepted(String, String, String);

impl Accepted {
    fn is(&self, line: &str) -> bool {
        // EXAMPLE: WHEN | SIGN HEADING: KIND ...
        let Some((when, rest)) = line
            .split_once(": ")
            .and_then(|(_, it)| it.split_once(" | "))
        else {
            return false;
        };
        let what = rest.split_once(": ").map_or("", |(_, what)| what);
        let kind = what.split([' ', ':']).next().unwrap_or_default();
        (when, kind) == (&self.0, &self.1) && (self.2 == "*" || what.contains(&self.2))
    }
}

fn accepted() -> Vec<Accepted> {
    let text = std::fs::read_to_string(root().join("tests/wire/deploy-regions-gaps.txt")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            match fields[..] {
                [when, kind, what, why] if !why.is_empty() => {
                    Accepted(when.to_owned(), kind.to_owned(), what.to_owned())
                }
                _ => panic!("{line} needs four fields"),
            }
        })
        .collect()
}

#[test]
fn stacks_of_two_regions_are_what_apply_makes() {
    // Most of the time they wait; each has an emulator of its own.
    let mut told: Vec<String> = std::thread::scope(|scope| {
        let all = EXAMPLES.map(|name| scope.spawn(move || deployed(name)));
        all.into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect()
    });
    let accepted = accepted();
    let mut used = BTreeSet::new();
    told.retain(|line| {
        let found = accepted.iter().position(|one| one.is(line));
        used.extend(found);
        found.is_none()
    });
    let idle = (0..accepted.len()).filter(|number| !used.contains(number));
    let idle = idle.map(|number| &accepted[number]);
    told.extend(
        idle.map(|Accepted(when, kind, what)| {
            format!("nothing is {when} | {kind} | {what} any more")
        }),
    );
    assert!(told.is_empty(), "{}:\n{}", told.len(), told.join("\n"));
}

#[test]
fn kinds_that_are_left_out_are_those_it_does_not_have() {
    let emulator = Emulator::start(Kind::Ministack);
    let gaps = Gaps::read("tests/wire/gaps.txt", "cloudformation");
    let kinds: BTreeSet<&str> = gaps.0.iter().map(|gap| &*gap.kind).collect();
    let resources: serde_json::Map<_, _> = kinds
        .iter()
        .enumerate()
        .map(|(number, kind)| (format!("R{number}"), json!({ "Type": kind })))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.json");
    std::fs::write(&file, json!({ "Resources": resources }).to_string()).unwrap();
    let answer = deploy(&emulator, &["us-east-1", "gaps", path(&file)]).unwrap_err();
    let (_, refused) = answer.split_once("Unrecognized resource types: [").unwrap();
    let (refused, _) = refused.split_once(']').unwrap();
    let refused: BTreeSet<&str> = refused.split(", ").collect();
    assert_eq!(refused, kinds);
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
