//! What one record says of one resource type, and in which words.

use std::collections::BTreeSet;

use super::limit::Limit;
use crate::value::Map;

/// What the registry does not say of a resource type. Paths are dotted, with `*` for a list's items.
///
/// What `Kind::with` takes has to be said of every type, because forgetting it would be dangerous or would show a
/// type wrongly. Of everything else the usual answer is that there is nothing to say.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name, such as `AWS::EC2::VPC`; empty in the record that stands for all without one.
    pub name: &'static str,
    /// Where it is listed where no blueprint says so.
    pub tier: Tier,
    /// What is lost with it.
    pub holds: Holds,
    /// How our marks are carried.
    pub identity: Identity,
    /// Seconds from the call until it can be used.
    pub create_seconds: u32,
    /// Seconds from the call until a change has taken effect.
    pub update_seconds: u32,
    /// Seconds from the call until it is gone.
    pub delete_seconds: u32,

    /// What it is called in a drawing; what is not drawn is listed behind what is.
    pub drawn: Option<Drawn>,
    /// In `status`: what it is, and the attribute under which it is reached.
    pub endpoint: Option<(&'static str, &'static str)>,
    /// The ways in which one with these properties lets the internet in, in words.
    pub exposes: Option<Exposes>,

    /// Properties whose values together exist once only within a region, besides its identifier.
    pub once: &'static [&'static str],
    /// Properties of other resources that name one of this type.
    pub named_by: &'static [NamedBy],
    /// What Cloud Control has in its place.
    pub stand_in: Option<StandIn>,
    /// Of one that is marked on another one: whether AWS refuses to delete that while it exists.
    pub keeps_parent: bool,
    /// Whether creating one in the place of ours moves that over, without a moment in between.
    pub moves_over: bool,
    /// Whether it leads to others: nothing answers behind a new security group without its rules.
    pub is_path: bool,
    /// What AWS limits the number of, where each one counts whatever its properties are.
    pub counts_as: Option<Limit>,
    /// What has to be switched off before AWS deletes it.
    pub lock: Option<Lock>,
    /// Types whose resources in the same region go before it does, although they do not mention it.
    pub leaves_after: &'static [&'static str],
    /// Types whose resources in the same region make it anew while they exist, although AWS refuses no delete.
    pub made_anew_by: &'static [&'static str],

    /// Lists whose order is no difference, with the entry that tells items apart ("" for the whole
    /// item). Those that the registry calls unordered need no entry.
    pub sets: &'static [(&'static str, &'static str)],
    /// Lists that let less through with each item: while two versions are needed, the shorter one counts.
    pub narrows: &'static [&'static str],
    /// The property that lists attributes of which AWS always tells all, by `Key` and `Value`, and
    /// what those are that nobody sets.
    pub attributes: Option<(&'static str, &'static [(&'static str, &'static str)])>,
    /// Values that AWS takes for a property that is not set, as JSON.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Properties with several spellings of one value.
    pub canonical: &'static [(&'static str, Canonical)],
    /// Properties whose update interrupts service, and how.
    pub interrupts: &'static [(&'static str, &'static str)],
    /// Attributes that change when it is updated in place.
    pub volatile: &'static [&'static str],
    /// Properties whose every change needs a new resource, although the registry says so of some changes or none.
    pub fixed: &'static [&'static str],
    /// Of the properties that need a new resource those that can be dropped in place, and whose value is
    /// given back although the registry says that it is not: a replica becomes a database of its own.
    pub clearable: &'static [&'static str],
    /// Properties by which AWS makes a value up that it never gives back: one that was adopted has its value already.
    pub generated: &'static [&'static str],
    /// Lists of which one call adds or removes a single item.
    pub stepwise: &'static [Stepwise],
    /// Numbers and versions that AWS lets grow and never go back.
    pub monotonic: &'static [&'static str],
    /// Properties that AWS or an autoscaler moves: set when created, never called drift.
    pub externally_managed: &'static [&'static str],
    /// Properties whose live value says nothing about what was asked for, because it holds what
    /// others have added since: compared by what was last applied, as those that AWS never gives back.
    pub compare_by_digest: &'static [&'static str],

    /// Whether AWS takes changes before it can be used, which may be what it needs to get there.
    pub open: bool,
    /// Whether it is ready within seconds, but not at once: its state says so.
    pub is_pending_at_first: bool,
    /// Attributes that are known when it was just made: those that have its identifier under another name, and
    /// those that are always the same at first.
    pub known_when_made: &'static [(&'static str, Option<&'static str>)],
    /// How long a resource with these properties gets to become ready in any case, in seconds.
    pub patience: Option<fn(&Map) -> u64>,
}

/// Adds the ways in which a resource with these properties lets the internet in.
pub type Exposes = fn(&Map, &mut BTreeSet<String>);

impl Kind {
    /// What has to be said of each type: `seconds` to create, to update and to delete.
    pub(super) const fn with(
        tier: Tier,
        holds: Holds,
        identity: Identity,
        seconds: (u32, u32, u32),
    ) -> Self {
        Self {
            name: "",
            tier,
            holds,
            identity,
            create_seconds: seconds.0,
            update_seconds: seconds.1,
            delete_seconds: seconds.2,
            drawn: None,
            endpoint: None,
            exposes: None,
            once: &[],
            named_by: &[],
            stand_in: None,
            keeps_parent: false,
            moves_over: false,
            is_path: false,
            counts_as: None,
            lock: None,
            leaves_after: &[],
            made_anew_by: &[],
            sets: &[],
            narrows: &[],
            attributes: None,
            defaults: &[],
            canonical: &[],
            interrupts: &[],
            volatile: &[],
            fixed: &[],
            clearable: &[],
            generated: &[],
            stepwise: &[],
            monotonic: &[],
            externally_managed: &[],
            compare_by_digest: &[],
            open: false,
            is_pending_at_first: false,
            known_when_made: &[],
            patience: None,
        }
    }
}

/// Where resources are listed, from the visitor inwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Names.
    Dns,
    /// What meets visitors first.
    Edge,
    /// Networks and what balances between servers.
    Network,
    /// Servers.
    Compute,
    /// Caches.
    Cache,
    /// What holds data.
    Data,
    /// Who may do what.
    Security,
    /// Copies of data.
    Backup,
    /// What watches, and everything else.
    Monitoring,
}

impl Tier {
    /// As blueprints write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Edge => "edge",
            Self::Network => "network",
            Self::Compute => "compute",
            Self::Cache => "cache",
            Self::Data => "data",
            Self::Security => "security",
            Self::Backup => "backup",
            Self::Monitoring => "monitoring",
        }
    }
}

/// What is lost with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Nothing that an apply does not make again.
    Nothing,
    /// What cannot be made again, whoever made it: protected whether a blueprint says so or not, and where none
    /// speaks of it any more.
    Data,
    /// Everything in it: a replace pulls that along, and much of it cannot follow.
    Foundation,
}

/// What a type is to a person who looks at a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// AWS's name of it.
    pub name: &'static str,
    /// What it is to a request.
    pub does: Does,
}

/// What a type is to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It passes requests on, or answers them from what it has.
    Leads,
    /// It does the work.
    Works,
    /// It holds data that servers read and write.
    Stores,
}

impl Drawn {
    /// Something that passes requests on.
    pub(super) const fn leads(name: &'static str) -> Option<Self> {
        Some(Self {
            name,
            does: Does::Leads,
        })
    }

    /// Something that does the work.
    pub(super) const fn works(name: &'static str) -> Option<Self> {
        Some(Self {
            name,
            does: Does::Works,
        })
    }

    /// Something that holds data.
    pub(super) const fn stores(name: &'static str) -> Option<Self> {
        Some(Self {
            name,
            does: Does::Stores,
        })
    }
}

/// A type that Cloud Control has in another form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// The type that it has instead.
    pub kind: &'static str,
    /// The property that is a list in the type that blueprints use; one item can be in it.
    pub list: &'static str,
    /// The property that it is in the other type.
    pub single: &'static str,
}

/// A property of other resources that names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedBy {
    /// The property's own name, wherever it stands.
    pub property: &'static str,
    /// Whether AWS refuses to delete what is named.
    pub blocks: bool,
}

/// AWS refuses to delete what this property names.
pub(super) const fn kept_by(property: &'static str) -> NamedBy {
    NamedBy {
        property,
        blocks: true,
    }
}

/// AWS deletes what this property names; what names it goes first all the same.
pub(super) const fn let_go_by(property: &'static str) -> NamedBy {
    NamedBy {
        property,
        blocks: false,
    }
}

/// What has to be switched off before AWS deletes a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// A property that is true.
    Flag(&'static str),
    /// A property within another one that is true.
    Within(&'static str, &'static str),
    /// A property of each item of a list that is true.
    Each {
        /// The list.
        list: &'static str,
        /// The property.
        flag: &'static str,
    },
    /// An item of a list of `Key` and `Value` whose value is `true`.
    Attribute {
        /// The list.
        list: &'static str,
        /// The item's key.
        key: &'static str,
    },
}

/// How a type carries the marks that say whose a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// In its tags; the registry names the property. A few types have tags in the service's own API
    /// alone, and no property for them.
    Tags,
    /// In the tags of its parent, because it has none itself. It is found through the parent.
    Child {
        /// The property that refers to the parent.
        parent: &'static str,
        /// The parent's type.
        kind: &'static str,
        /// The properties that tell it from its siblings, where its identifier is known only when it was made;
        /// empty where the identifier does.
        among: &'static [&'static str],
    },
    /// In a text property that is ours to write.
    Text {
        /// The property's path.
        property: &'static str,
    },
    /// In the tags of each item of a list, as a global table has them in each of its replicas.
    Items {
        /// The list's property; its items have `Tags`.
        list: &'static str,
    },
    /// Within tag specifications, as launch templates have it.
    TagSpecifications {
        /// The resource type that the specification names.
        resource_type: &'static str,
    },
}

/// A list of which one call adds or removes a single item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stepwise {
    /// The list's property.
    pub list: &'static str,
    /// The entry that tells items apart.
    pub entry: &'static str,
    /// Entries that no call changes: with another value the item is removed and added again.
    pub fixed: &'static [&'static str],
    /// Entries of which nothing is left where they are not wanted (`*` is any item of a list): AWS keeps what an
    /// update leaves out, and refuses it beside the rest.
    pub owned: &'static [&'static str],
}

/// A child that its identifier tells from its siblings.
pub(super) const fn child(parent: &'static str, kind: &'static str) -> Identity {
    Identity::Child {
        parent,
        kind,
        among: &[],
    }
}

/// A child that these properties tell from its siblings, because AWS makes its identifier up.
pub(super) const fn child_among(
    parent: &'static str,
    kind: &'static str,
    among: &'static [&'static str],
) -> Identity {
    Identity::Child {
        parent,
        kind,
        among,
    }
}

/// Spellings that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canonical {
    /// A DNS name: case and a trailing dot do not matter.
    DnsName,
    /// An IAM policy document: a text or a list of one, in any order; `Version` first or last.
    Policy,
    /// Case does not matter.
    Lowercase,
    /// A number may be written as text.
    Number,
    /// A log group's ARN: CloudFormation ends it with `:*`, other services tell it without.
    LogGroupArn,
    /// A script as Base64, compressed or not.
    UserData,
}
