//! What became of another tool's files, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::convert::{Converted, Fate, Files};

/// What `scalectl init --from PATH --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Conversion")]
pub struct Conversion<'a> {
    /// The document type: `conversion`.
    #[schemars(extend("const" = "conversion"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The file or folder that was read.
    pub from: &'a str,
    /// The tool whose it is.
    pub tool: &'static str,
    /// The spec that was written.
    pub spec: &'a str,
    /// What was not carried over, or has to be looked at, in the order of files and lines.
    pub notes: Vec<Note<'a>>,
}

/// Something that was not carried over, or has to be looked at.
#[derive(Serialize, JsonSchema)]
pub struct Note<'a> {
    /// `left`: it is not in the spec; `check`: it is, and a person has to look at it.
    pub fate: &'static str,
    /// The other tool's file.
    pub file: &'a str,
    /// Its line, counted from 1.
    pub line: u32,
    /// The column, counted from 1.
    pub column: u32,
    /// What it is.
    pub what: &'a str,
    /// Why it is listed.
    pub why: &'a str,
    /// What to do instead; empty where there is nothing to do.
    pub instead: &'a str,
}

impl<'a> Conversion<'a> {
    /// The document of a conversion; `spec` is the file that was written.
    pub fn of(files: &'a Files, spec: &'a str, converted: &'a Converted) -> Self {
        let notes = converted.notes.iter().map(|note| Note {
            fate: match note.fate {
                Fate::Left => "left",
                Fate::Check => "check",
            },
            file: &note.at.file,
            line: note.at.line,
            column: note.at.column,
            what: &note.what,
            why: &note.why,
            instead: &note.instead,
        });
        Self {
            document: "conversion",
            format: 1,
            from: &files.main,
            tool: files.origin.name(),
            spec,
            notes: notes.collect(),
        }
    }
}
