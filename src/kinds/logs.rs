//! Log groups.

use super::record::{Holds, Identity, Kind, Tier, let_go_by};

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::Logs::LogGroup",
    named_by: &[let_go_by("LogDestination")],
    // The agents of running servers write to a log group, and RDS to its databases'
    // (https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2764,
    // https://github.com/hashicorp/terraform-provider-aws/issues/14750).
    made_anew_by: &[
        "AWS::EC2::Instance",
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::RDS::DBInstance",
    ],
    ..Kind::with(Tier::Monitoring, Holds::Nothing, Identity::Tags, (1, 1, 1))
}];
