//! A region's network: zones as columns, subnets as rows, and the parts in them.

use std::collections::BTreeMap;

use super::{COLUMN, EDGE, ENTRY, GAP, INSET, Inside, RAIL, SLIM, Sheet, TITLE, sights};
use crate::render::report::architecture::{Diagram, Region};
use crate::render::report::paint::Rect;
use crate::render::report::place::{Spot, Vpc};

impl Sheet<'_> {
    /// A region's network; returns where it ends.
    pub(super) fn vpc(&mut self, region: &Region, vpc: &Vpc, at: Rect, outer: Rect) -> usize {
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
}
