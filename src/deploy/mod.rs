//! Deployments: a new version of a service reaches its servers in shares, is watched, and goes back by itself when it fails.
//!
//! Owns what of a plan is a new version, in which order servers take it (`waves`), the parameter by which those whose turn
//! has not come go on with the version before (`rollout`), a site that is closed for maintenance (`closed`), what is run on servers (`servers`), and the walk (`walk`). Servers bring themselves in line
//! (`templates/user-data/site-reconcile.py`); how the setting itself is changed is the diff's and apply's.

pub mod closed;
mod rollout;
mod servers;
mod walk;
mod waves;

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

pub use self::rollout::{ROLLOUT, Rollout};
pub use self::servers::{Mode, Place, alarms, command, servers_in_line, servers_of};
pub use self::walk::{Event, Walk, ailing};
use crate::address::Address;
use crate::blueprint::Library;
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, Version};
use crate::plan::{Action, Plan};
use crate::roles::Role;
use crate::spec::{self, Spec};

/// A service whose version changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: Arc<str>,
    /// How the version reaches the servers.
    pub how: spec::Deploy,
    /// Whether a command runs before.
    pub has_release: bool,
    /// From and to.
    pub version: Version,
    /// Its settings, one per region: first where the database's writes are, then in the order of the spec's regions.
    pub settings: Vec<Address>,
}

/// What a plan changes, as a deployment sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The services whose versions it changes.
    pub services: Vec<Service>,
    /// What else it changes of what these services' settings and servers need.
    pub needed: Vec<Address>,
    /// How much more it changes.
    pub others: usize,
}

/// The services whose settings a plan changes in place, and what else it changes.
pub fn found(plan: &Plan, graph: &Graph, live: &Live, spec: &Spec) -> Found {
    let (mut found, needs) = (Found::default(), needs(plan, graph));
    for change in &plan.changes {
        if is_rollout(&change.address) {
            continue;
        }
        let setting = graph.get(&change.address).filter(|one| is_setting(one));
        let is_version = change.action == Action::Update
            && change.properties.iter().all(|one| &*one.path == "Value");
        match setting.and_then(name) {
            Some(name) if is_version => {
                if found.services.iter().all(|one| *one.name != *name) {
                    found.services.extend(service(name, graph, live, spec));
                }
            }
            _ if needs.contains(&change.address) => found.needed.push(change.address.clone()),
            _ => found.others += 1,
        }
    }
    found
}

/// The settings that a plan changes of services whose servers are there already.
pub fn changed(plan: &Plan, graph: &Graph, live: &Live) -> Vec<Address> {
    let is_running = |setting: &Resource| {
        let hosts = name(setting).map(|name| hosts(graph, name, &setting.address.region));
        let mut hosts = hosts.unwrap_or_default().into_iter();
        hosts.any(|host| live.resources.contains_key(&host.address))
    };
    let changes = plan.changes.iter();
    let updated = changes.filter(|one| one.action == Action::Update);
    let settings = updated.filter_map(|one| graph.get(&one.address));
    let settings = settings.filter(|one| is_setting(one) && is_running(one));
    settings.map(|one| one.address.clone()).collect()
}

/// The text of a script of a deployment, below `actions/deploy/`.
pub fn script(library: &Library, name: &str) -> Option<String> {
    let text = library.text(&format!("actions/deploy/{name}.sh"));
    text.map(|text| text.to_string())
}

/// What the settings that a plan changes refer to, the servers that run by them, and what those refer to.
fn needs(plan: &Plan, graph: &Graph) -> BTreeSet<Address> {
    let mut needs = BTreeSet::new();
    for change in &plan.changes {
        let Some(setting) = graph.get(&change.address).filter(|one| is_setting(one)) else {
            continue;
        };
        needs.extend(setting.dependencies());
        let hosts = name(setting).map(|name| hosts(graph, name, &change.address.region));
        for host in hosts.unwrap_or_default() {
            needs.insert(host.address.clone());
            needs.extend(host.dependencies());
        }
    }
    needs.retain(|address| graph.get(address).is_none_or(|one| !is_setting(one)));
    needs
}

/// A service of the spec as a deployment sees it; `None` where it has no setting.
pub fn service(name: &str, graph: &Graph, live: &Live, spec: &Spec) -> Option<Service> {
    let declared = spec.services.get(name)?;
    let writer = spec.writer_region();
    let mut regions: Vec<&str> = spec.regions.iter().map(spec::Region::name).collect();
    // A release command writes to the database.
    regions.sort_by_key(|region| *region != writer);
    let of = |region: &&str| {
        let region: &str = region;
        graph
            .with_role(Role::ServiceSetting)
            .find(|one| self::name(one) == Some(name) && &*one.address.region == region)
    };
    let settings: Vec<&Resource> = regions.iter().filter_map(of).collect();
    let first = settings.first()?;
    let before = text_of(live, &first.address).unwrap_or_default();
    let mut digest = Sha256::new();
    for setting in &settings {
        let value = serde_json::to_string(&setting.property("Value")).unwrap_or_default();
        digest.update(value);
    }
    Some(Service {
        name: name.into(),
        how: declared.deploy.clone(),
        has_release: declared.release.is_some(),
        version: Version {
            before: image_in(before),
            after: image_of(declared),
            digest: hex::encode(digest.finalize())[..16].into(),
        },
        settings: settings.iter().map(|one| one.address.clone()).collect(),
    })
}

/// The image or archive of a service.
pub fn image_of(service: &spec::Service) -> String {
    let either = service.image.as_ref().or(service.artifact.as_ref());
    either.cloned().unwrap_or_default()
}

/// The image or archive in the text of a setting.
fn image_in(setting: &str) -> String {
    let said: serde_json::Value = serde_json::from_str(setting).unwrap_or_default();
    let either = ["image", "artifact"]
        .iter()
        .find_map(|key| said[*key].as_str());
    either.unwrap_or_default().to_owned()
}

/// The text of a parameter as it is.
fn text_of<'a>(live: &'a Live, address: &Address) -> Option<&'a str> {
    let parameter = live.resources.get(address)?;
    parameter.properties.get("Value")?.as_str()
}

/// The digest of a setting's text, as servers tell by which they run.
fn digest(setting: &str) -> String {
    hex::encode(Sha256::digest(setting.as_bytes()))[..12].to_owned()
}

fn is_setting(resource: &Resource) -> bool {
    resource.role == Some(Role::ServiceSetting)
}

/// Whether an address is that of a parameter that a deployment makes for a while.
pub fn is_rollout(address: &Address) -> bool {
    &*address.id == ROLLOUT
}

fn name(setting: &Resource) -> Option<&str> {
    setting.address.key.as_deref()
}

/// What runs a service in a region: its own servers, or the one server that runs them all.
fn hosts<'a>(graph: &'a Graph, service: &str, region: &str) -> Vec<&'a Resource> {
    let here = |one: &&Resource| &*one.address.region == region;
    let own: Vec<&Resource> = graph
        .with_role(Role::Servers)
        .filter(here)
        .filter(|one| name(one) == Some(service))
        .collect();
    if own.is_empty() {
        graph.with_role(Role::ScriptHost).filter(here).collect()
    } else {
        own
    }
}
