//! Walking a migration: what is asked first, each step as it is told, and what the spec says in the end.

use std::fs::File;
use std::process::ExitCode;

use super::prepare::{Prepared, judged, prepare, told};
use super::{Arguments, check_target, ends, look, may_go};
use crate::apply::Context;
use crate::cli::apply::not_confirmed;
use crate::cli::apply::obey;
use crate::cli::event_log::{self, Lines};
use crate::cli::exit::Code;
use crate::cli::migrate_progress::{Teller, arrived_at, ended, shown};
use crate::cli::progress::Show;
use crate::cli::project::{Project, find, load_spec, read, write};
use crate::cli::{Failure, Global, Outcome, ui};
use crate::deploy::closed::left_alone;
use crate::inventory::{Live, Record, Standing};
use crate::migrate::saved::SavedMigration;
use crate::migrate::walk::{Halt, Walker};
use crate::migrate::{Migration, Step, action};
use crate::plan::{Counts, diff};
use crate::render::gates::Gates;
use crate::render::junit;
use crate::render::migration::{Frame, in_full, overview, step, text};
use crate::render::style::{NEW, Painted};
use crate::spec::{self, Stage};

/// What a walk does next.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Course {
    Forward,
    Back,
}

/// Fails where a saved migration was run already and the spec asks for something else since: its end is not what exists.
fn done_before(
    project: &Project,
    saved: Option<&SavedMigration>,
    live: &Live,
) -> Result<(), Failure> {
    let Some(saved) = saved else {
        return Ok(());
    };
    let plan = left_alone(diff(&project.graph()?, live, None), live);
    let Some(first) = plan.changes.first() else {
        return Ok(());
    };
    let more = match plan.changes.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Err(Failure::with_help(
        format!(
            "the saved migration was already run: {} is at stage {}. The spec or the blueprints changed since and differ at {}{more}; nothing was changed",
            project.spec.app,
            saved.to.name(),
            first.address
        ),
        "`scalectl plan` shows the difference, `scalectl apply` applies it",
    ))
}

/// The walk.
pub(super) async fn go(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    saved: Option<&SavedMigration>,
    context: &Context<'_>,
    place: Option<String>,
    into: Option<&File>,
) -> Outcome {
    let live = look(context, project).await?;
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.clone());
    let course = course(arguments, standing.as_ref())?;
    check_target(arguments, standing.as_ref())?;
    let (from, to) = ends(project, record)?;
    if from == to {
        done_before(project, saved, &live)?;
        event_log::tell(into, arguments.json, &arrived_at(to, 0.0));
        if !arguments.json {
            let there = format!("{} is at stage {}.", project.spec.app, to.name());
            ui::print(&format!("{}\n", Painted(NEW, there)));
        }
        return finish(global, project, arguments, to);
    }
    let workers = Some(usize::from(arguments.parallelism));
    let prepared = prepare(global, project, from, to, workers)?;
    let migration = &prepared.migration;
    may_go(project, &prepared, saved, &live, from)?;
    // Whoever is asked sees one screen, and the step that begins below it.
    let asks = !arguments.auto_approve && !global.verbose;
    if !arguments.json {
        if let Some(place) = place {
            ui::print(&format!("{place}\n"));
        }
        let frame = prepared.frame(standing.as_ref());
        ui::print(&if asks {
            overview(&frame, ui::columns())
        } else {
            text(&frame, ui::prose())
        });
    }
    // What was begun is finished or taken back, whatever the rules have become meanwhile.
    if standing.is_none() {
        obey(&judged(project, &prepared, &live)?, arguments.json, into)?;
    }
    let numbers = numbers(migration, standing.as_ref(), course);
    if let (Course::Back, Some(at), true) = (course, &standing, numbers.is_empty()) {
        let stage = migration.steps[at.step].hop.1;
        end_between_hops(context, live.record.clone().unwrap_or_default()).await?;
        event_log::tell(into, arguments.json, &arrived_at(stage, 0.0));
        if !arguments.json {
            ui::print(&format!(
                "\n{} {} is at stage {}, which is complete.\n",
                Painted(NEW, "Done:"),
                project.spec.app,
                stage.name()
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let frame = prepared.frame(standing.as_ref());
    if asks
        && course == Course::Forward
        && !arguments.auto
        && let Some(first) = numbers.first()
    {
        ui::print(&step(&frame, *first, ui::columns()));
    }
    confirm(context, arguments, course, &numbers, &frame).await?;
    let way = Way {
        global,
        project,
        arguments,
        context,
        prepared: &prepared,
        frame: &frame,
        course,
        workers,
    };
    let arrived = match way.steps(&numbers, into).await? {
        Taken::One => return Ok(ExitCode::SUCCESS),
        Taken::All(arrived) => arrived,
    };
    match course {
        Course::Forward => finish(global, project, arguments, to),
        Course::Back => {
            if arrived != project.spec.stage && !arguments.json {
                ui::note(&format!(
                    "The spec sets stage {}; `scalectl migrate` starts that migration again.\n",
                    project.spec.stage.name()
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// How far a run came.
enum Taken {
    /// The one step that was asked for; more follow.
    One,
    /// All steps, to this stage.
    All(Stage),
}

/// Steps that are confirmed, and what they take.
struct Way<'a> {
    global: &'a Global,
    project: &'a Project,
    arguments: &'a Arguments,
    context: &'a Context<'a>,
    prepared: &'a Prepared,
    frame: &'a Frame<'a>,
    course: Course,
    workers: Option<usize>,
}

impl Way<'_> {
    /// Takes these steps, one after another.
    ///
    /// # Errors
    /// When a step stops, or is not confirmed.
    async fn steps(&self, numbers: &[usize], into: Option<&File>) -> Result<Taken, Failure> {
        let (arguments, context, course) = (self.arguments, self.context, self.course);
        let migration = &self.prepared.migration;
        let command = match course {
            Course::Forward => "migrate",
            Course::Back => "rollback",
        };
        let counts = Counts::default();
        let mut lines = Lines::begin(self.project, counts, command, into, arguments.json)?;
        let began = context.provider.clock().now();
        let (first, last) = (numbers.first().copied(), numbers.last().copied());
        let (mut taken, total) = (0, numbers.len());
        let mut gates = Gates::of(migration);
        for number in numbers.iter().copied() {
            let asked_already = arguments.auto || arguments.auto_approve || Some(number) == first;
            if !asked_already
                && course == Course::Forward
                && !arguments.step
                && let Err(refused) = self.confirm_step(number).await
            {
                ended(&mut lines, context, began, taken, 0, total);
                return Err(refused);
            }
            let walked = self.step(number, &mut lines, began, &mut gates).await;
            if let Err(halt) = &walked {
                gates.stop(number, halt.in_words());
            }
            if let Some(path) = &arguments.junit {
                write(path, &junit::xml(&[gates.suite()]))?;
            }
            if let Err(halt) = walked {
                let failed = usize::from(halt.is_failure());
                ended(&mut lines, context, began, taken, failed, total);
                return Err(stopped(migration, number, &halt));
            }
            taken += 1;
            if arguments.step && Some(number) != last {
                ended(&mut lines, context, began, taken, 0, total);
                if !arguments.json {
                    let step = &migration.steps[number];
                    ui::print(&format!("\nOne step done; {}.\n", next(course, step)));
                }
                return Ok(Taken::One);
            }
        }
        ended(&mut lines, context, began, taken, 0, total);
        let arrived = match course {
            Course::Forward => migration.to,
            Course::Back => migration.steps[first.unwrap_or_default()].hop.0,
        };
        self.arrive(arrived, &mut lines, began);
        Ok(Taken::All(arrived))
    }

    /// Asks for one step more.
    async fn confirm_step(&self, number: usize) -> Result<(), Failure> {
        let name = &self.prepared.migration.steps[number].name;
        ui::print(&step(self.frame, number, ui::columns()));
        let question = format!("\nContinue with step {} ({name})?", number + 1);
        if says_yes(self.context, &question, self.frame, &[number]).await {
            return Ok(());
        }
        Err(Failure::with_help(
            format!(
                "not confirmed; the migration is paused before step {} ({name})",
                number + 1
            ),
            "resume with `scalectl migrate --resume`, or roll back with `scalectl migrate --rollback`",
        )
        .coded(Code::Error.unless_interrupted(self.context.stop)))
    }

    /// Takes one step and shows it.
    async fn step(
        &self,
        number: usize,
        lines: &mut Lines<'_>,
        began: u64,
        gates: &mut Gates<'_>,
    ) -> Result<(), Halt> {
        let migration = &self.prepared.migration;
        let library = &self.project.library;
        let texts = |engine: &str, name: &str| action::script(library, engine, name);
        let walker = Walker {
            context: self.context,
            migration,
            texts: &texts,
            workers: self.workers,
            folder: Some(&self.project.folder),
        };
        let show = Show {
            json: self.arguments.json,
            verbose: self.global.verbose,
            workers: self.workers,
        };
        let clock = self.context.provider.clock();
        shown(
            Teller::new(migration, show, lines, began, clock),
            |event| gates.take(event),
            async |tell| match self.course {
                Course::Forward => walker.forward(number, tell).await,
                Course::Back => walker.back(number, tell).await,
            },
        )
        .await
    }

    /// Says where all steps led.
    fn arrive(&self, arrived: Stage, lines: &mut Lines<'_>, began: u64) {
        let now = self.context.provider.clock().now();
        let seconds = now.saturating_sub(began) as f64 / 1000.0;
        lines.tell(&arrived_at(arrived, seconds));
        if !self.arguments.json {
            ui::print(&format!(
                "\n{} {} is at stage {}, after {}.\n",
                Painted(NEW, "Done:"),
                self.project.spec.app,
                arrived.name(),
                self.project.time(seconds)
            ));
        }
    }
}

/// Between two hops nothing has to be taken back: the stage is reached.
async fn end_between_hops(context: &Context<'_>, record: Record) -> Result<(), Failure> {
    let record = Record {
        migration: None,
        ..record
    };
    Ok(crate::apply::write_record(context, &record).await?)
}

/// What to run after one step.
fn next(course: Course, step: &Step) -> &'static str {
    match course {
        Course::Back => "continue with `scalectl migrate --rollback`",
        Course::Forward if step.point_of_no_return => "continue with `scalectl migrate --resume`",
        Course::Forward => {
            "resume with `scalectl migrate --resume`, or roll back with `scalectl migrate --rollback`"
        }
    }
}

/// Forward or back, and whether that fits what is under way.
pub(super) fn course(
    arguments: &Arguments,
    standing: Option<&Standing>,
) -> Result<Course, Failure> {
    match standing {
        None if arguments.resume || arguments.rollback => Err(Failure::with_help(
            "no migration is in progress",
            "start one with `scalectl migrate --to STAGE`",
        )),
        None => Ok(Course::Forward),
        Some(standing) if arguments.resume && standing.back => Err(Failure::with_help(
            format!(
                "the migration is being rolled back, at step {} ({})",
                standing.step + 1,
                standing.name
            ),
            "continue with `scalectl migrate --rollback`",
        )),
        Some(_) if arguments.rollback => Ok(Course::Back),
        Some(_) if arguments.resume => Ok(Course::Forward),
        Some(standing) => Err(Failure::with_help(
            standing.in_words(),
            "resume with `--resume`, or roll back with `--rollback`",
        )),
    }
}

/// The steps to take, in their order.
pub(super) fn numbers(
    migration: &Migration,
    standing: Option<&Standing>,
    course: Course,
) -> Vec<usize> {
    match (course, standing) {
        (Course::Forward, None) => (0..migration.steps.len()).collect(),
        (Course::Forward, Some(at)) => {
            (at.step + usize::from(at.done)..migration.steps.len()).collect()
        }
        (Course::Back, None) => Vec::new(),
        (Course::Back, Some(at)) if at.done && !at.back && migration.ends_hop(at.step) => {
            Vec::new()
        }
        (Course::Back, Some(at)) => (migration.hop_begins(at.step)..=at.step).rev().collect(),
    }
}

/// Whether the answer is yes; `d` shows every property that these steps change, and asks again.
pub async fn says_yes(
    context: &Context<'_>,
    question: &str,
    frame: &Frame<'_>,
    numbers: &[usize],
) -> bool {
    let question = format!("{question} Only `yes` is accepted; `d` shows every property:");
    loop {
        match ui::answer_unless(context.stop, &question).await.as_deref() {
            Some("yes") => return true,
            Some("d") => {
                for number in numbers {
                    ui::print(&in_full(frame, *number));
                }
            }
            _ => return false,
        }
    }
}

async fn confirm(
    context: &Context<'_>,
    arguments: &Arguments,
    course: Course,
    numbers: &[usize],
    frame: &Frame<'_>,
) -> Result<(), Failure> {
    let migration = frame.migration;
    if arguments.auto_approve {
        return Ok(());
    }
    ui::needs_terminal("add --auto-approve, with --auto for all steps or --step for one")?;
    let Some(first) = numbers.first() else {
        return Ok(());
    };
    let name = &migration.steps[*first].name;
    let yes = match (course, arguments.auto) {
        (Course::Forward, true) => {
            let question = format!("\nRun all {} steps?", numbers.len());
            says_yes(context, &question, frame, numbers).await
        }
        (Course::Forward, false) => {
            let question = format!("\nStart with step {} ({name})?", first + 1);
            says_yes(context, &question, frame, &[*first]).await
        }
        // What a step back changes is known once it begins.
        (Course::Back, _) => {
            let question = format!(
                "\nRoll back from step {} ({name}) to {}? Only `yes` is accepted:",
                first + 1,
                migration.steps[*first].hop.0.name()
            );
            ui::confirm_unless(context.stop, &question, "yes").await
        }
    };
    if yes {
        Ok(())
    } else {
        Err(not_confirmed(context, "not confirmed; nothing was changed"))
    }
}

/// The spec says where the application is: its one line is changed, unless it says so already.
fn finish(global: &Global, project: &Project, arguments: &Arguments, to: Stage) -> Outcome {
    let path = find(global)?;
    let text = read(&path, "make it readable")?;
    let env = (project.spec.env != "default").then_some(project.spec.env.as_str());
    let (_, spec) = load_spec(global, None)?;
    if spec.stage == to {
        return Ok(ExitCode::SUCCESS);
    }
    let shown = path.display();
    let by_hand = || {
        Failure::with_help(
            format!(
                "the application is at {}, but {shown} could not be updated",
                to.name()
            ),
            format!("set `stage: {}` there", to.name()),
        )
    };
    let edited = spec::with_stage(&text, env, to).ok_or_else(by_hand)?;
    write(&path, &edited).map_err(|_| by_hand())?;
    if !arguments.json {
        ui::print(&format!("Updated {shown}: `stage: {}`.\n", to.name()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The failure of a walk that stopped at a step.
fn stopped(migration: &Migration, number: usize, halt: &Halt) -> Failure {
    let name = &migration.steps[number].name;
    match told(halt) {
        Failure::Message { what, help, code } => {
            let next = "progress is saved: resume with `scalectl migrate --resume`, or roll back with `scalectl migrate --rollback`";
            Failure::Message {
                what: format!("step {} ({name}): {what}", number + 1),
                help: Some(help.unwrap_or_else(|| next.to_owned())),
                code,
            }
        }
        other => other,
    }
}
