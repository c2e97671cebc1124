//! The firewall before a site.

use super::record::{Drawn, Holds, Identity, Kind, Tier, child, kept_by, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::WAFv2::LoggingConfiguration",

        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            child("ResourceArn", "AWS::WAFv2::WebACL"),
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::WAFv2::WebACL",
        sets: &[("Rules", "Name")],
        drawn: Drawn::leads("AWS WAF"),
        once: &["Name"],
        named_by: &[kept_by("WebACLId"), let_go_by("ResourceArn")],
        ..Kind::with(Tier::Edge, Holds::Nothing, Identity::Tags, (3, 3, 3))
    },
    Kind {
        name: "AWS::WAFv2::WebACLAssociation",

        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            child("WebACLArn", "AWS::WAFv2::WebACL"),
            (5, 5, 5),
        )
    },
];
