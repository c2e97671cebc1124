//! An open provider and the runtime that drives it.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::exit::Code;
use super::project::Project;
use super::wait_indicator::looking;
use super::{Failure, ui};
use crate::apply::read_only::View;
use crate::apply::{Context, Stop};
use crate::inventory::Owner;
#[cfg(feature = "aws")]
use crate::provider::aws::{Aws, Endpoints};
use crate::provider::sim::Sim;
use crate::provider::sim::store::{Opened, Store, StoreError, end_with};
use crate::provider::{Holder, Provider};
use crate::spec;

/// An open provider.
pub struct Session {
    opened: Provided,
    owner: Owner,
    /// Who we are, for the lease.
    pub holder: Holder,
    speed: Option<f64>,
    /// Whether nothing is changed, so that an interrupt need not wait for anything.
    only_looks: bool,
}

/// How the simulator's file is opened.
type Open = fn(&Path, &Holder, Duration, &mut dyn FnMut(&str)) -> Result<Opened, StoreError>;

/// What a provider is opened from.
enum Provided {
    /// The simulator's file.
    Sim(Box<Opened>),
    /// AWS, and the spec's regions.
    #[cfg(feature = "aws")]
    Aws(crate::spec::Aws, Vec<String>),
}

/// A provider at work.
pub enum Cloud {
    /// The simulator.
    Sim(Box<Sim>),
    /// AWS.
    #[cfg(feature = "aws")]
    Aws(Box<Aws>),
}

impl Cloud {
    /// It as any provider.
    pub fn provider(&self) -> &dyn Provider {
        match self {
            Self::Sim(sim) => &**sim,
            #[cfg(feature = "aws")]
            Self::Aws(aws) => &**aws,
        }
    }

    /// The simulator, if it is that.
    pub fn sim(&self) -> Option<&Sim> {
        match self {
            Self::Sim(sim) => Some(sim),
            #[cfg(feature = "aws")]
            Self::Aws(_) => None,
        }
    }

    /// Whether its servers answer what runs on them: an emulator of AWS has none.
    pub fn has_servers(&self) -> bool {
        match self {
            Self::Sim(_) => true,
            #[cfg(feature = "aws")]
            Self::Aws(aws) => aws.endpoint().is_none(),
        }
    }

    /// Where calls go, for headings: nothing more to say of the simulator.
    pub async fn place(&self) -> Result<Option<String>, Failure> {
        Ok(match self {
            Self::Sim(_) => None,
            #[cfg(feature = "aws")]
            Self::Aws(aws) => Some(aws.place_in_words().await?),
        })
    }

    /// The account's number, where the provider has accounts.
    async fn account(&self) -> Result<Option<Arc<str>>, Failure> {
        Ok(match self {
            Self::Sim(_) => None,
            #[cfg(feature = "aws")]
            Self::Aws(aws) => Some(aws.account().await?),
        })
    }

    /// What was asked so far, a line per service and region.
    pub fn calls(&self) -> Vec<String> {
        match self {
            Self::Sim(_) => Vec::new(),
            #[cfg(feature = "aws")]
            Self::Aws(aws) => aws.calls_in_words(),
        }
    }
}

/// A provider that is only looked at: no call of it changes anything.
pub struct Sight<'a> {
    /// What there is.
    pub view: View<'a>,
    cloud: &'a Cloud,
}

impl Sight<'_> {
    /// Where calls go, for headings.
    pub async fn place(&self) -> Result<Option<String>, Failure> {
        self.cloud.place().await
    }

    /// Does `work`, and shows whose answers are missing meanwhile.
    pub async fn looking<T>(&self, work: impl Future<Output = T>) -> T {
        looking(self.cloud.provider(), work).await
    }

    /// The account's number, where the provider has accounts.
    pub async fn account(&self) -> Result<Option<Arc<str>>, Failure> {
        self.cloud.account().await
    }

    /// What was asked so far, a line per service and region.
    pub fn calls(&self) -> Vec<String> {
        self.cloud.calls()
    }
}

impl Session {
    /// Opens the project's provider for a command. Lease and record are in the region that takes the
    /// database's writes.
    pub fn open(project: &Project, command: &str) -> Result<Self, Failure> {
        Self::open_to_look(project, command, false)
    }

    /// The same for a command that changes nothing, if that `is_all`: it writes nothing, and an interrupt ends it at once.
    pub fn open_to_look(project: &Project, command: &str, is_all: bool) -> Result<Self, Failure> {
        Self::open_at(project, command, project.spec.writer_region(), is_all)
    }

    /// The same with lease and record in another region.
    pub fn open_at(
        project: &Project,
        command: &str,
        home: &str,
        looks: bool,
    ) -> Result<Self, Failure> {
        let open = if looks { Store::look } else { Store::open };
        let mut session = Self::opened(project, command, home, open)?;
        session.only_looks = looks;
        Ok(session)
    }

    /// Opens the project's provider to be looked at, and runs `work` with it.
    pub fn look<T>(
        project: &Project,
        command: &str,
        work: impl AsyncFnOnce(&Sight<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let home = project.spec.writer_region();
        let session = Self::open_at(project, command, home, true)?;
        session.run(async |cloud, context| {
            let sight = Sight {
                view: View::new(context.provider, context.owner, context.stop),
                cloud,
            };
            work(&sight).await
        })
    }

    #[cfg_attr(
        not(feature = "aws"),
        allow(unused_variables, reason = "AWS only has regions")
    )]
    fn opened(project: &Project, command: &str, home: &str, open: Open) -> Result<Self, Failure> {
        let holder = holder(command);
        let opened = match &project.spec.provider {
            #[cfg(feature = "aws")]
            spec::Provider::Aws(settings) => {
                let regions = project.spec.regions.iter();
                let mut regions: Vec<String> =
                    regions.map(|region| region.name().to_owned()).collect();
                regions.sort_by_key(|region| region != home);
                Provided::Aws(settings.clone(), regions)
            }
            #[cfg(not(feature = "aws"))]
            spec::Provider::Aws(_) => {
                return Err(Failure::with_help(
                    "this build has no AWS provider",
                    "build with the feature `aws`, or use the simulator with `--provider sim`",
                ));
            }
            spec::Provider::Sim => {
                end_with(|error| {
                    ui::fail(&failed(error));
                    Code::Error.exit()
                });
                let opened = open(&project.local(), &holder, project.patience, &mut |who| {
                    ui::note(&format!("Waiting for {who}...\n"));
                });
                Provided::Sim(Box::new(opened.map_err(|error| failed(&error))?))
            }
        };
        ignore_local_files(project);
        Ok(Self {
            opened,
            owner: project.owner(),
            holder,
            speed: None,
            only_looks: false,
        })
    }

    /// Empties the simulator.
    pub fn reset(project: &Project) -> Result<(), Failure> {
        Store::remove(
            &project.local(),
            &holder("sim reset"),
            project.patience,
            &mut |who| {
                ui::note(&format!("Waiting for {who}...\n"));
            },
        )
        .map_err(|error| Failure::new(error.to_string()))
    }

    /// Lets the simulator's clock run so many times as fast as the wall's instead of jumping.
    #[must_use]
    pub fn at_speed(mut self, speed: Option<f64>) -> Self {
        self.speed = speed;
        self
    }

    /// Runs `work` with the open provider. An interrupt asks it to stop, and a second one kills it; what
    /// only looks is ended by the first.
    pub fn run<T>(
        self,
        work: impl AsyncFnOnce(&Cloud, &Context<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Self {
            opened,
            owner,
            speed,
            only_looks,
            ..
        } = self;
        // Only the simulator's time can jump.
        let jumps = matches!(opened, Provided::Sim(_));
        runtime(jumps)?.block_on(async {
            let cloud = match opened {
                Provided::Sim(opened) => {
                    let sim = Sim::of(*opened, now());
                    Cloud::Sim(Box::new(match speed {
                        Some(factor) => sim.at_speed(factor),
                        None => sim,
                    }))
                }
                #[cfg(feature = "aws")]
                Provided::Aws(settings, regions) => {
                    let aws = Aws::connect(&settings, regions, &Endpoints::default()).await;
                    Cloud::Aws(Box::new(aws))
                }
            };
            let stop = Stop::default();
            let context = Context {
                provider: cloud.provider(),
                owner: &owner,
                stop: &stop,
            };
            let work = work(&cloud, &context);
            tokio::pin!(work);
            loop {
                tokio::select! {
                    done = &mut work => {
                        if let Some(sim) = cloud.sim() {
                            sim.close()?;
                        }
                        return done;
                    }
                    () = interrupted() => {
                        if only_looks {
                            return Err(Failure::new("stopped; nothing was changed").coded(Code::Interrupted));
                        }
                        if stop.is_asked() {
                            Code::Interrupted.exit();
                        }
                        ui::note("Stopping: waiting for calls in flight; nothing new is started.\n");
                        stop.ask();
                    }
                }
            }
        })
    }
}

/// Why the simulator's file could not be opened.
fn failed(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::InUse(_) => Code::Held,
        _ => Code::Error,
    };
    Failure::new(error.to_string()).coded(code)
}

/// What async code runs on; its time may jump.
pub fn runtime(jumps: bool) -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(jumps)
        .build()
        .map_err(|error| Failure::new(format!("the async runtime could not be started: {error}")))
}

/// Returns at SIGINT or SIGTERM.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without handlers the system's own way of ending a process remains.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The wall's clock in milliseconds since the epoch.
pub fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// What stands for a machine whose name is not known.
const NO_HOST: &str = "localhost";

/// Who a process of this machine is, for [`Holder::who`].
fn who(pid: u32) -> String {
    let user = ["USER", "USERNAME", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let host = std::env::var("HOSTNAME")
        .ok()
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map(|host| host.trim().to_owned());
    let (user, host) = (user.as_deref(), host.as_deref());
    let (user, host) = (user.unwrap_or("somebody"), host.unwrap_or(NO_HOST));
    format!("{user}@{host} (pid {pid})")
}

fn holder(command: &str) -> Holder {
    Holder {
        who: who(std::process::id()),
        command: command.to_owned(),
        since: now(),
        process: super::process::this(),
    }
}

/// Keeps local files out of version control, as Cargo keeps `target/`.
fn ignore_local_files(project: &Project) {
    let path = project.local().join(".gitignore");
    if !path.exists() {
        // Convenience only; the command works without.
        let _ = std::fs::write(path, "*\n");
    }
}
