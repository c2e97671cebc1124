//! What gates ask of the site itself, as its users see it: what its names resolve to, whether requests
//! are answered, how many fail and how long they take.
//!
//! Which ways lead to the site is [`super::routing`]'s, what an answer means for a gate [`super::gates`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::gates::{Failures, Latencies, Name, Names, Probed};
use super::routing::{self, Door};
use super::walk::Halt;
use crate::apply::{Context, retry};
use crate::inventory::Live;
use crate::provider::{Answer, Probe, Traffic};

/// Fewer requests than this say nothing about how many fail.
const FEW: f64 = 20.0;

/// What every name resolves to.
///
/// # Errors
/// When the cloud does not answer.
pub async fn names(context: &Context<'_>, live: &Live) -> Result<Names, Halt> {
    let mut names: BTreeMap<&str, Vec<Door<'_>>> = BTreeMap::new();
    for door in routing::doors(live).into_iter().filter(|door| door.asked) {
        names.entry(door.name).or_default().push(door);
    }
    let mut seen = Vec::new();
    for (name, doors) in names {
        let Some(found) = resolved(context, name).await? else {
            let why = "an emulator's names do not resolve".to_owned();
            return Ok(Names::NotAsked(why));
        };
        let mut known = BTreeSet::new();
        for door in doors.iter().filter(|door| !door.edge) {
            match door.host.parse::<IpAddr>() {
                Ok(address) => known.extend([address]),
                Err(_) => known.extend(resolved(context, door.host).await?.unwrap_or_default()),
            }
        }
        seen.push(Name {
            name: name.to_owned(),
            found,
            known,
            edge: doors.iter().any(|door| door.edge),
        });
    }
    Ok(Names::Resolved(seen))
}

async fn resolved(context: &Context<'_>, name: &str) -> Result<Option<Vec<IpAddr>>, Halt> {
    Ok(retry::steadily(context, "resolve", || context.provider.resolve(name)).await?)
}

/// Sends a request to each name through each way that leads to it, up to the first that is not answered well.
/// `requests` are names with a path that is known to answer; of a name without one its root is asked.
///
/// # Errors
/// When the cloud does not answer.
pub async fn probe(
    context: &Context<'_>,
    live: &Live,
    requests: &[(Arc<str>, Arc<str>)],
) -> Result<Probed, Halt> {
    let doors = routing::doors(live);
    if doors.is_empty() {
        return Ok(Probed::NoName);
    }
    let mut answered = 0_usize;
    for door in doors {
        let mut paths: Vec<&str> = requests
            .iter()
            .filter(|(name, _)| &**name == door.name)
            .map(|(_, path)| &**path)
            .collect();
        if paths.is_empty() {
            paths.push("/");
        }
        for path in paths {
            let probe = Probe {
                name: door.name.into(),
                door: door.host.into(),
                path: path.into(),
            };
            let answer =
                retry::steadily(context, "probe", || context.provider.probe(&probe)).await?;
            let bad = match answer {
                Answer::Status(200..400) => {
                    answered += 1;
                    continue;
                }
                Answer::NotAsked(why) => return Ok(Probed::NotSent(why)),
                Answer::Status(code) => format!("{code}"),
                Answer::Nothing(why) => why,
            };
            let (name, host) = (door.name, door.host);
            let what = format!("https://{name}{path} through {host}: {bad}");
            return Ok(Probed::Failed(what));
        }
    }
    Ok(Probed::Answered(answered))
}

/// How many requests failed of late; `None` where nothing counts them.
///
/// # Errors
/// When the cloud does not answer.
pub async fn failures(context: &Context<'_>, live: &Live) -> Result<Option<Failures>, Halt> {
    let traffic = counted(context, live).await?;
    Ok(traffic.map(|traffic| Failures {
        requests: traffic.requests,
        failed: traffic.errors,
        enough: traffic.requests >= FEW,
    }))
}

/// How long requests took of late; `None` where nothing counts them.
///
/// # Errors
/// When the cloud does not answer.
pub async fn latencies(context: &Context<'_>, live: &Live) -> Result<Option<Latencies>, Halt> {
    let traffic = counted(context, live).await?;
    Ok(traffic.map(|traffic| Latencies {
        slowest: traffic.slowest,
        enough: traffic.requests >= FEW,
    }))
}

async fn counted(context: &Context<'_>, live: &Live) -> Result<Option<Traffic>, Halt> {
    let counters = routing::counters(live);
    if counters.is_empty() {
        return Ok(None);
    }
    let traffic = retry::steadily(context, "traffic", || context.provider.traffic(&counters));
    Ok(Some(traffic.await?))
}
