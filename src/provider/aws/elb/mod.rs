//! Elastic Load Balancing: load balancers, target groups, listeners and their rules.
//!
//! They are found from the top: the load balancers that are ours, their listeners, and the rules of
//! those. What hangs below somebody else's is found by the tagging API.

mod listener;
mod load_balancer;
mod rule;
mod target_group;

use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::{try_join_all, try_join3, try_join4, try_join5};
use serde_json::json;

use super::call::Api;
use super::marks::{APP, ENV, Marks, Tags};
use super::sdk::elasticloadbalancingv2 as elb;
use super::service::{
    Depth, Found, Place, Service, Together, Which, input, items, none_if_gone, pages, tag_list,
    tags, text,
};
use crate::inventory::{Handle, Owner};
use crate::kinds;
use crate::ownership;
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";

/// Elastic Load Balancing's client.
type Client = Api<aws_sdk_elasticloadbalancingv2::Client>;

/// One as AWS describes it, and its tags.
type Tagged = (Map, Tags);

/// What is known of attributes already, by ARN.
type Attributes = HashMap<String, Map>;

/// What the own ARN of each kind is called.
const BALANCER_ARN: &str = "LoadBalancerArn";
const GROUP_ARN: &str = "TargetGroupArn";
const LISTENER_ARN: &str = "ListenerArn";
const RULE_ARN: &str = "RuleArn";

/// What answers and questions call the token of the next page.
pub(crate) const NEXT_MARKER: (&str, &str) = ("NextMarker", "Marker");

/// ARNs that a describe call takes at once
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>),
/// and attributes that one call changes.
const AT_ONCE: usize = 20;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Balancing)]
}

/// The mapping.
struct Balancing;

#[async_trait(?Send)]
impl Service for Balancing {
    fn kinds(&self) -> &'static [&'static str] {
        &[BALANCER, TARGET_GROUP, LISTENER, RULE]
    }

    fn reads_together(&self) -> Together {
        Together::Named
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.elb(place.region);
        match which {
            Which::Named(arns) => named(&api, kinds, arns, place.depth).await,
            Which::Owned(_) | Which::All => everywhere(place, &api, kinds, which).await,
        }
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.elb(place.region);
        match &*write.kind {
            BALANCER => load_balancer::create(&api, write, tags).await,
            TARGET_GROUP => target_group::create(&api, write, tags).await,
            LISTENER => listener::create(&api, write, tags).await,
            _ => rule::create(&api, write, tags).await,
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.elb(place.region);
        let arn = &*handle.identifier;
        match &*handle.kind {
            BALANCER => load_balancer::update(place, &api, arn, write, changed).await,
            TARGET_GROUP => target_group::update(&api, arn, write, changed).await,
            LISTENER => listener::update(&api, arn, write, changed).await,
            _ => rule::update(&api, arn, write, changed).await,
        }
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.elb(place.region);
        let one = |name: &str| input(json!({name: &*handle.identifier}));
        match &*handle.kind {
            BALANCER => elb::delete_load_balancer(&api, &one("LoadBalancerArn")).await?,
            TARGET_GROUP => elb::delete_target_group(&api, &one("TargetGroupArn")).await?,
            LISTENER => elb::delete_listener(&api, &one("ListenerArn")).await?,
            _ => elb::delete_rule(&api, &one("RuleArn")).await?,
        };
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
        let api = place.clients.elb(place.region);
        if !set.is_empty() {
            let tags = input(json!({"ResourceArns": [identifier], "Tags": tag_list(set)}));
            elb::add_tags(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let keys = input(json!({"ResourceArns": [identifier], "TagKeys": unset}));
            elb::remove_tags(&api, &keys).await?;
        }
        Ok(())
    }

    fn creates_duplicates(&self, kind: &str) -> bool {
        // A rule's priority is its own, but the refusal of a second one looks like a conflict that
        // passes. The others are known by their names and ports.
        kind == RULE
    }
}

/// Those with these ARNs. One call asks for the tags of all of them, beside the calls about what they
/// are.
async fn named(
    api: &Client,
    kinds: &BTreeSet<Arc<str>>,
    arns: &[Arc<str>],
    depth: Depth,
) -> Outcome<Vec<Found>> {
    let of = |kind: &str, part: &str| -> Vec<Arc<str>> {
        let is_one = |arn: &&Arc<str>| kinds.len() == 1 || arn.contains(part);
        let arns = arns.iter().filter(|_| kinds.contains(kind)).filter(is_one);
        arns.cloned().collect()
    };
    let balancers = of(BALANCER, ":loadbalancer/");
    let groups = of(TARGET_GROUP, ":targetgroup/");
    let (listeners, rules) = (of(LISTENER, ":listener/"), of(RULE, ":listener-rule/"));
    let tags = async {
        match depth {
            Depth::Everything => tags_of(api, arns).await,
            Depth::State => Ok(HashMap::new()),
        }
    };
    // What is known is not asked for.
    let known = |arns: &[Arc<str>]| -> Attributes {
        let unasked = arns.iter().filter(|_| depth == Depth::State);
        unasked.map(|arn| (arn.to_string(), Map::new())).collect()
    };
    let (of_balancers, of_groups) = (known(&balancers), known(&groups));
    let (mut tags, balancers, groups, listeners, rules) = try_join5(
        tags,
        load_balancer::named(api, &balancers),
        target_group::named(api, &groups),
        listener::named(api, &listeners),
        rule::named(api, &rules),
    )
    .await?;
    let mut tagged = |found, arn| with_tags(found, arn, &mut tags, Which::All);
    let (balancers, groups) = (tagged(balancers, BALANCER_ARN), tagged(groups, GROUP_ARN));
    let (listeners, rules) = (tagged(listeners, LISTENER_ARN), tagged(rules, RULE_ARN));
    let (mut found, groups, listeners) = try_join3(
        load_balancer::found(api, balancers, of_balancers),
        target_group::found(api, groups, of_groups),
        listener::found(api, listeners),
    )
    .await?;
    found.extend(groups);
    found.extend(listeners);
    found.extend(rule::found(rules));
    Ok(found)
}

/// Those of an owner, or all, from the top. What the tagging API knows as ours is asked about while its
/// tags are, which is a round trip less than afterwards.
async fn everywhere(
    place: Place<'_>,
    api: &Client,
    kinds: &BTreeSet<Arc<str>>,
    which: Which<'_>,
) -> Outcome<Vec<Found>> {
    let wanted = |kind: &str| kinds.contains(kind);
    let deeper = wanted(LISTENER) || wanted(RULE);
    let balancers = async {
        if wanted(BALANCER) || deeper {
            load_balancer::every(api).await
        } else {
            Ok(Vec::new())
        }
    };
    let groups = async {
        if wanted(TARGET_GROUP) {
            target_group::every(api).await
        } else {
            Ok(Vec::new())
        }
    };
    let hints = async {
        Ok(if deeper {
            place.indexed(":elasticloadbalancing:").await
        } else {
            Vec::new()
        })
    };
    let (balancers, groups, hints) = try_join3(balancers, groups, hints).await?;
    let known = |found: &[Map], name: &str| -> Vec<String> {
        let arns = found.iter().map(|one| text(one, name));
        arns.filter(|arn| hints.iter().any(|hint| **hint == **arn))
            .map(str::to_owned)
            .collect()
    };
    let early = known(&balancers, BALANCER_ARN);
    let early_groups = known(&groups, GROUP_ARN);
    let arns = balancers.iter().map(|one| text(one, BALANCER_ARN));
    let arns = arns.chain(groups.iter().map(|one| text(one, GROUP_ARN)));
    let listeners = hints.iter().filter(|arn| arn.contains(":listener/"));
    let arns: Vec<Arc<str>> = arns.map(Arc::from).chain(listeners.cloned()).collect();
    let of_balancers = async {
        if wanted(BALANCER) {
            load_balancer::attributes_of(api, &early).await
        } else {
            Ok(Attributes::new())
        }
    };
    let (mut tags, mut listeners, of_balancers, of_groups) = try_join4(
        tags_of(api, &arns),
        listener::below(api, &early),
        of_balancers,
        target_group::attributes_of(api, &early_groups),
    )
    .await?;
    let balancers = with_tags(balancers, BALANCER_ARN, &mut tags, which);
    let groups = with_tags(groups, GROUP_ARN, &mut tags, which);
    let late = balancers.iter().map(|(one, _)| text(one, BALANCER_ARN));
    let late: Vec<String> = late
        .filter(|arn| deeper && !early.iter().any(|known| known == arn))
        .map(str::to_owned)
        .collect();
    let listeners_and_rules = async {
        listeners.extend(listener::below(api, &late).await?);
        let rest = listeners.iter().map(|one| text(one, LISTENER_ARN));
        let rest: Vec<Arc<str>> = rest
            .filter(|arn| !tags.contains_key(*arn))
            .map(Arc::from)
            .collect();
        tags.extend(tags_of(api, &rest).await?);
        let mut listeners = with_tags(listeners, LISTENER_ARN, &mut tags, which);
        if deeper {
            let others = elsewhere(place, ":listener/", &listeners, LISTENER_ARN).await;
            let others = listener::named(api, &others).await?;
            listeners.extend(tagged(api, Which::All, others, LISTENER_ARN).await?);
        }
        let mut rules = Vec::new();
        if wanted(RULE) {
            rules = rule::of(api, which, &listeners).await?;
            let others = elsewhere(place, ":listener-rule/", &rules, RULE_ARN).await;
            let others = rule::named(api, &others).await?;
            rules.extend(tagged(api, Which::All, others, RULE_ARN).await?);
        }
        let mut found = if wanted(LISTENER) {
            listener::found(api, listeners).await?
        } else {
            Vec::new()
        };
        found.extend(rule::found(rules));
        Ok(found)
    };
    let balancers = async {
        if wanted(BALANCER) {
            load_balancer::found(api, balancers, of_balancers).await
        } else {
            Ok(Vec::new())
        }
    };
    let groups = target_group::found(api, groups, of_groups);
    let (mut found, groups, below) = try_join3(balancers, groups, listeners_and_rules).await?;
    found.extend(groups);
    found.extend(below);
    Ok(found)
}

/// ARNs of a kind that the tagging API knows as ours, without those found already.
async fn elsewhere(place: Place<'_>, part: &str, found: &[Tagged], arn: &str) -> Vec<Arc<str>> {
    let known: BTreeSet<&str> = found.iter().map(|(one, _)| text(one, arn)).collect();
    let mut others = place.indexed(part).await;
    others.retain(|other| !known.contains(&**other));
    others
}

/// Those with these ARNs, as many as there are.
async fn described(
    call: impl AsyncFn(&Map) -> Outcome<Map>,
    parameter: &str,
    member: &str,
    arns: &[Arc<str>],
) -> Outcome<Vec<Map>> {
    let question = |arns: &[Arc<str>]| {
        let arns: Vec<&str> = arns.iter().map(|arn| &**arn).collect();
        input(json!({parameter: arns}))
    };
    let chunks = arns.chunks(AT_ONCE).map(async |some| {
        let all = none_if_gone(call(&question(some)).await)?;
        match all {
            Some(answer) => Ok(vec![answer]),
            // One that is gone fails the call for all.
            None if some.len() > 1 => {
                let each = some.chunks(1).map(|one| {
                    let (call, question) = (&call, question(one));
                    async move { none_if_gone(call(&question).await) }
                });
                Ok(try_join_all(each).await?.into_iter().flatten().collect())
            }
            None => Ok(Vec::new()),
        }
    });
    let answers = try_join_all(chunks).await?.into_iter().flatten();
    Ok(answers
        .flat_map(|answer| items(&answer, member).cloned().collect::<Vec<Map>>())
        .collect())
}

/// Tags by ARN.
async fn tags_of(api: &Client, arns: &[Arc<str>]) -> Outcome<HashMap<String, Tags>> {
    let call = async |question: &Map| elb::describe_tags(api, question).await;
    let answers = described(call, "ResourceArns", "TagDescriptions", arns).await?;
    let tagged = |one: &Map| (text(one, "ResourceArn").to_owned(), tags(one, "Tags"));
    Ok(answers.iter().map(tagged).collect())
}

/// With their tags, those that are wanted.
fn with_tags(
    found: Vec<Map>,
    arn: &str,
    tags: &mut HashMap<String, Tags>,
    which: Which<'_>,
) -> Vec<Tagged> {
    let tagged = found.into_iter().map(|one| {
        let tags = tags.remove(text(&one, arn)).unwrap_or_default();
        (one, tags)
    });
    let wanted = |(_, tags): &Tagged| match which {
        Which::Owned(owner) => is_owned(tags, owner),
        Which::Named(_) | Which::All => true,
    };
    tagged.filter(wanted).collect()
}

/// With their tags, asked for, those that are wanted.
async fn tagged(
    api: &Client,
    which: Which<'_>,
    found: Vec<Map>,
    arn: &str,
) -> Outcome<Vec<Tagged>> {
    let arns: Vec<Arc<str>> = found.iter().map(|one| text(one, arn).into()).collect();
    let mut tags = tags_of(api, &arns).await?;
    Ok(with_tags(found, arn, &mut tags, which))
}

/// What a call answers about each of these ARNs, which `parameter` names.
async fn each(
    call: impl AsyncFn(&Map) -> Outcome<Map>,
    parameter: &str,
    arns: &[String],
) -> Outcome<Attributes> {
    let each = arns.iter().map(async |arn| {
        let answer = call(&input(json!({parameter: arn}))).await?;
        Ok((arn.clone(), answer))
    });
    Ok(try_join_all(each).await?.into_iter().collect())
}

fn is_owned(tags: &Tags, owner: &Owner) -> bool {
    let has = |key: &str, value: &str| tags.iter().any(|tag| tag.0 == key && tag.1 == value);
    has(APP, &owner.app) && has(ENV, &owner.env)
}

/// Whether we have set a property that costs a call to read.
fn was_set(tags: &Tags, name: &str) -> bool {
    Marks::from_tags(tags).is_some_and(|marks| ownership::was_set(&marks.applied, name))
}

/// What has to be set so that attributes are as `properties` say: those that differ, and those back
/// at AWS's default that it does not name.
fn attributes_to_set(kind: &str, properties: &Map, live: &Map) -> Vec<serde_json::Value> {
    let Some((property, defaults)) = kinds::of(kind).attributes else {
        return Vec::new();
    };
    let live: Vec<&Map> = items(live, "Attributes").collect();
    let value = |attribute: &Map| attribute.get("Value").map(Value::to_string);
    let mut set = Vec::new();
    for wanted in items(properties, property) {
        let key = text(wanted, "Key");
        let same = |have: &&&Map| text(have, "Key") == key && value(have) == value(wanted);
        if !live.iter().any(|have| same(&have)) {
            set.push(json!({"Key": key, "Value": value(wanted).unwrap_or_default()}));
        }
    }
    for have in live {
        let key = text(have, "Key");
        let default = defaults.iter().find(|(name, _)| *name == key);
        if let Some((_, default)) = default
            && text(have, "Value") != *default
            && !items(properties, property).any(|wanted| text(wanted, "Key") == key)
        {
            set.push(json!({"Key": key, "Value": default}));
        }
    }
    set
}

/// Sets attributes, as many at once as AWS takes.
async fn set_attributes(
    call: impl AsyncFn(&Map) -> Outcome<Map>,
    parameter: &str,
    arn: &str,
    set: &[serde_json::Value],
) -> Outcome<()> {
    for some in set.chunks(AT_ONCE) {
        call(&input(json!({parameter: arn, "Attributes": some}))).await?;
    }
    Ok(())
}

/// Attributes as CloudFormation lists them, in one order.
fn attributes(answer: &Map) -> Value {
    let mut attributes: Vec<&Map> = items(answer, "Attributes").collect();
    attributes.sort_by_key(|attribute| text(attribute, "Key"));
    Value::list(attributes.into_iter().cloned().map(Value::Map))
}

/// The part of an ARN after the account's number and a slash or colon: what metrics call it.
fn after<'a>(arn: &'a str, part: &str) -> &'a str {
    arn.split_once(part).map_or("", |(_, rest)| rest)
}

/// Whether AWS refused a call because of this.
fn is_code<T>(outcome: &Outcome<T>, code: &str) -> bool {
    matches!(outcome, Err(error) if error.code == code || error.code == format!("{code}Exception"))
}

/// One that hangs below what is gone is gone as well.
fn or_none<T>(outcome: Outcome<Vec<T>>) -> Outcome<Vec<T>> {
    match outcome {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

/// All of a kind, or those below something.
async fn everything(
    call: impl AsyncFn(&Map) -> Outcome<Map>,
    mut question: Map,
    member: &str,
) -> Outcome<Vec<Map>> {
    question.insert("PageSize", Value::Int(400));
    pages(call, question, member, NEXT_MARKER).await
}
