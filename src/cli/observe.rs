//! What is live, for commands that only look: from the cloud through a view that cannot change it, or
//! from a snapshot in a file with no cloud at all.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::plan::tell;
use super::project::{Project, read};
use super::session::Session;
use super::{Failure, Global, ui};
use crate::apply::kinds;
use crate::graph::Graph;
use crate::inventory::Live;
use crate::snapshot::{Look, Snapshot};
use crate::spec::Provider;

/// What is looked at in the cloud.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// What is ours.
    Ours,
    /// That, and what others have of the same kinds.
    All,
}

/// What was found.
pub struct Seen {
    /// Ours.
    pub live: Live,
    /// All of it as it may be written down.
    pub snapshot: Snapshot,
    /// Where, for headings.
    pub place: Option<String>,
}

/// What is live by a file, or in the cloud with what others have there.
pub fn seen(
    global: &Global,
    project: &Project,
    graph: &Graph,
    command: &str,
    file: Option<&Path>,
) -> Result<Seen, Failure> {
    let seen = match file {
        Some(path) => from_file(project, graph, path)?,
        None => from_cloud(global, project, graph, command, Range::All)?,
    };
    warn(&seen.snapshot);
    Ok(seen)
}

/// Says where could not be looked.
pub fn warn(snapshot: &Snapshot) {
    for what in &snapshot.unseen {
        ui::note(&format!("warning: not read: {what}\n"));
    }
}

/// What is live in the cloud.
pub fn from_cloud(
    global: &Global,
    project: &Project,
    graph: &Graph,
    command: &str,
    range: Range,
) -> Result<Seen, Failure> {
    Session::look(project, command, async |sight| {
        let look: Look = match range {
            Range::Ours => sight.looking(sight.view.ours(graph)).await?,
            Range::All => sight.looking(sight.view.all(graph)).await?,
        };
        tell(global, &sight.calls());
        let live = look.live.clone();
        let account = sight.account().await?;
        Ok(Seen {
            live,
            snapshot: Snapshot::new(project.owner(), project.provider(), account, look),
            place: sight.place().await?,
        })
    })
}

/// What help there is about a snapshot that does not fit.
const AGAIN: &str =
    "create one with `scalectl snapshot --out FILE` and the same spec and environment";

/// What is live by a file.
pub fn from_file(project: &Project, graph: &Graph, path: &Path) -> Result<Seen, Failure> {
    let shown = path.display();
    let text = read(path, AGAIN)?;
    let snapshot = Snapshot::parse(&text)
        .map_err(|error| Failure::with_help(format!("{shown} {error}"), AGAIN))?;
    check(&shown.to_string(), &snapshot, project)?;
    note_unlooked(&shown.to_string(), &snapshot, graph);
    let account = snapshot.account.as_ref();
    let account = account.map_or(String::new(), |account| format!("account {account}, "));
    Ok(Seen {
        live: snapshot.live(),
        place: Some(format!("{account}as of {} ({shown})", snapshot.taken)),
        snapshot,
    })
}

/// Fails when a snapshot is another application's, another provider's or an account's that the spec does
/// not allow.
fn check(shown: &str, snapshot: &Snapshot, project: &Project) -> Result<(), Failure> {
    let (owner, provider) = (project.owner(), project.provider());
    if snapshot.owner != owner || *snapshot.provider != *provider {
        let what = format!(
            "{shown} is a snapshot of {} ({}) on {}, not of {} ({}) on {provider}",
            snapshot.owner.app, snapshot.owner.env, snapshot.provider, owner.app, owner.env
        );
        return Err(Failure::with_help(what, AGAIN));
    }
    let Provider::Aws(settings) = &project.spec.provider else {
        return Ok(());
    };
    let allowed = &settings.allowed_accounts;
    match &snapshot.account {
        Some(account) if !allowed.is_empty() && !allowed.iter().any(|one| **one == **account) => {
            let what = format!(
                "{shown} is a snapshot of account {account}, but `allowed_accounts` in the spec lists {}",
                allowed.join(", ")
            );
            Err(Failure::with_help(what, super::WRONG_ACCOUNT))
        }
        _ => Ok(()),
    }
}

/// Says which kinds the spec has that a snapshot did not look for: of them nothing is taken to exist.
fn note_unlooked(shown: &str, snapshot: &Snapshot, graph: &Graph) {
    let known: BTreeSet<(Arc<str>, Arc<str>)> = snapshot.looked();
    let missing: Vec<String> = kinds(graph)
        .difference(&known)
        .map(|(region, kind)| format!("{kind} in {region}"))
        .collect();
    let Some(first) = missing.first() else {
        return;
    };
    let more = match missing.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    ui::note(&format!(
        "note: {shown} was not taken with this spec: it does not cover {first}{more}; the plan assumes that none exists\n"
    ));
}
