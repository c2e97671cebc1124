//! What a bucket has once: each property with the calls that read, write and clear it.

use serde_json::json;

use super::shapes::{
    lifecycle, lifecycle_back, notification, notification_back, website, website_back,
};
use super::{Call, Client, call};
use crate::provider::aws::sdk::s3;
use crate::provider::aws::service::{
    gone_is_fine, input, none_if_gone, renamed, renamed_back, without,
};
use crate::provider::{ErrorKind, Outcome};
use crate::value::{Map, Value};

/// A property of a bucket that has calls of its own.
pub struct Setting {
    /// Its name.
    pub property: &'static str,
    /// The call that reads it; none for what S3 does not give back.
    get: Option<Call>,
    /// The call that writes it.
    put: Call,
    /// How it goes back to what a new bucket has.
    clear: Clear,
    /// CloudFormation's names and S3's, at any depth.
    names: &'static [(&'static str, &'static str)],
    /// The parameters of `put` for a bucket's renamed value.
    write: fn(&str, Value) -> serde_json::Value,
    /// The value in the answer of `get`, which is empty for what is not set.
    read: fn(Map) -> Option<Value>,
}

/// How a property goes back to what a new bucket has.
enum Clear {
    /// By a call of its own.
    Delete(Call),
    /// By putting this.
    Put(fn() -> serde_json::Value),
}

impl Setting {
    /// Its name, and its value if it has one.
    pub async fn get(&self, api: &Client, bucket: &str) -> Outcome<(&'static str, Option<Value>)> {
        let Some(get) = self.get else {
            return Ok((self.property, None));
        };
        let answer = match get(api, &input(json!({"Bucket": bucket}))).await {
            // Not every region has every configuration.
            Err(error) if is_unknown_here(&error.code, error.kind) => None,
            other => none_if_gone(other)?,
        };
        let value = (self.read)(answer.unwrap_or_default());
        Ok((
            self.property,
            value.map(|value| renamed_back(value, self.names)),
        ))
    }

    /// Writes it.
    pub async fn put(&self, api: &Client, bucket: &str, value: &Value) -> Outcome<()> {
        let value = renamed(value.clone(), self.names);
        self.send(api, bucket, (self.write)(bucket, value)).await
    }

    /// Puts it back to what a new bucket has.
    pub async fn clear(&self, api: &Client, bucket: &str) -> Outcome<()> {
        match &self.clear {
            Clear::Delete(delete) => {
                gone_is_fine(delete(api, &input(json!({"Bucket": bucket}))).await)
            }
            Clear::Put(parameters) => self.send(api, bucket, parameters()).await,
        }
    }

    async fn send(&self, api: &Client, bucket: &str, json: serde_json::Value) -> Outcome<()> {
        let mut parameters = input(json);
        parameters.insert("Bucket", Value::str(bucket));
        (self.put)(api, &parameters).await?;
        Ok(())
    }
}

fn is_unknown_here(code: &str, kind: ErrorKind) -> bool {
    kind == ErrorKind::Unsupported || ["MethodNotAllowed", "UnsupportedOperation"].contains(&code)
}

/// Every one, in the order of writing: what others need comes first.
pub const SETTINGS: &[Setting] = &[
    Setting {
        property: "OwnershipControls",
        get: Some(call!(get_bucket_ownership_controls)),
        put: call!(put_bucket_ownership_controls),
        // Without any, access control lists would work again; a new bucket has none of those.
        clear: Clear::Put(
            || json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}),
        ),
        names: &[],
        write: |_, value| json!({"OwnershipControls": plain(&value)}),
        read: |mut answer| answer.remove("OwnershipControls"),
    },
    Setting {
        property: "PublicAccessBlockConfiguration",
        get: Some(call!(get_public_access_block)),
        put: call!(put_public_access_block),
        clear: Clear::Put(|| {
            json!({"PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true, "BlockPublicPolicy": true,
                "IgnorePublicAcls": true, "RestrictPublicBuckets": true}})
        }),
        names: &[],
        write: |_, value| json!({"PublicAccessBlockConfiguration": plain(&value)}),
        read: |mut answer| answer.remove("PublicAccessBlockConfiguration"),
    },
    Setting {
        property: "AccessControl",
        // S3 tells grants, not the name that stood for them.
        get: None,
        put: call!(put_bucket_acl),
        clear: Clear::Put(|| json!({"ACL": "private"})),
        names: &[],
        write: |_, value| json!({"ACL": hyphenated(value.as_str().unwrap_or_default())}),
        read: |_| None,
    },
    Setting {
        property: "BucketEncryption",
        get: Some(call!(get_bucket_encryption)),
        put: call!(put_bucket_encryption),
        // S3 goes back to its own keys.
        clear: Clear::Delete(call!(delete_bucket_encryption)),
        names: &[
            ("ServerSideEncryptionConfiguration", "Rules"),
            (
                "ServerSideEncryptionByDefault",
                "ApplyServerSideEncryptionByDefault",
            ),
        ],
        write: |_, value| json!({"ServerSideEncryptionConfiguration": plain(&value)}),
        read: |mut answer| answer.remove("ServerSideEncryptionConfiguration"),
    },
    Setting {
        property: "VersioningConfiguration",
        get: Some(call!(get_bucket_versioning)),
        put: call!(put_bucket_versioning),
        // A bucket that once had versions never is without again.
        clear: Clear::Put(|| json!({"VersioningConfiguration": {"Status": "Suspended"}})),
        names: &[],
        write: |_, value| json!({"VersioningConfiguration": plain(&value)}),
        read: |answer| filled(without(&answer, &["MFADelete"])),
    },
    Setting {
        property: "ObjectLockEnabled",
        get: Some(call!(get_object_lock_configuration)),
        put: call!(put_object_lock_configuration),
        // S3 refuses: a lock stays.
        clear: Clear::Put(|| json!({"ObjectLockConfiguration": {}})),
        names: &[],
        write: |_, value| {
            let enabled = (value == Value::Bool(true)).then_some("Enabled");
            json!({"ObjectLockConfiguration": {"ObjectLockEnabled": enabled}})
        },
        read: |answer| {
            let enabled = answer.at("ObjectLockConfiguration.ObjectLockEnabled");
            Some(Value::Bool(enabled == Some(&Value::str("Enabled"))))
        },
    },
    Setting {
        property: "ObjectLockConfiguration",
        get: Some(call!(get_object_lock_configuration)),
        put: call!(put_object_lock_configuration),
        clear: Clear::Put(|| json!({"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}})),
        names: &[],
        write: |_, value| {
            let mut lock = plain(&value);
            lock["ObjectLockEnabled"] = "Enabled".into();
            json!({"ObjectLockConfiguration": lock})
        },
        read: |mut answer| answer.remove("ObjectLockConfiguration"),
    },
    Setting {
        property: "LifecycleConfiguration",
        get: Some(call!(get_bucket_lifecycle_configuration)),
        put: call!(put_bucket_lifecycle_configuration),
        clear: Clear::Delete(call!(delete_bucket_lifecycle)),
        names: &[("Id", "ID")],
        write: |_, value| lifecycle(value),
        read: |answer| filled(answer).map(lifecycle_back),
    },
    Setting {
        property: "LoggingConfiguration",
        get: Some(call!(get_bucket_logging)),
        put: call!(put_bucket_logging),
        clear: Clear::Put(|| json!({"BucketLoggingStatus": {}})),
        names: &[
            ("DestinationBucketName", "TargetBucket"),
            ("LogFilePrefix", "TargetPrefix"),
        ],
        write: |bucket, value| {
            // A bucket may be its own destination.
            let mut logging = json!({"TargetBucket": bucket, "TargetPrefix": ""});
            for (name, value) in value.as_map().into_iter().flatten() {
                logging[&**name] = plain(value);
            }
            json!({"BucketLoggingStatus": {"LoggingEnabled": logging}})
        },
        read: |mut answer| match answer.remove("LoggingEnabled")? {
            Value::Map(logging) => Some(Value::Map(without(&logging, &["TargetGrants"]))),
            _ => None,
        },
    },
    Setting {
        property: "CorsConfiguration",
        get: Some(call!(get_bucket_cors)),
        put: call!(put_bucket_cors),
        clear: Clear::Delete(call!(delete_bucket_cors)),
        names: &[
            ("CorsRules", "CORSRules"),
            ("Id", "ID"),
            ("ExposedHeaders", "ExposeHeaders"),
            ("MaxAge", "MaxAgeSeconds"),
        ],
        write: |_, value| json!({"CORSConfiguration": plain(&value)}),
        read: filled,
    },
    Setting {
        property: "WebsiteConfiguration",
        get: Some(call!(get_bucket_website)),
        put: call!(put_bucket_website),
        clear: Clear::Delete(call!(delete_bucket_website)),
        names: &[
            ("RoutingRuleCondition", "Condition"),
            ("RedirectRule", "Redirect"),
        ],
        write: |_, value| json!({"WebsiteConfiguration": plain(&website(value))}),
        read: |answer| filled(answer).map(website_back),
    },
    Setting {
        property: "AccelerateConfiguration",
        get: Some(call!(get_bucket_accelerate_configuration)),
        put: call!(put_bucket_accelerate_configuration),
        clear: Clear::Put(|| json!({"AccelerateConfiguration": {"Status": "Suspended"}})),
        names: &[("AccelerationStatus", "Status")],
        write: |_, value| json!({"AccelerateConfiguration": plain(&value)}),
        read: |answer| filled(without(&answer, &["RequestCharged"])),
    },
    Setting {
        property: "NotificationConfiguration",
        get: Some(call!(get_bucket_notification_configuration)),
        put: call!(put_bucket_notification_configuration),
        clear: Clear::Put(|| json!({"NotificationConfiguration": {}})),
        names: &[
            ("LambdaConfigurations", "LambdaFunctionConfigurations"),
            ("Function", "LambdaFunctionArn"),
            ("Queue", "QueueArn"),
            ("Topic", "TopicArn"),
            ("S3Key", "Key"),
            ("Rules", "FilterRules"),
        ],
        write: |_, value| json!({"NotificationConfiguration": plain(&notification(value))}),
        read: |answer| Some(notification_back(answer)),
    },
    Setting {
        property: "MetadataTableConfiguration",
        get: Some(call!(get_bucket_metadata_table_configuration)),
        put: |api, question| Box::pin(replace_metadata_table(api, question)),
        clear: Clear::Delete(call!(delete_bucket_metadata_table_configuration)),
        names: &[],
        write: |_, value| {
            let at = |name| value.at("S3TablesDestination")?.at(name).map(plain);
            json!({"MetadataTableConfiguration": {"S3TablesDestination": {
                "TableBucketArn": at("TableBucketArn"), "TableName": at("TableName")}}})
        },
        read: |answer| {
            let result = answer.at(
                "GetBucketMetadataTableConfigurationResult.MetadataTableConfigurationResult.S3TablesDestinationResult",
            )?;
            Some(Value::from(json!({"S3TablesDestination": plain(result)})))
        },
    },
    Setting {
        property: "MetadataConfiguration",
        get: Some(call!(get_bucket_metadata_configuration)),
        put: |api, question| Box::pin(put_metadata(api, question)),
        clear: Clear::Delete(call!(delete_bucket_metadata_configuration)),
        names: &[],
        write: |_, value| {
            let tables = value.as_map().into_iter().flatten();
            let tables =
                tables
                    .filter(|(name, _)| &**name != "Destination")
                    .map(|(name, table)| {
                        let table = table.as_map().cloned().unwrap_or_default();
                        let table = without(&table, &["TableArn", "TableName"]);
                        (name.to_string(), plain(&Value::Map(table)))
                    });
            json!({"MetadataConfiguration": serde_json::Value::Object(tables.collect())})
        },
        read: |answer| {
            let result =
                answer.at("GetBucketMetadataConfigurationResult.MetadataConfigurationResult")?;
            let short = |name: &str| name.trim_end_matches("Result").into();
            let tables = result.as_map()?.iter();
            let tables = tables.map(|(name, table)| (short(name), table.clone()));
            Some(Value::Map(tables.collect()))
        },
    },
    Setting {
        property: "ReplicationConfiguration",
        get: Some(call!(get_bucket_replication)),
        put: call!(put_bucket_replication),
        clear: Clear::Delete(call!(delete_bucket_replication)),
        names: &[("Id", "ID"), ("TagFilters", "Tags"), ("TagFilter", "Tag")],
        write: |_, value| json!({"ReplicationConfiguration": plain(&value)}),
        read: |mut answer| answer.remove("ReplicationConfiguration"),
    },
];

/// A value as JSON.
fn plain(value: &Value) -> serde_json::Value {
    value.into()
}

/// An answer that says something.
fn filled(answer: Map) -> Option<Value> {
    (!answer.is_empty()).then_some(Value::Map(answer))
}

/// `LogDeliveryWrite` as `log-delivery-write`.
fn hyphenated(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(character.to_lowercase());
    }
    text
}

/// S3 makes and deletes this one, and changes nothing in it.
async fn replace_metadata_table(api: &Client, question: &Map) -> Outcome<Map> {
    let bucket = without(question, &["MetadataTableConfiguration"]);
    gone_is_fine(s3::delete_bucket_metadata_table_configuration(api, &bucket).await)?;
    s3::create_bucket_metadata_table_configuration(api, question).await
}

/// S3 makes this one as a whole, and changes one table at a time.
async fn put_metadata(api: &Client, question: &Map) -> Outcome<Map> {
    let bucket = without(question, &["MetadataConfiguration"]);
    let found = none_if_gone(s3::get_bucket_metadata_configuration(api, &bucket).await)?;
    if found.is_none() {
        return s3::create_bucket_metadata_configuration(api, question).await;
    }
    let updates: [(&'static str, Call); 3] = [
        (
            "JournalTableConfiguration",
            call!(update_bucket_metadata_journal_table_configuration),
        ),
        (
            "InventoryTableConfiguration",
            call!(update_bucket_metadata_inventory_table_configuration),
        ),
        (
            "AnnotationTableConfiguration",
            call!(update_bucket_metadata_annotation_table_configuration),
        ),
    ];
    for (name, update) in updates {
        if let Some(table) = question
            .at("MetadataConfiguration")
            .and_then(|all| all.at(name))
        {
            let mut parameters = bucket.clone();
            let table = table.as_map().cloned().unwrap_or_default();
            // Of the journal only this can change.
            let kept = match name {
                "JournalTableConfiguration" => without(&table, &["EncryptionConfiguration"]),
                _ => table,
            };
            parameters.insert(name, Value::Map(kept));
            update(api, &parameters).await?;
        }
    }
    Ok(Map::new())
}
