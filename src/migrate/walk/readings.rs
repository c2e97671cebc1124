//! What gates read of a cloud, in a migration and outside of one.

use std::path::Path;
use std::time::Duration;

use super::{Halt, Outcome, Walker, command};
use crate::address::Address;
use crate::apply::{Context, kinds, observe_only, retry};
use crate::blueprint::holds;
use crate::graph::{Graph, Resource};
use crate::inventory::{Handle, Live, LiveResource};
use crate::migrate::gates::{
    Behind, Copied, End, Failures, Firing, Gate, Latencies, Names, Probed, Read, Reading, Readings,
    Servers, Takeover, until_open,
};
use crate::migrate::{failover, files, probe, routing};
use crate::value::{Map, Value};

const ALARM: &str = "AWS::CloudWatch::Alarm";
const CHECK: &str = "AWS::Route53::HealthCheck";
const RECORD: &str = "AWS::Route53::RecordSet";
const FLEET: &str = "AWS::AutoScaling::AutoScalingGroup";

/// A cloud as gates read it.
pub struct CloudReadings<'a> {
    /// The cloud, and whether to stop.
    pub context: &'a Context<'a>,
    /// What should exist.
    pub graph: &'a Graph,
    /// The step whose gates they are; outside of a migration there is none.
    pub(super) step: Option<(&'a Walker<'a>, usize)>,
}

impl<'a> CloudReadings<'a> {
    /// Readings outside of a migration.
    pub fn new(context: &'a Context<'a>, graph: &'a Graph) -> Self {
        Self {
            context,
            graph,
            step: None,
        }
    }

    /// The region that does not answer.
    fn without(&self) -> Option<&str> {
        let (walker, number) = self.step?;
        walker.migration.steps[number].without.as_deref()
    }

    /// What exists of some kinds of the graph: gates ask again and again, and need little.
    async fn look_at(&self, wanted: &[&str]) -> Outcome<Live> {
        let without = self.without();
        let mut kinds = kinds(self.graph);
        kinds.retain(|(region, kind)| {
            wanted.contains(&&**kind) && without.is_none_or(|without| **region != *without)
        });
        Ok(observe_only(self.context, kinds).await?)
    }

    /// The servers of workers: no name leads to them, as they are behind no load balancer. Each with how many of them have
    /// to be healthy.
    async fn workers(&self) -> Outcome<Vec<(Handle, u32)>> {
        let wanted: Vec<&Resource> = self.graph.iter().filter(|one| is_workers(one)).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let live = self.look_at(&[FLEET]).await?;
        let found = wanted.into_iter().filter_map(|one| {
            let size = one.property("MinSize").and_then(Value::as_number);
            let least = u32::from(size.is_some_and(|size| size > 0));
            Some((live.resources.get(&one.address)?.handle(), least))
        });
        Ok(found.collect())
    }

    /// The moment up to which a database has everything.
    async fn replicated(&self, database: &LiveResource) -> Outcome<Option<u64>> {
        let handle = database.handle();
        let Context {
            provider, owner, ..
        } = *self.context;
        let until = retry::steadily(self.context, "replicated", || {
            provider.replicated(owner, &handle)
        });
        Ok(until.await?)
    }

    /// Every database that follows another, and how many seconds each is behind.
    async fn replicas(&self, walker: &Walker<'_>, number: usize) -> Outcome<Behind> {
        let live = walker.look(number, &[self.graph]).await?;
        let mut seen = Vec::new();
        for replica in live.resources.values().filter(|one| failover::follows(one)) {
            let until = self.replicated(replica).await?;
            let now = self.now();
            let behind = until.map(|until| now.saturating_sub(until) as f64 / 1000.0);
            seen.push((replica.address.to_string(), behind));
        }
        Ok(Behind::Replicas(seen))
    }

    /// What the script reports of how far the copy is behind.
    async fn copy(&self, walker: &Walker<'_>, number: usize) -> Outcome<Behind> {
        let before = walker.migration.before(number);
        let live = walker.look(number, &[before, self.graph]).await?;
        let output = walker
            .script(number, "lag", false, &live, &mut |_| {})
            .await?;
        let last = output.stdout.lines().last().unwrap_or_default();
        Ok(match serde_json::from_str(last) {
            Ok(report) => Behind::Script(report),
            Err(_) => Behind::NoReport(last.to_owned()),
        })
    }
}

/// Whether a resource is a fleet behind no load balancer.
fn is_workers(resource: &Resource) -> bool {
    let groups = resource
        .property("TargetGroupARNs")
        .and_then(Value::as_list);
    &*resource.kind == FLEET && groups.is_none_or(<[Value]>::is_empty)
}

impl Readings for CloudReadings<'_> {
    type Error = Halt;

    fn now(&self) -> u64 {
        self.context.provider.clock().now()
    }

    async fn wait(&self, time: Duration) -> Outcome<()> {
        tokio::select! {
            () = self.context.provider.clock().sleep(time) => Ok(()),
            () = self.context.stop.asked() => Err(Halt::Stopped),
        }
    }

    fn check_stop(&self) -> Outcome<()> {
        if self.context.stop.is_asked() {
            Err(Halt::Stopped)
        } else {
            Ok(())
        }
    }

    async fn ends(&self) -> Read<Result<usize, String>, Halt> {
        let live = self.look_at(routing::WAYS).await?;
        Ok(Some(routing::ends(&live).map(|ends| ends.len())))
    }

    async fn health(&self) -> Read<Result<Vec<Servers>, String>, Halt> {
        let mut live = self.look_at(routing::WAYS).await?;
        // Names lead into the region that does not answer too: the other's servers count.
        if self.without().is_some() {
            live.resources.retain(|_, one| &*one.kind != RECORD);
        }
        let ends = match routing::ends(&live) {
            Ok(ends) => ends,
            Err(why) => return Ok(Some(Err(why))),
        };
        let Context {
            provider, owner, ..
        } = *self.context;
        let mut seen = Vec::new();
        let ends = ends.into_iter().map(|end| (end.resource.handle(), 1));
        for (handle, least) in ends.chain(self.workers().await?) {
            let health =
                retry::steadily(self.context, "health", || provider.health(owner, &handle));
            let health = health.await?;
            seen.push(Servers {
                name: handle.address.to_string(),
                healthy: health.healthy,
                all: health.all,
                least,
            });
        }
        Ok(Some(Ok(seen)))
    }

    async fn names(&self) -> Read<Names, Halt> {
        let live = self.look_at(routing::DOORS).await?;
        Ok(Some(probe::names(self.context, &live).await?))
    }

    async fn probe(&self) -> Read<Probed, Halt> {
        let live = self.look_at(routing::DOORS).await?;
        let requests = match self.step {
            Some((walker, _)) => &*walker.migration.requests,
            None => &[],
        };
        Ok(Some(probe::probe(self.context, &live, requests).await?))
    }

    async fn failures(&self) -> Read<Option<Failures>, Halt> {
        let live = self.look_at(routing::DOORS).await?;
        Ok(Some(probe::failures(self.context, &live).await?))
    }

    async fn latencies(&self) -> Read<Option<Latencies>, Halt> {
        let live = self.look_at(routing::DOORS).await?;
        Ok(Some(probe::latencies(self.context, &live).await?))
    }

    async fn alarms(&self) -> Read<Firing, Halt> {
        let live = self.look_at(&[ALARM, CHECK]).await?;
        let resources = || live.resources.values();
        // What only a health check reads steers answers, and calls nobody.
        let read: Vec<&str> = resources()
            .filter(|one| &*one.kind == CHECK)
            .filter_map(|one| {
                one.properties
                    .at("HealthCheckConfig.AlarmIdentifier.Name")?
                    .as_str()
            })
            .collect();
        let calls = |alarm: &&LiveResource| {
            let actions = alarm
                .properties
                .get("AlarmActions")
                .and_then(Value::as_list);
            actions.is_some_and(|actions| !actions.is_empty())
                || !read.contains(&&*alarm.identifier)
        };
        let alarms: Vec<Handle> = resources()
            .filter(|resource| &*resource.kind == ALARM)
            .filter(calls)
            .map(LiveResource::handle)
            .collect();
        let Context {
            provider, owner, ..
        } = *self.context;
        let raised = retry::steadily(self.context, "alarms", || {
            provider.firing_alarms(owner, &alarms)
        });
        Ok(Some(Firing {
            all: alarms.len(),
            names: raised.await?.iter().map(ToString::to_string).collect(),
        }))
    }

    async fn behind(&self) -> Read<Behind, Halt> {
        let Some((walker, number)) = self.step else {
            return Ok(None);
        };
        let behind = match walker.migration.failover {
            Some(_) => self.replicas(walker, number).await?,
            None => self.copy(walker, number).await?,
        };
        Ok(Some(behind))
    }

    async fn takeover(&self, passed: Duration) -> Read<Result<Takeover, String>, Halt> {
        let Some((walker, number)) = self.step else {
            return Ok(None);
        };
        let Some(failover) = &walker.migration.failover else {
            return Ok(Some(Err("no replica is being promoted".to_owned())));
        };
        let live = walker.look(number, &[self.graph]).await?;
        let database = failover::database_of(self.graph, &failover.to)
            .and_then(|wanted| live.resources.get(&wanted.address));
        let Some(database) = database else {
            let why = format!("no database exists in {}", failover.to);
            return Ok(Some(Err(why)));
        };
        let passed = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        let since = self.now().saturating_sub(passed);
        Ok(Some(Ok(Takeover {
            until: self.replicated(database).await?,
            since,
            loss: failover.loss,
            lost: failover.lost,
        })))
    }

    async fn files(&self) -> Read<Copied, Halt> {
        let Some((walker, number)) = self.step else {
            return Ok(None);
        };
        let (old, new) = walker.ends_of_hop(number);
        let live = walker.look(number, &[self.graph]).await?;
        let mut all = Copied::default();
        for (from, to) in files::pairs(old, new) {
            let find = |address: &Address| {
                let found = live.resources.get(address).map(LiveResource::handle);
                found.ok_or_else(|| Halt::Missing(format!("there is no bucket {address}")))
            };
            let (from, to) = (find(&from)?, find(&to)?);
            let provider = self.context.provider;
            let copy = retry::steadily(self.context, "copy files", || {
                provider.copy_files(&from, &to)
            });
            let found = copy.await?;
            all.there += found.there;
            all.left += found.left;
        }
        Ok(Some(all))
    }

    async fn command(&self, command: &str, within: Duration) -> Read<Reading, Halt> {
        let folder: Option<&Path> = self.step.and_then(|(walker, _)| walker.folder);
        Ok(Some(
            command::run(self.context.stop, command, folder, within).await,
        ))
    }

    async fn expression(&self, expression: &str) -> Read<Result<bool, String>, Halt> {
        let live = match self.step {
            Some((walker, number)) => walker.look(number, &[self.graph]).await?,
            None => observe_only(self.context, kinds(self.graph)).await?,
        };
        let resources = live.resources.into_iter();
        let by_address: Map = resources
            .map(|(address, resource)| {
                let properties = Value::Map(resource.properties);
                (address.to_string().into(), properties)
            })
            .collect();
        let holds = holds(expression, &by_address);
        Ok(Some(holds.map_err(|failure| failure.message)))
    }
}

/// Checks a gate until it passes; `on_reading` receives each reading, and the milliseconds since the first.
pub(super) async fn passes(
    readings: &CloudReadings<'_>,
    gate: &Gate,
    on_reading: &mut dyn FnMut(&Reading, u64),
) -> Outcome<()> {
    let words = || gate.check.in_words();
    match until_open(gate, readings, on_reading).await? {
        End::Open => Ok(()),
        End::Unread => Err(Halt::Missing(format!(
            "outside a migration it cannot be checked whether {}",
            words()
        ))),
        End::Failed(seen) => Err(Halt::Shut(format!(
            "timed out after {} s waiting until {}: {seen}",
            gate.cadence.within,
            words()
        ))),
    }
}

/// Waits until an application's servers are healthy, or no alarm of it is raised, outside of a
/// migration.
///
/// # Errors
/// Why the gate stays shut.
pub async fn settled(
    context: &Context<'_>,
    graph: &Graph,
    gate: &Gate,
    on_reading: &mut dyn FnMut(&Reading, u64),
) -> Outcome<()> {
    passes(&CloudReadings::new(context, graph), gate, on_reading).await
}
