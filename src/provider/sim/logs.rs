//! What simulated services log: their start on each server, and a request a minute.

use std::sync::Arc;

use super::cloud::{Cloud, Item, refuse};
use super::fleet::GROUP;
use super::site::text;
use crate::inventory::{Handle, Owner};
use crate::provider::{ErrorKind, LogLine, LogQuery, Outcome};

/// Between two requests that a server logs, in milliseconds.
const MINUTE: u64 = 60_000;

impl Cloud {
    /// Lines of a service's log group, oldest first.
    ///
    /// # Errors
    /// When there is no such group.
    pub(super) fn log_lines(
        &self,
        owner: &Owner,
        group: &Handle,
        wanted: &LogQuery,
        now: u64,
    ) -> Outcome<Vec<LogLine>> {
        let region = &*group.address.region;
        let call = "logs:FilterLogEvents";
        if self.find(&group.kind, region, &group.identifier).is_none() {
            let message = format!("the log group {} does not exist", group.identifier);
            let code = "ResourceNotFoundException";
            return Err(refuse(ErrorKind::NotFound, code, message, call));
        }
        let service = group.identifier.rsplit('/').next().unwrap_or_default();
        let mut found = Vec::new();
        for (server, since) in self.servers_that_log(owner, region, service, now) {
            let mut say = |at: u64, what: &str| {
                let text = format!("{what} on {server}");
                let fits = wanted
                    .text
                    .as_deref()
                    .is_none_or(|part| text.contains(part));
                if at >= wanted.since && at <= now && fits {
                    let id = format!("{server}/{at}/{what}");
                    found.push(LogLine {
                        at,
                        id,
                        stream: server.to_string(),
                        text,
                    });
                }
            };
            say(since, &format!("{service} started"));
            // No more than are asked for: a server may have run for years.
            let first = since
                .max(now.saturating_sub(wanted.most as u64 * MINUTE))
                .max(wanted.since);
            let mut at = since + (first - since).next_multiple_of(MINUTE).max(MINUTE);
            while at <= now {
                say(at, "GET / 200");
                at += MINUTE;
            }
        }
        found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        found.truncate(wanted.most);
        Ok(found)
    }

    /// The servers that run a service, with since when: those of its group, or the one that runs all.
    fn servers_that_log(
        &self,
        owner: &Owner,
        region: &str,
        service: &str,
        now: u64,
    ) -> Vec<(Arc<str>, u64)> {
        let here = |item: &&Item| &*item.region == region && item.is_of(owner) && item.exists(now);
        let is_own = |item: &&Item| {
            let marks = item.marks.as_ref();
            marks.is_some_and(|marks| marks.address.key.as_deref() == Some(service))
        };
        let all = self.items.values().filter(here);
        let groups: Vec<&Item> = all.clone().filter(|item| &*item.kind == GROUP).collect();
        if groups.is_empty() {
            let servers = all.filter(|item| !text(&item.properties, "PrivateIp").is_empty());
            let servers = servers.filter(|item| &*item.kind == "AWS::EC2::Instance");
            return servers
                .map(|item| (item.identifier.clone(), item.ready_at))
                .collect();
        }
        let own = groups.into_iter().filter(is_own);
        let servers = own.flat_map(|group| {
            let handle = Handle {
                kind: group.kind.clone(),
                identifier: group.identifier.clone(),
                address: match &group.marks {
                    Some(marks) => marks.address.clone(),
                    None => return Vec::new(),
                },
            };
            let ids = self.servers(&handle, now).unwrap_or_default();
            ids.into_iter().map(|id| (id, group.ready_at)).collect()
        });
        servers.collect()
    }
}
