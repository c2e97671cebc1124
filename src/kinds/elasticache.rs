//! Caches.

use super::record::{Canonical, Drawn, Holds, Identity, Kind, Tier, kept_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::ElastiCache::CacheCluster",
        sets: &[("LogDeliveryConfigurations", "LogType")],
        canonical: &[
            ("ClusterName", Canonical::Lowercase),
            ("CacheSubnetGroupName", Canonical::Lowercase),
            ("PreferredMaintenanceWindow", Canonical::Lowercase),
        ],
        // botocore: ModifyCacheClusterMessage has no TransitEncryptionEnabled.
        fixed: &["TransitEncryptionEnabled"],
        // Minor versions move with AutoMinorVersionUpgrade.
        externally_managed: &["EngineVersion"],
        drawn: Drawn::stores("Amazon ElastiCache"),
        endpoint: Some(("cache", "ConfigurationEndpoint.Address")),
        ..Kind::with(Tier::Cache, Holds::Nothing, Identity::Tags, (300, 120, 180))
    },
    Kind {
        name: "AWS::ElastiCache::ParameterGroup",
        named_by: &[kept_by("CacheParameterGroupName")],
        ..Kind::with(Tier::Cache, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
    Kind {
        name: "AWS::ElastiCache::ReplicationGroup",
        interrupts: &[
            ("CacheNodeType", "the cache fails over for seconds"),
            ("EngineVersion", "the cache fails over for seconds"),
        ],
        sets: &[("LogDeliveryConfigurations", "LogType")],
        canonical: &[("ReplicationGroupId", Canonical::Lowercase)],
        // https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.html
        monotonic: &["EngineVersion"],
        drawn: Drawn::stores("Amazon ElastiCache"),
        endpoint: Some(("cache", "PrimaryEndPoint.Address")),
        ..Kind::with(Tier::Cache, Holds::Nothing, Identity::Tags, (480, 300, 240))
    },
    Kind {
        name: "AWS::ElastiCache::ServerlessCache",
        sets: &[("SubnetIds", "")],
        canonical: &[("ServerlessCacheName", Canonical::Lowercase)],
        drawn: Drawn::stores("ElastiCache Serverless"),
        endpoint: Some(("cache", "Endpoint.Address")),
        ..Kind::with(Tier::Cache, Holds::Nothing, Identity::Tags, (120, 60, 180))
    },
    Kind {
        name: "AWS::ElastiCache::SubnetGroup",
        canonical: &[("CacheSubnetGroupName", Canonical::Lowercase)],
        named_by: &[kept_by("CacheSubnetGroupName")],
        ..Kind::with(Tier::Cache, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
];
