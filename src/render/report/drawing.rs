//! One side of the architecture as SVG, as an architect of AWS draws it.
//!
//! Users and the edge are above; below them the regions, the primary one first, each with its services and its VPC. In
//! that, zones are columns and subnets of a sort are rows, and parts stand in the subnets that they are in. Requests and
//! replication are arrows of their own sorts. The same parts are drawn twice: for a wide page with regions side by side,
//! and for a telephone with one below the other.

use std::collections::{BTreeMap, HashMap};

use super::architecture::{Architecture, Diagram, Region};
use super::facts;
use super::paint::{Painter, ROW, Rect, Tip, shown};
use super::place::{Link, Spot, Vpc, Way};
use crate::address::GLOBAL;

/// For which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Regions side by side.
    Wide,
    /// One column of 344 pixels, which is what a telephone of 360 shows.
    Narrow,
}

impl Shape {
    fn region_width(self, regions: usize) -> usize {
        match (self, regions) {
            (Self::Narrow, _) => 312,
            (Self::Wide, 0 | 1) => 588,
            (Self::Wide, _) => 512,
        }
    }

    fn side_by_side(self, regions: usize) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => regions.clamp(1, 2),
        }
    }

    /// Whether parts of the edge stand beside each other.
    fn is_wide(self) -> bool {
        self == Self::Wide
    }

    fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

/// At both sides of the sheet and between regions: room for arrows from one to another.
pub const GUTTER: usize = 16;
const PADDING: usize = 12;
const GAP: usize = 10;
/// For an arrow between two things.
const STRIDE: usize = 24;
const TITLE: usize = 26;
/// At both sides of a row of subnets, for arrows past its parts.
const RAIL: usize = 16;
/// Narrower columns name their zone by its letter.
const SLIM: usize = 112;
/// From an end of that row to its arrows.
const EDGE: usize = 6;
/// At both sides of a card in a single zone.
const INSET: usize = 10;
/// As far apart, one thing below the other is reached by a straight arrow.
const NEAR: usize = 80;
/// Narrower columns hold no database's card.
const COLUMN: usize = 136;
/// Where requests come into a region, from its right end.
const ENTRY: usize = 66;

/// A side, drawn; `name` tells what it is to those who do not see it.
pub fn draw(all: &Architecture, side: &[Region], shape: Shape, name: &str) -> String {
    let (body, width, height) = body(all, side, shape);
    format!(
        "<svg class=\"drawing {}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"group\" aria-label=\"{}\">\n{body}</svg>",
        shape.class(),
        shown(name),
    )
}

/// What is inside of the drawing, and its size.
pub fn body(all: &Architecture, side: &[Region], shape: Shape) -> (String, usize, usize) {
    let (global, regions): (Vec<&Region>, Vec<&Region>) =
        side.iter().partition(|region| region.name == GLOBAL);
    let columns = shape.side_by_side(regions.len());
    let width = shape.region_width(regions.len());
    let whole = columns * (width + GUTTER) + GUTTER;
    let mut sheet = Sheet {
        paint: Painter::new(all),
        shape,
        has_several: regions.len() > 1,
        at: HashMap::new(),
        sights: HashMap::new(),
        entries: HashMap::new(),
        rails: HashMap::new(),
    };
    let users = sheet.paint.chip("start", whole / 2, 1, "Users");
    let mut bottom = users.bottom();
    let frame = Rect {
        x: GUTTER,
        y: bottom + STRIDE,
        w: whole - 2 * GUTTER,
        h: 0,
    };
    let global = global.first().copied();
    if let Some(region) = global.filter(|region| !region.lanes.is_empty()) {
        bottom = sheet.edge(region, frame);
    }
    let links: Vec<Link> = side
        .iter()
        .flat_map(|region| region.links.clone())
        .collect();
    // Where arrows from above turn to their regions.
    let turn = bottom + STRIDE / 2;
    let mut top = bottom + STRIDE + 4;
    for row in regions.chunks(columns) {
        let mut lowest = top;
        for (column, region) in row.iter().enumerate() {
            let at = Rect {
                x: GUTTER + column * (width + GUTTER),
                y: top,
                w: width,
                h: 0,
            };
            lowest = lowest.max(sheet.region(region, at));
        }
        top = lowest + GUTTER;
        bottom = lowest;
    }
    if let Some(region) = global.filter(|region| !region.beside.is_empty()) {
        bottom = sheet.beside_all(
            region,
            Rect {
                y: bottom + GAP,
                ..frame
            },
        );
    }
    sheet.arrows(&links, users, turn);
    (sheet.paint.drawn(), whole, bottom + 2)
}

struct Sheet<'a> {
    paint: Painter<'a>,
    shape: Shape,
    /// Whether there is more than one region.
    has_several: bool,
    /// Where each part is.
    at: HashMap<usize, Rect>,
    /// The region of each part that is in one.
    sights: HashMap<usize, Inside>,
    /// By region, where requests come in.
    entries: HashMap<String, Rect>,
    /// By region and row, the left and right rail.
    rails: HashMap<(String, usize), (usize, usize)>,
}

/// Where in a region a part is.
#[derive(Clone)]
struct Inside {
    region: String,
    frame: Rect,
    row: Option<usize>,
    /// Whether it stands in one zone's column.
    is_single: bool,
    /// Below everything on the same line.
    below: usize,
    standby: Option<Rect>,
}

impl Sheet<'_> {
    /// What is nearest to users; returns where it ends.
    fn edge(&mut self, region: &Region, at: Rect) -> usize {
        let sights: Vec<&Diagram> = region.lanes.iter().flat_map(|(_, lane)| lane).collect();
        // A firewall stands before what it guards.
        let mut sights = sights;
        sights.sort_by_key(|sight| match &*self.paint.all.parts[sight.part].role {
            "Amazon Route 53" => 0,
            "AWS WAF" => 1,
            _ => 2,
        });
        let in_a_row = if self.shape.is_wide() {
            sights.len().min(3)
        } else {
            1
        };
        let gap = STRIDE;
        let width = (at.w - 2 * PADDING - (in_a_row - 1) * gap) / in_a_row.max(1);
        let width = width.min(300);
        let all = in_a_row * width + (in_a_row - 1) * gap;
        let mut y = at.y + TITLE;
        for row in sights.chunks(in_a_row) {
            let heights = row.iter().map(|sight| self.paint.height(sight, width));
            let height = heights.max().unwrap_or_default();
            for (column, sight) in row.iter().enumerate() {
                let place = Rect {
                    x: at.middle() - all / 2 + column * (width + gap),
                    y,
                    w: width,
                    h: height,
                };
                self.paint.card(sight, place, false);
                self.at.insert(sight.part, place);
            }
            y += height + gap;
        }
        let bottom = y - gap + PADDING;
        let frame = Rect {
            h: bottom - at.y,
            ..at
        };
        self.paint
            .frame("cloud", frame, "AWS edge network", "global");
        bottom
    }

    /// What is beside the way of a request, counted by tier; returns where it ends.
    fn beside_all(&mut self, region: &Region, at: Rect) -> usize {
        let bottom = self.rows(region, at.y + TITLE, at) + 6;
        let frame = Rect {
            h: bottom - at.y,
            ..at
        };
        self.paint.frame("region", frame, "Global services", "");
        bottom
    }

    fn rows(&mut self, region: &Region, mut y: usize, at: Rect) -> usize {
        for sight in &region.beside {
            let place = Rect {
                x: at.x + PADDING,
                y,
                w: at.w - 2 * PADDING,
                h: ROW,
            };
            self.paint.row(sight, place);
            y += ROW + 2;
        }
        y
    }

    /// A region; returns where it ends.
    fn region(&mut self, region: &Region, at: Rect) -> usize {
        let mut y = at.y + TITLE;
        let outside: Vec<&Diagram> = sights(region)
            .filter(|sight| sight.spot.is_none())
            .collect();
        let keeps = if region.vpc.is_some() {
            ENTRY * 2 - 20
        } else {
            0
        };
        let width = at.w - 2 * PADDING - keeps;
        let mut inside = Inside {
            region: region.name.clone(),
            frame: at,
            row: None,
            is_single: false,
            below: 0,
            standby: None,
        };
        for sight in outside {
            let place = Rect {
                x: at.x + PADDING,
                y,
                w: width,
                h: self.paint.height(sight, width),
            };
            self.paint.card(sight, place, false);
            self.at.insert(sight.part, place);
            inside.below = place.bottom();
            self.sights.insert(sight.part, inside.clone());
            y += place.h + GAP;
        }
        if let Some(vpc) = &region.vpc {
            y += 8;
            let frame = Rect {
                x: at.x + PADDING,
                y,
                w: at.w - 2 * PADDING,
                h: 0,
            };
            y = self.vpc(region, vpc, frame, at) + GAP;
        }
        y = self.rows(region, y, at);
        let bottom = y + 6;
        let frame = Rect {
            h: bottom - at.y,
            ..at
        };
        let name = match region.role {
            _ if !self.has_several => format!("Region {}", region.name),
            role if self.shape.is_wide() => format!("Region {} · {role}", region.name),
            role => format!("{} · {role}", region.name),
        };
        self.paint.frame("region", frame, &name, "");
        bottom
    }

    /// A region's network; returns where it ends.
    fn vpc(&mut self, region: &Region, vpc: &Vpc, at: Rect, outer: Rect) -> usize {
        let zones = region.zones.len().max(1);
        let gap = 8;
        let inner = Rect {
            x: at.x + 8,
            w: at.w - 16,
            ..at
        };
        let column = (inner.w - (zones - 1) * gap) / zones;
        let left = |zone: usize| inner.x + zone * (column + gap);
        // Where there is no room for whole names.
        let is_slim = column < SLIM;
        let nat = if is_slim { "NAT" } else { "NAT gateway" };
        let zones_at = at.y + TITLE + 6;
        let mut y = zones_at + 24;
        for (number, row) in vpc.rows.iter().enumerate() {
            let top = y;
            let has_nat = row.cells.iter().flatten().any(|cell| cell.has_nat);
            y += 20 + if has_nat { 15 } else { 0 };
            self.rails.insert(
                (region.name.clone(), number),
                (inner.x + EDGE, inner.right() - EDGE),
            );
            let parts: Vec<(&Diagram, Spot)> = sights(region)
                .filter_map(|sight| sight.spot.map(|spot| (sight, spot)))
                .filter(|(_, spot)| spot.row == number)
                .collect();
            y = self.parts(&parts, region, outer, inner, (column, gap), y);
            let bottom = y + 4;
            for (zone, cell) in row.cells.iter().enumerate() {
                let Some(cell) = cell else { continue };
                let place = Rect {
                    x: left(zone) + 4,
                    y: top,
                    w: column - 8,
                    h: bottom - top,
                };
                let (class, sort) = match (row.is_public, is_slim) {
                    (true, false) => ("subnet public", "Public subnet"),
                    (false, false) => ("subnet private", "Private subnet"),
                    (true, true) => ("subnet public", "Public"),
                    (false, true) => ("subnet private", "Private"),
                };
                let whole = format!("{sort} {}", cell.block);
                let fits = whole.chars().count() * 7 < place.w.saturating_sub(16);
                let name = if fits { whole.trim_end() } else { sort };
                self.paint.frame(class, place, name, "");
                if cell.has_nat {
                    self.paint.words(
                        "hint",
                        place.x + 10,
                        top + 32,
                        place.w.saturating_sub(16),
                        nat,
                    );
                }
            }
            y = bottom + GAP;
        }
        let bottom = y;
        for (zone, letter) in region.zones.iter().enumerate() {
            let place = Rect {
                x: left(zone),
                y: zones_at,
                w: column,
                h: bottom - 4 - zones_at,
            };
            let name = if is_slim {
                format!("zone {letter}")
            } else {
                format!("{}{letter}", region.name)
            };
            self.paint.frame("zone-frame", place, &name, "");
        }
        let bottom = bottom + 4;
        let frame = Rect {
            h: bottom - at.y,
            ..at
        };
        let name = format!("VPC {}", vpc.block);
        // Behind the zones, which are in it.
        self.paint.frame("vpc", frame, name.trim_end(), "");
        let mut ways = vpc.ways.clone();
        if vpc.has_gateway {
            let middle = outer.right() - ENTRY;
            let gate = self
                .paint
                .chip("gateway", middle, at.y - 9, "Internet gateway");
            self.entries.insert(region.name.clone(), gate);
            let used = name.chars().count() * 7 + 24;
            let room = gate.x.saturating_sub(at.x + used + 8);
            self.paint
                .words("hint", at.x + used, at.y + 17, room, &ways.join(" · "));
            ways.clear();
        }
        bottom
    }

    /// The parts of a row of subnets, below each other where they would overlap; returns where they end.
    fn parts(
        &mut self,
        parts: &[(&Diagram, Spot)],
        region: &Region,
        outer: Rect,
        inner: Rect,
        (column, gap): (usize, usize),
        mut y: usize,
    ) -> usize {
        let left = |zone: usize| inner.x + zone * (column + gap);
        let (single, spanning): (Vec<_>, Vec<_>) = parts.iter().partition(|(sight, spot)| {
            let is_database = self.paint.all.parts[sight.part].role.starts_with("RDS ");
            is_database && column >= COLUMN && spot.last > spot.first || spot.only.is_some()
        });
        let mut inside = Inside {
            region: region.name.clone(),
            frame: outer,
            row: parts.first().map(|(_, spot)| spot.row),
            is_single: false,
            below: 0,
            standby: None,
        };
        for (sight, spot) in &spanning {
            let x = left(spot.first) + RAIL;
            let mut sight = (*sight).clone();
            if sight.has_standby {
                sight.facts.push("standby in another zone".to_owned());
            }
            let w = left(spot.last) + column - RAIL - x;
            let place = Rect {
                x,
                y,
                w,
                h: self.paint.height(&sight, w),
            };
            self.paint.card(&sight, place, false);
            self.at.insert(sight.part, place);
            inside.below = place.bottom();
            self.sights.insert(sight.part, inside.clone());
            y += place.h + GAP;
        }
        if single.is_empty() {
            return y;
        }
        // Each in a zone of its own, as far as there are some: the writer, its standby, then the replicas.
        let width = column - 2 * INSET;
        let mut levels: Vec<BTreeMap<usize, (&Diagram, bool)>> = Vec::new();
        let mut next = 0;
        for (sight, spot) in &single {
            let zones = spot.last - spot.first + 1;
            let mut put = |zone: usize, is_standby: bool| {
                let free = levels.iter().position(|level| !level.contains_key(&zone));
                let level = free.unwrap_or_else(|| {
                    levels.push(BTreeMap::new());
                    levels.len() - 1
                });
                levels[level].insert(zone, (*sight, is_standby));
            };
            let zone = spot.only.unwrap_or(spot.first + next % zones);
            put(zone, false);
            next = zone + 1 - spot.first;
            if sight.has_standby && zones > 1 {
                put(spot.first + next % zones, true);
                next += 1;
            }
        }
        for level in levels {
            // Room for an arrow from above and one from below.
            y += RAIL - 4;
            let heights = level
                .values()
                .map(|(sight, _)| self.paint.height(sight, width));
            let height = heights.max().unwrap_or_default();
            for (zone, (sight, is_standby)) in &level {
                let place = Rect {
                    x: left(*zone) + INSET,
                    y,
                    w: width,
                    h: height,
                };
                self.paint.card(sight, place, *is_standby);
                if *is_standby {
                    if let Some(inside) = self.sights.get_mut(&sight.part) {
                        inside.standby = Some(place);
                    }
                    continue;
                }
                self.at.insert(sight.part, place);
                let inside = Inside {
                    is_single: true,
                    below: y + height + 8,
                    ..inside.clone()
                };
                self.sights.insert(sight.part, inside);
            }
            y += height + RAIL;
        }
        y
    }

    /// Every arrow, now that everything has its place.
    fn arrows(&mut self, links: &[Link], users: Rect, turn: usize) {
        let standbys: Vec<(Rect, Rect)> = self
            .sights
            .iter()
            .filter_map(|(part, inside)| Some((self.at.get(part).copied()?, inside.standby?)))
            .collect();
        let mut standbys = standbys;
        standbys.sort_by_key(|(from, _)| (from.y, from.x));
        for (from, to) in standbys {
            if to.x > from.x {
                self.paint.arrow(
                    Way::Replication,
                    &[(from.right(), from.half()), (to.x, to.half())],
                    Tip::Right,
                )
            } else {
                self.paint.arrow(
                    Way::Replication,
                    &[(from.x, from.half()), (to.right(), to.half())],
                    Tip::Left,
                )
            }
        }
        for link in links {
            let Some(to) = self.at.get(&link.to).copied() else {
                continue;
            };
            let from = match link.from {
                None => Some(users),
                Some(part) => self.at.get(&part).copied(),
            };
            let Some(from) = from else { continue };
            let inside =
                |part: Option<usize>| part.and_then(|part| self.sights.get(&part)).cloned();
            match (inside(link.from), inside(Some(link.to)), link.way) {
                (None, None, _) => self.above(link, from, to),
                (None, Some(inside), _) => self.enter(from, to, &inside, turn),
                (Some(a), Some(b), Way::Request) => {
                    let alone = |other: &&Link| other.way == link.way && other.from == link.from;
                    let is_only = links.iter().filter(alone).count() == 1;
                    if !(is_only && self.straight(from, to)) {
                        self.within(from, to, &a, &b)
                    }
                }
                (Some(a), Some(b), Way::Replication) => self.copied(from, to, &a, &b),
                (Some(_), None, _) => {}
            }
        }
    }

    /// From users to the edge, and along it.
    fn above(&mut self, link: &Link, from: Rect, to: Rect) {
        if link.from.is_some() && from.y == to.y {
            self.paint.arrow(
                Way::Request,
                &[(from.right(), from.half()), (to.x, to.half())],
                Tip::Right,
            )
        } else {
            let half = from.bottom() + STRIDE / 2;
            let corners = [
                (from.middle(), from.bottom()),
                (from.middle(), half),
                (to.middle(), half),
                (to.middle(), to.y),
            ];
            self.paint.arrow(Way::Request, &corners, Tip::Down);
        }
    }

    /// From above into a region: through the gateway of its network, or to a service beside that.
    fn enter(&mut self, from: Rect, to: Rect, inside: &Inside, turn: usize) {
        let gate = match inside.row {
            Some(_) => self.entries.get(&inside.region).copied(),
            None => None,
        };
        let x = gate.map_or(to.right().saturating_sub(24), Rect::middle);
        let mut corners = vec![(from.middle(), from.bottom()), (from.middle(), turn)];
        // A region below another is reached beside it.
        let first = inside.frame.y <= turn + STRIDE;
        if !first {
            let side = inside.frame.x - GUTTER / 2;
            let over = inside.frame.y - GUTTER / 2;
            corners.extend([(side, turn), (side, over), (x, over)]);
        } else {
            corners.push((x, turn));
        }
        match gate {
            Some(gate) => {
                corners.push((x, gate.y));
                self.paint.arrow(Way::Request, &corners, Tip::Down);
                let x = x.clamp(to.x + 8, to.right().saturating_sub(8).max(to.x + 8));
                let half = to.y.saturating_sub(8);
                let corners = [
                    (gate.middle(), gate.bottom()),
                    (gate.middle(), half),
                    (x, half),
                    (x, to.y),
                ];
                self.paint.arrow(Way::Request, &corners, Tip::Down);
            }
            None => {
                corners.push((x, to.y));
                self.paint.arrow(Way::Request, &corners, Tip::Down);
            }
        }
    }

    /// Straight down to what is near below, if it is.
    fn straight(&mut self, from: Rect, to: Rect) -> bool {
        let (left, right) = (from.x.max(to.x), from.right().min(to.right()));
        if to.y < from.bottom() || to.y - from.bottom() > NEAR || left + 2 * RAIL > right {
            return false;
        }
        let x = (left + right) / 2;
        let corners = [(x, from.bottom()), (x, to.y)];
        self.paint.arrow(Way::Request, &corners, Tip::Down);
        true
    }

    /// From one part of a region to another: past those between, on the left from a balancer, on the right to data.
    fn within(&mut self, from: Rect, to: Rect, a: &Inside, b: &Inside) {
        let (Some(row), Some(other)) = (a.row, b.row) else {
            // To a service beside the network.
            let x = a.frame.right() - 6;
            let corners = [
                (from.right(), from.half()),
                (x, from.half()),
                (x, to.half()),
                (to.right(), to.half()),
            ];
            self.paint.arrow(Way::Request, &corners, Tip::Left);
            return;
        };
        let key = (b.region.clone(), other);
        let Some((left, right)) = self.rails.get(&key).copied() else {
            return;
        };
        // What a balancer leads to is found on the left; what servers ask, on the right.
        if row == 0 && other != self.last_row(&b.region) || row == other {
            let corners = [
                (from.x, from.half()),
                (left, from.half()),
                (left, to.half()),
                (to.x, to.half()),
            ];
            self.paint.arrow(Way::Request, &corners, Tip::Right);
            return;
        }
        let over = to.y - 9;
        let mut corners = vec![(from.right(), from.half()), (right, from.half())];
        if b.is_single {
            corners.extend([(right, over), (to.middle(), over), (to.middle(), to.y)]);
            self.paint.arrow(Way::Request, &corners, Tip::Down);
        } else {
            corners.extend([(right, to.half()), (to.right(), to.half())]);
            self.paint.arrow(Way::Request, &corners, Tip::Left);
        }
    }

    fn last_row(&self, region: &str) -> usize {
        let rows = self.rails.keys().filter(|(name, _)| name == region);
        rows.map(|(_, row)| *row).max().unwrap_or_default()
    }

    /// Copies of data, from a part to another, in the same region or not.
    fn copied(&mut self, from: Rect, to: Rect, a: &Inside, b: &Inside) {
        let is_near = a.region == b.region;
        let gutter = a.frame.right() + GUTTER / 2;
        let shift = 10;
        let (mut corners, out) = match (a.is_single, is_near) {
            (true, _) => {
                let x = from.middle() + shift;
                (vec![(x, from.bottom()), (x, a.below)], a.below)
            }
            (false, true) => (vec![(from.x, from.half() + shift)], from.half() + shift),
            (false, false) => (
                vec![(from.right(), from.half() + shift)],
                from.half() + shift,
            ),
        };
        let is_beside = b.frame.x > a.frame.x;
        if !is_near {
            corners.push((gutter, out));
        }
        match b.is_single {
            true => {
                let x = to.middle() - shift;
                if !is_near {
                    corners.push((gutter, b.below));
                } else if a.below != b.below {
                    corners.push((to.x.saturating_sub(5), a.below));
                    corners.push((to.x.saturating_sub(5), b.below));
                }
                corners.extend([(x, b.below), (x, to.bottom())]);
                self.paint.arrow(Way::Replication, &corners, Tip::Up);
            }
            false if is_near || is_beside => {
                let x = if is_near {
                    from.x.min(to.x).saturating_sub(RAIL / 2 + 4)
                } else {
                    gutter
                };
                corners.extend([(x, out), (x, to.half() - shift), (to.x, to.half() - shift)]);
                self.paint.arrow(Way::Replication, &corners, Tip::Right);
            }
            false => {
                corners.extend([(gutter, to.half() - shift), (to.right(), to.half() - shift)]);
                self.paint.arrow(Way::Replication, &corners, Tip::Left);
            }
        }
    }
}

/// The drawn parts of a region, in the order of a request.
fn sights(region: &Region) -> impl Iterator<Item = &Diagram> {
    region.lanes.iter().flat_map(|(_, lane)| lane)
}

/// What a side is, for those who do not see it: its regions and drawn parts in the order of a request.
pub fn in_text(all: &Architecture, side: &[Region]) -> String {
    let mut told = Vec::new();
    for region in side {
        let parts: Vec<String> = region
            .lanes
            .iter()
            .flat_map(|(_, sights)| sights)
            .map(|sight| all.parts[sight.part].role.clone())
            .collect();
        let beside: Vec<String> = region
            .beside
            .iter()
            .map(|sight| facts::tier_title(&all.parts[sight.part].tier).to_lowercase())
            .collect();
        let what = if parts.is_empty() {
            beside.join(", ")
        } else {
            parts.join(", then ")
        };
        told.push(format!("{}: {what}", region.name));
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::report::architecture::{Mark, Thing};
    use crate::value::Map;

    fn of(kinds: &[(&str, &str, &str)]) -> Architecture {
        let owned: Vec<_> = kinds
            .iter()
            .map(|(at, kind, tier)| (at.parse().unwrap(), *kind, *tier))
            .collect();
        let empty = Map::default();
        let things: Vec<Thing<'_>> = owned
            .iter()
            .map(|(address, kind, tier)| Thing {
                address,
                kind,
                tier,
                properties: &empty,
                identifier: None,
                mark: Mark::New,
            })
            .collect();
        Architecture::of(&[], &things, "us-east-1")
    }

    #[test]
    fn a_request_passes_from_top_to_bottom() {
        let all = of(&[
            ("us-east-1/db", "AWS::RDS::DBInstance", "data"),
            (
                "us-east-1/asg",
                "AWS::AutoScaling::AutoScalingGroup",
                "compute",
            ),
            (
                "us-east-1/alb",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "network",
            ),
            ("global/zone", "AWS::Route53::HostedZone", "dns"),
        ]);
        for shape in [Shape::Wide, Shape::Narrow] {
            let svg = draw(&all, &all.after, shape, "after");
            let roles = [
                "Amazon Route 53",
                "Application Load Balancer",
                "Auto Scaling group",
                "RDS writer",
            ];
            let places: Vec<usize> = roles
                .iter()
                .map(|role| svg.find(&format!(">{role}</text>")).unwrap())
                .collect();
            assert!(places.is_sorted(), "{svg}");
            // From users, and from each to the next.
            assert_eq!(svg.matches("class=\"flow\"").count(), 4, "{svg}");
        }
        assert_eq!(
            in_text(&all, &all.after),
            "global: Amazon Route 53; us-east-1: Application Load Balancer, then Auto Scaling group, then RDS writer"
        );
    }

    #[test]
    fn what_changes_says_so_without_colour() {
        let all = of(&[("us-east-1/db", "AWS::RDS::DBInstance", "data")]);
        let svg = draw(&all, &all.after, Shape::Wide, "after");
        assert!(svg.contains(">+ new</text>"), "{svg}");
    }

    #[test]
    fn nothing_is_still_a_drawing() {
        let all = Architecture::default();
        assert!(draw(&all, &[], Shape::Narrow, "before").ends_with("</svg>"));
    }
}
