//! What an account is like that was never used: services have no role in it yet, and AWS may not have verified it.

use super::cloud::{Cloud, refuse};
use crate::provider::{ErrorKind, Outcome};

/// Services that make a role for themselves at an account's first use of them, and refuse that use because the role is not
/// known everywhere yet: the service's part of a kind, code and words.
///
/// Sources: RDS <https://github.com/terraform-aws-modules/terraform-aws-rds/issues/364>; ElastiCache botocore
/// elasticache.CreateReplicationGroup, `ServiceLinkedRoleNotFoundFault`; Auto Scaling botocore
/// autoscaling.CreateAutoScalingGroup, `ServiceLinkedRoleFailure`.
const ROLES: [(&str, &str, &str); 3] = [
    (
        "RDS",
        "InvalidParameterValue",
        "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later",
    ),
    (
        "ElastiCache",
        "ServiceLinkedRoleNotFoundFault",
        "The specified service linked role (SLR) was not found.",
    ),
    (
        "AutoScaling",
        "ServiceLinkedRoleFailure",
        "The service-linked role is not yet ready for use.",
    ),
];

/// Whether the account may create something of this kind.
///
/// # Errors
/// The first time that a service is used, and in an account that is not verified.
pub fn admit(cloud: &mut Cloud, unverified: bool, kind: &str, call: &str) -> Outcome<()> {
    if unverified {
        verified(kind, call)?;
    }
    let service = kind.split("::").nth(1).unwrap_or_default();
    let Some((name, code, message)) = ROLES.iter().find(|(name, _, _)| *name == service) else {
        return Ok(());
    };
    // Where another cloud was found, it is in use.
    let is_used = cloud.looked.is_some()
        || cloud
            .items
            .values()
            .any(|item| item.kind.split("::").nth(1) == Some(*name));
    if is_used || !cloud.roles.insert((*name).into()) {
        return Ok(());
    }
    Err(refuse(ErrorKind::NotFound, code, *message, call))
}

/// <https://github.com/aws-samples/aws-cdk-examples/issues/279>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>
/// (`OperationNotPermitted`).
fn verified(kind: &str, call: &str) -> Outcome<()> {
    let (code, message) = match kind {
        "AWS::CloudFront::Distribution" => (
            "AccessDenied",
            "Your account must be verified before you can add new CloudFront resources. To verify your account, please contact AWS Support (https://console.aws.amazon.com/support/home#/) and include this error message.",
        ),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => (
            "OperationNotPermitted",
            "This AWS account currently does not support creating load balancers. For more information, please contact AWS Support.",
        ),
        _ => return Ok(()),
    };
    Err(refuse(ErrorKind::Denied, code, message, call))
}
