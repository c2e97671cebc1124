//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_acm as sdk;

use crate::provider::aws::convert::{operation, record, word};

operation!(add_tags_to_certificate, "acm:AddTagsToCertificate", ["CertificateArn" set_certificate_arn "Tags" set_tags], []);
operation!(delete_certificate, "acm:DeleteCertificate", ["CertificateArn" set_certificate_arn], []);
operation!(describe_certificate, "acm:DescribeCertificate", ["CertificateArn" set_certificate_arn], ["Certificate" certificate]);
operation!(list_certificates, "acm:ListCertificates", ["CertificateStatuses" set_certificate_statuses "CertificateKeyPairOrigins" set_certificate_key_pair_origins "Includes" set_includes "NextToken" set_next_token "MaxItems" set_max_items "SortBy" set_sort_by "SortOrder" set_sort_order], ["NextToken" next_token "CertificateSummaryList" certificate_summary_list]);
operation!(list_tags_for_certificate, "acm:ListTagsForCertificate", ["CertificateArn" set_certificate_arn], ["Tags" tags]);
operation!(remove_tags_from_certificate, "acm:RemoveTagsFromCertificate", ["CertificateArn" set_certificate_arn "Tags" set_tags], []);
operation!(request_certificate, "acm:RequestCertificate", ["DomainName" set_domain_name "ValidationMethod" set_validation_method "SubjectAlternativeNames" set_subject_alternative_names "IdempotencyToken" set_idempotency_token "DomainValidationOptions" set_domain_validation_options "Options" set_options "CertificateAuthorityArn" set_certificate_authority_arn "Tags" set_tags "KeyAlgorithm" set_key_algorithm "ManagedBy" set_managed_by], ["CertificateArn" certificate_arn]);
operation!(update_certificate_options, "acm:UpdateCertificateOptions", ["CertificateArn" set_certificate_arn "Options" set_options], []);

record!(read CertificateDetail, ["CertificateArn" certificate_arn set_certificate_arn "DomainName" domain_name set_domain_name "SubjectAlternativeNames" subject_alternative_names set_subject_alternative_names "ManagedBy" managed_by set_managed_by "DomainValidationOptions" domain_validation_options set_domain_validation_options "Serial" serial set_serial "Subject" subject set_subject "Issuer" issuer set_issuer "CreatedAt" created_at set_created_at "IssuedAt" issued_at set_issued_at "ImportedAt" imported_at set_imported_at "Status" status set_status "RevokedAt" revoked_at set_revoked_at "RevocationReason" revocation_reason set_revocation_reason "NotBefore" not_before set_not_before "NotAfter" not_after set_not_after "KeyAlgorithm" key_algorithm set_key_algorithm "SignatureAlgorithm" signature_algorithm set_signature_algorithm "InUseBy" in_use_by set_in_use_by "FailureReason" failure_reason set_failure_reason "Type" r#type set_type "RenewalSummary" renewal_summary set_renewal_summary "KeyUsages" key_usages set_key_usages "ExtendedKeyUsages" extended_key_usages set_extended_key_usages "CertificateAuthorityArn" certificate_authority_arn set_certificate_authority_arn "RenewalEligibility" renewal_eligibility set_renewal_eligibility "Options" options set_options "UpdateSummary" update_summary set_update_summary "CertificateKeyPairOrigin" certificate_key_pair_origin set_certificate_key_pair_origin "AcmeEndpointArn" acme_endpoint_arn set_acme_endpoint_arn "AcmeAccountId" acme_account_id set_acme_account_id]);
word!(CertificateExport);
word!(CertificateKeyPairOrigin);
word!(CertificateManagedBy);
record!(readfill CertificateOptions, ["CertificateTransparencyLoggingPreference" certificate_transparency_logging_preference set_certificate_transparency_logging_preference "Export" export set_export "ValidationMethod" validation_method set_validation_method]);
word!(CertificateStatus);
record!(read CertificateSummary, ["CertificateArn" certificate_arn set_certificate_arn "DomainName" domain_name set_domain_name "SubjectAlternativeNameSummaries" subject_alternative_name_summaries set_subject_alternative_name_summaries "HasAdditionalSubjectAlternativeNames" has_additional_subject_alternative_names set_has_additional_subject_alternative_names "Status" status set_status "Type" r#type set_type "KeyAlgorithm" key_algorithm set_key_algorithm "KeyUsages" key_usages set_key_usages "ExtendedKeyUsages" extended_key_usages set_extended_key_usages "ExportOption" export_option set_export_option "InUse" in_use set_in_use "Exported" exported set_exported "RenewalEligibility" renewal_eligibility set_renewal_eligibility "NotBefore" not_before set_not_before "NotAfter" not_after set_not_after "CreatedAt" created_at set_created_at "IssuedAt" issued_at set_issued_at "ImportedAt" imported_at set_imported_at "RevokedAt" revoked_at set_revoked_at "ManagedBy" managed_by set_managed_by "CertificateKeyPairOrigin" certificate_key_pair_origin set_certificate_key_pair_origin]);
word!(CertificateTransparencyLoggingPreference);
word!(CertificateType);
word!(DomainStatus);
record!(read DomainValidation, ["DomainName" domain_name set_domain_name "ValidationEmails" validation_emails set_validation_emails "ValidationDomain" validation_domain set_validation_domain "ValidationStatus" validation_status set_validation_status "ResourceRecord" resource_record set_resource_record "HttpRedirect" http_redirect set_http_redirect "ValidationMethod" validation_method set_validation_method]);
record!(read DomainValidationMethodUpdateSummary, ["From" from set_from "To" to set_to]);
record!(fill DomainValidationOption, ["DomainName" domain_name set_domain_name "ValidationDomain" validation_domain set_validation_domain]);
record!(read ExtendedKeyUsage, ["Name" name set_name "OID" oid set_oid]);
word!(ExtendedKeyUsageName);
word!(FailureReason);
record!(fill Filters, ["extendedKeyUsage" extended_key_usage set_extended_key_usage "keyUsage" key_usage set_key_usage "keyTypes" key_types set_key_types "exportOption" export_option set_export_option "managedBy" managed_by set_managed_by]);
record!(read HttpRedirect, ["RedirectFrom" redirect_from set_redirect_from "RedirectTo" redirect_to set_redirect_to]);
word!(KeyAlgorithm);
record!(read KeyUsage, ["Name" name set_name]);
word!(KeyUsageName);
word!(RecordType);
word!(RenewalEligibility);
word!(RenewalStatus);
record!(read RenewalSummary, ["RenewalStatus" renewal_status set_renewal_status "DomainValidationOptions" domain_validation_options set_domain_validation_options "RenewalStatusReason" renewal_status_reason set_renewal_status_reason "UpdatedAt" updated_at set_updated_at]);
record!(read ResourceRecord, ["Name" name set_name "Type" r#type set_type "Value" value set_value]);
word!(RevocationReason);
word!(SortBy);
word!(SortOrder);
record!(readfill Tag, ["Key" key set_key "Value" value set_value]);
word!(UpdateStatus);
record!(read UpdateSummary, ["Status" status set_status "Type" r#type set_type "DomainValidationMethodUpdateSummary" domain_validation_method_update_summary set_domain_validation_method_update_summary "RequestedAt" requested_at set_requested_at "UpdatedAt" updated_at set_updated_at]);
word!(UpdateType);
word!(ValidationMethod);
