//! The walk: settings and servers, one region and share after the other, and the way back.
//!
//! Before anything changes the record says what is deployed. Every step may be repeated: parameters are made equal to what
//! they should be, and a server that is in line already says so at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::rollout::{self, Rollout};
use super::servers::{Place, alarms, in_line, run, script, servers_of};
use super::{Service, digest, is_rollout, text_of, waves};
use crate::address::Address;
use crate::apply::{Context, execute, observe, observe_only, write_record};
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, Record};
use crate::migrate::gates::{Check, Errors, Gate, Healthy, Latency, Readings as _};
use crate::migrate::walk::{CloudReadings, Halt, settled};
use crate::plan::diff;

type Outcome<T> = Result<T, Halt>;

/// How long a release command may take.
const RELEASE: Duration = Duration::from_secs(4 * 3600);

/// Between two looks at how a new version does.
const LOOK: Duration = Duration::from_secs(10);

/// What happens on the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Event<'a> {
    /// A service's release command runs.
    Releases {
        /// Whose.
        service: &'a str,
    },
    /// It has run.
    Released {
        /// Whose.
        service: &'a str,
        /// What it wrote.
        output: &'a str,
    },
    /// Servers take a service's new version next.
    Turns {
        /// The service.
        service: &'a str,
        /// Where.
        region: &'a str,
        /// How many.
        servers: usize,
    },
    /// Servers run it.
    Runs {
        /// The service.
        service: &'a str,
        /// Where.
        region: &'a str,
        /// How many by now.
        servers: usize,
        /// How many there are.
        all: usize,
    },
    /// It is watched.
    Watches {
        /// The service.
        service: &'a str,
        /// For so long.
        seconds: u32,
    },
    /// A service goes back.
    GoesBack {
        /// The service.
        service: &'a str,
        /// Where.
        region: &'a str,
    },
}

/// One who deploys.
pub struct Walk<'a> {
    /// The cloud, and whether to stop.
    pub context: &'a Context<'a>,
    /// What should exist.
    pub graph: &'a Graph,
    /// What is deployed.
    pub services: &'a [Service],
    /// The scripts by their names below `actions/deploy/`.
    pub texts: &'a dyn Fn(&str) -> Option<String>,
    /// What the record says; it says what is deployed.
    pub record: Record,
}

impl Walk<'_> {
    /// Brings the new versions to all servers. [`Halt::Shut`] and [`Halt::Script`] say that a version is not fit, and that
    /// [`Walk::back`] is next.
    ///
    /// # Errors
    /// Why it stopped.
    pub async fn forward(&mut self, tell: &mut dyn FnMut(&Event<'_>)) -> Outcome<()> {
        let services = self.services;
        if !self.is_served() {
            for region in regions(services) {
                for service in services {
                    let here = service.settings.iter().find(|one| one.region == region);
                    if let Some(setting) = here {
                        self.region(service, setting, tell).await?;
                    }
                }
            }
            if let Some(deployment) = &mut self.record.deployment {
                deployment.served = true;
            }
            write_record(self.context, &self.record).await?;
        }
        self.finish().await
    }

    /// Whether nothing but cleaning up is left.
    fn is_served(&self) -> bool {
        self.record
            .deployment
            .as_ref()
            .is_some_and(|one| one.served)
    }

    /// Takes the settings from before back everywhere, and waits for the servers that had the new ones; whether it did: once
    /// every server serves the new version there is only the cleaning up.
    ///
    /// # Errors
    /// Why it stopped; done again it goes on.
    pub async fn back(&mut self, why: &str, tell: &mut dyn FnMut(&Event<'_>)) -> Outcome<bool> {
        if self.is_served() {
            self.finish().await?;
            return Ok(false);
        }
        if let Some(deployment) = &mut self.record.deployment {
            deployment.back.get_or_insert_with(|| why.to_owned());
        }
        write_record(self.context, &self.record).await?;
        for service in self.services {
            for address in service.settings.iter().rev() {
                let Some(setting) = self.graph.get(address) else {
                    continue;
                };
                let Some(rollout) = rollout_in(&self.parameters().await?, setting)? else {
                    continue;
                };
                tell(&Event::GoesBack {
                    service: &service.name,
                    region: &address.region,
                });
                self.bring(&rollout::with_text(setting, &rollout.before))
                    .await?;
                // All of them: who was in the middle of it as well.
                let all = self.servers(service, &address.region).await?;
                let wanted = digest(&rollout.before);
                self.settle(&service.name, &wanted, &all).await?;
            }
        }
        self.finish().await?;
        Ok(true)
    }

    /// One service in one region.
    async fn region(
        &mut self,
        service: &Service,
        address: &Address,
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        let missing = || Halt::Missing(format!("the blueprint has no setting {address}"));
        let setting = self.graph.get(address).ok_or_else(missing)?;
        let mut rollout = self.begun(service, setting).await?;
        let (name, region) = (&*service.name, &*address.region);
        self.release(service, setting, tell).await?;
        let wanted = digest(&text(&self.parameters().await?, address)?);
        // Whoever wrote down that it was these servers' turn may have died before they had the version, or failed with it.
        let mut resumed = !rollout.servers.is_empty();
        loop {
            let all = self.servers(service, region).await?;
            let ids: Vec<Arc<str>> = all.iter().map(|(id, _)| id.clone()).collect();
            let wave = if std::mem::take(&mut resumed) {
                rollout.servers.clone()
            } else {
                waves::next(&service.how, &ids, &rollout.servers)
            };
            if wave.is_empty() {
                return Ok(());
            }
            tell(&Event::Turns {
                service: name,
                region,
                servers: wave.len(),
            });
            let new = wave.iter().filter(|id| !rollout.servers.contains(id));
            rollout.servers.extend(new.cloned().collect::<Vec<_>>());
            let beside = rollout::resource(setting, &rollout).ok_or_else(missing)?;
            self.bring(&beside).await?;
            let wave: Vec<Place> = all
                .iter()
                .filter(|(id, _)| wave.contains(id))
                .cloned()
                .collect();
            self.settle(name, &wanted, &wave).await?;
            let done = ids.iter().filter(|id| rollout.servers.contains(id)).count();
            tell(&Event::Runs {
                service: name,
                region,
                servers: done,
                all: ids.len(),
            });
            let seconds = waves::watched(&service.how, ids.len(), done);
            if seconds > 0 {
                tell(&Event::Watches {
                    service: name,
                    seconds,
                });
            }
            self.watch(service, seconds).await?;
        }
    }

    /// Makes the parameter beside a setting, and then changes the setting: no server takes it in before its turn.
    async fn begun(&self, service: &Service, setting: &Resource) -> Outcome<Rollout> {
        let live = self.parameters().await?;
        if let Some(rollout) = rollout_in(&live, setting)? {
            self.change(&setting.address).await?;
            return Ok(rollout);
        }
        let missing = || Halt::Missing(format!("{} has no name", setting.address));
        let (name, _) = rollout::names(setting).ok_or_else(missing)?;
        let rollout = Rollout {
            setting: name.to_owned(),
            before: text(&live, &setting.address)?,
            servers: Vec::new(),
            keep: service.how.strategy == crate::spec::Strategy::BlueGreen,
        };
        self.bring(&rollout::resource(setting, &rollout).ok_or_else(missing)?)
            .await?;
        self.change(&setting.address).await?;
        Ok(rollout)
    }

    /// Runs a service's release command, once for all regions.
    async fn release(
        &mut self,
        service: &Service,
        setting: &Resource,
        tell: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        let deployment = self.record.deployment.as_ref();
        let is_done = deployment.is_some_and(|one| one.released.contains(&service.name));
        if !service.has_release || is_done {
            return Ok(());
        }
        let servers = self.servers(service, &setting.address.region).await?;
        let missing = || Halt::Missing(format!("no server of {} is there", service.name));
        let place = servers.into_iter().next().ok_or_else(missing)?;
        tell(&Event::Releases {
            service: &service.name,
        });
        let named = rollout::names(setting)
            .map_or("", |(name, _)| name)
            .to_owned();
        let variables = vec![("SETTING", named)];
        let script = script(self.texts, "release", variables, &place, RELEASE)?;
        let output = run(self.context, &script).await??;
        if output.code != 0 {
            let name = format!("of the release command of {}", service.name);
            return Err(Halt::Script { name, output });
        }
        tell(&Event::Released {
            service: &service.name,
            output: &output.stdout,
        });
        if let Some(deployment) = &mut self.record.deployment {
            deployment.released.push(service.name.clone());
        }
        Ok(write_record(self.context, &self.record).await?)
    }

    /// Has servers take a setting in, and waits until they run by it.
    async fn settle(&self, service: &str, wanted: &str, servers: &[Place]) -> Outcome<()> {
        in_line(self.context, self.texts, (service, wanted), servers).await
    }

    /// Watches a version for a while: servers, alarms, errors and latency. Once at least.
    async fn watch(&self, service: &Service, seconds: u32) -> Outcome<()> {
        let readings = CloudReadings::new(self.context, self.graph);
        let until = readings.now() + u64::from(seconds) * 1000;
        let ailing = self.record.deployment.as_ref().map(|one| &*one.ailing);
        let ailing = ailing.unwrap_or_default();
        let mut checks = vec![Check::Healthy(Healthy {})];
        for (name, check) in limits(service) {
            if !ailing.contains(&name) {
                checks.push(check);
            }
        }
        loop {
            for check in &checks {
                let gate = Gate::new(check.clone(), 1, 30);
                settled(self.context, self.graph, &gate, &mut |_, _| {}).await?;
            }
            self.no_new_alarm().await?;
            let left = until.saturating_sub(readings.now());
            if left == 0 {
                return Ok(());
            }
            readings.wait(LOOK.min(Duration::from_millis(left))).await?;
        }
    }

    async fn no_new_alarm(&self) -> Outcome<()> {
        let known = self.record.deployment.as_ref().map(|one| &*one.alarms);
        let known = known.unwrap_or_default();
        let mut new = alarms(self.context, self.graph).await?;
        new.retain(|name| !known.contains(name));
        if new.is_empty() {
            Ok(())
        } else {
            Err(Halt::Shut(format!(
                "an alarm is firing: {}",
                new.join(", ")
            )))
        }
    }

    /// Takes away what the deployment made: with its parameter gone, every server goes by the setting itself.
    async fn finish(&mut self) -> Outcome<()> {
        let live = self.parameters().await?;
        let own = |address: &Address| {
            is_rollout(address)
                && self
                    .services
                    .iter()
                    .any(|one| address.key.as_ref() == Some(&one.name))
        };
        let plan = diff(&Graph::default(), &live, None).narrowed(&live, |one| own(&one.address));
        self.carry_out(plan).await?;
        self.record
            .end_deployment(self.context.provider.clock().now());
        Ok(write_record(self.context, &self.record).await?)
    }

    /// Every parameter of the settings' regions.
    async fn parameters(&self) -> Outcome<Live> {
        let settings = self.services.iter().flat_map(|one| &one.settings);
        let kind: Arc<str> = crate::roles::Role::ServiceSetting.kind().into();
        let kinds: BTreeSet<_> = settings
            .map(|one| (one.region.clone(), kind.clone()))
            .collect();
        Ok(observe_only(self.context, kinds).await?)
    }

    async fn servers(&self, service: &Service, region: &str) -> Outcome<Vec<Place>> {
        servers_of(self.context, self.graph, &service.name, region).await
    }

    /// Makes one parameter as it should be.
    async fn bring(&self, resource: &Resource) -> Outcome<()> {
        let graph: Graph = [resource.clone()].into_iter().collect();
        let live = self.parameters().await?;
        let plan = diff(&graph, &live, None);
        let plan = plan.narrowed(&live, |one| one.address == resource.address);
        self.carry_out(plan).await
    }

    /// Changes a setting to what the graph says, with all that it refers to.
    async fn change(&self, address: &Address) -> Outcome<()> {
        let live = observe(self.context, Some(self.graph)).await?;
        let plan = diff(self.graph, &live, None);
        self.carry_out(plan.narrowed(&live, |one| one.address == *address))
            .await
    }

    async fn carry_out(&self, plan: crate::plan::Plan) -> Outcome<()> {
        if plan.is_empty() {
            return Ok(());
        }
        let report = execute(self.context, &plan, None, &mut |_| {}).await;
        if report.is_complete() {
            Ok(())
        } else if self.context.stop.is_asked() {
            Err(Halt::Stopped)
        } else {
            Err(Halt::Incomplete {
                plan: Box::new(plan),
                report,
            })
        }
    }
}

/// The parameter beside a setting, if there is one.
fn rollout_in(live: &Live, setting: &Resource) -> Outcome<Option<Rollout>> {
    let address = rollout::address(&setting.address);
    let rollout = text_of(live, &address).map(serde_json::from_str);
    let unread = |error| Halt::Missing(format!("{address} cannot be read: {error}"));
    rollout.transpose().map_err(unread)
}

/// The text of a setting as it is.
fn text(live: &Live, address: &Address) -> Outcome<String> {
    let missing = || Halt::Missing(format!("there is no parameter {address}"));
    Ok(text_of(live, address).ok_or_else(missing)?.to_owned())
}

/// What a service's requests have to keep within, each by its name in [`crate::inventory::Deployment::ailing`].
fn limits(service: &Service) -> Vec<(String, Check)> {
    let below = u32::from(service.how.errors);
    let errors = (
        format!("{}: errors", service.name),
        Check::Errors(Errors { below }),
    );
    let latency = service.how.latency.map(|below| {
        let name = format!("{}: latency", service.name);
        (name, Check::Latency(Latency { below }))
    });
    std::iter::once(errors).chain(latency).collect()
}

/// Which limits of these services are not kept now.
///
/// # Errors
/// When the cloud does not answer.
pub async fn ailing(
    context: &Context<'_>,
    graph: &Graph,
    services: &[Service],
) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    for (name, check) in services.iter().flat_map(limits) {
        match settled(context, graph, &Gate::new(check, 1, 0), &mut |_, _| {}).await {
            Ok(()) => {}
            Err(Halt::Shut(_)) => found.push(name),
            Err(halt) => return Err(halt),
        }
    }
    Ok(found)
}

/// The regions of the services, in their order.
fn regions(services: &[Service]) -> Vec<Arc<str>> {
    let mut regions: Vec<Arc<str>> = Vec::new();
    for address in services.iter().flat_map(|one| &one.settings) {
        if !regions.contains(&address.region) {
            regions.push(address.region.clone());
        }
    }
    regions
}
