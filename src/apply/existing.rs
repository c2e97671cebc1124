//! What exists besides ours and would be made a second time, or is in the way: hosted zones, and records in
//! the zones where ours will be.

use std::collections::BTreeSet;

use super::{Context, retry};
use crate::address::GLOBAL;
use crate::graph::{Graph, Resource};
use crate::inventory::{Existing, Live, Stray};
use crate::plan::existing::{RECORD, ZONE, fits, is_public, name, zone_of};
use crate::provider::{ErrorKind, Outcome};

/// Adds to `live` what exists of others and matters for the graph.
///
/// # Errors
/// When the cloud does not answer.
pub async fn look(context: &Context<'_>, graph: &Graph, live: &mut Live) -> Outcome<()> {
    let missing = |kind: &str, live: &Live| -> Vec<Resource> {
        graph
            .iter()
            .filter(|one| &*one.kind == kind && !live.resources.contains_key(&one.address))
            // A private zone may have the name of any other zone.
            .filter(|one| is_public(&one.properties))
            .cloned()
            .collect()
    };
    let zones = missing(ZONE, live);
    if !zones.is_empty() {
        let fits = |stray: &Stray| {
            let found = name(&stray.properties);
            let mut wanted = zones.iter().map(|zone| name(&zone.properties));
            wanted.any(|wanted| fits(&wanted, &found)) && is_public(&stray.properties)
        };
        // Where records of ours are, they stay, and nobody has to list all zones of the account.
        let homes: BTreeSet<String> = live
            .resources
            .values()
            .filter(|one| &*one.kind == RECORD)
            .filter_map(|one| Some(one.properties.get("HostedZoneId")?.to_string()))
            .collect();
        for home in homes {
            let found = find(context, live, ZONE, Some(&home)).await?;
            let found = found.into_iter().filter(fits);
            found.for_each(|stray| add(context, live, stray));
        }
        if live.existing.is_empty() {
            let found = find(context, live, ZONE, None).await?;
            let found = found.into_iter().filter(fits);
            found.for_each(|stray| add(context, live, stray));
        }
    }
    for record in missing(RECORD, live) {
        let Some(zone) = zone_of(graph, &record, live) else {
            continue;
        };
        let text = |of: &str| {
            let value = record
                .properties
                .get(of)
                .and_then(crate::value::Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let base = format!("{}|{zone}|{}|", name(&record.properties), text("Type"));
        let own = format!("{base}{}", text("SetIdentifier"));
        let mut identifiers = vec![base, own];
        identifiers.dedup();
        for identifier in identifiers {
            for stray in find(context, live, RECORD, Some(&identifier)).await? {
                add(context, live, stray);
            }
        }
    }
    Ok(())
}

fn add(context: &Context<'_>, live: &mut Live, stray: Stray) {
    let owner = stray.owner.map(|(owner, _)| owner);
    if owner.as_ref() == Some(context.owner) {
        return;
    }
    let existing = Existing {
        kind: stray.kind,
        identifier: stray.identifier,
        properties: stray.properties,
        owner,
    };
    if !live.existing.contains(&existing) {
        live.existing.push(existing);
    }
}

/// What exists of a type; what the credentials may not list is told.
async fn find(
    context: &Context<'_>,
    live: &mut Live,
    kind: &str,
    identifier: Option<&str>,
) -> Outcome<Vec<Stray>> {
    let found = retry::steadily(context, "find", || {
        context.provider.find(kind, GLOBAL, identifier)
    });
    match found.await {
        Err(error) if matches!(error.kind, ErrorKind::Denied | ErrorKind::Unsupported) => {
            let what = format!("existing {kind}: {error}");
            if !live.unseen.contains(&what) {
                live.unseen.push(what);
            }
            Ok(Vec::new())
        }
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
        found => found,
    }
}
