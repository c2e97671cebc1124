//! What of a migration leads requests: its steps between stages with different fronts, and their gates.

use super::front::Front;
use crate::graph::{Graph, Resource};
use crate::migrate::gates::Gate;
use crate::migrate::{Phase, Step as Planned};
use crate::rehearse::dns::PACE;
use crate::spec::Cadence;

/// One step of a rehearsal of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What the report calls it.
    pub name: String,
    /// What it does.
    pub doing: Doing,
    /// What is asked before the next one begins.
    pub gates: Vec<Gate>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Starts the new front beside the old.
    Raise,
    /// Leads so many of a hundred requests to the new front.
    Lead(u32),
    /// Watches.
    Watch,
    /// Ends what only the old front needs.
    End,
}

/// The steps of one hop, between the fronts of its two stages; none when requests stay where they are.
/// During the soak the way back is walked too.
pub fn of(hop: &[Planned], old: &Front, new: &Front) -> Vec<Step> {
    let Some(end) = hop.last() else {
        return Vec::new();
    };
    if old == new {
        return Vec::new();
    }
    let mut steps: Vec<Step> = Vec::new();
    let mut last: Option<Step> = None;
    for planned in hop {
        let doing = match planned.phase {
            Phase::Expand => Doing::Raise,
            Phase::Switch => match share(&planned.graph, &end.graph) {
                Some(share) => Doing::Lead(share),
                None => continue,
            },
            Phase::Soak => Doing::Watch,
            Phase::Contract => Doing::End,
            Phase::Prepare | Phase::Move => continue,
        };
        let step = Step {
            name: planned.name.to_string(),
            doing,
            gates: gates(planned),
        };
        if matches!(doing, Doing::Lead(_)) {
            last = Some(step.clone());
        }
        steps.push(step);
        if doing == Doing::Watch
            && let Some(led) = last.take()
        {
            let again = format!("{} again", led.name);
            let back = Step {
                name: "rollback".to_owned(),
                doing: Doing::Lead(0),
                ..led.clone()
            };
            steps.extend([back, Step { name: again, ..led }]);
        }
    }
    steps
}

/// How many of a hundred requests are led to the new front: by the weight of what stands beside the old
/// record, or all of them where the records are those of the end.
fn share(graph: &Graph, end: &Graph) -> Option<u32> {
    let records = |graph: &Graph| -> Vec<Resource> {
        let records = graph.iter().filter(|one| &*one.kind == RECORD);
        records.cloned().collect()
    };
    let next = graph.iter().find(|one| {
        &*one.kind == RECORD
            && one
                .properties
                .get("SetIdentifier")
                .and_then(|name| name.as_str())
                == Some("next")
    });
    match next {
        Some(next) => u32::try_from(next.properties.get("Weight")?.as_int()?).ok(),
        None => (records(graph) == records(end)).then_some(100),
    }
}

const RECORD: &str = "AWS::Route53::RecordSet";

/// How often a gate is checked here, and until when: ten times a second for half a minute, by a clock that is faster
/// by [`PACE`]. Servers of a rehearsal answer in milliseconds, and each reading of the load takes a second.
const CADENCE: Cadence = Cadence {
    times: 1,
    every: PACE / 10,
    within: 30 * PACE,
};

/// A step's gates as they are checked here.
fn gates(planned: &Planned) -> Vec<Gate> {
    let gates = planned.gates.iter().cloned();
    gates
        .map(|gate| Gate {
            cadence: CADENCE,
            ..gate
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Library, compile};
    use crate::migrate::{Migration, Walk};
    use crate::spec::{self, Stage};
    use std::collections::BTreeMap;

    fn told(from: Stage, to: Stage) -> Vec<String> {
        let library = Library::embedded().unwrap();
        let text = "app: shop\nstage: single-server\ndomain: shop.example.com\nregions: [us-east-1, eu-west-1]\n\
                    services: {web: {image: a}}\ndatabase: {engine: postgres}\n";
        let graphs: BTreeMap<Stage, _> = [from, to]
            .into_iter()
            .map(|stage| {
                let spec = spec::load("scalectl.yaml", text, None, Some(stage)).unwrap();
                (stage, compile(&library, &spec).unwrap())
            })
            .collect();
        let walk = Walk::of(&library).unwrap();
        let migration = Migration::new(&walk, &[from, to], &graphs).unwrap();
        let (old, new) = (Front::of(&graphs[&from]), Front::of(&graphs[&to]));
        of(&migration.steps, &old, &new)
            .iter()
            .map(|step| format!("{} {:?}", step.name, step.doing))
            .collect()
    }

    #[test]
    fn a_shift_of_weights_is_walked_there_and_back_and_there() {
        let there = [
            "expand Raise",
            "shift-10 Lead(10)",
            "shift-50 Lead(50)",
            "shift-100 Lead(100)",
            "soak Watch",
            "rollback Lead(0)",
            "shift-100 again Lead(100)",
            "contract End",
        ];
        assert_eq!(told(Stage::SplitDb, Stage::LoadBalanced), there);
        assert_eq!(told(Stage::Cdn, Stage::LoadBalanced), there);
    }

    #[test]
    fn a_region_that_joins_takes_no_weight() {
        let there = told(Stage::Cdn, Stage::MultiRegion);
        assert!(
            there.contains(&"shift-100 Lead(100)".to_owned()),
            "{there:?}"
        );
        assert!(!there.iter().any(|step| step.contains("Lead(10)")));
    }

    #[test]
    fn where_only_rows_move_no_request_is_led() {
        assert!(told(Stage::SingleServer, Stage::SplitDb).is_empty());
    }
}
