//! What a conversion could not carry over, or carried over on an assumption: with the line of the other tool's file.

use std::collections::BTreeSet;

use crate::diagnostic::Location;

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is in the spec, and a person has to look at it or to do something about it.
    Check,
    /// It is not in the spec.
    Left,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What became of it.
    pub fate: Fate,
    /// Where it stands in the other tool's file.
    pub at: Location,
    /// What it is, such as `services.web.volumes`.
    pub what: String,
    /// Why it is here, as a clause.
    pub why: String,
    /// What to do instead; empty where there is nothing to do.
    pub instead: String,
}

/// The notes of one conversion.
#[derive(Default)]
pub struct Notes {
    all: Vec<Note>,
    /// Messages that are said once only.
    said: BTreeSet<String>,
}

impl Notes {
    /// Something that is not in the spec.
    pub fn left(&mut self, at: &Location, what: impl Into<String>, why: &str, instead: &str) {
        self.add(Fate::Left, at, what.into(), why, instead);
    }

    /// Something that is in the spec and has to be looked at.
    pub fn check(&mut self, at: &Location, what: impl Into<String>, why: &str, instead: &str) {
        self.add(Fate::Check, at, what.into(), why, instead);
    }

    fn add(&mut self, fate: Fate, at: &Location, what: String, why: &str, instead: &str) {
        if self.said.insert(format!("{at} {what} {why}")) {
            self.all.push(Note {
                fate,
                at: at.clone(),
                what,
                why: why.to_owned(),
                instead: instead.to_owned(),
            });
        }
    }

    /// The notes, in the order of files and lines.
    pub fn sorted(mut self) -> Vec<Note> {
        self.all
            .sort_by(|a, b| (&a.at, a.fate, &a.what).cmp(&(&b.at, b.fate, &b.what)));
        self.all
    }
}
