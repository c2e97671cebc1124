//! Whether the world asks the name servers of a hosted zone: a certificate waits for that, and no name of it resolves
//! before.
//!
//! Public resolvers are asked by DNS over HTTPS, so that neither this machine's resolver nor its cache answers.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::web::{Request, Response, encoded};
use super::{Check, Verdict};
use crate::inventory::{Live, LiveResource};
use crate::plan::existing::ZONE;
use crate::value::Value;

/// What the check is called.
const CHECK: &str = "delegation";

/// Resolvers that answer with JSON
/// (<https://developers.google.com/speed/public-dns/docs/doh/json>,
/// <https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/>).
const RESOLVERS: [&str; 2] = [
    "https://dns.google/resolve",
    "https://cloudflare-dns.com/dns-query",
];

/// The number of NS among the types of DNS records.
const NS: i64 = 2;

/// A public zone, and the name servers that Route 53 gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name, without a dot at the end.
    pub name: String,
    /// In lower case, without a dot at the end.
    pub servers: BTreeSet<String>,
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The public zones that the application has, or uses.
pub fn zones(live: &Live) -> Vec<Zone> {
    let own = live.resources.values().filter(|one| &*one.kind == ZONE);
    let own = own.filter_map(|one: &LiveResource| {
        let text = |name: &str| one.properties.get(name);
        let is_private = text("VPCs")
            .and_then(Value::as_list)
            .is_some_and(|all| !all.is_empty());
        let servers = text("NameServers")?.as_list()?;
        let servers = servers.iter().filter_map(|one| one.as_str()).map(plain);
        let zone = Zone {
            name: plain(text("Name")?.as_str()?),
            servers: servers.collect(),
        };
        (!is_private && !zone.servers.is_empty()).then_some(zone)
    });
    own.collect()
}

/// The name servers that the world has for a zone, by a request that `get` sends.
///
/// # Errors
/// Why no resolver could tell.
pub async fn read(
    zone: &Zone,
    get: &impl AsyncFn(Request) -> Result<Response, String>,
) -> Result<BTreeSet<String>, String> {
    let mut last = String::new();
    for resolver in RESOLVERS {
        let url = format!("{resolver}?name={}&type=NS", encoded(&zone.name));
        let request = Request::new(url).with("accept", "application/dns-json");
        match get(request).await {
            Ok(answer) if answer.status == 200 => match servers(&answer.body) {
                Ok(found) => return Ok(found),
                Err(why) => last = why,
            },
            Ok(answer) => last = format!("a resolver answers {}", answer.status),
            Err(why) => last = why,
        }
    }
    Err(last)
}

/// The name servers in a resolver's answer; none where the name is not delegated.
fn servers(body: &str) -> Result<BTreeSet<String>, String> {
    /// No such name; SERVFAIL is what a zone gets whose name servers do not know it.
    const KNOWN: [i64; 3] = [0, 2, 3];
    let answer: Json =
        serde_json::from_str(body).map_err(|_| "a resolver's response is not JSON".to_owned())?;
    let status = answer.get("Status").and_then(Json::as_i64);
    if !status.is_some_and(|status| KNOWN.contains(&status)) {
        return Err("a resolver's response has no status".to_owned());
    }
    let records = answer.get("Answer").and_then(Json::as_array);
    let records = records.into_iter().flatten();
    let found = records
        .filter(|one| one.get("type").and_then(Json::as_i64) == Some(NS))
        .filter_map(|one| one.get("data")?.as_str().map(plain));
    Ok(found.collect())
}

/// What it means that the world has these name servers for a zone.
pub fn judge(zone: &Zone, seen: &Result<BTreeSet<String>, String>) -> Check {
    let name = &zone.name;
    let wanted: Vec<&str> = zone.servers.iter().map(String::as_str).collect();
    let wanted = wanted.join(", ");
    let seen = match seen {
        Ok(seen) => seen,
        Err(why) => {
            return Check {
                verdict: Verdict::Warning,
                ..Check::ok(
                    CHECK,
                    format!("public resolvers could not be queried for {name}: {why}"),
                )
            };
        }
    };
    let mend = format!(
        "at the registrar, or in the parent zone, set the NS records of {name} to {wanted}"
    );
    if *seen == zone.servers {
        return Check::ok(CHECK, format!("{name} is delegated to its hosted zone"));
    }
    if seen.is_empty() {
        let found = format!(
            "{name} is not delegated: its names do not resolve, and its certificates cannot be validated"
        );
        return Check::warning(CHECK, found, mend);
    }
    let has: Vec<&str> = seen.iter().map(String::as_str).collect();
    let found = if seen.is_disjoint(&zone.servers) {
        format!(
            "{name} is delegated to {}, not to its hosted zone: its names do not resolve, and its certificates cannot be validated",
            has.join(", ")
        )
    } else {
        format!(
            "{name} is delegated to {}, which differ from its hosted zone's name servers",
            has.join(", ")
        )
    };
    Check::warning(CHECK, found, mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        let servers = ["ns-1.awsdns-01.com", "ns-2.awsdns-02.net"];
        Zone {
            name: "example.com".to_owned(),
            servers: servers.map(str::to_owned).into(),
        }
    }

    fn answered(of: impl Fn(&str) -> Result<Response, String>) -> Result<BTreeSet<String>, String> {
        let get = async |request: Request| {
            assert!(
                request.url.ends_with("?name=example.com&type=NS"),
                "{request:?}"
            );
            of(&request.url)
        };
        let zone = zone();
        let reading = read(&zone, &get);
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(reading)
    }

    fn says(body: &str) -> Result<Response, String> {
        Ok(Response {
            status: 200,
            body: body.to_owned(),
            ..Response::default()
        })
    }

    #[test]
    fn a_zone_that_the_world_asks_is_well() {
        let seen = answered(|_| {
            says(
                r#"{"Status": 0, "Answer": [
                    {"name": "example.com.", "type": 2, "TTL": 60, "data": "NS-1.awsdns-01.com."},
                    {"name": "example.com.", "type": 46, "data": "a signature"},
                    {"name": "example.com.", "type": 2, "TTL": 60, "data": "ns-2.awsdns-02.net."}]}"#,
            )
        });
        assert_eq!(judge(&zone(), &seen).verdict, Verdict::Ok, "{seen:?}");
    }

    #[test]
    fn a_zone_that_nobody_or_another_is_delegated_to_is_told_with_its_servers() {
        let nobody = answered(|_| says(r#"{"Status": 3, "Authority": []}"#));
        let broken = answered(|_| says(r#"{"Status": 2}"#));
        let other = answered(|_| {
            says(r#"{"Status": 0, "Answer": [{"type": 2, "data": "ns.registrar.example."}]}"#)
        });
        let half = answered(|_| {
            says(r#"{"Status": 0, "Answer": [{"type": 2, "data": "ns-1.awsdns-01.com."}]}"#)
        });
        for (seen, why) in [
            (nobody, "is not delegated"),
            (broken, "is not delegated"),
            (
                other,
                "delegated to ns.registrar.example, not to its hosted zone",
            ),
            (half, "which differ from its hosted zone's name servers"),
        ] {
            let check = judge(&zone(), &seen);
            assert_eq!(check.verdict, Verdict::Warning);
            assert!(check.found.contains(why), "{check:?}");
            let mend = check.mend.unwrap();
            assert!(
                mend.contains("ns-1.awsdns-01.com, ns-2.awsdns-02.net"),
                "{mend}"
            );
        }
    }

    #[test]
    fn a_second_resolver_is_asked_and_silence_is_a_warning() {
        let seen = answered(|url| {
            if url.starts_with(RESOLVERS[0]) {
                Err("no route".to_owned())
            } else {
                says(r#"{"Status": 3}"#)
            }
        });
        assert_eq!(seen, Ok(BTreeSet::new()));
        for body in ["<html>", "{}", r#"{"Status": 5}"#] {
            let seen = answered(|_| says(body));
            let check = judge(&zone(), &seen);
            assert!(
                check.found.contains("could not be queried"),
                "{body}: {check:?}"
            );
            assert_eq!(check.verdict, Verdict::Warning);
        }
    }
}
