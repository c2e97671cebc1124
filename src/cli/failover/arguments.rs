//! The arguments of `scalectl failover`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::inventory::Failover;
use crate::migrate::failover::Request;
use crate::render::view::Format;

#[derive(Args, Clone)]
#[command(
    group(ArgGroup::new("unasked").multiple(true)),
    after_help = "Examples:\n  scalectl failover --to eu-west-1 --plan              every step with its gates and costs\n  scalectl failover --to eu-west-1                     fence, wait until nothing is missing, promote, switch, rebuild\n  scalectl failover --to eu-west-1 --accept-loss 5m    the old region does not answer: what its last 5 minutes wrote may be lost\n  scalectl failover --resume                           go on, such as once the old region answers again\n  scalectl failover --to us-east-1                     and back\n  scalectl failover --to eu-west-1 --plan --out moved.json   for a review; `scalectl failover moved.json` runs it"
)]
pub struct Arguments {
    /// A failover saved by `--plan --out`: refused when the steps differ now.
    #[arg(value_name = "FILE", conflicts_with_all = ["to", "accept_loss", "plan", "resume", "rollback", "status"])]
    pub(super) saved: Option<PathBuf>,
    /// The region whose database is to take the writes. At the end the spec says it.
    #[arg(long, value_name = "REGION", required_unless_present_any = ["saved", "resume", "rollback", "status"])]
    pub(super) to: Option<String>,
    /// Lose so much of what was acknowledged, where the old region does not answer or its replica does
    /// not catch up: seconds, or such as 90s, 5m, 1h.
    #[arg(long, value_name = "DURATION", value_parser = seconds, conflicts_with_all = ["rollback", "status"])]
    pub(super) accept_loss: Option<u32>,
    /// Only show the steps.
    #[arg(long, group = "unasked", conflicts_with_all = ["resume", "rollback", "status"])]
    pub(super) plan: bool,
    /// Go on with the failover that is under way.
    #[arg(long, conflicts_with_all = ["rollback", "status"])]
    pub(super) resume: bool,
    /// Take the failover that is under way back, while the replica is not promoted.
    #[arg(long, conflicts_with = "status")]
    pub(super) rollback: bool,
    /// Say where the failover stands.
    #[arg(long, group = "unasked")]
    pub(super) status: bool,
    /// Print JSON: the plan or status as one object, a walk as one object a line.
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
    /// Write the plan as a report in one HTML file too; https://scalectl.github.io/scalectl/report.html shows it.
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub(super) html: Option<PathBuf>,
    /// Write what happens on the way into this file or pipe, a JSON object a line, as it happens.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "status"])]
    pub(super) json_into: Option<PathBuf>,
    /// Do not ask.
    #[arg(long, group = "unasked")]
    pub(super) auto_approve: bool,
    /// Operations at a time.
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
    let wrong = || format!("{text:?} is no duration; seconds, or such as 90s, 5m or 1h");
    let (number, factor) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}
