//! `scalectl ssh` and `scalectl tunnel`: sessions of Systems Manager, which need no open port and no key. The AWS CLI and its
//! Session Manager plugin carry them.

use std::io;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::migrate::told;
use super::project::Project;
use super::session::Session;
use super::status::endpoints;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, ui};
use crate::apply::Context;
use crate::deploy::{Place, servers_of};
use crate::graph::Graph;
use crate::roles::Role;
use crate::spec::Provider;
use crate::value::shell;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl ssh                    on a server in service\n  scalectl ssh --service worker   on one of this service's\n  scalectl ssh i-0abc --print     the command of the AWS CLI that does it\n\nNeeds the AWS CLI with the Session Manager plugin, and the permission ssm:StartSession."
)]
pub struct Ssh {
    /// The server's id; one in service without it.
    server: Option<String>,
    /// A server of this service.
    #[arg(long)]
    service: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl tunnel database              127.0.0.1:15432 is the database, until Ctrl-C\n  scalectl tunnel database --port 6000   another local port\n\nConnect with TLS, and with the login in the database's secret. Needs the AWS CLI with the Session Manager plugin, and the\npermission ssm:StartSession."
)]
pub struct Tunnel {
    /// Where it leads.
    to: To,
    /// The local port.
    #[arg(long, value_name = "PORT", default_value_t = 15432)]
    port: u16,
    #[command(flatten)]
    how: How,
}

/// What a tunnel leads to.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum To {
    /// The database that takes the writes.
    Database,
}

/// Where, and whether to start it.
#[derive(Args)]
struct How {
    /// The region; the first of the spec without it.
    #[arg(long = "in", value_name = "REGION")]
    place: Option<String>,
    /// Print the command and start nothing.
    #[arg(long)]
    print: bool,
}

pub fn ssh(global: &Global, arguments: &Ssh) -> Outcome {
    let (project, region) = opened(global, &arguments.how)?;
    let graph = project.graph()?;
    let session = Session::open_to_look(&project, "ssh", true)?;
    let server = session.run(async |_, context| {
        let service = arguments.service.as_deref();
        server(
            context,
            &project,
            &graph,
            &region,
            service,
            arguments.server.as_deref(),
        )
        .await
    })?;
    let words = ["--target", &server, "--region", &region];
    start(&words, &arguments.how)
}

pub fn tunnel(global: &Global, arguments: &Tunnel) -> Outcome {
    let (project, region) = opened(global, &arguments.how)?;
    let To::Database = arguments.to;
    let graph = project.graph()?;
    let session = Session::open_to_look(&project, "tunnel", true)?;
    let (server, place) = session.run(async |_, context| {
        let server = server(context, &project, &graph, &region, None, None).await?;
        let live = observed(context, Some(&graph)).await?;
        let all = endpoints(&live).into_iter();
        let database = all.filter(|(what, ..)| *what == "database");
        let managed = database.map(|(_, place, _)| place).next();
        // The server's own is in a container, at the server's private address.
        let own = graph.with_role(Role::ScriptHost);
        let own = own.filter_map(|one| live.resources.get(&one.address));
        let mut own = own.filter_map(|one| one.properties.get("PrivateIp")?.as_str());
        let place = managed.or_else(|| own.next().map(str::to_owned));
        Ok((server, place))
    })?;
    let engine = project.spec.database.as_ref().map(|one| one.engine);
    let Some(engine) = engine else {
        let what = format!("{} has no database", project.spec.app);
        return Err(Failure::with_help(what, "declare `database` in the spec"));
    };
    let port = engine.row().port;
    let Some(host) = place else {
        let what = format!("{} has no database yet", project.spec.app);
        return Err(Failure::with_help(what, "`scalectl apply` creates it"));
    };
    let host = host.rsplit_once(':').map_or(&*host, |(host, _)| host);
    let parameters = serde_json::json!({
        "host": [host],
        "portNumber": [port.to_string()],
        "localPortNumber": [arguments.port.to_string()],
    });
    // https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html
    let words = [
        "--target",
        &server,
        "--region",
        &region,
        "--document-name",
        "AWS-StartPortForwardingSessionToRemoteHost",
        "--parameters",
        &parameters.to_string(),
    ];
    if !arguments.how.print {
        ui::note(&format!(
            "127.0.0.1:{} leads to {host}:{port} until Ctrl-C.\n",
            arguments.port
        ));
    }
    start(&words, &arguments.how)
}

/// The project, on AWS, and the region.
fn opened(global: &Global, how: &How) -> Result<(Project, String), Failure> {
    let project = Project::load(global, None)?;
    if !matches!(project.spec.provider, Provider::Aws(_)) {
        return Err(Failure::with_help(
            "the simulator has no machine to connect to",
            "this command needs an application on AWS: `provider: aws`",
        ));
    }
    let region = project.region(how.place.as_deref())?.to_owned();
    Ok((project, region))
}

/// A server of a service or of any, in service.
async fn server(
    context: &Context<'_>,
    project: &Project,
    graph: &Graph,
    region: &str,
    service: Option<&str>,
    server: Option<&str>,
) -> Result<Arc<str>, Failure> {
    if let Some(service) = service {
        super::deploy::known(project, service)?;
    }
    let names = project.spec.services.keys().map(String::as_str);
    let names = names.filter(|name| service.is_none_or(|service| service == *name));
    let mut halted = None;
    for name in names {
        match servers_of(context, graph, name, region).await {
            Ok(found) => {
                let is_it = |(id, _): &Place| server.is_none_or(|server| **id == *server);
                if let Some((id, _)) = found.into_iter().find(is_it) {
                    return Ok(id);
                }
            }
            Err(halt) => halted = Some(halt),
        }
    }
    Err(match (server, halted) {
        (Some(server), _) => Failure::with_help(
            format!("{server} is no server of the application in service in {region}"),
            "`scalectl status` shows what runs",
        ),
        (None, Some(halt)) => told(&halt),
        (None, None) => Failure::new(format!("no server is in service in {region}")),
    })
}

/// Starts a session, or prints the command that does.
fn start(words: &[&str], how: &How) -> Outcome {
    let quoted: Result<Vec<String>, String> = words
        .iter()
        .map(|word| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            if word.chars().all(is_plain) {
                Ok((*word).to_owned())
            } else {
                shell::word(word)
            }
        })
        .collect();
    let line = format!(
        "aws ssm start-session {}",
        quoted.map_err(Failure::new)?.join(" ")
    );
    if how.print {
        ui::print_whole(&format!("{line}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    match Command::new("aws")
        .args(["ssm", "start-session"])
        .args(words)
        .status()
    {
        Ok(status) => Ok(status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::with_help(
            "the AWS CLI is not installed, which carries the session",
            format!("install it with its Session Manager plugin, or run elsewhere: {line}"),
        )),
        Err(error) => Err(Failure::new(format!("aws cannot be started: {error}"))),
    }
}
