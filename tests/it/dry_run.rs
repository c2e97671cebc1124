//! Plans, dry runs and drift with no account: whether a snapshot holds all that they need and no more,
//! whether a dry run meets what an apply meets, and whether any of them leaves a trace.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::{EPOCH, EXAMPLES, apply, at_stage, example, graph_of, owner, runtime};
use crate::project::{MODULE, Project, SPEC};
use scalectl::apply::dry_run::{dry_run, world};
use scalectl::apply::read_only::View;
use scalectl::apply::{Context, End, Stop, execute, kinds, observe_kinds, record_of};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::inventory::{Live, Status};
use scalectl::kinds::actions::{Need, of_needs};
use scalectl::plan::diff;
use scalectl::provider::sim::Sim;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::schema::Registry;
use scalectl::snapshot::Snapshot;
use scalectl::spec::Stage;

/// What a view of a cloud has of `graph`'s kinds, through a file's text.
async fn snapshot_of(sim: &Sim, graph: &Graph) -> Snapshot {
    let (owner, stop) = (owner(), Stop::default());
    let look = View::new(sim, &owner, &stop).all(graph).await.unwrap();
    let snapshot = Snapshot::new(owner, "sim", None, look);
    Snapshot::parse(&snapshot.text()).unwrap()
}

fn without_identifiers(ends: &[End]) -> Vec<End> {
    let each = ends.iter().cloned();
    each.map(|end| match end {
        End::Done { differs, .. } => End::Done {
            identifier: None,
            differs,
        },
        other => other,
    })
    .collect()
}

#[test]
fn a_dry_run_meets_what_the_apply_meets_at_every_stage() {
    let library = Library::embedded().unwrap();
    for (number, stage) in Stage::ALL.into_iter().enumerate() {
        // Every example at some stages, every stage with some example.
        for name in [
            EXAMPLES[number % EXAMPLES.len()],
            EXAMPLES[(number + 1) % EXAMPLES.len()],
        ] {
            let mut spec = example(name, stage);
            at_stage(&mut spec, stage);
            let graph = graph_of(&library, &spec);
            // Larger servers, another owner of every resource's bill, and later alarms.
            for service in spec.services.values_mut() {
                service.instance = "t4g.xlarge".to_owned();
                service.env.insert("MOOD".to_owned(), "good".to_owned());
            }
            spec.tags.insert("team".to_owned(), "core".to_owned());
            spec.monitoring.cpu = 70;
            let next = graph_of(&library, &spec);
            runtime().block_on(async {
                let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
                let (_, report) = apply(&sim, &graph, None).await;
                assert!(report.is_complete(), "{name} {stage:?}");
                let snapshot = snapshot_of(&sim, &graph).await;
                let what = format!("{name} at {}", stage.name());
                assert!(diff(&graph, &snapshot.live(), None).is_empty(), "{what}");
                assert!(snapshot.others.is_empty(), "{what}: {:?}", snapshot.others);

                let plan = diff(&next, &snapshot.live(), None);
                assert!(plan.counts().update > 3, "{what}");
                let record = record_of(snapshot.record.as_ref(), &next, None);
                let tried = world(&snapshot, &[&graph]);
                let run = dry_run(&tried, &snapshot, &plan, &record, None, &mut |_| {}).await;

                let (owner, stop) = (owner(), Stop::default());
                let context = Context {
                    provider: &sim,
                    owner: &owner,
                    stop: &stop,
                };
                let real = execute(&context, &plan, None, &mut |_| {}).await;
                assert!(real.is_complete(), "{what}: {:?}", real.ends);
                assert_eq!(
                    without_identifiers(&run.report.ends),
                    without_identifiers(&real.ends),
                    "{what}"
                );
                // Each call takes 100 ms; of what is asked at once, some ask in another order.
                let off = (run.report.seconds - real.seconds).abs();
                assert!(off < 2.0, "{what}: {off} s apart");

                let context = Context {
                    provider: &tried,
                    ..context
                };
                let after = observe_kinds(&context, kinds(&next)).await.unwrap();
                assert!(diff(&next, &after, None).is_empty(), "{what}");
            });
        }
    }
}

#[test]
fn what_a_snapshot_is_loaded_from_is_what_the_loaded_cloud_shows() {
    let library = Library::embedded().unwrap();
    let graph = graph_of(&library, &example("marketplace", Stage::MultiRegion));
    runtime().block_on(async {
        let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
        apply(&sim, &graph, None).await;
        let snapshot = snapshot_of(&sim, &graph).await;
        let again = snapshot_of(&world(&snapshot, &[&graph]), &graph).await;
        assert_eq!(
            Snapshot {
                taken: again.taken.clone(),
                ..snapshot
            },
            again
        );
    });
}

/// A snapshot of what these resources are, each as it was applied.
fn snapshot_with(live: Live, graph: &Graph) -> Snapshot {
    let look = scalectl::snapshot::Look {
        live,
        others: Vec::new(),
        looked: kinds(graph),
        at: EPOCH,
    };
    Snapshot::new(owner(), "aws", Some("123456789012".into()), look)
}

#[test]
fn what_aws_never_gives_back_is_neither_missed_nor_made_up() {
    let library = Library::embedded().unwrap();
    let graph = graph_of(&library, &example("shop", Stage::LoadBalanced));
    let is_template = |kind: &str| kind == "AWS::EC2::LaunchTemplate";
    runtime().block_on(async {
        let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
        apply(&sim, &graph, None).await;
        let before = snapshot_of(&sim, &graph).await.live();
        // Somebody else applied it, with data that nobody here knows; or it is on its way, and its data,
        // which a template needs, has nobody shown.
        for is_on_its_way in [false, true] {
            let mut live = before.clone();
            let mut all = live.resources.values_mut();
            let template = all.find(|one| is_template(&one.kind)).unwrap();
            assert!(!template.properties.contains_key("LaunchTemplateData"));
            let digests = &mut template.applied.as_mut().unwrap().digests;
            if is_on_its_way {
                template.status = Status::Pending("creating".into())
            } else {
                digests
                    .values_mut()
                    .for_each(|digest| *digest = "AAAA".into())
            }
            let snapshot = snapshot_with(live, &graph);
            let plan = diff(&graph, &snapshot.live(), None);
            let mut changes = plan.changes.iter();
            let change = changes.find(|change| is_template(&change.kind)).unwrap();
            assert_eq!(change.properties.is_empty(), is_on_its_way);
            let record = record_of(None, &graph, None);
            let tried = world(&snapshot, &[]);
            let run = dry_run(&tried, &snapshot, &plan, &record, None, &mut |_| {}).await;
            assert!(run.report.is_complete(), "{:?}", run.report.ends);
        }
    });
}

fn text(project: &Project, line: &str) -> String {
    let output = project.try_run(line);
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

fn json(project: &Project, line: &str) -> serde_json::Value {
    let output = project.try_run(line);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{line}: {error}: {output:?}"))
}

/// The project applied, and what is live in `live.json`.
fn applied() -> Project {
    let project = Project::new();
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    assert_eq!(project.code("snapshot --out live.json"), Some(0));
    project
}

/// All that stands below `.scalectl`, but for who had the lock last.
fn traces(project: &Project) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![project.path().join(".scalectl")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false if path.ends_with("sim.lock") => {}
                false => found.push((path.display().to_string(), std::fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    assert!(found.iter().any(|(path, _)| path.ends_with("sim.redb")));
    found
}

#[test]
fn what_only_looks_leaves_no_trace() {
    let project = applied();
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    let before = traces(&project);
    for line in [
        "snapshot",
        "plan",
        "plan --live live.json",
        "apply --dry-run",
        "apply --dry-run --json",
        "apply --dry-run --live live.json",
        "drift",
        "drift --live live.json",
    ] {
        assert_eq!(project.code(line), Some(0), "{line}");
        assert!(traces(&project) == before, "{line} left a trace");
    }
    // What changes something leaves one, or this test would see none.
    project.run("apply --auto-approve");
    assert!(traces(&project) != before);
}

#[test]
fn a_plan_against_a_snapshot_needs_no_cloud_and_is_the_same() {
    let project = applied();
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    let from_cloud = json(&project, "plan --json");
    assert_eq!(from_cloud["summary"]["update"], 1);
    std::fs::remove_dir_all(project.path().join(".scalectl")).unwrap();
    assert_eq!(json(&project, "plan --live live.json --json"), from_cloud);
    assert_eq!(
        project.code("plan --live live.json --detailed-exitcode"),
        Some(2)
    );
    let run = json(&project, "apply --dry-run --live live.json --json");
    assert_eq!(run["plan"], from_cloud);
    assert_eq!(run["complete"], true);
    assert!(
        !project.path().join(".scalectl").exists(),
        "nothing is opened"
    );
}

#[test]
fn a_plan_made_from_a_snapshot_can_be_applied() {
    let project = applied();
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    assert_eq!(
        project.code("plan --live live.json --out next.plan"),
        Some(0)
    );
    assert_eq!(
        project.code("apply next.plan --dry-run --live live.json"),
        Some(0)
    );
    assert_eq!(project.code("apply next.plan"), Some(0));
    let told = text(&project, "apply next.plan --dry-run");
    assert!(told.contains("It was already applied or edited"), "{told}");
}

#[test]
fn a_snapshot_of_something_else_is_refused_with_words() {
    let project = applied();
    let plan = "plan --live live.json";
    let file = std::fs::read_to_string(project.path().join("live.json")).unwrap();
    let refused = |snapshot: &str, spec: &str, why: &str| {
        project.write("live.json", snapshot);
        project.write("scalectl.yaml", spec);
        let told = text(&project, plan);
        assert!(told.contains(why), "{told}");
        assert!(told.contains("scalectl snapshot --out FILE") || told.contains("allowed"));
        assert_eq!(project.code(plan), Some(1));
    };
    let other = SPEC.replace("app: tiny", "app: other");
    refused(
        &file,
        &other,
        "live.json is a snapshot of tiny (default) on sim, not of other (default) on sim",
    );
    let aws = format!("{SPEC}provider: {{aws: {{allowed_accounts: [\"111111111111\"]}}}}\n");
    refused(&file, &aws, "on sim, not of tiny (default) on aws");
    let of_aws = file
        .replace("\"provider\": \"sim\"", "\"provider\": \"aws\"")
        .replace("\"account\": null", "\"account\": \"222222222222\"");
    refused(
        &of_aws,
        &aws,
        "is a snapshot of account 222222222222, but `allowed_accounts` in the spec lists 111111111111",
    );
    refused("{}", SPEC, "live.json is not a snapshot: it says no format");
    refused(&file[..100], SPEC, "live.json is not a snapshot: ");
    let newer = file.replacen("\"format\": 1", "\"format\": 7", 1);
    refused(
        &newer,
        SPEC,
        "live.json has format 7; this version of scalectl reads format 1",
    );
    project.write("live.json", &file);
    project.write(
        "scalectl.yaml",
        format!("{SPEC}environments: {{prod: {{}}}}\n"),
    );
    let told = text(&project, "plan --live live.json -e prod");
    assert!(
        told.contains("is a snapshot of tiny (default) on sim, not of tiny (prod)"),
        "{told}"
    );
    let told = text(&project, "plan --live nowhere.json");
    assert!(told.contains("nowhere.json cannot be read"), "{told}");
    // An account that is allowed, with no credentials and no AWS in this build.
    let allowed = aws.replace("111111111111", "222222222222");
    project.write("scalectl.yaml", allowed);
    project.write("live.json", &of_aws);
    assert_eq!(project.code(plan), Some(0), "{}", text(&project, plan));
}

#[test]
fn no_secret_of_the_live_state_is_in_a_snapshot() {
    let project = Project::new();
    let module = format!(
        "{MODULE}  - id: secret\n    kind: AWS::SecretsManager::Secret\n    tier: security\n    properties: {{Name: tiny, SecretString: hunter2-in-the-open}}\n"
    );
    project.write("blueprints/modules/tiny.yaml", &module);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project.run("snapshot --out live.json");
    let file = std::fs::read_to_string(project.path().join("live.json")).unwrap();
    assert!(file.contains("AWS::SecretsManager::Secret") && !file.contains("hunter2"));
    assert_eq!(
        project.code("plan --live live.json --detailed-exitcode"),
        Some(0)
    );
    // Another secret is a change, which a dry run can carry out.
    project.write(
        "blueprints/modules/tiny.yaml",
        module.replace("hunter2", "hunter3"),
    );
    let told = text(&project, "apply --dry-run --live live.json");
    assert!(
        told.contains("Dry run complete: 0 created, 1 updated"),
        "{told}"
    );
    assert!(!told.contains("hunter"), "{told}");
}

#[test]
fn a_name_that_somebody_took_fails_the_dry_run_as_the_apply() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.run("sim disown us-east-1/param");
    project.run("snapshot --out live.json");
    for line in ["apply --dry-run", "apply --dry-run --live live.json"] {
        let told = text(&project, line);
        assert!(told.contains("Dry run failed: 0 created"), "{told}");
        assert!(
            told.contains("failed us-east-1/param: ssm:CreateParameter: /tiny already exists"),
            "{told}"
        );
        assert_eq!(project.code(line), Some(5));
    }
    let run = json(&project, "apply --dry-run --live live.json --json");
    assert_eq!(run["complete"], false);
    assert_eq!(run["operations"][0]["end"], "failed");
    assert_eq!(run["live"]["others"], 1);
    let real = text(&project, "apply --auto-approve");
    assert!(
        real.contains("ssm:CreateParameter: /tiny already exists"),
        "{real}"
    );
    // Without what others have, nobody can know.
    project.run("snapshot --only-ours --out ours.json");
    assert_eq!(project.code("apply --dry-run --live ours.json"), Some(0));
}

#[test]
fn a_quota_that_others_use_up_fails_the_dry_run_unless_it_was_raised() {
    let addresses = |number: usize| {
        let keys: Vec<String> = (0..number).map(|n| format!("'k{n}'")).collect();
        let keys = keys.join(", ");
        format!(
            "{MODULE}  - id: eip\n    kind: AWS::EC2::EIP\n    tier: network\n    forEach: \"${{[{keys}]}}\"\n    properties: {{Domain: vpc}}\n"
        )
    };
    let project = Project::new();
    project.write("blueprints/modules/tiny.yaml", addresses(4));
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project.write("blueprints/modules/tiny.yaml", addresses(6));
    let told = text(&project, "apply --dry-run");
    assert!(
        told.contains("the quota of 5 AWS::EC2::EIP in us-east-1 is used up (LimitExceeded)"),
        "{told}"
    );
    assert!(told.contains("Dry run failed: 1 created"), "{told}");
    // An account that has more than AWS's default allows has another quota.
    project.run("snapshot --out live.json");
    let file = std::fs::read_to_string(project.path().join("live.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let other = |number: usize| {
        serde_json::json!({"region": "us-east-1", "kind": "AWS::EC2::EIP",
            "identifier": format!("192.0.2.{number}|eipalloc-{number}"), "properties": {}})
    };
    file["others"] = (0..2).map(other).collect();
    project.write("live.json", file.to_string());
    assert_eq!(project.code("apply --dry-run --live live.json"), Some(0));
}

#[test]
fn what_others_placed_in_our_network_stops_its_delete_in_the_dry_run() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.run("sim disown us-east-1/subnet[b]");
    // A third one that would overlap the one that is nobody's by now.
    let more = MODULE.replace("['a', 'b']", "['a', 'c']");
    project.write("blueprints/modules/tiny.yaml", more);
    let told = text(&project, "apply --dry-run");
    assert!(
        told.contains("us-east-1/subnet[c]: ec2:CreateSubnet: 10.0.1.0/24 overlaps"),
        "{told}"
    );
    let without = MODULE.split("  - id: vpc").next().unwrap().to_owned()
        + "  - id: param\n    kind: AWS::SSM::Parameter\n    tier: compute\n    properties: {Name: /tiny, Type: String, Value: alone}\n";
    project.write("blueprints/modules/tiny.yaml", without);
    let told = text(&project, "apply --dry-run");
    assert!(
        told.contains("failed us-east-1/vpc: ec2:DeleteVPC")
            && told.contains("has a dependent object: AWS::EC2::Subnet"),
        "{told}"
    );
}

#[test]
fn drift_is_what_somebody_changed_and_nothing_else() {
    let project = applied();
    let told = text(&project, "drift");
    assert!(told.contains("No drift."), "{told}");
    assert_eq!(project.code("drift"), Some(0));
    // What the spec asks for is no drift.
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    let told = text(&project, "drift");
    assert!(
        told.contains("No drift.\n`scalectl plan` also shows 1 change"),
        "{told}"
    );
    assert_eq!(project.code("drift"), Some(0));
    project.write("scalectl.yaml", SPEC);
    project.run("sim drift us-east-1/vpc EnableDnsSupport=false");
    project.run("sim drift us-east-1/param Value=hacked");
    project.run("sim drift us-east-1/subnet[b] --delete");
    project.run("snapshot --out live.json");
    let told = project.transcript(&["drift", "drift --json", "drift --live live.json"]);
    let time = regex_lite::Regex::new("[0-9]{4}-[0-9-]+T[0-9:.]+Z").unwrap();
    insta::assert_snapshot!(time.replace_all(&told, "[..]"));
    project.write("scalectl.yaml", "app: [");
    assert_eq!(project.code("drift"), Some(1));
}

#[test]
fn an_opened_port_is_told_however_many_rules_there_are() {
    let rule = |port: u16, to: &str| serde_json::json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": to, "Description": "a rule"});
    let rules: Vec<_> = [80, 443, 8080].map(|port| rule(port, "10.0.0.0/8")).into();
    let project = Project::new();
    let group = serde_json::json!({"GroupDescription": "x", "VpcId": "${vpc.VpcId}", "SecurityGroupIngress": rules});
    let group = format!(
        "  - id: group\n    kind: AWS::EC2::SecurityGroup\n    tier: network\n    properties: {group}\n"
    );
    project.write("blueprints/modules/tiny.yaml", MODULE.to_owned() + &group);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let opened = [vec![rule(22, "0.0.0.0/0")], rules].concat();
    let set = format!(
        "SecurityGroupIngress={}",
        serde_json::to_string(&opened).unwrap()
    );
    let drifted = project
        .command("sim drift us-east-1/group")
        .arg(set)
        .output();
    assert!(drifted.unwrap().status.success());
    let told = text(&project, "drift");
    let line = r#"SecurityGroupIngress.3 is {CidrIp: "0.0.0.0/0", Description: "a rule", FromPort: 22, IpProtocol: "tcp", ToPort: 22}, was not set"#;
    assert!(told.contains(line), "{told}");
    let told = text(&project, "plan");
    assert!(told.contains(r#"- 3 = {CidrIp: "0.0.0.0/0""#), "{told}");
}

#[test]
fn what_an_autoscaler_moves_is_no_drift_and_its_bounds_are() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage load-balanced");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let found = json(&project, "sim list --json");
    let found = &found["resources"];
    let group = found
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["kind"] == "AWS::AutoScaling::AutoScalingGroup");
    let name = group.unwrap()["identifier"].as_str().unwrap();
    project.run(&format!("sim drift {name} DesiredCapacity=3"));
    assert_eq!(
        project.code("drift"),
        Some(0),
        "{}",
        text(&project, "drift")
    );
    let database = found
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["kind"] == "AWS::RDS::DBInstance");
    let database = database.unwrap()["identifier"].as_str().unwrap();
    project.run(&format!("sim drift {database} EngineVersion=17.99"));
    assert_eq!(
        project.code("drift"),
        Some(0),
        "{}",
        text(&project, "drift")
    );
    project.run(&format!("sim drift {name} MaxSize=99"));
    assert_eq!(project.code("drift"), Some(2));
}

/// An application at its first stage, whose spec asks for the second.
fn migrating() -> Project {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let path = project.path().join("scalectl.yaml");
    let spec = std::fs::read_to_string(path).unwrap();
    project.write(
        "scalectl.yaml",
        spec.replace("stage: single-server", "stage: split-db"),
    );
    project
}

#[test]
fn a_migrations_dry_run_walks_all_of_it_and_leaves_no_trace() {
    let project = migrating();
    assert_eq!(project.code("snapshot --out live.json"), Some(0));
    let before = traces(&project);
    for line in ["migrate --dry-run", "migrate --dry-run --live live.json"] {
        let told = text(&project, line);
        assert!(told.contains("Dry run complete: 8 steps run in"), "{told}");
        assert_eq!(project.code(line), Some(0));
    }
    let run = json(&project, "migrate --dry-run --live live.json --json");
    assert_eq!(
        (&run["complete"], &run["failed"]),
        (&true.into(), &serde_json::Value::Null)
    );
    assert_eq!(
        run["steps"].as_array().unwrap().len(),
        run["migration"]["steps"].as_array().unwrap().len()
    );
    assert!(traces(&project) == before);
    let spec = std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap();
    assert!(spec.contains("stage: split-db"));
    // Nothing has moved, whatever the spec asks for.
    assert_eq!(
        project.code("drift"),
        Some(0),
        "{}",
        text(&project, "drift")
    );
}

#[test]
fn a_migration_that_aws_would_stop_is_stopped_in_the_dry_run() {
    let project = migrating();
    project.run("snapshot --out live.json");
    let file = std::fs::read_to_string(project.path().join("live.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&file).unwrap();
    file["others"] = serde_json::json!([{"region": "us-east-1", "kind": "AWS::RDS::DBInstance",
        "identifier": "shop-default-db", "properties": {"DBInstanceIdentifier": "shop-default-db"}}]);
    project.write("live.json", file.to_string());
    let line = "migrate --dry-run --live live.json";
    let told = text(&project, line);
    assert!(told.contains("failed step 1 (expand): us-east-1/db: rds:CreateDBInstance: shop-default-db already exists"), "{told}");
    assert_eq!(project.code(line), Some(5));
    let run = json(&project, &format!("{line} --json"));
    assert_eq!(run["failed"]["step"], 1);
    assert_eq!(run["complete"], false);
}

#[test]
fn a_migration_under_way_is_gone_on_with_and_taken_back_in_dry_runs() {
    let project = migrating();
    let mut begin = "migrate --step --auto-approve";
    for step in 1..=6 {
        assert_eq!(project.code(begin), Some(0), "step {step}");
        begin = "migrate --resume --step --auto-approve";
        for line in ["migrate --dry-run --resume", "migrate --dry-run --rollback"] {
            let told = text(&project, line);
            assert!(
                told.contains("Dry run complete:"),
                "after step {step}: {told}"
            );
        }
        assert_eq!(
            project.code("drift"),
            Some(0),
            "after step {step}: {}",
            text(&project, "drift")
        );
    }
    project.run("sim drift us-east-1/log_flow --delete");
    let told = text(&project, "drift");
    assert!(
        told.contains("us-east-1/log_flow  AWS::Logs::LogGroup  deleted"),
        "{told}"
    );
    let told = text(&project, "migrate --dry-run");
    assert!(
        told.contains("resume with `--resume`, or roll back with `--rollback`"),
        "{told}"
    );
}

#[test]
fn a_read_only_policy_covers_what_looking_asks_for_and_nothing_else() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage multi-region");
    let snapshot = json(&project, "snapshot");
    let looked = snapshot["looked"].as_object().unwrap().values();
    let kinds: BTreeSet<&str> = looked
        .flat_map(|kinds| kinds.as_array().unwrap())
        .map(|kind| kind.as_str().unwrap())
        .collect();
    assert!(kinds.len() > 40, "{kinds:?}");
    let needed: BTreeSet<Arc<str>> = of_needs(kinds.iter().map(|kind| (*kind, Need::Read)));
    let policy = json(&project, "iam-policy --read-only");
    let statement = &policy["Statement"][0];
    let allowed: BTreeSet<Arc<str>> = statement["Action"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action.as_str().unwrap().into())
        .collect();
    assert_eq!(allowed, needed);
    assert!(
        kinds
            .iter()
            .all(|kind| Registry::embedded().kind(kind).is_some())
    );
    for action in allowed {
        let verb = action.split(':').nth(1).unwrap();
        assert!(
            ["Describe", "Get", "List"]
                .iter()
                .any(|word| verb.starts_with(word)),
            "{action}"
        );
    }
}
