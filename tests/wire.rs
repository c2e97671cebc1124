//! Every example at every stage through the AWS provider, over HTTP, on emulators of AWS that know
//! nothing of us: apply, plan again, change, plan again, destroy, nothing left, and nothing called that the
//! IAM actions of that step do not name. What stands after each of these is read by AWS's SDK for Python and
//! compared with what `tests/wire/expect` says. What an emulator cannot do is left out by name, with its
//! reason, in `tests/wire/gaps.txt`.
#![cfg(feature = "aws")]

#[path = "common/actions.rs"]
mod actions;
#[path = "wire/called.rs"]
mod called;
mod common;
#[path = "common/emulator.rs"]
mod emulator;
#[path = "common/faults.rs"]
mod faults;
#[path = "common/gaps.rs"]
mod gaps;
#[path = "common/proxy.rs"]
mod proxy;
#[path = "common/readback.rs"]
mod readback;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use called::Called;
use common::{apply, apply_of, destroy_of, example, graph_of, owner_of, plan_of};
use emulator::{Emulator, Kind};
use gaps::Gaps;
use proxy::{Faults, Proxy, runtime};
use readback::{Readback, changes, expect};
use scalectl::address::{Address, GLOBAL};
use scalectl::apply::{End, Report};
use scalectl::blueprint::Library;
use scalectl::doctor::permissions::needed;
use scalectl::graph::{Graph, Lifecycle, Resource};
use scalectl::inventory::{Handle, Live, LiveResource};
use scalectl::kinds::actions::{Names, Need, of_needs};
use scalectl::plan::{Action, Change, Plan};
use scalectl::provider::aws::Aws;
use scalectl::provider::{Provider as _, Query};
use scalectl::schema::Registry;
use scalectl::spec::{PriceClass, Spec, Stage, Storage};
use scalectl::value::{Map, Reference, Value};
use serde_json::json;

/// What was not as it should be.
fn complaints(plan: &Plan, report: &Report) -> Vec<String> {
    let ends = plan.operations.iter().zip(&report.ends);
    ends.filter(|(_, end)| !matches!(end, End::Done { differs, .. } if differs.is_empty()))
        .map(|(operation, end)| {
            let change = &plan.changes[operation.change];
            format!(
                "{} {:?} {}: {end:?}",
                change.address, operation.step, change.kind
            )
        })
        .collect()
}

/// What a plan would do.
fn wishes(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .map(|change| {
            let properties = change.properties.iter().map(|property| {
                format!(
                    "{}: {:?} -> {:?}",
                    property.path, property.before, property.after
                )
            });
            let properties: Vec<String> = properties.collect();
            format!(
                "{} {:?} {}",
                change.address,
                change.action,
                properties.join(", ")
            )
        })
        .collect()
}

/// Whether all that a plan wants is to take away certificates: ministack makes another one when one is
/// asked for again with the same token, as happens when its proof was not written at the first go. The
/// next run takes it away, as it does with whatever is double.
fn is_double(plan: &Plan) -> bool {
    let goes = |change: &Change| {
        change.action == Action::Delete && &*change.kind == "AWS::CertificateManager::Certificate"
    };
    plan.changes.iter().all(goes) && !plan.changes.is_empty()
}

/// What a change comes to: a line for each resource.
fn steps(plan: &Plan) -> Vec<String> {
    let told = plan.changes.iter().map(|change| {
        let action = format!("{:?}", change.action).to_lowercase();
        let paths = change.properties.iter().map(|property| &*property.path);
        let paths: Vec<&str> = match change.action {
            Action::Update | Action::Replace => paths.collect(),
            Action::Create | Action::Delete => Vec::new(),
        };
        let line = format!("{action} {} {}", change.address, paths.join(" "));
        line.trim_end().to_owned()
    });
    told.collect()
}

/// What a change deletes or replaces, but for subscriptions, which can be changed in no other way.
fn rebuilt(plan: &Plan) -> Vec<String> {
    let goes = |action| matches!(action, Action::Delete | Action::Replace);
    let changes = plan.changes.iter().filter(|change| goes(change.action));
    changes
        .filter(|change| &*change.kind != "AWS::SNS::Subscription")
        .map(|change| format!("{} is {:?}d", change.address, change.action).to_lowercase())
        .collect()
}

/// The application some months later, as somebody would change it who runs it.
fn grown(name: &str, emulator: Kind, spec: &Spec) -> Spec {
    let mut spec = spec.clone();
    let is_one_server = matches!(spec.stage, Stage::SingleServer | Stage::SplitDb);
    spec.monitoring.cpu = 70;
    match name {
        // More customers: larger servers and a larger database, and a second name.
        "shop" => {
            let web = spec.services.get_mut("web").unwrap();
            match emulator {
                Kind::Moto => web.instance = "t4g.large".to_owned(),
                // It can start other instances, but not change one.
                Kind::Ministack if is_one_server => {}
                Kind::Ministack => web.instance = "t3.large".to_owned(),
            }
            web.env.insert("CURRENCY".to_owned(), "EUR".to_owned());
            web.scale.min = 3;
            web.health.interval = 20;
            let database = spec.database.as_mut().unwrap();
            database.class = Some("db.m7g.large".to_owned());
            database.storage = Storage::Size(100);
            database.backup_days = 30;
        }
        // More readers: one more replica, files from everywhere, for longer.
        "newsroom" => {
            spec.database.as_mut().unwrap().replicas += 1;
            spec.cdn.price_class = PriceClass::All;
            spec.cdn.default_ttl = 86_400;
            spec.cdn.static_paths.push("/fonts/*".to_owned());
            spec.monitoring.log_retention_days = 30;
            spec.services.get_mut("web").unwrap().scale.target.cpu = 45;
        }
        // Busier, and other people on call.
        _ => {
            let api = spec.services.get_mut("api").unwrap();
            api.paths.push("/v2/*".to_owned());
            api.scale.max = 60;
            api.balance.slow_start = 0;
            spec.cache.as_mut().unwrap().node = "cache.r7g.xlarge".to_owned();
            spec.maintenance.backup_days = 35;
            spec.maintenance.window = "sat:05:00-sat:06:00".to_owned();
            spec.monitoring.email = Some("sre@example.com".to_owned());
        }
    }
    spec
}

/// The actions that `plan` takes to carry out, beside those that look at `graph`.
fn to_do(graph: &Graph, plan: &Plan) -> Names {
    needed(graph, &Live::default(), plan).into_keys().collect()
}

/// The actions that it takes to look at these kinds.
fn to_look<'a>(kinds: impl Iterator<Item = &'a str>) -> Names {
    of_needs(kinds.map(|kind| (kind, Need::Read)))
}

/// The actions that it takes to look at what a graph has.
fn to_look_at(graph: &Graph) -> Names {
    to_look(graph.iter().map(|resource| &*resource.kind))
}

/// One example at one stage on one emulator, and all that was not as it should be.
struct Case<'a> {
    example: &'a str,
    emulator: &'a Emulator,
    proxy: &'a Proxy,
    library: &'a Library,
    gaps: &'a Gaps,
    spec: Spec,
    told: Vec<String>,
}

impl Case<'_> {
    fn tell(&mut self, step: &str, lines: Vec<String>) {
        let (example, stage) = (self.example, self.spec.stage.name());
        let lines = lines
            .into_iter()
            .map(|line| format!("{example} at {stage}, {step}: {line}"));
        self.told.extend(lines);
    }

    fn graph(&self, spec: &Spec) -> Graph {
        self.gaps.without(&graph_of(self.library, spec))
    }

    /// Applies, changes and destroys, and plans and reads what stands each time.
    async fn come_and_go(&mut self, readback: &mut Readback) {
        self.emulator.reset();
        let spec = self.spec.clone();
        let regions: Vec<&str> = spec.regions.iter().map(|region| region.name()).collect();
        let aws = self.proxy.connect(&regions).await.unwrap();
        let owner = owner_of(&spec);
        let mut called = Called::default();
        let nothing = readback.show(&regions);

        let graph = self.graph(&spec);
        let (first, report) = apply_of(&aws, &owner, &graph, Some(20)).await;
        self.tell("apply", complaints(&first, &report));
        self.tell("apply", called.beyond(&aws, &to_do(&graph, &first)));
        let mut allowed = to_look_at(&graph);
        let mut again = plan_of(&aws, &owner, &graph).await;
        if self.emulator.kind == Kind::Ministack && is_double(&again) {
            apply_of(&aws, &owner, &graph, None).await;
            allowed.extend(to_do(&graph, &again));
            again = plan_of(&aws, &owner, &graph).await;
        }
        self.tell("second plan", wishes(&again));
        self.tell("second plan", called.beyond(&aws, &allowed));
        let standing = readback.show(&regions);

        let graph = self.graph(&grown(self.example, self.emulator.kind, &spec));
        let (change, report) = apply_of(&aws, &owner, &graph, Some(20)).await;
        self.tell("change", complaints(&change, &report));
        self.tell("change", rebuilt(&change));
        self.tell("change", called.beyond(&aws, &to_do(&graph, &change)));
        let again = plan_of(&aws, &owner, &graph).await;
        self.tell("plan after the change", wishes(&again));
        let allowed = to_look_at(&graph);
        self.tell("plan after the change", called.beyond(&aws, &allowed));
        let changed = readback.show(&regions);

        let mut found = standing.clone();
        found.push("== the change".to_owned());
        found.extend(steps(&change));
        found.push("== what it changed".to_owned());
        found.extend(changes(&standing, &changed));
        let emulator = format!("{:?}", self.emulator.kind).to_lowercase();
        let name = format!("{}-{}-{emulator}", self.example, spec.stage.name());
        self.tell("reading", expect(&name, &found));

        // Logs have come into their buckets by now, which are not deleted before somebody empties them.
        let (most, report) = destroy_of(&aws, &owner).await;
        let mut refused = complaints(&most, &report);
        let count = refused.len();
        refused.retain(|line| !line.contains("BucketNotEmpty"));
        assert_eq!(count - refused.len(), readback.empty().len());
        refused.retain(|line| !line.contains("Blocked"));
        if self.emulator.kind == Kind::Moto {
            // It takes a replica in another region away and answers 500: it looks for its name among ARNs.
            let answer =
                "rds:DeleteDBInstance: HTTP status 500, and nothing that can be read (Http500)";
            refused.retain(|line| !line.contains(answer));
        }
        self.tell("destroy", refused);
        let (rest, report) = destroy_of(&aws, &owner).await;
        self.tell("destroy of the rest", complaints(&rest, &report));
        // It looks for every kind everywhere, as far as it may.
        let mut allowed = to_look(Registry::embedded().names());
        allowed.extend(to_do(&Graph::default(), &most));
        self.tell("destroy", called.beyond(&aws, &allowed));
        self.tell("what is left", changes(&nothing, &readback.show(&regions)));
    }
}

/// All stages of an example come and go on an emulator.
fn come_and_go(kind: Kind, name: &str) {
    let emulator = Emulator::start(kind);
    let proxy = Proxy::before(&emulator, Faults::none());
    let mut readback = Readback::of(&emulator);
    let library = Library::embedded().unwrap();
    let gaps = Gaps::of(kind);
    let runtime = runtime();
    let mut told = Vec::new();
    for stage in Stage::ALL {
        let mut spec = example(name, stage);
        if kind == Kind::Ministack {
            // Of AWS's public parameters it has the one for x86 only.
            for service in spec.services.values_mut() {
                service.instance = "t3.small".to_owned();
            }
        }
        let mut case = Case {
            example: name,
            emulator: &emulator,
            proxy: &proxy,
            library: &library,
            gaps: &gaps,
            spec,
            told: Vec::new(),
        };
        runtime.block_on(case.come_and_go(&mut readback));
        told.extend(case.told);
    }
    let count = told.len();
    assert!(told.is_empty(), "{count} complaints:\n{}", told.join("\n"));
}

#[test]
fn shop_comes_and_goes_on_moto() {
    come_and_go(Kind::Moto, "shop");
}

#[test]
fn newsroom_comes_and_goes_on_moto() {
    come_and_go(Kind::Moto, "newsroom");
}

#[test]
fn marketplace_comes_and_goes_on_moto() {
    come_and_go(Kind::Moto, "marketplace");
}

#[test]
fn shop_comes_and_goes_on_ministack() {
    come_and_go(Kind::Ministack, "shop");
}

#[test]
fn newsroom_comes_and_goes_on_ministack() {
    come_and_go(Kind::Ministack, "newsroom");
}

#[test]
fn marketplace_comes_and_goes_on_ministack() {
    come_and_go(Kind::Ministack, "marketplace");
}

#[test]
fn a_change_of_stage_calls_nothing_but_what_its_plan_names() {
    let emulator = Emulator::start(Kind::Ministack);
    let proxy = Proxy::before(&emulator, Faults::none());
    let library = Library::embedded().unwrap();
    let gaps = Gaps::of(Kind::Ministack);
    let graph_at = |stage| {
        let mut spec = example("shop", stage);
        for service in spec.services.values_mut() {
            service.instance = "t3.small".to_owned();
        }
        gaps.without(&graph_of(&library, &spec))
    };
    let (before, after) = (graph_at(Stage::SingleServer), graph_at(Stage::SplitDb));
    runtime().block_on(async {
        let aws = proxy.connect(&["us-east-1"]).await.unwrap();
        let mut called = Called::default();
        let (plan, _) = apply(&aws, &before, Some(20)).await;
        let mut allowed = to_do(&before, &plan);
        assert_eq!(called.beyond(&aws, &allowed), Vec::<String>::new());
        let (plan, _) = apply(&aws, &after, Some(20)).await;
        // What was there is looked at too.
        allowed = to_look(before.iter().map(|resource| &*resource.kind));
        allowed.extend(to_do(&after, &plan));
        assert_eq!(called.beyond(&aws, &allowed), Vec::<String>::new());
        let database = ("RDS".to_owned(), "CreateDBInstance".to_owned());
        assert!(aws.operations().contains_key(&database));
    });
}

#[test]
fn reads_of_one_moment_share_calls_and_a_status_takes_fewer() {
    let emulator = Emulator::start(Kind::Moto);
    let proxy = Proxy::before(&emulator, Faults::none());
    let library = Library::embedded().unwrap();
    let spec = example("shop", Stage::LoadBalanced);
    let graph = Gaps::of(Kind::Moto).without(&graph_of(&library, &spec));
    let owner = owner_of(&spec);
    runtime().block_on(async {
        let aws = proxy.connect(&["us-east-1"]).await.unwrap();
        apply_of(&aws, &owner, &graph, None).await;
        let query = Query {
            kinds: scalectl::apply::kinds(&graph),
            thorough: false,
        };
        let live = aws.observe(&owner, &query).await.unwrap();
        let shared = [
            "AWS::EC2::",
            "AWS::ElasticLoadBalancingV2::",
            "AWS::AutoScaling::",
        ];
        let fits = |one: &&LiveResource| shared.iter().any(|prefix| one.kind.starts_with(prefix));
        let ours: Vec<&LiveResource> = live.resources.values().filter(fits).collect();
        let before = aws.operations();
        let reads = ours
            .iter()
            .map(async |one| aws.read(&owner, &one.handle()).await);
        let found = futures_util::future::join_all(reads).await;
        let after = aws.operations();
        for (one, found) in ours.iter().zip(found) {
            assert_eq!(found.unwrap().as_ref(), Some(*one), "{}", one.address);
        }
        for (service, operation) in [
            ("EC2", "DescribeVpcs"),
            ("EC2", "DescribeInternetGateways"),
            ("EC2", "DescribeRouteTables"),
            ("EC2", "DescribeSecurityGroupRules"),
            ("Elastic Load Balancing v2", "DescribeTags"),
            ("Auto Scaling", "DescribeAutoScalingGroups"),
        ] {
            let key = (service.to_owned(), operation.to_owned());
            let asked = after.get(&key).unwrap_or(&0) - before.get(&key).unwrap_or(&0);
            assert_eq!(asked, 1, "{operation}: {after:?}");
        }
        let statuses = ours
            .iter()
            .map(async |one| aws.status(&owner, &one.handle()).await);
        let statuses = futures_util::future::join_all(statuses).await;
        for (one, status) in ours.iter().zip(statuses) {
            assert_eq!(status.unwrap(), Some(one.status.clone()), "{}", one.address);
        }
        let last = aws.operations();
        for (service, operation) in [
            ("EC2", "DescribeNetworkAcls"),
            ("EC2", "DescribeVpcAttribute"),
            ("EC2", "DescribeLaunchTemplateVersions"),
            ("Elastic Load Balancing v2", "DescribeTags"),
            (
                "Elastic Load Balancing v2",
                "DescribeLoadBalancerAttributes",
            ),
            ("Elastic Load Balancing v2", "DescribeTargetGroupAttributes"),
        ] {
            let key = (service.to_owned(), operation.to_owned());
            assert!(after.contains_key(&key), "{operation}: {after:?}");
            assert_eq!(last.get(&key), after.get(&key), "{operation}");
        }
    });
}

/// A zone and so many records in it.
fn records(count: usize) -> Graph {
    let resource = |id: &str, index: Option<Arc<str>>, kind: &str, properties: Map| Resource {
        address: Address::new(GLOBAL, id, index),
        kind: kind.into(),
        tier: "dns".into(),
        role: None,
        properties,
        after: Vec::new(),
        lifecycle: Lifecycle::default(),
        ready_when: Vec::new(),
    };
    let map = |json| Value::from(json).as_map().unwrap().clone();
    let name = map(json!({"Name": "many.example.com."}));
    let zone = resource("zone", None, "AWS::Route53::HostedZone", name);
    let mut resources = Vec::new();
    for number in 0..count {
        let mut record = map(
            json!({"Name": format!("r{number}.many.example.com."), "Type": "A",
            "TTL": "300", "ResourceRecords": [format!("10.0.0.{number}")]}),
        );
        let id = Reference {
            address: zone.address.clone(),
            path: "Id".into(),
        };
        record.insert("HostedZoneId", Value::Reference(Arc::new(id)));
        let index = Some(number.to_string().into());
        resources.push(resource("record", index, "AWS::Route53::RecordSet", record));
    }
    resources.push(zone);
    resources.into_iter().collect()
}

/// Deletes every record A, and of the marks all but that of `r7`, as somebody at the console might.
const BY_HAND: &str = r#"
import boto3, sys
route53 = boto3.client("route53", "us-east-1", endpoint_url=sys.argv[1],
    aws_access_key_id="test", aws_secret_access_key="test")
zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
records = route53.list_resource_record_sets(HostedZoneId=zone, MaxItems="300")["ResourceRecordSets"]
gone = [one for one in records if one["Type"] == "A" or one["Type"] == "TXT" and ".r7." not in one["Name"]]
route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [
    {"Action": "DELETE", "ResourceRecordSet": one} for one in gone]})
"#;

#[test]
fn records_go_in_one_change_and_a_mark_left_by_hand_costs_a_few() {
    // moto carries out what comes before a change that it refuses; AWS, all or nothing.
    let emulator = Emulator::start(Kind::Ministack);
    let proxy = Proxy::before(&emulator, Faults::none());
    let graph = records(16);
    let changes = |aws: &Aws| {
        let key = ("Route 53".to_owned(), "ChangeResourceRecordSets".to_owned());
        aws.operations().get(&key).copied().unwrap_or(0)
    };
    runtime().block_on(async {
        let aws = proxy.connect(&["us-east-1"]).await.unwrap();
        let (plan, report) = apply(&aws, &graph, None).await;
        assert_eq!(complaints(&plan, &report), Vec::<String>::new());
        // Those that are ready by the same moment; on a busy machine not all are.
        let first = changes(&aws);
        assert!((1..=3).contains(&first), "{first}");
        let deleted = Command::new(emulator::programs().join("python"))
            .args([
                "-c",
                BY_HAND,
                &format!("http://127.0.0.1:{}", emulator.port),
            ])
            .status();
        assert!(deleted.unwrap().success());
        let (plan, report) = apply(&aws, &graph, None).await;
        assert_eq!(complaints(&plan, &report), Vec::<String>::new());
        assert_eq!(plan.operations.len(), 16);
        // All; four times two halves, until it is found; and that one once more.
        let (again, most) = (changes(&aws) - first, 1 + 8 + 1);
        assert!((most..most + 3).contains(&again), "{again}");
        let plan = plan_of(&aws, &common::owner(), &graph).await;
        assert!(plan.operations.is_empty(), "{:?}", steps(&plan));
    });
}

/// What `tests/wire/files.py` prints: bucket, key and the rest of the line.
fn files(emulator: &Emulator, order: &str) -> Vec<(String, String, String)> {
    let output = Command::new(emulator::programs().join("python"))
        .arg("-B")
        .arg(common::root().join("tests/wire/files.py"))
        .arg(format!("http://127.0.0.1:{}", emulator.port))
        .arg(order)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let mut words = line.splitn(3, '\t').map(str::to_owned);
        let mut word = || words.next().unwrap();
        (word(), word(), word())
    };
    text.lines().map(line).collect()
}

#[test]
fn files_of_a_bucket_are_copied_to_another_as_they_are() {
    let emulator = Emulator::start(Kind::Moto);
    let proxy = Proxy::before(&emulator, Faults::none());
    let before = files(&emulator, "put");
    let copied = runtime().block_on(async {
        let aws = proxy.connect(&["us-east-1", "eu-west-1"]).await.unwrap();
        let bucket = |region: &str, name: &str| Handle {
            address: Address::new(region, "bucket_assets", None),
            kind: "AWS::S3::Bucket".into(),
            identifier: name.into(),
        };
        let (from, to) = (bucket("us-east-1", "first"), bucket("eu-west-1", "second"));
        let mut turns = 0;
        loop {
            let found = aws.copy_files(&from, &to).await.unwrap();
            turns += 1;
            assert!(turns < 20, "{found:?}");
            if found.left == 0 {
                break;
            }
        }
        // Nothing is left, so nothing is copied any more.
        let copies = || {
            let calls = proxy.calls().into_iter();
            calls
                .filter(|call| call.service == "s3" && call.changes)
                .count()
        };
        let before = copies();
        assert!(before > 1000, "{before}");
        let again = aws.copy_files(&from, &to).await.unwrap();
        assert_eq!(copies(), before);
        again
    });
    let after = files(&emulator, "list");
    let of = |all: &[(String, String, String)], bucket: &str| -> BTreeMap<String, String> {
        let own = all.iter().filter(|(one, ..)| one == bucket);
        own.map(|(_, key, rest)| (key.clone(), rest.clone()))
            .collect()
    };
    let (first, mut second) = (of(&before, "first"), of(&after, "second"));
    assert_eq!(copied.there, first.len() as u64);
    assert!(first.len() > 1100);
    assert_eq!(of(&after, "first"), first, "what is copied stays");
    let own = second.remove("'own.txt'").unwrap();
    assert!(own.contains("of the second"), "{own}");
    assert_eq!(second, first);
}
