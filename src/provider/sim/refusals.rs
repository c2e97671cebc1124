//! What single services refuse: limits, characters, regions and types, from their own documents and from botocore's
//! models. Nothing here is shared with what the planner, the spec's rules or the AWS provider know, so that a mistake there shows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cloud::{Cloud, Item};
use super::rules::{Refusal, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

/// Whether a service takes these properties.
///
/// # Errors
/// With the service's code.
pub fn check(
    cloud: &Cloud,
    kind: &str,
    properties: &Map,
    old: Option<&Item>,
    now: u64,
) -> Result<(), Refusal> {
    tags(kind, properties)?;
    match kind {
        "AWS::CertificateManager::Certificate" => names(properties),
        "AWS::CloudFront::Distribution" => logs(properties),
        "AWS::EC2::Instance" => {
            user_data(text(properties, "UserData"))?;
            instance(properties, old)
        }
        "AWS::EC2::LaunchTemplate" => {
            let data = properties.get("LaunchTemplateData").and_then(Value::as_map);
            user_data(data.map_or("", |data| text(data, "UserData")))
        }
        // Auto Scaling tries a template before it takes it.
        "AWS::AutoScaling::AutoScalingGroup" => match template_of(cloud, properties) {
            Some(data) => instance(data, None),
            None => Ok(()),
        },
        "AWS::S3::Bucket" => replication(cloud, properties, old, now),
        _ => Ok(()),
    }
}

/// The services whose tags have `[\p{L}\p{Z}\p{N}_.:/=+\-@]*` only, and the code with which they refuse others
/// (botocore 1.43: iam.tagKeyType, ssm.TagKey, acm.TagKey, logs.TagKey, cloudfront.TagKey, elbv2.TagKey, wafv2.TagKey;
/// RDS, ElastiCache, SNS and Secrets Manager say so in the documentation of Tag).
const NARROW: [(&str, &str); 11] = [
    ("AWS::IAM::", "ValidationError"),
    ("AWS::SSM::", "ValidationException"),
    ("AWS::CertificateManager::", "InvalidTagException"),
    ("AWS::Logs::", "InvalidParameterException"),
    ("AWS::CloudFront::", "InvalidTagging"),
    ("AWS::ElasticLoadBalancingV2::", "ValidationError"),
    ("AWS::WAFv2::", "WAFTagOperationException"),
    ("AWS::RDS::", "InvalidParameterValue"),
    ("AWS::ElastiCache::", "InvalidParameterValue"),
    ("AWS::SNS::", "InvalidParameter"),
    ("AWS::SecretsManager::", "InvalidParameterException"),
];

/// The most tags of a resource, and of those that have fewer
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>;
/// botocore: route53.ChangeTagsForResource.AddTags).
const MOST: usize = 50;
const MOST_OF_ROUTE53: usize = 10;

/// Every tag of a resource, as name and value.
fn tags_of(properties: &Map) -> Vec<(String, String)> {
    let lists = ["Tags", "HostedZoneTags", "HealthCheckTags"];
    let mut found = Vec::new();
    for tags in lists.iter().filter_map(|name| properties.get(name)) {
        match tags {
            Value::List(items) => found.extend(items.iter().filter_map(|tag| {
                let part = |name: &str| tag.at(name).map(ToString::to_string);
                Some((part("Key")?, part("Value").unwrap_or_default()))
            })),
            Value::Map(map) => found.extend(
                map.iter()
                    .map(|(key, value)| (key.to_string(), value.to_string())),
            ),
            _ => {}
        }
    }
    found
}

fn tags(kind: &str, properties: &Map) -> Result<(), Refusal> {
    let tags = tags_of(properties);
    let most = if kind.starts_with("AWS::Route53::") {
        MOST_OF_ROUTE53
    } else {
        MOST
    };
    if tags.len() > most {
        let message = format!(
            "the resource would have {} tags of at most {most}",
            tags.len()
        );
        return Err(Refusal::new(ErrorKind::Quota, "TooManyTags", message));
    }
    let narrow = NARROW.iter().find(|(of, _)| kind.starts_with(of));
    for (key, value) in &tags {
        let is_long = key.chars().count() > 128 || value.chars().count() > 256;
        let code = match narrow {
            Some((_, code)) if is_long || !is_narrow(key) || !is_narrow(value) => code,
            // botocore: dlm.TagKey has `^(?!aws:)[a-zA-Z+-=._:/]+$`.
            None if kind.starts_with("AWS::DLM::") && !key.chars().all(is_of_dlm) => {
                "InvalidRequestException"
            }
            None if is_long => "InvalidParameterValue",
            _ => continue,
        };
        let message = format!("the tag {key} does not satisfy the service's pattern");
        return Err(Refusal::new(ErrorKind::Invalid, code, message));
    }
    Ok(())
}

fn is_narrow(text: &str) -> bool {
    // `\p{Z}` is white space without control characters.
    let is_taken = |letter: char| {
        letter.is_alphanumeric()
            || letter.is_whitespace() && !letter.is_control()
            || "_.:/=+-@".contains(letter)
    };
    text.chars().all(is_taken)
}

fn is_of_dlm(letter: char) -> bool {
    letter.is_ascii_alphabetic() || ('+'..='=').contains(&letter) || letter == '_'
}

/// ACM's default quota (<https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>,
/// <https://github.com/hashicorp/terraform-provider-aws/issues/35825>).
const NAMES: usize = 10;

fn names(properties: &Map) -> Result<(), Refusal> {
    let others = properties.get("SubjectAlternativeNames");
    let others = others.and_then(Value::as_list).unwrap_or_default();
    let first = text(properties, "DomainName");
    let mut names: Vec<&str> = others.iter().filter_map(Value::as_str).collect();
    names.push(first);
    names.sort_unstable();
    names.dedup();
    if names.len() > NAMES {
        Err(Refusal::new(
            ErrorKind::Quota,
            "LimitExceededException",
            "Certificate has too many domains.",
        ))
    } else {
        Ok(())
    }
}

/// Regions that an account has to enable first
/// (<https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>): CloudFront delivers no
/// standard logs to buckets there
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html#access-logs-choosing-s3-bucket>).
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// The words are CloudFront's own (<https://github.com/aws-samples/bedrock-chat/issues/366>).
fn logs(properties: &Map) -> Result<(), Refusal> {
    let bucket = properties.at("DistributionConfig.Logging.Bucket");
    let bucket = bucket.and_then(Value::as_str).unwrap_or_default();
    let of = |region: &&str| bucket.ends_with(&format!(".s3.{region}.amazonaws.com"));
    if OPT_IN.iter().any(of) {
        Err(Refusal::new(
            ErrorKind::Denied,
            "AccessDenied",
            format!(
                "You don't have permission to access the S3 bucket for CloudFront logs: {bucket}."
            ),
        ))
    } else {
        Ok(())
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html>: 16 KB before encoding.
const USER_DATA: usize = 16_384;

fn user_data(data: &str) -> Result<(), Refusal> {
    let Ok(bytes) = STANDARD.decode(data) else {
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidUserData.Malformed",
            "Invalid BASE64 encoding of user data",
        ));
    };
    if bytes.len() > USER_DATA {
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidParameterValue",
            format!("User data is limited to {USER_DATA} bytes"),
        ));
    }
    Ok(())
}

/// Families with Graviton processors
/// (<https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>: a `g` behind the generation), and the
/// three that are called otherwise (<https://aws.amazon.com/ec2/instance-types/a1/>, `/g5g/`, `/hpc7g/`).
fn is_arm(instance: &str) -> bool {
    let family = instance.split('.').next().unwrap_or_default();
    let digits = family.find(|letter: char| letter.is_ascii_digit());
    let (letters, rest) = family.split_at(digits.unwrap_or(family.len()));
    let attributes = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    family == "a1" || letters == "t" && attributes == "g" || attributes.starts_with('g')
}

/// Types that cannot have a connection of their own to disks
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs-optimized.html>): of the families before 2015 those that the
/// page does not list.
fn has_no_connection_of_its_own(instance: &str) -> bool {
    let (family, size) = instance.split_once('.').unwrap_or((instance, ""));
    match family {
        "t1" | "t2" | "cc2" | "cr1" | "hs1" => true,
        "c1" => size != "xlarge",
        "c3" | "i2" | "r3" => !matches!(size, "xlarge" | "2xlarge" | "4xlarge"),
        "g2" => size != "2xlarge",
        "m1" => !matches!(size, "large" | "xlarge"),
        "m2" => !matches!(size, "2xlarge" | "4xlarge"),
        "m3" => !matches!(size, "xlarge" | "2xlarge"),
        _ => false,
    }
}

/// An image is for one processor architecture, and stays on the disk; not every type is EBS-optimized.
fn instance(properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let instance = text(properties, "InstanceType");
    let name = |arm: bool| if arm { "arm64" } else { "x86_64" };
    let wanted = name(is_arm(instance));
    let image = text(properties, "ImageId");
    let named = ["arm64", "x86_64"]
        .into_iter()
        .find(|one| image.contains(one));
    let had = old.map(|old| name(is_arm(text(&old.properties, "InstanceType"))));
    if let Some(has) = had.or(named).filter(|has| *has != wanted) {
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidParameterValue",
            format!(
                "The architecture '{wanted}' of the specified instance type does not match the architecture '{has}' of the specified AMI."
            ),
        ));
    }
    let wants = properties.get("EbsOptimized") == Some(&Value::Bool(true));
    if wants && has_no_connection_of_its_own(instance) {
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "Unsupported",
            "EBS-optimized instances are not supported for your requested configuration. Please check the documentation for supported configurations.",
        ));
    }
    Ok(())
}

/// What a group's launch template says.
pub(super) fn template_of<'a>(cloud: &'a Cloud, properties: &Map) -> Option<&'a Map> {
    let id = properties.at("LaunchTemplate.LaunchTemplateId")?.as_str()?;
    let template = cloud
        .items
        .values()
        .find(|item| &*item.kind == "AWS::EC2::LaunchTemplate" && &*item.identifier == id)?;
    template.properties.get("LaunchTemplateData")?.as_map()
}

/// How long S3's servers may not all know of a bucket's versions, in milliseconds after its creation
/// (<https://github.com/aws/aws-sdk/issues/106>).
const UNSEEN: u64 = 3_000;

/// Both ends of a replication keep versions, and S3 has to know of it
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html>).
fn replication(
    cloud: &Cloud,
    properties: &Map,
    old: Option<&Item>,
    now: u64,
) -> Result<(), Refusal> {
    let Some(config) = properties.get("ReplicationConfiguration") else {
        return Ok(());
    };
    if old.is_some_and(|old| old.properties.get("ReplicationConfiguration") == Some(config)) {
        return Ok(());
    }
    let keeps = |map: &Map| {
        map.at("VersioningConfiguration.Status")
            .and_then(Value::as_str)
            == Some("Enabled")
    };
    if !keeps(properties) {
        let message =
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration";
        return Err(Refusal::new(ErrorKind::Invalid, "InvalidRequest", message));
    }
    let rules = config
        .at("Rules")
        .and_then(Value::as_list)
        .unwrap_or_default();
    for rule in rules {
        let arn = rule.at("Destination.Bucket").and_then(Value::as_str);
        let name = arn.and_then(|arn| arn.strip_prefix("arn:aws:s3:::"));
        let bucket = cloud
            .items
            .values()
            .find(|item| &*item.kind == "AWS::S3::Bucket" && Some(&*item.identifier) == name);
        let Some(bucket) = bucket else { continue };
        let message = "Destination bucket must have versioning enabled.";
        if !keeps(&bucket.properties) {
            return Err(Refusal::new(ErrorKind::Invalid, "InvalidRequest", message));
        }
        if now < bucket.ready_at + UNSEEN && &*bucket.word == "creating" {
            return Err(Refusal::new(ErrorKind::NotFound, "InvalidRequest", message));
        }
    }
    Ok(())
}
