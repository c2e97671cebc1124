//! `scalectl status`: what runs now, tier by tier, with endpoints.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;

use super::project::Project;
use super::session::Session;
use super::wait_indicator::observed;
use super::{Global, Outcome, ui};
use crate::address::Address;
use crate::apply::{kinds, observe_without};
use crate::deploy::closed::{closed, left_alone};
use crate::graph::Graph;
use crate::inventory::{Live, LiveResource, Status};
use crate::kinds;
use crate::migrate::failover::follows;
use crate::plan::diff;
use crate::plan::existing::{ZONE, name_servers};
use crate::render::diagram::tier_rank;
use crate::render::json;
use crate::render::{
    style::CHANGED, style::FAINT, style::GONE, style::NEW, style::NOTICE, style::Painted,
    style::STRONG,
};
use crate::spec::{Region, Stage};
use crate::words::count;

#[derive(Args)]
pub struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    // An environment that was taken out of the spec may run still.
    let (project, unknown) = match Project::load_as_applied(global) {
        Ok(project) => (project, None),
        Err(failure) => match Project::load_for_destroy(global) {
            Ok(project) => (project, Some(failure)),
            Err(_) => return Err(failure),
        },
    };
    let wanted = match unknown {
        None => project.graph_if_sound()?,
        Some(_) => None,
    };
    let is_known = wanted.is_some();
    let graph = wanted.unwrap_or_default();
    let session = Session::open_to_look(&project, "status", true)?;
    let seen = session.run(async |_, context| Ok(observed(context, Some(&graph)).await?));
    let (live, down) = match seen {
        Ok(live) => (live, None),
        Err(failure) => match without_one(&project, &graph) {
            Some((live, down)) => (live, Some(down)),
            None => return Err(failure),
        },
    };
    if live.resources.is_empty()
        && live.record.is_none()
        && let Some(failure) = unknown
    {
        return Err(failure);
    }
    if let Some(down) = &down {
        ui::note(&format!(
            "{} {down} does not respond; its resources are not shown. `scalectl failover` moves the database's writes to another region.\n",
            Painted(NOTICE, "warning:")
        ));
    }
    let plan = left_alone(diff(&graph, &live, None), &live);
    let to_change = is_known.then_some(plan.changes.len());
    let stage = live
        .record
        .as_ref()
        .and_then(|record| record.stage.as_deref());
    let tier = |resource: &LiveResource| match graph.get(&resource.address) {
        Some(known) => known.tier.to_string(),
        None => kinds::tier(&resource.kind).name().to_owned(),
    };
    if arguments.json {
        let endpoints = endpoints(&live).into_iter();
        let resources = live.resources.values();
        ui::print_json(&json::status::Document {
            document: "status",
            format: 1,
            app: &project.spec.app,
            env: &project.spec.env,
            stage,
            endpoints: endpoints
                .map(|(what, place, address)| json::status::Endpoint {
                    what,
                    r#where: place,
                    address,
                })
                .collect(),
            resources: resources
                .map(|resource| json::status::Resource {
                    address: &resource.address,
                    kind: &resource.kind,
                    tier: tier(resource),
                    identifier: &resource.identifier,
                    status: &resource.status,
                })
                .collect(),
            to_change,
        });
        return Ok(ExitCode::SUCCESS);
    }
    ui::print(&text(&project, &live, &tier, to_change));
    Ok(ExitCode::SUCCESS)
}

/// Where the application stands, its places, and every resource below its tier.
fn text(
    project: &Project,
    live: &Live,
    tier: &dyn Fn(&LiveResource) -> String,
    to_change: Option<usize>,
) -> String {
    let stage = live
        .record
        .as_ref()
        .and_then(|record| record.stage.as_deref());
    let mut text = format!(
        "{} ({}): {}\n",
        Painted(STRONG, &project.spec.app),
        project.spec.env,
        match stage {
            Some(stage) => format!("at stage {stage}"),
            None if live.resources.is_empty() =>
                "not deployed yet; run `scalectl apply`".to_owned(),
            None => "no stage is complete; run `scalectl apply` to continue".to_owned(),
        }
    );
    for (region, closed) in closed(live) {
        text.push_str(&format!(
            "{} in {region} since {} by {}; `scalectl maintenance off` opens it\n",
            Painted(NOTICE, "Closed for maintenance"),
            closed.since(),
            closed.who
        ));
    }
    let places = endpoint_lines(live);
    if !places.is_empty() {
        text.push('\n');
        text.push_str(&places);
    }
    let mut tiers: BTreeMap<(usize, String), Vec<&LiveResource>> = BTreeMap::new();
    for resource in live.resources.values() {
        let tier = tier(resource);
        tiers
            .entry((tier_rank(&tier), tier))
            .or_default()
            .push(resource);
    }
    for ((_, tier), resources) in &tiers {
        text.push_str(&format!("\n{}\n", Painted(STRONG, tier)));
        let width = resources
            .iter()
            .map(|r| r.address.to_string().len())
            .max()
            .unwrap_or(0);
        for resource in resources {
            let (style, word) = match &resource.status {
                Status::Ready => (NEW, "ready"),
                Status::Pending(word) => (CHANGED, &**word),
                Status::Deleting => (CHANGED, "deleting"),
                Status::Failed(_) => (GONE, "failed"),
            };
            text.push_str(&format!(
                "  {} {:width$}  {}\n",
                Painted(style, format!("{word:9}")),
                resource.address.to_string(),
                Painted(FAINT, ui::last_part(&resource.identifier)),
            ));
        }
    }
    text.push_str(&format!("\n{}", count(live.resources.len(), "resource")));
    text.push_str(&match to_change {
        None => "; the spec is invalid, so pending changes are unknown.
"
        .to_owned(),
        Some(0) => ", all match the spec.\n".to_owned(),
        Some(some) => format!(
            "; {} `scalectl plan` shows them.\n",
            Painted(NOTICE, format!("{} pending.", count(some, "change")))
        ),
    });
    text
}

/// Where the application and its parts are to be found: what, where, and the resource's address.
pub fn endpoints(live: &Live) -> Vec<(&'static str, String, &Address)> {
    let mut found = Vec::new();
    let text = |resource: &LiveResource, path: &str| -> Option<String> {
        let text = resource.properties.at(path)?.as_str()?;
        Some(text.trim_end_matches('.').to_owned())
    };
    let of = |kind: &'static str| live.resources.values().filter(move |r| &*r.kind == kind);
    // Services' own names have a key, and the origin's is longer.
    let own = of("AWS::Route53::RecordSet").filter(|record| {
        record.address.key.is_none() && text(record, "Type").as_deref() == Some("A")
    });
    let site = own.min_by_key(|r| text(r, "Name").map_or(usize::MAX, |name| name.len()));
    if let Some((record, name)) = site.and_then(|record| Some((record, text(record, "Name")?))) {
        found.push(("site", format!("https://{name}"), &record.address));
    }
    for zone in of("AWS::Route53::HostedZone") {
        let servers = zone
            .properties
            .get("NameServers")
            .and_then(|servers| servers.as_list());
        let servers: Vec<&str> = servers
            .unwrap_or_default()
            .iter()
            .filter_map(|s| s.as_str())
            .collect();
        if !servers.is_empty() {
            found.push(("name servers", servers.join(" "), &zone.address));
        }
    }
    // Records of ours may be in somebody else's zone.
    let zone_of = |record: &LiveResource| {
        let id = text(record, "HostedZoneId")?;
        let mut zones = live.existing.iter();
        zones.find(|zone| &*zone.kind == ZONE && *zone.identifier == *id)
    };
    if let Some((record, zone)) = site.and_then(|record| Some((record, zone_of(record)?))) {
        let servers = name_servers(&zone.properties).join(" ");
        found.push(("name servers", servers, &record.address));
    }
    let mut reached: Vec<(&str, &str, &str, kinds::Tier)> = kinds::all()
        .filter_map(|kind| {
            kind.endpoint
                .map(|(what, path)| (what, kind.name, path, kind.tier))
        })
        .collect();
    reached.sort_by_key(|(.., tier)| *tier);
    for (what, kind, path, _) in reached {
        // Of several databases one takes the writes.
        let named = |r| if follows(r) { "replica" } else { what };
        found.extend(of(kind).filter_map(|r| Some((named(r), text(r, path)?, &r.address))));
    }
    // Others are those of NAT gateways.
    let associated = |eip: &&LiveResource| {
        let id = text(eip, "AllocationId");
        id.is_some() && of("AWS::EC2::EIPAssociation").any(|one| text(one, "AllocationId") == id)
    };
    let server = of("AWS::EC2::EIP").find(associated);
    if let Some((eip, address)) = server.and_then(|eip| Some((eip, text(eip, "PublicIp")?))) {
        found.push(("server", address, &eip.address));
    }
    found
}

/// The same as lines.
pub fn endpoint_lines(live: &Live) -> String {
    endpoints(live)
        .into_iter()
        .map(|(what, place, address)| {
            let what = Painted(NEW, format!("{what:13}"));
            format!("  {what} {place}  {}\n", Painted(FAINT, address))
        })
        .collect()
}

/// What there is beside a region that does not answer, and which that is; none where it is not one region alone.
fn without_one(project: &Project, graph: &Graph) -> Option<(Live, String)> {
    let regions: Vec<&str> = project.spec.regions.iter().map(Region::name).collect();
    if project.spec.stage != Stage::MultiRegion {
        return None;
    }
    regions.iter().find_map(|down| {
        let home = regions.iter().find(|home| *home != down)?;
        let session = Session::open_at(project, "status", home, true).ok()?;
        let seen = session
            .run(async |_, context| Ok(observe_without(context, kinds(graph), Some(down)).await?));
        Some((seen.ok()?, (*down).to_owned()))
    })
}
