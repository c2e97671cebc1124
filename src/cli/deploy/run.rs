//! One run of a deployment: what is refused before, the question, the walk, and what is said in the end.

use std::cell::RefCell;
use std::fs::File;
use std::process::ExitCode;

use super::tell::Teller;
use super::{Order, image, tell};
use crate::apply::{Context, record_of, write_record};
use crate::cli::apply::{not_confirmed, obey};
use crate::cli::event_log::{self, Lines};
use crate::cli::exit::Code;
use crate::cli::migrate::{refuse_another_stage, refuse_while_under_way, told};
use crate::cli::plan::{Planned, Scope, planned};
use crate::cli::progress::{Show, ticking};
use crate::cli::project::Project;
use crate::cli::{Failure, Global, Outcome, ui};
use crate::deploy::{self, Event, Service, Walk, ailing, alarms, found, service};
use crate::inventory::{Deployment, Record};
use crate::migrate::walk::Halt;
use crate::plan::Counts;
use crate::roles::Role;
use crate::words::{count, first};

/// One run.
pub(super) struct Run<'a> {
    pub global: &'a Global,
    pub project: &'a Project,
    pub order: &'a Order<'a>,
    pub context: &'a Context<'a>,
    pub into: Option<&'a File>,
    pub who: String,
}

impl Run<'_> {
    pub(super) async fn go(&self) -> Outcome {
        let scope = Scope::whole();
        let planned = planned(self.context, self.project, &scope).await?;
        let record = planned.live.record.as_ref();
        if let Some(standing) = record.filter(|record| record.migration.is_some()) {
            refuse_while_under_way(Some(standing))?;
        }
        refuse_another_stage(self.project, &scope, &planned.live)?;
        let Some(record) = record.filter(|record| record.stage.is_some()) else {
            return Err(Failure::with_help(
                format!("{} is not deployed", self.project.spec.app),
                "`scalectl apply` creates it, with the images of the spec",
            ));
        };
        let services = match &record.deployment {
            Some(deployment) => self.resumed(&planned, deployment)?,
            None if self.order.is_back => return Err(nothing_under_way()),
            None => self.asked_for(&planned)?,
        };
        if services.is_empty() {
            return self.nothing(&planned);
        }
        let json = self.order.how.json;
        if !json {
            ui::print(&tell::plan(
                self.project,
                &services,
                record,
                self.order.is_back,
            ));
        }
        if self.order.is_plan {
            if json {
                ui::print_json(&tell::document(&services));
            }
            return Ok(ExitCode::SUCCESS);
        }
        if record.deployment.is_none() {
            image::check(self.project, &services).await?;
            obey(&planned.report, json, self.into)?;
        }
        self.ask().await?;
        let mut record = record_of(Some(record), &planned.graph, None);
        if record.deployment.is_none() {
            let alarms = alarms(self.context, &planned.graph)
                .await
                .map_err(|halt| told(&halt))?;
            let ailing = ailing(self.context, &planned.graph, &services).await;
            let ailing = ailing.map_err(|halt| told(&halt))?;
            if !json {
                ui::note(&tell::before(&alarms, &ailing));
            }
            for edit in &self.order.edits {
                edit.write(self.global, self.project)?;
            }
            record.deployment = Some(Deployment {
                services: services
                    .iter()
                    .map(|one| (one.name.clone(), one.version.clone()))
                    .collect(),
                who: self.who.clone(),
                since: self.context.provider.clock().now(),
                alarms,
                ailing,
                released: Vec::new(),
                served: false,
                back: None,
            });
            write_record(self.context, &record).await?;
        }
        self.walk(&planned, &services, record).await
    }

    /// The services of the deployment that is in progress.
    fn resumed(&self, planned: &Planned, deployment: &Deployment) -> Result<Vec<Service>, Failure> {
        if deployment.back.is_some() && !self.order.is_back {
            return Err(Failure::with_help(
                "a deployment is being rolled back",
                "continue with `scalectl rollback`",
            ));
        }
        let mut services = Vec::new();
        for (name, version) in &deployment.services {
            let found = service(name, &planned.graph, &planned.live, &self.project.spec);
            let is_same = |one: &Service| one.version.digest == version.digest;
            match found {
                Some(found) if is_same(&found) || self.order.is_back => services.push(Service {
                    version: version.clone(),
                    ..found
                }),
                _ => {
                    return Err(Failure::with_help(
                        format!(
                            "a deployment of {name} to {} is in progress, and the spec changed since; nothing was changed",
                            version.after
                        ),
                        "take the change back and run `scalectl deploy` to resume, or run `scalectl rollback` first",
                    ));
                }
            }
        }
        if !self.order.edits.is_empty() && !self.order.is_back {
            return Err(Failure::with_help(
                "a deployment is in progress",
                "resume it with `scalectl deploy`, or go back with `scalectl rollback`, before the next one",
            ));
        }
        Ok(services)
    }

    /// The services that changed, of those that are asked for.
    fn asked_for(&self, planned: &Planned) -> Result<Vec<Service>, Failure> {
        let (graph, live) = (&planned.graph, &planned.live);
        if graph.with_role(Role::ServiceSetting).next().is_none() {
            return Err(Failure::with_help(
                format!(
                    "the blueprint has no resource with `role: {}`, by which a deployment finds what servers run",
                    Role::ServiceSetting.name()
                ),
                "`scalectl eject --diff` shows what ejected blueprints lack; until then `scalectl apply` changes images",
            ));
        }
        let found = found(&planned.plan, graph, live, &self.project.spec);
        let wanted = |one: &Service| {
            self.order.services.is_empty()
                || self.order.services.iter().any(|name| **name == *one.name)
        };
        let services: Vec<Service> = found.services.into_iter().filter(wanted).collect();
        let needed: Vec<String> = found.needed.iter().map(ToString::to_string).collect();
        if !services.is_empty() && !needed.is_empty() {
            return Err(Failure::with_help(
                format!(
                    "the plan also changes what the services need: {}; nothing was changed",
                    first(&needed)
                ),
                "`scalectl apply` makes these changes; its servers take the new versions as well",
            ));
        }
        if !services.is_empty() && found.others > 0 && !self.order.how.json {
            ui::note(&format!(
                "{} of the plan is left for `scalectl apply`.\n",
                count(found.others, "other change")
            ));
        }
        Ok(services)
    }

    fn nothing(&self, planned: &Planned) -> Outcome {
        for edit in &self.order.edits {
            edit.write(self.global, self.project)?;
        }
        let json = self.order.how.json;
        if self.order.is_plan && json {
            ui::print_json(&tell::document(&[]));
        } else {
            event_log::nothing(
                self.project,
                planned.plan.unchanged,
                "deploy",
                self.into,
                json,
            );
        }
        if !json {
            ui::print("Nothing to deploy: every service has the version of the spec.\n");
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn ask(&self) -> Result<(), Failure> {
        if self.order.how.auto_approve {
            return Ok(());
        }
        ui::needs_terminal("add --auto-approve")?;
        let question = if self.order.is_back {
            "\nGo back? Only `yes` is accepted:"
        } else {
            "\nDeploy? Only `yes` is accepted:"
        };
        if ui::confirm_unless(self.context.stop, question, "yes").await {
            return Ok(());
        }
        Err(not_confirmed(
            self.context,
            "not confirmed; nothing was changed",
        ))
    }

    async fn walk(&self, planned: &Planned, services: &[Service], record: Record) -> Outcome {
        let json = self.order.how.json;
        let command = if self.order.is_back {
            "rollback"
        } else {
            "deploy"
        };
        let lines = Lines::begin(self.project, Counts::default(), command, self.into, json)?;
        let clock = self.context.provider.clock();
        let show = Show {
            json,
            verbose: self.global.verbose,
            workers: None,
        };
        let teller = RefCell::new(Teller::new(show, lines, clock));
        let is_live = teller.borrow().is_live();
        let texts = |name: &str| deploy::script(&self.project.library, name);
        let mut walk = Walk {
            context: self.context,
            graph: &planned.graph,
            services,
            texts: &texts,
            record,
        };
        let work = async {
            let mut tell = |event: &Event<'_>| teller.borrow_mut().event(event);
            if self.order.is_back {
                let why = "on request";
                let went_back = walk.back(why, &mut tell).await?;
                return Ok(went_back.then(|| why.to_owned()));
            }
            match walk.forward(&mut tell).await {
                Ok(()) => Ok(None),
                Err(halt @ (Halt::Shut(_) | Halt::Script { .. })) => {
                    let why = match halt {
                        Halt::Shut(why) => why,
                        halt => halt.in_words(),
                    };
                    teller.borrow_mut().fails(&why);
                    let mut tell = |event: &Event<'_>| teller.borrow_mut().event(event);
                    walk.back(&why, &mut tell).await?;
                    Ok(Some(why))
                }
                Err(halt) => Err(halt),
            }
        };
        let ended: Result<Option<String>, Halt> =
            ticking(clock, is_live, || teller.borrow_mut().refresh(), work).await;
        let failed = usize::from(!matches!(ended, Ok(None)));
        teller
            .borrow_mut()
            .end(services.len() - failed.min(services.len()), failed);
        self.ended(services, ended)
    }

    /// What is said in the end, and what the spec says.
    fn ended(&self, services: &[Service], ended: Result<Option<String>, Halt>) -> Outcome {
        let json = self.order.how.json;
        match ended {
            Ok(None) => {
                if !json {
                    ui::print(&tell::done(services));
                }
                Ok(ExitCode::SUCCESS)
            }
            Ok(Some(why)) => {
                let edited = image::put_back(self.global, self.project, services);
                if !json {
                    ui::print(&tell::rolled_back(services, &edited));
                }
                if self.order.is_back {
                    return Ok(ExitCode::SUCCESS);
                }
                Err(Failure::with_help(
                    format!("rolled back: {why}"),
                    "every server runs the version from before; fix the new one and deploy it",
                ))
            }
            Err(Halt::Stopped) => Err(Failure::with_help(
                "the deployment is paused: servers that have the new version keep it, the others keep the old one",
                "resume with `scalectl deploy`, or go back with `scalectl rollback`",
            )
            .coded(Code::Interrupted)),
            Err(halt) => Err(match told(&halt) {
                Failure::Message { what, code, .. } => Failure::with_help(
                    format!("the deployment stopped: {what}"),
                    "resume with `scalectl deploy`, or go back with `scalectl rollback`",
                )
                .coded(code),
                other => other,
            }),
        }
    }
}

fn nothing_under_way() -> Failure {
    Failure::with_help(
        "no deployment is in progress",
        "`scalectl rollback SERVICE` deploys the version before; `scalectl releases` lists versions",
    )
}
