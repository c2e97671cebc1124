//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_resourcegroupstagging as sdk;

use crate::provider::aws::convert::{operation, record};

operation!(get_resources, "tag:GetResources", ["PaginationToken" set_pagination_token "TagFilters" set_tag_filters "ResourcesPerPage" set_resources_per_page "TagsPerPage" set_tags_per_page "ResourceTypeFilters" set_resource_type_filters "IncludeComplianceDetails" set_include_compliance_details "ExcludeCompliantResources" set_exclude_compliant_resources "ResourceARNList" set_resource_arn_list], ["PaginationToken" pagination_token "ResourceTagMappingList" resource_tag_mapping_list]);

record!(read ComplianceDetails, ["NoncompliantKeys" noncompliant_keys set_noncompliant_keys "KeysWithNoncompliantValues" keys_with_noncompliant_values set_keys_with_noncompliant_values "MissingTagKeys" missing_tag_keys set_missing_tag_keys "ComplianceStatus" compliance_status set_compliance_status]);
record!(read ResourceTagMapping, ["ResourceARN" resource_arn set_resource_arn "Tags" tags set_tags "ComplianceDetails" compliance_details set_compliance_details]);
record!(read Tag, ["Key" key set_key "Value" value set_value]);
record!(fill TagFilter, ["Key" key set_key "Values" values set_values]);
