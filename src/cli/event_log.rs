//! What a run says, a JSON object a line: to its journal, to a file of the user's, to standard output.

use std::fs::File;
use std::path::Path;

use super::project::Project;
use super::{Failure, ui};
use crate::apply::journal::{Entry, Journal};
use crate::plan::Counts;

/// The file or pipe that `--json-into` names, opened before anything is changed.
///
/// # Errors
/// When it cannot be written.
pub fn open_into(path: Option<&Path>) -> Result<Option<File>, Failure> {
    let Some(path) = path else { return Ok(None) };
    match File::create(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) => Err(Failure::with_help(
            format!(
                "{} cannot be written: {error}; nothing was changed",
                path.display()
            ),
            "`--json-into` accepts a file, a pipe, or an open file descriptor such as /dev/fd/3",
        )),
    }
}

/// Where a run's entries go. Whatever cannot be written is told once and stops nothing: what was done
/// is in the cloud.
pub struct Lines<'a> {
    journal: Option<Journal<File>>,
    into: Option<Journal<&'a File>>,
    out: bool,
}

impl<'a> Lines<'a> {
    /// Lines that go nowhere: a dry run is no run.
    pub fn nowhere() -> Self {
        Self {
            journal: None,
            into: None,
            out: false,
        }
    }

    /// Begins a run: its journal, and the first entry everywhere. `out` is for `--json`.
    ///
    /// # Errors
    /// When there can be no journal.
    pub fn begin(
        project: &Project,
        planned: Counts,
        command: &str,
        into: Option<&'a File>,
        out: bool,
    ) -> Result<Self, Failure> {
        let folder = project.local().join("runs");
        let (id, first) = first(project, planned, command);
        let path = folder.join(format!("{id}.jsonl"));
        let failed = |error: std::io::Error| {
            Failure::new(format!(
                "the run's journal {} cannot be written: {error}",
                path.display()
            ))
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let file = File::create_new(&path).map_err(failed)?;
        let mut journal = Journal::new(file);
        journal.write(&first).map_err(failed)?;
        let mut lines = Self {
            journal: Some(journal),
            into: into.map(Journal::new),
            out,
        };
        lines.tell(&first);
        Ok(lines)
    }

    /// Writes an entry everywhere, at once.
    pub fn write(&mut self, entry: &Entry) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.write(entry)
        {
            self.journal = None;
            ui::lose("the run's journal", &error);
        }
        self.tell(entry);
    }

    /// Writes an entry that the journal needs not hold, because others of it say the same.
    pub fn tell(&mut self, entry: &Entry) {
        tell_into(&mut self.into, entry);
        if self.out {
            ui::print_json_line(entry);
        }
    }
}

/// The first entry of a run that begins now, and its id.
fn first(project: &Project, planned: Counts, command: &str) -> (String, Entry) {
    let began = jiff::Timestamp::now();
    let id = format!("{}-{}", began.strftime("%Y%m%dT%H%M%S%.3fZ"), command);
    let entry = Entry::Run {
        id: id.clone(),
        command: command.to_owned(),
        app: project.spec.app.clone(),
        env: project.spec.env.clone(),
        provider: project.provider().to_owned(),
        stage: project.spec.stage.name().to_owned(),
        began: began.to_string(),
        planned,
    };
    (id, entry)
}

/// Reports a run that has nothing to do, which leaves no journal: a program that waits for its end gets it.
pub fn nothing(project: &Project, unchanged: usize, command: &str, into: Option<&File>, out: bool) {
    let planned = Counts {
        unchanged,
        ..Counts::default()
    };
    let end = Entry::End {
        seconds: 0.0,
        done: 0,
        failed: 0,
        left: 0,
    };
    let report = Entry::Report {
        complete: true,
        seconds: 0.0,
        operations: Vec::new(),
    };
    for entry in [first(project, planned, command).1, end, report] {
        tell(into, out, &entry);
    }
}

/// Writes an entry outside of a run, to the user's file and, for `--json`, to standard output.
pub fn tell(into: Option<&File>, out: bool, entry: &Entry) {
    tell_into(&mut into.map(Journal::new), entry);
    if out {
        ui::print_json_line(entry);
    }
}

fn tell_into(into: &mut Option<Journal<&File>>, entry: &Entry) {
    if let Some(file) = into
        && let Err(error) = file.write(entry)
    {
        *into = None;
        ui::lose("the file of `--json-into`", &error);
    }
}
