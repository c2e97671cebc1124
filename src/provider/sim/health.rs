//! How simulated resources are doing: who answers behind a load balancer, which alarms fire.

use super::cloud::{Cloud, Item, operation, refuse};
use super::fleet::GROUP;
use crate::address::Address;
use crate::inventory::Handle;
use crate::provider::{ErrorKind, Health, Outcome};
use crate::value::Value;

impl Cloud {
    /// How those stand who answer behind a target group, or whether an instance does.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn health(&self, handle: &Handle, now: u64) -> Outcome<Health> {
        let call = operation("Describe", &handle.kind);
        let Some(item) = self.find(&handle.kind, &handle.address.region, &handle.identifier) else {
            let message = format!("{} does not exist", handle.identifier);
            return Err(refuse(ErrorKind::NotFound, "NotFound", message, &call));
        };
        if &*item.kind == GROUP {
            return Ok(servers_of(item, now));
        }
        if &*item.kind != "AWS::ElasticLoadBalancingV2::TargetGroup" {
            let healthy =
                u32::from(item.failed.is_none() && item.exists(now) && item.ready_at <= now);
            return Ok(Health { healthy, all: 1 });
        }
        Ok(self.behind(item, now))
    }

    /// How those stand who answer behind a target group.
    pub fn behind(&self, item: &Item, now: u64) -> Health {
        let mut health = Health::default();
        for group in self.items.values() {
            let arns = group
                .properties
                .get("TargetGroupARNs")
                .and_then(Value::as_list);
            let serves = arns
                .unwrap_or_default()
                .iter()
                .any(|arn| arn.as_str() == Some(&*item.identifier));
            if &*group.kind != GROUP || !serves || !group.exists(now) {
                continue;
            }
            let servers = servers_of(group, now);
            health.all += servers.all;
            health.healthy += servers.healthy;
        }
        health
    }

    /// Which of these alarms are raised; those that count errors too where servers answer with such.
    pub fn firing_alarms(&self, alarms: &[Handle], fails: bool) -> Vec<Address> {
        alarms
            .iter()
            .filter(|handle| {
                self.find(&handle.kind, &handle.address.region, &handle.identifier)
                    .is_some_and(|item| {
                        self.raised.contains(&item.number)
                            || self.is_raised_by_itself(item)
                            || fails && Self::counts_errors(item)
                    })
            })
            .map(|handle| handle.address.clone())
            .collect()
    }
}

/// How the servers of a group are doing.
fn servers_of(group: &Item, now: u64) -> Health {
    let size = group.properties.get("MinSize").and_then(Value::as_number);
    let all = size.and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
    // A server that was begun answers two looks of the load balancer later.
    let is_served = group.is_ready(now) || &*group.word == "modifying";
    let serves = is_served && !group.is_served_by_nobody();
    Health {
        healthy: if serves { all } else { 0 },
        all,
    }
}
