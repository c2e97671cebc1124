//! What became of another tool's files, for people.

use super::style::{NEW, NOTICE, Painted};
use crate::convert::{Converted, Fate, Files, Note};

/// The notes of a conversion, and what to do next; `spec` is the file that was written.
pub fn text(files: &Files, spec: &str, converted: &Converted) -> String {
    let mut out = format!(
        "{} {spec}, from {} ({})\n",
        Painted(NEW, "Wrote"),
        files.main,
        files.origin.name()
    );
    for (fate, title) in [
        (Fate::Left, "Not carried over"),
        (Fate::Check, "To look at"),
    ] {
        let notes: Vec<&Note> = converted
            .notes
            .iter()
            .filter(|note| note.fate == fate)
            .collect();
        if notes.is_empty() {
            continue;
        }
        out.push_str(&format!(
            "\n{} ({}):\n",
            Painted(NOTICE, title),
            notes.len()
        ));
        for note in notes {
            let at = &note.at;
            out.push_str(&format!(
                "  {}:{}  {}\n    {}\n",
                at.file, at.line, note.what, note.why
            ));
            if !note.instead.is_empty() {
                out.push_str(&format!("    -> {}\n", note.instead));
            }
        }
    }
    out.push_str("\nNext:\n  scalectl plan     show what it would create\n  scalectl apply    create it, on the simulator\n");
    out
}
