//! What AWS refuses or does, finding by finding, through the whole pipeline on the simulator; the table is in
//! docs/conformance.md.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{EPOCH, apply, example, graph_of, runtime, sim, spec_at};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scalectl::address::Address;
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::migrate::graphs::Transition;
use scalectl::ownership;
use scalectl::provider::sim::{Sim, cloud::Cloud, faults::Faults};
use scalectl::provider::{Answer, ErrorKind, Outcome, Probe, Provider as _, Write};
use scalectl::render::cloudformation;
use scalectl::spec::{Domain, DomainDetails, Routing, Stage};
use scalectl::value::{Map, Value};
use serde_json::json;

fn library() -> Library {
    Library::embedded().unwrap()
}

fn properties_of(sim: &Sim, kind: &str, name: &str) -> Vec<Map> {
    let cloud = sim.cloud();
    let of_kind = cloud.items.values().filter(|item| &*item.kind == kind);
    let called = of_kind.filter(|item| {
        let have = item.properties.get("Name").and_then(Value::as_str);
        name.is_empty() || have.is_some_and(|have| have.starts_with(name))
    });
    called.map(|item| item.properties.clone()).collect()
}

#[test]
fn another_routing_policy_replaces_a_groups_records_together() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("marketplace", Stage::MultiRegion);
        for (routing, property) in [
            (Routing::Latency, "Region"),
            (Routing::Failover, "Failover"),
            (Routing::Latency, "Region"),
        ] {
            let name = spec.domain.as_ref().unwrap().name().to_owned();
            spec.domain = Some(Domain::Detailed(DomainDetails {
                name,
                zone: None,
                routing,
            }));
            let graph = graph_of(&library(), &spec);
            let (_, report) = apply(&sim, &graph, None).await;
            assert!(report.is_complete(), "{routing:?}: {report:#?}");
            let records = properties_of(&sim, "AWS::Route53::RecordSet", "origin.");
            assert_eq!(records.len(), 2, "{routing:?}: {records:#?}");
            assert!(
                records.iter().all(|one| one.contains_key(property)),
                "{records:#?}"
            );
            let (again, _) = apply(&sim, &graph, None).await;
            assert!(
                again.operations.is_empty(),
                "{routing:?}: {:#?}",
                again.changes
            );
        }
    });
}

/// Applies a spec to an account that was never used.
fn applied(text: &str, stage: Stage) -> Sim {
    runtime().block_on(async {
        let sim = sim();
        let graph = graph_of(&library(), &spec_at(text, stage));
        let (_, report) = apply(&sim, &graph, None).await;
        assert!(report.is_complete(), "{}: {report:#?}", stage.name());
        sim
    })
}

const SMALL: &str =
    "app: shop\nstage: single-server\ndomain: a.example.com\nservices: {web: {image: x}}\n";

/// What Route 53, ELB and the others said to the calls of an apply that failed.
fn refused(
    text: &str,
    stage: Stage,
    change: impl Fn(&mut Faults),
    graph: impl Fn(&mut Graph),
) -> String {
    runtime().block_on(async {
        let mut faults = Faults::default();
        change(&mut faults);
        let sim = Sim::in_memory(Cloud::default(), faults, EPOCH);
        let mut wanted = graph_of(&library(), &spec_at(text, stage));
        graph(&mut wanted);
        let (_, report) = apply(&sim, &wanted, None).await;
        assert!(!report.is_complete());
        format!("{:?}", report.ends)
    })
}

fn set(graph: &mut Graph, address: &str, property: &str, json: serde_json::Value) {
    let resource = graph.resources.get_mut(&address.parse().unwrap()).unwrap();
    resource.properties.insert(property, Value::from(json));
}

#[test]
fn cloudfront_logs_go_to_a_region_that_every_account_has() {
    for region in ["af-south-1", "us-east-1"] {
        let text = format!("{SMALL}regions: [{region}]\n");
        applied(&text, Stage::Cdn);
    }
    let text = format!("{SMALL}regions: [af-south-1]\n");
    let said = refused(
        &text,
        Stage::Cdn,
        |_| {},
        |graph| {
            let distribution = &"global/distribution".parse().unwrap();
            let distribution = graph.resources.get_mut(distribution).unwrap();
            let mut config = distribution
                .properties
                .get("DistributionConfig")
                .unwrap()
                .as_map()
                .unwrap()
                .clone();
            config.insert(
                "Logging",
                Value::from(serde_json::json!({"Bucket": "x.s3.af-south-1.amazonaws.com"})),
            );
            distribution
                .properties
                .insert("DistributionConfig", Value::Map(config));
        },
    );
    assert!(said.contains("CloudFront logs: x.s3.af-south-1"), "{said}");
}

#[test]
fn a_certificate_has_ten_names() {
    let hosts = |count: usize| {
        let hosts: Vec<String> = (0..count).map(|n| format!("h{n}.a.example.com")).collect();
        let services: Vec<String> = hosts
            .chunks(3)
            .enumerate()
            .map(|(n, some)| format!("  s{n}: {{image: x, hosts: [{}]}}\n", some.join(", ")))
            .collect();
        format!(
            "app: shop\nstage: cdn\ndomain: a.example.com\nservices:\n{}",
            services.concat()
        )
    };
    applied(&hosts(8), Stage::Cdn);
    let found = scalectl::spec::load("scalectl.yaml", &hosts(9), None, None).unwrap_err();
    assert!(
        format!("{found:?}").contains("a certificate holds 10 names"),
        "{found:?}"
    );
    let said = refused(
        SMALL,
        Stage::LoadBalanced,
        |_| {},
        |graph| {
            let names: Vec<String> = (0..10).map(|n| format!("n{n}.a.example.com")).collect();
            set(
                graph,
                "us-east-1/certificate",
                "SubjectAlternativeNames",
                serde_json::json!(names),
            );
        },
    );
    assert!(
        said.contains("LimitExceededException") && said.contains("too many domains"),
        "{said}"
    );
}

#[test]
fn an_account_that_is_not_verified_is_refused_once_and_told_so() {
    let said = refused(
        SMALL,
        Stage::LoadBalanced,
        |faults| faults.unverified = true,
        |_| {},
    );
    assert!(
        said.contains("does not support creating load balancers"),
        "{said}"
    );
}

#[test]
fn an_instance_type_without_its_own_connection_to_disks_is_refused() {
    let said = refused(
        SMALL,
        Stage::SingleServer,
        |_| {},
        |graph| {
            set(
                graph,
                "us-east-1/server",
                "InstanceType",
                serde_json::json!("m3.medium"),
            );
            set(
                graph,
                "us-east-1/server",
                "ImageId",
                serde_json::json!("ami-x86_64"),
            );
        },
    );
    assert!(
        said.contains("Unsupported") && said.contains("EBS-optimized"),
        "{said}"
    );
}

#[test]
fn a_zone_that_nobody_delegates_to_validates_no_certificate() {
    let zone = |faults: &mut Faults| faults.undelegated.extend(["a.example.com".into()]);
    let said = refused(SMALL, Stage::LoadBalanced, zone, |_| {});
    assert!(said.contains("not ready after 75 minutes"), "{said}");
    assert!(said.contains("must be delegated to ns-"), "{said}");
}

#[test]
fn no_log_group_outlives_a_destroy_or_appears_again() {
    runtime().block_on(async {
        for stage in [Stage::SingleServer, Stage::LoadBalanced] {
            let sim = sim();
            let text = format!("{SMALL}database: {{engine: postgres}}\n");
            let graph = graph_of(&library(), &spec_at(&text, stage));
            let (_, report) = apply(&sim, &graph, None).await;
            assert!(report.is_complete(), "{report:#?}");
            let (_, report) = crate::common::destroy(&sim).await;
            assert!(report.is_complete(), "{report:#?}");
            sim.clock().sleep(Duration::from_secs(3600)).await;
            let mut cloud = sim.into_cloud();
            cloud.settle(u64::MAX);
            let left: Vec<&str> = cloud.items.values().map(|item| &*item.identifier).collect();
            assert!(left.is_empty(), "{}: {left:?}", stage.name());
        }
    });
}

/// Whom a policy's statements let in without saying for which account.
fn lets_in_any_account(document: &Value) -> Vec<String> {
    let statements = document.at("Statement").and_then(Value::as_list);
    let mut found = Vec::new();
    for statement in statements.unwrap_or_default() {
        let services = match statement.at("Principal.Service") {
            Some(Value::List(services)) => services.clone(),
            Some(service) => vec![service.clone()],
            None => continue,
        };
        let text = statement.to_string();
        if !text.contains("${global/account.Id}") {
            found.extend(services.iter().map(|one| one.as_str().unwrap().to_owned()));
        }
    }
    found
}

#[test]
fn services_act_for_this_account_only() {
    // Those whose documentation names no such condition: they act for the account whose role it is.
    let without = [
        "ec2.amazonaws.com",
        "backup.amazonaws.com",
        "s3.amazonaws.com",
    ];
    for stage in Stage::ALL {
        let spec = example("marketplace", stage);
        let graph = graph_of(&library(), &spec);
        let mut seen = 0;
        for resource in graph.iter() {
            for property in ["AssumeRolePolicyDocument", "PolicyDocument"] {
                let Some(document) = resource.property(property) else {
                    continue;
                };
                seen += 1;
                let open = lets_in_any_account(document);
                let trust = property == "AssumeRolePolicyDocument";
                assert!(
                    open.iter().all(|one| trust && without.contains(&&**one)),
                    "{}: {open:?}",
                    resource.address
                );
            }
        }
        assert!(seen > 0);
        let templates = cloudformation::templates(&graph, "us-east-1", "shop");
        for (region, template) in templates {
            let text = template.to_string();
            assert!(!text.contains("account.Id"), "{region}: {}", stage.name());
            assert!(
                text.contains("AWS::AccountId"),
                "{region}: {}",
                stage.name()
            );
        }
        runtime().block_on(async {
            let sim = sim();
            let (_, report) = apply(&sim, &graph, None).await;
            assert!(report.is_complete(), "{report:#?}");
            let cloud = sim.cloud();
            let topics =
                (cloud.items.values()).filter(|item| &*item.kind == "AWS::SNS::TopicPolicy");
            for topic in topics {
                let condition = "PolicyDocument.Statement.0.Condition.StringEquals";
                let condition = topic.properties.at(condition).unwrap();
                let number = condition.as_map().unwrap().get("aws:SourceAccount");
                assert_eq!(number, Some(&Value::str("123456789012")));
            }
        });
    }
}

#[test]
fn logs_of_databases_end_and_a_group_that_rds_made_is_taken_over() {
    let postgres = &format!("{SMALL}database: {{engine: postgres}}\n");
    let aurora = &postgres
        .replace("single-server", "cdn")
        .replace("postgres", "aurora-postgres");
    let replicated = &postgres.replace("postgres}", "postgres, replicas: 1}");
    for (text, stage, name) in [
        (
            postgres,
            Stage::SplitDb,
            "/aws/rds/instance/shop-default-db/postgresql",
        ),
        (
            replicated,
            Stage::LoadBalanced,
            "/aws/rds/instance/shop-default-db-replica-1/postgresql",
        ),
        (
            aurora,
            Stage::Cdn,
            "/aws/rds/cluster/shop-default-db/postgresql",
        ),
    ] {
        let spec = spec_at(text, stage);
        let graph = graph_of(&library(), &spec);
        let kept = (graph.iter())
            .find(|one| one.property("LogGroupName") == Some(&Value::str(name)))
            .unwrap_or_else(|| panic!("{}: {name}", stage.name()));
        assert!(kept.property("RetentionInDays").is_some());
        // As an earlier release, or somebody else's blueprint, left it: the database, and RDS's group.
        let mut without = graph.clone();
        without.resources.retain(|_, one| {
            let name = one.property("LogGroupName").and_then(Value::as_str);
            !name.is_some_and(|name| name.starts_with("/aws/rds/"))
        });
        runtime().block_on(async {
            let sim = sim();
            let (_, report) = apply(&sim, &without, None).await;
            assert!(report.is_complete(), "{report:#?}");
            let group = |sim: &Sim| {
                let cloud = sim.cloud();
                let all = cloud.items.values();
                let mut ours = all.filter(|item| &*item.identifier == name);
                let group = ours.next().unwrap().clone();
                assert!(ours.next().is_none());
                group
            };
            assert!(group(&sim).marks.is_none());
            let (_, report) = apply(&sim, &graph, None).await;
            assert!(report.is_complete(), "{report:#?}");
            assert!(group(&sim).marks.is_some());
            assert!(group(&sim).properties.contains_key("RetentionInDays"));
        });
    }
}

#[test]
fn no_server_behind_a_load_balancer_is_patched_in_place() {
    for stage in Stage::ALL {
        let graph = graph_of(&library(), &spec_at(SMALL, stage));
        let patched: Vec<String> = graph
            .iter()
            .filter(|one| &*one.kind == "AWS::SSM::Association")
            .flat_map(|one| one.property("Targets").unwrap().as_list().unwrap().to_vec())
            .map(|target| target.at("Key").unwrap().to_string())
            .collect();
        for group in graph
            .iter()
            .filter(|one| &*one.kind == "AWS::AutoScaling::AutoScalingGroup")
        {
            // A restart fails the check, and who fails it is replaced in the middle of the patch.
            assert_eq!(group.property("HealthCheckType"), Some(&Value::str("ELB")));
            let tags = group
                .property("Tags")
                .and_then(Value::as_list)
                .unwrap_or_default();
            for tag in tags {
                let key = format!("tag:{}", tag.at("Key").unwrap());
                let runs = tag.at("PropagateAtLaunch") == Some(&Value::Bool(true));
                assert!(!runs || !patched.contains(&key), "{}", stage.name());
            }
            let days = group
                .property("MaxInstanceLifetime")
                .unwrap()
                .as_int()
                .unwrap()
                / 86_400;
            assert_eq!(days, 7);
            assert!(group.property("HealthCheckGracePeriod").unwrap().as_int() >= Some(600));
        }
    }
}

#[test]
fn a_missing_file_is_asked_of_a_service_though_all_have_hosts() {
    let text = "app: shop\nstage: cdn\ndomain: a.example.com\nservices:\n  \
                web: {image: x, hosts: [a.example.com]}\n  api: {image: x, hosts: [api.a.example.com]}\n";
    let graph = graph_of(&library(), &spec_at(text, Stage::Cdn));
    let rule = graph
        .get(&"us-east-1/rule_origin".parse().unwrap())
        .unwrap();
    let hosts = rule
        .property("Conditions.0.HostHeaderConfig.Values.0")
        .unwrap();
    assert_eq!(hosts.as_str(), Some("origin.a.example.com"));
    let target = rule
        .property("Actions.0.TargetGroupArn")
        .unwrap()
        .to_string();
    assert!(target.contains("target_group[web]"), "{target}");
    let plain = graph_of(&library(), &spec_at(SMALL, Stage::Cdn));
    assert!(
        plain
            .get(&"us-east-1/rule_origin".parse().unwrap())
            .is_none()
    );
}

/// What a server that is to take over from a load balancer answers under the site's name, while every user is led to the
/// load balancer.
fn taking_over(without: &[&str]) -> Answer {
    runtime().block_on(async {
        let sim = sim();
        let of = |stage| graph_of(&library(), &spec_at(SMALL, stage));
        let (old, new) = (of(Stage::LoadBalanced), of(Stage::SplitDb));
        let (_, report) = apply(&sim, &old, None).await;
        assert!(report.is_complete(), "{report:#?}");
        let mut expanded = Transition::new(&old, &new).expanded();
        for id in without {
            expanded.resources.retain(|address, _| &*address.id != *id);
        }
        let (_, report) = apply(&sim, &expanded, None).await;
        assert!(report.is_complete(), "{report:#?}");
        let records = properties_of(&sim, "AWS::Route53::RecordSet", "a.example.com");
        let record = records
            .iter()
            .find(|one| one.get("ResourceRecords").is_some());
        let record = record.unwrap();
        assert_eq!(record.get("Weight"), Some(&Value::Int(0)));
        let probe = Probe {
            name: "a.example.com".into(),
            door: record
                .at("ResourceRecords.0")
                .unwrap()
                .as_str()
                .unwrap()
                .into(),
            path: "/".into(),
        };
        sim.clock().sleep(Duration::from_secs(600)).await;
        sim.probe(&probe).await.unwrap()
    })
}

#[test]
fn a_server_has_its_certificate_before_a_name_leads_to_it() {
    assert_eq!(taking_over(&[]), Answer::Status(200));
    let Answer::Nothing(why) = taking_over(&["challenge_rule"]) else {
        panic!("it answers without a certificate");
    };
    assert!(why.contains("no certificate for a.example.com"), "{why}");
}

/// What a cloud says to a call of its own, an hour after the one before.
struct Account {
    cloud: Cloud,
    now: u64,
}

impl Account {
    fn create(
        &mut self,
        address: &str,
        kind: &str,
        properties: serde_json::Value,
    ) -> Outcome<Arc<str>> {
        self.now += 3_600_000;
        let address: Address = address.parse().unwrap();
        let Value::Map(properties) = Value::from(properties) else {
            panic!("no properties");
        };
        let write = Write {
            owner: crate::common::owner(),
            applied: ownership::of_properties(&address, 1, false, &Map::new()),
            address,
            kind: kind.into(),
            properties,
        };
        self.cloud.create(&write, self.now, 0)
    }

    fn code(&mut self, kind: &str, properties: serde_json::Value) -> String {
        let outcome = self.create("us-east-1/refused", kind, properties);
        outcome.unwrap_err().code
    }
}

fn account() -> Account {
    Account {
        cloud: Cloud::default(),
        now: 0,
    }
}

#[test]
fn records_of_a_name_share_a_policy() {
    let mut account = account();
    let kind = "AWS::Route53::RecordSet";
    let zone = account
        .create(
            "global/zone",
            "AWS::Route53::HostedZone",
            json!({"Name": "example.com"}),
        )
        .unwrap();
    let record = |set: &str, policy: serde_json::Value| {
        let mut record = json!({"HostedZoneId": &*zone, "Name": "o.example.com", "Type": "A", "TTL": "60",
            "ResourceRecords": ["192.0.2.1"], "SetIdentifier": set});
        let entries = policy.as_object().unwrap().clone();
        record.as_object_mut().unwrap().extend(entries);
        record
    };
    account
        .create(
            "global/a",
            kind,
            record("a", json!({"Region": "us-east-1"})),
        )
        .unwrap();
    for (policy, code) in [
        (json!({"Weight": 1}), "InvalidChangeBatch"),
        (json!({"Failover": "PRIMARY"}), "InvalidChangeBatch"),
        (json!({"Region": "us-east-1"}), "InvalidChangeBatch"),
        (json!({}), "InvalidInput"),
        (json!({"Region": "eu-west-1", "Weight": 1}), "InvalidInput"),
    ] {
        assert_eq!(
            account.code(kind, record("b", policy.clone())),
            code,
            "{policy}"
        );
    }
    account
        .create(
            "global/b",
            kind,
            record("b", json!({"Region": "eu-west-1"})),
        )
        .unwrap();
}

#[test]
fn tags_have_the_characters_that_their_service_takes() {
    let mut account = account();
    let topic = |key: &str, value: &str| json!({"Tags": [{"Key": key, "Value": value}]});
    let kind = "AWS::SNS::Topic";
    assert_eq!(
        account.code(kind, topic("team", "R&D (core)")),
        "InvalidParameter"
    );
    let many: Vec<_> = (0..51)
        .map(|n| json!({"Key": format!("k{n}"), "Value": ""}))
        .collect();
    assert_eq!(account.code(kind, json!({"Tags": many})), "TooManyTags");
    account
        .create("us-east-1/topic", kind, topic("team", "R+D core"))
        .unwrap();
}

#[test]
fn every_service_takes_the_characters_that_a_spec_may_have_in_tags() {
    let letters: String = (' '..='~').chain(['é', '\u{a0}']).collect();
    let is_valid = |name: &str, value: &str| {
        let tags = serde_json::to_string(&json!({name: value})).unwrap();
        let text = format!("{SMALL}tags: {tags}\n");
        scalectl::spec::load("scalectl.yaml", &text, None, None).is_ok()
    };
    let of_names: String = letters
        .chars()
        .filter(|letter| is_valid(&format!("k{letter}"), "x"))
        .collect();
    let of_values: String = letters
        .chars()
        .filter(|letter| is_valid("k", &letter.to_string()))
        .collect();
    assert!(
        of_names.contains("AB") && of_values.contains("AB"),
        "{of_names} {of_values}"
    );
    let tags = serde_json::to_string(&json!({format!("k{of_names}"): of_values})).unwrap();
    for stage in Stage::ALL {
        applied(&format!("{SMALL}tags: {tags}\n"), stage);
    }
}

#[test]
fn user_data_is_measured_decoded() {
    let mut account = account();
    let kind = "AWS::EC2::LaunchTemplate";
    let template = |data: &[u8]| json!({"LaunchTemplateData": {"UserData": STANDARD.encode(data)}});
    account
        .create("us-east-1/fits", kind, template(&[7; 16_384]))
        .unwrap();
    let refused = account.create("us-east-1/large", kind, template(&[7; 16_385]));
    let error = refused.unwrap_err();
    assert_eq!(error.code, "InvalidParameterValue");
    assert!(error.message.contains("limited to 16384 bytes"), "{error}");
}

#[test]
fn replication_waits_until_versions_are_known() {
    let mut account = account();
    let kind = "AWS::S3::Bucket";
    let versions = json!({"Status": "Enabled"});
    let target = json!({"BucketName": "target", "VersioningConfiguration": versions});
    account.create("eu-west-1/target", kind, target).unwrap();
    let source = json!({"BucketName": "source", "VersioningConfiguration": versions, "ReplicationConfiguration":
        {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [{"Status": "Enabled",
            "Destination": {"Bucket": "arn:aws:s3:::target"}}]}});
    // An hour later all know; in the first seconds they do not.
    let made = account.now;
    account.now = made + 2_500 - 3_600_000;
    let refused = account
        .create("us-east-1/source", kind, source.clone())
        .unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.kind),
        ("InvalidRequest", ErrorKind::NotFound),
        "{refused}"
    );
    account.create("us-east-1/source", kind, source).unwrap();
}

#[test]
fn a_new_accounts_first_use_of_a_service_is_refused_once() {
    runtime().block_on(async {
        let sim = sim();
        let address: Address = "us-east-1/g".parse().unwrap();
        let Value::Map(properties) = Value::from(json!({"MinSize": "1", "MaxSize": "1"})) else {
            panic!("no properties");
        };
        let write = Write {
            owner: crate::common::owner(),
            applied: ownership::of_properties(&address, 1, false, &Map::new()),
            address,
            kind: "AWS::AutoScaling::AutoScalingGroup".into(),
            properties,
        };
        let refused = sim.create(&write).await.unwrap_err();
        assert_eq!(refused.code, "ServiceLinkedRoleFailure");
        assert_eq!(refused.kind, ErrorKind::NotFound);
        sim.create(&write).await.unwrap();
    });
}

fn groups_of(sim: &Sim) -> Vec<scalectl::provider::sim::cloud::Item> {
    let cloud = sim.cloud();
    let kind = "AWS::AutoScaling::AutoScalingGroup";
    let groups = cloud.items.values().filter(|item| &*item.kind == kind);
    groups.cloned().collect()
}

#[test]
fn a_change_while_servers_are_replaced_begins_that_anew() {
    runtime().block_on(async {
        let sim = sim();
        let mut until = 0;
        for (number, kind) in ["t4g.small", "t4g.medium", "t4g.large"].iter().enumerate() {
            let text = SMALL.replace("image: x", &format!("image: x, instance: {kind}"));
            let graph = graph_of(&library(), &spec_at(&text, Stage::LoadBalanced));
            let began = sim.clock().now();
            let (_, report) = apply(&sim, &graph, None).await;
            assert!(report.is_complete(), "{kind}: {report:#?}");
            let [group] = &groups_of(&sim)[..] else {
                panic!("one service has one group");
            };
            if number == 0 {
                assert_eq!(group.replaced_at, None, "the first servers replace none");
                continue;
            }
            // A second change comes while the first one's servers are still being replaced.
            assert!(number < 2 || began < until, "{began} {until}");
            let again = group.replaced_at.unwrap();
            assert!(again > until, "{kind}");
            until = again;
        }
        let [group] = &groups_of(&sim)[..] else {
            panic!("one service has one group");
        };
        let handle = scalectl::inventory::Handle {
            kind: group.kind.clone(),
            address: group.marks.as_ref().unwrap().address.clone(),
            identifier: group.identifier.clone(),
        };
        let write = Write {
            kind: group.kind.clone(),
            address: handle.address.clone(),
            owner: group.marks.as_ref().unwrap().owner.clone(),
            applied: group.marks.as_ref().unwrap().applied.clone(),
            properties: group.properties.clone(),
        };
        let changed: [Arc<str>; 1] = ["LaunchTemplate".into()];
        let refusal = sim.update(&handle, &write, &changed).await.unwrap_err();
        assert_eq!(&*refusal.code, "InstanceRefreshInProgress");
        sim.update(&handle, &write, &changed).await.unwrap();
    });
}

#[test]
fn servers_that_are_judged_before_they_answer_never_serve() {
    runtime().block_on(async {
        let sim = sim();
        let graph = |grace: u32| {
            let mut graph = graph_of(&library(), &spec_at(SMALL, Stage::LoadBalanced));
            let group = "us-east-1/asg[web]";
            set(&mut graph, group, "HealthCheckGracePeriod", json!(grace));
            graph
        };
        let (_, report) = apply(&sim, &graph(60), None).await;
        assert!(!report.is_complete());
        let said = format!("{:?}", report.ends);
        assert!(said.contains("HealthCheckGracePeriod"), "{said}");
        let (_, report) = apply(&sim, &graph(300), None).await;
        assert!(report.is_complete(), "{report:#?}");
        // Servers that run are judged anew only when they are replaced.
        let (_, report) = apply(&sim, &graph(60), None).await;
        assert!(report.is_complete(), "{report:#?}");
    });
}

#[test]
fn an_idle_replica_of_postgres_is_known_by_its_sources_own_transactions() {
    for (engine, most) in [("postgres", 304_000), ("mysql", 4_000)] {
        let text = format!(
            "app: shop\nstage: multi-region\nregions: [us-east-1, eu-west-1]\ndomain: a.example.com\n\
             services: {{web: {{image: x}}}}\ndatabase: {{engine: {engine}, class: db.t4g.micro}}\n"
        );
        let sim = applied(&text, Stage::MultiRegion);
        runtime().block_on(async {
            let replicas: Vec<_> = {
                let cloud = sim.cloud();
                let replicas = cloud.items.values().filter(|item| {
                    &*item.kind == "AWS::RDS::DBInstance"
                        && item.properties.contains_key("SourceDBInstanceIdentifier")
                        && &*item.region == "eu-west-1"
                });
                replicas.cloned().collect()
            };
            let marks = replicas[0].marks.as_ref().unwrap();
            let handle = scalectl::inventory::Handle {
                kind: replicas[0].kind.clone(),
                address: marks.address.clone(),
                identifier: replicas[0].identifier.clone(),
            };
            let mut longest = 0;
            for _ in 0..40 {
                sim.clock().sleep(Duration::from_secs(10)).await;
                let until = sim.replicated(&marks.owner, &handle).await.unwrap();
                longest = longest.max(sim.clock().now() - until.unwrap());
            }
            assert!(longest <= most, "{engine}: {longest}");
            assert!(engine != "postgres" || longest > 200_000, "{longest}");
        });
    }
}
