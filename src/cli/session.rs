//! An open provider and the runtime that drives it.

use super::project::Project;
use super::{Failure, ui};
use crate::apply::{Context, Stop};
use crate::provider::sim::Sim;
use crate::provider::sim::store::{Opened, Store};
use crate::provider::{Holder, Owner};
use crate::spec::Provider;

/// An open provider.
pub struct Session {
    opened: Opened,
    owner: Owner,
    /// Who we are, for the lease.
    pub holder: Holder,
    speed: Option<f64>,
}

impl Session {
    /// Opens the project's provider for a command.
    pub fn open(project: &Project, command: &str) -> Result<Self, Failure> {
        if let Provider::Aws(_) = project.spec.provider {
            return Err(Failure::with_help(
                "this build has no AWS provider",
                "run against the embedded cloud with `--provider sim`",
            ));
        }
        let holder = holder(command);
        let opened = Store::open(&project.local(), &holder, project.patience, &mut |who| {
            ui::note(&format!("Waiting for {who}...\n"));
        })
        .map_err(|error| Failure::new(error.to_string()))?;
        ignore_local_files(project);
        Ok(Self {
            opened,
            owner: project.owner(),
            holder,
            speed: None,
        })
    }

    /// Empties the embedded cloud.
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

    /// Lets the embedded cloud's clock run so many times as fast as the wall's instead of jumping.
    #[must_use]
    pub fn at_speed(mut self, speed: Option<f64>) -> Self {
        self.speed = speed;
        self
    }

    /// Runs `work` with the open provider. An interrupt asks it to stop; a second one kills it.
    pub fn run<T>(
        self,
        work: impl AsyncFnOnce(&Sim, &Context<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(self.speed.is_none());
        let runtime = builder
            .build()
            .map_err(|error| Failure::new(format!("no runtime could be started: {error}")))?;
        let Self {
            opened,
            owner,
            speed,
            ..
        } = self;
        runtime.block_on(async {
            let sim = Sim::of(opened, now()).at_speed(speed.unwrap_or(1.0));
            let stop = Stop::default();
            let context = Context { provider: &sim, owner: &owner, stop: &stop };
            let work = work(&sim, &context);
            tokio::pin!(work);
            loop {
                tokio::select! {
                    done = &mut work => {
                        sim.close()?;
                        return done;
                    }
                    () = interrupted() => {
                        if stop.is_asked() {
                            std::process::exit(1);
                        }
                        ui::note("Stopping: calls in flight come to their end, nothing new begins.\n");
                        stop.ask();
                    }
                }
            }
        })
    }
}

/// Returns at SIGINT or SIGTERM.
async fn interrupted() {
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

fn holder(command: &str) -> Holder {
    let user = ["USER", "USERNAME", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let host = std::env::var("HOSTNAME")
        .ok()
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map(|host| host.trim().to_owned());
    Holder {
        who: format!(
            "{}@{} (pid {})",
            user.unwrap_or_else(|| "somebody".to_owned()),
            host.unwrap_or_else(|| "localhost".to_owned()),
            std::process::id()
        ),
        command: command.to_owned(),
        since: now(),
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
