//! Types without tags that Cloud Control serves and that belong to another resource: an apply marks them in the tags of
//! that one, and finds them again through it.
//!
//! A type is here only if Cloud Control reads it, and lists it below its parent or calls it by its parent's identifier.
//! Where AWS makes the identifier up, a record names the properties that tell one from its siblings: the parent itself
//! where there is one of each. Another value of such a property is another resource, and two siblings with the same ones
//! are refused. Types with a mapping of their own are in their service's file.

use super::record::{Holds, Kind, StandIn, Tier, child, child_among};

/// The same, of a type that AWS does not delete together with its parent.
const fn kept(kind: Kind) -> Kind {
    Kind {
        keeps_parent: true,
        ..kind
    }
}

/// A type that belongs to another one, with what tells it from its siblings where its identifier does not.
macro_rules! belongs {
    ($name:literal, $tier:ident, $holds:ident, $parent:literal of $kind:literal) => {
        Kind {
            name: $name,
            ..Kind::with(Tier::$tier, Holds::$holds, child($parent, $kind), (2, 2, 2))
        }
    };
    ($name:literal, $tier:ident, $holds:ident, $parent:literal of $kind:literal, by $($among:literal),+) => {
        Kind {
            name: $name,
            once: &[$parent, $($among),+],
            fixed: &[$($among),+],
            ..Kind::with(
                Tier::$tier,
                Holds::$holds,
                child_among($parent, $kind, &[$($among),+]),
                (2, 2, 2),
            )
        }
    };
}

#[rustfmt::skip]
pub(super) const KINDS: &[Kind] = &[
    belongs!("AWS::ApiGateway::Authorizer", Edge, Nothing, "RestApiId" of "AWS::ApiGateway::RestApi", by "Name"),
    belongs!("AWS::ApiGateway::GatewayResponse", Edge, Nothing, "RestApiId" of "AWS::ApiGateway::RestApi", by "ResponseType"),
    belongs!("AWS::ApiGateway::Model", Edge, Nothing, "RestApiId" of "AWS::ApiGateway::RestApi", by "Name"),
    belongs!("AWS::ApiGateway::RequestValidator", Edge, Nothing, "RestApiId" of "AWS::ApiGateway::RestApi", by "Name"),
    belongs!("AWS::ApiGateway::Resource", Edge, Nothing, "RestApiId" of "AWS::ApiGateway::RestApi", by "ParentId", "PathPart"),
    belongs!("AWS::ApiGatewayV2::ApiMapping", Edge, Nothing, "DomainName" of "AWS::ApiGatewayV2::DomainName", by "ApiMappingKey"),
    belongs!("AWS::ApiGatewayV2::Authorizer", Edge, Nothing, "ApiId" of "AWS::ApiGatewayV2::Api", by "Name"),
    belongs!("AWS::ApiGatewayV2::Integration", Edge, Nothing, "ApiId" of "AWS::ApiGatewayV2::Api", by "IntegrationType", "IntegrationUri"),
    belongs!("AWS::ApiGatewayV2::Model", Edge, Nothing, "ApiId" of "AWS::ApiGatewayV2::Api", by "Name"),
    belongs!("AWS::ApiGatewayV2::Route", Edge, Nothing, "ApiId" of "AWS::ApiGatewayV2::Api", by "RouteKey"),
    belongs!("AWS::AutoScaling::ScheduledAction", Compute, Nothing, "AutoScalingGroupName" of "AWS::AutoScaling::AutoScalingGroup", by "Recurrence"),
    belongs!("AWS::AutoScaling::WarmPool", Compute, Nothing, "AutoScalingGroupName" of "AWS::AutoScaling::AutoScalingGroup"),
    belongs!("AWS::CloudFront::MonitoringSubscription", Monitoring, Nothing, "DistributionId" of "AWS::CloudFront::Distribution"),
    belongs!("AWS::Cognito::IdentityPoolRoleAttachment", Security, Nothing, "IdentityPoolId" of "AWS::Cognito::IdentityPool", by "IdentityPoolId"),
    // Whoever signs in knows its identifier, and its secret cannot be had again.
    belongs!("AWS::Cognito::UserPoolClient", Security, Data, "UserPoolId" of "AWS::Cognito::UserPool", by "ClientName"),
    belongs!("AWS::Cognito::UserPoolGroup", Security, Nothing, "UserPoolId" of "AWS::Cognito::UserPool"),
    belongs!("AWS::Cognito::UserPoolIdentityProvider", Security, Nothing, "UserPoolId" of "AWS::Cognito::UserPool"),
    belongs!("AWS::Cognito::UserPoolResourceServer", Security, Nothing, "UserPoolId" of "AWS::Cognito::UserPool"),
    kept(belongs!("AWS::EC2::NetworkInterfaceAttachment", Network, Nothing, "NetworkInterfaceId" of "AWS::EC2::NetworkInterface", by "InstanceId", "DeviceIndex")),
    belongs!("AWS::EC2::SubnetCidrBlock", Network, Nothing, "SubnetId" of "AWS::EC2::Subnet", by "SubnetId"),
    belongs!("AWS::EC2::SubnetNetworkAclAssociation", Network, Nothing, "SubnetId" of "AWS::EC2::Subnet", by "NetworkAclId"),
    belongs!("AWS::EC2::VPCCidrBlock", Network, Nothing, "VpcId" of "AWS::EC2::VPC", by "CidrBlock"),
    belongs!("AWS::EC2::VPCDHCPOptionsAssociation", Network, Nothing, "VpcId" of "AWS::EC2::VPC"),
    kept(belongs!("AWS::EC2::VolumeAttachment", Compute, Nothing, "VolumeId" of "AWS::EC2::Volume")),
    belongs!("AWS::ECS::ClusterCapacityProviderAssociations", Compute, Nothing, "Cluster" of "AWS::ECS::Cluster"),
    kept(belongs!("AWS::EFS::MountTarget", Data, Nothing, "FileSystemId" of "AWS::EFS::FileSystem", by "SubnetId")),
    belongs!("AWS::Lambda::Alias", Compute, Nothing, "FunctionName" of "AWS::Lambda::Function", by "Name"),
    belongs!("AWS::Lambda::EventInvokeConfig", Compute, Nothing, "FunctionName" of "AWS::Lambda::Function"),
    belongs!("AWS::Lambda::Permission", Compute, Nothing, "FunctionName" of "AWS::Lambda::Function", by "Action", "Principal", "SourceArn", "SourceAccount"),
    belongs!("AWS::Lambda::Url", Compute, Nothing, "TargetFunctionArn" of "AWS::Lambda::Function", by "Qualifier"),
    belongs!("AWS::Logs::MetricFilter", Monitoring, Nothing, "LogGroupName" of "AWS::Logs::LogGroup"),
    belongs!("AWS::Logs::SubscriptionFilter", Monitoring, Nothing, "LogGroupName" of "AWS::Logs::LogGroup"),
    belongs!("AWS::RDS::DBProxyTargetGroup", Data, Nothing, "DBProxyName" of "AWS::RDS::DBProxy", by "TargetGroupName"),
    belongs!("AWS::Route53::DNSSEC", Dns, Nothing, "HostedZoneId" of "AWS::Route53::HostedZone"),
    kept(belongs!("AWS::Route53::KeySigningKey", Dns, Nothing, "HostedZoneId" of "AWS::Route53::HostedZone")),
    belongs!("AWS::SES::ConfigurationSetEventDestination", Monitoring, Nothing, "ConfigurationSetName" of "AWS::SES::ConfigurationSet", by "EventDestination.Name"),
    belongs!("AWS::SQS::QueueInlinePolicy", Security, Nothing, "Queue" of "AWS::SQS::Queue"),
    Kind {
        // CloudFormation's policy for several queues cannot be read
        // (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queueinlinepolicy.html).
        stand_in: Some(StandIn { kind: "AWS::SQS::QueueInlinePolicy", list: "Queues", single: "Queue" }),
        ..belongs!("AWS::SQS::QueuePolicy", Security, Nothing, "Queues.0" of "AWS::SQS::Queue", by "Queues.0")
    },
    belongs!("AWS::SSM::MaintenanceWindowTarget", Security, Nothing, "WindowId" of "AWS::SSM::MaintenanceWindow", by "Name"),
    belongs!("AWS::SSM::MaintenanceWindowTask", Security, Nothing, "WindowId" of "AWS::SSM::MaintenanceWindow", by "Name"),
    belongs!("AWS::SecretsManager::ResourcePolicy", Security, Nothing, "SecretId" of "AWS::SecretsManager::Secret", by "SecretId"),
    belongs!("AWS::SecretsManager::RotationSchedule", Security, Nothing, "SecretId" of "AWS::SecretsManager::Secret", by "SecretId"),
    belongs!("AWS::SecretsManager::SecretTargetAttachment", Security, Nothing, "SecretId" of "AWS::SecretsManager::Secret", by "SecretId"),
    kept(belongs!("AWS::ServiceDiscovery::Instance", Network, Nothing, "ServiceId" of "AWS::ServiceDiscovery::Service")),
];
