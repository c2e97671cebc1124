//! Between CloudFormation's configurations and CloudFront's: names, and lists with their length.
//!
//! CloudFront has most lists as `{Quantity, Items}` where CloudFormation has them plain; a few of
//! CloudFormation's are objects too (`OriginGroups` with its lengths, those of response headers
//! policies without).

use serde_json::json;

use crate::provider::aws::service::{rename, renamed, renamed_back};
use crate::value::{Map, Value};

/// CloudFormation's names and CloudFront's.
const NAMES: [(&str, &str); 6] = [
    ("AcmCertificateArn", "ACMCertificateArn"),
    ("IPV6Enabled", "IsIPV6Enabled"),
    ("IamCertificateId", "IAMCertificateId"),
    ("OriginCustomHeaders", "CustomHeaders"),
    ("OriginSSLProtocols", "OriginSslProtocols"),
    ("SslSupportMethod", "SSLSupportMethod"),
];

/// What is a plain list in CloudFormation, by CloudFront's name.
const LISTS: [&str; 17] = [
    "Aliases",
    "AllowedMethods",
    "CacheBehaviors",
    "CachedMethods",
    "Cookies",
    "CustomErrorResponses",
    "CustomHeaders",
    "FunctionAssociations",
    "Headers",
    "LambdaFunctionAssociations",
    "OriginSslProtocols",
    "Origins",
    "QueryStringCacheKeys",
    "QueryStrings",
    "TrustedKeyGroups",
    "TrustedSigners",
    "WhitelistedNames",
];

/// A configuration as CloudFront has it.
pub fn to_api(value: Value) -> Value {
    wrapped(renamed(value, &NAMES))
}

/// The inverse of [`to_api`].
pub fn from_api(value: Value) -> Value {
    renamed_back(unwrapped(value), &NAMES)
}

fn length(list: &[Value]) -> Value {
    Value::Int(i64::try_from(list.len()).unwrap_or(i64::MAX))
}

/// A list with its length.
pub fn counted(list: Vec<Value>) -> Map {
    let mut map = Map::new();
    map.insert("Quantity", length(&list));
    if !list.is_empty() {
        map.insert("Items", Value::List(list));
    }
    map
}

fn wrapped(value: Value) -> Value {
    let map = match value {
        Value::List(items) => return Value::list(items.into_iter().map(wrapped)),
        Value::Map(map) => map,
        plain => return plain,
    };
    let wrap = |name: &str, value: Value| match wrapped(value) {
        Value::List(list) if LISTS.contains(&name) => {
            let some = !list.is_empty();
            let mut map = counted(list);
            if name.starts_with("Trusted") {
                map.insert("Enabled", Value::Bool(some));
            }
            Value::Map(map)
        }
        Value::Map(mut restriction) if name == "GeoRestriction" => {
            rename(&mut restriction, "Locations", "Items");
            let length = match restriction.get("Items") {
                Some(Value::List(list)) => length(list),
                _ => Value::Int(0),
            };
            restriction.insert("Quantity", length);
            Value::Map(restriction)
        }
        other => other,
    };
    let mut map: Map = map
        .into_iter()
        .map(|(name, value)| {
            let value = wrap(&name, value);
            (name, value)
        })
        .collect();
    if let (Some(Value::List(list)), None) = (map.get("Items"), map.get("Quantity")) {
        let length = length(list);
        map.insert("Quantity", length);
    }
    // CloudFront has the one within the other.
    if let Some(cached) = map.remove("CachedMethods") {
        if !map.contains_key("AllowedMethods") {
            let both = ["GET", "HEAD"].map(Value::str);
            map.insert("AllowedMethods", Value::Map(counted(both.to_vec())));
        }
        if let Some(Value::Map(allowed)) = map.get_mut("AllowedMethods") {
            allowed.insert("CachedMethods", cached);
        }
    }
    Value::Map(map)
}

fn unwrapped(value: Value) -> Value {
    let mut map = match value {
        Value::List(items) => return Value::list(items.into_iter().map(unwrapped)),
        Value::Map(map) => map,
        plain => return plain,
    };
    if let Some(Value::Map(allowed)) = map.get_mut("AllowedMethods")
        && let Some(cached) = allowed.remove("CachedMethods")
    {
        map.insert("CachedMethods", cached);
    }
    let unwrap = |name: &str, value: Value| match unwrapped(value) {
        Value::Map(mut counted) if LISTS.contains(&name) && counted.contains_key("Quantity") => {
            match counted.remove("Items")? {
                Value::List(list) => Some(Value::List(in_order(list))),
                other => Some(other),
            }
        }
        Value::Map(mut restriction) if name == "GeoRestriction" => {
            rename(&mut restriction, "Items", "Locations");
            restriction.remove("Quantity");
            Some(Value::Map(restriction))
        }
        other => Some(other),
    };
    // An empty list is none.
    let unwrapped = map.into_iter().filter_map(|(name, value)| {
        let value = unwrap(&name, value)?;
        Some((name, value))
    });
    Value::Map(unwrapped.collect())
}

/// Methods and protocols, in the order of the registry's defaults; CloudFront keeps none.
fn in_order(mut list: Vec<Value>) -> Vec<Value> {
    const ORDER: [&str; 11] = [
        "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE", "TLSv1", "TLSv1.1", "TLSv1.2",
        "SSLv3",
    ];
    let place = |value: &Value| ORDER.iter().position(|word| value.as_str() == Some(word));
    if list.iter().all(|value| place(value).is_some()) {
        list.sort_by_key(place);
    }
    list
}

/// Sets what is not set.
fn set_missing(map: &mut Map, json: serde_json::Value) {
    if let Value::Map(defaults) = Value::from(json) {
        for (name, value) in defaults {
            if !map.contains_key(&name) {
                map.insert(name, value);
            }
        }
    }
}

/// Applies `change` to each item of a counted list.
pub fn each_item(map: &mut Map, name: &str, change: impl Fn(&mut Map)) {
    if let Some(Value::Map(counted)) = map.get_mut(name)
        && let Some(Value::List(list)) = counted.get_mut("Items")
    {
        for item in list {
            if let Value::Map(item) = item {
                change(item);
            }
        }
    }
}

/// A distribution's configuration with what CloudFormation leaves to its defaults: an update wants
/// nearly all of it
/// (<https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html>).
pub fn complete(config: &mut Map) {
    if let Some(Value::Map(logging)) = config.get_mut("Logging") {
        set_missing(
            logging,
            json!({"Enabled": true, "Bucket": "", "Prefix": "", "IncludeCookies": false}),
        );
    }
    if let Some(Value::Map(certificate)) = config.get_mut("ViewerCertificate") {
        set_missing(certificate, json!({"CloudFrontDefaultCertificate": false}));
    }
    set_missing(
        config,
        json!({
            "Aliases": {"Quantity": 0}, "CacheBehaviors": {"Quantity": 0}, "Comment": "",
            "CustomErrorResponses": {"Quantity": 0}, "DefaultRootObject": "",
            "HttpVersion": "http1.1", "IsIPV6Enabled": false,
            "Logging": {"Enabled": false, "Bucket": "", "Prefix": "", "IncludeCookies": false},
            "OriginGroups": {"Quantity": 0}, "PriceClass": "PriceClass_All",
            "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
            "ViewerCertificate": {"CloudFrontDefaultCertificate": true}, "WebACLId": "",
        }),
    );
    each_item(config, "Origins", |origin| {
        if let Some(Value::Map(custom)) = origin.get_mut("CustomOriginConfig") {
            set_missing(
                custom,
                json!({"HTTPPort": 80, "HTTPSPort": 443, "OriginKeepaliveTimeout": 5,
                    "OriginReadTimeout": 30,
                    "OriginSslProtocols": {"Quantity": 2, "Items": ["TLSv1", "SSLv3"]}}),
            );
        }
        if let Some(Value::Map(bucket)) = origin.get_mut("S3OriginConfig") {
            set_missing(bucket, json!({"OriginAccessIdentity": ""}));
        }
        set_missing(
            origin,
            json!({"OriginPath": "", "CustomHeaders": {"Quantity": 0}, "ConnectionAttempts": 3,
                "ConnectionTimeout": 10, "OriginShield": {"Enabled": false},
                "OriginAccessControlId": ""}),
        );
    });
    if let Some(Value::Map(behavior)) = config.get_mut("DefaultCacheBehavior") {
        complete_behavior(behavior);
    }
    each_item(config, "CacheBehaviors", complete_behavior);
    each_item(config, "CustomErrorResponses", |response| {
        set_missing(response, json!({"ErrorCachingMinTTL": 300}));
    });
}

/// What a behavior says itself when no cache policy says it, and CloudFront refuses beside one.
pub const WITHOUT_POLICY: [&str; 4] = ["DefaultTTL", "ForwardedValues", "MaxTTL", "MinTTL"];

/// Whether a behavior has a cache policy.
pub fn has_policy(behavior: &Map) -> bool {
    let id = behavior.get("CachePolicyId").and_then(Value::as_str);
    id.is_some_and(|id| !id.is_empty())
}

fn complete_behavior(behavior: &mut Map) {
    let read = json!({"Quantity": 2, "Items": ["GET", "HEAD"]});
    if let Some(Value::Map(allowed)) = behavior.get_mut("AllowedMethods") {
        set_missing(allowed, json!({"CachedMethods": read}));
    }
    set_missing(
        behavior,
        json!({
            "TrustedSigners": {"Enabled": false, "Quantity": 0},
            "TrustedKeyGroups": {"Enabled": false, "Quantity": 0},
            "AllowedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"], "CachedMethods": read},
            "SmoothStreaming": false, "Compress": false, "FieldLevelEncryptionId": "",
            "LambdaFunctionAssociations": {"Quantity": 0}, "FunctionAssociations": {"Quantity": 0},
        }),
    );
    // A cache policy says all of this, and stands for none of it beside it.
    if behavior
        .get("CachePolicyId")
        .is_none_or(|id| *id == Value::str(""))
    {
        behavior.remove("CachePolicyId");
        set_missing(
            behavior,
            json!({"ForwardedValues": {"QueryString": false}, "MinTTL": 0, "DefaultTTL": 86400,
                "MaxTTL": 31_536_000}),
        );
        if let Some(Value::Map(forwarded)) = behavior.get_mut("ForwardedValues") {
            set_missing(
                forwarded,
                json!({"Cookies": {"Forward": "none"}, "Headers": {"Quantity": 0},
                    "QueryStringCacheKeys": {"Quantity": 0}}),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_cloudfronts_shape() {
        let written = Value::from(json!({
            "IPV6Enabled": true, "Aliases": ["example.org"], "CacheBehaviors": [],
            "DefaultCacheBehavior": {"AllowedMethods": ["GET", "HEAD", "OPTIONS"],
                "CachedMethods": ["GET", "HEAD"], "TrustedKeyGroups": ["k"],
                "ForwardedValues": {"Cookies": {"Forward": "whitelist", "WhitelistedNames": ["a"]}}},
            "OriginGroups": {"Quantity": 1, "Items": [{"Id": "g",
                "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [500]}}}]},
            "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE"]}},
            "Origins": [{"Id": "o", "OriginCustomHeaders": [{"HeaderName": "n", "HeaderValue": "v"}],
                "CustomOriginConfig": {"OriginSSLProtocols": ["TLSv1.2"]}}],
            "ViewerCertificate": {"AcmCertificateArn": "a", "SslSupportMethod": "sni-only"},
        }));
        let sent = to_api(written.clone());
        let at = |path: &str| sent.at(path).map(ToString::to_string).unwrap_or_default();
        assert_eq!(at("Aliases"), r#"{Items: ["example.org"], Quantity: 1}"#);
        assert_eq!(at("CacheBehaviors"), "{Quantity: 0}");
        assert_eq!(
            at("DefaultCacheBehavior.AllowedMethods.CachedMethods.Quantity"),
            "2"
        );
        assert_eq!(at("DefaultCacheBehavior.TrustedKeyGroups.Enabled"), "true");
        assert_eq!(at("Restrictions.GeoRestriction.Quantity"), "1");
        assert_eq!(at("OriginGroups.Quantity"), "1");
        assert_eq!(at("Origins.Items.0.CustomHeaders.Items.0.HeaderName"), "n");
        assert_eq!(at("ViewerCertificate.ACMCertificateArn"), "a");
        let mut back = from_api(sent);
        if let Value::Map(back) = &mut back {
            back.insert("CacheBehaviors", Value::List(Vec::new()));
        }
        assert_eq!(back, written);
    }
}
