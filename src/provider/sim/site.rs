//! What users of a site meet in the simulator: what its names resolve to, and whether somebody
//! answers behind them.
//!
//! Requests go the way that the resources say, as they stand at that moment; how healthy the servers at
//! the end are is [`super::cloud`]'s.

use std::net::{IpAddr, Ipv4Addr};

use sha2::{Digest as _, Sha256};

use super::cloud::{Cloud, Item};
use super::tls::asks_for_proof;
use crate::inventory::Handle;
use crate::provider::{Answer, LATELY, Probe, Traffic};
use crate::value::{Map, Value};

pub(super) const RECORD: &str = "AWS::Route53::RecordSet";
pub(super) const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

/// Requests a second that each load balancer and distribution is sent.
const RATE: f64 = 10.0;

/// Milliseconds within which servers answer that are healthy.
const SWIFT: f64 = 80.0;

/// Records that may lead from one name to the next, so that a circle ends.
const HOPS: u32 = 8;

impl Cloud {
    /// What a name resolves to.
    pub fn addresses(&self, name: &str, now: u64) -> Vec<IpAddr> {
        let records: Vec<&Item> = self.records_of(name, now).collect();
        if records.is_empty() {
            let known = [(BALANCER, "DNSName"), (DISTRIBUTION, "DomainName")]
                .into_iter()
                .any(|(kind, path)| self.named(kind, path, name, now).is_some());
            return known.then(|| made_up(name)).into_iter().collect();
        }
        let targets = records.into_iter().flat_map(targets);
        targets
            .map(|target| target.parse().unwrap_or_else(|_| made_up(&target)))
            .collect()
    }

    /// What comes of a request.
    pub fn answer(&self, probe: &Probe, now: u64) -> Answer {
        self.serve(&probe.door, &probe.name, now, HOPS)
    }

    /// What load balancers and distributions counted: a steady stream of requests, which are answered as
    /// things stand.
    pub fn traffic(&self, at: &[Handle], now: u64) -> Traffic {
        let mut traffic = Traffic::default();
        for handle in at {
            let Some(item) = self.find(&handle.kind, &handle.address.region, &handle.identifier)
            else {
                continue;
            };
            let requests = RATE * LATELY.as_secs_f64();
            traffic.requests += requests;
            let answer = match &*item.kind {
                BALANCER => self.balancer(item, now),
                _ => self.distribution(item, now, HOPS),
            };
            match answer {
                Answer::Status(200) => traffic.slowest = Some(SWIFT),
                _ => traffic.errors += requests,
            }
        }
        traffic
    }

    fn serve(&self, door: &str, name: &str, now: u64, hops: u32) -> Answer {
        let nothing = |why: &str| Answer::Nothing(format!("{door}: {why}"));
        let Some(hops) = hops.checked_sub(1) else {
            return nothing("records lead in a circle");
        };
        if door.parse::<IpAddr>().is_ok() {
            return match self.server_at(door, now) {
                Some(server) if server.failed.is_none() && server.ready_at <= now => {
                    if self.has_certificate(server, name) {
                        Answer::Status(if self.is_closed(server) { 503 } else { 200 })
                    } else {
                        nothing(&format!("the server has no certificate for {name} yet"))
                    }
                }
                Some(_) => nothing("the server does not answer yet"),
                None => nothing("no route to host"),
            };
        }
        if let Some(balancer) = self.named(BALANCER, "DNSName", door, now) {
            return self.balancer(balancer, now);
        }
        if let Some(distribution) = self.named(DISTRIBUTION, "DomainName", door, now) {
            let aliases = list(&distribution.properties, "DistributionConfig.Aliases");
            let known = aliases.iter().any(|alias| {
                alias
                    .as_str()
                    .is_some_and(|alias| plain(alias) == plain(name))
            });
            return if known {
                self.distribution(distribution, now, hops)
            } else {
                // CloudFront refuses names that it was not given
                // (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-403-permission-denied.html>).
                Answer::Status(403)
            };
        }
        let records: Vec<&Item> = self.records_of(door, now).collect();
        // Between regions Route 53 leads requests to those that are healthy.
        let chosen = |record: &&Item| {
            ["Region", "Failover"]
                .iter()
                .any(|path| record.properties.contains_key(path))
        };
        let between_regions = records.iter().any(chosen);
        let answers = records
            .into_iter()
            .flat_map(targets)
            .map(|target| self.serve(&target, name, now, hops));
        let answer = if between_regions {
            answers.min_by_key(complaint)
        } else {
            worst(answers)
        };
        answer.unwrap_or_else(|| nothing("the name does not resolve"))
    }

    pub(super) fn server_at(&self, address: &str, now: u64) -> Option<&Item> {
        let at = |item: &Item, path: &str, value: &str| text(&item.properties, path) == value;
        let elastic = self
            .all("AWS::EC2::EIP", now)
            .find(|item| at(item, "PublicIp", address))?;
        let allocation = text(&elastic.properties, "AllocationId");
        let association = self
            .all("AWS::EC2::EIPAssociation", now)
            .find(|item| at(item, "AllocationId", allocation))?;
        let instance = text(&association.properties, "InstanceId");
        self.all("AWS::EC2::Instance", now)
            .find(|item| &*item.identifier == instance)
    }

    fn balancer(&self, balancer: &Item, now: u64) -> Answer {
        if balancer.failed.is_some() || (balancer.ready_at > now && &*balancer.word == "creating") {
            return Answer::Nothing(format!(
                "{} is {}",
                balancer.identifier,
                balancer.state(now)
            ));
        }
        let listeners: Vec<&Item> = self
            .all("AWS::ElasticLoadBalancingV2::Listener", now)
            .filter(|item| text(&item.properties, "LoadBalancerArn") == &*balancer.identifier)
            .collect();
        let rules = self
            .all("AWS::ElasticLoadBalancingV2::ListenerRule", now)
            .filter(|rule| {
                let arn = text(&rule.properties, "ListenerArn");
                listeners
                    .iter()
                    .any(|listener| &*listener.identifier == arn)
            })
            .filter(|rule| !asks_for_proof(&rule.properties))
            .flat_map(|rule| list(&rule.properties, "Actions"));
        let groups = listeners
            .iter()
            .flat_map(|listener| list(&listener.properties, "DefaultActions"))
            .chain(rules)
            .flat_map(|action| {
                let one = action.at("TargetGroupArn").and_then(Value::as_str);
                let many = action.at("ForwardConfig.TargetGroups");
                let many = many.and_then(Value::as_list).unwrap_or_default().iter();
                let many = many.filter_map(|group| group.at("TargetGroupArn")?.as_str());
                one.into_iter().chain(many)
            });
        let answers = groups.map(|arn| {
            let group = self
                .all("AWS::ElasticLoadBalancingV2::TargetGroup", now)
                .find(|group| &*group.identifier == arn);
            // A load balancer without healthy targets answers 503 itself
            // (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html>).
            match group {
                Some(group) if self.is_closed(group) => Answer::Status(503),
                Some(group) if self.behind(group, now).healthy > 0 => Answer::Status(200),
                _ => Answer::Status(503),
            }
        });
        worst(answers).unwrap_or(Answer::Status(503))
    }

    fn distribution(&self, distribution: &Item, now: u64, hops: u32) -> Answer {
        if distribution.failed.is_some()
            || (distribution.ready_at > now && &*distribution.word == "creating")
        {
            let why = format!("{} is not deployed yet", distribution.identifier);
            return Answer::Nothing(why);
        }
        let origins = list(&distribution.properties, "DistributionConfig.Origins");
        let own = origins
            .iter()
            .filter(|origin| origin.at("S3OriginConfig").is_none())
            .filter_map(|origin| origin.at("DomainName")?.as_str());
        let answers = own.map(|origin| match self.serve(origin, origin, now, hops) {
            // What CloudFront answers when it cannot reach an origin.
            Answer::Nothing(_) => Answer::Status(502),
            answer => answer,
        });
        worst(answers).unwrap_or(Answer::Status(200))
    }

    pub(super) fn all<'a>(&'a self, kind: &'a str, now: u64) -> impl Iterator<Item = &'a Item> {
        self.items
            .values()
            .filter(move |item| &*item.kind == kind && item.exists(now))
    }

    pub(super) fn named(&self, kind: &str, path: &str, name: &str, now: u64) -> Option<&Item> {
        self.items.values().find(|item| {
            &*item.kind == kind
                && item.exists(now)
                && plain(text(&item.properties, path)) == plain(name)
        })
    }

    /// The records of a name that are answered with.
    pub(super) fn records_of<'a>(&'a self, name: &str, now: u64) -> impl Iterator<Item = &'a Item> {
        let name = plain(name);
        self.all(RECORD, now).filter(move |item| {
            plain(text(&item.properties, "Name")) == name
                && item.properties.get("Weight").and_then(Value::as_int) != Some(0)
                && matches!(text(&item.properties, "Type"), "A" | "AAAA" | "CNAME")
        })
    }
}

/// Where a record leads to.
pub(super) fn targets(record: &Item) -> Vec<String> {
    match text(&record.properties, "AliasTarget.DNSName") {
        "" => list(&record.properties, "ResourceRecords")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        target => vec![target.to_owned()],
    }
}

/// The answer that a user would complain of.
fn worst(answers: impl Iterator<Item = Answer>) -> Option<Answer> {
    answers.max_by_key(complaint)
}

/// How much a user would complain of an answer.
fn complaint(answer: &Answer) -> u32 {
    match answer {
        Answer::Status(code) => u32::from(*code),
        Answer::Nothing(_) | Answer::NotAsked(_) => u32::MAX,
    }
}

/// The text at a path, or nothing.
pub(super) fn text<'a>(map: &'a Map, path: &str) -> &'a str {
    map.at(path).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(map: &'a Map, path: &str) -> &'a [Value] {
    map.at(path).and_then(Value::as_list).unwrap_or_default()
}

/// A name as it is compared.
fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase();
    match name.strip_prefix("dualstack.") {
        Some(rest) => rest.to_owned(),
        None => name,
    }
}

/// An address for one of AWS's own names, always the same; of the block for benchmarks, which is nobody's
/// (RFC 2544).
fn made_up(name: &str) -> IpAddr {
    let digest = Sha256::digest(plain(name).as_bytes());
    Ipv4Addr::new(198, 18, digest[0], digest[1]).into()
}
