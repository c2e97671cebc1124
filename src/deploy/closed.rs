//! Maintenance: the servers answer every request with 503 and a page, and the health checks of load balancers and DNS as before.
//!
//! A parameter beside the settings of a region says so to its servers (`closed`), until it is gone. It is the cloud's state, not
//! the spec's: whoever plans or applies meanwhile leaves it as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::rollout::names;
use super::servers::{Place, run, script, servers_of};
use super::{digest, name, text_of};
use crate::address::Address;
use crate::apply::{Context, execute, observe_only};
use crate::graph::{Graph, Resource};
use crate::inventory::Live;
use crate::migrate::walk::Halt;
use crate::plan::{Plan, diff};
use crate::provider::{ErrorKind, Output};
use crate::roles::Role;
use crate::value::Value;

type Outcome<T> = Result<T, Halt>;

/// The id of the parameter's resource, and the end of its name.
pub const CLOSED: &str = "closed";

/// How long a server may take to close or to open.
const WITHIN: Duration = Duration::from_secs(300);

/// What visitors get meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Directives of Caddy's before the services' own, which those get who ask for health.
    before: String,
    /// Directives after them: the answer to all others.
    after: String,
    /// The seconds after which they are to come again.
    pub retry: u32,
    /// Who closed the site.
    pub who: String,
    /// When, in milliseconds since the epoch.
    since: u64,
}

impl Closed {
    /// When the site was closed, RFC 3339.
    #[must_use]
    pub fn since(&self) -> String {
        let at = i64::try_from(self.since).ok();
        let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        at.unwrap_or_default()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    }
}

/// Load balancers and DNS ask for health as before, so that no server is replaced and no region fails over
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>,
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/route-53-route-dns-health-checks-firewall.html>).
const HEALTH: &str = "header_regexp User-Agent ^(ELB-HealthChecker|Amazon-Route53-Health-Check)";

impl Closed {
    /// A site that answers with an HTML page.
    pub fn with_page(page: &str, retry: u32, who: &str, since: u64) -> Self {
        // Backticks end a text of Caddy's, and it would fill in what stands in braces
        // (<https://caddyserver.com/docs/caddyfile/concepts>).
        let page = page.replace('`', "&#96;").replace('{', "\\{");
        Self {
            before: format!("  @health {HEALTH}\n  handle @health {{"),
            after: format!(
                "  }}\n  handle {{\n    header Retry-After {retry}\n    header Cache-Control no-store\n    header Content-Type \
                 \"text/html; charset=utf-8\"\n    respond `{page}` 503\n  }}"
            ),
            retry,
            who: who.to_owned(),
            since,
        }
    }
}

/// Whether an address is that of the parameter.
pub fn is_closed(address: &Address) -> bool {
    &*address.id == CLOSED
}

/// A plan without the parameter: only who opens the site takes it away.
#[must_use]
pub fn left_alone(plan: Plan, live: &Live) -> Plan {
    if live.resources.keys().any(is_closed) {
        plan.narrowed(live, |one| !is_closed(&one.address))
    } else {
        plan
    }
}

/// What was said when the site was closed, by region.
pub fn closed(live: &Live) -> BTreeMap<Arc<str>, Closed> {
    let found = live.resources.keys().filter(|address| is_closed(address));
    let read = found.filter_map(|address| {
        let closed = serde_json::from_str(text_of(live, address)?).ok()?;
        Some((address.region.clone(), closed))
    });
    read.collect()
}

/// The parameter of a setting's region, marked as the setting is.
fn resource(setting: &Resource, closed: &Closed) -> Option<Resource> {
    let (_, path) = names(setting)?;
    let mut resource = Resource {
        address: Address::new(setting.address.region.clone(), CLOSED, None),
        role: None,
        after: Vec::new(),
        ready_when: Vec::new(),
        ..setting.clone()
    };
    let properties = &mut resource.properties;
    properties.insert("Name", Value::str(format!("{path}/{CLOSED}")));
    properties.insert(
        "Description",
        Value::str("The site is closed for maintenance"),
    );
    properties.insert("Value", Value::str(serde_json::to_string(closed).ok()?));
    Some(resource)
}

/// The settings of services that serve HTTP, the first of each region and service.
fn settings(graph: &Graph) -> Vec<&Resource> {
    let all = graph.with_role(Role::ServiceSetting);
    let is_web =
        |setting: &&Resource| names(setting).is_some_and(|(name, _)| name.starts_with("services/"));
    all.filter(is_web).collect()
}

/// Closes the site, or opens it where nothing is said, and waits until every server that serves HTTP does so; how many
/// servers that are.
///
/// # Errors
/// When a server does not, and as for any change of the cloud.
pub async fn close(
    context: &Context<'_>,
    graph: &Graph,
    texts: &dyn Fn(&str) -> Option<String>,
    wanted: Option<&Closed>,
) -> Outcome<usize> {
    let settings = settings(graph);
    if settings.is_empty() {
        return Err(Halt::Missing(
            "no service serves HTTP, so there is nothing to close".to_owned(),
        ));
    }
    let regions: BTreeSet<&Arc<str>> = settings.iter().map(|one| &one.address.region).collect();
    let first = |region: &Arc<str>| settings.iter().find(|one| one.address.region == *region);
    let parameters: Vec<Resource> = match wanted {
        None => Vec::new(),
        Some(wanted) => regions
            .iter()
            .filter_map(|region| resource(first(region)?, wanted))
            .collect(),
    };
    let text = parameters
        .first()
        .and_then(|one| one.property("Value"))
        .and_then(Value::as_str);
    let expected = digest(text.unwrap_or_default());
    let kind: Arc<str> = Role::ServiceSetting.kind().into();
    let kinds: BTreeSet<_> = regions
        .iter()
        .map(|region| ((*region).clone(), kind.clone()))
        .collect();
    let live = observe_only(context, kinds).await?;
    let aim: Graph = parameters.into_iter().collect();
    let plan = diff(&aim, &live, None).narrowed(&live, |one| is_closed(&one.address));
    if !plan.is_empty() {
        let report = execute(context, &plan, None, &mut |_| {}).await;
        if !report.is_complete() {
            if context.stop.is_asked() {
                return Err(Halt::Stopped);
            }
            let plan = Box::new(plan);
            return Err(Halt::Incomplete { plan, report });
        }
    }
    let mut places: BTreeMap<Arc<str>, Place> = BTreeMap::new();
    for setting in &settings {
        let service = name(setting).unwrap_or_default();
        for place in servers_of(context, graph, service, &setting.address.region).await? {
            places.insert(place.0.clone(), place);
        }
    }
    let asks = places.values().map(async |place| {
        let variables = vec![("CLOSED", expected.clone())];
        let script = script(texts, "close", variables, place, WITHIN)?;
        match run(context, &script).await? {
            Ok(output) => judge(&place.0, &output),
            // One that its group has ended meanwhile answers nobody any more.
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Invalid) => Ok(()),
            Err(error) => Err(error.into()),
        }
    });
    let ends: Vec<Outcome<()>> = join_all(asks).await;
    ends.into_iter().collect::<Outcome<()>>()?;
    Ok(places.len())
}

fn judge(server: &str, output: &Output) -> Outcome<()> {
    if output.code == 0 {
        return Ok(());
    }
    let said = output.stderr.lines().last().unwrap_or("it said nothing");
    Err(Halt::Shut(format!(
        "{server} does not answer as it should: {said}"
    )))
}
