//! The pieces of a drawing as SVG: frames, cards, arrows, words that fit. Colours are the style sheet's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::architecture::{Architecture, Diagram, Mark};
use super::escape::escape;
use super::place::Way;
use crate::render::escape::visible;

/// How wide letters are on average in the widest of the style sheet's fonts, as a part of their size.
const EM: f64 = 0.56;
/// A line that is not drawn singly.
pub const ROW: usize = 22;
/// Lines of facts on a card at most.
const FACTS: usize = 2;

/// Where something is, in SVG's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// From the left.
    pub x: usize,
    /// From the top.
    pub y: usize,
    /// How wide.
    pub w: usize,
    /// How high.
    pub h: usize,
}

impl Rect {
    /// The middle from the left.
    pub fn middle(self) -> usize {
        self.x + self.w / 2
    }

    /// The middle from the top.
    pub fn half(self) -> usize {
        self.y + self.h / 2
    }

    /// Where it ends on the right.
    pub fn right(self) -> usize {
        self.x + self.w
    }

    /// Where it ends.
    pub fn bottom(self) -> usize {
        self.y + self.h
    }
}

/// Which way an arrow looks at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip {
    /// Down.
    Down,
    /// Up.
    Up,
    /// To the left.
    Left,
    /// To the right.
    Right,
}

/// What is drawn so far: frames behind arrows behind cards.
pub struct Painter<'a> {
    /// What the parts are.
    pub all: &'a Architecture,
    frames: String,
    flow: String,
    cards: String,
}

// Writing to a String cannot fail, here and below.
impl<'a> Painter<'a> {
    /// An empty sheet.
    pub fn new(all: &'a Architecture) -> Self {
        Self {
            all,
            frames: String::new(),
            flow: String::new(),
            cards: String::new(),
        }
    }

    /// Everything, in the order in which one hides the other.
    pub fn drawn(self) -> String {
        self.frames + &self.flow + &self.cards
    }

    /// A frame with its name, and a hint at its right end.
    pub fn frame(&mut self, class: &str, at: Rect, name: &str, hint: &str) {
        let letters = |text: &str| (text.chars().count() as f64 * 12.0 * EM) as usize;
        let room = at.w.saturating_sub(20);
        let hint = if letters(name) + letters(hint) + 16 > room {
            ""
        } else {
            hint
        };
        let mut frame = String::new();
        let _ = writeln!(
            frame,
            "<g class=\"{class}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\
             <text class=\"name\" x=\"{}\" y=\"{y}\">{}</text>\
             <text class=\"hint\" x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text></g>",
            at.x,
            at.y,
            at.w,
            at.h,
            at.x + 10,
            fit(name, room, 12.0),
            at.right() - 10,
            shown(hint),
            y = at.y + 17,
        );
        // What is in a frame is drawn before it, and has to hide it.
        self.frames.insert_str(0, &frame);
    }

    /// Words behind the arrows.
    pub fn words(&mut self, class: &str, x: usize, y: usize, width: usize, text: &str) {
        let text = fit(text, width, 11.0);
        let _ = writeln!(
            self.frames,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"
        );
    }

    /// A small thing that is no part, such as a gateway; its middle is given.
    pub fn chip(&mut self, class: &str, middle: usize, y: usize, text: &str) -> Rect {
        let w = (text.chars().count() as f64 * 11.0 * (EM + 0.04)) as usize + 18;
        let at = Rect {
            x: middle.saturating_sub(w / 2),
            y,
            w,
            h: 18,
        };
        let _ = writeln!(
            self.cards,
            "<g class=\"{class}\"><rect x=\"{}\" y=\"{y}\" width=\"{w}\" height=\"18\" rx=\"9\"/>\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>",
            at.x,
            y + 13,
            shown(text)
        );
        at
    }

    /// An arrow over these corners.
    pub fn arrow(&mut self, way: Way, corners: &[(usize, usize)], tip: Tip) {
        let (Some((first, rest)), Some(last)) = (corners.split_first(), corners.last()) else {
            return;
        };
        let mut path = format!("M{} {}", first.0, first.1);
        for (x, y) in rest {
            let _ = write!(path, "L{x} {y}");
        }
        let (x, y) = last;
        let head = match tip {
            Tip::Down => format!("M{x} {y}l-4.5 -7h9z"),
            Tip::Up => format!("M{x} {y}l-4.5 7h9z"),
            Tip::Left => format!("M{x} {y}l7 -4.5v9z"),
            Tip::Right => format!("M{x} {y}l-7 -4.5v9z"),
        };
        let class = match way {
            Way::Request => "request",
            Way::Replication => "replication",
        };
        let _ = writeln!(
            self.flow,
            "<g class=\"{class}\"><path class=\"flow\" d=\"{path}\"/><path class=\"tip\" d=\"{head}\"/></g>"
        );
    }

    /// How high a card of this width is.
    pub fn height(&self, sight: &Diagram, width: usize) -> usize {
        30 + 15 * self.facts(sight, width).len().max(1)
    }

    fn facts(&self, sight: &Diagram, width: usize) -> Vec<String> {
        let name = &self.all.parts[sight.part].name;
        let facts = if sight.facts.is_empty() {
            std::slice::from_ref(name)
        } else {
            &sight.facts
        };
        in_lines(facts, width.saturating_sub(24))
    }

    /// A part; a standby is another's, drawn where it takes over.
    pub fn card(&mut self, sight: &Diagram, at: Rect, is_standby: bool) {
        let part = &self.all.parts[sight.part];
        let mark = sight.mark();
        let title = match (is_standby, part.copy.as_str()) {
            (true, _) => "RDS standby".to_owned(),
            (_, "") => part.role.clone(),
            (_, copy) => format!("{} {copy}", part.role),
        };
        let states = if is_standby {
            vec![String::new()]
        } else {
            states(mark, &sight.marks)
        };
        let room = |state: &str| {
            let state = state.chars().count();
            at.w.saturating_sub(20 + 8 * state + if state > 0 { 6 } else { 0 })
        };
        // The longest pair that fits; what happens is told first of all.
        let titles = [
            title.clone(),
            title.replace("RDS read", "Read"),
            title.replace("RDS read replica", "Replica"),
            title.replace("Amazon ", ""),
        ];
        let pairs = titles.iter().flat_map(|title| {
            let states = states.iter();
            states.map(move |state| (title.as_str(), state.as_str()))
        });
        let short = states.last().map_or("", |state| state);
        let (title, state) = pairs
            .filter(|(title, state)| span(title) <= room(state))
            .max_by_key(|(title, state)| (title.len(), state.len()))
            .unwrap_or((&title, short));
        let facts = if is_standby {
            vec!["takes over".to_owned()]
        } else {
            self.facts(sight, at.w)
        };
        let class = if is_standby { " standby" } else { "" };
        let _ = write!(
            self.cards,
            "<a class=\"part {mark}{class}\" href=\"#part-{number}\" data-part=\"{number}\">\
             <title>{} ({})</title>\
             <rect class=\"card\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"6\"/>\
             <rect class=\"edge\" x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{h}\" rx=\"2.5\"/>\
             <text class=\"role\" x=\"{tx}\" y=\"{ty}\">{}</text>",
            shown(title),
            shown(&part.name),
            shown(&cut(title, room(state))),
            mark = mark.word(),
            number = sight.part,
            x = at.x,
            y = at.y,
            w = at.w,
            h = at.h,
            tx = at.x + 13,
            ty = at.y + 19,
        );
        for (line, fact) in facts.iter().enumerate() {
            let _ = write!(
                self.cards,
                "<text class=\"facts\" x=\"{}\" y=\"{}\">{}</text>",
                at.x + 13,
                at.y + 35 + 15 * line,
                fit(fact, at.w.saturating_sub(20), 12.0),
            );
        }
        if !is_standby {
            self.mark(state, at, at.y + 19);
        }
        self.cards.push_str("</a>\n");
    }

    /// What is not drawn singly, on one line.
    pub fn row(&mut self, sight: &Diagram, at: Rect) {
        let part = &self.all.parts[sight.part];
        let changes = signs(&sight.marks);
        let room = at.w.saturating_sub(112 + 8 * changes.chars().count());
        let _ = write!(
            self.cards,
            "<a class=\"part beside {class}\" href=\"#part-{number}\" data-part=\"{number}\">\
             <title>{title}: {}</title>\
             <rect class=\"card\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{ROW}\" rx=\"6\"/>\
             <text class=\"role\" x=\"{}\" y=\"{ty}\">{title}</text>\
             <text class=\"facts\" x=\"{}\" y=\"{ty}\">{}</text>",
            shown(&sight.facts.join(", ")),
            at.x + 15,
            at.x + 101,
            fit(&sight.facts.join(", "), room, 12.0),
            title = fit(&part.role, 84, 12.0),
            class = sight.mark().word(),
            number = sight.part,
            x = at.x,
            y = at.y,
            w = at.w,
            ty = at.y + 15,
        );
        self.mark(&changes, at, at.y + 15);
        self.cards.push_str("</a>\n");
    }

    /// What happens, at the right end of a line.
    fn mark(&mut self, told: &str, at: Rect, y: usize) {
        if !told.is_empty() {
            let _ = write!(
                self.cards,
                "<text class=\"mark\" x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
                at.x + at.w - 11,
                shown(told),
            );
        }
    }
}

/// Text on one line, as SVG has it.
pub fn shown(text: &str) -> String {
    escape(&visible(text))
}

/// Facts side by side as far as they fit, on some lines; the last is cut by whoever draws it.
fn in_lines(facts: &[String], width: usize) -> Vec<String> {
    let most = (width as f64 / (12.0 * EM)) as usize;
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        let lines_so_far = lines.len();
        match lines.last_mut() {
            Some(line)
                if lines_so_far == FACTS
                    || line.chars().count() + 3 + fact.chars().count() <= most =>
            {
                line.push_str(" · ");
                line.push_str(fact);
            }
            _ => lines.push(fact.clone()),
        }
    }
    lines
}

/// What happens to a part, in words and ever shorter.
fn states(mark: Mark, marks: &BTreeMap<Mark, usize>) -> Vec<String> {
    match (mark, marks.len()) {
        (Mark::Same, _) => vec![String::new()],
        (_, 0 | 1) => vec![
            format!("{} {}", mark.sign(), mark.word()),
            mark.sign().to_owned(),
        ],
        _ => vec![signs(marks)],
    }
}

/// How wide a bold text of 13 pixels is in the widest of the style sheet's fonts, DejaVu Sans.
fn span(text: &str) -> usize {
    let letter = |c: char| match c {
        'i' | 'j' | 'l' | ' ' | '.' | '·' => 4.6,
        'f' | 'r' | 't' | 'I' => 6.5,
        'm' | 'w' | 'M' | 'W' => 13.2,
        'A'..='Z' => 10.2,
        _ => 9.0,
    };
    text.chars().map(letter).sum::<f64>() as usize
}

/// The same cut to a width.
fn cut(text: &str, width: usize) -> String {
    if span(text) <= width {
        return text.to_owned();
    }
    let mut cut = text.to_owned();
    while !cut.is_empty() && span(&cut) + span("…") > width {
        cut.pop();
    }
    format!("{}…", cut.trim_end())
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
pub fn fit(text: &str, width: usize, size: f64) -> String {
    let most = (width as f64 / (size * EM)) as usize;
    if text.chars().count() <= most {
        return shown(text);
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    shown(&format!("{}…", cut.trim_end()))
}
