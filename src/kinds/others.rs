//! Types of which hardly more is known than that they hold data, or how they are drawn; Cloud Control serves them.

use super::record::{Drawn, Holds, Identity, Kind, Tier};

/// Something that holds data.
const fn store(name: &'static str, tier: Tier) -> Kind {
    Kind {
        name,
        ..Kind::with(tier, Holds::Data, Identity::Tags, (1, 1, 1))
    }
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::ApiGatewayV2::Api",
        drawn: Drawn::leads("Amazon API Gateway"),
        ..Kind::with(Tier::Edge, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    store("AWS::Backup::LogicallyAirGappedBackupVault", Tier::Backup),
    store("AWS::CodeArtifact::Repository", Tier::Data),
    store("AWS::CodeCommit::Repository", Tier::Data),
    store("AWS::Cognito::IdentityPool", Tier::Security),
    store("AWS::Cognito::UserPool", Tier::Security),
    store("AWS::DSQL::Cluster", Tier::Data),
    Kind {
        name: "AWS::DocDB::DBCluster",
        drawn: Drawn::stores("Amazon DocumentDB"),
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (1, 1, 1))
    },
    store("AWS::DocDBElastic::Cluster", Tier::Data),
    store("AWS::ECR::PublicRepository", Tier::Data),
    store("AWS::ECR::Repository", Tier::Data),
    Kind {
        name: "AWS::ECS::Service",
        drawn: Drawn::works("Amazon ECS"),
        ..Kind::with(Tier::Compute, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    store("AWS::EFS::FileSystem", Tier::Data),
    Kind {
        name: "AWS::EKS::Cluster",
        drawn: Drawn::works("Amazon EKS"),
        ..Kind::with(Tier::Compute, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    store("AWS::FSx::Volume", Tier::Data),
    store("AWS::HealthLake::FHIRDatastore", Tier::Data),
    store("AWS::KMS::ReplicaKey", Tier::Security),
    store("AWS::Kinesis::Stream", Tier::Data),
    Kind {
        name: "AWS::Lambda::Function",
        drawn: Drawn::works("AWS Lambda"),
        ..Kind::with(Tier::Compute, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    store("AWS::Lightsail::Bucket", Tier::Data),
    store("AWS::Lightsail::Database", Tier::Data),
    store("AWS::Lightsail::Disk", Tier::Data),
    store("AWS::MSK::Cluster", Tier::Data),
    store("AWS::MemoryDB::Cluster", Tier::Data),
    Kind {
        name: "AWS::Neptune::DBCluster",
        drawn: Drawn::stores("Amazon Neptune"),
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (1, 1, 1))
    },
    store("AWS::NeptuneGraph::Graph", Tier::Data),
    Kind {
        name: "AWS::OpenSearchService::Domain",
        drawn: Drawn::stores("Amazon OpenSearch"),
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (1, 1, 1))
    },
    store("AWS::RDS::GlobalCluster", Tier::Data),
    store("AWS::Redshift::Cluster", Tier::Data),
    store("AWS::RedshiftServerless::Namespace", Tier::Data),
    store("AWS::S3Express::DirectoryBucket", Tier::Data),
    store("AWS::S3Files::FileSystem", Tier::Data),
    store("AWS::S3Tables::TableBucket", Tier::Data),
    store("AWS::S3Vectors::VectorBucket", Tier::Data),
    Kind {
        name: "AWS::SQS::Queue",
        drawn: Drawn::stores("Amazon SQS"),
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (2, 60, 60))
    },
    store("AWS::Timestream::Database", Tier::Data),
    store("AWS::Timestream::InfluxDBInstance", Tier::Data),
    store("AWS::Timestream::Table", Tier::Data),
];
