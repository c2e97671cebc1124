//! A plan or a migration as one HTML file that needs nothing else and asks nobody for anything.
//!
//! Owns what the page says; how it looks stands in `templates/report/`, which Handlebars fills in with
//! `escape::escape` for every text. The file may be opened anywhere: its content security policy
//! allows the style sheet and the script that it holds, by their digests, and nothing else, so a name
//! that got past the escaping could still not run.
//!
//! `architecture` reduces resources to parts and `drawing` draws them, `changes` makes rows,
//! `summary` counts and names what is at risk, `timeline` tells how long it takes, `facts` what a kind is called. Everything is written into
//! the page, so that it can be read where scripts do not run; the script only filters and unfolds.

mod architecture;
mod changes;
mod drawing;
mod escape;
mod facts;
mod paint;
mod place;
mod summary;
mod timeline;

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::Handlebars;
use regex_lite::Regex;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::architecture::{Architecture, Mark, Region, Thing};
use self::changes::{Choices, Lister, Section};
use self::drawing::{GUTTER, Shape, body, draw, in_text};
use self::paint::{shown, signs};
use self::summary::{Risk, Tile, add, refused, risks, tile, tiles, tiles_of_migration};
use self::timeline::{Duration, Timeline};
use super::migration::{Frame as MigrationFrame, cost};
use super::plan::Frame;
use crate::address::{Address, GLOBAL};
use crate::graph::Graph;
use crate::inventory::Live;
use crate::kinds;
use crate::plan::blast::Loss;
use crate::plan::{Action, Blast, Plan};
use crate::words::{count, duration, plural};

const PAGE: &str = include_str!("../../../templates/report/page.html");
const SUMMARY: &str = include_str!("../../../templates/report/summary.html");
const ARCHITECTURE: &str = include_str!("../../../templates/report/architecture.html");
const TIMELINE: &str = include_str!("../../../templates/report/timeline.html");
const CHANGES: &str = include_str!("../../../templates/report/changes.html");
const ROW: &str = include_str!("../../../templates/report/row.html");
const PROPERTY: &str = include_str!("../../../templates/report/property.html");
const DURATION: &str = include_str!("../../../templates/report/duration.html");
/// What drawings look like, in `parts.css`, and the rest of a report; or of a picture that stands alone.
const STYLE: &str = concat!(
    include_str!("../../../templates/report/parts.css"),
    include_str!("../../../templates/report/style.css")
);
const PICTURE: &str = concat!(
    include_str!("../../../templates/report/picture.css"),
    include_str!("../../../templates/report/parts.css")
);
const SCRIPT: &str = include_str!("../../../templates/report/script.js");

/// What the report is about.
#[derive(Clone, Copy, Debug)]
pub struct Cover<'a> {
    /// The application.
    pub app: &'a str,
    /// Its environment.
    pub env: &'a str,
    /// The stage that the plan leads to.
    pub stage: &'a str,
    /// The primary region, which is drawn before others.
    pub primary: &'a str,
    /// Where it is, in words, such as an account and a region.
    pub place: &'a str,
    /// When the plan was made, in words.
    pub made: &'a str,
}

#[derive(Debug, Serialize)]
struct Page<'a> {
    title: String,
    kind: &'static str,
    heading: String,
    cover: CoverView<'a>,
    lead: String,
    tiles: Vec<Tile>,
    notes: Vec<String>,
    risks: Vec<Risk>,
    is_safe: bool,
    sides: Vec<Side>,
    has_both: bool,
    parts: Vec<PartView>,
    timeline: Option<Timeline>,
    duration: Option<Duration>,
    sections: Vec<Section>,
    choices: Choices,
    rows: usize,
    style: &'static str,
    script: &'static str,
    policy: String,
}

#[derive(Debug, Serialize)]
struct CoverView<'a> {
    app: &'a str,
    env: &'a str,
    place: &'a str,
    made: &'a str,
}

/// One side of the architecture.
#[derive(Debug, Serialize)]
struct Side {
    class: &'static str,
    title: String,
    hint: String,
    wide: String,
    narrow: String,
    in_text: String,
    /// Whether there is no second region beside the first, so that two sides fit beside each other.
    is_single: bool,
}

/// A part in the list below the drawing.
#[derive(Debug, Serialize)]
struct PartView {
    number: usize,
    title: String,
    name: String,
    region: String,
    total: usize,
    groups: Vec<GroupView>,
    has_changes: bool,
}

#[derive(Debug, Serialize)]
struct GroupView {
    id: String,
    kind: String,
    count: usize,
    marks: String,
}

/// A plan's report.
///
/// # Errors
/// When a template is not one, which a test rules out.
pub fn of_plan(
    cover: Cover<'_>,
    plan: &Plan,
    frame: &Frame<'_>,
    live: &Live,
    desired: &Graph,
) -> Result<String, String> {
    let marks: BTreeMap<&Address, Mark> = plan
        .changes
        .iter()
        .map(|change| (&change.address, changes::mark(change.action)))
        .collect();
    let mark = |address: &Address| marks.get(address).copied().unwrap_or_default();
    let before: Vec<Thing<'_>> = live
        .resources
        .values()
        .map(|one| Thing {
            address: &one.address,
            kind: &one.kind,
            tier: desired
                .get(&one.address)
                .map_or_else(|| kinds::tier(&one.kind).name(), |wanted| &*wanted.tier),
            properties: &one.properties,
            identifier: Some(&one.identifier),
            mark: mark(&one.address),
        })
        .collect();
    // With targets, what is not among them stays as it is, or stays away.
    let stays = before
        .iter()
        .filter(|thing| thing.mark != Mark::Gone && desired.get(thing.address).is_none());
    let after: Vec<Thing<'_>> = desired
        .iter()
        .filter(|wanted| {
            marks.contains_key(&wanted.address) || live.resources.contains_key(&wanted.address)
        })
        .map(|wanted| Thing {
            address: &wanted.address,
            kind: &wanted.kind,
            tier: &wanted.tier,
            properties: &wanted.properties,
            identifier: live
                .resources
                .get(&wanted.address)
                .map(|one| &*one.identifier),
            mark: mark(&wanted.address),
        })
        .chain(stays.copied())
        .collect();
    let all = Architecture::of(&before, &after, cover.primary);
    let mut lister = Lister::new(&all.part_of, frame.refusals);
    let sections = lister.by_tier(plan);
    let mut risks = risks(&Blast::of(plan), &lister);
    refused(&mut risks, frame, &lister);
    let counts = plan.counts();
    let takes = duration(plan.schedule(frame.workers).makespan as f64);
    let drifted: usize = plan
        .changes
        .iter()
        .map(|change| change.drifted().count())
        .sum();
    let mut notes: Vec<String> = frame
        .not_yet
        .iter()
        .map(|line| format!("Not yet: {line}"))
        .chain(plan.notes().map(|note| format!("Note: {note}")))
        .chain(frame.notes.iter().map(|note| format!("Note: {note}")))
        .collect();
    if drifted > 0 {
        let what = plural(drifted, "property", "properties");
        let them = if drifted == 1 { "it" } else { "them" };
        let told = format!("Drift: {what} changed outside of scalectl; apply sets {them} back");
        notes.insert(0, told);
    }
    let mut tiles = tiles([
        (Action::Create, counts.create),
        (Action::Update, counts.update),
        (Action::Replace, counts.replace),
        (Action::Delete, counts.delete),
    ]);
    tiles.push(tile(counts.unchanged.to_string(), "unchanged"));
    let page = Page {
        title: format!("Plan for {} at {}", cover.app, cover.stage),
        kind: "Plan",
        heading: format!("{} at stage {}", cover.app, cover.stage),
        lead: if plan.is_empty() {
            format!(
                "Nothing to do: {} as they should be.",
                count(plan.unchanged, "resource")
            )
        } else {
            format!(
                "{} to change, in about {takes}.",
                count(plan.changes.len(), "resource")
            )
        },
        tiles,
        notes,
        risks,
        sides: sides(&all, plan.is_empty()),
        parts: parts(&all),
        timeline: None,
        duration: timeline::of_plan(plan, frame.workers, |address, action| {
            lister.row_of(address, &[action])
        }),
        ..Page::with(cover, sections)
    };
    page.rendered()
}

/// A migration's report.
///
/// # Errors
/// When a template is not one, which a test rules out.
pub fn of_migration(cover: Cover<'_>, frame: &MigrationFrame<'_>) -> Result<String, String> {
    let migration = frame.migration;
    let nothing = Graph::default();
    let end = migration.steps.last().map_or(&nothing, |step| &step.graph);
    let replaced: HashSet<&Address> = frame
        .forecasts
        .iter()
        .flat_map(|forecast| &forecast.plan.changes)
        .filter(|change| change.action == Action::Replace)
        .map(|change| &change.address)
        .collect();
    let mark = |address: &Address| match (migration.start.get(address), end.get(address)) {
        (None, _) => Mark::New,
        (_, None) => Mark::Gone,
        _ if replaced.contains(address) => Mark::Replaced,
        (Some(a), Some(b)) if a.kind != b.kind => Mark::Replaced,
        (Some(a), Some(b)) if a.properties != b.properties => Mark::Changed,
        _ => Mark::Same,
    };
    let (before, after) = (things(&migration.start, &mark), things(end, &mark));
    let all = Architecture::of(&before, &after, cover.primary);
    let mut lister = Lister::new(&all.part_of, &[]);
    let mut sections = Vec::new();
    let mut blast = Blast::default();
    for (number, forecast) in frame.forecasts.iter().enumerate() {
        let name = &migration.steps[number].name;
        if !forecast.plan.is_empty() {
            sections.push(lister.under(
                format!("Step {}", number + 1),
                name.to_string(),
                timeline::anchor(number),
                &forecast.plan,
            ));
        }
        add(&mut blast, Blast::of(&forecast.plan));
    }
    // What the way alone needs is no loss, and what is made anew later is not destroyed.
    let stays_away =
        |one: &Loss| migration.start.get(&one.address).is_some() && end.get(&one.address).is_none();
    blast.destroyed.retain(stays_away);
    blast.destroyed.sort_by(|a, b| a.address.cmp(&b.address));
    blast.destroyed.dedup_by(|a, b| a.address == b.address);
    let about = if frame.forecasts.is_empty() {
        String::new()
    } else {
        format!(", in about {}", duration(frame.seconds()))
    };
    let mut notes: Vec<String> = frame
        .standing
        .map(|standing| standing.in_words())
        .into_iter()
        .collect();
    let over = frame.over_budget();
    if !over.is_empty() {
        let steps: Vec<String> = over.iter().map(|n| (n + 1).to_string()).collect();
        notes.push(format!(
            "More than `migration.budget` in the spec allows: step {}",
            steps.join(", ")
        ));
    }
    let page = Page {
        title: format!(
            "Migration of {} from {} to {}",
            cover.app,
            migration.from.name(),
            migration.to.name()
        ),
        kind: "Migration",
        heading: format!(
            "{} from {} to {}",
            cover.app,
            migration.from.name(),
            migration.to.name()
        ),
        lead: format!(
            "{}{about}; {}.",
            count(migration.steps.len(), "step"),
            cost(frame.total())
        ),
        tiles: tiles_of_migration(frame),
        notes,
        risks: risks(&blast, &lister),
        sides: sides(&all, false),
        parts: parts(&all),
        timeline: Some(timeline::of_migration(frame)),
        ..Page::with(cover, sections)
    };
    page.rendered()
}

/// A graph's architecture as a picture of its own, light and dark as its viewer wants it.
pub fn picture(graph: &Graph, title: &str, primary: &str) -> String {
    let after = things(graph, &|_| Mark::Same);
    let mut all = Architecture::of(&[], &after, primary);
    // Roles, alarms and the like are a list's, not a picture's.
    all.after
        .iter_mut()
        .for_each(|region| region.beside.clear());
    let (body, width, height) = body(&all, &all.after, Shape::Wide);
    // A picture is no page: what a part's link would lead to is not in it.
    let body = body.replace("<a class", "<g class").replace("</a>", "</g>");
    let links = Regex::new(r##" href="#part-\d+" data-part="\d+""##);
    let body = links.map_or_else(
        |_| body.clone(),
        |links| links.replace_all(&body, "").into_owned(),
    );
    let (title, margin) = (shown(title), 12);
    // Below the drawing, where a long title leaves room.
    let legend = [("request", "requests"), ("replication", "replication")];
    let legend: String = legend
        .iter()
        .enumerate()
        .map(|(number, (class, words))| {
            let (x, y) = (GUTTER + 110 * number, height + 16);
            format!(
                "<g class=\"{class}\"><path class=\"flow\" d=\"M{x} {y}h24\"/><path class=\"tip\" d=\"M{} {y}l-7 -4.5v9z\"/></g>\
                 <text class=\"hint\" x=\"{}\" y=\"{}\">{words}</text>\n",
                x + 30,
                x + 36,
                y + 4,
            )
        })
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\">\n\
         <title>{title}</title>\n<style>{PICTURE}</style>\n\
         <rect class=\"paper\" width=\"{w}\" height=\"{h}\"/>\n\
         <g class=\"drawing\" transform=\"translate({margin} {top})\">\n\
         <text class=\"title\" x=\"{GUTTER}\" y=\"-12\">{title}</text>\n{legend}{body}</g>\n</svg>\n",
        w = width + 2 * margin,
        h = height + margin + 40 + 24,
        top = 40,
    )
}

/// A graph's resources with what happens to each.
fn things<'a>(graph: &'a Graph, mark: &dyn Fn(&Address) -> Mark) -> Vec<Thing<'a>> {
    graph
        .iter()
        .map(|one| Thing {
            address: &one.address,
            kind: &one.kind,
            tier: &one.tier,
            properties: &one.properties,
            identifier: None,
            mark: mark(&one.address),
        })
        .collect()
}

fn sides(all: &Architecture, stays: bool) -> Vec<Side> {
    let side = |class: &'static str, title: &str, regions: &[Region]| {
        let mut marks: BTreeMap<Mark, usize> = BTreeMap::new();
        let sights = regions.iter().flat_map(|region| {
            region
                .lanes
                .iter()
                .flat_map(|(_, lane)| lane)
                .chain(&region.beside)
        });
        let mut total = 0;
        for sight in sights {
            total += sight.count;
            for (mark, count) in &sight.marks {
                *marks.entry(*mark).or_default() += count;
            }
        }
        Side {
            class,
            title: title.to_owned(),
            hint: format!("{} {}", count(total, "resource"), signs(&marks))
                .trim_end()
                .to_owned(),
            wide: draw(all, regions, Shape::Wide, &format!("{title}, drawn")),
            narrow: draw(all, regions, Shape::Narrow, &format!("{title}, drawn")),
            in_text: in_text(all, regions),
            is_single: regions.iter().filter(|one| one.name != GLOBAL).count() <= 1,
        }
    };
    match (stays, all.before.is_empty(), all.after.is_empty()) {
        (_, true, true) => Vec::new(),
        (true, ..) => vec![side("after", "As it is", &all.after)],
        (_, true, _) => vec![side("after", "After", &all.after)],
        (_, _, true) => vec![side("before", "Before", &all.before)],
        _ => vec![
            side("before", "Before", &all.before),
            side("after", "After", &all.after),
        ],
    }
}

fn parts(all: &Architecture) -> Vec<PartView> {
    all.parts
        .iter()
        .enumerate()
        .map(|(number, part)| {
            let groups: Vec<GroupView> = part
                .groups
                .iter()
                .map(|group| GroupView {
                    id: group.id.clone(),
                    kind: group.kind.clone(),
                    count: group.marks.values().sum(),
                    marks: signs(&group.marks),
                })
                .collect();
            PartView {
                number,
                title: match part.copy.as_str() {
                    "" => part.role.clone(),
                    copy => format!("{} {copy}", part.role),
                },
                name: part.name.clone(),
                region: part.region.clone(),
                total: groups.iter().map(|group| group.count).sum(),
                has_changes: groups.iter().any(|group| !group.marks.is_empty()),
                groups,
            }
        })
        .collect()
}

impl<'a> Page<'a> {
    /// A page about these changes, which says nothing else yet.
    fn with(cover: Cover<'a>, sections: Vec<Section>) -> Self {
        Self {
            title: String::new(),
            kind: "",
            heading: String::new(),
            cover: CoverView {
                app: cover.app,
                env: cover.env,
                place: cover.place,
                made: cover.made,
            },
            lead: String::new(),
            tiles: Vec::new(),
            notes: Vec::new(),
            risks: Vec::new(),
            is_safe: false,
            sides: Vec::new(),
            has_both: false,
            parts: Vec::new(),
            timeline: None,
            duration: None,
            rows: sections.iter().map(|section| section.rows.len()).sum(),
            choices: Choices::of(&sections),
            sections,
            style: STYLE,
            script: SCRIPT,
            policy: policy(),
        }
    }

    fn rendered(mut self) -> Result<String, String> {
        self.is_safe = self.risks.is_empty() && self.rows > 0;
        self.has_both = self.sides.len() == 2;
        let mut templates = Handlebars::new();
        templates.register_escape_fn(escape::escape);
        for (name, text) in [
            ("page", PAGE),
            ("summary", SUMMARY),
            ("architecture", ARCHITECTURE),
            ("timeline", TIMELINE),
            ("changes", CHANGES),
            ("row", ROW),
            ("property", PROPERTY),
            ("duration", DURATION),
        ] {
            templates
                .register_template_string(name, text)
                .map_err(|error| error.to_string())?;
        }
        // Each by itself: Handlebars looks every name up from the root of what it is given.
        for section in &mut self.sections {
            for row in &section.rows {
                let html = templates.render("row", row);
                section.html += &html.map_err(|error| error.to_string())?;
            }
        }
        templates
            .render("page", &self)
            .map_err(|error| error.to_string())
    }
}

/// What the page may load: its own style sheet and script, known by their digests.
fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}
