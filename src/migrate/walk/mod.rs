//! The walk: carries steps out, one after the other or back again, and writes down in the cloud
//! where it stands before anything changes.
//!
//! What should exist after a step is [`super::steps`]'; how the cloud becomes that is the diff's and
//! apply's. A step that was interrupted is done again from its beginning: scripts and applies may be
//! repeated.

mod command;
mod readings;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::readings::passes;
pub use self::readings::{CloudReadings, settled};
use super::action::{self, Parameters, Side};
use super::gates::{Check, Gate, Reachable, Reading};
use super::{Migration, Phase};
use super::{failover, room};
use crate::address::Address;
use crate::apply::{self, Context, Report, execute, kinds, observe_without, record_of, retry};
use crate::graph::Graph;
use crate::inventory::{Live, LiveResource, Standing, Status};
use crate::ownership;
use crate::plan::guard::{self, Refusal};
use crate::plan::{Plan, diff};
use crate::provider::{Output, ProviderError, Script};
use crate::roles::{Role, database_setting};
use crate::value::{Reference, Value};

/// How long a script may take: copying a large database takes hours.
const SCRIPT: Duration = Duration::from_secs(48 * 3600);

/// Where the server's own database is dumped to before it is given up: on the disk that outlives the
/// server.
const FINAL_DUMP: &str = "/data/database-before-migration.dump";

/// Something that happened on the way.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step begins, or is begun again; `back` where it is taken back.
    Began {
        /// Its number.
        step: usize,
        /// Whether it is taken back.
        back: bool,
    },
    /// A script begins.
    Runs {
        /// Its name.
        script: &'a str,
    },
    /// A script has ended.
    Ran {
        /// Its name.
        script: &'a str,
        /// What it said.
        output: &'a Output,
    },
    /// The resources' changes are known, and are made next.
    Planned {
        /// Its number.
        step: usize,
        /// The changes.
        plan: &'a Plan,
    },
    /// Something happened to one of the changes.
    Operation(&'a apply::Event),
    /// A gate was asked.
    Asked {
        /// The gate.
        gate: &'a Gate,
        /// The answer.
        reading: &'a Reading,
        /// Seconds since the first question.
        passed: f64,
    },
    /// A gate is open.
    Opened {
        /// The gate.
        gate: &'a Gate,
    },
    /// A step is done.
    Done {
        /// Its number.
        step: usize,
        /// Seconds that it took, by the provider's clock.
        seconds: f64,
    },
}

/// Why a walk stopped.
#[derive(Debug)]
pub enum Halt {
    /// The cloud does not answer as it should.
    Cloud(ProviderError),
    /// A script failed.
    Script {
        /// Its name.
        name: String,
        /// What it said.
        output: Output,
    },
    /// A script needs something that is not there.
    Missing(String),
    /// The guard rails refuse a change that is none of the migration's.
    Refused(Vec<Refusal>),
    /// Changes were not all made.
    Incomplete {
        /// What was to be done.
        plan: Box<Plan>,
        /// What was.
        report: Report,
    },
    /// A gate did not open.
    Shut(String),
    /// Somebody asked to stop.
    Stopped,
    /// The way back has ended: the step that removed what it leads to was begun.
    NoReturn {
        /// Which step.
        step: Arc<str>,
    },
}

impl From<ProviderError> for Halt {
    fn from(error: ProviderError) -> Self {
        Self::Cloud(error)
    }
}

type Outcome<T> = Result<T, Halt>;

/// The text of a script, by engine and name.
pub type Texts<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

/// One who walks.
pub struct Walker<'a> {
    /// The cloud, and whether to stop.
    pub context: &'a Context<'a>,
    /// The way.
    pub migration: &'a Migration,
    /// The scripts.
    pub texts: Texts<'a>,
    /// Operations at a time.
    pub workers: Option<usize>,
    /// Where the user's commands run; where scalectl does, without it.
    pub folder: Option<&'a Path>,
}

impl Walker<'_> {
    /// What exists, as far as a step and the one before know it.
    async fn look(&self, number: usize, graphs: &[&Graph]) -> Outcome<Live> {
        let kinds = graphs.iter().flat_map(|graph| kinds(graph)).collect();
        let without = self.migration.steps[number].without.as_deref();
        Ok(observe_without(self.context, kinds, without).await?)
    }

    async fn stand(
        &self,
        live: &Live,
        graph: &Graph,
        stage: Option<&str>,
        standing: Option<Standing>,
    ) -> Outcome<()> {
        let mut record = record_of(live.record.as_ref(), graph, stage);
        if standing.as_ref().is_none_or(|standing| standing.done) {
            record.addresses = Some(ownership::of_addresses(graph));
        }
        record.migration = standing;
        Ok(apply::write_record(self.context, &record).await?)
    }

    fn standing(&self, step: usize, done: bool, back: bool) -> Standing {
        let (from, to) = self.migration.ends();
        Standing {
            from: from.into(),
            to: to.into(),
            step,
            name: self.migration.steps[step].name.clone(),
            digest: self.migration.digest.clone(),
            done,
            back,
            since: self.context.provider.clock().now(),
            failover: self.migration.failover.clone(),
        }
    }

    /// Carries one step out, its gates included, and writes down that it is done. The last step of
    /// a hop reaches its stage, the last of all ends the migration.
    ///
    /// # Errors
    /// Why the walk stopped; the same step can be begun again.
    pub async fn forward(
        &self,
        number: usize,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        let step = &self.migration.steps[number];
        let clock = self.context.provider.clock();
        let began = clock.now();
        on_event(&Event::Began {
            step: number,
            back: false,
        });
        let before = self.migration.before(number);
        let live = self.look(number, &[before, &step.graph]).await?;
        let standing = self.standing(number, false, false);
        self.stand(&live, &step.graph, None, Some(standing)).await?;
        let plan = self.planned(number, before, &step.graph, &live)?;
        // Begun again after the old database went, which it does only once the scripts are through.
        let through = step.phase == Phase::Contract && self.source_is_gone(number, &live);
        for name in step.run.iter().filter(|_| !through) {
            self.script(number, name, false, &live, on_event).await?;
        }
        self.carry_out(number, plan, on_event).await?;
        for gate in &step.gates {
            self.gate_on(&step.graph, number, gate, on_event).await?;
        }
        let live = self.look(number, &[&step.graph]).await?;
        let last = number + 1 == self.migration.steps.len();
        let reached = self.migration.ends_hop(number);
        let stage = reached.then(|| step.hop.1.name());
        let standing = (!last).then(|| self.standing(number, true, false));
        self.stand(&live, &step.graph, stage, standing).await?;
        on_event(&Event::Done {
            step: number,
            seconds: clock.now().saturating_sub(began) as f64 / 1000.0,
        });
        Ok(())
    }

    /// Takes one step back: what it changed, then what its scripts did. At the beginning of the
    /// whole migration, or of the hop that is under way, the way back ends.
    ///
    /// # Errors
    /// Why the walk stopped; the same step can be taken back again.
    pub async fn back(&self, number: usize, on_event: &mut dyn FnMut(&Event<'_>)) -> Outcome<()> {
        let step = &self.migration.steps[number];
        if step.point_of_no_return {
            return Err(Halt::NoReturn {
                step: step.name.clone(),
            });
        }
        let clock = self.context.provider.clock();
        let began = clock.now();
        on_event(&Event::Began {
            step: number,
            back: true,
        });
        let before = self.migration.before(number);
        let live = self.look(number, &[before, &step.graph]).await?;
        let standing = self.standing(number, false, true);
        self.stand(&live, &step.graph, None, Some(standing)).await?;
        let plan = self.planned(number, &step.graph, before, &live)?;
        // What a script needs may be what the step has made, so the script's turn comes first. Where what
        // it would clean up is gone, and was never used, there is nothing to take back.
        if !self.target_is_gone(number, &live) {
            for name in step.run.iter().rev() {
                self.script(number, name, true, &live, on_event).await?;
            }
        }
        self.carry_out(number, plan, on_event).await?;
        let reachable = self.reachable();
        self.gate_on(before, number, &reachable, on_event).await?;
        // Nobody is left behind: servers that get more requests have to be healthy, and name servers
        // are given the time that they may remember.
        let leads = step.gates.iter().filter(|gate| {
            step.phase == Phase::Switch && matches!(gate.check, Check::Healthy(_) | Check::Hold(_))
        });
        for gate in leads {
            self.gate_on(before, number, gate, on_event).await?;
        }
        let live = self.look(number, &[before]).await?;
        let first = number == self.migration.hop_begins(number);
        let standing = match (first, number) {
            // Back at a stage: the migration that is left over is none.
            (true, _) | (_, 0) => None,
            (false, _) => Some(self.standing(number - 1, true, true)),
        };
        let stage = first.then(|| step.hop.0.name());
        self.stand(&live, before, stage, standing).await?;
        on_event(&Event::Done {
            step: number,
            seconds: clock.now().saturating_sub(began) as f64 / 1000.0,
        });
        Ok(())
    }

    /// Runs a step's scripts once more and nothing else, so that rows stand as after it. What a script
    /// cannot do any more, because its servers are gone, nobody needs.
    pub async fn replay(&self, number: usize) {
        let step = &self.migration.steps[number];
        for name in &step.run {
            let Ok(live) = self
                .look(number, &[self.migration.before(number), &step.graph])
                .await
            else {
                return;
            };
            let _ = self.script(number, name, false, &live, &mut |_| {}).await;
        }
    }

    /// The gate after each step back: as the steps declare it, if they do.
    fn reachable(&self) -> Gate {
        let gates = self.migration.steps.iter().flat_map(|step| &step.gates);
        let mut declared = gates.filter(|gate| matches!(gate.check, Check::Reachable(_)));
        declared
            .next()
            .cloned()
            .unwrap_or(Gate::new(Check::Reachable(Reachable {}), 2, 600))
    }

    /// Makes a step's changes.
    async fn carry_out(
        &self,
        number: usize,
        plan: Plan,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        on_event(&Event::Planned {
            step: number,
            plan: &plan,
        });
        if plan.is_empty() {
            return Ok(());
        }
        let report = execute(self.context, &plan, self.workers, &mut |event| {
            on_event(&Event::Operation(event));
        })
        .await;
        match (report.is_complete(), report.stopped) {
            (true, _) => Ok(()),
            (false, true) => Err(Halt::Stopped),
            (false, false) => Err(Halt::Incomplete {
                plan: Box::new(plan),
                report,
            }),
        }
    }

    /// What a step would change, unless the guard rails refuse some of it.
    fn planned(&self, number: usize, before: &Graph, graph: &Graph, live: &Live) -> Outcome<Plan> {
        let step = &self.migration.steps[number];
        let plan = match &self.migration.failover {
            Some(_) => failover::planned(step, before, graph, live),
            None => diff(graph, live, None),
        };
        let mut refusals = guard::refusals(&plan, &self.allowed(number, before, graph));
        if let Some(failover) = &self.migration.failover {
            refusals.extend(failover::loses_the_writer(&plan, graph, failover));
        }
        match refusals.is_empty() {
            true => Ok(plan),
            false => Err(Halt::Refused(refusals)),
        }
    }

    /// Whether the database that rows were to move to does not exist, and the servers still use the old
    /// one.
    fn target_is_gone(&self, number: usize, live: &Live) -> bool {
        let (old, new) = self.ends_of_hop(number);
        let (Ok(source), Err(_)) = (Database::of(old, live), Database::of(new, live)) else {
            return false;
        };
        let mut settings = live.resources.values();
        let config = settings
            .find_map(|one| database_setting(&one.kind, &one.properties))
            .unwrap_or_default();
        let host = config["host"].as_str().unwrap_or_default();
        host == source.side.host || host == "local"
    }

    /// Whether the database that rows came from does not exist any more.
    fn source_is_gone(&self, number: usize, live: &Live) -> bool {
        let (old, new) = self.ends_of_hop(number);
        Database::of(old, live).is_err() && Database::of(new, live).is_ok()
    }

    /// The stages' graphs at both ends of a step's hop.
    fn ends_of_hop(&self, number: usize) -> (&Graph, &Graph) {
        let old = self.migration.before(self.migration.hop_begins(number));
        let hop = self.migration.steps[number].hop;
        let last = self.migration.steps.iter().rfind(|step| step.hop == hop);
        (old, last.map_or(old, |step| &step.graph))
    }

    /// What a step may remove or lead elsewhere although it is protected: exactly what its own
    /// graphs say.
    fn allowed(&self, number: usize, before: &Graph, graph: &Graph) -> BTreeSet<Address> {
        let step = &self.migration.steps[number];
        if self.migration.failover.is_some() {
            return failover::touched(before, graph);
        }
        let mut allowed: BTreeSet<Address> = before
            .resources
            .keys()
            .filter(|address| graph.get(address).is_none())
            .cloned()
            .collect();
        // The scripts of this step have moved the rows.
        if !step.run.is_empty() {
            let settings = graph.with_role(Role::DatabaseSetting);
            allowed.extend(settings.map(|one| one.address.clone()));
        }
        allowed
    }

    async fn script(
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
            text: action::command(&text, undo, &parameters).map_err(Halt::Missing)?,
            environment: variables
                .map(|(name, value)| (name.into(), value))
                .collect(),
            within: SCRIPT,
        })
    }

    async fn gate_on(
        &self,
        graph: &Graph,
        number: usize,
        gate: &Gate,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        let readings = CloudReadings {
            context: self.context,
            graph,
            step: Some((self, number)),
        };
        passes(&readings, gate, &mut |reading, passed| {
            on_event(&Event::Asked {
                gate,
                reading,
                passed: passed as f64 / 1000.0,
            });
        })
        .await?;
        on_event(&Event::Opened { gate });
        Ok(())
    }
}

/// The server that is there of those that run scripts by these graphs.
fn server<'a>(graphs: &[&Graph], live: &'a Live) -> Outcome<&'a LiveResource> {
    let hosts = graphs
        .iter()
        .flat_map(|graph| graph.with_role(Role::ScriptHost));
    hosts
        .filter_map(|host| live.resources.get(&host.address))
        .find(|resource| resource.status == Status::Ready)
        .ok_or_else(|| Halt::Missing("there is no server to run scripts on".to_owned()))
}

/// A relational database as the servers' settings tell of it.
struct Database {
    engine: String,
    name: String,
    side: Side,
}

impl Database {
    /// The one that the servers use at a stage, by its graph and what is live.
    fn of(graph: &Graph, live: &Live) -> Outcome<Self> {
        let missing =
            |what: &str| Halt::Missing(format!("{what} of the database is not known yet"));
        let parameter = graph
            .with_role(Role::DatabaseSetting)
            .next()
            .ok_or_else(|| missing("the setting"))?;
        let answer = |reference: &Reference| {
            let live = live.resources.get(&reference.address)?;
            live.properties.at(&reference.path).cloned()
        };
        let value = parameter.properties.get("Value");
        let value = value.map(|value| value.resolve(&answer));
        let text = value.as_ref().and_then(Value::as_str);
        let config: serde_json::Value = text
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| missing("the address"))?;
        let word = |name: &str| match &config[name] {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let engine = word("engine").ok_or_else(|| missing("the engine"))?;
        let name = word("name").ok_or_else(|| missing("the name"))?;
        let host = word("host").ok_or_else(|| missing("the host"))?;
        let port = if engine == "postgres" { 5432 } else { 3306 };
        let side = match &*host {
            "local" => Side {
                host: server(&[graph], live)?
                    .properties
                    .get("PrivateIp")
                    .and_then(Value::as_str)
                    .ok_or_else(|| missing("the server's address"))?
                    .to_owned(),
                port,
                // Made on the server, and never anywhere else.
                secret: "file:/data/secrets/database".to_owned(),
            },
            _ => Side {
                host,
                port: word("port")
                    .and_then(|port| port.parse().ok())
                    .unwrap_or(port),
                secret: word("secret").ok_or_else(|| missing("the secret"))?,
            },
        };
        Ok(Self { engine, name, side })
    }
}
