//! The IAM actions that a plan needs, and what AWS's simulation says about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Check, Verdict};
use crate::graph::Graph;
use crate::inventory::Live;
use crate::kinds::actions::{
    Need, of_every_change, of_every_run, of_files, of_kind, of_migration, of_properties,
};
use crate::kinds::unlocked;
use crate::plan::{Action, Plan, Step};
use crate::roles::Role;

/// Actions, and the kinds of resources that need each; none for what every run needs.
pub type Needed = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// What the credentials may of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The action.
    pub action: Arc<str>,
    /// Whether it is allowed on every resource.
    pub allowed: bool,
    /// What the answer depends on that a simulation does not know: the condition keys of policies.
    pub depends_on: Vec<String>,
    /// Who forbids it, in words, where that is known.
    pub by: Option<&'static str>,
}

/// Whether S3 copies the files of a bucket to another one, so that a migration may have to.
pub fn replicates(graph: &Graph) -> bool {
    let mut buckets = graph.iter().filter(|one| &*one.kind == "AWS::S3::Bucket");
    buckets.any(|one| one.properties.get("ReplicationConfiguration").is_some())
}

/// The actions that it takes to look at all of `graph` and what exists, and to carry out `plan`.
pub fn needed(graph: &Graph, live: &Live, plan: &Plan) -> Needed {
    let mut needed = Needed::new();
    for action in of_every_run().chain(of_every_change()) {
        needed.entry(action.clone()).or_default();
    }
    let mut needs: BTreeSet<(Arc<str>, Need)> = BTreeSet::new();
    let exist = live.resources.values().chain(&live.deposed);
    let kinds = graph.iter().map(|resource| &resource.kind);
    for kind in kinds.chain(exist.map(|resource| &resource.kind)) {
        needs.insert((kind.clone(), Need::Read));
    }
    for operation in &plan.operations {
        let change = &plan.changes[operation.change];
        // What goes has the kind that it has now, what comes the one that it shall have.
        let old = change.live.as_ref().map_or(&change.kind, |live| &live.kind);
        match operation.step {
            Step::Create => {
                needs.insert((change.kind.clone(), Need::Create));
            }
            Step::Update => {
                needs.insert((change.kind.clone(), Need::Update));
            }
            Step::Delete => {
                needs.insert((old.clone(), Need::Delete));
                let locked = change
                    .live
                    .as_ref()
                    .is_some_and(|live| unlocked(&live.kind, &live.properties).is_some());
                if locked {
                    needs.insert((old.clone(), Need::Update));
                }
            }
        }
    }
    add(&mut needed, needs);
    for resource in plan
        .changes
        .iter()
        .filter_map(|change| change.desired.as_ref())
    {
        for action in of_properties(&resource.properties) {
            let kinds = needed.entry(action.clone()).or_default();
            kinds.insert(resource.kind.clone());
        }
        if resource.role == Some(Role::ServiceSetting) {
            // Servers are asked whether they run by it.
            for action in of_migration() {
                needed.entry(action.clone()).or_default();
            }
        }
    }
    needed
}

/// A step of a migration, as far as permissions go.
#[derive(Clone, Copy, Debug)]
pub struct Stride<'a> {
    /// What stands after it.
    pub graph: &'a Graph,
    /// What it changes.
    pub plan: &'a Plan,
    /// Whether there is a way back over it.
    pub back: bool,
}

/// The actions that it takes to look at what exists, to take every step and the way back over those
/// that have one, to ask the gates, and to run the scripts.
pub fn needed_to_migrate(steps: &[Stride<'_>], live: &Live) -> Needed {
    let mut all = Needed::new();
    for action in of_migration() {
        all.entry(action.clone()).or_default();
    }
    if steps.iter().any(|step| replicates(step.graph)) {
        for action in of_files() {
            all.entry(action.clone()).or_default();
        }
    }
    for step in steps {
        for (action, kinds) in needed(step.graph, live, step.plan) {
            all.entry(action).or_default().extend(kinds);
        }
        if !step.back {
            continue;
        }
        let back = step.plan.operations.iter().map(|operation| {
            let change = &step.plan.changes[operation.change];
            let need = match operation.step {
                Step::Create => Need::Delete,
                Step::Update => Need::Update,
                Step::Delete => Need::Create,
            };
            (change.kind.clone(), need)
        });
        add(&mut all, back.collect());
    }
    all
}

/// The actions that it takes to look at all of `graph`: what is left to ask for when that fails.
pub fn needed_to_look(graph: &Graph) -> Needed {
    let mut needed = Needed::new();
    for action in of_every_run() {
        needed.entry(action.clone()).or_default();
    }
    let kinds = graph.iter().map(|resource| resource.kind.clone());
    add(&mut needed, kinds.map(|kind| (kind, Need::Read)).collect());
    needed
}

fn add(needed: &mut Needed, needs: BTreeSet<(Arc<str>, Need)>) {
    for (kind, need) in needs {
        for action in of_kind(&kind, need) {
            let kinds = needed.entry(action.clone()).or_default();
            kinds.insert(kind.clone());
        }
    }
}

/// What the plan would do, in words: `3 to create, 1 to replace`.
pub fn plan_in_words(plan: &Plan) -> String {
    let of = |action: Action| plan.changes.iter().filter(|c| c.action == action).count();
    let parts: Vec<String> = [
        (Action::Create, "create"),
        (Action::Update, "update"),
        (Action::Replace, "replace"),
        (Action::Delete, "delete"),
    ]
    .into_iter()
    .filter(|(action, _)| of(*action) > 0)
    .map(|(action, word)| format!("{} to {word}", of(action)))
    .collect();
    if parts.is_empty() {
        "nothing to do".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What the decisions come to. An action without a decision counts as not looked at; `policy` is the
/// command that prints what would be enough.
pub fn judge(needed: &Needed, decisions: &[Decision], policy: &str) -> Check {
    const CHECK: &str = "permissions";
    let mut denied = Vec::new();
    let mut unsure = Vec::new();
    for (action, kinds) in needed {
        let kinds: Vec<&str> = kinds.iter().map(|kind| &**kind).collect();
        let needed_by = if kinds.is_empty() {
            "every run".to_owned()
        } else {
            kinds.join(", ")
        };
        let decision = decisions.iter().find(|one| one.action == *action);
        match decision {
            Some(decision) if decision.allowed => {}
            Some(decision) if decision.by.is_none() && !decision.depends_on.is_empty() => unsure
                .push(format!(
                    "{action} ({needed_by}) depends on {}",
                    decision.depends_on.join(", ")
                )),
            Some(decision) => {
                let by = decision.by.map(|by| format!(": {by}")).unwrap_or_default();
                denied.push(format!("{action} ({needed_by}) is denied{by}"));
            }
            None => unsure.push(format!("{action} ({needed_by}) has no result")),
        }
    }
    let all = needed.len();
    let mend = format!(
        "attach the policy that `{policy}` prints; policies limited to single resources count as denied here"
    );
    let details: Vec<String> = denied.iter().chain(&unsure).cloned().collect();
    let (verdict, found) = match (denied.len(), unsure.len()) {
        (0, 0) => (
            Verdict::Ok,
            format!("all {all} actions of this plan are allowed"),
        ),
        (0, some) => (
            Verdict::Warning,
            format!("{some} of {all} actions of this plan could not be checked"),
        ),
        (some, _) => (
            Verdict::Fails,
            format!("{some} of {all} actions of this plan are denied"),
        ),
    };
    Check {
        check: CHECK,
        verdict,
        found,
        details,
        mend: (verdict != Verdict::Ok).then_some(mend),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed_of(actions: &[(&str, &[&str])]) -> Needed {
        let of = |kinds: &[&str]| kinds.iter().map(|&kind| kind.into()).collect();
        actions
            .iter()
            .map(|(action, kinds)| ((*action).into(), of(kinds)))
            .collect()
    }

    fn decided(action: &str, allowed: bool) -> Decision {
        Decision {
            action: action.into(),
            allowed,
            depends_on: Vec::new(),
            by: None,
        }
    }

    #[test]
    fn a_denied_action_fails_and_is_told_with_the_kinds_that_need_it() {
        let needed = needed_of(&[
            ("ec2:CreateTags", &["AWS::EC2::VPC", "AWS::EC2::EIP"]),
            ("ec2:CreateVpc", &["AWS::EC2::VPC"]),
            ("ssm:PutParameter", &[]),
        ]);
        let told = judge(
            &needed,
            &[
                decided("ec2:CreateTags", false),
                decided("ec2:CreateVpc", true),
                Decision {
                    by: Some("by the permissions boundary"),
                    ..decided("ssm:PutParameter", false)
                },
            ],
            "scalectl iam-policy",
        );
        assert_eq!(told.verdict, Verdict::Fails);
        assert_eq!(told.found, "2 of 3 actions of this plan are denied");
        let expected = [
            "ec2:CreateTags (AWS::EC2::EIP, AWS::EC2::VPC) is denied",
            "ssm:PutParameter (every run) is denied: by the permissions boundary",
        ];
        assert_eq!(told.details, expected);
    }

    #[test]
    fn what_a_condition_decides_or_nobody_answers_is_a_warning() {
        let needed = needed_of(&[
            ("ec2:CreateVpc", &["AWS::EC2::VPC"]),
            ("ec2:DescribeVpcs", &[]),
        ]);
        let told = judge(
            &needed,
            &[Decision {
                depends_on: vec!["aws:RequestedRegion".to_owned()],
                ..decided("ec2:CreateVpc", false)
            }],
            "scalectl iam-policy",
        );
        assert_eq!(told.verdict, Verdict::Warning);
        assert!(told.details[0].ends_with("depends on aws:RequestedRegion"));
        assert!(told.details[1].ends_with("has no result"));
    }

    #[test]
    fn all_allowed_is_well() {
        let needed = needed_of(&[("ec2:CreateVpc", &["AWS::EC2::VPC"])]);
        let told = judge(
            &needed,
            &[decided("ec2:CreateVpc", true)],
            "scalectl iam-policy",
        );
        assert_eq!(told.verdict, Verdict::Ok);
        assert_eq!(told.mend, None);
    }

    #[test]
    fn a_migration_needs_its_scripts_and_its_way_back() {
        let address: crate::address::Address = "us-east-1/vpc".parse().unwrap();
        let properties = serde_json::json!({"CidrBlock": "10.0.0.0/16"});
        let vpc = crate::graph::Resource {
            address,
            kind: "AWS::EC2::VPC".into(),
            tier: "network".into(),
            role: None,
            properties: serde_json::from_value(properties).unwrap(),
            after: Vec::new(),
            lifecycle: crate::graph::Lifecycle::default(),
            ready_when: Vec::new(),
        };
        let graph: Graph = [vpc].into_iter().collect();
        let plan = crate::plan::diff(&graph, &Live::default(), None);
        let of = |back| {
            let step = Stride {
                graph: &graph,
                plan: &plan,
                back,
            };
            needed_to_migrate(&[step], &Live::default())
        };
        let (with, without) = (of(true), of(false));
        for action in ["ec2:CreateVpc", "ssm:SendCommand"] {
            assert!(without.contains_key(action), "{without:?}");
        }
        assert!(!without.contains_key("ec2:DeleteVpc"), "{without:?}");
        assert!(with.contains_key("ec2:DeleteVpc"), "{with:?}");
    }
}
