//! What is asked of zones while their tags are asked for: of those that scalectl made by the look of
//! their reference, as long as they are few. Only their tags say whose they are; but a plan that waits
//! for the tags before it asks for records takes one answer's time longer.

use std::collections::HashMap;

use futures_util::future::{join, join_all};
use serde_json::json;

use super::change::records_of;
use super::{Client, bare};
use crate::provider::Outcome;
use crate::provider::aws::marks::is_token;
use crate::provider::aws::sdk::route53;
use crate::provider::aws::service::{input, text};
use crate::value::Map;

/// As many zones are asked before it is known whose they are: Route 53 takes five requests a second
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>).
const MOST: usize = 3;

/// Answers by the zone's id. What failed is not among them, and is asked again where it is needed.
#[derive(Default)]
pub struct Early {
    zones: HashMap<String, Map>,
    records: HashMap<String, Vec<Map>>,
}

impl Early {
    /// Asks for the zones themselves, for their records, or both.
    pub async fn ask(api: &Client, all: &[Map], zones: bool, records: bool) -> Self {
        let made = all
            .iter()
            .filter(|zone| is_token(text(zone, "CallerReference")));
        let ids: Vec<&str> = made.map(|zone| bare(text(zone, "Id"))).collect();
        if ids.len() > MOST {
            return Self::default();
        }
        let each = ids.into_iter().map(async |id| {
            let zone = async {
                if zones {
                    zone_of(api, id).await.ok()
                } else {
                    None
                }
            };
            let records = async {
                if records {
                    records_of(api, id).await.ok()
                } else {
                    None
                }
            };
            (id, join(zone, records).await)
        });
        let mut early = Self::default();
        for (id, (zone, records)) in join_all(each).await {
            early.zones.extend(zone.map(|zone| (id.to_owned(), zone)));
            early
                .records
                .extend(records.map(|records| (id.to_owned(), records)));
        }
        early
    }

    /// What these zones, by their ids, have answered already.
    pub fn told(zones: impl Iterator<Item = (String, Map)>) -> Self {
        Self {
            zones: zones.collect(),
            ..Self::default()
        }
    }

    /// A zone as AWS describes it.
    ///
    /// # Errors
    /// Where it is asked only now, and that fails.
    pub async fn zone(&self, api: &Client, id: &str) -> Outcome<Map> {
        match self.zones.get(id) {
            Some(zone) => Ok(zone.clone()),
            None => zone_of(api, id).await,
        }
    }

    /// A zone's records.
    ///
    /// # Errors
    /// Where they are asked for only now, and that fails.
    pub async fn records(&self, api: &Client, id: &str) -> Outcome<Vec<Map>> {
        match self.records.get(id) {
            Some(records) => Ok(records.clone()),
            None => records_of(api, id).await,
        }
    }
}

async fn zone_of(api: &Client, id: &str) -> Outcome<Map> {
    route53::get_hosted_zone(api, &input(json!({"Id": id}))).await
}
