//! `scalectl invalidate`: has the CDN forget paths, and waits until it has.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::exit::Code;
use super::project::Project;
use super::session::Session;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, ui};
use crate::apply::Context;
use crate::apply::retry::steadily;
use crate::inventory::Handle;
use crate::render::json::caches::Invalidation;
use crate::render::style::{FAINT, Painted};
use crate::spec::{Spec, Stage};
use crate::words::{count, duration};

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

/// The most paths of an invalidation
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Invalidation_Requests.html>).
const MOST: usize = 3000;

/// How often it is asked whether it is done, and how often it is said that it is not.
const LOOK: Duration = Duration::from_secs(5);
const TELL: u64 = 30;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl invalidate /index.html '/assets/*'   a path, and all paths with a prefix\n  scalectl invalidate '/*'                      everything\n\nThe command returns when the invalidation is complete, usually within minutes. Ctrl-C ends the wait, not the\ninvalidation."
)]
pub struct Arguments {
    /// Paths to invalidate; a `*` at the end matches any suffix
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    check(&arguments.paths)?;
    let graph = project.graph()?;
    let session = Session::open(&project, "invalidate")?;
    session.run(async |_, context| {
        let live = observed(context, Some(&graph)).await?;
        let found = live
            .resources
            .values()
            .find(|one| &*one.kind == DISTRIBUTION);
        let Some(distribution) = found else {
            return Err(without(
                &project.spec,
                live.record.as_ref().and_then(|one| one.stage.as_deref()),
            ));
        };
        let handle = distribution.handle();
        let begun = context.provider.clock().now();
        let id = begin(context, &handle, &arguments.paths, begun).await?;
        if !arguments.json {
            let paths = count(arguments.paths.len(), "path");
            let line = format!(
                "{}: invalidating {paths} (invalidation {id})...",
                handle.identifier
            );
            ui::note(&format!("{}\n", Painted(FAINT, line)));
        }
        let seconds = wait(context, &handle, &id, begun, !arguments.json).await?;
        if arguments.json {
            ui::print_json(&Invalidation {
                document: "invalidation",
                format: 1,
                distribution: &handle.identifier,
                id: &id,
                paths: &arguments.paths,
                seconds,
            })
        } else {
            ui::print(&format!(
                "Invalidated {} at every edge location in {}.\n",
                arguments.paths.join(", "),
                duration(seconds as f64)
            ))
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// What CloudFront refuses of paths, before it is asked.
fn check(paths: &[String]) -> Result<(), Failure> {
    if paths.len() > MOST {
        let what = format!(
            "{} paths are too many for one invalidation: CloudFront accepts {MOST}",
            paths.len()
        );
        return Err(Failure::with_help(what, "use `*` at the end of a path"));
    }
    for path in paths {
        let star = path.find('*');
        if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            let what = format!("{path:?} is not a path of the site");
            let help = "start it with `/`, and percent-encode special characters, for example a space as %20";
            return Err(Failure::with_help(what, help));
        }
        if star.is_some_and(|at| at + 1 != path.len()) {
            let what = format!(
                "{path:?} has `*` before its end, where CloudFront does not treat it as a wildcard"
            );
            let help = format!("use `{}*`", &path[..star.unwrap_or_default()]);
            return Err(Failure::with_help(what, help));
        }
    }
    Ok(())
}

/// There is nothing at the edge to forget.
fn without(spec: &Spec, live: Option<&str>) -> Failure {
    let stage = live.unwrap_or(spec.stage.name());
    let what = format!(
        "{} ({}) has no CDN at stage {stage}, so there is nothing to invalidate",
        spec.app, spec.env
    );
    let help = if spec.stage < Stage::Cdn {
        "`scalectl migrate --to cdn` adds one; `scalectl cache flush` empties the cache"
    } else {
        "`scalectl apply` creates it"
    };
    Failure::with_help(what, help)
}

/// Starts the invalidation. A repeated call with the same reference is the same one, so that a lost answer costs nothing.
async fn begin(
    context: &Context<'_>,
    handle: &Handle,
    paths: &[String],
    begun: u64,
) -> Result<std::sync::Arc<str>, Failure> {
    let reference = format!("scalectl-{begun}-{}", std::process::id());
    let (provider, owner) = (context.provider, context.owner);
    let call = || provider.invalidate(owner, handle, paths, &reference);
    Ok(steadily(context, "invalidate", call).await?)
}

/// Waits until it is done; the seconds that it took.
async fn wait(
    context: &Context<'_>,
    handle: &Handle,
    id: &str,
    begun: u64,
    tells: bool,
) -> Result<u64, Failure> {
    let clock = context.provider.clock();
    let mut told = 0;
    loop {
        let (provider, owner) = (context.provider, context.owner);
        let is_done = steadily(context, "invalidate", || {
            provider.is_invalidated(owner, handle, id)
        })
        .await?;
        let seconds = clock.now().saturating_sub(begun) / 1000;
        if is_done {
            return Ok(seconds);
        }
        if context.stop.is_asked() {
            let what = format!("stopped waiting; invalidation {id} continues");
            return Err(Failure::new(what).coded(Code::Interrupted));
        }
        if tells && seconds >= told + TELL {
            told = seconds;
            let line = format!("  still in progress after {}", duration(seconds as f64));
            ui::note(&format!("{}\n", Painted(FAINT, line)));
        }
        clock.sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_cloudfront_takes_are_sent() {
        let fails = |path: &str| check(&[path.to_owned()]).is_err();
        assert!(fails("index.html") && fails("/a b") && fails("/*/index.html"));
        assert!(!fails("/*") && !fails("/a/b?c=%20d") && !fails("/assets/*"));
        assert!(check(&vec!["/a".to_owned(); MOST + 1]).is_err());
    }
}
