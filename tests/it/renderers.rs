//! What holds of every output format alike: a snapshot shows it, and no name breaks out of its place. How
//! fast they are is `benches/pipeline.rs`' to measure.

use std::sync::Arc;

use proptest::prelude::*;
use scalectl::address::Address;
use scalectl::blueprint::Library;
use scalectl::graph::{Graph, Lifecycle, Resource};
use scalectl::inventory::{Live, LiveResource, Owner, Status};
use scalectl::migrate::forecast::Forecast;
use scalectl::migrate::{Budget, Migration, Phase, Step};
use scalectl::ownership;
use scalectl::plan::guard::Refusal;
use scalectl::plan::{Action, Plan, diff};
use scalectl::render::plan::{Detail, Frame};
use scalectl::render::report::picture;
use scalectl::render::{
    cloudformation, comment, dot, json, mermaid, migration, migration_markdown, plan,
    plan_markdown, svg,
};
use scalectl::spec::Stage;
use scalectl::value::{Map, Reference, Value};

/// What every renderer shows: a graph, a plan and a migration.
struct Scene {
    graph: Graph,
    plan: Plan,
    refusals: Vec<Refusal>,
    not_yet: Vec<String>,
    migration: Migration,
    forecasts: Vec<Forecast>,
    owner: Owner,
}

fn resource(address: Address, kind: &str, tier: &str, properties: Map) -> Resource {
    Resource {
        address,
        kind: kind.into(),
        tier: tier.into(),
        role: None,
        properties,
        after: Vec::new(),
        lifecycle: Lifecycle::default(),
        ready_when: Vec::new(),
    }
}

fn map(json: serde_json::Value) -> Map {
    Value::from(json).as_map().unwrap().clone()
}

fn applied(resource: &Resource) -> LiveResource {
    LiveResource {
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        identifier: "id".into(),
        properties: resource.properties.clone(),
        status: Status::Ready,
        applied: Some(ownership::of_properties(
            &resource.address,
            1,
            false,
            &resource.properties,
        )),
    }
}

fn live(resources: &[Resource]) -> Live {
    Live {
        resources: resources
            .iter()
            .map(|one| (one.address.clone(), applied(one)))
            .collect(),
        ..Live::default()
    }
}

impl Scene {
    fn of(graph: Graph, plan: Plan, refusals: Vec<Refusal>, word: &str) -> Self {
        let steps = vec![Step {
            without: None,
            name: word.into(),
            hop: (Stage::SingleServer, Stage::SplitDb),
            phase: Phase::Contract,
            does: format!("does {word}").into(),
            graph: Graph::default(),
            run: vec![word.into()],
            gates: Vec::new(),
            budget: Budget {
                unavailable: 5,
                loss: 0,
            },
            seconds: 7,
            point_of_no_return: true,
        }];
        Self {
            forecasts: vec![Forecast {
                plan: plan.clone(),
                seconds: 60.0,
                budget: Budget {
                    unavailable: 5,
                    loss: 0,
                },
                interrupts: vec![format!("{word}: it restarts")],
            }],
            migration: Migration {
                failover: None,
                requests: Vec::new(),
                from: Stage::SingleServer,
                to: Stage::SplitDb,
                start: Graph::default(),
                steps,
                digest: "0123".into(),
            },
            graph,
            plan,
            refusals,
            not_yet: vec![format!("`{word}` takes effect later")],
            owner: Owner {
                app: word.into(),
                env: word.into(),
            },
        }
    }

    /// A graph in which `word` stands wherever a name or value can, and the plan that makes it.
    fn named(word: &str) -> Self {
        let address = |id: &str| Address::new(word, format!("{id}{word}"), Some(Arc::from(word)));
        let vpc = resource(
            address("vpc"),
            "AWS::EC2::VPC",
            word,
            map(serde_json::json!({"CidrBlock": word, word: {word: [word]}})),
        );
        let reference = Value::Reference(Arc::new(Reference {
            address: vpc.address.clone(),
            path: word.into(),
        }));
        let mut properties = map(serde_json::json!({
            "GroupDescription": word,
            "SecurityGroupIngress": [{"IpProtocol": word, "FromPort": 1, "ToPort": 1, "CidrIp": "0.0.0.0/0"}],
            "Tags": [{"Key": word, "Value": word.repeat(40)}],
        }));
        properties.insert("VpcId", reference);
        let group = resource(
            address("group"),
            "AWS::EC2::SecurityGroup",
            word,
            properties,
        );
        let odd = resource(
            address("odd"),
            word,
            "data",
            map(serde_json::json!({"A": word})),
        );
        let gone = resource(address("gone"), "AWS::RDS::DBInstance", "data", Map::new());
        let mut before = vpc.clone();
        before
            .properties
            .insert("CidrBlock", Value::str("10.0.0.0/16"));
        let graph: Graph = [vpc, group, odd].into_iter().collect();
        let plan = diff(&graph, &live(&[before, gone.clone()]), None);
        let refusals = vec![Refusal {
            address: gone.address,
            action: Action::Delete,
            why: "it is protected".into(),
            way: None,
        }];
        Self::of(graph, plan, refusals, word)
    }

    /// So many resources: networks of ten, half of them changed, and all that is refused.
    fn sized(size: usize) -> Self {
        let make = |cidr: &str| -> Vec<Resource> {
            (0..size)
                .map(|number| {
                    let vpc = Address::new(
                        "us-east-1",
                        "vpc",
                        Some(Arc::from((number / 10 * 10).to_string())),
                    );
                    let mut properties =
                        map(serde_json::json!({"CidrBlock": cidr, "EnableDnsSupport": true}));
                    if number % 10 == 0 {
                        return resource(vpc, "AWS::EC2::VPC", "network", properties);
                    }
                    properties.insert(
                        "VpcId",
                        Value::Reference(Arc::new(Reference {
                            address: vpc,
                            path: "VpcId".into(),
                        })),
                    );
                    // One id each, so that drawings have as many boxes.
                    resource(
                        Address::new("us-east-1", format!("subnet_{number}"), None),
                        "AWS::EC2::Subnet",
                        "network",
                        properties,
                    )
                })
                .collect()
        };
        let (before, after) = (make("10.0.0.0/16"), make("10.1.0.0/16"));
        let graph: Graph = after.into_iter().collect();
        let plan = diff(&graph, &live(&before[..size / 2]), None);
        let refused = plan
            .changes
            .iter()
            .filter(|change| change.action == Action::Replace);
        let refusals = refused
            .map(|change| Refusal {
                address: change.address.clone(),
                action: change.action,
                why: "it is protected".into(),
                way: None,
            })
            .collect();
        Self::of(graph, plan, refusals, "shop")
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            not_yet: &self.not_yet,
            notes: &[],
            refusals: &self.refusals,
            workers: Some(50),
            destroy: false,
            policy: None,
        }
    }

    fn way(&self) -> migration::Frame<'_> {
        migration::Frame {
            migration: &self.migration,
            forecasts: &self.forecasts,
            standing: None,
            allowed: None,
        }
    }
}

type Renderer = fn(&Scene) -> String;

/// Every renderer by name. As a terminal without colours shows it, where it has colours.
const RENDERERS: &[(&str, Renderer)] = &[
    ("text", |s| {
        plain(&plan::text(&s.plan, &s.frame(), Detail::Full))
    }),
    ("concise", |s| {
        plain(&plan::text(&s.plan, &s.frame(), Detail::Concise))
    }),
    ("json", |s| {
        json(&json::plan::document(
            &s.plan,
            &s.frame(),
            &s.owner,
            "split-db",
            "sim",
        ))
    }),
    ("markdown", |s| {
        plan_markdown::render(&s.plan, &s.frame(), &s.owner, "split-db")
    }),
    ("dot", |s| dot::render(&s.graph, &s.owner.app)),
    ("mermaid", |s| mermaid::render(&s.graph)),
    ("svg", |s| svg::render(&s.graph, &s.owner.app)),
    ("picture", |s| picture(&s.graph, &s.owner.app, "us-east-1")),
    ("cloudformation", |s| {
        json(&cloudformation::templates(
            &s.graph,
            "us-east-1",
            &s.owner.app,
        ))
    }),
    ("migration-text", |s| plain(&migration::text(&s.way(), 98))),
    ("migration-markdown", |s| {
        migration_markdown::render(&s.way(), &s.owner, None)
    }),
    ("migration-chart", |s| migration::mermaid(&s.way())),
    ("migration-json", |s| {
        json(&json::migration::document(&s.way(), &s.owner, "sim"))
    }),
];

/// Where a rectangle is: left, top, right, bottom.
type Bounds = [f64; 4];

/// The rectangles of elements that begin like this.
fn bounds(svg: &str, begins: &str) -> Vec<Bounds> {
    let number = "([0-9.]+)";
    let text = format!(
        "{begins}<rect (?:class=\"card\" )?x=\"{number}\" y=\"{number}\" width=\"{number}\" height=\"{number}\""
    );
    let rect = regex_lite::Regex::new(&text).unwrap();
    rect.captures_iter(svg)
        .map(|found| {
            let at = |number: usize| found[number].parse::<f64>().unwrap();
            [at(1), at(2), at(1) + at(3), at(2) + at(4)]
        })
        .collect()
}

fn holds(outer: &Bounds, inner: &Bounds) -> bool {
    outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3]
}

#[test]
fn the_picture_nests_frames_and_its_arrows_end_at_parts() {
    let library = Library::embedded().unwrap();
    for name in ["shop", "newsroom", "marketplace"] {
        for stage in Stage::ALL {
            let spec = crate::common::example(name, stage);
            let graph = crate::common::graph_of(&library, &spec);
            let primary = spec.regions[0].name();
            let svg = picture(&graph, name, primary);
            let at = format!("{name} at {}: {svg}", stage.name());
            let inside = [
                ("<g class=\"region\">", "<g class=\"vpc\">"),
                ("<g class=\"vpc\">", "<g class=\"zone-frame\">"),
                (
                    "<g class=\"zone-frame\">",
                    "<g class=\"subnet (?:public|private)\">",
                ),
            ];
            for (outer, inner) in inside {
                let (outer, inner) = (bounds(&svg, outer), bounds(&svg, inner));
                assert!(!inner.is_empty(), "{at}");
                for one in &inner {
                    assert!(outer.iter().any(|frame| holds(frame, one)), "{one:?}: {at}");
                }
            }
            let mut ends = bounds(&svg, "<title>[^<]*</title>");
            ends.extend(bounds(&svg, "<g class=\"gateway\">"));
            let cards = ends.len();
            let tip = regex_lite::Regex::new("class=\"tip\" d=\"M([0-9]+) ([0-9]+)l").unwrap();
            let mut arrows = 0;
            for found in tip.captures_iter(&svg) {
                let (x, y): (f64, f64) = (found[1].parse().unwrap(), found[2].parse().unwrap());
                let touches = |b: &Bounds| {
                    let (inside_x, inside_y) = (b[0] <= x && x <= b[2], b[1] <= y && y <= b[3]);
                    (inside_x && (y == b[1] || y == b[3])) || (inside_y && (x == b[0] || x == b[2]))
                };
                // The legend's two arrows are below everything.
                let is_legend = ends.iter().all(|end| end[3] < y);
                assert!(is_legend || ends.iter().any(touches), "({x}, {y}): {at}");
                arrows += usize::from(!is_legend);
            }
            assert!(
                arrows >= 2 && cards >= 2,
                "{arrows} arrows, {cards} ends: {at}"
            );
            if stage == Stage::MultiRegion {
                let place = |region: &str| svg.find(&format!("Region {region}")).unwrap();
                let regions: Vec<_> = spec.regions.iter().map(|one| place(one.name())).collect();
                assert_eq!(regions.len(), 2);
                assert!(
                    svg.contains("class=\"replication\"><path class=\"flow\" d=\"M"),
                    "{at}"
                );
            }
        }
    }
}

#[test]
fn the_readme_shows_the_picture_as_it_is_drawn_now() {
    let spec = crate::common::example("marketplace", Stage::MultiRegion);
    let graph = crate::common::graph_of(&Library::embedded().unwrap(), &spec);
    let drawn = picture(&graph, "marketplace at stage multi-region", "us-east-1");
    let path = crate::common::root().join("docs/images/marketplace.svg");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).is_ok_and(|kept| kept == drawn),
        "INSTA_UPDATE=always draws docs/images/marketplace.svg anew"
    );
}

/// Without the colours that we write; any other escape sequence stays, and is found.
fn plain(text: &str) -> String {
    let colours = regex_lite::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    colours.replace_all(text, "").into_owned()
}

fn json(value: &impl serde::Serialize) -> String {
    let printed = serde_json::to_string_pretty(value).unwrap();
    scalectl::render::escape::visible_json(&printed).into_owned()
}

/// Names that mean something in one format or another.
const HOSTILE: &[&str] = &[
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\u{9b}31m\u{90}q\u{9c}",
    "\u{202e}detrever\u{2066}\u{200f}",
    "two\nlines\r\ttab\u{2028}third",
    "\"]\n  end\n  x[\"y",
    "\"; evil [label=\"x\"]; \"",
    "back\\slash\\\"",
    "`code` ```\n# heading\n```",
    "</details></summary><script>alert(1)</script>",
    "--><img src=x onerror=alert(1)>",
    "| cell | other |",
    "[link](http://evil.example) ![img](x) @everyone #1",
    "%%{init: {'theme':'dark'}}%% <b>&amp;#quot;",
    "]]></text><a href=\"javascript:x\">",
    "x :crit, 0, 99s; section y",
    "$x$ *bold* _it_ ~~no~~",
    "",
];

/// Characters that act instead of showing.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn no_hostile_name_breaks_out_of_any_format() {
    for word in HOSTILE {
        let (scene, tame) = (Scene::named(word), Scene::named("tame"));
        for (name, render) in RENDERERS {
            let told = render(&scene);
            let context = || format!("{name} of {word:?}:\n{told}");
            assert!(!told.contains(acts), "{}", context());
            let lines = |text: &str| text.lines().count();
            match *name {
                // The lines are those that a tame name makes: none is forged, none is lost.
                "dot" | "mermaid" | "svg" | "migration-chart" | "migration-markdown" => {
                    assert_eq!(lines(&told), lines(&render(&tame)), "{}", context());
                }
                "json" | "migration-json" | "cloudformation" => {
                    serde_json::from_str::<serde_json::Value>(&told)
                        .unwrap_or_else(|error| panic!("{error} in {}", context()));
                }
                _ => {}
            }
            match *name {
                "dot" => assert_dot(&told, &context),
                "mermaid" => assert_mermaid(&told, &context),
                "svg" => assert_svg(&told, &context),
                "markdown" => assert_markdown(&told, &context),
                "migration-markdown" => {
                    assert_markdown(&told, &context);
                    let rows = told.lines().filter(|line| line.starts_with('|'));
                    for row in rows {
                        let bars = row
                            .replace("\\\\", "")
                            .replace("\\|", "")
                            .matches('|')
                            .count();
                        assert_eq!(bars, 6, "{row} in {}", context());
                    }
                }
                "migration-chart" => {
                    for task in told.lines().skip(4) {
                        assert_eq!(task.matches(':').count(), 1, "{task} in {}", context());
                    }
                }
                _ => {}
            }
        }
    }
}

/// Outside of quoted strings nothing stands but the words that we write.
fn assert_dot(told: &str, context: &dyn Fn() -> String) {
    let (mut outside, mut inside, mut escaped) = (String::new(), false, false);
    for c in told.chars() {
        match (inside, c) {
            (_, '"') if !escaped => inside = !inside,
            (false, _) => outside.push(c),
            _ => {}
        }
        escaped = inside && c == '\\' && !escaped;
    }
    assert!(!inside, "an open string in {}", context());
    let known = regex_lite::Regex::new(
        r"^(digraph|subgraph|cluster_[0-9_]+|label=|rankdir=LR|node|shape=box|style=rounded|fontname=|n[0-9]+|->|[\s{}\[\],;])*$",
    )
    .unwrap();
    assert!(known.is_match(&outside), "{outside:?} in {}", context());
}

/// Every line is one of those that a flowchart has, and no label holds what ends it.
fn assert_mermaid(told: &str, context: &dyn Fn() -> String) {
    let known = regex_lite::Regex::new(
        "^(flowchart LR|  subgraph r[0-9]+\\[\"[^\"%`]*\"\\]|    subgraph r[0-9]+t[0-9]+\\[\"[^\"%`]*\"\\]|      n[0-9]+\\[\"[^\"<>%`]*<br/><small>[^\"<>%`]*</small>\"\\]|    end|  end|  n[0-9]+ --> n[0-9]+)$",
    )
    .unwrap();
    for line in told.lines() {
        assert!(known.is_match(line), "{line:?} in {}", context());
    }
}

/// The elements are those that we write, each closed where it should be.
fn assert_svg(told: &str, context: &dyn Fn() -> String) {
    let tag =
        regex_lite::Regex::new("<(/?)([a-zA-Z!?\\[]+)((?:[^<>\"]|\"[^<\"]*\")*?)(/?)>").unwrap();
    let known = [
        "svg", "title", "style", "defs", "marker", "path", "rect", "text", "g",
    ];
    let mut open: Vec<&str> = Vec::new();
    for found in tag.captures_iter(told) {
        let name = found.get(2).unwrap().as_str();
        assert!(known.contains(&name), "<{name}> in {}", context());
        match (&found[1], &found[4]) {
            ("/", _) => assert_eq!(open.pop(), Some(name), "{}", context()),
            (_, "/") => {}
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?} in {}", context());
    let rest = tag.replace_all(told, "");
    assert!(!rest.contains('<'), "{}", context());
}

/// Outside of code, no markup stands but ours, and what we open we close.
fn assert_markdown(told: &str, context: &dyn Fn() -> String) {
    let mut fence: Option<usize> = None;
    let mut outside = String::new();
    for line in told.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            None => {
                outside.push_str(line);
                outside.push('\n');
            }
            Some(length) if ticks >= length && line.len() == ticks => fence = None,
            Some(_) => {}
        }
    }
    assert!(fence.is_none(), "an open fence in {}", context());
    let spans = code_free(&outside);
    let tags =
        regex_lite::Regex::new("<!-- -->|<!-- scalectl [^>]* -->|</?details>|</?summary>|</?b>")
            .unwrap();
    let rest = tags.replace_all(&spans, "");
    assert!(!rest.contains('<'), "{rest} in {}", context());
    let links = spans.replace("\\]", "");
    for wrong in ["](", "@e"] {
        assert!(!links.contains(wrong), "{wrong} in {}", context());
    }
    assert_eq!(
        spans.matches("<details>").count(),
        spans.matches("</details>").count(),
        "{}",
        context()
    );
}

/// Text without its code spans: a run of backticks that are not escaped ends at the next of its length.
fn code_free(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        if before.ends_with('\\') {
            rest = &after[1..];
            continue;
        }
        let length = after.len() - after.trim_start_matches('`').len();
        let body = &after[length..];
        let mut from = 0;
        let end = loop {
            let Some(start) = body[from..].find('`').map(|at| at + from) else {
                break None;
            };
            let run = body[start..].len() - body[start..].trim_start_matches('`').len();
            if run == length {
                break Some(start + run);
            }
            from = start + run;
        };
        match end {
            Some(end) => rest = &body[end..],
            None => {
                out.push_str(&after[..length]);
                rest = body;
            }
        }
    }
    out.push_str(rest);
    out
}

#[test]
fn every_renderer_shows_a_small_plan() {
    let scene = Scene::named("tame");
    for (name, render) in RENDERERS {
        insta::assert_snapshot!(*name, render(&scene));
    }
}

#[test]
fn a_comment_that_cuts_says_what_it_cut() {
    let scene = Scene::sized(10_000);
    let told = plan_markdown::render(&scene.plan, &scene.frame(), &scene.owner, "split-db");
    assert!(comment::length(&told) <= comment::LIMIT);
    assert!(
        comment::length(&told) > comment::LIMIT * 9 / 10,
        "it uses what there is"
    );
    assert!(
        told.contains("\n**Omitted**, because a comment is limited to 65536 characters: "),
        "{told}"
    );
    let small = Scene::named("tame");
    let told = plan_markdown::render(&small.plan, &small.frame(), &small.owner, "split-db");
    assert!(!told.contains("Left out"), "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a plan holds, its comment is not longer than GitHub takes, begins with the mark, keeps
    /// the summary, and closes what it opens.
    #[test]
    fn no_plan_makes_a_comment_too_long(
        words in proptest::collection::vec(any::<String>(), 1..6),
        times in 1_usize..3_000,
        count in 1_usize..100,
    ) {
        let make = |number: usize| {
            let word = &words[number % words.len()];
            let long = word.repeat(times / word.len().max(1) + 1);
            let address = Address::new("us-east-1", format!("{long}{number}"), None);
            resource(address, "AWS::EC2::VPC", &long, map(serde_json::json!({"CidrBlock": long})))
        };
        let all: Vec<Resource> = (0..count).map(make).collect();
        let mut moved = all.clone();
        for one in &mut moved {
            one.properties.insert("CidrBlock", Value::str("10.0.0.0/16"));
        }
        let graph: Graph = all.iter().cloned().collect();
        let plan = diff(&graph, &live(&moved[..count / 2]), None);
        let refusals = plan.changes.iter().map(|change| Refusal {
            address: change.address.clone(),
            action: change.action,
            why: "it is protected".into(), way: None,
        });
        let refusals: Vec<Refusal> = refusals.collect();
        let scene = Scene::of(graph, plan, refusals, &words[0].repeat(times));
        for told in [
            plan_markdown::render(&scene.plan, &scene.frame(), &scene.owner, &words[0]),
            migration_markdown::render(&scene.way(), &scene.owner, None),
        ] {
            prop_assert!(comment::length(&told) <= 65_536, "{} characters", comment::length(&told));
            prop_assert!(told.starts_with(&comment::marker(&scene.owner)));
            assert_markdown(&told, &|| told.clone());
        }
        let told = plan_markdown::render(&scene.plan, &scene.frame(), &scene.owner, &words[0]);
        prop_assert!(told.contains(" to create, "));
        prop_assert!(told.contains("Blast radius"));
    }
}
