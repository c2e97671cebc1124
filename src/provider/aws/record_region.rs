//! Which region an application's lease and record are in: the first of the spec, or the one that takes the
//! database's writes.
//!
//! A spec that puts another region first would find neither, and take all that there is for missing.

use std::time::Duration;

use futures_util::future::join_all;

use super::clients::Clients;
use super::lease::{self, record_name};
use super::sdk::{ec2, ssm};
use super::service::{input, items, text};
use crate::inventory::Owner;
use crate::provider::Outcome;

/// A region that has not answered by then is taken to have nothing: some accounts may not ask there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The region other than `home` in which the app has its record, of those that are enabled for the account;
/// `None` where there is none, or nobody may ask.
///
/// # Errors
/// When AWS does not say which regions there are, and not for want of permission.
pub async fn elsewhere(clients: &Clients, home: &str, owner: &Owner) -> Outcome<Option<String>> {
    let answer = match ec2::describe_regions(&clients.ec2(home), &Default::default()).await {
        Ok(answer) => answer,
        Err(error) if error.kind.is_retryable() => return Err(error),
        Err(_) => return Ok(None),
    };
    let question = input(serde_json::json!({"Names": [record_name(owner)]}));
    let regions = items(&answer, "Regions").map(|one| text(one, "RegionName"));
    let question = &question;
    let asked = regions
        .filter(|region| *region != home)
        .map(async |region| {
            let api = clients.ssm_for_lease(region);
            let answer = tokio::time::timeout(PATIENCE, ssm::get_parameters(&api, question));
            let found = answer.await.ok()?.ok()?;
            items(&found, "Parameters")
                .next()
                .map(|_| region.to_owned())
        });
    Ok(join_all(asked).await.into_iter().flatten().next())
}

/// Removes the app's record, at home and in the other regions of the spec, where a failover has left one.
///
/// # Errors
/// When AWS does not take it at home; another region may be the one that was lost.
pub async fn remove_record(
    clients: &Clients,
    home: &str,
    regions: &[String],
    owner: &Owner,
) -> Outcome<()> {
    let others = regions.iter().filter(|region| *region != home);
    let others = others.map(async |region| {
        let api = clients.ssm_for_lease(region);
        // What does not answer is left.
        let _ = tokio::time::timeout(PATIENCE, lease::remove_record(&api, owner)).await;
    });
    join_all(others).await;
    lease::remove_record(&clients.ssm_for_lease(home), owner).await
}
