//! Which zones have an instance type.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::doctor::Check;
use crate::doctor::zones::{Placed, judge};
use crate::provider::Outcome;
use crate::provider::aws::Aws;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{NEXT_TOKEN, input, pages, text};
use crate::value::Map;

impl Aws {
    /// Whether the zones that servers are put into have their types.
    pub async fn check_zones(&self, placed: &[Placed]) -> Vec<Check> {
        join_all(placed.iter().map(async |one| {
            self.offered(one).await.unwrap_or_else(|error| {
                let what = format!("which zones of {} have {}", one.region, one.instance_type);
                Check::not_asked("zones", &what, &error)
            })
        }))
        .await
    }

    async fn offered(&self, placed: &Placed) -> Outcome<Check> {
        let api = self.clients.ec2(&placed.region);
        let question = input(serde_json::json!({
            "LocationType": "availability-zone",
            "Filters": [{"Name": "instance-type", "Values": [&*placed.instance_type]}],
        }));
        let call =
            async |question: &Map| ec2::describe_instance_type_offerings(&api, question).await;
        let found = pages(call, question, "InstanceTypeOfferings", NEXT_TOKEN).await?;
        let zones = found
            .iter()
            .map(|one| Arc::from(text(one, "Location")))
            .collect();
        Ok(judge(placed, &zones))
    }
}
