//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_secretsmanager as sdk;

use crate::provider::aws::convert::{operation, record, word};

operation!(create_secret, "secretsmanager:CreateSecret", ["Name" set_name "ClientRequestToken" set_client_request_token "Description" set_description "KmsKeyId" set_kms_key_id "SecretBinary" set_secret_binary "SecretString" set_secret_string "Tags" set_tags "AddReplicaRegions" set_add_replica_regions "ForceOverwriteReplicaSecret" set_force_overwrite_replica_secret "Type" set_type], ["ARN" arn "Name" name "VersionId" version_id "ReplicationStatus" replication_status]);
operation!(delete_secret, "secretsmanager:DeleteSecret", ["SecretId" set_secret_id "RecoveryWindowInDays" set_recovery_window_in_days "ForceDeleteWithoutRecovery" set_force_delete_without_recovery], ["ARN" arn "Name" name "DeletionDate" deletion_date]);
operation!(describe_secret, "secretsmanager:DescribeSecret", ["SecretId" set_secret_id], ["ARN" arn "Name" name "Type" r#type "Description" description "KmsKeyId" kms_key_id "RotationEnabled" rotation_enabled "RotationLambdaARN" rotation_lambda_arn "RotationRules" rotation_rules "ExternalSecretRotationMetadata" external_secret_rotation_metadata "ExternalSecretRotationRoleArn" external_secret_rotation_role_arn "LastRotatedDate" last_rotated_date "LastChangedDate" last_changed_date "LastAccessedDate" last_accessed_date "DeletedDate" deleted_date "NextRotationDate" next_rotation_date "Tags" tags "VersionIdsToStages" version_ids_to_stages "OwningService" owning_service "CreatedDate" created_date "PrimaryRegion" primary_region "ReplicationStatus" replication_status]);
operation!(get_random_password, "secretsmanager:GetRandomPassword", ["PasswordLength" set_password_length "ExcludeCharacters" set_exclude_characters "ExcludeNumbers" set_exclude_numbers "ExcludePunctuation" set_exclude_punctuation "ExcludeUppercase" set_exclude_uppercase "ExcludeLowercase" set_exclude_lowercase "IncludeSpace" set_include_space "RequireEachIncludedType" set_require_each_included_type], ["RandomPassword" random_password]);
operation!(get_secret_value, "secretsmanager:GetSecretValue", ["SecretId" set_secret_id "VersionId" set_version_id "VersionStage" set_version_stage], ["ARN" arn "Name" name "VersionId" version_id "SecretBinary" secret_binary "SecretString" secret_string "VersionStages" version_stages "CreatedDate" created_date]);
operation!(list_secrets, "secretsmanager:ListSecrets", ["IncludePlannedDeletion" set_include_planned_deletion "MaxResults" set_max_results "NextToken" set_next_token "Filters" set_filters "SortOrder" set_sort_order "SortBy" set_sort_by], ["SecretList" secret_list "NextToken" next_token]);
operation!(remove_regions_from_replication, "secretsmanager:RemoveRegionsFromReplication", ["SecretId" set_secret_id "RemoveReplicaRegions" set_remove_replica_regions], ["ARN" arn "ReplicationStatus" replication_status]);
operation!(replicate_secret_to_regions, "secretsmanager:ReplicateSecretToRegions", ["SecretId" set_secret_id "AddReplicaRegions" set_add_replica_regions "ForceOverwriteReplicaSecret" set_force_overwrite_replica_secret], ["ARN" arn "ReplicationStatus" replication_status]);
operation!(restore_secret, "secretsmanager:RestoreSecret", ["SecretId" set_secret_id], ["ARN" arn "Name" name]);
operation!(tag_resource, "secretsmanager:TagResource", ["SecretId" set_secret_id "Tags" set_tags], []);
operation!(untag_resource, "secretsmanager:UntagResource", ["SecretId" set_secret_id "TagKeys" set_tag_keys], []);
operation!(update_secret, "secretsmanager:UpdateSecret", ["SecretId" set_secret_id "ClientRequestToken" set_client_request_token "Description" set_description "KmsKeyId" set_kms_key_id "SecretBinary" set_secret_binary "SecretString" set_secret_string "Type" set_type], ["ARN" arn "Name" name "VersionId" version_id]);

record!(read ExternalSecretRotationMetadataItem, ["Key" key set_key "Value" value set_value]);
record!(fill Filter, ["Key" key set_key "Values" values set_values]);
word!(FilterNameStringType);
record!(fill ReplicaRegionType, ["Region" region set_region "KmsKeyId" kms_key_id set_kms_key_id]);
record!(read ReplicationStatusType, ["Region" region set_region "KmsKeyId" kms_key_id set_kms_key_id "Status" status set_status "StatusMessage" status_message set_status_message "LastAccessedDate" last_accessed_date set_last_accessed_date]);
record!(read RotationRulesType, ["AutomaticallyAfterDays" automatically_after_days set_automatically_after_days "Duration" duration set_duration "ScheduleExpression" schedule_expression set_schedule_expression]);
record!(read SecretListEntry, ["ARN" arn set_arn "Name" name set_name "Type" r#type set_type "Description" description set_description "KmsKeyId" kms_key_id set_kms_key_id "RotationEnabled" rotation_enabled set_rotation_enabled "RotationLambdaARN" rotation_lambda_arn set_rotation_lambda_arn "RotationRules" rotation_rules set_rotation_rules "ExternalSecretRotationMetadata" external_secret_rotation_metadata set_external_secret_rotation_metadata "ExternalSecretRotationRoleArn" external_secret_rotation_role_arn set_external_secret_rotation_role_arn "LastRotatedDate" last_rotated_date set_last_rotated_date "LastChangedDate" last_changed_date set_last_changed_date "LastAccessedDate" last_accessed_date set_last_accessed_date "DeletedDate" deleted_date set_deleted_date "NextRotationDate" next_rotation_date set_next_rotation_date "Tags" tags set_tags "SecretVersionsToStages" secret_versions_to_stages set_secret_versions_to_stages "OwningService" owning_service set_owning_service "CreatedDate" created_date set_created_date "PrimaryRegion" primary_region set_primary_region]);
word!(SortByType);
word!(SortOrderType);
word!(StatusType);
record!(readfill Tag, ["Key" key set_key "Value" value set_value]);
