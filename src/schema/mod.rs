//! Registry facts about every kind, and what follows from them.
//!
//! Owns AWS's answers to: which properties does a kind have, of what shape, which of them can
//! change in place, which does AWS set, which does it never give back. The facts are extracted from
//! the CloudFormation registry by `schemas/extract.py`. What to do with a difference is the plan's
//! business.

mod check;
pub mod database_calls;
mod embedded;
pub mod facts;
mod harmless;
mod limits;
mod others;
mod plain;
mod secret;
mod settings;
mod shape;
mod url;
mod variables;

pub use check::{Problem, check_properties, matches, pattern_in_words};
pub use harmless::is_harmless;
pub use plain::{is_code, is_plain, pieces, secrets_of_code};
pub use secret::{
    DYNAMIC, NEVER_SHOWN, in_json, is_kept_elsewhere, is_secret, is_secret_in, never_shown,
    told_apart, without_secrets, without_secrets_at,
};
pub use settings::split_tag;
pub use shape::{Additional, Shape, Type};
pub use url::{in_urls, passwords};
pub use variables::{Within, is_hidden_variable};

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use serde::Deserialize;

/// Kinds with their facts as text, and parsed once they were asked for.
type Kinds = BTreeMap<&'static str, (&'static str, OnceLock<KindSchema>)>;

/// All kinds of the registry.
pub struct Registry {
    kinds: Kinds,
    unmapped: Kinds,
}

static EMBEDDED: LazyLock<Registry> = LazyLock::new(|| {
    let of = |table: &[(&'static str, &'static str)]| {
        let rows = table
            .iter()
            .map(|(kind, text)| (*kind, (*text, OnceLock::new())));
        rows.collect()
    };
    Registry {
        kinds: of(embedded::KINDS),
        unmapped: of(embedded::UNMAPPED),
    }
});

impl Registry {
    /// The facts in the binary. A kind is parsed when it is first asked for.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// The facts about `kind`, such as `AWS::EC2::VPC`.
    ///
    /// # Panics
    /// When the embedded facts are broken, which the tests rule out.
    pub fn kind(&self, kind: &str) -> Option<&KindSchema> {
        let known = self.kinds.get(kind).or_else(|| self.unmapped.get(kind));
        let (text, parsed) = known.or_else(|| others::KINDS.get(kind))?;
        Some(parsed.get_or_init(|| match serde_json::from_str(text) {
            Ok(schema) => schema,
            Err(error) => panic!("schemas holds broken facts about {kind}: {error}"),
        }))
    }

    /// The names of the kinds that something more is known of than the registry's facts: those of the
    /// built-in blueprints, and more of their services. In order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.keys().copied()
    }

    /// Whether `kind` is one of them.
    pub fn is_known(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// The names of all others, in order.
    pub fn others(&self) -> impl Iterator<Item = &'static str> {
        others::KINDS.keys().copied()
    }

    /// The names of all kinds, the best known first.
    pub fn all(&self) -> impl Iterator<Item = &'static str> {
        self.names().chain(self.others())
    }

    /// The kind whose name is nearest to `name`, if one is near.
    pub fn suggest(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.all())
    }
}

/// The candidate most like `word`, if one is alike enough to be a slip of the pen.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Below this Jaro-Winkler likeness a suggestion confuses more than it helps: `Cidr` and
    // `CidrBlock` have 0.91, `VpcId` and `SubnetId` 0.6.
    const ALIKE: f64 = 0.8;
    // The time goes with the product of the lengths. No name of AWS's or a person's has more letters.
    const LONGEST: usize = 128;
    // A file with thousands of slips has another problem than spelling.
    const MOST: usize = 500_000;
    thread_local! {
        static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
    if word.len() > LONGEST || COMPARED.get() > MOST {
        return None;
    }
    let lower = word.to_lowercase();
    candidates
        .filter(|candidate| candidate.len() <= LONGEST)
        .inspect(|_| COMPARED.set(COMPARED.get() + 1))
        .map(|candidate| {
            let score = strsim::jaro_winkler(&lower, &candidate.to_lowercase());
            (score, candidate)
        })
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

/// The facts about one kind. Paths are dotted, with `*` for a list's items.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindSchema {
    /// The CloudFormation type name.
    pub kind: Arc<str>,
    properties: BTreeMap<Arc<str>, Shape>,
    #[serde(default)]
    definitions: BTreeMap<Arc<str>, Shape>,
    #[serde(default)]
    required: Vec<Arc<str>>,
    #[serde(default)]
    create_only: Vec<Arc<str>>,
    #[serde(default)]
    conditional_create_only: Vec<Arc<str>>,
    #[serde(default)]
    read_only: Vec<Arc<str>>,
    #[serde(default)]
    write_only: Vec<Arc<str>>,
    primary_identifier: Vec<Arc<str>>,
    tag_property: Option<Arc<str>>,
    #[serde(default)]
    out_of_reach: bool,
}

/// How a kind takes tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagStyle {
    /// A list of `{Key, Value}`.
    List,
    /// An object from key to value.
    Map,
}

impl KindSchema {
    /// The facts in a JSON Schema of an object, for documents that are no AWS resources.
    ///
    /// # Errors
    /// When the schema uses what [`Shape`] has no room for.
    pub fn from_json_schema(
        name: &str,
        schema: &serde_json::Value,
    ) -> Result<Self, serde_json::Error> {
        let schema = join_constants(schema);
        let part = |key: &str| schema.get(key).cloned().unwrap_or_default();
        let shapes = |key: &str| match schema.get(key) {
            Some(shapes) => serde_json::from_value(shapes.clone()),
            None => Ok(BTreeMap::new()),
        };
        Ok(Self {
            kind: name.into(),
            properties: shapes("properties")?,
            definitions: shapes("$defs")?,
            required: serde_json::from_value::<Option<_>>(part("required"))?.unwrap_or_default(),
            create_only: Vec::new(),
            conditional_create_only: Vec::new(),
            read_only: Vec::new(),
            write_only: Vec::new(),
            primary_identifier: Vec::new(),
            tag_property: None,
            out_of_reach: false,
        })
    }

    /// Top-level properties and their shapes, by name.
    pub fn properties(&self) -> &BTreeMap<Arc<str>, Shape> {
        &self.properties
    }

    /// Shapes that others point to, by name.
    pub fn definitions(&self) -> &BTreeMap<Arc<str>, Shape> {
        &self.definitions
    }

    /// Properties that must be set.
    pub fn required(&self) -> &[Arc<str>] {
        &self.required
    }

    /// What identifies one in its region: dotted paths, in AWS's order.
    pub fn primary_identifier(&self) -> &[Arc<str>] {
        &self.primary_identifier
    }

    /// The property that one is called by, where it is a single one.
    pub fn only_identifier(&self) -> Option<&str> {
        match &*self.primary_identifier {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether a change at `path` needs a new resource: the path, or something above it, is
    /// create-only.
    pub fn is_create_only(&self, path: &str) -> bool {
        covers(&self.create_only, path)
    }

    /// Whether a change at `path` may need a new resource, depending on other properties.
    pub fn is_conditionally_create_only(&self, path: &str) -> bool {
        covers(&self.conditional_create_only, path)
    }

    /// Whether AWS sets what stands at `path`.
    pub fn is_read_only(&self, path: &str) -> bool {
        covers(&self.read_only, path)
    }

    /// Whether AWS never gives back what stands at `path`.
    pub fn is_write_only(&self, path: &str) -> bool {
        covers(&self.write_only, path)
    }

    /// The tag property and its form, for kinds that CloudFormation can tag.
    pub fn tags(&self) -> Option<(&str, TagStyle)> {
        let name = self.tag_property.as_deref()?;
        let style = if self.resolve(self.properties.get(name)?).is(Type::Array) {
            TagStyle::List
        } else {
            TagStyle::Map
        };
        Some((name, style))
    }

    /// Whether Cloud Control cannot create, read or delete one: CloudFormation has handlers of another form for it.
    pub fn is_out_of_reach(&self) -> bool {
        self.out_of_reach
    }

    /// The shape at a dotted path; list items are reached by any number or `*`.
    pub fn shape_at(&self, path: &str) -> Option<&Shape> {
        let mut steps = path.split('.');
        let mut shape = self.resolve(self.properties.get(steps.next()?)?);
        for step in steps {
            shape = match (&shape.properties, &shape.items) {
                (Some(properties), _) => properties.get(step)?,
                (None, Some(items)) => items,
                (None, None) => return None,
            };
            shape = self.resolve(shape);
        }
        Some(shape)
    }

    /// The shape itself, or the definition that it points to.
    pub fn resolve<'a>(&'a self, mut shape: &'a Shape) -> &'a Shape {
        // A chain longer than the definitions has to be a circle, which the registry has not.
        for _ in 0..=self.definitions.len() {
            let Some(target) = &shape.reference else {
                break;
            };
            let name = target.rsplit('/').next().unwrap_or(target);
            match self.definitions.get(name) {
                Some(definition) => shape = definition,
                None => break,
            }
        }
        shape
    }
}

/// The schema with every choice between constants (how a documented enum is written) as one `enum`.
fn join_constants(schema: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match schema {
        Json::Array(items) => items.iter().map(join_constants).collect(),
        Json::Object(entries) => {
            let mut joined: serde_json::Map<String, Json> = entries
                .iter()
                .map(|(key, value)| (key.clone(), join_constants(value)))
                .collect();
            let constants: Option<Vec<Json>> = joined
                .get("oneOf")
                .and_then(Json::as_array)
                .and_then(|choices| choices.iter().map(|c| c.get("const").cloned()).collect());
            if let Some(constants) = constants {
                joined.remove("oneOf");
                joined.insert("enum".to_owned(), Json::Array(constants));
            }
            Json::Object(joined)
        }
        plain => plain.clone(),
    }
}

/// Whether one of `paths` is `path` or stands above it.
fn covers(paths: &[Arc<str>], path: &str) -> bool {
    // Every property of every resource comes by here, and none begins with an index.
    let first = path.as_bytes().first();
    let mut alike = paths.iter().filter(|have| have.as_bytes().first() == first);
    alike.any(|have| {
        let mut asked = path.split('.');
        have.split('.').all(|step| {
            asked.next().is_some_and(|ask| {
                step == ask || step == "*" && ask.bytes().all(|byte| byte.is_ascii_digit())
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> &'static KindSchema {
        Registry::embedded().kind(name).unwrap()
    }

    #[test]
    fn every_kind_is_embedded_and_parses() {
        let listed: Vec<_> = include_str!("../../schemas/kinds.txt").lines().collect();
        assert_eq!(Registry::embedded().names().collect::<Vec<_>>(), listed);
        for name in listed.into_iter().chain(Registry::embedded().others()) {
            let schema = kind(name);
            assert_eq!(&*schema.kind, name);
            assert!(!schema.primary_identifier().is_empty(), "{name}");
        }
    }

    #[test]
    fn a_kind_without_a_mapping_has_the_same_facts_as_in_the_pack() {
        for (kind, (text, _)) in &Registry::embedded().unmapped {
            assert_eq!(text.trim_end(), others::KINDS[kind].0, "{kind}");
        }
    }

    #[test]
    fn every_other_kind_of_the_registry_is_known_too() {
        let registry = Registry::embedded();
        assert!(registry.others().count() > 1500);
        assert!(
            registry
                .others()
                .all(|name| !registry.kinds.contains_key(name))
        );
        assert!(kind("AWS::SQS::Queue").is_create_only("FifoQueue"));
        assert_eq!(registry.suggest("AWS::SQS::Queu"), Some("AWS::SQS::Queue"));
    }

    #[test]
    fn changing_a_subnets_cidr_needs_a_new_subnet() {
        let subnet = kind("AWS::EC2::Subnet");
        assert!(subnet.is_create_only("CidrBlock"));
        assert!(!subnet.is_create_only("MapPublicIpOnLaunch"));
    }

    #[test]
    fn what_stands_below_a_read_only_property_is_read_only() {
        let db = kind("AWS::RDS::DBInstance");
        assert!(db.is_read_only("Endpoint.Address"));
        assert!(db.is_read_only("MasterUserSecret.SecretArn"));
        assert!(!db.is_read_only("MasterUserSecret.KmsKeyId"));
        assert!(db.is_write_only("MasterUserPassword"));
    }

    #[test]
    fn tags_are_a_list_or_an_object() {
        assert_eq!(kind("AWS::EC2::VPC").tags(), Some(("Tags", TagStyle::List)));
        assert_eq!(
            kind("AWS::SSM::Parameter").tags(),
            Some(("Tags", TagStyle::Map))
        );
        assert_eq!(
            kind("AWS::Route53::HostedZone").tags(),
            Some(("HostedZoneTags", TagStyle::List))
        );
        assert_eq!(kind("AWS::EC2::Route").tags(), None);
    }

    #[test]
    fn a_path_leads_through_definitions_and_lists() {
        let distribution = kind("AWS::CloudFront::Distribution");
        let domain = distribution
            .shape_at("DistributionConfig.Origins.0.DomainName")
            .unwrap();
        assert!(domain.is(Type::String));
        assert!(
            distribution
                .shape_at("DistributionConfig.Nothing")
                .is_none()
        );
    }

    #[test]
    fn a_misspelt_kind_suggests_the_right_one() {
        let registry = Registry::embedded();
        assert_eq!(
            registry.suggest("AWS::EC2::Subnets"),
            Some("AWS::EC2::Subnet")
        );
        assert_eq!(registry.suggest("Banana"), None);
    }
}
