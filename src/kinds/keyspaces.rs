//! Column stores.

use super::record::{Drawn, Holds, Identity, Kind, Tier, kept_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::Cassandra::Keyspace",
        sets: &[("ReplicationSpecification.RegionList", "")],
        named_by: &[kept_by("KeyspaceName")],
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (15, 120, 15))
    },
    Kind {
        name: "AWS::Cassandra::Table",
        sets: &[("RegularColumns", "ColumnName")],
        drawn: Drawn::stores("Amazon Keyspaces"),
        endpoint: Some(("table", "TableName")),
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (40, 60, 30))
    },
];
