//! What a mapping between kinds and a service's calls looks like, and what all of them need.
//!
//! A [`Service`] knows a few kinds that are read by the same calls. It speaks of properties as
//! CloudFormation has them, of tags as AWS has them, and of nothing that is ours: marks, batches,
//! leases and dynamic references are `super`'s. `documents` owns how calls encode values and tags.

use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::clients::Clients;
use super::identity::Who;
use super::marks::{Marks, Tags};
use crate::inventory::{Handle, Owner, Status};
use crate::ownership;
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

pub use super::documents::{
    from_json, input, items, list, pick, rename, renamed, renamed_back, tag_list, tag_map, tags,
    tags_of_map, text, texts, to_json, without,
};

/// Where to call, and how.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The clients.
    pub clients: &'a Clients,
    /// The region of the addresses, or [`crate::address::GLOBAL`].
    pub region: &'a str,
    /// Who we are.
    pub who: &'a Who,
    /// What the tagging API lists as ours, while a whole application is listed.
    pub index: Option<&'a Index>,
    /// How much is asked about what is listed.
    pub depth: Depth,
}

/// How much a list asks about what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Everything that a plan compares.
    Everything,
    /// Whether it is there and can be used. What takes calls besides, such as tags that the list call does
    /// not tell, is left out; so is whose it is.
    State,
}

/// What the tagging API knows of an owner in a region: tags by ARN, asked for once. A hint, because
/// it lags behind what the services themselves know.
pub struct Index {
    owner: Owner,
    tags: tokio::sync::OnceCell<HashMap<String, Tags>>,
}

impl Index {
    /// One that has not been asked for yet.
    pub fn new(owner: &Owner) -> Self {
        Self {
            owner: owner.clone(),
            tags: tokio::sync::OnceCell::new(),
        }
    }

    async fn get(&self, place: Place<'_>) -> &HashMap<String, Tags> {
        let ask = async || {
            let question = input(serde_json::json!({"ResourcesPerPage": 100, "TagFilters": [
                {"Key": super::marks::APP, "Values": [&*self.owner.app]},
                {"Key": super::marks::ENV, "Values": [&*self.owner.env]}]}));
            let api = place.clients.tagging(place.region);
            let call = async |question: &Map| {
                super::sdk::resourcegroupstagging::get_resources(&api, question).await
            };
            let next = ("PaginationToken", "PaginationToken");
            let found = pages(call, question, "ResourceTagMappingList", next).await;
            // Without it each service is asked for the tags of what may be ours.
            found.unwrap_or_default()
        };
        self.tags
            .get_or_init(async || {
                let by_arn = |one: &Map| (text(one, "ResourceARN").to_owned(), tags(one, "Tags"));
                ask().await.iter().map(by_arn).collect()
            })
            .await
    }
}

impl Place<'_> {
    /// The tags of something whose list call does not tell them: those that the tagging API knows,
    /// or what `ask` says. When a whole application is listed, `None` for what is most probably not
    /// ours: not in the index, and without the application's name in its own.
    ///
    /// # Errors
    /// When they cannot be had.
    pub async fn tags(
        &self,
        arn: &str,
        name: &str,
        ask: impl AsyncFnOnce() -> Outcome<Tags>,
    ) -> Outcome<Option<Tags>> {
        if self.depth == Depth::State {
            return Ok(Some(Tags::new()));
        }
        if let Some(index) = self.index {
            if let Some(tags) = index.get(*self).await.get(arn) {
                return Ok(Some(tags.clone()));
            }
            if !name.contains(&*index.owner.app) {
                return Ok(None);
            }
        }
        none_if_gone(ask().await)
    }

    /// The ARNs with `part` in them that the tagging API knows as ours, while a whole application is
    /// listed: for what hangs below something that is not ours.
    pub async fn indexed(&self, part: &str) -> Vec<Arc<str>> {
        match self.index {
            Some(index) => {
                let arns = index.get(*self).await.keys();
                arns.filter(|arn| arn.contains(part))
                    .map(|arn| Arc::from(&**arn))
                    .collect()
            }
            None => Vec::new(),
        }
    }
}

/// Which ones to list.
#[derive(Clone, Copy)]
pub enum Which<'a> {
    /// Those that carry this owner's marks; a service that cannot filter may give more.
    Owned(&'a Owner),
    /// Those with these identifiers, all of one kind. One that does not exist is left out.
    Named(&'a [Arc<str>]),
    /// All that the account has, to propose what may be imported.
    All,
}

impl Which<'_> {
    /// Whether `identifier` is asked for.
    pub fn wants(&self, identifier: &str) -> bool {
        match self {
            Self::Named(names) => names.iter().any(|name| &**name == identifier),
            Self::Owned(_) | Self::All => true,
        }
    }
}

/// One that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its CloudFormation type name.
    pub kind: &'static str,
    /// CloudFormation's primary identifier, its parts joined by `|`.
    pub identifier: Arc<str>,
    /// Its properties, without its tags.
    pub properties: Map,
    /// Its tags, or its parent's for a kind without any.
    pub tags: Tags,
    /// Whether it can be used.
    pub status: Status,
    /// For a child whose identifier AWS makes up: what its mark on the parent is keyed by instead
    /// ([`Service::mark_key`]).
    pub mark: Option<Arc<str>>,
    /// Whose it is, where its service marks it itself ([`Service::marks_itself`]).
    pub marks: Option<Marks>,
}

impl Found {
    /// One that can be used.
    pub fn new(
        kind: &'static str,
        identifier: impl Into<Arc<str>>,
        properties: Map,
        tags: Tags,
    ) -> Self {
        Self {
            kind,
            identifier: identifier.into(),
            properties,
            tags,
            status: Status::Ready,
            mark: None,
            marks: None,
        }
    }

    /// The same, with what its mark on its parent is keyed by.
    pub fn marked_by(mut self, key: impl Into<Arc<str>>) -> Self {
        self.mark = Some(key.into());
        self
    }

    /// The same with AWS's word for its state, when `ready` does not say that it can be used.
    pub fn in_state(
        mut self,
        state: &str,
        ready: &[&str],
        deleting: &[&str],
        failed: &[&str],
    ) -> Self {
        self.status = match state {
            state if ready.contains(&state) => Status::Ready,
            state if deleting.contains(&state) => Status::Deleting,
            state if failed.contains(&state) => Status::Failed(state.into()),
            state => Status::Pending(state.into()),
        };
        self
    }
}

/// The mapping between some kinds and the calls of their service.
///
/// Calls are made once: what passes by itself (throttling, conflicts, late lists) is tried again by
/// the executor, so that everything here may be called again after any failure.
#[async_trait(?Send)]
pub trait Service {
    /// The kinds that it maps.
    fn kinds(&self) -> &'static [&'static str];

    /// Those of `kinds` that exist, with a few list calls; at [`Depth::State`] with fewer, which is only
    /// asked of those that are named or owned.
    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>>;

    /// Creates it with these tags (its own and our marks) in the same call, and returns its
    /// identifier. `token` is the same for the same write.
    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>>;

    /// Changes the properties named in `changed`, in place; tags are [`Service::tag`]'s.
    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()>;

    /// Starts deleting it; what is gone already is [`crate::provider::ErrorKind::NotFound`].
    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()>;

    /// Sets and removes tags of one of its kinds that has tags.
    async fn tag(
        &self,
        place: Place<'_>,
        kind: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()>;

    /// How several of its kinds are read in fewer calls than each by itself.
    fn reads_together(&self) -> Together {
        Together::Never
    }

    /// Whether creating one of `kind` twice makes two, because the call takes no client token and
    /// the kind has no name that is its own.
    fn creates_duplicates(&self, _kind: &str) -> bool {
        false
    }

    /// Whether creating one of `kind` again, with the same token, finishes what an attempt that broke
    /// off has begun beside it, so that it is not looked for first.
    fn resumes(&self, _kind: &str) -> bool {
        false
    }

    /// Whether it writes the marks of `kind` itself, in [`Service::create`] and
    /// [`Service::update`] (which is then called for the marks alone, too), and reads them into
    /// [`Found::marks`].
    fn marks_itself(&self, _kind: &str) -> bool {
        false
    }

    /// The properties of this write that no creating call takes: they are given to
    /// [`Service::update`] once it is ready.
    fn after_create(&self, _write: &Write) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// See [`crate::provider::Provider::restarts`].
    fn restarts(&self, _write: &Write, _before: &Map, _changed: &[Arc<str>]) -> bool {
        false
    }

    /// Restarts one for which [`Service::restarts`] says so.
    async fn restart(&self, _place: Place<'_>, _handle: &Handle) -> Outcome<()> {
        Box::pin(std::future::ready(Ok(()))).await
    }

    /// The identifier that a write will have, where its properties say it.
    fn identifier(&self, _site: Site<'_>, _write: &Write) -> Option<Arc<str>> {
        None
    }

    /// What a child's mark on its parent is keyed by, where its identifier is not known beforehand.
    /// Lists tell the same in [`Found::mark`].
    fn mark_key(&self, _place: Place<'_>, _write: &Write) -> Option<Arc<str>> {
        None
    }
}

/// How reads of several kinds of a service share calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// They share none.
    Never,
    /// AWS narrows lists to what an owner has, and one list tells of several kinds.
    Owned,
    /// [`Service::list`] takes identifiers of several kinds at once.
    Named,
}

impl<'a> Place<'a> {
    /// The account's number.
    ///
    /// # Errors
    /// When it is not known who we are.
    pub async fn account(&self) -> Outcome<&'a str> {
        Ok(&self.who.known().await?.account)
    }

    /// The account and region that are called.
    ///
    /// # Errors
    /// When it is not known who we are.
    pub async fn site(&self) -> Outcome<Site<'a>> {
        Ok(Site {
            region: self.region,
            account: self.account().await?,
        })
    }

    /// An ARN there.
    ///
    /// # Errors
    /// When it is not known who we are.
    pub async fn arn(&self, service: &str, resource: &str) -> Outcome<String> {
        Ok(self.site().await?.arn(service, resource))
    }
}

/// A region of an account, as ARNs name it.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The region of the addresses, or [`crate::address::GLOBAL`].
    pub region: &'a str,
    /// The account's number.
    pub account: &'a str,
}

impl Site<'_> {
    /// An ARN of this account and region, in the partition that the region belongs to.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let partition = match self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let (region, account) = (self.region, self.account);
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

impl Which<'_> {
    /// Whether something with these tags is asked for: where owned ones are, theirs name the owner.
    pub fn wants_tagged(&self, tags: &Tags) -> bool {
        let has = |key: &str, value: &str| tags.iter().any(|(k, v)| k == key && v == value);
        match self {
            Self::Owned(owner) => {
                has(super::marks::APP, &owner.app) && has(super::marks::ENV, &owner.env)
            }
            Self::Named(_) | Self::All => true,
        }
    }
}

/// Whether tags that were found are those of the same write as `ours`: owner, address, generation.
pub fn is_same_write(found: &Tags, ours: &Tags) -> bool {
    match (Marks::from_tags(found), Marks::from_tags(ours)) {
        (Some(a), Some(b)) => a.is_of_same_write(&b),
        _ => false,
    }
}

/// Whether to ask for a property that takes a call of its own: our marks say that it was set once, or
/// one without marks is read by its name, to be imported.
pub fn is_worth_asking(which: Which<'_>, tags: &Tags, property: &str) -> bool {
    match Marks::from_tags(tags) {
        Some(marks) => ownership::was_set(&marks.applied, property),
        None => matches!(which, Which::Named(_)),
    }
}

/// All pages of a list call: the objects under `member`. `next` names the token in the answer and in
/// the question.
///
/// # Errors
/// When a page cannot be had.
pub async fn pages(
    call: impl AsyncFn(&Map) -> Outcome<Map>,
    mut question: Map,
    member: &str,
    next: (&str, &'static str),
) -> Outcome<Vec<Map>> {
    let mut found = Vec::new();
    loop {
        let mut answer = call(&question).await?;
        if let Some(Value::List(list)) = answer.remove(member) {
            found.extend(list.into_iter().filter_map(|item| match item {
                Value::Map(map) => Some(map),
                _ => None,
            }));
        }
        match answer.at(next.0) {
            Some(Value::String(token)) if !token.is_empty() => {
                question.insert(next.1, Value::String(token.clone()));
            }
            _ => return Ok(found),
        }
    }
}

/// What [`pages`] goes by in most services.
pub const NEXT_TOKEN: (&str, &str) = ("NextToken", "NextToken");

/// The same for RDS, ElastiCache, IAM and Elastic Load Balancing.
pub const MARKER: (&str, &str) = ("Marker", "Marker");

/// What a list call of RDS's or ElastiCache's kind has: the one that is asked for, or everything,
/// because where it can filter one that is gone would fail the call for all. `id` is how the
/// question and how what is found names one.
///
/// # Errors
/// When it cannot be had.
pub async fn one_or_all(
    call: impl AsyncFn(&Map) -> Outcome<Map>,
    which: Which<'_>,
    mut question: Map,
    member: &str,
    id: (&'static str, &str),
) -> Outcome<Vec<Map>> {
    if let Which::Named([only]) = which {
        question.insert(id.0, Value::str(only.clone()));
    }
    let found = none_if_gone(pages(call, question, member, MARKER).await)?.unwrap_or_default();
    let wanted = |one: &Map| which.wants(text(one, id.1));
    Ok(found.into_iter().filter(wanted).collect())
}

/// Whether `changed` names one of these properties.
pub fn touches(changed: &[Arc<str>], names: &[&str]) -> bool {
    changed.iter().any(|name| names.contains(&&**name))
}

/// `Ok` for what is not there any more.
///
/// # Errors
/// Any other failure.
pub fn gone_is_fine(outcome: Outcome<Map>) -> Outcome<()> {
    match outcome {
        Err(error) if error.kind != crate::provider::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `None` for what is not there.
///
/// # Errors
/// Any other failure.
pub fn none_if_gone<T>(outcome: Outcome<T>) -> Outcome<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == crate::provider::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of something for which the blueprint gives none: the same for the same address and
/// generation, so that it is its own natural key. `most` is the longest that AWS takes; letters,
/// digits and single hyphens fit everywhere.
pub fn generated_name(write: &Write, most: usize) -> String {
    let address = &write.address;
    let key = address.key.as_deref().unwrap_or_default();
    let text = format!(
        "{}-{}-{}-{key}",
        write.owner.app, write.owner.env, address.id
    );
    let mut name = String::new();
    for character in text.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' => name.push(character),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let seed = format!("{text} {} {}", address.region, write.applied.generation);
    let digest = Sha256::digest(seed.as_bytes());
    let end = hex::encode(&digest[..4]);
    name.truncate(most.saturating_sub(end.len() + 1));
    format!("{}-{end}", name.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Applied;

    #[test]
    fn generated_names_are_their_addresss_own() {
        let write = |address: &str, generation| Write {
            owner: Owner {
                app: "shop".into(),
                env: "default".into(),
            },
            address: address.parse().unwrap(),
            kind: "AWS::SNS::Topic".into(),
            properties: Map::new(),
            applied: Applied {
                generation,
                ..Applied::default()
            },
        };
        let first = generated_name(&write("us-east-1/target_group[web.v2]", 1), 32);
        assert!(first.starts_with("shop-default-target-gro"), "{first}");
        assert_eq!(first.len(), 32);
        assert_eq!(
            first,
            generated_name(&write("us-east-1/target_group[web.v2]", 1), 32)
        );
        assert_ne!(
            first,
            generated_name(&write("us-east-1/target_group[web.v2]", 2), 32)
        );
        assert_ne!(
            first,
            generated_name(&write("us-east-1/target_group[web.v3]", 1), 32)
        );
    }
}
