//! Talking to the person: printing, asking, failing.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstream::ColorChoice;
use console::Term;
use indicatif::MultiProgress;

use super::Failure;
use crate::apply::Stop;
use crate::render::diagnostics;
use crate::render::escape::{visible_but_colours, visible_json};
use crate::render::style::{GONE, NOTICE, Painted, STRONG};
use crate::render::wrap::wrap;

/// Decides about colours once and for all: none when told so, when `NO_COLOR` is set
/// (<https://no-color.org>) or when the output is no terminal.
pub fn set_colors(off: bool) {
    if off {
        ColorChoice::Never.write_global();
    }
}

/// What became of output that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nobody reads any more.
    Closed,
    /// Where it failed and why, such as a full disk.
    Failed(String),
}

/// The first output that was lost.
static LOST: Mutex<Option<Lost>> = Mutex::new(None);

/// The output that was lost, if any; `exit` makes an exit code of it.
pub fn lost() -> Option<Lost> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Remembers that output to `place` could not be written.
pub fn lose(place: &str, error: &io::Error) {
    let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    let is_closed = error.kind() == io::ErrorKind::BrokenPipe;
    // A reader that has seen enough is no failure, and hides none.
    if lost.is_none() || (*lost == Some(Lost::Closed) && !is_closed) {
        *lost = Some(if is_closed {
            Lost::Closed
        } else {
            Lost::Failed(format!("{place} could not be written completely: {error}"))
        });
    }
}

/// Columns that text takes where there is no terminal, or one that does not say how wide it is.
const COLUMNS: usize = 98;
/// Narrower terminals get lines of this width: less than that no table fits.
const NARROWEST: usize = 40;
/// Lines of a screen that does not say how many it has.
const LINES: usize = 24;

/// The lines and columns of a terminal, where there is one that says so.
fn size(term: &Term) -> Option<(usize, usize)> {
    let (lines, columns) = term.size_checked()?;
    (columns > 0).then(|| (usize::from(lines), usize::from(columns).max(NARROWEST)))
}

/// How many columns a person sees.
pub fn columns() -> usize {
    size(&Term::stdout()).map_or(COLUMNS, |(_, columns)| columns)
}

/// How many columns prose takes: longer lines are hard to read.
pub fn prose() -> usize {
    columns().min(COLUMNS)
}

/// How many lines a person sees at a time.
pub fn lines() -> usize {
    size(&Term::stdout()).map_or(LINES, |(lines, _)| lines)
}

/// The rows of a run that are drawn at the terminal's end, while there are some.
static ROWS: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// Lets text stand above these rows from now on.
pub fn above(rows: Option<MultiProgress>) {
    *ROWS.lock().unwrap_or_else(PoisonError::into_inner) = rows;
}

/// Writes while no row is in the way: text between them would move the lines that they are drawn on.
fn without_rows<T>(write: impl FnOnce() -> T) -> T {
    let rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match rows {
        Some(rows) => rows.suspend(write),
        None => write(),
    }
}

/// Prints to standard output, on a terminal with lines broken between words.
pub fn print(text: &str) {
    match size(&Term::stdout()) {
        Some((_, columns)) => print_whole(&wrap(&visible_but_colours(text), columns)),
        None => print_whole(text),
    }
}

/// Prints what programs read too, each line whole: to standard output, colours being the only escape sequences. Once that
/// fails nothing more is printed, and the work goes on: what is begun in the cloud has to come to its end.
pub fn print_whole(text: &str) {
    static FAILED: AtomicBool = AtomicBool::new(false);
    if FAILED.load(Ordering::Relaxed) {
        return;
    }
    let text = visible_but_colours(text);
    let written = without_rows(|| {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    if let Err(error) = written {
        FAILED.store(true, Ordering::Relaxed);
        lose("standard output", &error);
    }
}

/// Prints JSON for programs.
pub fn print_json(json: &impl serde::Serialize) {
    // Our own values have text as keys and nothing else that JSON does not know.
    let text = serde_json::to_string_pretty(json).unwrap_or_default();
    print_whole(&visible_json(&(text + "\n")));
}

/// Prints JSON for programs on one line.
pub fn print_json_line(json: &impl serde::Serialize) {
    let text = serde_json::to_string(json).unwrap_or_default();
    print_whole(&visible_json(&(text + "\n")));
}

/// Prints to standard error, where notes and progress belong.
pub fn note(text: &str) {
    let text = visible_but_colours(text);
    let text = match size(&Term::stderr()) {
        Some((_, columns)) => wrap(&text, columns),
        None => text,
    };
    // Nothing can be done about a standard error that is closed.
    let _ = without_rows(|| anstream::stderr().lock().write_all(text.as_bytes()));
}

/// Tells why a command failed.
pub fn fail(failure: &Failure) {
    match failure {
        Failure::Diagnostics(found) => note(&diagnostics::render(found)),
        Failure::Message { what, help, .. } => {
            note(&format!("{} {what}\n", Painted(GONE, "error:")));
            if let Some(help) = help {
                note(&format!("  {} {help}\n", Painted(NOTICE, "help:")));
            }
        }
        Failure::Told(_) => {}
    }
}

/// The end of a long identifier, where its own name is.
pub fn last_part(identifier: &str) -> &str {
    match identifier.strip_prefix("arn:") {
        Some(arn) => arn.splitn(5, ':').last().unwrap_or(arn),
        None => identifier,
    }
}

/// Whether a person sits at both ends.
fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Fails where nobody can be asked; `help` says what makes the question unnecessary. Nobody can answer for what could not be
/// shown either.
pub fn needs_terminal(help: &str) -> Result<(), Failure> {
    match is_interactive() {
        true if lost().is_some() => Err(Failure::with_help(
            "the changes to confirm could not be printed; nothing was changed",
            help,
        )),
        true => Ok(()),
        false => Err(Failure::with_help(
            "confirmation needs a terminal; nothing was changed",
            help,
        )),
    }
}

/// The same within a session, where an interrupt asks to stop instead of ending the process: then
/// the answer is no.
pub async fn confirm_unless(stop: &Stop, question: &str, expected: &str) -> bool {
    answer_unless(stop, question).await.as_deref() == Some(expected)
}

/// What is answered within a session; none for an interrupt, or when nothing can be read.
pub async fn answer_unless(stop: &Stop, question: &str) -> Option<String> {
    let question = question.to_owned();
    let (tell, told) = tokio::sync::oneshot::channel();
    // A thread of its own, because nothing can call back a read from a terminal. When nobody waits
    // for the answer any more, the process is about to end, and the thread with it.
    std::thread::spawn(move || {
        let _ = tell.send(answer(&question));
    });
    tokio::select! {
        answer = told => answer.ok().flatten(),
        () = stop.asked() => None,
    }
}

/// Asks until the end of the line, and says whether the answer is `expected`.
pub fn confirm(question: &str, expected: &str) -> bool {
    answer(question).as_deref() == Some(expected)
}

fn answer(question: &str) -> Option<String> {
    note(&format!("{} ", Painted(STRONG, question)));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}
