//! Where requests end up: from the site's names, by what is live, to the servers that answer.
//!
//! Pure: it follows what the cloud says of itself, as a resolver and a load balancer would. Whether
//! the servers at the end are healthy is the provider's to say.

use std::collections::BTreeSet;

use super::challenge;
use crate::address::Address;
use crate::inventory::{Handle, Live, LiveResource, Status};
use crate::plan::existing::{ZONE, is_public};
use crate::value::{Map, Value};

const RECORD: &str = "AWS::Route53::RecordSet";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const ELASTIC: &str = "AWS::EC2::EIP";
const ASSOCIATION: &str = "AWS::EC2::EIPAssociation";
const SERVER: &str = "AWS::EC2::Instance";
const BUCKET: &str = "AWS::S3::Bucket";

/// The kinds that [`doors`] and [`counters`] look at.
pub const DOORS: &[&str] = &[RECORD, BALANCER, DISTRIBUTION];

/// The kinds that [`ends`] looks at.
pub const WAYS: &[&str] = &[
    ZONE,
    RECORD,
    BALANCER,
    DISTRIBUTION,
    LISTENER,
    RULE,
    GROUP,
    ELASTIC,
    ASSOCIATION,
    SERVER,
    BUCKET,
];

/// Who answers in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End<'a> {
    /// An instance, or a target group.
    pub resource: &'a LiveResource,
    /// Whether requests are led there now; what stands at weight 0 is only ready.
    pub asked: bool,
}

/// Who answers the site's names, standing ready included. A site without names is asked by the
/// addresses of its servers and load balancers.
///
/// # Errors
/// When a name that is asked leads to something that does not exist or cannot be used: which, and
/// where the way ends.
pub fn ends(live: &Live) -> Result<Vec<End<'_>>, String> {
    let mut found: Vec<End<'_>> = Vec::new();
    // No visitor asks for the names of a VPC.
    let private: Vec<&str> = of(live, ZONE)
        .filter(|zone| !is_public(&zone.properties))
        .map(|zone| &*zone.identifier)
        .collect();
    let records: Vec<&LiveResource> = of(live, RECORD)
        .filter(|record| !private.contains(&text(&record.properties, "HostedZoneId")))
        .collect();
    for record in &records {
        let asked = weight(record) != Some(0);
        let mut way = Way {
            live,
            passed: BTreeSet::new(),
            ends: Vec::new(),
        };
        match way.record(record) {
            Err(why) if asked => {
                let name = text(&record.properties, "Name").trim_end_matches('.');
                return Err(format!(
                    "{name} ({}) reaches no server: {why}",
                    record.address
                ));
            }
            Err(_) => {}
            Ok(()) => found.extend(way.ends.into_iter().map(|resource| End { resource, asked })),
        }
    }
    for name in records
        .iter()
        .map(|record| text(&record.properties, "Name"))
    {
        let mut same = records
            .iter()
            .filter(|record| text(&record.properties, "Name") == name);
        if same.all(|record| weight(record) == Some(0)) {
            return Err(format!("{name} has no record with a weight above 0"));
        }
    }
    if records.is_empty() {
        let servers = of(live, SERVER);
        let groups = of(live, GROUP);
        let open = servers.chain(groups).map(|resource| End {
            resource,
            asked: true,
        });
        found.extend(open);
        if found.is_empty() {
            return Err("there is no server".to_owned());
        }
    }
    found.sort_by(|a, b| (&a.resource.address, !a.asked).cmp(&(&b.resource.address, !b.asked)));
    found.dedup_by(|a, b| a.resource.address == b.resource.address);
    Ok(found)
}

/// Where the site is reached from outside: what a record leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Door<'a> {
    /// The name.
    pub name: &'a str,
    /// The address, or the host of a load balancer or a distribution.
    pub host: &'a str,
    /// Whether the name is answered with it now; what stands at weight 0 is only ready.
    pub asked: bool,
    /// Whether it is a distribution, which answers from addresses of its own in each place.
    pub edge: bool,
}

/// The doors of the site, without those that only a distribution knocks at.
pub fn doors(live: &Live) -> Vec<Door<'_>> {
    let origins: BTreeSet<&str> = of(live, DISTRIBUTION)
        .filter_map(|one| one.properties.at("DistributionConfig.Origins")?.as_list())
        .flatten()
        .filter_map(|origin| origin.at("DomainName")?.as_str())
        .collect();
    let mut doors = Vec::new();
    for record in of(live, RECORD) {
        let name = text(&record.properties, "Name").trim_end_matches('.');
        let own = text(&record.properties, "Type") == "A";
        if !own || origins.iter().any(|origin| same(origin, name)) {
            continue;
        }
        let asked = weight(record) != Some(0);
        let target = text(&record.properties, "AliasTarget.DNSName");
        let edge =
            of(live, DISTRIBUTION).any(|one| same(text(&one.properties, "DomainName"), target));
        let listed = record
            .properties
            .get("ResourceRecords")
            .and_then(Value::as_list);
        let listed = listed.unwrap_or_default().iter().filter_map(Value::as_str);
        let hosts = (!target.is_empty())
            .then_some(target)
            .into_iter()
            .chain(listed);
        doors.extend(hosts.map(|host| Door {
            name,
            host,
            asked,
            edge,
        }));
    }
    doors.sort();
    doors.dedup();
    doors
}

/// What counts the site's requests: its load balancers and distributions.
pub fn counters(live: &Live) -> Vec<Handle> {
    let counters = of(live, BALANCER).chain(of(live, DISTRIBUTION));
    counters.map(LiveResource::handle).collect()
}

fn of<'a>(live: &'a Live, kind: &'static str) -> impl Iterator<Item = &'a LiveResource> {
    live.resources
        .values()
        .filter(move |resource| &*resource.kind == kind)
}

fn text<'a>(map: &'a Map, path: &str) -> &'a str {
    map.at(path).and_then(Value::as_str).unwrap_or_default()
}

fn weight(record: &LiveResource) -> Option<i64> {
    record.properties.get("Weight")?.as_int()
}

fn same(a: &str, b: &str) -> bool {
    let plain = |name: &str| {
        let name = name.trim_end_matches('.').to_lowercase();
        name.strip_prefix("dualstack.")
            .map(str::to_owned)
            .unwrap_or(name)
    };
    !a.is_empty() && plain(a) == plain(b)
}

/// Whether a rule is there for a server's certificate only, so that no user's request goes its way.
fn is_proof(rule: &LiveResource) -> bool {
    let conditions = rule.properties.get("Conditions").and_then(Value::as_list);
    let paths = conditions
        .unwrap_or_default()
        .iter()
        .filter_map(|condition| condition.at("PathPatternConfig.Values")?.as_list());
    let mut paths = paths.flatten().filter_map(Value::as_str).peekable();
    paths.peek().is_some() && paths.all(|path| path == challenge::PATH)
}

struct Way<'a> {
    live: &'a Live,
    /// Names on the way, so that records that lead in a circle end.
    passed: BTreeSet<Address>,
    ends: Vec<&'a LiveResource>,
}

impl<'a> Way<'a> {
    fn record(&mut self, record: &'a LiveResource) -> Result<(), String> {
        if !self.passed.insert(record.address.clone()) {
            return Ok(());
        }
        let target = text(&record.properties, "AliasTarget.DNSName");
        if target.is_empty() {
            let addresses = record
                .properties
                .get("ResourceRecords")
                .and_then(Value::as_list)
                .unwrap_or_default();
            for address in addresses.iter().filter_map(Value::as_str) {
                self.address(address)?;
            }
            return if addresses.is_empty() {
                Err("it has no records".to_owned())
            } else {
                Ok(())
            };
        }
        let named = |kind, path: &'static str| {
            of(self.live, kind).find(move |r| same(text(&r.properties, path), target))
        };
        if let Some(balancer) = named(BALANCER, "DNSName") {
            return self.balancer(balancer);
        }
        match named(DISTRIBUTION, "DomainName") {
            Some(distribution) => {
                let name = text(&record.properties, "Name");
                self.distribution(distribution, name)
            }
            None => Err(format!("{target} does not belong to the application")),
        }
    }

    fn usable(&self, resource: &'a LiveResource) -> Result<(), String> {
        match &resource.status {
            // What is being changed goes on working.
            Status::Ready => Ok(()),
            Status::Pending(word) if &**word != "creating" => Ok(()),
            Status::Pending(word) => Err(format!("{} is {word}", resource.address)),
            Status::Deleting => Err(format!("{} is being deleted", resource.address)),
            Status::Failed(why) => Err(format!("{} failed: {why}", resource.address)),
        }
    }

    fn address(&mut self, address: &str) -> Result<(), String> {
        let live = self.live;
        let elastic = of(live, ELASTIC)
            .find(|elastic| text(&elastic.properties, "PublicIp") == address)
            .ok_or_else(|| format!("{address} is not an address of the application"))?;
        let allocation = text(&elastic.properties, "AllocationId");
        let association = of(live, ASSOCIATION)
            .find(|a| text(&a.properties, "AllocationId") == allocation)
            .ok_or_else(|| format!("{address} belongs to no server"))?;
        let id = text(&association.properties, "InstanceId");
        let server = of(live, SERVER)
            .find(|server| &*server.identifier == id)
            .ok_or_else(|| format!("{address} belongs to {id}, which does not exist"))?;
        self.usable(server)?;
        self.ends.push(server);
        Ok(())
    }

    fn balancer(&mut self, balancer: &'a LiveResource) -> Result<(), String> {
        self.usable(balancer)?;
        let live = self.live;
        let listeners: Vec<&LiveResource> = of(live, LISTENER)
            .filter(|l| text(&l.properties, "LoadBalancerArn") == &*balancer.identifier)
            .collect();
        // A rule does not tell its listener; its ARN is named below the listener's
        // (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html>).
        let below = |listener: &LiveResource| {
            let arn = listener
                .identifier
                .replacen(":listener/", ":listener-rule/", 1);
            format!("{arn}/")
        };
        let prefixes: Vec<String> = listeners.iter().map(|l| below(l)).collect();
        let rules = of(live, RULE).filter(|rule| {
            !is_proof(rule)
                && prefixes
                    .iter()
                    .any(|prefix| rule.identifier.starts_with(prefix))
        });
        let mut arns = BTreeSet::new();
        for (list, owner) in listeners
            .iter()
            .map(|l| ("DefaultActions", *l))
            .chain(rules.map(|rule| ("Actions", rule)))
        {
            let actions = owner.properties.get(list).and_then(Value::as_list);
            for action in actions.unwrap_or_default() {
                let one = action.at("TargetGroupArn").and_then(Value::as_str);
                let many = action
                    .at("ForwardConfig.TargetGroups")
                    .and_then(Value::as_list);
                let many = many.unwrap_or_default().iter();
                arns.extend(one);
                arns.extend(many.filter_map(|group| group.at("TargetGroupArn")?.as_str()));
            }
        }
        if arns.is_empty() {
            return Err(format!("{} has no forward action", balancer.address));
        }
        for arn in arns {
            let group = of(live, GROUP)
                .find(|group| &*group.identifier == arn)
                .ok_or_else(|| {
                    format!(
                        "{} forwards to {arn}, which does not exist",
                        balancer.address
                    )
                })?;
            self.ends.push(group);
        }
        Ok(())
    }

    fn distribution(&mut self, distribution: &'a LiveResource, name: &str) -> Result<(), String> {
        self.usable(distribution)?;
        let live = self.live;
        let at = |path: &str| distribution.properties.at(path).and_then(Value::as_list);
        let aliases = at("DistributionConfig.Aliases").unwrap_or_default();
        if !aliases
            .iter()
            .any(|alias| alias.as_str().is_some_and(|alias| same(alias, name)))
        {
            return Err(format!(
                "{} does not answer to {name}",
                distribution.address
            ));
        }
        for origin in at("DistributionConfig.Origins").unwrap_or_default() {
            let domain = origin.at("DomainName").and_then(Value::as_str);
            let domain = domain.unwrap_or_default();
            if origin.at("S3OriginConfig").is_some() {
                let known = of(live, BUCKET)
                    .any(|bucket| same(text(&bucket.properties, "RegionalDomainName"), domain));
                if !known {
                    return Err(format!("{domain} is not a bucket of the application"));
                }
                continue;
            }
            let records: Vec<&LiveResource> = of(live, RECORD)
                .filter(|r| same(text(&r.properties, "Name"), domain) && weight(r) != Some(0))
                .collect();
            if records.is_empty() {
                return Err(format!("the origin {domain} has no record"));
            }
            for record in records {
                self.record(record)?;
            }
        }
        Ok(())
    }
}
