//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_cloudwatchlogs as sdk;

use crate::provider::aws::convert::{operation, record, word};

operation!(associate_kms_key, "logs:AssociateKmsKey", ["logGroupName" set_log_group_name "kmsKeyId" set_kms_key_id "resourceIdentifier" set_resource_identifier], []);
operation!(create_log_group, "logs:CreateLogGroup", ["logGroupName" set_log_group_name "kmsKeyId" set_kms_key_id "tags" set_tags "logGroupClass" set_log_group_class "deletionProtectionEnabled" set_deletion_protection_enabled], []);
operation!(delete_data_protection_policy, "logs:DeleteDataProtectionPolicy", ["logGroupIdentifier" set_log_group_identifier], []);
operation!(delete_index_policy, "logs:DeleteIndexPolicy", ["logGroupIdentifier" set_log_group_identifier], []);
operation!(delete_log_group, "logs:DeleteLogGroup", ["logGroupName" set_log_group_name], []);
operation!(delete_resource_policy, "logs:DeleteResourcePolicy", ["policyName" set_policy_name "resourceArn" set_resource_arn "expectedRevisionId" set_expected_revision_id], []);
operation!(delete_retention_policy, "logs:DeleteRetentionPolicy", ["logGroupName" set_log_group_name], []);
operation!(describe_index_policies, "logs:DescribeIndexPolicies", ["logGroupIdentifiers" set_log_group_identifiers "nextToken" set_next_token], ["indexPolicies" index_policies "nextToken" next_token]);
operation!(describe_log_groups, "logs:DescribeLogGroups", ["accountIdentifiers" set_account_identifiers "logGroupNamePrefix" set_log_group_name_prefix "logGroupNamePattern" set_log_group_name_pattern "nextToken" set_next_token "limit" set_limit "includeLinkedAccounts" set_include_linked_accounts "logGroupClass" set_log_group_class "logGroupIdentifiers" set_log_group_identifiers], ["logGroups" log_groups "nextToken" next_token]);
operation!(describe_resource_policies, "logs:DescribeResourcePolicies", ["nextToken" set_next_token "limit" set_limit "resourceArn" set_resource_arn "policyScope" set_policy_scope], ["resourcePolicies" resource_policies "nextToken" next_token]);
operation!(disassociate_kms_key, "logs:DisassociateKmsKey", ["logGroupName" set_log_group_name "resourceIdentifier" set_resource_identifier], []);
operation!(filter_log_events, "logs:FilterLogEvents", ["logGroupName" set_log_group_name "logGroupIdentifier" set_log_group_identifier "logStreamNames" set_log_stream_names "logStreamNamePrefix" set_log_stream_name_prefix "startTime" set_start_time "endTime" set_end_time "filterPattern" set_filter_pattern "nextToken" set_next_token "limit" set_limit "interleaved" set_interleaved "unmask" set_unmask], ["events" events "searchedLogStreams" searched_log_streams "nextToken" next_token]);
operation!(get_data_protection_policy, "logs:GetDataProtectionPolicy", ["logGroupIdentifier" set_log_group_identifier], ["logGroupIdentifier" log_group_identifier "policyDocument" policy_document "lastUpdatedTime" last_updated_time]);
operation!(list_tags_for_resource, "logs:ListTagsForResource", ["resourceArn" set_resource_arn], ["tags" tags]);
operation!(put_bearer_token_authentication, "logs:PutBearerTokenAuthentication", ["logGroupIdentifier" set_log_group_identifier "bearerTokenAuthenticationEnabled" set_bearer_token_authentication_enabled], []);
operation!(put_data_protection_policy, "logs:PutDataProtectionPolicy", ["logGroupIdentifier" set_log_group_identifier "policyDocument" set_policy_document], ["logGroupIdentifier" log_group_identifier "policyDocument" policy_document "lastUpdatedTime" last_updated_time]);
operation!(put_index_policy, "logs:PutIndexPolicy", ["logGroupIdentifier" set_log_group_identifier "policyDocument" set_policy_document], ["indexPolicy" index_policy]);
operation!(put_log_group_deletion_protection, "logs:PutLogGroupDeletionProtection", ["logGroupIdentifier" set_log_group_identifier "deletionProtectionEnabled" set_deletion_protection_enabled], []);
operation!(put_resource_policy, "logs:PutResourcePolicy", ["policyName" set_policy_name "policyDocument" set_policy_document "resourceArn" set_resource_arn "expectedRevisionId" set_expected_revision_id], ["resourcePolicy" resource_policy "revisionId" revision_id]);
operation!(put_retention_policy, "logs:PutRetentionPolicy", ["logGroupName" set_log_group_name "retentionInDays" set_retention_in_days], []);
operation!(tag_resource, "logs:TagResource", ["resourceArn" set_resource_arn "tags" set_tags], []);
operation!(untag_resource, "logs:UntagResource", ["resourceArn" set_resource_arn "tagKeys" set_tag_keys], []);

word!(DataProtectionStatus);
record!(read FilteredLogEvent, ["logStreamName" log_stream_name set_log_stream_name "timestamp" timestamp set_timestamp "message" message set_message "ingestionTime" ingestion_time set_ingestion_time "eventId" event_id set_event_id]);
record!(read IndexPolicy, ["logGroupIdentifier" log_group_identifier set_log_group_identifier "lastUpdateTime" last_update_time set_last_update_time "policyDocument" policy_document set_policy_document "policyName" policy_name set_policy_name "source" source set_source]);
word!(IndexSource);
word!(InheritedProperty);
record!(read LogGroup, ["logGroupName" log_group_name set_log_group_name "creationTime" creation_time set_creation_time "retentionInDays" retention_in_days set_retention_in_days "metricFilterCount" metric_filter_count set_metric_filter_count "arn" arn set_arn "storedBytes" stored_bytes set_stored_bytes "kmsKeyId" kms_key_id set_kms_key_id "dataProtectionStatus" data_protection_status set_data_protection_status "inheritedProperties" inherited_properties set_inherited_properties "logGroupClass" log_group_class set_log_group_class "logGroupArn" log_group_arn set_log_group_arn "deletionProtectionEnabled" deletion_protection_enabled set_deletion_protection_enabled "bearerTokenAuthenticationEnabled" bearer_token_authentication_enabled set_bearer_token_authentication_enabled]);
word!(LogGroupClass);
word!(PolicyScope);
record!(read ResourcePolicy, ["policyName" policy_name set_policy_name "policyDocument" policy_document set_policy_document "lastUpdatedTime" last_updated_time set_last_updated_time "policyScope" policy_scope set_policy_scope "resourceArn" resource_arn set_resource_arn "revisionId" revision_id set_revision_id]);
record!(read SearchedLogStream, ["logStreamName" log_stream_name set_log_stream_name "searchedCompletely" searched_completely set_searched_completely]);
