//! The arrows of a drawing, between things that have their places.

use super::{GUTTER, Inside, NEAR, RAIL, STRIDE, Sheet};
use crate::render::report::paint::{Rect, Tip};
use crate::render::report::place::{Link, Way};

impl Sheet<'_> {
    /// Every arrow, now that everything has its place.
    pub(super) fn arrows(&mut self, links: &[Link], users: Rect, turn: usize) {
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
