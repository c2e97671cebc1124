//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_iam as sdk;

use crate::provider::aws::bridge::{operation, record, word};

operation!(add_role_to_instance_profile, "iam:AddRoleToInstanceProfile", ["InstanceProfileName" set_instance_profile_name "RoleName" set_role_name], []);
operation!(attach_role_policy, "iam:AttachRolePolicy", ["RoleName" set_role_name "PolicyArn" set_policy_arn], []);
operation!(create_instance_profile, "iam:CreateInstanceProfile", ["InstanceProfileName" set_instance_profile_name "Path" set_path "Tags" set_tags], ["InstanceProfile" instance_profile]);
operation!(create_role, "iam:CreateRole", ["Path" set_path "RoleName" set_role_name "AssumeRolePolicyDocument" set_assume_role_policy_document "Description" set_description "MaxSessionDuration" set_max_session_duration "PermissionsBoundary" set_permissions_boundary "Tags" set_tags], ["Role" role]);
operation!(delete_instance_profile, "iam:DeleteInstanceProfile", ["InstanceProfileName" set_instance_profile_name], []);
operation!(delete_role, "iam:DeleteRole", ["RoleName" set_role_name], []);
operation!(delete_role_permissions_boundary, "iam:DeleteRolePermissionsBoundary", ["RoleName" set_role_name], []);
operation!(delete_role_policy, "iam:DeleteRolePolicy", ["RoleName" set_role_name "PolicyName" set_policy_name], []);
operation!(detach_role_policy, "iam:DetachRolePolicy", ["RoleName" set_role_name "PolicyArn" set_policy_arn], []);
operation!(get_account_authorization_details, "iam:GetAccountAuthorizationDetails", ["Filter" set_filter "MaxItems" set_max_items "Marker" set_marker], ["UserDetailList" user_detail_list "GroupDetailList" group_detail_list "RoleDetailList" role_detail_list "Policies" policies "IsTruncated" is_truncated "Marker" marker]);
operation!(get_instance_profile, "iam:GetInstanceProfile", ["InstanceProfileName" set_instance_profile_name], ["InstanceProfile" instance_profile]);
operation!(get_role, "iam:GetRole", ["RoleName" set_role_name], ["Role" role]);
operation!(get_role_policy, "iam:GetRolePolicy", ["RoleName" set_role_name "PolicyName" set_policy_name], ["RoleName" role_name "PolicyName" policy_name "PolicyDocument" policy_document]);
operation!(list_attached_role_policies, "iam:ListAttachedRolePolicies", ["RoleName" set_role_name "PathPrefix" set_path_prefix "Marker" set_marker "MaxItems" set_max_items], ["AttachedPolicies" attached_policies "IsTruncated" is_truncated "Marker" marker]);
operation!(list_role_policies, "iam:ListRolePolicies", ["RoleName" set_role_name "Marker" set_marker "MaxItems" set_max_items], ["PolicyNames" policy_names "IsTruncated" is_truncated "Marker" marker]);
operation!(list_role_tags, "iam:ListRoleTags", ["RoleName" set_role_name "Marker" set_marker "MaxItems" set_max_items], ["Tags" tags "IsTruncated" is_truncated "Marker" marker]);
operation!(put_role_permissions_boundary, "iam:PutRolePermissionsBoundary", ["RoleName" set_role_name "PermissionsBoundary" set_permissions_boundary], []);
operation!(put_role_policy, "iam:PutRolePolicy", ["RoleName" set_role_name "PolicyName" set_policy_name "PolicyDocument" set_policy_document], []);
operation!(remove_role_from_instance_profile, "iam:RemoveRoleFromInstanceProfile", ["InstanceProfileName" set_instance_profile_name "RoleName" set_role_name], []);
operation!(tag_role, "iam:TagRole", ["RoleName" set_role_name "Tags" set_tags], []);
operation!(untag_role, "iam:UntagRole", ["RoleName" set_role_name "TagKeys" set_tag_keys], []);
operation!(update_assume_role_policy, "iam:UpdateAssumeRolePolicy", ["RoleName" set_role_name "PolicyDocument" set_policy_document], []);
operation!(update_role, "iam:UpdateRole", ["RoleName" set_role_name "Description" set_description "MaxSessionDuration" set_max_session_duration], []);

record!(read AttachedPermissionsBoundary, ["PermissionsBoundaryType" permissions_boundary_type set_permissions_boundary_type "PermissionsBoundaryArn" permissions_boundary_arn set_permissions_boundary_arn]);
record!(read AttachedPolicy, ["PolicyName" policy_name set_policy_name "PolicyArn" policy_arn set_policy_arn]);
word!(EntityType);
record!(read GroupDetail, ["Path" path set_path "GroupName" group_name set_group_name "GroupId" group_id set_group_id "Arn" arn set_arn "CreateDate" create_date set_create_date "GroupPolicyList" group_policy_list set_group_policy_list "AttachedManagedPolicies" attached_managed_policies set_attached_managed_policies]);
record!(read InstanceProfile, ["Path" path set_path "InstanceProfileName" instance_profile_name set_instance_profile_name "InstanceProfileId" instance_profile_id set_instance_profile_id "Arn" arn set_arn "CreateDate" create_date set_create_date "Roles" roles set_roles "Tags" tags set_tags]);
record!(read ManagedPolicyDetail, ["PolicyName" policy_name set_policy_name "PolicyId" policy_id set_policy_id "Arn" arn set_arn "Path" path set_path "DefaultVersionId" default_version_id set_default_version_id "AttachmentCount" attachment_count set_attachment_count "PermissionsBoundaryUsageCount" permissions_boundary_usage_count set_permissions_boundary_usage_count "IsAttachable" is_attachable set_is_attachable "Description" description set_description "CreateDate" create_date set_create_date "UpdateDate" update_date set_update_date "PolicyVersionList" policy_version_list set_policy_version_list]);
word!(PermissionsBoundaryAttachmentType);
record!(read PolicyDetail, ["PolicyName" policy_name set_policy_name "PolicyDocument" policy_document set_policy_document]);
record!(read PolicyVersion, ["Document" document set_document "VersionId" version_id set_version_id "IsDefaultVersion" is_default_version set_is_default_version "CreateDate" create_date set_create_date]);
record!(read Role, ["Path" path set_path "RoleName" role_name set_role_name "RoleId" role_id set_role_id "Arn" arn set_arn "CreateDate" create_date set_create_date "AssumeRolePolicyDocument" assume_role_policy_document set_assume_role_policy_document "Description" description set_description "MaxSessionDuration" max_session_duration set_max_session_duration "PermissionsBoundary" permissions_boundary set_permissions_boundary "Tags" tags set_tags "RoleLastUsed" role_last_used set_role_last_used "SourceRoleTemplate" source_role_template set_source_role_template]);
record!(read RoleDetail, ["Path" path set_path "RoleName" role_name set_role_name "RoleId" role_id set_role_id "Arn" arn set_arn "CreateDate" create_date set_create_date "AssumeRolePolicyDocument" assume_role_policy_document set_assume_role_policy_document "InstanceProfileList" instance_profile_list set_instance_profile_list "RolePolicyList" role_policy_list set_role_policy_list "AttachedManagedPolicies" attached_managed_policies set_attached_managed_policies "PermissionsBoundary" permissions_boundary set_permissions_boundary "Tags" tags set_tags "RoleLastUsed" role_last_used set_role_last_used]);
record!(read RoleLastUsed, ["LastUsedDate" last_used_date set_last_used_date "Region" region set_region]);
record!(read SourceRoleTemplate, ["TemplateArn" template_arn set_template_arn "TemplateMinorVersion" template_minor_version set_template_minor_version]);
record!(readfill Tag, ["Key" key set_key "Value" value set_value]);
record!(read UserDetail, ["Path" path set_path "UserName" user_name set_user_name "UserId" user_id set_user_id "Arn" arn set_arn "CreateDate" create_date set_create_date "UserPolicyList" user_policy_list set_user_policy_list "GroupList" group_list set_group_list "AttachedManagedPolicies" attached_managed_policies set_attached_managed_policies "PermissionsBoundary" permissions_boundary set_permissions_boundary "Tags" tags set_tags]);
