//! A step's changes: what it may change, and applying it.

use std::collections::BTreeSet;

use super::{Event, Halt, Outcome, Walker};
use crate::address::Address;
use crate::apply::execute;
use crate::graph::Graph;
use crate::inventory::Live;
use crate::migrate::failover;
use crate::plan::{Plan, diff, guard};
use crate::roles::Role;

impl Walker<'_> {
    /// Makes a step's changes.
    pub(super) async fn carry_out(
        &self,
        number: usize,
        plan: Plan,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        on_event(&Event::Planned {
            step: number,
            plan: &plan,
        });
        if plan.is_empty() {
            return Ok(());
        }
        let report = execute(self.context, &plan, self.workers, &mut |event| {
            on_event(&Event::Operation(event));
        })
        .await;
        match (report.is_complete(), report.stopped) {
            (true, _) => Ok(()),
            (false, true) => Err(Halt::Stopped),
            (false, false) => Err(Halt::Incomplete {
                plan: Box::new(plan),
                report,
            }),
        }
    }

    /// What a step would change, unless the guard rails refuse some of it.
    pub(super) fn planned(
        &self,
        number: usize,
        before: &Graph,
        graph: &Graph,
        live: &Live,
    ) -> Outcome<Plan> {
        let step = &self.migration.steps[number];
        let plan = match &self.migration.failover {
            Some(_) => failover::planned(step, before, graph, live),
            None => diff(graph, live, None),
        };
        let mut refusals = guard::refusals(&plan, &self.allowed(number, before, graph));
        if let Some(failover) = &self.migration.failover {
            refusals.extend(failover::loses_the_writer(&plan, graph, failover));
        }
        if refusals.is_empty() {
            Ok(plan)
        } else {
            Err(Halt::Refused(refusals))
        }
    }

    /// What a step may remove or lead elsewhere although it is protected: exactly what its own
    /// graphs say.
    fn allowed(&self, number: usize, before: &Graph, graph: &Graph) -> BTreeSet<Address> {
        let step = &self.migration.steps[number];
        if self.migration.failover.is_some() {
            return failover::touched(before, graph);
        }
        let mut allowed: BTreeSet<Address> = before
            .resources
            .keys()
            .filter(|address| graph.get(address).is_none())
            .cloned()
            .collect();
        // The scripts of this step have moved the rows.
        if !step.run.is_empty() {
            let settings = graph.with_role(Role::DatabaseSetting);
            allowed.extend(settings.map(|one| one.address.clone()));
        }
        allowed
    }
}
