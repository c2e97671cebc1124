//! Certificates and what has to be true for one: that the world finds the proof in DNS, or at the name's server.
//!
//! A zone answers the world only if its name is delegated to it; of two public zones of one name that is the older one.
//! ACM looks for a CNAME in that zone. A server's own authority asks the server over HTTP, wherever the name leads at that
//! moment (<https://letsencrypt.org/docs/challenge-types/#http-01-challenge>,
//! <https://caddyserver.com/docs/automatic-https>).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cloud::{Cloud, Item};
use super::rules::{is_called, same_name, text};
use super::site::{RECORD, list, targets};
use crate::value::{Map, Value};

const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";
const ZONE: &str = "AWS::Route53::HostedZone";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const INSTANCE: &str = "AWS::EC2::Instance";

/// Where an authority asks.
const PROOF: &str = "/.well-known/acme-challenge/";

/// How long after a zone is delegated ACM finds its proof, in milliseconds.
const FOUND: u64 = 60_000;

/// When a certificate is issued whose proof nobody finds: never.
const NEVER: u64 = u64::MAX / 4;

impl Cloud {
    /// Lets time pass for certificates: those whose proof nobody finds are not issued, and servers to which a name leads get
    /// theirs.
    pub(super) fn prove(&mut self, now: u64, undelegated: &BTreeSet<Arc<str>>) {
        let waits =
            |item: &&Item| &*item.kind == CERTIFICATE && item.exists(now) && item.ready_at > now;
        let waiting: Vec<(u64, u64)> = self
            .items
            .values()
            .filter(waits)
            .filter_map(|item| match self.is_proven(&item.properties, undelegated) {
                true if item.ready_at == NEVER => Some((item.number, now + FOUND)),
                false if item.ready_at != NEVER => Some((item.number, NEVER)),
                _ => None,
            })
            .collect();
        for (number, ready_at) in waiting {
            if let Some(item) = self.items.get_mut(&number) {
                item.ready_at = ready_at;
                self.dirty.insert(number);
            }
        }
        let names: BTreeSet<String> = self
            .all(RECORD, now)
            .filter(|record| text(&record.properties, "Type") == "A")
            .filter(|record| {
                let zone = text(&record.properties, "HostedZoneId");
                self.is_delegated(zone, undelegated)
            })
            .map(|record| plain(text(&record.properties, "Name")))
            .collect();
        for name in names {
            if let Some(server) = self.authority_finds(&name, now) {
                self.certified.entry(server).or_default().insert(name);
            }
        }
    }

    /// Whether a server answers over TLS for a name.
    pub(super) fn has_certificate(&self, server: &Item, name: &str) -> bool {
        let names = self.certified.get(&server.number);
        names.is_some_and(|names| names.contains(&plain(name)))
    }

    fn is_proven(&self, certificate: &Map, undelegated: &BTreeSet<Arc<str>>) -> bool {
        let options = list(certificate, "DomainValidationOptions");
        let mut zones = options
            .iter()
            .filter_map(|option| option.at("HostedZoneId")?.as_str());
        zones.all(|zone| self.is_delegated(zone, undelegated))
    }

    /// Whether the world asks a zone; one that is nobody's here it does.
    fn is_delegated(&self, id: &str, undelegated: &BTreeSet<Arc<str>>) -> bool {
        let zones = || self.items.values().filter(|item| &*item.kind == ZONE);
        let Some(zone) = zones().find(|zone| is_called(zone, id)) else {
            return true;
        };
        let name = text(&zone.properties, "Name");
        let first = zones().find(|other| same_name(text(&other.properties, "Name"), name));
        first.is_none_or(|first| first.number == zone.number)
            && !undelegated.iter().any(|one| same_name(one, name))
    }

    /// The one server that answers for a name when it is asked over HTTP, wherever it leads; `None` while some ways lead
    /// elsewhere.
    fn authority_finds(&self, name: &str, now: u64) -> Option<u64> {
        let mut found = None;
        for record in self.records_of(name, now) {
            for target in targets(record) {
                let server = match target.parse::<std::net::IpAddr>() {
                    Ok(_) => self.server_at(&target, now),
                    Err(_) => self.passes_on(&target, now),
                }?;
                let is_up = server.failed.is_none() && server.ready_at <= now;
                if !is_up || found.is_some_and(|other| other != server.number) {
                    return None;
                }
                found = Some(server.number);
            }
        }
        found
    }

    /// The server to which a load balancer passes on what an authority asks.
    fn passes_on(&self, host: &str, now: u64) -> Option<&Item> {
        let balancer = self.named(super::site::BALANCER, "DNSName", host, now)?;
        let listens = |arn: &str| {
            let listener = self
                .all("AWS::ElasticLoadBalancingV2::Listener", now)
                .find(|item| &*item.identifier == arn);
            listener.is_some_and(|listener| {
                text(&listener.properties, "LoadBalancerArn") == &*balancer.identifier
                    && listener.properties.get("Port").and_then(Value::as_int) == Some(80)
            })
        };
        let rule = self.all(RULE, now).find(|rule| {
            asks_for_proof(&rule.properties) && listens(text(&rule.properties, "ListenerArn"))
        })?;
        let arn = list(&rule.properties, "Actions")
            .first()?
            .at("TargetGroupArn")?
            .as_str()?;
        let group = self
            .all(GROUP, now)
            .find(|group| &*group.identifier == arn)?;
        let target = list(&group.properties, "Targets")
            .first()?
            .at("Id")?
            .as_str()?;
        self.all(INSTANCE, now)
            .find(|server| &*server.identifier == target)
    }
}

/// Whether a listener's rule is there for authorities only, so that no user's request goes its way.
pub(super) fn asks_for_proof(rule: &Map) -> bool {
    let conditions = list(rule, "Conditions");
    let mut paths = conditions
        .iter()
        .filter_map(|condition| condition.at("PathPatternConfig.Values")?.as_list())
        .flatten()
        .filter_map(Value::as_str)
        .peekable();
    paths.peek().is_some() && paths.all(|path| path.starts_with(PROOF))
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase()
}
