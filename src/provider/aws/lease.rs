//! The right to be the one writer for an app and environment, and the app's record: two kinds of
//! SSM parameters, which need no infrastructure of their own.
//!
//! A lease is `/scalectl/APP/ENV/lease/NUMBER`. Creating a parameter without overwriting is AWS's
//! atomic "if there is none yet"; a lease that ran out is taken over by creating the next number,
//! which again only one can. The holder renews its own parameter every [`RENEWAL`]. It counts as run
//! out when it was not renewed for [`TERM`] by AWS's clock, which both sides read, so that nobody's
//! own clock matters. The holder stops changing things [`MARGIN`] before that, by a clock that never
//! jumps, counted from before its last renewal was sent.
//!
//! A lease that is broken stands, marked, until nothing can leave under it any more: its holder removes it
//! when it meets the mark, or who broke it does when the holder's time is over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::call::{Api, Meter};
use super::sdk::ssm;
use super::service::{gone_is_fine, input, items, text};
use crate::inventory::{Owner, Record};
use crate::provider::{ErrorKind, Holder, Outcome, ProviderError};
use crate::value::Map;

/// How long a lease lasts without renewal.
pub const TERM: Duration = Duration::from_secs(60);
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(15);
/// How soon a renewal that failed is tried again.
const AGAIN: Duration = Duration::from_secs(3);
/// How long before its end the holder stops.
const MARGIN: Duration = Duration::from_secs(10);
/// How often who breaks a lease looks whether its holder has met that.
const LOOK: Duration = Duration::from_secs(1);

/// Leases and records of one provider.
pub struct Lease {
    api: Api<aws_sdk_ssm::Client>,
    meter: Arc<Meter>,
    held: Mutex<Option<Held>>,
}

/// The lease that this process holds.
struct Held {
    owner: Owner,
    standing: Standing,
    renewal: tokio::task::JoinHandle<()>,
}

/// What a lease's parameter says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Content {
    holder: Holder,
    /// How often it was renewed, so that each renewal is a new version.
    renewals: u64,
    /// Whether it was taken away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    broken: bool,
}

/// A lease as it stands in the cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The parameter.
    name: String,
    number: u64,
    /// Who holds it.
    pub holder: Holder,
    /// How long ago it was renewed, by AWS's clock.
    pub age: Duration,
    /// Whether it was taken away from who holds it.
    broken: bool,
}

impl Standing {
    /// Whether both are one lease, whenever it was renewed.
    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.holder == other.holder
    }

    /// How long its holder may go on.
    fn left(&self) -> Duration {
        (TERM - MARGIN).saturating_sub(self.age)
    }

    /// Whether it ran out.
    pub fn is_over(&self) -> bool {
        self.age > TERM
    }
}

fn folder(owner: &Owner) -> String {
    format!("/scalectl/{}/{}/lease", owner.app, owner.env)
}

impl Lease {
    /// Without holding any.
    pub fn new(api: Api<aws_sdk_ssm::Client>, meter: Arc<Meter>) -> Self {
        Self {
            api,
            meter,
            held: Mutex::new(None),
        }
    }

    /// The newest lease that stands in the cloud.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn standing(&self, owner: &Owner) -> Outcome<Option<Standing>> {
        standing(&self.api, &self.meter, owner).await
    }

    /// Takes the lease, or says who holds it.
    ///
    /// # Errors
    /// [`ErrorKind::Held`] with the holder's name.
    pub async fn acquire(&self, owner: &Owner, holder: &Holder) -> Outcome<()> {
        let began = self.meter.now();
        let standing = self.standing(owner).await?;
        let number = match &standing {
            None => 1,
            Some(standing) if standing.is_over() => standing.number + 1,
            Some(standing) if standing.holder == *holder && !standing.broken => {
                self.hold(owner, standing, began);
                return Ok(());
            }
            Some(standing) => return Err(held(standing)),
        };
        let name = format!("{}/{number:06}", folder(owner));
        let began = self.meter.now();
        let content = Content {
            holder: holder.clone(),
            renewals: 0,
            broken: false,
        };
        match put(&self.api, &name, &content, false).await {
            Ok(()) => {}
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                // Somebody was faster.
                return Err(match self.standing(owner).await? {
                    Some(standing) if standing.holder != *holder => held(&standing),
                    _ => ProviderError {
                        kind: ErrorKind::Transient,
                        ..error
                    },
                });
            }
            Err(error) => return Err(error),
        }
        let taken = Standing {
            name,
            number,
            holder: holder.clone(),
            age: Duration::ZERO,
            broken: false,
        };
        self.hold(owner, &taken, began);
        if let Some(over) = standing {
            gone_is_fine(ssm::delete_parameter(&self.api, &named(&over.name)).await)?;
        }
        Ok(())
    }

    /// Holds a lease that stood, as old as it was, at `began`, and renews it from here on.
    fn hold(&self, owner: &Owner, standing: &Standing, began: u64) {
        let age = u64::try_from(standing.age.as_millis()).unwrap_or(u64::MAX);
        fence(&self.meter, began.saturating_sub(age));
        let renewal = tokio::spawn(renew(
            self.api.clone(),
            self.meter.clone(),
            owner.clone(),
            standing.clone(),
        ));
        let held = Held {
            owner: owner.clone(),
            standing: standing.clone(),
            renewal,
        };
        let mut place = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = place.replace(held) {
            before.renewal.abort();
        }
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// When AWS does not answer; the lease then runs out by itself.
    pub async fn release(&self) -> Outcome<()> {
        let held = {
            let place = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let held = place.as_ref();
            held.map(|held| {
                held.renewal.abort();
                (held.owner.clone(), held.standing.clone())
            })
        };
        let Some((owner, held)) = held else {
            return Ok(());
        };
        // Nothing changes any more under a lease that is being given back.
        self.meter.set_fence(0);
        // One that was broken may be somebody else's by now, under the same name; one that is being broken
        // goes too, and says so.
        if let Some(standing) = self.standing(&owner).await?
            && standing.is_same(&held)
        {
            gone_is_fine(ssm::delete_parameter(&self.api, &named(&held.name)).await)?;
        }
        // Kept until here, so that a release that failed can be tried again.
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Takes the lease away from whoever holds it; returns who that was, once nothing can change any more
    /// under it. That takes until the holder's next renewal, or, where there is none, until its time is over;
    /// of the run that has `ended` it takes no time.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn break_it(&self, owner: &Owner, ended: Option<&Holder>) -> Outcome<Option<Holder>> {
        let Some(first) = self.standing(owner).await? else {
            return Ok(None);
        };
        let mut seen = first.clone();
        let mut over = None;
        while ended != Some(&first.holder) && !seen.is_over() {
            let now = self.meter.now();
            let end = match over {
                // The mark itself gives the holder no more time.
                Some(end) if seen.broken => end,
                _ => now + u64::try_from(seen.left().as_millis()).unwrap_or(0),
            };
            over = Some(end);
            if !seen.broken {
                // A renewal that was on its way may have written over the mark.
                let content = Content {
                    holder: seen.holder.clone(),
                    renewals: 0,
                    broken: true,
                };
                put(&self.api, &seen.name, &content, true).await?;
            } else if now >= end {
                break;
            }
            tokio::time::sleep(LOOK).await;
            let standing = self.standing(owner).await?;
            match standing.filter(|standing| standing.is_same(&first)) {
                Some(standing) => seen = standing,
                None => return Ok(Some(first.holder)),
            }
        }
        gone_is_fine(ssm::delete_parameter(&self.api, &named(&first.name)).await)?;
        Ok(Some(first.holder))
    }

    /// The app's record.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn record(&self, owner: &Owner) -> Outcome<Option<Record>> {
        let question = input(serde_json::json!({"Names": [record_name(owner)]}));
        let answer = ssm::get_parameters(&self.api, &question).await?;
        let found = items(&answer, "Parameters").next();
        // One that nobody can read is as good as none: it is a hint and is written anew.
        Ok(found.and_then(|found| serde_json::from_str(text(found, "Value")).ok()))
    }

    /// Writes the app's record.
    ///
    /// # Errors
    /// When AWS does not take it.
    pub async fn write_record(&self, owner: &Owner, record: &Record) -> Outcome<()> {
        let text = serde_json::to_string(record).map_err(|error| ProviderError {
            kind: ErrorKind::Invalid,
            code: "Record".to_owned(),
            message: error.to_string(),
            operation: "ssm:PutParameter".to_owned(),
        })?;
        // More than 4 KB need the advanced tier, which Intelligent-Tiering chooses by itself
        // (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
        let question = input(serde_json::json!({
            "Name": record_name(owner), "Type": "String", "Value": text, "Overwrite": true,
            "Tier": "Intelligent-Tiering",
            "Description": "What scalectl has to look for; lost, it is rebuilt",
        }));
        ssm::put_parameter(&self.api, &question).await?;
        Ok(())
    }
}

/// Removes the app's record.
///
/// # Errors
/// When AWS does not take it; that there is none is none.
pub async fn remove_record(api: &Api<aws_sdk_ssm::Client>, owner: &Owner) -> Outcome<()> {
    gone_is_fine(ssm::delete_parameter(api, &named(&record_name(owner))).await)
}

/// What the parameter is called that holds the app's record.
pub fn record_name(owner: &Owner) -> String {
    format!("/scalectl/{}/{}/record", owner.app, owner.env)
}

fn named(name: &str) -> Map {
    input(serde_json::json!({"Name": name}))
}

fn held(standing: &Standing) -> ProviderError {
    ProviderError {
        kind: ErrorKind::Held,
        code: "LeaseHeld".to_owned(),
        message: format!(
            "{} runs `scalectl {}`",
            standing.holder.who, standing.holder.command
        ),
        operation: "lease:Acquire".to_owned(),
    }
}

/// Changing calls may leave until shortly before the lease, renewed at `began`, ends.
fn fence(meter: &Meter, began: u64) {
    let lasts = u64::try_from((TERM - MARGIN).as_millis()).unwrap_or(0);
    meter.set_fence(began + lasts);
}

async fn put(
    api: &Api<aws_sdk_ssm::Client>,
    name: &str,
    content: &Content,
    overwrite: bool,
) -> Outcome<()> {
    let text = serde_json::to_string(content).map_err(|error| ProviderError {
        kind: ErrorKind::Invalid,
        code: "Lease".to_owned(),
        message: error.to_string(),
        operation: "ssm:PutParameter".to_owned(),
    })?;
    let question = input(serde_json::json!({
        "Name": name, "Type": "String", "Value": text, "Overwrite": overwrite,
        "Description": "Who changes this application right now",
    }));
    ssm::put_parameter(api, &question).await?;
    Ok(())
}

async fn standing(
    api: &Api<aws_sdk_ssm::Client>,
    meter: &Meter,
    owner: &Owner,
) -> Outcome<Option<Standing>> {
    let question = input(serde_json::json!({"Path": folder(owner)}));
    let answer = ssm::get_parameters_by_path(api, &question).await?;
    let now = meter.server_now();
    let newest = items(&answer, "Parameters")
        .filter_map(|found| {
            let name = text(found, "Name");
            let number: u64 = name.rsplit('/').next()?.parse().ok()?;
            let content: Content = serde_json::from_str(text(found, "Value")).ok()?;
            let renewed: jiff::Timestamp = text(found, "LastModifiedDate").parse().ok()?;
            let renewed = u64::try_from(renewed.as_millisecond()).unwrap_or(0);
            Some(Standing {
                name: name.to_owned(),
                number,
                holder: content.holder,
                age: Duration::from_millis(now.saturating_sub(renewed)),
                broken: content.broken,
            })
        })
        .max_by_key(|standing| standing.number);
    Ok(newest)
}

/// Renews a lease until it is given back, or somebody else holds it.
async fn renew(api: Api<aws_sdk_ssm::Client>, meter: Arc<Meter>, owner: Owner, held: Standing) {
    let mut content = Content {
        holder: held.holder.clone(),
        renewals: 0,
        broken: false,
    };
    let mut wait = RENEWAL;
    loop {
        tokio::time::sleep(wait).await;
        wait = AGAIN;
        let began = meter.now();
        let Ok(standing) = standing(&api, &meter, &owner).await else {
            // Without a renewal the fence comes down by itself.
            continue;
        };
        // Taken over, broken by `scalectl lease break`, or so old that somebody may be taking it over
        // right now: nothing is changed any more.
        let is_ours = |standing: &Standing| {
            standing.is_same(&held) && !standing.broken && standing.age < TERM - MARGIN
        };
        if !standing.as_ref().is_some_and(is_ours) {
            meter.set_fence(0);
            // Who broke it waits for that. Where it cannot be removed, they wait until it is over.
            if standing.is_some_and(|standing| standing.broken && standing.is_same(&held)) {
                let _ = ssm::delete_parameter(&api, &named(&held.name)).await;
            }
            return;
        }
        content.renewals += 1;
        if put(&api, &held.name, &content, true).await.is_ok() {
            fence(&meter, began);
            wait = RENEWAL;
        }
    }
}
