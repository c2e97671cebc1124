//! What AWS refuses to delete: what is protected, and what others need.

use super::cloud::{Cloud, Item};
use super::rules::{Refusal, is_called, text};
use crate::kinds;
use crate::kinds::references::{for_each_name, is_in_reach};
use crate::provider::ErrorKind;

/// Whether an item may go.
///
/// # Errors
/// When it is protected or something needs it.
pub fn check_delete(cloud: &Cloud, item: &Item, now: u64) -> Result<(), Refusal> {
    if let Some((property, _)) = kinds::unlocked(&item.kind, &item.properties) {
        let message = format!("{} is protected by its {property}", item.identifier);
        return Err(Refusal::new(
            ErrorKind::Conflict,
            "OperationNotPermitted",
            message,
        ));
    }
    let in_use = |other: &Item| {
        let message = format!(
            "{} has a dependent object: {} {}",
            item.identifier, other.kind, other.identifier
        );
        Refusal::new(ErrorKind::Conflict, "DependencyViolation", message)
    };
    for other in cloud.items.values() {
        if other.number == item.number || !other.exists(now) {
            continue;
        }
        let mut needs = false;
        for_each_name(&other.kind, &other.properties, &mut |entry, path, name| {
            needs |= entry.blocks
                && entry.kinds.contains(&&*item.kind)
                && is_in_reach(&item.region, &other.region, path, name)
                && is_called(item, name);
        });
        if needs {
            return Err(in_use(other));
        }
        if &*item.kind == "AWS::EC2::VPCGatewayAttachment"
            && WITH_PUBLIC_ADDRESS.contains(&&*other.kind)
            && is_in_vpc(cloud, other, text(&item.properties, "VpcId"))
        {
            return Err(in_use(other));
        }
    }
    Ok(())
}

/// What may have an address that the internet reaches. EC2 detaches no gateway while a network "has some mapped public
/// address(es)" (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html>).
const WITH_PUBLIC_ADDRESS: [&str; 5] = [
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::Instance",
    "AWS::EC2::NatGateway",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
];

/// Whether an item is in a VPC, through one of its subnets or directly.
fn is_in_vpc(cloud: &Cloud, item: &Item, vpc: &str) -> bool {
    let mut inside = text(&item.properties, "VpcId") == vpc;
    for_each_name(&item.kind, &item.properties, &mut |entry, _, name| {
        if entry.kinds.contains(&"AWS::EC2::Subnet") {
            inside |= cloud.items.values().any(|subnet| {
                &*subnet.kind == "AWS::EC2::Subnet"
                    && is_called(subnet, name)
                    && text(&subnet.properties, "VpcId") == vpc
            });
        }
    });
    inside
}
