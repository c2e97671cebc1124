//! The web application firewall: web ACLs and their logging.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::call::Api;
use super::clients::HOME;
use super::marks::{Marks, Tags, child_key};
use super::sdk::wafv2;
use super::service::{
    Found, Place, Service, Site, Which, generated_name, input, none_if_gone, pages, pick, renamed,
    renamed_back, tag_list, tags, text, without,
};
use crate::inventory::Handle;
use crate::ownership;
use crate::provider::{Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const WEB_ACL: &str = "AWS::WAFv2::WebACL";
const LOGGING: &str = "AWS::WAFv2::LoggingConfiguration";

/// What [`pages`] goes by here.
const MARKER: (&str, &str) = ("NextMarker", "NextMarker");

/// WAF's client.
type Client = Api<aws_sdk_wafv2::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Firewalls)]
}

/// The mapping.
struct Firewalls;

#[async_trait(?Send)]
impl Service for Firewalls {
    fn kinds(&self) -> &'static [&'static str] {
        &[WEB_ACL, LOGGING]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.waf(place.region);
        let acls = tagged(api, place, which).await?;
        let found = acls.iter().map(|(acl, tags)| async move {
            let web_acl = async {
                if kinds.contains(WEB_ACL) {
                    web_acl(api, acl, tags).await
                } else {
                    Ok(None)
                }
            };
            let logging = async {
                if kinds.contains(LOGGING) {
                    logging(api, which, &acl.arn, tags).await
                } else {
                    Ok(None)
                }
            };
            let (web_acl, logging) = try_join(web_acl, logging).await?;
            Ok::<_, ProviderError>(web_acl.into_iter().chain(logging))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.waf(place.region);
        if *write.kind == *LOGGING {
            put_logging(&api, write).await?;
            return Ok(text(&write.properties, "ResourceArn").into());
        }
        let mut acl = parameters(&write.properties);
        let name = match text(&write.properties, "Name") {
            "" => generated_name(write, 128),
            name => name.to_owned(),
        };
        acl.insert("Name", Value::str(&*name));
        acl.insert("Tags", Value::from(tag_list(tags)));
        let answer = wafv2::create_web_acl(&api, &acl).await?;
        let scope = text(&write.properties, "Scope");
        Ok(format!("{name}|{}|{scope}", text(&answer, "Summary.Id")).into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        _: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.waf(place.region);
        if *handle.kind == *LOGGING {
            return put_logging(&api, write).await;
        }
        let acl = Acl::of(place.site().await?, &handle.identifier);
        let answer = wafv2::get_web_acl(&api, &acl.question()).await?;
        let mut parameters = parameters(&write.properties);
        for (name, value) in acl.question() {
            parameters.insert(name, value);
        }
        parameters.insert("LockToken", Value::str(text(&answer, "LockToken")));
        wafv2::update_web_acl(&api, &parameters).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.waf(place.region);
        if *handle.kind == *LOGGING {
            let logging = input(json!({"ResourceArn": &*handle.identifier}));
            wafv2::delete_logging_configuration(&api, &logging).await?;
            return Ok(());
        }
        let mut question = Acl::of(place.site().await?, &handle.identifier).question();
        let answer = wafv2::get_web_acl(&api, &question).await?;
        question.insert("LockToken", Value::str(text(&answer, "LockToken")));
        wafv2::delete_web_acl(&api, &question).await?;
        Ok(())
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let api = place.clients.waf(place.region);
        let arn = Acl::of(place.site().await?, identifier).arn;
        if !set.is_empty() {
            let tags = input(json!({"ResourceARN": arn, "Tags": tag_list(set)}));
            wafv2::tag_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let keys = input(json!({"ResourceARN": arn, "TagKeys": unset}));
            wafv2::untag_resource(&api, &keys).await?;
        }
        Ok(())
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        let arn = || text(&write.properties, "ResourceArn").into();
        (&*write.kind == LOGGING).then(arn)
    }
}

/// Which web ACL: WAF wants all three, its tags and its logging the ARN.
struct Acl {
    name: String,
    id: String,
    scope: &'static str,
    arn: String,
}

impl Acl {
    /// From `Name|Id|Scope` or an ARN, as a child names its parent.
    fn of(site: Site<'_>, identifier: &str) -> Self {
        if identifier.starts_with("arn:") {
            let mut parts = identifier.rsplit('/');
            let id = parts.next().unwrap_or_default().to_owned();
            let name = parts.next().unwrap_or_default().to_owned();
            let scope = if identifier.contains(":global/") {
                "CLOUDFRONT"
            } else {
                "REGIONAL"
            };
            let arn = identifier.to_owned();
            return Self {
                name,
                id,
                scope,
                arn,
            };
        }
        let mut parts = identifier.split('|').map(str::to_owned);
        let (name, id) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let (scope, folder) = match parts.next().as_deref() {
            Some("CLOUDFRONT") => ("CLOUDFRONT", "global"),
            _ => ("REGIONAL", "regional"),
        };
        let (region, account) = (site.region, site.account);
        let arn = format!("arn:aws:wafv2:{region}:{account}:{folder}/webacl/{name}/{id}");
        Self {
            name,
            id,
            scope,
            arn,
        }
    }

    fn question(&self) -> Map {
        input(json!({"Name": self.name, "Id": self.id, "Scope": self.scope}))
    }

    fn identifier(&self) -> String {
        format!("{}|{}|{}", self.name, self.id, self.scope)
    }
}

/// The web ACLs that are asked for, with their tags.
async fn tagged(api: &Client, place: Place<'_>, which: Which<'_>) -> Outcome<Vec<(Acl, Tags)>> {
    let acls: Vec<Acl> = match which {
        Which::Named(names) => {
            let site = place.site().await?;
            names.iter().map(|name| Acl::of(site, name)).collect()
        }
        Which::Owned(_) | Which::All => listed(api, place).await?,
    };
    let tagged = acls.into_iter().map(|acl| async move {
        let ask = async || {
            let question = input(json!({"ResourceARN": acl.arn}));
            let answer = wafv2::list_tags_for_resource(api, &question).await?;
            let listed = answer.get("TagInfoForResource").and_then(Value::as_map);
            Ok(listed
                .map(|listed| tags(listed, "TagList"))
                .unwrap_or_default())
        };
        let tags = match which {
            Which::Owned(owner) => {
                let tags = place.tags(&acl.arn, &acl.name, ask).await?;
                let is_ours =
                    |tags: &Tags| Marks::from_tags(tags).is_some_and(|marks| marks.owner == *owner);
                tags.filter(is_ours)
            }
            Which::Named(_) | Which::All => none_if_gone(ask().await)?,
        };
        Ok::<_, ProviderError>(tags.map(|tags| (acl, tags)))
    });
    Ok(try_join_all(tagged).await?.into_iter().flatten().collect())
}

/// All web ACLs of a region; those of CloudFront are kept in one.
async fn listed(api: &Client, place: Place<'_>) -> Outcome<Vec<Acl>> {
    let scopes: &[&str] = if place.region == HOME {
        &["REGIONAL", "CLOUDFRONT"]
    } else {
        &["REGIONAL"]
    };
    let lists = scopes.iter().map(|scope| async move {
        let question = input(json!({"Scope": scope, "Limit": 100}));
        let call = async |question: &Map| wafv2::list_web_acls(api, question).await;
        pages(call, question, "WebACLs", MARKER).await
    });
    let lists = try_join_all(lists).await?;
    let acls = lists.into_iter().flatten();
    let site = place.site().await?;
    Ok(acls.map(|acl| Acl::of(site, text(&acl, "ARN"))).collect())
}

async fn web_acl(api: &Client, acl: &Acl, tags: &Tags) -> Outcome<Option<Found>> {
    let answer = none_if_gone(wafv2::get_web_acl(api, &acl.question()).await)?;
    let Some(Value::Map(mut found)) = answer.and_then(|mut answer| answer.remove("WebACL")) else {
        return Ok(None);
    };
    if let Some(rules) = found.remove("Rules") {
        found.insert("Rules", rules_back(rules));
    }
    let mut properties = pick(&found, &SETTABLE);
    properties.insert("Name", Value::str(&*acl.name));
    properties.insert("Id", Value::str(&*acl.id));
    properties.insert("Scope", Value::str(acl.scope));
    properties.insert("Arn", Value::str(&*acl.arn));
    for name in ["Capacity", "LabelNamespace"] {
        if let Some(value) = found.remove(name) {
            properties.insert(name, value);
        }
    }
    Ok(Some(Found::new(
        WEB_ACL,
        acl.identifier(),
        properties,
        tags.clone(),
    )))
}

/// What a web ACL is made and changed with, but for name, scope and tags.
const SETTABLE: [&str; 13] = [
    "ApplicationConfig",
    "AssociationConfig",
    "CaptchaConfig",
    "ChallengeConfig",
    "CustomResponseBodies",
    "DataProtectionConfig",
    "DefaultAction",
    "Description",
    "MonetizationConfig",
    "OnSourceDDoSProtectionConfig",
    "Rules",
    "TokenDomains",
    "VisibilityConfig",
];

/// The parameters that creating and updating have in common. An update replaces all of it.
fn parameters(properties: &Map) -> Map {
    let mut acl = pick(properties, &SETTABLE);
    if let Some(scope) = properties.get("Scope") {
        acl.insert("Scope", scope.clone());
    }
    if let Some(rules) = acl.remove("Rules") {
        acl.insert("Rules", rules_to(rules));
    }
    acl
}

/// CloudFormation's name and WAF's, in the statements that refer to something.
const NAMES: [(&str, &str); 1] = [("Arn", "ARN")];

fn rules_to(rules: Value) -> Value {
    searched(renamed(rules, &NAMES), &|statement| {
        let base64 = statement.remove("SearchStringBase64");
        let text = statement.remove("SearchString");
        // WAF takes bytes.
        let text = text.map(|text| Value::str(STANDARD.encode(text.to_string())));
        if let Some(bytes) = base64.or(text) {
            statement.insert("SearchString", bytes);
        }
    })
}

/// The inverse; what is searched for comes back in both of CloudFormation's spellings.
fn rules_back(rules: Value) -> Value {
    searched(renamed_back(rules, &NAMES), &|statement| {
        let Some(Value::String(base64)) = statement.remove("SearchString") else {
            return;
        };
        let bytes = STANDARD.decode(&*base64).unwrap_or_default();
        if let Ok(text) = String::from_utf8(bytes) {
            statement.insert("SearchString", Value::str(text));
        }
        statement.insert("SearchStringBase64", Value::String(base64));
    })
}

/// Applies `change` to each `ByteMatchStatement`, at any depth.
fn searched(value: Value, change: &dyn Fn(&mut Map)) -> Value {
    match value {
        Value::List(list) => Value::list(list.into_iter().map(|item| searched(item, change))),
        Value::Map(map) => Value::Map(
            map.into_iter()
                .map(|(name, value)| match value {
                    Value::Map(mut statement) if &*name == "ByteMatchStatement" => {
                        change(&mut statement);
                        (name, Value::Map(statement))
                    }
                    other => (name, searched(other, change)),
                })
                .collect(),
        ),
        plain => plain,
    }
}

async fn logging(api: &Client, which: Which<'_>, arn: &str, tags: &Tags) -> Outcome<Option<Found>> {
    let marked = || tags.iter().any(|(key, _)| *key == child_key(LOGGING, arn));
    if matches!(which, Which::Owned(_)) && !marked() {
        return Ok(None);
    }
    let question = input(json!({"ResourceArn": arn}));
    let answer = none_if_gone(wafv2::get_logging_configuration(api, &question).await)?;
    let found = answer.and_then(|mut answer| answer.remove("LoggingConfiguration"));
    let Some(Value::Map(found)) = found else {
        return Ok(None);
    };
    let mut properties = without(&found, &["LogScope", "LogType"]);
    if let Some(destinations) = properties.remove("LogDestinationConfigs") {
        let destinations = as_written(destinations, arn, tags);
        properties.insert("LogDestinationConfigs", destinations);
    }
    Ok(Some(Found::new(LOGGING, arn, properties, tags.clone())))
}

/// The end of a log group's ARN as CloudWatch Logs and CloudFormation have it, and WAF has not
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html>).
const ALL_STREAMS: &str = ":*";

fn is_log_group(arn: &str) -> bool {
    arn.contains(":log-group:")
}

/// Destinations as they were written: a log group's ARN is given with `:*` at its end, unless the
/// marks say that it was written without.
fn as_written(destinations: Value, arn: &str, tags: &Tags) -> Value {
    let was_written = || {
        let marks = Marks::from_child_tag(tags, LOGGING, arn)?;
        let name = "LogDestinationConfigs";
        ownership::was_set_to(&marks.applied, &marks.address, name, &destinations)
    };
    if was_written() == Some(true) {
        return destinations;
    }
    each_text(&destinations, |text| {
        if is_log_group(text) {
            format!("{}{ALL_STREAMS}", text.trim_end_matches(ALL_STREAMS))
        } else {
            text.to_owned()
        }
    })
}

fn each_text(list: &Value, change: impl Fn(&str) -> String) -> Value {
    let texts = list.as_list().unwrap_or_default();
    let texts = texts.iter().filter_map(Value::as_str);
    Value::list(texts.map(|text| Value::str(change(text))))
}

async fn put_logging(api: &Client, write: &Write) -> Outcome<()> {
    let names = [
        "LogDestinationConfigs",
        "LoggingFilter",
        "RedactedFields",
        "ResourceArn",
    ];
    let mut logging = pick(&write.properties, &names);
    if let Some(destinations) = logging.remove("LogDestinationConfigs") {
        let destinations = each_text(&destinations, |text| {
            if is_log_group(text) {
                text.trim_end_matches(ALL_STREAMS).to_owned()
            } else {
                text.to_owned()
            }
        });
        logging.insert("LogDestinationConfigs", destinations);
    }
    let mut parameters = Map::new();
    parameters.insert("LoggingConfiguration", Value::Map(logging));
    wafv2::put_logging_configuration(api, &parameters).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_survive_wafs_shape() {
        let rules = |search: serde_json::Value| {
            Value::from(
                json!([{"Name": "a", "Statement": {"OrStatement": {"Statements": [
                {"ByteMatchStatement": search}, {"IPSetReferenceStatement": {"Arn": "x"}}]}}}]),
            )
        };
        let sent = rules_to(rules(json!({"SearchString": "/admin"})));
        let at = |path: &str| sent.at(path).map(ToString::to_string).unwrap_or_default();
        let statements = "0.Statement.OrStatement.Statements";
        assert_eq!(
            at(&format!("{statements}.0.ByteMatchStatement.SearchString")),
            "L2FkbWlu"
        );
        assert_eq!(
            at(&format!("{statements}.1.IPSetReferenceStatement.ARN")),
            "x"
        );
        assert_eq!(
            rules_back(sent.clone()),
            rules(json!({"SearchString": "/admin", "SearchStringBase64": "L2FkbWlu"}))
        );
        let base64 = rules_to(rules(json!({"SearchStringBase64": "L2FkbWlu"})));
        assert_eq!(base64, sent);
    }

    #[test]
    fn a_log_groups_arn_comes_back_as_it_was_written() {
        let arn = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-x";
        let list = |arn: String| Value::list([Value::str(arn)]);
        assert_eq!(
            as_written(list(arn.to_owned()), "acl", &Tags::new()),
            list(format!("{arn}:*"))
        );
        let bucket = "arn:aws:s3:::aws-waf-logs-x".to_owned();
        assert_eq!(
            as_written(list(bucket.clone()), "acl", &Tags::new()),
            list(bucket)
        );
    }
}
