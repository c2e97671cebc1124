//! Deployments on the simulator: what servers run at every moment, and what a run that died leaves.

use scalectl::apply::{Context, Stop, observe, record_of, write_record};
use scalectl::blueprint::Library;
use scalectl::deploy::{self, Event, Service, Walk};
use scalectl::graph::Graph;
use scalectl::inventory::{Deployment, Live};
use scalectl::migrate::walk::Halt;
use scalectl::plan::diff;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::{Faults, Images};
use scalectl::provider::sim::{Moment, Sim};
use scalectl::spec::{Spec, Stage};
use scalectl::value::Value;

use crate::common::{EPOCH, apply, graph_of, owner, runtime, spec_at};

const SPEC: &str = "\
app: shop
stage: load-balanced
domain: shop.example.com
services:
  web:
    image: web:1
    release: [./migrate]
    scale: {min: 3, max: 6}
    deploy: {share: 34}
  mail: {type: worker, image: mail:1}
";

/// A site that is applied, its time, and what the spec says afterwards.
struct Case {
    cloud: Cloud,
    now: u64,
    spec: Spec,
    old: Graph,
    new: Graph,
}

fn case(stage: Stage, deploy: &str) -> Case {
    let library = Library::embedded().unwrap();
    let text = SPEC.replace("{share: 34}", deploy);
    let old = graph_of(&library, &spec_at(&text, stage));
    let spec = spec_at(&text.replace("web:1", "web:2"), stage);
    let new = graph_of(&library, &spec);
    let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
    let now = runtime().block_on(async {
        let (_, report) = apply(&sim, &old, None).await;
        assert!(report.is_complete(), "{report:#?}");
        sim.clock().now()
    });
    Case {
        cloud: sim.into_cloud(),
        now,
        spec,
        old,
        new,
    }
}

/// Which way a run goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Forward,
    Back,
}

/// What a run left: the cloud, its time, what was told, and how it ended, unless it died.
struct Left {
    cloud: Cloud,
    now: u64,
    told: Vec<String>,
    ended: Option<Result<(), Halt>>,
}

impl Case {
    /// One run, as the command makes it; it "dies" at a call, if one is given.
    fn run(
        &self,
        (cloud, now): (Cloud, u64),
        way: Way,
        images: &Images,
        dies: Option<(u64, Moment)>,
    ) -> Left {
        runtime().block_on(async {
            let faults = Faults {
                images: images.clone(),
                ..Faults::default()
            };
            let sim = Sim::in_memory(cloud, faults, now);
            if let Some((call, moment)) = dies {
                sim.crash_at(call, moment);
            }
            let (stop, owner) = (Stop::default(), owner());
            let context = Context {
                provider: &sim,
                owner: &owner,
                stop: &stop,
            };
            let mut told = Vec::new();
            let done = tokio::select! {
                () = sim.crashed() => None,
                done = self.walk(&context, way, &mut told) => Some(done),
            };
            let now = sim.clock().now();
            Left {
                cloud: sim.into_cloud(),
                now,
                told,
                ended: done,
            }
        })
    }

    async fn walk(
        &self,
        context: &Context<'_>,
        way: Way,
        told: &mut Vec<String>,
    ) -> Result<(), Halt> {
        let live = observe(context, Some(&self.new)).await?;
        let mut record = record_of(live.record.as_ref(), &self.new, None);
        let services = self.services(&live);
        if record.deployment.is_none() {
            if way == Way::Back || services.is_empty() {
                return Ok(());
            }
            let versions = services
                .iter()
                .map(|one| (one.name.clone(), one.version.clone()));
            record.deployment = Some(Deployment {
                services: versions.collect(),
                who: "ann".to_owned(),
                since: context.provider.clock().now(),
                alarms: deploy::alarms(context, &self.new).await?,
                ailing: deploy::ailing(context, &self.new, &services).await?,
                released: Vec::new(),
                served: false,
                back: None,
            });
            write_record(context, &record).await?;
        }
        let library = Library::embedded().unwrap();
        let texts = |name: &str| deploy::script(&library, name);
        let mut walk = Walk {
            context,
            graph: &self.new,
            services: &services,
            texts: &texts,
            record,
        };
        let mut tell = |event: &Event<'_>| told.push(serde_json::to_string(event).unwrap());
        match way {
            Way::Back => walk.back("on request", &mut tell).await.map(|_| ()),
            Way::Forward => walk.forward(&mut tell).await,
        }
    }

    /// The services of the deployment in progress, or those that the plan changes.
    fn services(&self, live: &Live) -> Vec<Service> {
        let record = live.record.as_ref();
        match record.and_then(|record| record.deployment.as_ref()) {
            Some(deployment) => {
                let names = deployment.services.keys();
                let found = names.map(|name| deploy::service(name, &self.new, live, &self.spec));
                found.map(Option::unwrap).collect()
            }
            None => {
                let plan = diff(&self.new, live, None);
                let found = deploy::found(&plan, &self.new, live, &self.spec);
                assert_eq!((found.needed.len(), found.others), (0, 0), "{found:?}");
                found.services
            }
        }
    }
}

/// What there is.
fn live(cloud: &Cloud, now: u64, graph: &Graph) -> Live {
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud.clone(), Faults::default(), now);
        let (stop, owner) = (Stop::default(), owner());
        let context = Context {
            provider: &sim,
            owner: &owner,
            stop: &stop,
        };
        observe(&context, Some(graph)).await.unwrap()
    })
}

fn text_of(live: &Live, address: &str) -> Option<String> {
    let found = live.resources.get(&address.parse().unwrap())?;
    Some(
        found
            .properties
            .get("Value")
            .and_then(Value::as_str)
            .unwrap()
            .to_owned(),
    )
}

/// The cloud is exactly what a graph says, and nothing is in progress.
fn is_whole(left: &Left, graph: &Graph, what: &str) {
    let live = live(&left.cloud, left.now, graph);
    let plan = diff(graph, &live, None);
    assert!(plan.is_empty(), "{what}: {:#?}", plan.changes);
    assert_eq!(live.record.unwrap().deployment, None, "{what}");
}

#[test]
fn servers_take_a_version_share_by_share() {
    let case = case(Stage::LoadBalanced, "{share: 34}");
    let left = case.run(
        (case.cloud.clone(), case.now),
        Way::Forward,
        &Images::default(),
        None,
    );
    left.ended.as_ref().unwrap().as_ref().unwrap();
    is_whole(&left, &case.new, "deployed");
    let served: Vec<&str> = left
        .told
        .iter()
        .map(String::as_str)
        .filter(|one| one.contains("\"runs\""))
        .collect();
    assert_eq!(
        served,
        [
            r#"{"what":"runs","service":"web","region":"us-east-1","servers":2,"all":3}"#,
            r#"{"what":"runs","service":"web","region":"us-east-1","servers":3,"all":3}"#,
        ]
    );
    assert!(left.told[0].contains("releases"), "{:?}", left.told);
    let record = live(&left.cloud, left.now, &case.new).record.unwrap();
    let release = record.releases.last().unwrap();
    assert_eq!((&*release.image, &*release.before), ("web:2", "web:1"));
    assert_eq!(release.rolled_back, None);
}

/// Every stage has another kind of servers: one for all, a fleet, two regions.
#[test]
fn every_stage_deploys() {
    for stage in Stage::ALL {
        let case = case(stage, "{strategy: canary, bake: 30}");
        let left = case.run(
            (case.cloud.clone(), case.now),
            Way::Forward,
            &Images::default(),
            None,
        );
        left.ended
            .as_ref()
            .unwrap()
            .as_ref()
            .unwrap_or_else(|halt| panic!("{stage:?}: {halt:#?}"));
        is_whole(&left, &case.new, stage.name());
        let regions = case.spec.regions.len();
        let releases = left
            .told
            .iter()
            .filter(|one| one.contains("\"released\""))
            .count();
        assert_eq!(releases, 1, "one release command for {regions} regions");
    }
}

#[test]
fn a_version_that_is_never_healthy_or_fails_later_goes_back() {
    let case = case(Stage::LoadBalanced, "{share: 34}");
    let images = |sick: bool| {
        let (parts, none) = ([("web:2").into()].into(), Default::default());
        if sick {
            Images {
                sick: parts,
                failing: none,
            }
        } else {
            Images {
                sick: none,
                failing: parts,
            }
        }
    };
    for sick in [true, false] {
        let left = case.run(
            (case.cloud.clone(), case.now),
            Way::Forward,
            &images(sick),
            None,
        );
        let halt = left.ended.unwrap().unwrap_err();
        assert!(matches!(halt, Halt::Shut(_)), "{halt:#?}");
        let served = left
            .told
            .iter()
            .filter(|one| one.contains("\"runs\""))
            .count();
        assert_eq!(served, if sick { 0 } else { 2 }, "{:?}", left.told);
        let back = case.run((left.cloud, left.now), Way::Back, &images(sick), None);
        back.ended.as_ref().unwrap().as_ref().unwrap();
        is_whole(&back, &case.old, "went back");
        let record = live(&back.cloud, back.now, &case.old).record.unwrap();
        assert!(record.releases.last().unwrap().rolled_back.is_some());
    }
}

/// At every call, before and after its effect: no server has a version whose turn has not come, and whoever comes next
/// finishes the deployment or takes it back.
#[test]
fn a_run_that_died_at_any_call_is_finished_or_taken_back() {
    let case = case(Stage::LoadBalanced, "{share: 34, bake: 0}");
    let (setting, rollout) = ("us-east-1/param_service[web]", "us-east-1/rollout[web]");
    let old = text_of(&live(&case.cloud, case.now, &case.old), setting).unwrap();
    let none = Images::default();
    let mut call = 0;
    loop {
        call += 1;
        let mut died = false;
        for moment in [Moment::Before, Moment::After] {
            let start = (case.cloud.clone(), case.now);
            let left = case.run(start, Way::Forward, &none, Some((call, moment)));
            died |= left.ended.is_none();
            let what = format!("call {call} {moment:?}");
            let found = live(&left.cloud, left.now, &case.new);
            let standing = found
                .record
                .as_ref()
                .and_then(|record| record.deployment.clone());
            let is_new = text_of(&found, setting).unwrap() != old;
            let is_held = text_of(&found, rollout).is_some();
            let is_over = standing.is_none_or(|one| one.served);
            assert!(
                !is_new || is_held || is_over,
                "{what}: every server takes it at once"
            );
            let at = (left.cloud.clone(), left.now);
            let forward = case.run(at.clone(), Way::Forward, &none, None);
            forward
                .ended
                .as_ref()
                .unwrap()
                .as_ref()
                .unwrap_or_else(|halt| panic!("{what}: {halt:#?}"));
            is_whole(&forward, &case.new, &what);
            let back = case.run(at, Way::Back, &none, None);
            back.ended
                .as_ref()
                .unwrap()
                .as_ref()
                .unwrap_or_else(|halt| panic!("{what}: {halt:#?}"));
            is_whole(
                &back,
                if is_over && is_new {
                    &case.new
                } else {
                    &case.old
                },
                &what,
            );
        }
        if !died {
            assert!(call > 20, "only {call} calls");
            return;
        }
    }
}

/// Who resumes does not take a server's word for granted because its turn had come: at every call a run dies that brings an
/// image which is never healthy, and the next one finds that out.
#[test]
fn a_run_that_resumes_finds_out_what_the_one_before_did_not_live_to_see() {
    for stage in [Stage::SingleServer, Stage::LoadBalanced] {
        let case = case(stage, "{share: 34, bake: 0}");
        let sick = Images {
            sick: [("web:2").into()].into(),
            ..Images::default()
        };
        let mut call = 0;
        loop {
            call += 1;
            let start = (case.cloud.clone(), case.now);
            let left = case.run(start, Way::Forward, &sick, Some((call, Moment::After)));
            let Left { cloud, now, .. } = match left.ended {
                None => left,
                Some(_) => break,
            };
            let resumed = case.run((cloud, now), Way::Forward, &sick, None).ended;
            assert!(
                matches!(resumed, Some(Err(Halt::Shut(_)))),
                "{stage:?}, call {call}: {resumed:#?}"
            );
        }
        assert!(call > 15, "only {call} calls");
    }
}

/// The same on the way back.
#[test]
fn a_way_back_that_died_at_any_call_goes_on() {
    let case = case(Stage::LoadBalanced, "{share: 34, bake: 0}");
    let sick = Images {
        sick: [("web:2").into()].into(),
        ..Images::default()
    };
    let failed = case.run((case.cloud.clone(), case.now), Way::Forward, &sick, None);
    assert!(failed.ended.unwrap().is_err());
    let mut call = 0;
    loop {
        call += 1;
        let mut died = false;
        for moment in [Moment::Before, Moment::After] {
            let start = (failed.cloud.clone(), failed.now);
            let left = case.run(start, Way::Back, &sick, Some((call, moment)));
            died |= left.ended.is_none();
            let back = case.run((left.cloud, left.now), Way::Back, &sick, None);
            back.ended
                .as_ref()
                .unwrap()
                .as_ref()
                .unwrap_or_else(|halt| panic!("call {call}: {halt:#?}"));
            is_whole(&back, &case.old, &format!("call {call} {moment:?}"));
        }
        if !died {
            assert!(call > 8, "only {call} calls");
            return;
        }
    }
}
