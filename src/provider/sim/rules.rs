//! What AWS refuses: properties that do not fit, references to nothing, clashes between resources,
//! deletes of what others need.
//!
//! Which property names what is `schema`'s to know; the rules that no table can say are here.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cloud::{Cloud, Item, refuse};
use super::{
    caches, checks, clusters, database, engines, keyspaces, networks, offers, queues, records,
    refusals, tables, windows,
};
use crate::address::GLOBAL;
use crate::compare;
use crate::compare::Rules;
use crate::kinds;
use crate::kinds::exclusive;
use crate::kinds::references::{for_each_name, is_in_reach};
use crate::provider::{ErrorKind, ProviderError};
use crate::schema::facts::is_another_major;
use crate::schema::{Registry, check_properties};
use crate::value::{Map, Value};

/// A refusal before the call's name is known.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    kind: ErrorKind,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, "ValidationError", message)
    }

    /// The same, found within something else.
    pub(super) fn within(self, around: &str) -> Self {
        Self {
            code: "ValidationError",
            message: format!("{around} {}", self.message),
            ..self
        }
    }

    /// The refusal of a call.
    pub fn of(self, operation: &str) -> ProviderError {
        refuse(self.kind, self.code, self.message, operation)
    }
}

/// AWS's default quotas of a region
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>,
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>).
const QUOTAS: &[(&str, usize)] = &[
    ("AWS::EC2::EIP", 5),
    ("AWS::EC2::InternetGateway", 5),
    ("AWS::EC2::VPC", 5),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", 50),
    ("AWS::RDS::DBInstance", 40),
    ("AWS::Route53::HealthCheck", 200),
];

/// How many there are of a kind in a region.
fn count(cloud: &Cloud, kind: &str, region: &str) -> usize {
    let is_one = |item: &&Item| &*item.kind == kind && &*item.region == region;
    cloud.items.values().filter(is_one).count()
}

/// The kinds, by region, of which more exist than AWS's default quota allows: the account has another
/// one there, which nobody here knows.
pub fn beyond_quota(cloud: &Cloud) -> BTreeSet<(Arc<str>, Arc<str>)> {
    let places: BTreeSet<_> = cloud
        .items
        .values()
        .map(|item| (item.region.clone(), item.kind.clone()))
        .collect();
    let is_beyond = |(region, kind): &(Arc<str>, Arc<str>)| {
        let quota = QUOTAS.iter().find(|(of, _)| *of == &**kind);
        quota.is_some_and(|(_, most)| count(cloud, kind, region) > *most)
    };
    places.into_iter().filter(is_beyond).collect()
}

/// Whether one of these kinds may exist unseen: in a cloud that stands as another one was found, where
/// nobody looked for it.
fn is_out_of_sight(cloud: &Cloud, kinds: &[&str], region: &str) -> bool {
    let Some(looked) = &cloud.looked else {
        return false;
    };
    let is_seen = |kind: &str| {
        [region, GLOBAL]
            .iter()
            .any(|region| looked.contains(&(Arc::from(*region), Arc::from(kind))))
    };
    !kinds.iter().all(|kind| is_seen(kind))
}

/// Whether `name` is one of an item's names: its identifier or one of its ARNs.
pub fn is_called(item: &Item, name: &str) -> bool {
    if &*item.identifier == name {
        return true;
    }
    let Some(schema) = Registry::embedded().kind(&item.kind) else {
        return false;
    };
    item.properties.iter().any(|(property, value)| {
        value.as_str() == Some(name)
            && (schema.primary_identifier().contains(property)
                || schema.is_read_only(property)
                    && (property.ends_with("Id") || property.to_lowercase().ends_with("arn"))
                    && &**property != "VpcId")
    })
}

/// Whether a resource with these properties may be, in the place of `old` if that is an update.
///
/// # Errors
/// What AWS would say.
pub fn check(
    cloud: &Cloud,
    kind: &str,
    region: &str,
    properties: &Map,
    old: Option<&Item>,
    now: u64,
) -> Result<(), Refusal> {
    let Some(schema) = Registry::embedded().kind(kind) else {
        return Err(Refusal::new(
            ErrorKind::Unsupported,
            "TypeNotFound",
            format!("{kind} is unknown"),
        ));
    };
    refusals::check(cloud, kind, properties, old, now)?;
    // AWS looks again only at what an update changes.
    let touched: Map = properties
        .iter()
        .filter(|(name, value)| old.is_none_or(|old| old.properties.get(name) != Some(value)))
        .cloned()
        .collect();
    let goes_back = |name: &&str| {
        let before = old.and_then(|old| old.properties.get(name));
        kinds::goes_back(before, touched.get(name))
    };
    if let Some(name) = kinds::of(kind)
        .monotonic
        .iter()
        .find(|name| goes_back(name))
    {
        return Err(Refusal::invalid(format!(
            "{name} cannot be less than it is"
        )));
    }
    let given: Map = touched
        .iter()
        .filter(|(name, _)| old.is_none() || !schema.is_read_only(name))
        .cloned()
        .collect();
    // What an update does not change is there still, though AWS may never have given it back.
    let is_there = |name: &str| {
        !given.contains_key(name)
            && old.is_some_and(|old| {
                properties.contains_key(name)
                    || schema.is_write_only(name) && !old.properties.contains_key(name)
            })
    };
    let mut problems = check_properties(schema, &given).into_iter();
    if let Some(problem) = problems.find(|problem| !is_there(&problem.path)) {
        return Err(Refusal::invalid(problem.message));
    }
    if old.is_none() {
        check_quota(cloud, kind, region)?;
    }
    check_names(cloud, kind, region, &touched, old, now)?;
    if old.is_none_or(|_| exclusive::once(kind).is_some_and(|paths| touches(&touched, paths))) {
        check_exclusive(cloud, kind, region, properties, old)?;
    }
    offers::check(cloud, kind, region, properties, old)?;
    match kind {
        "AWS::EC2::Subnet" => networks::check_subnet(cloud, properties, old),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            networks::two_zones(cloud, properties, "Subnets")
        }
        "AWS::RDS::DBSubnetGroup" => {
            networks::two_zones(cloud, properties, "SubnetIds")?;
            networks::zones_in_use(cloud, properties, old)
        }
        "AWS::CloudFront::Distribution" => check_distribution(properties),
        "AWS::WAFv2::WebACL" => check_web_acl(region, properties),
        checks::CHECK => checks::check(cloud, properties),
        checks::ZONE => checks::check_zone(cloud, properties, old.map(|old| old.number)),
        "AWS::Route53::RecordSet" => records::check_record(cloud, properties, old),
        "AWS::RDS::DBInstance" => {
            database::check(properties, old)?;
            engines::check(cloud, region, properties, old)?;
            check_database(cloud, properties, old)
        }
        keyspaces::KEYSPACE => keyspaces::check(region, properties, old),
        keyspaces::TABLE => keyspaces::check_table(properties, old),
        tables::TABLE => tables::check(cloud, region, properties, old),
        clusters::CLUSTER => clusters::check(cloud, region, properties, old),
        "AWS::RDS::DBParameterGroup" | clusters::CLUSTER_GROUP => database::check_group(properties),
        caches::CLUSTER | caches::GROUP => {
            windows::check_cache(properties)?;
            caches::check(cloud, kind, region, properties)
        }
        caches::PARAMETERS => caches::check_parameters(properties, old),
        caches::SERVERLESS => caches::check_serverless(properties),
        queues::QUEUE => queues::check(cloud, region, properties),
        "AWS::SSM::Parameter" => check_parameter(properties, old),
        _ => Ok(()),
    }
}

/// Whether there may be one more.
fn check_quota(cloud: &Cloud, kind: &str, region: &str) -> Result<(), Refusal> {
    if let Some((_, most)) = QUOTAS.iter().find(|(of, _)| *of == kind)
        && !cloud.beyond.contains(&(region.into(), kind.into()))
        && count(cloud, kind, region) >= *most
    {
        let message = format!("the quota of {most} {kind} in {region} is used up");
        return Err(Refusal::new(ErrorKind::Quota, "LimitExceeded", message));
    }
    Ok(())
}

/// Whether everything that the properties name exists and can be used.
fn check_names(
    cloud: &Cloud,
    kind: &str,
    region: &str,
    touched: &Map,
    old: Option<&Item>,
    now: u64,
) -> Result<(), Refusal> {
    let mut missing = None;
    for_each_name(kind, touched, &mut |entry, path, name| {
        // Each account has AWS's own keys.
        if missing.is_some() || name.starts_with("alias/aws/") {
            return;
        }
        let target = cloud.items.values().find(|item| {
            entry.kinds.contains(&&*item.kind)
                && is_called(item, name)
                && is_in_reach(&item.region, region, path, name)
        });
        missing = match target {
            None if is_out_of_sight(cloud, &entry.kinds, region) => None,
            // AWS answers about what it has just made as if it did not exist.
            None => Some((
                ErrorKind::NotFound,
                "NotFound",
                "does not exist".to_owned(),
                path.to_owned(),
                name,
            )),
            Some(item) if item.visible_at > now => Some((
                ErrorKind::NotFound,
                "NotFound",
                "does not exist".to_owned(),
                path.to_owned(),
                name,
            )),
            Some(item)
                if old.is_none() && !item.is_ready(now) && item.word.as_ref() == "creating" =>
            {
                let state = format!("is {}", item.state(now));
                Some((
                    ErrorKind::Conflict,
                    "IncorrectState",
                    state,
                    path.to_owned(),
                    name,
                ))
            }
            Some(_) => None,
        };
    });
    match missing {
        Some((kind, code, what, path, name)) => {
            Err(Refusal::new(kind, code, format!("{path}: {name} {what}")))
        }
        None => Ok(()),
    }
}

/// Whether one of these paths is among the properties.
fn touches(properties: &Map, paths: &[&str]) -> bool {
    let mut tops = paths.iter().filter_map(|path| path.split('.').next());
    tops.any(|top| properties.contains_key(top))
}

/// How AWS refuses a value that another resource has; `None` where it takes the second one, or where a rule
/// of its own says it better.
fn taken(kind: &str) -> Option<(ErrorKind, &'static str)> {
    let exists = |code| Some((ErrorKind::AlreadyExists, code));
    match kind {
        "AWS::EC2::SecurityGroupEgress"
        | "AWS::EC2::SecurityGroupIngress"
        | "AWS::EC2::Subnet"
        | "AWS::EC2::VPCEndpoint"
        | "AWS::EC2::VPCPeeringConnection"
        | "AWS::Route53::RecordSet"
        | "AWS::S3::BucketPolicy"
        | "AWS::SNS::Subscription"
        | "AWS::SNS::TopicPolicy" => None,
        "AWS::EC2::FlowLog" => exists("FlowLogAlreadyExists"),
        "AWS::EC2::LaunchTemplate" => exists("InvalidLaunchTemplateName.AlreadyExistsException"),
        "AWS::EC2::Route" => exists("RouteAlreadyExists"),
        "AWS::EC2::NatGateway"
        | "AWS::EC2::SubnetRouteTableAssociation"
        | "AWS::EC2::VPCGatewayAttachment" => exists("Resource.AlreadyAssociated"),
        "AWS::EC2::SecurityGroup" => exists("InvalidGroup.Duplicate"),
        "AWS::ElasticLoadBalancingV2::Listener" => exists("DuplicateListener"),
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
        "AWS::ElasticLoadBalancingV2::ListenerRule" => Some((ErrorKind::Conflict, "PriorityInUse")),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => exists("DuplicateLoadBalancerName"),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => exists("DuplicateTargetGroupName"),
        _ => exists("AlreadyExists"),
    }
}

/// Values that exist once only.
fn check_exclusive(
    cloud: &Cloud,
    kind: &str,
    region: &str,
    properties: &Map,
    old: Option<&Item>,
) -> Result<(), Refusal> {
    let Some((error, code)) = taken(kind).filter(|_| exclusive::once(kind).is_some()) else {
        return Ok(());
    };
    let others = cloud.items.values().filter(|item| {
        &*item.kind == kind
            && &*item.region == region
            && old.is_none_or(|old| old.number != item.number)
    });
    for other in others {
        if let Some(what) = exclusive::clash(kind, properties, &other.properties) {
            let message = format!("{what} is taken by {}", other.identifier);
            return Err(Refusal::new(error, code, message));
        }
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>
const PARAMETER: usize = 4096;

fn check_parameter(properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let (name, value) = (text(properties, "Name"), text(properties, "Value"));
    // botocore: PutParameter.Name; the text is that of an account's log in a public report, as moto has it.
    let first = name.trim_start_matches('/').to_lowercase();
    if ["aws", "ssm"].iter().any(|own| first.starts_with(own)) {
        let message = format!("No access to reserved parameter name: {name}.");
        let code = "AccessDeniedException";
        return Err(Refusal::new(ErrorKind::Denied, code, message));
    }
    // AWS never gives the tier back; what is that long already has the other one.
    let is_standard = text(properties, "Tier") != "Advanced"
        && old.is_none_or(|old| text(&old.properties, "Value").len() <= PARAMETER);
    if is_standard {
        check_size(value, PARAMETER, "a standard parameter")
    } else {
        Ok(())
    }
}

fn check_size(text: &str, most: usize, what: &str) -> Result<(), Refusal> {
    if text.len() > most {
        Err(Refusal::invalid(format!(
            "{what} has {} characters of at most {most}",
            text.len()
        )))
    } else {
        Ok(())
    }
}

pub(super) fn text<'a>(properties: &'a Map, name: &str) -> &'a str {
    properties
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn check_distribution(properties: &Map) -> Result<(), Refusal> {
    let config = properties.get("DistributionConfig");
    let certificate = config.and_then(|c| c.at("ViewerCertificate.AcmCertificateArn"));
    if let Some(arn) = certificate.and_then(Value::as_str)
        && !arn.starts_with("arn:aws:acm:us-east-1:")
    {
        let message = "the certificate must be in us-east-1";
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidViewerCertificate",
            message,
        ));
    }
    let origins = config
        .and_then(|c| c.at("Origins"))
        .and_then(Value::as_list)
        .unwrap_or_default();
    let groups = config
        .and_then(|c| c.at("OriginGroups.Items"))
        .and_then(Value::as_list)
        .unwrap_or_default();
    let known: BTreeSet<&str> = origins
        .iter()
        .chain(groups)
        .filter_map(|o| o.at("Id")?.as_str())
        .collect();
    let behaviours = config
        .and_then(|c| c.at("CacheBehaviors"))
        .and_then(Value::as_list)
        .unwrap_or_default();
    let default = config.and_then(|c| c.at("DefaultCacheBehavior"));
    for behaviour in behaviours.iter().chain(default) {
        if let Some(target) = behaviour.at("TargetOriginId").and_then(Value::as_str)
            && !known.contains(target)
        {
            return Err(Refusal::new(
                ErrorKind::Invalid,
                "NoSuchOrigin",
                format!("no origin or origin group is called {target}"),
            ));
        }
    }
    Ok(())
}

fn check_web_acl(region: &str, properties: &Map) -> Result<(), Refusal> {
    if text(properties, "Scope") == "CLOUDFRONT" && region != "us-east-1" {
        let message = "a web ACL for CloudFront must be in us-east-1";
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "WAFInvalidParameterException",
            message,
        ));
    }
    Ok(())
}

pub(super) fn same_name(a: &str, b: &str) -> bool {
    a.trim_end_matches('.')
        .eq_ignore_ascii_case(b.trim_end_matches('.'))
}

fn check_database(cloud: &Cloud, properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let number = |map: &Map, name: &str| map.get(name).and_then(Value::as_number).unwrap_or(0);
    if let Some(old) = old {
        if number(properties, "AllocatedStorage") < number(&old.properties, "AllocatedStorage") {
            return Err(Refusal::invalid("a database's storage cannot shrink"));
        }
        let refused = properties.get("AllowMajorVersionUpgrade") == Some(&Value::Bool(false));
        let engine = text(&old.properties, "Engine");
        let (now, new) = (
            text(&old.properties, "EngineVersion"),
            text(properties, "EngineVersion"),
        );
        if refused && is_another_major(engine, now, new) {
            return Err(Refusal::invalid(format!(
                "version {now} of the engine cannot become {new} in place: AllowMajorVersionUpgrade is false"
            )));
        }
        return Ok(());
    }
    if let Some(source) = properties
        .get("SourceDBInstanceIdentifier")
        .and_then(Value::as_str)
    {
        let source = cloud
            .items
            .values()
            .find(|item| &*item.kind == "AWS::RDS::DBInstance" && is_called(item, source));
        if source.is_some_and(|s| number(&s.properties, "BackupRetentionPeriod") == 0) {
            let message = "the source of a replica must have automated backups";
            return Err(Refusal::new(
                ErrorKind::Conflict,
                "InvalidDBInstanceState",
                message,
            ));
        }
        return Ok(());
    }
    if properties.contains_key("DBClusterIdentifier") {
        // Its cluster has the login.
        return Ok(());
    }
    let managed = properties.get("ManageMasterUserPassword") == Some(&Value::Bool(true));
    if !managed && !properties.contains_key("MasterUserPassword") {
        return Err(Refusal::invalid(
            "a database needs MasterUserPassword or ManageMasterUserPassword",
        ));
    }
    Ok(())
}

/// Whether identifier and other unique names are free.
///
/// # Errors
/// When they are taken.
pub fn check_unique(
    cloud: &Cloud,
    kind: &str,
    region: &str,
    identifier: &str,
    properties: &Map,
) -> Result<(), Refusal> {
    let taken = |name: &str| {
        let message = format!("{name} already exists");
        Refusal::new(ErrorKind::AlreadyExists, "AlreadyExists", message)
    };
    // Buckets share one namespace all over the world.
    let everywhere = kind == "AWS::S3::Bucket";
    let siblings = || {
        cloud
            .items
            .values()
            .filter(|item| &*item.kind == kind && (everywhere || &*item.region == region))
    };
    if siblings().any(|item| &*item.identifier == identifier) {
        return Err(taken(identifier));
    }
    if kind == "AWS::EC2::SecurityGroupIngress" || kind == "AWS::EC2::SecurityGroupEgress" {
        let rule = |map: &Map| {
            let mut rule = map.clone();
            for name in ["Id", "Description", "Tags"] {
                rule.remove(name);
            }
            rule
        };
        if siblings().any(|item| rule(&item.properties) == rule(properties)) {
            let message = "the specified rule already exists";
            return Err(Refusal::new(
                ErrorKind::AlreadyExists,
                "InvalidPermission.Duplicate",
                message,
            ));
        }
    }
    Ok(())
}

/// Whether an update leaves alone what cannot change.
///
/// # Errors
/// When it does not.
pub fn check_immutable(kind: &str, before: &Map, after: &Map) -> Result<(), Refusal> {
    let rules = Rules::of(kind);
    for (name, value) in after {
        let moved = compare::property(rules, name, value, before.get(name));
        if let Some(difference) = moved.iter().find(|d| rules.is_create_only(&d.path)) {
            let message = format!("{} cannot be changed after creation", difference.path);
            return Err(Refusal::new(ErrorKind::Invalid, "NotUpdatable", message));
        }
    }
    Ok(())
}
