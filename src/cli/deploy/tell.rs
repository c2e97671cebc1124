//! What a person and a program see of a deployment.

use crate::apply::journal::Entry;
use crate::cli::event_log::Lines;
use crate::cli::progress::{Progress, Show};
use crate::cli::project::Project;
use crate::deploy::{Event, Service};
use crate::inventory::Record;
use crate::provider::Clock;
use crate::render::escape::visible;
use crate::render::json::deploy::{Deploy, Deployed};
use crate::render::style::{FAINT, GONE, NEW, NOTICE, Painted, STRONG};
use crate::spec::Strategy;
use crate::words::{count, duration};

/// Shows the walk, and writes its lines.
pub(super) struct Teller<'a> {
    show: Show,
    lines: Lines<'a>,
    clock: &'a dyn Clock,
    progress: Progress<'a>,
    began: u64,
}

impl<'a> Teller<'a> {
    pub(super) fn new(show: Show, lines: Lines<'a>, clock: &'a dyn Clock) -> Self {
        Self {
            show,
            lines,
            clock,
            progress: Progress::new(show, clock),
            began: clock.now(),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.progress.is_live()
    }

    pub(super) fn refresh(&mut self) {
        self.progress.refresh();
    }

    fn seconds(&self) -> f64 {
        self.clock.now().saturating_sub(self.began) as f64 / 1000.0
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        // Plain data, with strings as keys.
        let serde_json::Value::Object(what) = serde_json::json!(event) else {
            return;
        };
        let at = self.seconds();
        self.lines.write(&Entry::Deploy { at, what });
        if self.show.json {
            return;
        }
        let now = self.clock.now();
        match event {
            Event::Released { service, output } => {
                for line in output.lines().filter(|line| !line.trim().is_empty()) {
                    self.progress
                        .say(&format!("  {}", Painted(FAINT, visible(line))));
                }
                self.progress.say(&format!(
                    "  {} the release command of {service}",
                    Painted(NEW, "done")
                ));
            }
            Event::Runs {
                service,
                region,
                servers,
                all,
            } => {
                let line = format!(
                    "  {} {service} in {region}: {servers} of {}",
                    Painted(NEW, "serves"),
                    count(*all, "server")
                );
                self.progress.say(&line);
            }
            Event::GoesBack { service, region } => {
                self.progress.say(&format!(
                    "  {} {service} in {region}",
                    Painted(NOTICE, "goes back")
                ));
            }
            _ => {}
        }
        let waits = match event {
            Event::Releases { service } => format!("the release command of {service}"),
            Event::Turns {
                service,
                region,
                servers,
            } => {
                format!(
                    "{} of {service} in {region} to run the new version",
                    count(*servers, "server")
                )
            }
            Event::Watches { service, seconds } => {
                format!("watching {service} for {}", duration(f64::from(*seconds)))
            }
            Event::GoesBack { service, region } => {
                format!("{service} in {region} to run the old version")
            }
            Event::Released { .. } | Event::Runs { .. } => return,
        };
        if self.is_live() {
            self.progress.wait(waits, now);
        } else if matches!(event, Event::Watches { .. } | Event::Releases { .. }) {
            self.progress.say(&format!("  {waits}"));
        }
    }

    /// The new version is not fit.
    pub(super) fn fails(&mut self, why: &str) {
        let what = [("what", "fails"), ("why", why)];
        let what = what
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        let at = self.seconds();
        self.lines.write(&Entry::Deploy { at, what });
        if !self.show.json {
            self.progress
                .say(&format!("  {} {why}", Painted(GONE, "fails")));
        }
    }

    pub(super) fn end(&mut self, done: usize, failed: usize) {
        self.progress.waited();
        self.progress.end();
        let seconds = self.seconds();
        self.lines.write(&Entry::End {
            seconds,
            done,
            failed,
            left: 0,
        });
    }
}

/// What will happen.
pub(super) fn plan(
    project: &Project,
    services: &[Service],
    record: &Record,
    is_back: bool,
) -> String {
    let mut text = format!("{}\n\n", project.title());
    if record.deployment.is_some() {
        let what = if is_back { "goes back" } else { "resumes" };
        text.push_str(&format!("A deployment is in progress; it {what}.\n\n"));
    }
    for service in services {
        let (before, after) = (&service.version.before, &service.version.after);
        let (from, to) = if is_back {
            (after, before)
        } else {
            (before, after)
        };
        let change = if from == to {
            format!("{to}, with other settings")
        } else {
            format!("{from} -> {to}")
        };
        text.push_str(&format!("  {}  {change}\n", Painted(STRONG, &service.name)));
        if !is_back {
            text.push_str(&format!("    {}\n", Painted(FAINT, way(service))));
        }
    }
    text
}

/// How a version reaches the servers, in words.
fn way(service: &Service) -> String {
    let how = &service.how;
    let bake = duration(f64::from(how.bake));
    let mut way = match how.strategy {
        Strategy::Rolling => format!(
            "rolling, {} % of the servers at a time; watched for {bake}",
            how.share
        ),
        Strategy::Canary => format!(
            "canary, {} % of the servers first; watched for {bake}, before and after all others",
            how.share
        ),
        Strategy::BlueGreen => {
            format!("blue-green, all servers at once beside the old version; watched for {bake}")
        }
    };
    if service.has_release {
        way = format!("release command first; {way}");
    }
    let latency = how.latency.map(|limit| format!(", p95 above {limit} ms"));
    format!(
        "{way}; back at {} % failed requests{} or an alarm",
        how.errors,
        latency.unwrap_or_default()
    )
}

/// What was wrong before anything changed.
pub(super) fn before(alarms: &[String], ailing: &[String]) -> String {
    let line = |what: &str, names: &[String]| {
        if names.is_empty() {
            return String::new();
        }
        let names = names.join(", ");
        format!(
            "{} {what}, so not counted against the new version: {names}\n",
            Painted(NOTICE, "note:")
        )
    };
    line("already firing", alarms) + &line("already beyond the limit", ailing)
}

pub(super) fn done(services: &[Service]) -> String {
    let told = services
        .iter()
        .map(|one| format!("{} serves {}", one.name, one.version.after));
    let told: Vec<String> = told.collect();
    format!("\n{} {}.\n", Painted(NEW, "Done:"), told.join(", "))
}

pub(super) fn rolled_back(services: &[Service], edited: &[String]) -> String {
    let told = services
        .iter()
        .map(|one| format!("{} serves {}", one.name, one.version.before));
    let told: Vec<String> = told.collect();
    let mut text = format!(
        "\n{} {}.\n",
        Painted(NOTICE, "Rolled back:"),
        told.join(", ")
    );
    if !edited.is_empty() {
        text.push_str(&format!(
            "The spec names the image from before again for {}.\n",
            edited.join(", ")
        ));
    }
    text
}

/// The same for programs.
pub(super) fn document(services: &[Service]) -> Deploy<'_> {
    Deploy {
        document: "deploy",
        format: 1,
        services: services.iter().map(Deployed::of).collect(),
    }
}
