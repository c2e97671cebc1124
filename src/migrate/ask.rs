//! What gates ask of the site itself, as its users see it: what its names resolve to, whether requests
//! are answered, how many fail and how long they take.
//!
//! Which ways lead to the site is [`super::reach`]'s, what an answer means for a gate [`super::gate`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::gate::Reading;
use super::reach::{self, Door};
use super::walk::Halt;
use crate::apply::{Context, retry};
use crate::inventory::Live;
use crate::provider::{Answer, Probe, Traffic};

/// Fewer requests than this say nothing about how many fail.
const FEW: f64 = 20.0;

/// Whether every name resolves to what its records say. A distribution answers from other addresses in
/// each place, so that its name resolves at all has to do.
///
/// # Errors
/// When the cloud does not answer.
pub async fn answers(context: &Context<'_>, live: &Live) -> Result<Reading, Halt> {
    let mut names: BTreeMap<&str, Vec<Door<'_>>> = BTreeMap::new();
    for door in reach::doors(live).into_iter().filter(|door| door.asked) {
        names.entry(door.name).or_default().push(door);
    }
    if names.is_empty() {
        return Ok(Reading::good("the site has no name"));
    }
    let mut seen = Vec::new();
    for (name, doors) in names {
        let Some(found) = resolved(context, name).await? else {
            return Ok(Reading::good("not asked: an emulator's names are nobody's"));
        };
        if found.is_empty() {
            return Ok(Reading::bad(format!(
                "{name} does not resolve here; does its registrar name the zone's name servers?"
            )));
        }
        let mut known = BTreeSet::new();
        for door in doors.iter().filter(|door| !door.edge) {
            match door.host.parse::<IpAddr>() {
                Ok(address) => known.extend([address]),
                Err(_) => known.extend(resolved(context, door.host).await?.unwrap_or_default()),
            }
        }
        let edge = doors.iter().any(|door| door.edge);
        let strange = found.first().filter(|_| !edge && !agree(&found, &known));
        if let Some(strange) = strange {
            return Ok(Reading::bad(format!(
                "{name} still resolves to {strange}, where no record leads any more"
            )));
        }
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        seen.push(format!("{name} is {}", found.join(" and ")));
    }
    Ok(Reading::good(seen.join(", ")))
}

/// Whether an answer is that of a record that leads to one of these addresses. An answer is one record's, and a load
/// balancer may change some of its addresses between two questions
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#request-routing>).
fn agree(found: &[IpAddr], known: &BTreeSet<IpAddr>) -> bool {
    found.iter().any(|address| known.contains(address))
}

async fn resolved(context: &Context<'_>, name: &str) -> Result<Option<Vec<IpAddr>>, Halt> {
    Ok(retry::steadily(context, "resolve", || context.provider.resolve(name)).await?)
}

/// Whether a request to each name is answered through each way that leads to it. `requests` are
/// names with a path that is known to answer; of a name without one its root is asked.
///
/// # Errors
/// When the cloud does not answer.
pub async fn probe(
    context: &Context<'_>,
    live: &Live,
    requests: &[(Arc<str>, Arc<str>)],
) -> Result<Reading, Halt> {
    let doors = reach::doors(live);
    if doors.is_empty() {
        return Ok(Reading::good("the site has no name"));
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
                Answer::NotAsked(why) => return Ok(Reading::good(format!("not asked: {why}"))),
                Answer::Status(code) => format!("{code}"),
                Answer::Nothing(why) => why,
            };
            let (name, host) = (door.name, door.host);
            return Ok(Reading::bad(format!(
                "https://{name}{path} through {host}: {bad}"
            )));
        }
    }
    Ok(Reading::good(format!("{answered} answered")))
}

/// Whether fewer requests fail than `below` percent.
///
/// # Errors
/// When the cloud does not answer.
pub async fn errors(context: &Context<'_>, live: &Live, below: u32) -> Result<Reading, Halt> {
    let Some(traffic) = counted(context, live).await? else {
        return Ok(Reading::good("nothing counts requests"));
    };
    let Traffic {
        requests, errors, ..
    } = traffic;
    if requests < FEW {
        return Ok(Reading::good(format!("only {requests} requests of late")));
    }
    let percent = 100.0 * errors / requests;
    let seen = format!("{percent:.1} % of {requests} requests");
    Ok(match percent < f64::from(below) {
        true => Reading::good(seen),
        false => Reading::bad(seen),
    })
}

/// Whether 95 of 100 requests are answered within `below` milliseconds.
///
/// # Errors
/// When the cloud does not answer.
pub async fn latency(context: &Context<'_>, live: &Live, below: u32) -> Result<Reading, Halt> {
    let traffic = counted(context, live).await?.unwrap_or_default();
    Ok(match traffic.slowest {
        _ if traffic.requests < FEW => Reading::good("hardly any requests of late"),
        None => Reading::good("nothing times requests"),
        Some(slowest) if slowest < f64::from(below) => Reading::good(format!("{slowest:.0} ms")),
        Some(slowest) => Reading::bad(format!("{slowest:.0} ms")),
    })
}

async fn counted(context: &Context<'_>, live: &Live) -> Result<Option<Traffic>, Halt> {
    let counters = reach::counters(live);
    if counters.is_empty() {
        return Ok(None);
    }
    let traffic = retry::steadily(context, "traffic", || context.provider.traffic(&counters));
    Ok(Some(traffic.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_balancer_may_change_some_of_its_addresses() {
        let all = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let known: BTreeSet<IpAddr> = all(&["192.0.2.1", "192.0.2.2"]).into_iter().collect();
        assert!(agree(&all(&["192.0.2.2", "192.0.2.3"]), &known));
        assert!(!agree(&all(&["203.0.113.7"]), &known), "the old server");
    }
}
