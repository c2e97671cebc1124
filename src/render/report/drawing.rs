//! One side of the architecture as SVG: the way of a request from top to bottom.
//!
//! From the internet through names and edge into each region, there through balancers and servers to
//! the data; below, what stands beside that way, counted. The same parts are drawn twice: for a wide
//! page with regions side by side, and for a telephone in one column. Colours are the style sheet's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::architecture::{Architecture, Mark, Region, Sight};
use super::escape::escape;
use super::facts;
use crate::address::GLOBAL;

/// For which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Regions side by side, parts beside each other.
    Wide,
    /// One column of 344 pixels, which is what a telephone of 360 shows.
    Narrow,
}

impl Shape {
    fn region_width(self, regions: usize) -> usize {
        match (self, regions) {
            (Self::Narrow, _) => 344,
            (Self::Wide, 0 | 1) => 560,
            (Self::Wide, _) => 512,
        }
    }

    fn side_by_side(self) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
        }
    }

    fn parts_in_a_row(self) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

const GAP: usize = 12;
/// Inside a region, on each side.
const PADDING: usize = 14;
/// Between two lanes, so that the arrow can be seen.
const STRIDE: usize = 30;
const TITLE: usize = 34;
const CARD: usize = 52;
const ZONES: usize = 22;
const ROW: usize = 22;
const START: usize = 30;
/// How wide letters are on average in the widest of the style sheet's fonts, as a part of their size.
const EM: f64 = 0.56;

/// Where something is, in SVG's units.
#[derive(Clone, Copy)]
struct At {
    x: usize,
    y: usize,
    width: usize,
}

impl At {
    fn middle(self) -> usize {
        self.x + self.width / 2
    }
}

/// A side, drawn; `name` tells what it is to those who do not see it.
pub fn draw(all: &Architecture, side: &[Region], shape: Shape, name: &str) -> String {
    let (global, regions): (Vec<&Region>, Vec<&Region>) =
        side.iter().partition(|region| region.name == GLOBAL);
    let width = shape.region_width(regions.len());
    let columns = regions.len().clamp(1, shape.side_by_side());
    let whole = columns * width + (columns - 1) * GAP;
    let mut painter = Painter {
        all,
        shape,
        out: String::new(),
        flow: String::new(),
    };
    let middle = whole / 2;
    painter.start(middle);
    let mut bottom = START;
    for region in global {
        painter.arrow(middle, bottom, bottom + STRIDE);
        let at = At {
            x: 1,
            y: bottom + STRIDE,
            width: whole - 2,
        };
        bottom = painter.region(region, at);
    }
    for row in regions.chunks(columns) {
        let top = bottom + STRIDE;
        let mut lowest = top;
        for (column, region) in row.iter().enumerate() {
            let at = At {
                x: 1 + column * (width + GAP),
                y: top,
                width: width - 2,
            };
            painter.branch(middle, bottom, at.middle(), top);
            lowest = lowest.max(painter.region(region, at));
        }
        bottom = lowest;
    }
    format!(
        "<svg class=\"drawing {}\" viewBox=\"0 0 {whole} {height}\" width=\"{whole}\" height=\"{height}\" role=\"group\" aria-label=\"{}\">\n{}{}</svg>",
        shape.class(),
        escape(name),
        painter.flow,
        painter.out,
        height = bottom + 2,
    )
}

struct Painter<'a> {
    all: &'a Architecture,
    shape: Shape,
    out: String,
    flow: String,
}

// Writing to a String cannot fail, here and below.
impl Painter<'_> {
    fn start(&mut self, middle: usize) {
        let _ = writeln!(
            self.out,
            "<g class=\"start\"><rect x=\"{}\" y=\"1\" width=\"92\" height=\"{}\" rx=\"14\"/><text x=\"{middle}\" y=\"20\" text-anchor=\"middle\">Internet</text></g>",
            middle.saturating_sub(46),
            START - 2,
        );
    }

    fn arrow(&mut self, x: usize, from: usize, to: usize) {
        self.branch(x, from, x, to);
    }

    /// An arrow down, over a corner where it does not end below its beginning.
    fn branch(&mut self, x: usize, from: usize, to_x: usize, to: usize) {
        let half = (from + to) / 2 - 2;
        // Halves of odd widths are no corners.
        let x = if x.abs_diff(to_x) < 3 { to_x } else { x };
        let _ = writeln!(
            self.flow,
            "<path class=\"flow\" d=\"M{x} {from}V{half}H{to_x}V{}\"/><path class=\"tip\" d=\"M{} {}h9l-4.5 7z\"/>",
            to - 6,
            to_x as f64 - 4.5,
            to - 8,
        );
    }

    /// A region; returns where it ends.
    fn region(&mut self, region: &Region, at: At) -> usize {
        let inner = At {
            x: at.x + PADDING,
            y: at.y + TITLE,
            width: at.width - 2 * PADDING,
        };
        let mut y = inner.y;
        let lanes = lanes(region);
        for (number, lane) in lanes.iter().enumerate() {
            if number > 0 {
                self.arrow(inner.middle(), y, y + STRIDE);
                y += STRIDE;
            }
            y = self.lane(lane, region, At { y, ..inner });
        }
        if !lanes.is_empty() && !region.beside.is_empty() {
            y += GAP;
        }
        for sight in &region.beside {
            self.row(sight, At { y, ..inner });
            y += ROW + 2;
        }
        let bottom = y + PADDING - if region.beside.is_empty() { 0 } else { 4 };
        let zones = match region.zones.len() {
            0 => String::new(),
            1 => format!("zone {}", region.zones[0]),
            _ => format!("zones {}", region.zones.join(", ")),
        };
        let frame = format!(
            "<g class=\"region\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\"/>\
             <text class=\"name\" x=\"{}\" y=\"{y}\">{}</text>\
             <text class=\"hint\" x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text></g>\n",
            at.x,
            at.y,
            at.width,
            bottom - at.y,
            inner.x,
            fit(&region.name, inner.width * 2 / 3, 13.0),
            inner.x + inner.width,
            fit(&zones, inner.width / 2, 12.0),
            y = at.y + 22,
        );
        // Behind what stands in it, and behind the arrows.
        self.flow.insert_str(0, &frame);
        bottom
    }

    /// The parts of a lane in rows; returns where it ends.
    fn lane(&mut self, sights: &[&Sight], region: &Region, at: At) -> usize {
        let mut y = at.y;
        for row in sights.chunks(self.shape.parts_in_a_row()) {
            let width = (at.width - (row.len() - 1) * GAP) / row.len();
            let has_zones = row.iter().any(|sight| !sight.zones.is_empty());
            let height = CARD + if has_zones { ZONES } else { 0 };
            if y > at.y {
                y += GAP;
            }
            for (column, sight) in row.iter().enumerate() {
                let x = at.x + column * (width + GAP);
                self.card(sight, region, At { x, y, width }, height);
            }
            y += height;
        }
        y
    }

    fn card(&mut self, sight: &Sight, region: &Region, at: At, height: usize) {
        let part = &self.all.parts[sight.part];
        let mark = sight.mark();
        let state = in_words(mark, &sight.marks);
        let title = match part.copy.as_str() {
            "" => part.role.clone(),
            copy => format!("{} {copy}", part.role),
        };
        let facts = match sight.facts.is_empty() {
            true => part.name.clone(),
            false => sight.facts.join(" · "),
        };
        let _ = write!(
            self.out,
            "<a class=\"part {class}\" href=\"#part-{number}\" data-part=\"{number}\">\
             <title>{} ({})</title>\
             <rect class=\"card\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{height}\" rx=\"7\"/>\
             <rect class=\"edge\" x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{height}\" rx=\"2.5\"/>\
             <text class=\"role\" x=\"{tx}\" y=\"{ty}\">{}</text>\
             <text class=\"facts\" x=\"{tx}\" y=\"{fy}\">{}</text>",
            escape(&title),
            escape(&part.name),
            fit(
                &title,
                at.width.saturating_sub(30 + 8 * state.chars().count()),
                14.0
            ),
            fit(&facts, at.width - 26, 12.0),
            class = mark.word(),
            number = sight.part,
            x = at.x,
            y = at.y,
            w = at.width,
            tx = at.x + 15,
            ty = at.y + 22,
            fy = at.y + 40,
        );
        self.mark(&state, at, at.y + 22);
        if !sight.zones.is_empty() {
            self.zones(sight, region, at);
        }
        self.out.push_str("</a>\n");
    }

    /// A cell for each zone of the region, filled where the part is in it.
    fn zones(&mut self, sight: &Sight, region: &Region, at: At) {
        let room = at.width - 26;
        let cell = ((room + 4) / sight.zones.len().max(1)).clamp(6, 64) - 4;
        for (number, (is_in, name)) in sight.zones.iter().zip(&region.zones).enumerate() {
            let x = at.x + 15 + number * (cell + 4);
            let class = if *is_in { "zone in" } else { "zone out" };
            let _ = write!(
                self.out,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"{cell}\" height=\"15\" rx=\"3\"/>",
                at.y + 50,
            );
            if *is_in {
                let _ = write!(
                    self.out,
                    "<text class=\"letter\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                    x + cell / 2,
                    at.y + 61,
                    fit(name, cell, 11.0),
                );
            }
        }
    }

    /// What is not drawn singly, on one line.
    fn row(&mut self, sight: &Sight, at: At) {
        let part = &self.all.parts[sight.part];
        let changes = signs(&sight.marks);
        let room = at.width.saturating_sub(112 + 8 * changes.chars().count());
        let _ = write!(
            self.out,
            "<a class=\"part beside {class}\" href=\"#part-{number}\" data-part=\"{number}\">\
             <title>{title}: {}</title>\
             <rect class=\"card\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{ROW}\" rx=\"6\"/>\
             <text class=\"role\" x=\"{}\" y=\"{ty}\">{title}</text>\
             <text class=\"facts\" x=\"{}\" y=\"{ty}\">{}</text>",
            escape(&sight.facts.join(", ")),
            at.x + 15,
            at.x + 101,
            fit(&sight.facts.join(", "), room, 12.0),
            title = fit(&part.role, 84, 12.0),
            class = sight.mark().word(),
            number = sight.part,
            x = at.x,
            y = at.y,
            w = at.width,
            ty = at.y + 15,
        );
        self.mark(&changes, at, at.y + 15);
        self.out.push_str("</a>\n");
    }

    /// What happens, at the right end of a line.
    fn mark(&mut self, told: &str, at: At, y: usize) {
        if !told.is_empty() {
            let _ = write!(
                self.out,
                "<text class=\"mark\" x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
                at.x + at.width - 11,
                escape(told),
            );
        }
    }
}

/// The lanes that a request passes one after the other. What stands in one tier with another side by
/// side is one lane: a cache beside the data, and in a region a bucket, from which the edge takes what
/// it does not get from the balancer.
fn lanes(region: &Region) -> Vec<Vec<&Sight>> {
    let mut lanes: Vec<(&str, Vec<&Sight>)> = Vec::new();
    for (tier, sights) in &region.lanes {
        let lane = match tier.as_str() {
            "cache" => "data",
            "edge" if region.name != GLOBAL => "network",
            other => other,
        };
        match lanes.last_mut() {
            // The balancer before the bucket, which has come first.
            Some(("network", all)) if lane == "network" => {
                all.splice(0..0, sights);
            }
            Some((last, all)) if *last == lane => all.extend(sights),
            _ => lanes.push((lane, sights.iter().collect())),
        }
    }
    lanes.into_iter().map(|(_, sights)| sights).collect()
}

/// `+ new`; where several things happen, how often each.
fn in_words(mark: Mark, marks: &BTreeMap<Mark, usize>) -> String {
    match (mark, marks.len()) {
        (Mark::Same, _) => String::new(),
        (_, 0 | 1) => format!("{} {}", mark.sign(), mark.word()),
        _ => signs(marks),
    }
}

/// `+12 ~1`: how many of each; what stays is not counted.
pub fn signs(marks: &BTreeMap<Mark, usize>) -> String {
    marks
        .iter()
        .filter(|(mark, _)| **mark != Mark::Same)
        .map(|(mark, count)| format!("{}{count}", mark.sign()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text cut to a width at a font size, escaped.
fn fit(text: &str, width: usize, size: f64) -> String {
    let most = (width as f64 / (size * EM)) as usize;
    if text.chars().count() <= most {
        return escape(text);
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    escape(&format!("{}…", cut.trim_end()))
}

/// What a side is, for those who do not see it: its regions and drawn parts in the order of a request.
pub fn in_text(all: &Architecture, side: &[Region]) -> String {
    let mut told = Vec::new();
    for region in side {
        let parts: Vec<String> = region
            .lanes
            .iter()
            .flat_map(|(_, sights)| sights)
            .map(|sight| all.parts[sight.part].role.to_lowercase())
            .collect();
        let beside: Vec<String> = region
            .beside
            .iter()
            .map(|sight| facts::tier_title(&all.parts[sight.part].tier).to_lowercase())
            .collect();
        let what = match parts.is_empty() {
            true => beside.join(", "),
            false => parts.join(", then "),
        };
        told.push(format!("{}: {what}", region.name));
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::report::architecture::Thing;
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
            let places: Vec<usize> = ["DNS zone", "Load balancer", "Fleet", "Database"]
                .iter()
                .map(|role| svg.find(&format!(">{role}</text>")).unwrap())
                .collect();
            assert!(places.is_sorted(), "{svg}");
            assert_eq!(svg.matches("class=\"flow\"").count(), 4, "{svg}");
        }
        assert_eq!(
            in_text(&all, &all.after),
            "global: dns zone; us-east-1: load balancer, then fleet, then database"
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
