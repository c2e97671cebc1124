//! Finds what there is: of the kinds that the graph has, and of those that the app's record names.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Context, existing, retry};
use crate::address::GLOBAL;
use crate::graph::Graph;
use crate::inventory::{Live, Owner, Record};
use crate::kinds::{self, Identity};
use crate::ownership;
use crate::provider::{ErrorKind, Outcome, ProviderError, Query};

/// What there is of `graph` (and what it replaced), or of everything everywhere without one.
///
/// # Errors
/// When the cloud does not answer.
pub async fn observe(context: &Context<'_>, graph: Option<&Graph>) -> Outcome<Live> {
    let Some(graph) = graph else {
        let query = Query {
            thorough: true,
            ..Query::default()
        };
        let live = ask(context, &query).await?;
        is_nowhere_else(context, &live).await?;
        return Ok(live);
    };
    let mut live = observe_kinds(context, kinds(graph)).await?;
    existing::look(context, graph, &mut live).await?;
    Ok(live)
}

/// The code of the error that tells of another region.
pub const ANOTHER_REGION: &str = "AnotherRegion";

/// Where nothing says that the app was ever applied, a spec that puts another region first than it did then
/// would have it built a second time, and the names that the world knows led there.
///
/// # Errors
/// With [`ANOTHER_REGION`] when what is live has no record, and another region has.
pub async fn is_nowhere_else(context: &Context<'_>, live: &Live) -> Outcome<()> {
    if live.record.is_some() {
        return Ok(());
    }
    let found = retry::steadily(context, "elsewhere", || {
        context.provider.elsewhere(context.owner)
    });
    let Some(region) = found.await? else {
        return Ok(());
    };
    let Owner { app, env } = context.owner;
    Err(ProviderError {
        kind: ErrorKind::Invalid,
        code: ANOTHER_REGION.to_owned(),
        message: format!(
            "{app} ({env}) has its primary region in {region}; the spec lists another region first"
        ),
        operation: "observe".to_owned(),
    })
}

/// Whether an application with resources of these kinds would have shown, and did not: global ones are the same from every
/// region, and an apply creates them among the first. It saves a call to each region of the account at the first plan.
fn has_left_no_trace(live: &Live, kinds: &BTreeSet<(Arc<str>, Arc<str>)>) -> bool {
    let is_global = |region: &str| region == GLOBAL;
    let would_show = kinds
        .iter()
        .any(|(region, kind)| is_global(region) && kinds::of(kind).identity == Identity::Tags);
    would_show
        && !live
            .resources
            .keys()
            .any(|address| is_global(&address.region))
}

/// Removes the app's record, once nothing of the app is left.
///
/// # Errors
/// When the cloud does not take it.
pub async fn remove_record(context: &Context<'_>) -> Outcome<()> {
    retry::steadily(context, "record", || {
        context.provider.remove_record(context.owner)
    })
    .await
}

/// What there is of these kinds, and of those that the app's record names.
///
/// # Errors
/// When the cloud does not answer.
pub async fn observe_kinds(
    context: &Context<'_>,
    kinds: BTreeSet<(Arc<str>, Arc<str>)>,
) -> Outcome<Live> {
    observe_without(context, kinds, None).await
}

/// The same, with the kinds that were looked for in the end.
///
/// # Errors
/// When the cloud does not answer.
pub async fn look(
    context: &Context<'_>,
    kinds: BTreeSet<(Arc<str>, Arc<str>)>,
) -> Outcome<(Live, BTreeSet<(Arc<str>, Arc<str>)>)> {
    look_without(context, kinds, None).await
}

/// What there is of these kinds and of those of the record, but for what is in a region that does not
/// answer.
///
/// # Errors
/// When the rest of the cloud does not answer.
pub async fn observe_without(
    context: &Context<'_>,
    kinds: BTreeSet<(Arc<str>, Arc<str>)>,
    region: Option<&str>,
) -> Outcome<Live> {
    Ok(look_without(context, kinds, region).await?.0)
}

async fn look_without(
    context: &Context<'_>,
    kinds: BTreeSet<(Arc<str>, Arc<str>)>,
    region: Option<&str>,
) -> Outcome<(Live, BTreeSet<(Arc<str>, Arc<str>)>)> {
    let answers = |(of, _): &(Arc<str>, Arc<str>)| region.is_none_or(|region| **of != *region);
    let mut query = Query {
        kinds: kinds.into_iter().filter(answers).collect(),
        thorough: false,
    };
    let live = ask(context, &query).await?;
    let Some(record) = &live.record else {
        if region.is_none() && !has_left_no_trace(&live, &query.kinds) {
            is_nowhere_else(context, &live).await?;
        }
        return Ok((live, query.kinds));
    };
    let known = record.kinds.iter().filter(|kind| answers(kind));
    let before = query.kinds.len();
    query.kinds.extend(known.cloned());
    if query.kinds.len() == before {
        Ok((live, query.kinds))
    } else {
        Ok((ask(context, &query).await?, query.kinds))
    }
}

/// What there is of exactly these kinds: for who asks often, and knows what little is needed.
///
/// # Errors
/// When the cloud does not answer.
pub async fn observe_only(
    context: &Context<'_>,
    kinds: BTreeSet<(Arc<str>, Arc<str>)>,
) -> Outcome<Live> {
    let query = Query {
        kinds,
        thorough: false,
    };
    ask(context, &query).await
}

async fn ask(context: &Context<'_>, query: &Query) -> Outcome<Live> {
    retry::steadily(context, "observe", || {
        context.provider.observe(context.owner, query)
    })
    .await
}

/// Writes the app's record.
///
/// # Errors
/// When the cloud does not take it.
pub async fn write_record(context: &Context<'_>, record: &Record) -> Outcome<()> {
    retry::steadily(context, "record", || {
        context.provider.write_record(context.owner, record)
    })
    .await
}

/// The kinds of a graph by region.
pub fn kinds(graph: &Graph) -> BTreeSet<(Arc<str>, Arc<str>)> {
    graph
        .iter()
        .map(|r| (r.address.region.clone(), r.kind.clone()))
        .collect()
}

/// The record after `graph` at `stage`: every kind ever used, and the stage once it is reached.
pub fn record_of(before: Option<&Record>, graph: &Graph, stage: Option<&str>) -> Record {
    let mut record = before.cloned().unwrap_or_default();
    record.kinds.extend(kinds(graph));
    if let Some(stage) = stage {
        record.stage = Some(stage.into());
        record.addresses = Some(ownership::of_addresses(graph));
    }
    record
}
