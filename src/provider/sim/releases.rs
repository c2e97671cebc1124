//! Versions of services on simulated servers: what a server answers when a deployment has it take a setting in, and what
//! becomes of images that are broken on purpose.
//!
//! A server goes by what its parameters say, as `templates/user-data/site-reconcile.py` reads them; nothing here knows what
//! a deployment meant to write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::cloud::{Cloud, Item, refuse};
use super::faults::Images;
use super::fleet::GROUP;
use super::site::text;
use crate::inventory::{Handle, Owner};
use crate::provider::{ErrorKind, Outcome, Output, Script};

/// How long a server takes to pull an image and start it.
const START: Duration = Duration::from_secs(20);

/// After so many milliseconds an image that is failing on purpose answers with errors.
const FAILS_AFTER: u64 = 60_000;

/// What a server runs of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The image.
    pub image: String,
    /// Since when, in milliseconds since the epoch.
    pub since: u64,
}

/// How long a script of a deployment takes.
pub(super) fn wait(name: &str) -> Duration {
    match name {
        "deploy/settle" | "deploy/release" => START,
        _ => Duration::ZERO,
    }
}

/// As the servers' own program has it.
fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))[..12].to_owned()
}

/// The image or archive in a setting.
fn image_in(setting: &str) -> String {
    let setting: Json = serde_json::from_str(setting).unwrap_or_default();
    let either = ["image", "artifact"]
        .iter()
        .find_map(|key| setting[*key].as_str());
    either.unwrap_or_default().to_owned()
}

impl Cloud {
    /// The servers in service of a group, or the instance itself.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn servers(&self, handle: &Handle, now: u64) -> Outcome<Vec<Arc<str>>> {
        if &*handle.kind != GROUP {
            return Ok(vec![handle.identifier.clone()]);
        }
        let Some(group) = self.find(&handle.kind, &handle.address.region, &handle.identifier)
        else {
            let message = format!("{} does not exist", handle.identifier);
            let call = "autoscaling:DescribeAutoScalingGroups";
            return Err(refuse(ErrorKind::NotFound, "NotFound", message, call));
        };
        let healthy = self.health(handle, now)?.healthy;
        let of = |number: u32| {
            let name = format!("{}/{}/{number}", group.identifier, group.number);
            format!("i-{}", &hex::encode(Sha256::digest(name))[..17]).into()
        };
        Ok((0..healthy).map(of).collect())
    }

    /// What a script of a deployment comes to on a server; `None` for any other script.
    pub(super) fn deploys(
        &mut self,
        owner: &Owner,
        script: &Script,
        images: &Images,
        now: u64,
    ) -> Option<Output> {
        match &*script.name {
            "deploy/settle" => Some(self.settles(owner, script, images, now)),
            "deploy/release" => Some(self.releases(owner, script)),
            "deploy/close" => Some(self.closes(owner, script)),
            "deploy/run" => Some(Output {
                code: 125,
                stdout: String::new(),
                stderr: "the simulator has no machine that could run a command".to_owned(),
            }),
            _ => None,
        }
    }

    /// A server answers as its region's parameters say.
    fn closes(&self, owner: &Owner, script: &Script) -> Output {
        let wanted = script.environment.get("CLOSED").cloned();
        let said = self
            .parameters_below(owner, &script.server.address.region)
            .remove("closed");
        if Some(digest(&said.unwrap_or_default())) == wanted {
            return Output::default();
        }
        Output {
            code: 1,
            stdout: String::new(),
            stderr: "it did not take the change in".to_owned(),
        }
    }

    /// Whether the servers beside an item close the site for maintenance.
    pub(super) fn is_closed(&self, beside: &Item) -> bool {
        self.items.values().any(|item| {
            &*item.kind == "AWS::SSM::Parameter"
                && item.region == beside.region
                && item.identifier.ends_with("/closed")
                && (beside.marks.as_ref()).is_some_and(|marks| item.is_of(&marks.owner))
        })
    }

    fn releases(&self, owner: &Owner, script: &Script) -> Output {
        let wanted = script
            .environment
            .get("SETTING")
            .cloned()
            .unwrap_or_default();
        let region = &script.server.address.region;
        let setting = self.parameters_below(owner, region).remove(&wanted);
        let setting: Option<Json> = setting.and_then(|text| serde_json::from_str(&text).ok());
        match setting {
            Some(setting) if setting["release"].is_array() => Output::default(),
            _ => Output {
                code: 1,
                stdout: String::new(),
                stderr: format!("{wanted} has no release command"),
            },
        }
    }

    fn settles(&mut self, owner: &Owner, script: &Script, images: &Images, now: u64) -> Output {
        let server = script
            .on
            .clone()
            .unwrap_or(script.server.identifier.clone());
        let region = script.server.address.region.clone();
        let found = self.settings_of(owner, &region, &server);
        let services = script
            .environment
            .get("SERVICES")
            .cloned()
            .unwrap_or_default();
        let mut answer = serde_json::Map::new();
        for word in services.split_whitespace() {
            let (service, wanted) = word.split_once('=').unwrap_or((word, ""));
            let setting = ["services", "workers"]
                .into_iter()
                .map(|kind| format!("{kind}/{service}"))
                .find_map(|name| found.get_key_value(&name));
            let wrong = match setting {
                None => Some(format!("{service} has no setting")),
                Some((_, text)) if digest(text) != wanted => {
                    Some("its server did not take the setting in".to_owned())
                }
                Some((_, text)) if Images::is_one(&images.sick, &image_in(text)) => {
                    Some(format!("not healthy: {service}"))
                }
                Some((name, text)) => {
                    let (key, image) = ((name.as_str().into(), server.clone()), image_in(text));
                    let runs = self.running.get(&key);
                    if runs.is_none_or(|runs| runs.image != image) {
                        self.running.insert(key, Running { image, since: now });
                    }
                    None
                }
            };
            answer.insert(service.to_owned(), wrong.into());
        }
        Output {
            code: 0,
            stdout: Json::Object(answer).to_string(),
            stderr: String::new(),
        }
    }

    /// The parameters of an application in a region, by their names below its path.
    fn parameters_below(&self, owner: &Owner, region: &str) -> BTreeMap<String, String> {
        let path = format!("/{}/{}/", owner.app, owner.env);
        let own = self.items.values().filter(|item| {
            &*item.kind == "AWS::SSM::Parameter" && &*item.region == region && item.is_of(owner)
        });
        own.filter_map(|item| {
            let name = item.identifier.strip_prefix(&path)?;
            Some((name.to_owned(), text(&item.properties, "Value").to_owned()))
        })
        .collect()
    }

    /// The same as a server goes by them: of a service that rolls out, the setting from before until its turn has come.
    fn settings_of(&self, owner: &Owner, region: &str, server: &str) -> BTreeMap<String, String> {
        let mut found = self.parameters_below(owner, region);
        let rollouts: Vec<String> = found
            .iter()
            .filter(|(name, _)| name.starts_with("rollout/"))
            .map(|(_, text)| text.clone())
            .collect();
        for rollout in rollouts {
            let rollout: Json = serde_json::from_str(&rollout).unwrap_or_default();
            let servers = rollout["servers"].as_array();
            let is_next = servers.is_some_and(|all| all.iter().any(|one| one == server));
            if let (false, Some(setting), Some(before)) = (
                is_next,
                rollout["setting"].as_str(),
                rollout["before"].as_str(),
            ) {
                found.insert(setting.to_owned(), before.to_owned());
            }
        }
        found
    }

    /// The share of servers that answer with errors, from 0 to 1, as far as deployments have come to know of them.
    pub(super) fn failing(&self, images: &Images, now: u64) -> f64 {
        let all = self.running.len().max(1);
        let fails = |one: &&Running| {
            Images::is_one(&images.failing, &one.image) && now >= one.since + FAILS_AFTER
        };
        self.running.values().filter(fails).count() as f64 / all as f64
    }

    /// Whether an alarm counts errors of the site.
    pub(super) fn counts_errors(alarm: &Item) -> bool {
        matches!(
            text(&alarm.properties, "MetricName"),
            "HTTPCode_Target_5XX_Count" | "HealthCheckStatus" | "5xxErrorRate"
        )
    }
}
