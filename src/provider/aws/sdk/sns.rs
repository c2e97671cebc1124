//! Written by schemas/bind.py: names of members, AWS's and the SDK's.

use aws_sdk_sns as sdk;

use crate::provider::aws::convert::{operation, record};

operation!(create_topic, "sns:CreateTopic", ["Name" set_name "Attributes" set_attributes "Tags" set_tags "DataProtectionPolicy" set_data_protection_policy], ["TopicArn" topic_arn]);
operation!(delete_topic, "sns:DeleteTopic", ["TopicArn" set_topic_arn], []);
operation!(get_data_protection_policy, "sns:GetDataProtectionPolicy", ["ResourceArn" set_resource_arn], ["DataProtectionPolicy" data_protection_policy]);
operation!(get_subscription_attributes, "sns:GetSubscriptionAttributes", ["SubscriptionArn" set_subscription_arn], ["Attributes" attributes]);
operation!(get_topic_attributes, "sns:GetTopicAttributes", ["TopicArn" set_topic_arn], ["Attributes" attributes]);
operation!(list_subscriptions_by_topic, "sns:ListSubscriptionsByTopic", ["TopicArn" set_topic_arn "NextToken" set_next_token], ["Subscriptions" subscriptions "NextToken" next_token]);
operation!(list_tags_for_resource, "sns:ListTagsForResource", ["ResourceArn" set_resource_arn], ["Tags" tags]);
operation!(list_topics, "sns:ListTopics", ["NextToken" set_next_token], ["Topics" topics "NextToken" next_token]);
operation!(put_data_protection_policy, "sns:PutDataProtectionPolicy", ["ResourceArn" set_resource_arn "DataProtectionPolicy" set_data_protection_policy], []);
operation!(set_subscription_attributes, "sns:SetSubscriptionAttributes", ["SubscriptionArn" set_subscription_arn "AttributeName" set_attribute_name "AttributeValue" set_attribute_value], []);
operation!(set_topic_attributes, "sns:SetTopicAttributes", ["TopicArn" set_topic_arn "AttributeName" set_attribute_name "AttributeValue" set_attribute_value], []);
operation!(subscribe, "sns:Subscribe", ["TopicArn" set_topic_arn "Protocol" set_protocol "Endpoint" set_endpoint "Attributes" set_attributes "ReturnSubscriptionArn" set_return_subscription_arn], ["SubscriptionArn" subscription_arn]);
operation!(tag_resource, "sns:TagResource", ["ResourceArn" set_resource_arn "Tags" set_tags], []);
operation!(unsubscribe, "sns:Unsubscribe", ["SubscriptionArn" set_subscription_arn], []);
operation!(untag_resource, "sns:UntagResource", ["ResourceArn" set_resource_arn "TagKeys" set_tag_keys], []);

record!(read Subscription, ["SubscriptionArn" subscription_arn set_subscription_arn "Owner" owner set_owner "Protocol" protocol set_protocol "Endpoint" endpoint set_endpoint "TopicArn" topic_arn set_topic_arn]);
record!(readfill Tag, ["Key" key set_key "Value" value set_value]);
record!(read Topic, ["TopicArn" topic_arn set_topic_arn]);
