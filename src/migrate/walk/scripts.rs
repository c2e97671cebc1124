//! A step's scripts: with which parameters they run, and where.

use std::time::Duration;

use super::database::Database;
use super::{Event, Halt, Outcome, Walker};
use crate::apply::retry;
use crate::graph::Graph;
use crate::inventory::{Live, LiveResource, Status};
use crate::migrate::action::{self, Parameters};
use crate::migrate::room;
use crate::provider::{Output, Script};
use crate::roles::Role;

/// How long a script may take: copying a large database takes hours.
const SCRIPT: Duration = Duration::from_secs(48 * 3600);

/// Where the server's own database is dumped to before it is given up: on the disk that outlives the
/// server.
const FINAL_DUMP: &str = "/data/database-before-migration.dump";

impl Walker<'_> {
    pub(super) async fn script(
        &self,
        number: usize,
        name: &str,
        undo: bool,
        live: &Live,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<Output> {
        let script = self.prepared(number, name, undo, live)?;
        on_event(&Event::Runs {
            script: &script.name,
        });
        let output = retry::steadily(self.context, "run", || {
            self.context.provider.run(self.context.owner, &script)
        })
        .await?;
        on_event(&Event::Ran {
            script: &script.name,
            output: &output,
        });
        match output.code {
            0 => Ok(output),
            _ => Err(Halt::Script {
                name: script.name.to_string(),
                output,
            }),
        }
    }

    /// A script with its parameters: which databases, and where their secrets are.
    fn prepared(&self, number: usize, name: &str, undo: bool, live: &Live) -> Outcome<Script> {
        let (old, new) = self.ends_of_hop(number);
        let (source, target) = (Database::of(old, live)?, Database::of(new, live)?);
        let engine = source.engine.clone();
        let text = (self.texts)(&engine, name)
            .ok_or_else(|| Halt::Missing(format!("there is no script {engine}/{name}")))?;
        let server = server(&[old, new], live)?;
        let local = source.side.secret.starts_with("file:");
        let parameters = Parameters {
            engine: engine.clone(),
            database: source.name,
            source: source.side,
            target: target.side,
            region: Some(server.address.region.to_string()),
            // A managed one leaves a final snapshot; the server's own has only its disk.
            final_dump: local.then(|| FINAL_DUMP.to_owned()),
            target_bytes: room::of_database(new),
        };
        let variables = parameters.variables().into_iter();
        Ok(Script {
            name: format!("{engine}/{name}").into(),
            undo,
            server: server.handle(),
            on: None,
            text: action::command(&text, undo, &parameters).map_err(Halt::Missing)?,
            environment: variables
                .map(|(name, value)| (name.into(), value))
                .collect(),
            within: SCRIPT,
        })
    }
}

/// The server that is there of those that run scripts by these graphs.
pub(super) fn server<'a>(graphs: &[&Graph], live: &'a Live) -> Outcome<&'a LiveResource> {
    let hosts = graphs
        .iter()
        .flat_map(|graph| graph.with_role(Role::ScriptHost));
    hosts
        .filter_map(|host| live.resources.get(&host.address))
        .find(|resource| resource.status == Status::Ready)
        .ok_or_else(|| Halt::Missing("no server is available to run scripts on".to_owned()))
}
