//! The live state in a file: written by `scalectl snapshot`, read by `--live`, so that a plan or a dry
//! run needs no account.
//!
//! It holds what `observe` found, what others have in the same account as far as it can stand in the
//! way, and where was looked. No secret is in it ([`crate::compare::redact`]), and the same state gives
//! the same text, but for its time. Where it comes from and whether it fits a spec is the command
//! line's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::redact::conceal;
use crate::inventory::{Existing, Live, LiveResource, Other, Owner, Record, SOME_ACCOUNT};
use crate::plan::existing;

/// The version of the file's format; a file of another one is refused.
pub const FORMAT: u32 = 1;

/// What it says it is, as every document does.
const NAME: &str = "snapshot";

fn name() -> Arc<str> {
    NAME.into()
}

/// The current state at a point in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The document type: `snapshot`. Optional when read.
    #[serde(default = "name")]
    #[schemars(extend("const" = NAME))]
    pub document: Arc<str>,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = FORMAT))]
    pub format: u32,
    /// The owner of the resources.
    pub owner: Owner,
    /// The provider.
    pub provider: Arc<str>,
    /// The account number, if the provider has accounts.
    pub account: Option<Arc<str>>,
    /// When it was taken, RFC 3339, by the provider's clock.
    pub taken: Arc<str>,
    /// The resource types that were read, by region.
    pub looked: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// The app's record.
    pub record: Option<Record>,
    /// The resources, ordered by address.
    pub resources: Vec<LiveResource>,
    /// Resources left over from unfinished replaces.
    pub deposed: Vec<LiveResource>,
    /// Resources of other owners in the account, of the types that were read.
    pub others: Vec<Other>,
    /// What could not be read, and why.
    pub unseen: Vec<String>,
}

/// What was looked at, before it is written down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// What there is of ours.
    pub live: Live,
    /// What there is of others.
    pub others: Vec<Other>,
    /// The resource types that were read, by region.
    pub looked: BTreeSet<(Arc<str>, Arc<str>)>,
    /// When, in milliseconds since the epoch.
    pub at: u64,
}

/// Why a text is no snapshot.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It is something else, or broken.
    #[error("is not a snapshot: {0}")]
    Broken(String),
    /// It is another version's.
    #[error("has format {0}; this version of scalectl reads format {FORMAT}")]
    Format(u64),
}

impl Snapshot {
    /// What is written down of a look.
    pub fn new(owner: Owner, provider: &str, account: Option<Arc<str>>, look: Look) -> Self {
        let Look {
            live,
            mut others,
            looked,
            at,
        } = look;
        let mut by_region: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
        for (region, kind) in looked {
            by_region.entry(region).or_default().insert(kind);
        }
        others.sort_by(|a, b| a.key().cmp(&b.key()));
        let at = i64::try_from(at).ok();
        let taken = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        Self {
            document: name(),
            format: FORMAT,
            owner,
            provider: provider.into(),
            account,
            taken: taken.unwrap_or_default().to_string().into(),
            looked: by_region,
            record: live.record,
            resources: live.resources.values().map(conceal).collect(),
            deposed: live.deposed.iter().map(conceal).collect(),
            others,
            unseen: live.unseen,
        }
    }

    /// The snapshot in a text.
    ///
    /// # Errors
    /// When it is none, or another version's.
    pub fn parse(text: &str) -> Result<Self, SnapshotError> {
        let broken = |error: serde_json::Error| SnapshotError::Broken(error.to_string());
        let json: serde_json::Value = serde_json::from_str(text).map_err(broken)?;
        if let Some(other) = json.get("document").filter(|other| *other != NAME) {
            let what = format!("it says that it is {other}");
            return Err(SnapshotError::Broken(what));
        }
        // The format first: another one's keys would only be called unknown.
        match json.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(SnapshotError::Format(format)),
            None => return Err(SnapshotError::Broken("it says no format".to_owned())),
        }
        let snapshot: Self = serde_json::from_value(json).map_err(broken)?;
        let mut addresses = BTreeSet::new();
        if let Some(twice) = snapshot
            .resources
            .iter()
            .find(|resource| !addresses.insert(&resource.address))
        {
            let what = format!("{} is in it twice", twice.address);
            return Err(SnapshotError::Broken(what));
        }
        if snapshot.taken.parse::<jiff::Timestamp>().is_err() {
            let what = format!("{:?} is no time", snapshot.taken);
            return Err(SnapshotError::Broken(what));
        }
        Ok(snapshot)
    }

    /// It as text, ordered and a line for every value, so that two can be compared.
    pub fn text(&self) -> String {
        // Serialising plain data with string keys cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// What was live.
    pub fn live(&self) -> Live {
        let resources = self.resources.iter();
        Live {
            resources: resources
                .map(|resource| (resource.address.clone(), resource.clone()))
                .collect(),
            deposed: self.deposed.clone(),
            record: self.record.clone(),
            account: self.account.clone().or(Some(SOME_ACCOUNT.into())),
            unseen: self.unseen.clone(),
            existing: self.existing(),
        }
    }

    /// Zones and records that others have, where the snapshot holds what they have.
    fn existing(&self) -> Vec<Existing> {
        let names = [existing::ZONE, existing::RECORD];
        let others = self.others.iter().filter(|one| names.contains(&&*one.kind));
        let found = others.map(|one| Existing {
            kind: one.kind.clone(),
            identifier: one.identifier.clone(),
            properties: one.properties.clone(),
            owner: None,
        });
        found.collect()
    }

    /// When it was taken, in milliseconds since the epoch.
    pub fn at(&self) -> u64 {
        let taken = self.taken.parse::<jiff::Timestamp>().unwrap_or_default();
        u64::try_from(taken.as_millisecond()).unwrap_or(0)
    }

    /// The resource types that were read, by region.
    pub fn looked(&self) -> BTreeSet<(Arc<str>, Arc<str>)> {
        let regions = self.looked.iter();
        regions
            .flat_map(|(region, kinds)| kinds.iter().map(|kind| (region.clone(), kind.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Applied, Status};

    fn resource(address: &str, properties: serde_json::Value) -> LiveResource {
        LiveResource {
            address: address.parse().unwrap(),
            kind: "AWS::EC2::VPC".into(),
            identifier: "vpc-1".into(),
            properties: serde_json::from_value(properties).unwrap(),
            status: Status::Ready,
            applied: Some(Applied::default()),
        }
    }

    fn snapshot() -> Snapshot {
        let owner = Owner {
            app: "shop".into(),
            env: "default".into(),
        };
        let one = resource(
            "us-east-1/vpc",
            serde_json::json!({"CidrBlock": "10.0.0.0/16"}),
        );
        let look = Look {
            live: Live {
                resources: [(one.address.clone(), one)].into(),
                ..Live::default()
            },
            looked: [("us-east-1".into(), "AWS::EC2::VPC".into())].into(),
            at: 1_767_225_600_000,
            ..Look::default()
        };
        Snapshot::new(owner, "aws", Some("123456789012".into()), look)
    }

    #[test]
    fn a_snapshot_reads_back_as_it_was() {
        let snapshot = snapshot();
        assert_eq!(&*snapshot.taken, "2026-01-01T00:00:00Z");
        assert_eq!(snapshot.at(), 1_767_225_600_000);
        assert_eq!(Snapshot::parse(&snapshot.text()), Ok(snapshot));
    }

    #[test]
    fn what_is_no_snapshot_says_why() {
        let text = snapshot().text();
        let why = |text: &str| Snapshot::parse(text).unwrap_err().to_string();
        assert!(why("{").starts_with("is not a snapshot: "));
        assert_eq!(why("{}"), "is not a snapshot: it says no format");
        let plan = text.replace("\"snapshot\"", "\"plan\"");
        assert_eq!(why(&plan), "is not a snapshot: it says that it is \"plan\"");
        let old = text.replace("  \"document\": \"snapshot\",\n", "");
        assert!(old != text && Snapshot::parse(&old).is_ok());
        let newer = text.replace("\"format\": 1", "\"format\": 2");
        assert_eq!(
            why(&newer),
            "has format 2; this version of scalectl reads format 1"
        );
        let unknown = text.replace("\"unseen\"", "\"unheard\"");
        assert!(why(&unknown).contains("unknown field `unheard`"));
        let late = text.replace("2026-01-01T", "2026-13-01T");
        assert!(why(&late).contains("is no time"), "{}", why(&late));
        let mut twice = snapshot();
        twice.resources.push(twice.resources[0].clone());
        assert!(why(&twice.text()).contains("us-east-1/vpc is in it twice"));
    }
}
