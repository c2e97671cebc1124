//! Certificates.

use super::record::{Canonical, Holds, Identity, Kind, Tier, kept_by};
use crate::value::Map;

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::CertificateManager::Certificate",
    canonical: &[("DomainName", Canonical::DnsName)],
    sets: &[
        ("DomainValidationOptions", "DomainName"),
        ("SubjectAlternativeNames", ""),
    ],
    named_by: &[kept_by("CertificateArn"), kept_by("AcmCertificateArn")],
    patience: Some(patience),
    ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (90, 5, 5))
}];

/// A certificate waits for people who delegate a zone, and ACM itself may take half an hour; Terraform's provider waits
/// 75 minutes (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/acm_certificate_validation>).
fn patience(_: &Map) -> u64 {
    75 * 60
}
