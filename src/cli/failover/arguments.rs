//! The arguments of `scalectl failover`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::inventory::Failover;
use crate::migrate::failover::Request;
use crate::render::view::Format;

#[derive(Args, Clone)]
#[command(
    group(ArgGroup::new("unasked").multiple(true)),
    after_help = "Examples:\n  scalectl failover --to eu-west-1 --plan              show show every step with its gates and costs\n  scalectl failover --to eu-west-1                     fence, catch up, promote, switch, rebuild\n  scalectl failover --to eu-west-1 --accept-loss 5m    the old region is down: accept losing its last 5 minutes of writes\n  scalectl failover --resume                           resume, for example when the old region is up again\n  scalectl failover --to us-east-1                     fail back\n  scalectl failover --to eu-west-1 --plan --out moved.json   save for review; run with `scalectl failover moved.json`"
)]
pub struct Arguments {
    /// A failover saved by `--plan --out`; rejected if the steps would now differ.
    #[arg(value_name = "FILE", conflicts_with_all = ["to", "accept_loss", "plan", "resume", "rollback", "status"])]
    pub(super) saved: Option<PathBuf>,
    /// The region whose database is to take the writes; the spec is updated at the end.
    #[arg(long, value_name = "REGION", required_unless_present_any = ["saved", "resume", "rollback", "status"])]
    pub(super) to: Option<String>,
    /// Accept losing up to this much recent acknowledged data if the old region is down or the replica
    /// cannot catch up: seconds, or for example 90s, 5m, 1h.
    #[arg(long, value_name = "DURATION", value_parser = seconds, conflicts_with_all = ["rollback", "status"])]
    pub(super) accept_loss: Option<u32>,
    /// Show the steps and exit.
    #[arg(long, group = "unasked", conflicts_with_all = ["resume", "rollback", "status"])]
    pub(super) plan: bool,
    /// Resume the failover in progress.
    #[arg(long, conflicts_with_all = ["rollback", "status"])]
    pub(super) resume: bool,
    /// Roll back the failover in progress, before the replica is promoted.
    #[arg(long, conflicts_with = "status")]
    pub(super) rollback: bool,
    /// Show the status of the failover.
    #[arg(long, group = "unasked")]
    pub(super) status: bool,
    /// Print JSON: the plan or status as one object, events as one object per line.
    #[arg(long, requires = "unasked")]
    pub(super) json: bool,
    /// Print the plan as Markdown.
    #[arg(long, requires = "plan", conflicts_with_all = ["mermaid", "json"])]
    pub(super) markdown: bool,
    /// Print the plan as a Mermaid Gantt chart.
    #[arg(long, requires = "plan", conflicts_with = "json")]
    pub(super) mermaid: bool,
    /// Save the plan, for `scalectl failover FILE`.
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub(super) out: Option<PathBuf>,
    /// Also write the plan as an HTML report; see https://scalectl.github.io/scalectl/report.html.
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub(super) html: Option<PathBuf>,
    /// Also write events to this file or pipe, one JSON object per line, as they happen.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "status"])]
    pub(super) json_into: Option<PathBuf>,
    /// Skip the confirmation.
    #[arg(long, group = "unasked")]
    pub(super) auto_approve: bool,
    /// Maximum number of concurrent operations.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) parallelism: u16,
    /// Run the simulator's clock this many times as fast as real time instead of skipping ahead.
    #[arg(long, value_name = "FACTOR", value_parser = crate::cli::apply::speed)]
    pub(super) speed: Option<f64>,
}

impl Arguments {
    /// The same for the failover that was saved.
    pub(super) fn of(&self, saved: &Failover) -> Self {
        let accepts = saved.lost || saved.loss > 0;
        Self {
            to: Some(saved.to.to_string()),
            accept_loss: accepts.then_some(saved.loss),
            ..self.clone()
        }
    }

    /// What they ask for.
    pub(super) fn request(&self) -> Request<'_> {
        Request {
            to: self.to.as_deref(),
            loss: self.accept_loss,
            resume: self.resume,
            rollback: self.rollback,
        }
    }

    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        !self.plan && !self.status
    }

    /// In which format the steps are shown.
    pub(super) fn format(&self) -> Format {
        Format::asked(self.json, self.markdown, self.mermaid)
    }
}

fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is not a duration; use seconds, or for example 90s, 5m or 1h");
    let (number, factor) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}
