//! `scalectl logs`: what services log, merged over regions and servers in the order of time.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use futures_util::future::join_all;

use super::exit::Code;
use super::project::Project;
use super::session::Session;
use super::{Failure, Global, Outcome, ui};
use crate::address::Address;
use crate::apply::Context;
use crate::apply::retry::steadily;
use crate::inventory::Handle;
use crate::provider::{LogLine, LogQuery, ProviderError};
use crate::render::escape::visible;
use crate::render::json::output::Line;
use crate::render::style::{FAINT, NOTICE, Painted};
use crate::spec::Region;

const GROUP: &str = "AWS::Logs::LogGroup";

/// Between two looks for new lines. CloudWatch allows five requests a second and region
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
const LOOK: Duration = Duration::from_secs(2);

/// How late a line may come into its group, in milliseconds.
const LATE: u64 = 60_000;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl logs                         all services, the last 10 minutes\n  scalectl logs web --since 2h          one service, longer\n  scalectl logs web --grep ERROR --follow  new lines with this text, until Ctrl-C"
)]
pub struct Arguments {
    /// The services; without it all of them.
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// How far back, such as 90s, 10m, 2h or 1d.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = seconds)]
    since: u64,
    /// Only lines that contain this text.
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// Keep printing new lines until Ctrl-C.
    #[arg(long)]
    follow: bool,
    /// At most so many lines at a time.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    most: u32,
    /// Print one JSON object per line.
    #[arg(long)]
    json: bool,
}

/// Seconds in a text such as `10m`.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a time; write it as 90s, 10m, 2h or 1d");
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number
        .checked_mul(unit)
        .filter(|all| *all <= 3_660 * 86_400)
        .ok_or_else(wrong)
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load_as_applied(global)?;
    let groups = groups(&project, &arguments.services)?;
    let session = Session::open_to_look(&project, "logs", true)?;
    // Who waits for new lines waits in real time, on the simulator too.
    let session = session.at_speed(arguments.follow.then_some(1.0));
    let outcome = session.run(async |_, context| {
        let now = context.provider.clock().now();
        let mut since = now.saturating_sub(arguments.since * 1000);
        let (mut seen, mut silent) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let wanted = LogQuery {
                since,
                text: arguments.grep.clone(),
                most: arguments.most as usize,
            };
            let lines = lines(context, &groups, &wanted, &mut silent).await?;
            let number = lines.len();
            for (group, line) in lines {
                if seen.insert((group, line.at, line.id.clone())) {
                    tell(&groups[group], &line, arguments.json);
                }
            }
            if !arguments.follow {
                if number >= wanted.most {
                    ui::note(&format!(
                        "{} there are more lines; choose a shorter `--since`, a `--grep` or a larger `--most`.\n",
                        Painted(NOTICE, "note:")
                    ));
                }
                return Ok(ExitCode::SUCCESS);
            }
            if ui::lost().is_some() {
                return Ok(ExitCode::SUCCESS);
            }
            since = since.max(context.provider.clock().now().saturating_sub(LATE));
            seen.retain(|(_, at, _)| *at >= since);
            context.provider.clock().sleep(LOOK).await;
        }
    });
    match outcome {
        // How a person ends it.
        Err(Failure::Message {
            code: Code::Interrupted,
            ..
        }) if arguments.follow => Ok(ExitCode::SUCCESS),
        other => other,
    }
}

/// A service's log group in a region.
struct Group {
    service: String,
    handle: Handle,
}

/// The groups of services, in every region: their names follow from the spec's.
fn groups(project: &Project, services: &[String]) -> Result<Vec<Group>, Failure> {
    let spec = &project.spec;
    for name in services {
        super::deploy::known(project, name)?;
    }
    let wanted = spec
        .services
        .keys()
        .filter(|name| services.is_empty() || services.contains(name));
    let mut groups = Vec::new();
    for service in wanted {
        for region in spec.regions.iter().map(Region::name) {
            groups.push(Group {
                service: service.clone(),
                handle: Handle {
                    address: Address::new(region, "logs", Some(service.as_str().into())),
                    kind: GROUP.into(),
                    identifier: format!("/{}/{}/services/{service}", spec.app, spec.env).into(),
                },
            });
        }
    }
    Ok(groups)
}

/// The lines of all groups in the order of time, with the number of each line's group. A region that does not answer, or has
/// no group yet, is told once.
async fn lines(
    context: &Context<'_>,
    groups: &[Group],
    wanted: &LogQuery,
    silent: &mut BTreeSet<String>,
) -> Result<Vec<(usize, LogLine)>, Failure> {
    let asks = groups.iter().map(async |group| {
        let (provider, owner) = (context.provider, context.owner);
        steadily(context, "logs", || {
            provider.log_lines(owner, &group.handle, wanted)
        })
        .await
    });
    let answers: Vec<Result<Vec<LogLine>, ProviderError>> = join_all(asks).await;
    let mut found = Vec::new();
    let mut first = None;
    let mut answered = false;
    for (number, (group, answer)) in groups.iter().zip(answers).enumerate() {
        match answer {
            Ok(lines) => {
                answered = true;
                found.extend(lines.into_iter().map(|line| (number, line)));
            }
            Err(error) => {
                let region = &group.handle.address.region;
                if silent.insert(format!("{region}/{}", group.service)) {
                    ui::note(&format!(
                        "{} no lines of {} in {region}: {}\n",
                        Painted(NOTICE, "note:"),
                        group.service,
                        error.message
                    ));
                }
                first = first.or(Some(error));
            }
        }
    }
    if let (false, Some(error)) = (answered, first) {
        return Err(error.into());
    }
    found.sort_by(|(a, one), (b, other)| (one.at, a, &one.id).cmp(&(other.at, b, &other.id)));
    Ok(found)
}

fn tell(group: &Group, line: &LogLine, json: bool) {
    let at = i64::try_from(line.at).ok();
    let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let at = at
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        .unwrap_or_default();
    let region = &*group.handle.address.region;
    if json {
        ui::print_json_line(&Line {
            at,
            region,
            service: &group.service,
            stream: &line.stream,
            text: &line.text,
        });
        return;
    }
    let from = format!("{at} {region} {}", group.service);
    let text = line.text.trim_end_matches(['\n', '\r']);
    ui::print(&format!("{} {}\n", Painted(FAINT, from), visible(text)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, wanted) in [
            ("90s", 90),
            ("10m", 600),
            ("2h", 7200),
            ("1d", 86_400),
            ("0s", 0),
        ] {
            assert_eq!(seconds(text), Ok(wanted));
        }
        for text in [
            "",
            "10",
            "m",
            "-1h",
            "1w",
            "99999999999999999999d",
            "4000d",
            "1é",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
