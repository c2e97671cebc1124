//! The servers of a service: which there are, what is run on them, and what they answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::{digest, hosts, rollout, text_of};
use crate::address::Address;
use crate::apply::{Context, observe_only, retry};
use crate::graph::Graph;
use crate::inventory::Handle;
use crate::migrate::action::packed_command;
use crate::migrate::gates::Readings as _;
use crate::migrate::walk::{CloudReadings, Halt};
use crate::provider::{ErrorKind, Output, ProviderError, Script};
use crate::roles::Role;
use crate::value::shell;

type Outcome<T> = Result<T, Halt>;

/// How long a server may take until it runs a new version: the image, the start, its health.
const SETTLE: Duration = Duration::from_secs(1800);

/// How long a person's command may take: as long as Systems Manager lets a command by default
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html>).
const COMMAND: Duration = Duration::from_secs(3600);

/// A server, and where scripts for it are sent: itself, or its group.
pub type Place = (Arc<str>, Handle);

/// The alarms that fire, by name.
///
/// # Errors
/// When the cloud does not answer.
pub async fn alarms(context: &Context<'_>, graph: &Graph) -> Outcome<Vec<String>> {
    let firing = CloudReadings::new(context, graph).alarms().await?;
    Ok(firing.map(|firing| firing.names).unwrap_or_default())
}

/// Waits until every server runs these services by their settings as they are now, region by region; how many servers that
/// are.
///
/// # Errors
/// [`Halt::Shut`] with what is wrong on a server.
pub async fn servers_in_line(
    context: &Context<'_>,
    graph: &Graph,
    settings: &[Address],
    texts: &dyn Fn(&str) -> Option<String>,
) -> Outcome<usize> {
    let kind: Arc<str> = Role::ServiceSetting.kind().into();
    let kinds = settings
        .iter()
        .map(|one| (one.region.clone(), kind.clone()));
    let live = observe_only(context, kinds.collect()).await?;
    let mut number = 0;
    for address in settings {
        let (Some(text), Some(service)) = (text_of(&live, address), &address.key) else {
            continue;
        };
        let servers = servers_of(context, graph, service, &address.region).await?;
        number += servers.len();
        in_line(context, texts, (service, &digest(text)), &servers).await?;
    }
    Ok(number)
}

/// The servers in service of a service in a region, each with where scripts for it are sent.
pub async fn servers_of(
    context: &Context<'_>,
    graph: &Graph,
    service: &str,
    region: &str,
) -> Outcome<Vec<Place>> {
    let hosts = hosts(graph, service, region);
    if hosts.is_empty() {
        return Err(Halt::Missing(format!(
            "the blueprint has nothing with `role: {}` or `role: {}` that runs {service} in {region}",
            Role::Servers.name(),
            Role::ScriptHost.name()
        )));
    }
    let kinds = hosts
        .iter()
        .map(|one| (one.address.region.clone(), one.kind.clone()));
    let live = observe_only(context, kinds.collect()).await?;
    let mut found = Vec::new();
    for host in hosts {
        let Some(host) = live.resources.get(&host.address) else {
            continue;
        };
        let handle = host.handle();
        let servers = ids(context, &handle).await?.into_iter();
        found.extend(servers.map(|id| (id, handle.clone())));
    }
    if found.is_empty() {
        return Err(Halt::Missing(format!(
            "no server of {service} is in service in {region}; `scalectl status` shows more"
        )));
    }
    Ok(found)
}

/// Whether a command runs in the container that serves, or in one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the one that serves.
    Exec,
    /// In a new one of the same image, with the same variables.
    Run,
}

/// What runs a command of a service on a server of a region; the first in service where none is named.
///
/// # Errors
/// When there is no such service, server or script.
pub async fn command(
    context: &Context<'_>,
    graph: &Graph,
    texts: &dyn Fn(&str) -> Option<String>,
    at: (&str, &str, Option<&str>),
    mode: Mode,
    words: &[String],
) -> Outcome<Script> {
    let (service, region, server) = at;
    let setting = graph
        .with_role(Role::ServiceSetting)
        .find(|one| one.address.key.as_deref() == Some(service) && &*one.address.region == region);
    let named = setting.and_then(rollout::names).map(|(name, _)| name);
    let missing = || {
        Halt::Missing(format!(
            "the blueprint has no setting of {service} in {region}"
        ))
    };
    let setting = named.ok_or_else(missing)?.to_owned();
    let mut servers = servers_of(context, graph, service, region)
        .await?
        .into_iter();
    let found = match server {
        None => servers.next(),
        Some(wanted) => servers.find(|(id, _)| **id == *wanted),
    };
    let place = found.ok_or_else(|| {
        let server = server.unwrap_or("a server");
        Halt::Missing(format!(
            "{server} is no server of {service} in service in {region}"
        ))
    })?;
    let words: Result<Vec<String>, String> = words.iter().map(|word| shell::word(word)).collect();
    let words = words.map_err(Halt::Missing)?.join(" ");
    let mode = match mode {
        Mode::Exec => "exec",
        Mode::Run => "run",
    };
    let variables = vec![
        ("SETTING", setting),
        ("MODE", mode.to_owned()),
        ("COMMAND", words),
    ];
    script(texts, "run", variables, &place, COMMAND)
}

/// Has servers take a service's setting in, by its digest, all at once, and waits until they run by them.
pub async fn in_line(
    context: &Context<'_>,
    texts: &dyn Fn(&str) -> Option<String>,
    (service, digest): (&str, &str),
    servers: &[Place],
) -> Outcome<()> {
    let asks = servers.iter().map(async |place| {
        let (on, server) = place;
        let variables = vec![("SERVICES", format!("{service}={digest}"))];
        let script = script(texts, "settle", variables, place, SETTLE)?;
        match run(context, &script).await? {
            Ok(output) => judge(on, &output),
            // One that the group has ended meanwhile runs nothing any more.
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Invalid) => {
                if ids(context, server).await?.contains(on) {
                    Err(error.into())
                } else {
                    Ok(())
                }
            }
            Err(error) => Err(error.into()),
        }
    });
    let ends: Vec<Outcome<()>> = join_all(asks).await;
    ends.into_iter().collect()
}

/// The servers in service behind a handle.
async fn ids(context: &Context<'_>, handle: &Handle) -> Outcome<Vec<Arc<str>>> {
    let ask = || context.provider.servers(context.owner, handle);
    Ok(retry::steadily(context, "servers", ask).await?)
}

/// Runs a script and waits for it; it goes on by itself on its server when somebody asks to stop.
pub async fn run(context: &Context<'_>, script: &Script) -> Outcome<Result<Output, ProviderError>> {
    let run = || context.provider.run(context.owner, script);
    tokio::select! {
        biased;
        done = retry::steadily(context, "run", run) => Ok(done),
        () = context.stop.asked() => Err(Halt::Stopped),
    }
}

/// What a server's answer means.
fn judge(server: &str, output: &Output) -> Outcome<()> {
    let last = output.stdout.lines().last().unwrap_or_default();
    let answer: Result<BTreeMap<String, Option<String>>, _> = serde_json::from_str(last);
    let Ok(answer) = answer else {
        let said = output.stderr.lines().last().unwrap_or("it said nothing");
        return Err(Halt::Shut(format!(
            "{server} does not say what it runs: {said}"
        )));
    };
    let wrong = answer
        .into_iter()
        .find_map(|(name, wrong)| Some((name, wrong?)));
    match wrong {
        None => Ok(()),
        Some((name, wrong)) => Err(Halt::Shut(format!(
            "{name} does not run its new version on {server}: {wrong}"
        ))),
    }
}

/// A script of a deployment, by its name below `actions/deploy/`, for a server.
pub fn script(
    texts: &dyn Fn(&str) -> Option<String>,
    name: &str,
    mut variables: Vec<(&str, String)>,
    (on, server): &Place,
    within: Duration,
) -> Outcome<Script> {
    let missing = || Halt::Missing(format!("there is no script deploy/{name}"));
    let text = texts(name).ok_or_else(missing)?;
    variables.push(("AWS_DEFAULT_REGION", server.address.region.to_string()));
    let text = packed_command(&text, false, &variables).map_err(Halt::Missing)?;
    let environment = variables
        .into_iter()
        .map(|(name, value)| (name.into(), value));
    Ok(Script {
        name: format!("deploy/{name}").into(),
        undo: false,
        server: server.clone(),
        on: Some(on.clone()),
        text,
        environment: environment.collect(),
        within,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Outcome<()> {
        judge(
            "i-1",
            &Output {
                code: 0,
                stdout: stdout.to_owned(),
                stderr: "bash: python3: not found".to_owned(),
            },
        )
    }

    #[test]
    fn a_server_that_does_not_say_what_it_runs_has_not_taken_the_version() {
        assert!(said("{\"web\": null}").is_ok());
        assert!(said("pulled\n{\"web\": null}").is_ok());
        let told = |stdout| said(stdout).unwrap_err().in_words();
        assert!(told("").contains("python3: not found"));
        assert!(told("{\"web\": \"not healthy: web\"}").contains("on i-1: not healthy: web"));
    }
}
