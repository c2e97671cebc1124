//! What an apply does with new versions of services: it waits until servers run them.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::apply::Context;
use crate::cli::project::Project;
use crate::cli::{Failure, migrate, ui};
use crate::deploy;
use crate::graph::Graph;
use crate::migrate::walk::Halt;
use crate::render::style::{NOTICE, Painted};
use crate::words::count;

/// That release commands are a deployment's, where a plan changes a service that has one.
pub fn without_release(project: &Project, settings: &[Address]) -> String {
    let has_one = |name: &&str| {
        let service = project.spec.services.get(*name);
        service.is_some_and(|one| one.release.is_some())
    };
    let names = settings.iter().filter_map(|one| one.key.as_deref());
    let names: BTreeSet<&str> = names.filter(has_one).collect();
    if names.is_empty() {
        return String::new();
    }
    let names = names.into_iter().collect::<Vec<_>>().join(" ");
    format!(
        "{} apply runs no release command; `scalectl deploy {names}` does, and goes back by itself.\n",
        Painted(NOTICE, "Note:")
    )
}

/// Waits until servers run services by their changed settings. Those that are new start by them.
pub async fn awaited(
    context: &Context<'_>,
    project: &Project,
    graph: &Graph,
    settings: &[Address],
    json: bool,
) -> Result<(), Failure> {
    if settings.is_empty() {
        return Ok(());
    }
    let names: BTreeSet<&str> = settings
        .iter()
        .filter_map(|one| one.key.as_deref())
        .collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    if !json {
        ui::note(&format!(
            "Waiting until servers run the new version of {names}...\n"
        ));
    }
    let texts = |name: &str| deploy::script(&project.library, name);
    match deploy::servers_in_line(context, graph, settings, &texts).await {
        Ok(servers) => {
            if !json {
                let servers = count(servers, "server");
                ui::print(&format!("{names}: the new version runs on {servers}.\n"));
            }
            Ok(())
        }
        Err(Halt::Shut(why)) => Err(Failure::with_help(
            format!("the changes were made, but {why}"),
            "a server whose new version is not healthy goes on with the old one and tries again every minute; fix the image or its settings, or `scalectl rollback SERVICE`",
        )),
        Err(halt) => Err(match migrate::told(&halt) {
            Failure::Message { what, help, code } => Failure::Message {
                what: format!(
                    "the changes were made; whether servers run the new version of {names} is unknown: {what}"
                ),
                help,
                code,
            },
            other => other,
        }),
    }
}
