//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_cloudwatch as sdk;

use crate::provider::aws::bridge::{operation, record, word};

operation!(delete_alarms, "cloudwatch:DeleteAlarms", ["AlarmNames" set_alarm_names], []);
operation!(describe_alarms, "cloudwatch:DescribeAlarms", ["AlarmNames" set_alarm_names "AlarmNamePrefix" set_alarm_name_prefix "AlarmTypes" set_alarm_types "ChildrenOfAlarmName" set_children_of_alarm_name "ParentsOfAlarmName" set_parents_of_alarm_name "StateValue" set_state_value "ActionPrefix" set_action_prefix "MaxRecords" set_max_records "NextToken" set_next_token], ["CompositeAlarms" composite_alarms "MetricAlarms" metric_alarms "NextToken" next_token]);
operation!(get_metric_data, "cloudwatch:GetMetricData", ["MetricDataQueries" set_metric_data_queries "StartTime" set_start_time "EndTime" set_end_time "NextToken" set_next_token "ScanBy" set_scan_by "MaxDatapoints" set_max_datapoints "LabelOptions" set_label_options], ["MetricDataResults" metric_data_results "NextToken" next_token "Messages" messages]);
operation!(list_tags_for_resource, "cloudwatch:ListTagsForResource", ["ResourceARN" set_resource_arn], ["Tags" tags]);
operation!(put_metric_alarm, "cloudwatch:PutMetricAlarm", ["AlarmName" set_alarm_name "AlarmDescription" set_alarm_description "ActionsEnabled" set_actions_enabled "OKActions" set_ok_actions "AlarmActions" set_alarm_actions "InsufficientDataActions" set_insufficient_data_actions "MetricName" set_metric_name "Namespace" set_namespace "Statistic" set_statistic "ExtendedStatistic" set_extended_statistic "Dimensions" set_dimensions "Period" set_period "Unit" set_unit "EvaluationPeriods" set_evaluation_periods "DatapointsToAlarm" set_datapoints_to_alarm "Threshold" set_threshold "ComparisonOperator" set_comparison_operator "TreatMissingData" set_treat_missing_data "EvaluateLowSampleCountPercentile" set_evaluate_low_sample_count_percentile "Metrics" set_metrics "Tags" set_tags "ThresholdMetricId" set_threshold_metric_id], []);
operation!(tag_resource, "cloudwatch:TagResource", ["ResourceARN" set_resource_arn "Tags" set_tags], []);
operation!(untag_resource, "cloudwatch:UntagResource", ["ResourceARN" set_resource_arn "TagKeys" set_tag_keys], []);

word!(ActionsSuppressedBy);
word!(AlarmType);
word!(ComparisonOperator);
record!(read CompositeAlarm, ["ActionsEnabled" actions_enabled set_actions_enabled "AlarmActions" alarm_actions set_alarm_actions "AlarmArn" alarm_arn set_alarm_arn "AlarmConfigurationUpdatedTimestamp" alarm_configuration_updated_timestamp set_alarm_configuration_updated_timestamp "AlarmDescription" alarm_description set_alarm_description "AlarmName" alarm_name set_alarm_name "AlarmRule" alarm_rule set_alarm_rule "InsufficientDataActions" insufficient_data_actions set_insufficient_data_actions "OKActions" ok_actions set_ok_actions "StateReason" state_reason set_state_reason "StateReasonData" state_reason_data set_state_reason_data "StateUpdatedTimestamp" state_updated_timestamp set_state_updated_timestamp "StateValue" state_value set_state_value "StateTransitionedTimestamp" state_transitioned_timestamp set_state_transitioned_timestamp "ActionsSuppressedBy" actions_suppressed_by set_actions_suppressed_by "ActionsSuppressedReason" actions_suppressed_reason set_actions_suppressed_reason "ActionsSuppressor" actions_suppressor set_actions_suppressor "ActionsSuppressorWaitPeriod" actions_suppressor_wait_period set_actions_suppressor_wait_period "ActionsSuppressorExtensionPeriod" actions_suppressor_extension_period set_actions_suppressor_extension_period]);
record!(readfill Dimension, ["Name" name set_name "Value" value set_value]);
word!(EvaluationState);
record!(fill LabelOptions, ["Timezone" timezone set_timezone]);
record!(read MessageData, ["Code" code set_code "Value" value set_value]);
record!(readfill Metric, ["Namespace" namespace set_namespace "MetricName" metric_name set_metric_name "Dimensions" dimensions set_dimensions]);
record!(read MetricAlarm, ["AlarmName" alarm_name set_alarm_name "AlarmArn" alarm_arn set_alarm_arn "AlarmDescription" alarm_description set_alarm_description "AlarmConfigurationUpdatedTimestamp" alarm_configuration_updated_timestamp set_alarm_configuration_updated_timestamp "ActionsEnabled" actions_enabled set_actions_enabled "OKActions" ok_actions set_ok_actions "AlarmActions" alarm_actions set_alarm_actions "InsufficientDataActions" insufficient_data_actions set_insufficient_data_actions "StateValue" state_value set_state_value "StateReason" state_reason set_state_reason "StateReasonData" state_reason_data set_state_reason_data "StateUpdatedTimestamp" state_updated_timestamp set_state_updated_timestamp "MetricName" metric_name set_metric_name "Namespace" namespace set_namespace "Statistic" statistic set_statistic "ExtendedStatistic" extended_statistic set_extended_statistic "Dimensions" dimensions set_dimensions "Period" period set_period "Unit" unit set_unit "EvaluationPeriods" evaluation_periods set_evaluation_periods "DatapointsToAlarm" datapoints_to_alarm set_datapoints_to_alarm "Threshold" threshold set_threshold "ComparisonOperator" comparison_operator set_comparison_operator "TreatMissingData" treat_missing_data set_treat_missing_data "EvaluateLowSampleCountPercentile" evaluate_low_sample_count_percentile set_evaluate_low_sample_count_percentile "Metrics" metrics set_metrics "ThresholdMetricId" threshold_metric_id set_threshold_metric_id "EvaluationState" evaluation_state set_evaluation_state "StateTransitionedTimestamp" state_transitioned_timestamp set_state_transitioned_timestamp]);
record!(readfill MetricDataQuery, ["Id" id set_id "MetricStat" metric_stat set_metric_stat "Expression" expression set_expression "Label" label set_label "ReturnData" return_data set_return_data "Period" period set_period "AccountId" account_id set_account_id]);
record!(read MetricDataResult, ["Id" id set_id "Label" label set_label "Timestamps" timestamps set_timestamps "Values" values set_values "StatusCode" status_code set_status_code "Messages" messages set_messages]);
record!(readfill MetricStat, ["Metric" metric set_metric "Period" period set_period "Stat" stat set_stat "Unit" unit set_unit]);
word!(ScanBy);
word!(StandardUnit);
word!(StateValue);
word!(Statistic);
word!(StatusCode);
record!(readfill Tag, ["Key" key set_key "Value" value set_value]);
