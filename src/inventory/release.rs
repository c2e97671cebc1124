//! What a record says of deployments: the one in progress, and those before.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Record;

/// How many releases a record remembers, of all services together.
const REMEMBERED: usize = 20;

/// A deployment in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// The services, with what they run before and after.
    pub services: BTreeMap<Arc<str>, Version>,
    /// Who started it.
    pub who: String,
    /// When it was started, in milliseconds since the epoch.
    pub since: u64,
    /// Alarms that were firing at its start, which say nothing about the new version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// What was wrong before it started (`web: errors`), so that it says nothing about the new version either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ailing: Vec<String>,
    /// Services whose release command has run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<Arc<str>>,
    /// Whether every server serves the new version, so that only cleaning up is left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub served: bool,
    /// Why it is being rolled back, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
}

/// What a service changes from and to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// The image or archive before.
    pub before: String,
    /// The image or archive after.
    pub after: String,
    /// A digest of its settings in every region, so that the same deployment is known again.
    pub digest: Arc<str>,
}

/// A deployment that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// The service.
    pub service: Arc<str>,
    /// The image or archive.
    pub image: String,
    /// The one before.
    pub before: String,
    /// When it ended, in milliseconds since the epoch.
    pub at: u64,
    /// Who started it.
    pub who: String,
    /// Why it was rolled back; null if it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<String>,
}

impl Deployment {
    /// That it is in progress, as a clause without a final period.
    pub fn in_words(&self) -> String {
        let versions = self.services.iter();
        let versions = versions.map(|(name, version)| format!("{name} to {}", version.after));
        let versions: Vec<String> = versions.collect();
        let what = if self.back.is_some() {
            "is being rolled back"
        } else {
            "is in progress"
        };
        format!("a deployment of {} {what}", versions.join(", "))
    }
}

impl Record {
    /// Ends the deployment in progress and remembers how it ended.
    pub fn end_deployment(&mut self, now: u64) {
        let Some(ended) = self.deployment.take() else {
            return;
        };
        for (service, version) in ended.services {
            self.releases.push(Release {
                service,
                image: version.after,
                before: version.before,
                at: now,
                who: ended.who.clone(),
                rolled_back: ended.back.clone(),
            });
        }
        let surplus = self.releases.len().saturating_sub(REMEMBERED);
        self.releases.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_remembers_the_last_releases_only() {
        let mut record = Record::default();
        for number in 0..30_u64 {
            let version = Version {
                before: String::new(),
                after: format!("shop:{number}"),
                digest: "".into(),
            };
            record.deployment = Some(Deployment {
                services: [("web".into(), version)].into(),
                who: "ann".to_owned(),
                since: number,
                alarms: Vec::new(),
                ailing: Vec::new(),
                released: Vec::new(),
                served: true,
                back: None,
            });
            record.end_deployment(number);
        }
        assert_eq!(record.deployment, None);
        assert_eq!(record.releases.len(), REMEMBERED);
        assert_eq!(record.releases.last().unwrap().image, "shop:29");
    }
}
