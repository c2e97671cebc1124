//! A run as it goes: lines when piped; on a terminal live rows with elapsed and remaining time.
//!
//! On a terminal what is done is folded: a line per tier and sort of change, once all of it is done.
//! The rows are a part of the screen that is written anew; whatever ends a run, they are cleared.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{frames, ui};
use crate::apply::{End, Event};
use crate::plan::operations::Part;
use crate::plan::{Plan, Step};
use crate::provider::Clock;
use crate::render::diagram::tier_rank;
use crate::render::escape::{cut, visible};
use crate::render::{
    style::CHANGED, style::FAINT, style::GONE, style::NEW, style::NOTICE, style::Painted,
    style::STRONG,
};
use crate::words::duration;

/// How a run is shown.
#[derive(Clone, Copy)]
pub struct Show {
    /// Programs read the run's lines, and nothing else is printed.
    pub json: bool,
    /// Every operation and every retry has a line.
    pub verbose: bool,
    /// Maximum number of concurrent operations.
    pub workers: Option<usize>,
}

/// What is shown of a run.
pub struct Progress<'a> {
    clock: &'a dyn Clock,
    show: Show,
    screen: Option<Screen>,
    run: Option<Run>,
    wait: Option<Wait>,
}

/// The plan that is executed.
struct Run {
    began: u64,
    predicted: u64,
    typical: Vec<u64>,
    begun: bool,
    done: usize,
    running: BTreeMap<usize, (String, u64)>,
    folds: BTreeMap<Sort, Fold>,
    /// The fold of each operation; none for the second part of a write, which counts with the first.
    fold_of: Vec<Option<Sort>>,
}

/// What is folded into one line: a tier, and what happens to its resources.
type Sort = (usize, String, u8);

/// How far a fold is.
struct Fold {
    step: Step,
    total: usize,
    ended: usize,
    done: usize,
    since: Option<u64>,
}

/// Something that is waited for outside of a plan, such as a gate or a script.
struct Wait {
    what: String,
    since: u64,
}

/// The rows at the terminal's end.
struct Screen {
    all: MultiProgress,
    total: ProgressBar,
    slots: Vec<ProgressBar>,
    columns: usize,
}

/// Identifiers up to this width stand on a resource's line.
const WIDEST: usize = 60;
/// As many running operations have a row of their own; the rest is counted.
const MOST_ROWS: usize = 12;
/// How often rows are written anew, in the cloud's time.
const TICK: Duration = Duration::from_secs(1);
const ROW: &str = "  {spinner} {msg}";
const LAST: &str = "{msg}";

impl<'a> Progress<'a> {
    /// A run that has not begun.
    pub fn new(show: Show, clock: &'a dyn Clock) -> Self {
        let is_live =
            !show.json && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Self {
            screen: is_live.then(Screen::new),
            ..Self::without_rows(show, clock)
        }
    }

    /// The same in lines, on a terminal too.
    pub fn without_rows(show: Show, clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            show,
            screen: None,
            run: None,
            wait: None,
        }
    }

    /// Whether there are rows.
    pub fn is_live(&self) -> bool {
        self.screen.is_some()
    }

    /// Begins a plan.
    pub fn begin(&mut self, plan: &Plan) {
        let mut folds = BTreeMap::new();
        let mut fold_of = Vec::new();
        for operation in &plan.operations {
            let tier = &*plan.changes[operation.change].tier;
            let sort = (tier_rank(tier), tier.to_owned(), rank(operation.step));
            let counts = !matches!(operation.part, Part::Then { .. });
            if counts {
                let fold = folds.entry(sort.clone()).or_insert(Fold {
                    step: operation.step,
                    total: 0,
                    ended: 0,
                    done: 0,
                    since: None,
                });
                fold.total += 1;
            }
            fold_of.push(counts.then_some(sort));
        }
        self.run = Some(Run {
            began: self.clock.now(),
            predicted: plan.schedule(self.show.workers).makespan,
            typical: plan.operations.iter().map(|one| one.seconds).collect(),
            begun: false,
            done: 0,
            running: BTreeMap::new(),
            folds,
            fold_of,
        });
        self.refresh();
    }

    /// Shows what is waited for, in words, and since when by the cloud's clock.
    pub fn wait(&mut self, what: String, since: u64) {
        self.wait = Some(Wait { what, since });
        self.refresh();
    }

    /// Shows that nothing is waited for any more.
    pub fn waited(&mut self) {
        self.wait = None;
        self.refresh();
    }

    /// Shows what happened to an operation.
    pub fn event(&mut self, event: &Event) {
        // Programs are told by the run's lines.
        if self.show.json {
            return;
        }
        match event {
            Event::Started {
                operation,
                address,
                step,
            } => {
                let now = self.clock.now();
                if let Some(run) = &mut self.run {
                    run.begun = true;
                    let what = format!("{} {address}", verb(*step).1);
                    run.running.insert(*operation, (what, now));
                    if let Some(fold) = run.fold(*operation) {
                        fold.since.get_or_insert(now);
                    }
                }
            }
            Event::Waiting { .. } => {}
            Event::Note { address, note, .. } => {
                self.say(&format!("  {} {address}: {note}", Painted(NOTICE, "note")));
            }
            Event::Retrying {
                address,
                attempt,
                error,
                ..
            } => {
                if self.show.verbose {
                    self.say(&format!(
                        "    {} {address}: {error}",
                        Painted(FAINT, format!("attempt {attempt}"))
                    ));
                }
            }
            Event::Finished { .. } => self.finished(event),
        }
        self.refresh();
    }

    fn finished(&mut self, event: &Event) {
        let Event::Finished {
            operation,
            address,
            step,
            end,
            seconds,
        } = event
        else {
            return;
        };
        let folds = self.is_live() && !self.show.verbose;
        let now = self.clock.now();
        let mut folded = None;
        if let Some(run) = &mut self.run {
            run.done += 1;
            run.running.remove(operation);
            if let Some(sort) = run.fold_of.get(*operation).cloned().flatten()
                && let Some(fold) = run.folds.get_mut(&sort)
            {
                fold.ended += 1;
                fold.done += usize::from(matches!(end, End::Done { .. }));
                folded = (fold.ended == fold.total).then(|| fold.line(&sort.1, now));
            }
        }
        let (sign, _, past) = verb(*step);
        let time = Painted(FAINT, duration(*seconds));
        match end {
            End::Done { .. } if folds => {}
            End::Done { identifier, .. } => {
                let id = identifier.as_deref().map(ui::last_part);
                let id = id.filter(|id| !id.is_empty() && id.len() <= WIDEST);
                let id = id.map(|id| format!(" {id}")).unwrap_or_default();
                self.say(&format!(
                    "  {} {address} {past}{id}  {time}",
                    Painted(style(*step), sign)
                ));
            }
            End::Failed { error } => {
                self.say(&format!(
                    "  {} {address}: {error}  {time}",
                    Painted(GONE, "failed")
                ));
            }
            End::Blocked { by } if self.show.verbose => {
                self.say(&format!(
                    "  {} {address} depends on {by}",
                    Painted(FAINT, "blocked")
                ));
            }
            End::Left => self.say(&format!(
                "  {} {address}: still being {past}; no longer waiting",
                Painted(FAINT, "left")
            )),
            End::Blocked { .. } | End::NotBegun => {}
        }
        if let Some(line) = folded.flatten().filter(|_| folds) {
            self.say(&line);
        }
    }

    /// A line that stays: above the rows, or printed.
    pub fn say(&self, line: &str) {
        ui::print(&format!("{line}\n"));
    }

    /// Writes the rows anew.
    pub fn refresh(&mut self) {
        let now = self.clock.now();
        let Some(screen) = &mut self.screen else {
            return;
        };
        let passed = |since: u64| duration((now.saturating_sub(since) / 1000) as f64);
        let mut rows: Vec<(String, String)> = Vec::new();
        let mut last = String::new();
        if let Some(run) = &self.run {
            rows.extend(run.running.iter().map(|(operation, (what, since))| {
                let typical = duration(run.typical[*operation] as f64);
                (
                    what.clone(),
                    format!("{} of about {typical}", passed(*since)),
                )
            }));
            let elapsed = now.saturating_sub(run.began) / 1000;
            let remaining = run.predicted.saturating_sub(elapsed);
            let told = format!(
                "{}/{}  {} elapsed, about {} left",
                run.done,
                run.typical.len(),
                duration(elapsed as f64),
                duration(remaining as f64)
            );
            last = bar(run.done, run.typical.len(), screen.columns, &told);
        }
        if let Some(wait) = &self.wait {
            rows.push((wait.what.clone(), passed(wait.since)));
        }
        screen.draw(&rows, &last);
    }

    /// Ends the plan: its rows go, and what of a fold was not told is.
    pub fn end(&mut self) {
        let now = self.clock.now();
        let run = self.run.take();
        self.refresh();
        let Some(run) = run else { return };
        if self.is_live() && !self.show.verbose {
            for (sort, fold) in &run.folds {
                if fold.ended < fold.total
                    && let Some(line) = fold.line(&sort.1, now)
                {
                    self.say(&line);
                }
            }
        }
        if !self.show.json && !self.is_live() && !run.begun && !run.typical.is_empty() {
            ui::note(&format!("{}\n", Painted(STRONG, "Nothing was started.")));
        }
    }
}

impl Run {
    fn fold(&mut self, operation: usize) -> Option<&mut Fold> {
        let sort = self.fold_of.get(operation)?.as_ref()?;
        self.folds.get_mut(sort)
    }
}

impl Fold {
    /// What was done of a tier; none where nothing was.
    fn line(&self, tier: &str, now: u64) -> Option<String> {
        let since = self.since?;
        let (sign, _, past) = verb(self.step);
        let all = if self.done == self.total {
            String::new()
        } else {
            format!(" of {}", self.total)
        };
        let time = duration((now.saturating_sub(since) / 1000) as f64);
        (self.done > 0).then(|| {
            format!(
                "  {} {:<11} {}{all} {past}  {}",
                Painted(style(self.step), sign),
                visible(tier),
                self.done,
                Painted(FAINT, time)
            )
        })
    }
}

impl Screen {
    fn new() -> Self {
        let all = MultiProgress::with_draw_target(frames::target());
        let total = all.add(ProgressBar::new_spinner());
        // Checked by the test below.
        if let Ok(style) = ProgressStyle::with_template(LAST) {
            total.set_style(style);
        }
        ui::above(Some(all.clone()));
        Self {
            all,
            total,
            slots: Vec::new(),
            columns: ui::columns(),
        }
    }

    /// Each row a name and a time, of which the name is cut where both do not fit; the last stands below.
    fn draw(&mut self, rows: &[(String, String)], last: &str) {
        self.columns = ui::columns();
        let most = MOST_ROWS.min(ui::lines().saturating_sub(5)).max(1);
        let counted = rows.len().saturating_sub(most);
        let mut told: Vec<String> = rows
            .iter()
            .take(rows.len() - counted)
            .map(|(what, time)| {
                let room = self.columns.saturating_sub(time.chars().count() + 7);
                format!("{}  {time}", cut(&visible(what), room.max(8)))
            })
            .collect();
        if counted > 0 {
            told.push(format!("and {counted} more"));
        }
        while self.slots.len() > told.len() {
            if let Some(slot) = self.slots.pop() {
                slot.finish_and_clear();
                self.all.remove(&slot);
            }
        }
        while self.slots.len() < told.len() {
            let slot = self
                .all
                .insert_before(&self.total, ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template(ROW) {
                slot.set_style(style);
            }
            slot.enable_steady_tick(Duration::from_millis(100));
            self.slots.push(slot);
        }
        for (slot, told) in self.slots.iter().zip(told) {
            slot.set_message(told);
        }
        self.total.set_message(last.to_owned());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ui::above(None);
        for slot in self.slots.drain(..) {
            slot.finish_and_clear();
        }
        self.total.finish_and_clear();
        // The rows are gone already; this only tidies up what a stop left.
        let _ = self.all.clear();
    }
}

/// Does `work`, and calls `refresh` every second of the cloud's time: an operation of ten minutes is looked
/// at once in a minute.
pub async fn ticking<T>(
    clock: &dyn Clock,
    is_live: bool,
    refresh: impl Fn(),
    work: impl Future<Output = T>,
) -> T {
    if !is_live {
        return work.await;
    }
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = clock.sleep(TICK) => refresh(),
        }
    }
}

/// How much is done, drawn as wide as `columns` leave beside the words.
fn bar(done: usize, all: usize, columns: usize, told: &str) -> String {
    // The terminal itself writes `^C` behind the last row, which must not reach the next line.
    let room = columns.saturating_sub(told.chars().count() + 6).min(30);
    let filled = (done * room).checked_div(all).unwrap_or(room);
    if room < 5 {
        told.to_owned()
    } else {
        format!(
            "{}{}  {told}",
            "█".repeat(filled),
            "░".repeat(room - filled)
        )
    }
}

fn rank(step: Step) -> u8 {
    match step {
        Step::Create => 0,
        Step::Update => 1,
        Step::Delete => 2,
    }
}

fn style(step: Step) -> anstyle::Style {
    match step {
        Step::Create => NEW,
        Step::Update => CHANGED,
        Step::Delete => GONE,
    }
}

/// The sign, the word for what goes on, and the word for what is done.
fn verb(step: Step) -> (&'static str, &'static str, &'static str) {
    match step {
        Step::Create => ("+", "creating", "created"),
        Step::Update => ("~", "updating", "updated"),
        Step::Delete => ("-", "deleting", "deleted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_ones_that_indicatif_takes() {
        for template in [ROW, LAST] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }

    #[test]
    fn the_bar_fits_beside_its_words_at_every_width() {
        let told = "12/18  3 m 10 s elapsed, about 6 m 20 s left";
        for columns in [60, 80, 200] {
            let bar = bar(9, 18, columns, told);
            assert!(
                bar.chars().count() + "^C".len() < columns,
                "{columns}: {bar}"
            );
            assert!(bar.contains('█') && bar.contains('░'), "{bar}");
        }
        assert_eq!(bar(9, 18, 40, told), told);
    }
}
