//! What a bucket has by number: configurations that an id tells apart, with a call for each.

use serde_json::json;

use super::shapes::{filter, filter_back};
use super::{Call, Client, call};
use crate::provider::Outcome;
use crate::provider::aws::service::{gone_is_fine, input, pages, pick, rename, text};
use crate::value::{Map, Value};

/// A property of a bucket that is a list of configurations.
pub struct Family {
    /// Its name.
    pub property: &'static str,
    list: Call,
    /// Where the answer of `list` has them.
    member: &'static str,
    put: Call,
    /// The parameter of `put` that one is.
    parameter: &'static str,
    delete: Call,
    write: fn(&mut Map),
    read: fn(&mut Map),
}

impl Family {
    async fn all(&self, api: &Client, bucket: &str) -> Outcome<Vec<Map>> {
        let question = input(json!({"Bucket": bucket}));
        let next = ("NextContinuationToken", "ContinuationToken");
        let call = async |question: &Map| (self.list)(api, question).await;
        pages(call, question, self.member, next).await
    }

    /// Its name, and all that there are.
    pub async fn get(&self, api: &Client, bucket: &str) -> Outcome<(&'static str, Option<Value>)> {
        let mut all = self.all(api, bucket).await?;
        for one in &mut all {
            (self.read)(one);
        }
        let value = Value::list(all.into_iter().map(Value::Map));
        Ok((self.property, Some(value)))
    }

    /// Writes those that are wanted.
    pub async fn put(&self, api: &Client, bucket: &str, wanted: &Value) -> Outcome<()> {
        for one in wanted.as_list().unwrap_or_default() {
            let mut one = one.as_map().cloned().unwrap_or_default();
            let id = text(&one, "Id").to_owned();
            (self.write)(&mut one);
            let mut parameters = input(json!({"Bucket": bucket, "Id": id}));
            parameters.insert(self.parameter, Value::Map(one));
            (self.put)(api, &parameters).await?;
        }
        Ok(())
    }

    /// Deletes those that are not wanted.
    pub async fn delete_others(&self, api: &Client, bucket: &str, wanted: &Value) -> Outcome<()> {
        let wanted = wanted.as_list().unwrap_or_default();
        for one in self.all(api, bucket).await? {
            let id = text(&one, "Id");
            let is_wanted = |one: &Value| one.at("Id").and_then(Value::as_str) == Some(id);
            if !wanted.iter().any(is_wanted) {
                let question = input(json!({"Bucket": bucket, "Id": id}));
                gone_is_fine((self.delete)(api, &question).await)?;
            }
        }
        Ok(())
    }
}

/// Every one.
pub const FAMILIES: &[Family] = &[
    Family {
        property: "AnalyticsConfigurations",
        list: call!(list_bucket_analytics_configurations),
        member: "AnalyticsConfigurationList",
        put: call!(put_bucket_analytics_configuration),
        parameter: "AnalyticsConfiguration",
        delete: call!(delete_bucket_analytics_configuration),
        write: |one| {
            filter(one, &[]);
            if let Some(Value::Map(analysis)) = one.get_mut("StorageClassAnalysis")
                && let Some(Value::Map(export)) = analysis.get_mut("DataExport")
            {
                destination(export, "BucketAccountId");
            }
        },
        read: |one| {
            filter_back(one, &[]);
            if let Some(Value::Map(analysis)) = one.get_mut("StorageClassAnalysis")
                && let Some(Value::Map(export)) = analysis.get_mut("DataExport")
            {
                destination_back(export, "BucketAccountId");
            }
        },
    },
    Family {
        property: "IntelligentTieringConfigurations",
        list: call!(list_bucket_intelligent_tiering_configurations),
        member: "IntelligentTieringConfigurationList",
        put: call!(put_bucket_intelligent_tiering_configuration),
        parameter: "IntelligentTieringConfiguration",
        delete: call!(delete_bucket_intelligent_tiering_configuration),
        write: |one| filter(one, &[]),
        read: |one| filter_back(one, &[]),
    },
    Family {
        property: "InventoryConfigurations",
        list: call!(list_bucket_inventory_configurations),
        member: "InventoryConfigurationList",
        put: call!(put_bucket_inventory_configuration),
        parameter: "InventoryConfiguration",
        delete: call!(delete_bucket_inventory_configuration),
        write: |one| {
            filter(one, &[]);
            rename(one, "Enabled", "IsEnabled");
            if let Some(frequency) = one.remove("ScheduleFrequency") {
                nest(one, "Schedule", "Frequency", frequency);
            }
            destination(one, "AccountId");
        },
        read: |one| {
            filter_back(one, &[]);
            rename(one, "IsEnabled", "Enabled");
            if let Some(Value::Map(mut schedule)) = one.remove("Schedule")
                && let Some(frequency) = schedule.remove("Frequency")
            {
                one.insert("ScheduleFrequency", frequency);
            }
            destination_back(one, "AccountId");
        },
    },
    Family {
        property: "MetricsConfigurations",
        list: call!(list_bucket_metrics_configurations),
        member: "MetricsConfigurationList",
        put: call!(put_bucket_metrics_configuration),
        parameter: "MetricsConfiguration",
        delete: call!(delete_bucket_metrics_configuration),
        write: |one| filter(one, &["AccessPointArn"]),
        read: |one| filter_back(one, &["AccessPointArn"]),
    },
];

fn nest(map: &mut Map, outer: &'static str, inner: &'static str, value: Value) {
    let value: Map = [(inner.into(), value)].into_iter().collect();
    map.insert(outer, Value::Map(value));
}

/// A destination as S3 has it, one level deeper; `account` is how the account is called there.
fn destination(map: &mut Map, account: &'static str) {
    if let Some(Value::Map(mut destination)) = map.remove("Destination") {
        rename(&mut destination, "BucketArn", "Bucket");
        rename(&mut destination, "BucketAccountId", account);
        nest(
            map,
            "Destination",
            "S3BucketDestination",
            Value::Map(destination),
        );
    }
}

/// The inverse of [`destination`].
fn destination_back(map: &mut Map, account: &'static str) {
    if let Some(Value::Map(mut outer)) = map.remove("Destination")
        && let Some(Value::Map(mut destination)) = outer.remove("S3BucketDestination")
    {
        rename(&mut destination, "Bucket", "BucketArn");
        rename(&mut destination, account, "BucketAccountId");
        let known = ["BucketAccountId", "BucketArn", "Format", "Prefix"];
        map.insert("Destination", Value::Map(pick(&destination, &known)));
    }
}
