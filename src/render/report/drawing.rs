//! One side of the architecture as SVG, as an architect of AWS draws it.
//!
//! Users and the edge are above; below them the regions, the primary one first, each with its services and its VPC. In
//! that, zones are columns and subnets of a sort are rows, and parts stand in the subnets that they are in (`network`). Requests and
//! replication are arrows of their own sorts (`arrows`). The same parts are drawn twice: for a wide page with regions side by side,
//! and for a telephone with one below the other.

mod arrows;
mod network;

use std::collections::HashMap;

use super::architecture::{Architecture, Diagram, Region};
use super::facts;
use super::paint::{Painter, ROW, Rect, shown};
use super::place::Link;
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
