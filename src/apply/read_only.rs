//! A cloud that can only be looked at: whoever holds a [`View`] has no call that changes anything, nor
//! the lease, in his hands.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::{Context, Stop, existing, kinds, observe, retry};
use crate::graph::Graph;
use crate::inventory::{Live, Other, Owner};
use crate::provider::sim::load;
use crate::provider::{ErrorKind, Outcome, Provider};
use crate::snapshot::Look;

/// A cloud to be looked at. What it holds is private, and all that it does is reading.
pub struct View<'a>(Context<'a>);

impl<'a> View<'a> {
    /// A view of what a provider has of an owner's.
    pub fn new(provider: &'a dyn Provider, owner: &'a Owner, stop: &'a Stop) -> Self {
        Self(Context {
            provider,
            owner,
            stop,
        })
    }

    /// What there is of ours, of a graph's kinds and of those that the app's record names.
    ///
    /// # Errors
    /// When the cloud does not answer.
    pub async fn ours(&self, graph: &Graph) -> Outcome<Look> {
        let (mut live, looked) = observe::look(&self.0, kinds(graph)).await?;
        existing::look(&self.0, graph, &mut live).await?;
        Ok(Look {
            live,
            looked,
            others: Vec::new(),
            at: self.0.provider.clock().now(),
        })
    }

    /// The same with what others have of these kinds. What the credentials may not list is said in
    /// the look's [`Live::unseen`].
    ///
    /// # Errors
    /// When the cloud does not answer.
    pub async fn all(&self, graph: &Graph) -> Outcome<Look> {
        let mut look = self.ours(graph).await?;
        let ours = identities(&look.live);
        let places: Vec<(Arc<str>, Arc<str>)> = look.looked.iter().cloned().collect();
        let asked = places.iter().map(|(region, kind)| {
            retry::steadily(&self.0, "find", move || {
                self.0.provider.find(kind, region, None)
            })
        });
        let found = join_all(asked).await;
        for ((region, kind), found) in places.into_iter().zip(found) {
            let strays = match found {
                Ok(strays) => strays,
                Err(error) if matches!(error.kind, ErrorKind::Denied | ErrorKind::Unsupported) => {
                    // Names that others took are not known then; that is no reason to stop.
                    let what = format!("existing {kind} in {region}: {error}");
                    look.live.unseen.push(what);
                    look.looked.remove(&(region, kind));
                    continue;
                }
                Err(error) => return Err(error),
            };
            for stray in strays {
                let is_ours =
                    ours.contains(&(region.clone(), kind.clone(), stray.identifier.clone()))
                        || matches!(&stray.owner, Some((owner, _)) if owner == self.0.owner);
                if !is_ours {
                    look.others.push(Other {
                        region: region.clone(),
                        kind: kind.clone(),
                        identifier: stray.identifier,
                        properties: load::naming(&kind, &stray.properties),
                    });
                }
            }
        }
        Ok(look)
    }
}

/// What is ours, by region, kind and identifier.
fn identities(live: &Live) -> BTreeSet<(Arc<str>, Arc<str>, Arc<str>)> {
    let all = live.resources.values().chain(&live.deposed);
    all.map(|one| {
        let region = one.address.region.clone();
        (region, one.kind.clone(), one.identifier.clone())
    })
    .collect()
}
