//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_cloudcontrol as sdk;

use crate::provider::aws::convert::{operation, record, word};

operation!(create_resource, "cloudformation:CreateResource", ["TypeName" set_type_name "TypeVersionId" set_type_version_id "RoleArn" set_role_arn "ClientToken" set_client_token "DesiredState" set_desired_state], ["ProgressEvent" progress_event]);
operation!(delete_resource, "cloudformation:DeleteResource", ["TypeName" set_type_name "TypeVersionId" set_type_version_id "RoleArn" set_role_arn "ClientToken" set_client_token "Identifier" set_identifier], ["ProgressEvent" progress_event]);
operation!(get_resource, "cloudformation:GetResource", ["TypeName" set_type_name "TypeVersionId" set_type_version_id "RoleArn" set_role_arn "Identifier" set_identifier], ["TypeName" type_name "ResourceDescription" resource_description]);
operation!(get_resource_request_status, "cloudformation:GetResourceRequestStatus", ["RequestToken" set_request_token], ["ProgressEvent" progress_event "HooksProgressEvent" hooks_progress_event]);
operation!(list_resources, "cloudformation:ListResources", ["TypeName" set_type_name "TypeVersionId" set_type_version_id "RoleArn" set_role_arn "NextToken" set_next_token "MaxResults" set_max_results "ResourceModel" set_resource_model], ["TypeName" type_name "ResourceDescriptions" resource_descriptions "NextToken" next_token]);
operation!(update_resource, "cloudformation:UpdateResource", ["TypeName" set_type_name "TypeVersionId" set_type_version_id "RoleArn" set_role_arn "ClientToken" set_client_token "Identifier" set_identifier "PatchDocument" set_patch_document], ["ProgressEvent" progress_event]);

word!(HandlerErrorCode);
record!(read HookProgressEvent, ["HookTypeName" hook_type_name set_hook_type_name "HookTypeVersionId" hook_type_version_id set_hook_type_version_id "HookTypeArn" hook_type_arn set_hook_type_arn "InvocationPoint" invocation_point set_invocation_point "HookStatus" hook_status set_hook_status "HookEventTime" hook_event_time set_hook_event_time "HookStatusMessage" hook_status_message set_hook_status_message "FailureMode" failure_mode set_failure_mode]);
word!(Operation);
word!(OperationStatus);
record!(read ProgressEvent, ["TypeName" type_name set_type_name "Identifier" identifier set_identifier "RequestToken" request_token set_request_token "HooksRequestToken" hooks_request_token set_hooks_request_token "Operation" operation set_operation "OperationStatus" operation_status set_operation_status "EventTime" event_time set_event_time "ResourceModel" resource_model set_resource_model "StatusMessage" status_message set_status_message "ErrorCode" error_code set_error_code "RetryAfter" retry_after set_retry_after]);
record!(read ResourceDescription, ["Identifier" identifier set_identifier "Properties" properties set_properties]);
