//! Workers from the spec to the server: which resources exist at each stage, who may send and receive, and how a server
//! replaces one.

use std::collections::BTreeMap;

use crate::common::{EPOCH, apply, come_and_go, graph_at, owner, plan, runtime, sim};
use crate::server::{driven, template, template_of_workers};
use scalectl::apply::{Context, Stop};
use scalectl::graph::Graph;
use scalectl::migrate::gates::{Readings as _, Servers};
use scalectl::migrate::walk::CloudReadings;
use scalectl::plan::guard::refusals;
use scalectl::provider::sim::{Sim, cloud::Cloud, faults::Faults};
use scalectl::spec::Stage;
use scalectl::value::Value;
use serde_json::{Value as Json, json};

const WITHOUT: &str = "\
app: shop
stage: single-server
domain: shop.example.com
services:
  web: {image: \"nginx:1\"}
  api: {image: \"api:1\", port: 9000, paths: [/api/*]}
database: {engine: postgres}
cache: {engine: valkey}
";

const WITH: &str = "\
app: shop
stage: single-server
domain: shop.example.com
services:
  web: {image: \"nginx:1\", sends_to: [mail-out]}
  api: {image: \"api:1\", port: 9000, paths: [/api/*]}
  mail-out:
    type: worker
    image: mail:1
    queue: {visibility: 120, attempts: 3, retention_days: 7, max_age: 600}
    health: {command: [./ok, \"--within\", \"1 m\"], interval: 20}
    stop_timeout: 90
    scale: {min: 1, max: 9, target: {messages_per_instance: 50}}
  clock: {type: worker, image: \"clock:1\"}
database: {engine: postgres}
cache: {engine: valkey}
";

fn is_fleet(stage: Stage) -> bool {
    stage >= Stage::LoadBalanced
}

/// The properties of a resource.
fn at(graph: &Graph, address: &str) -> Json {
    let resource = graph.get(&address.parse().unwrap());
    let resource = resource.unwrap_or_else(|| panic!("{address} is missing"));
    Json::from(&Value::Map(resource.properties.clone()))
}

/// The statements about SQS in a role, by resource.
fn statements(graph: &Graph, role: &str) -> BTreeMap<String, Vec<String>> {
    let role = at(graph, role);
    let all = role["Policies"][0]["PolicyDocument"]["Statement"].clone();
    let all = all.as_array().unwrap().iter();
    let about = all.filter(|one| one["Action"][0].as_str().unwrap().starts_with("sqs:"));
    let text = |one: &Json| one.as_str().unwrap().trim_start_matches("sqs:").to_owned();
    about
        .map(|one| {
            let actions = one["Action"].as_array().unwrap().iter().map(text);
            (one["Resource"][0].to_string(), actions.collect())
        })
        .collect()
}

#[test]
fn a_worker_has_nothing_of_http() {
    for stage in Stage::ALL {
        let (with, without) = (graph_at(WITH, stage), graph_at(WITHOUT, stage));
        for resource in with.iter() {
            let is_workers = resource
                .address
                .key
                .as_deref()
                .is_some_and(|key| ["clock", "mail-out"].contains(&key));
            let of_http = ["ElasticLoadBalancing", "SecurityGroup", "Route53"];
            let is_of_http = of_http.iter().any(|part| resource.kind.contains(part));
            assert!(!(is_workers && is_of_http), "{}", resource.address);
            // What exists without workers stays as it is, but for what sends and what servers may do together.
            let before = without.get(&resource.address);
            let changes = [
                "param_service",
                "role_server",
                "launch_template",
                "server",
                "param_worker",
            ];
            if let Some(before) = before.filter(|_| !changes.contains(&&*resource.address.id)) {
                assert_eq!(
                    before.properties, resource.properties,
                    "{}",
                    resource.address
                );
            }
        }
        let missing = without.iter().find(|one| with.get(&one.address).is_none());
        assert_eq!(missing.map(|one| &one.address), None, "{}", stage.name());
    }
}

#[test]
fn a_fleet_of_workers_has_no_target_group_and_scales_by_backlog() {
    for stage in Stage::ALL.into_iter().filter(|stage| is_fleet(*stage)) {
        let graph = graph_at(WITH, stage);
        let group = at(&graph, "us-east-1/asg[mail-out]");
        assert_eq!(group["HealthCheckType"], "EC2");
        assert_eq!(group["TargetGroupARNs"], Json::Null);
        assert_eq!(at(&graph, "us-east-1/asg[web]")["HealthCheckType"], "ELB");
        let policy = at(&graph, "us-east-1/scaling_policy[mail-out]");
        let policy = &policy["TargetTrackingConfiguration"];
        assert_eq!(policy["TargetValue"], 50);
        let metrics = policy["CustomizedMetricSpecification"]["Metrics"]
            .as_array()
            .unwrap();
        let returned: Vec<&Json> = metrics
            .iter()
            .filter(|one| one["ReturnData"] == true)
            .collect();
        assert_eq!(returned.len(), 1, "AWS takes one series");
        assert_eq!(returned[0]["Expression"], "waiting / instances");
        let names: Vec<&str> = (metrics.iter())
            .filter_map(|one| one["MetricStat"]["Metric"]["MetricName"].as_str())
            .collect();
        assert_eq!(
            names,
            [
                "GroupInServiceInstances",
                "ApproximateNumberOfMessagesVisible"
            ]
        );
        let policy = at(&graph, "us-east-1/scaling_policy[clock]");
        let metric = &policy["TargetTrackingConfiguration"]["PredefinedMetricSpecification"];
        assert_eq!(metric["PredefinedMetricType"], "ASGAverageCPUUtilization");
        let alarm = at(&graph, "us-east-1/alarm_workers[mail-out]");
        assert_eq!(alarm["Threshold"], 1);
    }
}

#[test]
fn a_worker_receives_from_its_queue_and_only_senders_send() {
    let receives = [
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ReceiveMessage",
    ];
    let sends = ["GetQueueAttributes", "GetQueueUrl", "SendMessage"];
    for stage in Stage::ALL {
        let graph = graph_at(WITH, stage);
        let regions: &[&str] = match stage {
            Stage::MultiRegion => &["us-east-1", "eu-west-1"],
            _ => &["us-east-1"],
        };
        for region in regions {
            let queue = at(&graph, &format!("{region}/queue_worker[mail-out]"));
            assert_eq!(queue["QueueName"], "shop-default-mail-out");
            assert_eq!(queue["VisibilityTimeout"], 120);
            assert_eq!(queue["MessageRetentionPeriod"], 7 * 86400);
            assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], 3);
            let dead = at(&graph, &format!("{region}/queue_worker_dead[mail-out]"));
            assert_eq!(dead["QueueName"], "shop-default-mail-out-dead");
            let late = at(&graph, &format!("{region}/alarm_late_messages[mail-out]"));
            assert_eq!(late["Threshold"], 600);
            at(&graph, &format!("{region}/alarm_dead_messages[mail-out]"));
            let none = format!("{region}/queue_worker[clock]").parse().unwrap();
            assert!(graph.get(&none).is_none());
            // Services get the URL of their own region's queue.
            let url =
                json!({"$ref": format!("{region}/queue_worker[mail-out]#QueueUrl")}).to_string();
            for (parameter, name) in [
                ("param_worker[mail-out]", "QUEUE_URL"),
                ("param_service[web]", "MAIL_OUT_QUEUE_URL"),
            ] {
                let parameter = at(&graph, &format!("{region}/{parameter}"));
                let value = parameter["Value"].to_string();
                assert!(value.contains(name), "{value}");
                assert!(
                    value.contains("queue_worker[mail-out]#QueueUrl"),
                    "{url} in {value}"
                );
                assert!(value.contains(&format!("{region}/queue_worker")), "{value}");
            }
            let api = at(&graph, &format!("{region}/param_service[api]"));
            assert!(!api["Value"].to_string().contains("QUEUE_URL"));
        }
        if is_fleet(stage) {
            let worker = statements(&graph, "global/role_service[mail-out]");
            assert_eq!(worker.into_values().collect::<Vec<_>>(), [receives]);
            let web = statements(&graph, "global/role_service[web]");
            assert_eq!(web.into_values().collect::<Vec<_>>(), [sends]);
            assert!(statements(&graph, "global/role_app").is_empty());
        }
    }
    let graph = graph_at(WITH, Stage::SingleServer);
    let role = at(&graph, "global/role_server");
    let text = role.to_string();
    assert!(text.contains("sqs:ReceiveMessage") && text.contains("sqs:SendMessage"));
}

#[test]
fn a_second_plan_is_empty_and_destroy_leaves_nothing() {
    for stage in Stage::ALL {
        runtime().block_on(come_and_go(&graph_at(WITH, stage)));
    }
}

/// The addresses that a change of the spec touches at a stage.
fn touched(before: &str, after: &str, stage: Stage) -> Vec<String> {
    runtime().block_on(async {
        let sim = sim();
        let (_, report) = apply(&sim, &graph_at(before, stage), None).await;
        assert!(report.is_complete(), "{:#?}", report.ends);
        let plan = plan(&sim, &graph_at(after, stage)).await;
        let changes = plan.changes.iter();
        changes.map(|change| change.address.to_string()).collect()
    })
}

#[test]
fn a_change_of_a_worker_touches_nothing_of_others() {
    for stage in [Stage::SingleServer, Stage::LoadBalanced, Stage::MultiRegion] {
        let regions: &[&str] = match stage {
            Stage::MultiRegion => &["eu-west-1", "us-east-1"],
            _ => &["us-east-1"],
        };
        let of = |ids: &[&str]| -> Vec<String> {
            let in_region = |region: &&str| -> Vec<String> {
                ids.iter()
                    .map(|id| format!("{region}/{id}[mail-out]"))
                    .collect()
            };
            regions.iter().flat_map(in_region).collect()
        };
        let image = WITH.replace("image: mail:1", "image: mail:2");
        assert_eq!(touched(WITH, &image, stage), of(&["param_worker"]));
        let queue = WITH.replace("visibility: 120", "visibility: 240");
        assert_eq!(touched(WITH, &queue, stage), of(&["queue_worker"]));
        let age = WITH.replace("max_age: 600", "max_age: 900");
        assert_eq!(touched(WITH, &age, stage), of(&["alarm_late_messages"]));
    }
}

#[test]
fn the_first_worker_neither_stops_nor_replaces_the_server() {
    runtime().block_on(async {
        let sim = sim();
        let before = graph_at(WITHOUT, Stage::SingleServer);
        let (_, report) = apply(&sim, &before, None).await;
        assert!(report.is_complete(), "{:#?}", report.ends);
        let plan = plan(&sim, &graph_at(WITH, Stage::SingleServer)).await;
        let interrupts: Vec<_> = plan
            .changes
            .iter()
            .filter(|one| one.interrupts.is_some())
            .collect();
        assert!(interrupts.is_empty(), "{interrupts:#?}");
        let server = plan
            .changes
            .iter()
            .find(|one| &*one.address.id == "server")
            .unwrap();
        let paths: Vec<String> = server
            .properties
            .iter()
            .map(|one| one.path.to_string())
            .collect();
        // Containers reach the role over one hop more.
        assert_eq!(paths, ["MetadataOptions.HttpPutResponseHopLimit"]);
        let program = plan
            .changes
            .iter()
            .find(|one| &*one.address.id == "workers_program");
        assert!(program.is_some());
    });
}

#[test]
fn a_queue_with_messages_is_deleted_only_by_name() {
    runtime().block_on(async {
        let sim = sim();
        let (_, report) = apply(&sim, &graph_at(WITH, Stage::LoadBalanced), None).await;
        assert!(report.is_complete(), "{:#?}", report.ends);
        let plan = plan(&sim, &graph_at(WITHOUT, Stage::LoadBalanced)).await;
        let refused: Vec<String> = (refusals(&plan, &Default::default()).iter())
            .map(|refusal| refusal.address.to_string())
            .collect();
        let queues =
            ["queue_worker", "queue_worker_dead"].map(|id| format!("us-east-1/{id}[mail-out]"));
        for queue in queues {
            assert!(refused.contains(&queue), "{queue}: {refused:?}");
        }
    });
}

/// Runs the program of a single server against containers that live in memory. Arguments: how new containers fare (`runs`,
/// `ends`, `healthy`, `unhealthy`), the parameters, and the containers that run. Prints what Docker was told.
const DRIVER: &str = r#"
import json, os, sys
program, fares, known, there = open(sys.argv[1]).read(), sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
os.environ.update(SITE_PATH="/shop/default", SITE_ROLE=sys.argv[5] if sys.argv[5:] else "single")
space = dict(__name__="site")
end = program.rindex("try:\n")
exec(program[:program.index("REGION = metadata")] + "REGION = 'us-east-1'\n" + program[program.index("def parameters("):end], space)
calls, alive = [], dict((name, tuple(one)) for name, one in there.items())
def run(*command, **options):
    command = [os.path.basename(command[0])] + list(command[1:])
    if command[:2] == ["docker", "inspect"]:
        state = dict(Running=fares != "ends", Health=dict(Status=fares if fares in ("healthy", "unhealthy") else "starting"))
        return json.dumps([dict(State=state, RestartCount=0)])
    if command[:2] == ["docker", "pull"] and "gone" in command[-1]:
        raise space["subprocess"].CalledProcessError(1, command, stderr="no such image")
    if command[:2] == ["docker", "run"]:
        name = command[command.index("--name") + 1]
        alive[name] = ("", "10.0.0.2")
        shown = [word for word in command if word.startswith(("--stop", "--health"))]
        calls.append("run %s %s" % (name.rsplit("-", 1)[0], " ".join(shown)))
        return ""
    if command[1] != "pull":
        calls.append(" ".join([word.rsplit("-", 1)[0] if word in alive else word for word in command[1:]]))
    return ""
space["subprocess"].run = lambda command, **options: None
space["time"].sleep = lambda seconds: None
texts = dict((name, json.dumps(value)) for name, value in known.items())
space.update(run=run, metadata=lambda path: "i-1", write=lambda *_: None, parameters=lambda: texts, containers=lambda: dict((n, (one[0] or dict(), one[1])) for n, one in alive.items()),
             database=lambda *a: dict(), cache=lambda *a: dict(), caddyfile=lambda *a: "", open=lambda *a: File())
class File:
    def __enter__(self): return self
    def __exit__(self, *a): pass
    def write(self, text): pass
    def read(self): return ""
space["os"].rename = lambda *a: None
space["os"].path.exists = lambda path: True
try:
    space["main"]()
except SystemExit as error:
    calls.append("exit: %s" % error)
print("\n".join(line.strip() for line in calls))
"#;

/// The parameters of a worker, as servers read them.
fn known(image: &str, with_command: bool) -> Json {
    let check = json!({"command": ["./ok", "1 m"], "interval": 20, "timeout": 5, "unhealthy": 3});
    json!({
        "workers/mail": {"image": image, "artifact": null, "command": null, "env": {}, "secrets": {},
            "health": if with_command { check } else { Json::Null }, "stop": 90},
    })
}

fn told(fares: &str, known: &Json, there: &Json) -> Vec<String> {
    let arguments = [fares, &known.to_string(), &there.to_string()];
    let out = driven(&template_of_workers(), DRIVER, &arguments).out;
    // The web server is none of this test's.
    let lines = out.lines().filter(|line| !line.contains("caddy"));
    lines.map(str::to_owned).collect()
}

/// A container of an older image.
fn old() -> Json {
    json!({"mail-old": [{"site.service": "mail", "site.stop": "45"}, "10.0.0.1"]})
}

#[test]
fn a_new_worker_starts_before_the_old_one_is_asked_to_stop() {
    assert_eq!(
        told("runs", &known("mail:2", false), &old()),
        [
            "run mail --stop-timeout",
            "stop -t 45 mail",
            "rm mail",
            "image prune -af --filter until=24h",
        ]
    );
    // With a command, Docker asks in the container.
    let lines = told("healthy", &known("mail:2", true), &old());
    assert_eq!(
        lines[0],
        "run mail --stop-timeout --health-cmd --health-interval --health-timeout --health-retries --health-start-period"
    );
    assert_eq!(lines[1], "stop -t 45 mail");
}

#[test]
fn a_sick_worker_leaves_the_old_one_and_is_reported() {
    for (fares, with_command) in [("ends", false), ("unhealthy", true), ("starting", true)] {
        let lines = told(fares, &known("mail:2", with_command), &old());
        assert_eq!(
            lines[1..],
            ["stop -t 90 mail", "rm -f mail", "exit: not healthy: mail"],
            "{fares}"
        );
    }
    // One image that does not exist holds up nobody.
    let lines = told("runs", &known("gone:1", false), &old());
    assert_eq!(lines, ["exit: not healthy: mail"]);
}

#[test]
fn a_worker_that_is_gone_from_the_spec_stops() {
    let lines = told("runs", &json!({}), &old());
    assert_eq!(lines[..2], ["stop -t 45 mail", "rm mail"]);
}

#[test]
fn a_server_without_workers_ignores_them() {
    // Until Systems Manager has brought the program that knows them.
    let arguments = ["runs", &known("mail:2", false).to_string(), "{}"];
    let out = driven(&template(), DRIVER, &arguments).out;
    assert!(!out.contains("mail"), "{out}");
}

#[test]
fn the_program_of_workers_parses_and_fits() {
    let graph = graph_at(WITH, Stage::SingleServer);
    let program = at(&graph, "us-east-1/workers_program");
    let command = program["Parameters"]["commands"][0].as_str().unwrap();
    // A document and what it is given have 64 KB
    // (https://docs.aws.amazon.com/general/latest/gr/ssm.html).
    assert!(command.len() < 24_000, "{}", command.len());
    let encoded = command.split(' ').nth(1).unwrap();
    let text = scalectl::value::decoded_text(encoded).unwrap();
    assert!(text.starts_with("#!/bin/bash\n"));
    assert!(!text.contains("{{"), "everything is filled in");
    let check = |program: &str, arguments: &[&str], text: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut command = std::process::Command::new(program);
        let output = command.args(arguments).arg(file.path()).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    check("bash", &["-n"], &text);
    let (_, python) = text.split_once("<<'PYTHON'\n").unwrap();
    let (python, _) = python.split_once("\nPYTHON\n").unwrap();
    check("python3", &["-m", "py_compile"], python);
}

#[test]
fn only_servers_of_a_worker_have_the_program_that_knows_workers() {
    let graph = graph_at(WITH, Stage::LoadBalanced);
    for (name, workers) in [("web", false), ("mail-out", true)] {
        let template = at(&graph, &format!("us-east-1/launch_template[{name}]"));
        let data = template["LaunchTemplateData"]["UserData"].as_str().unwrap();
        let text = scalectl::value::decoded_text(data).unwrap();
        assert_eq!(text.contains("workers/"), workers, "{name}");
    }
}

/// When what was applied at [`EPOCH`] is ready.
const LATER: u64 = EPOCH + 86_400_000;

/// What a gate on healthy servers reads of the fleet of a worker.
fn fleet(cloud: Cloud, graph: &Graph) -> Option<Servers> {
    let sim = Sim::in_memory(cloud, Faults::default(), LATER);
    let (owner, stop) = (owner(), Stop::default());
    let context = Context {
        provider: &sim,
        owner: &owner,
        stop: &stop,
    };
    let seen = runtime().block_on(CloudReadings::new(&context, graph).health());
    let seen = seen
        .unwrap_or_else(|halt| panic!("{halt:#?}"))
        .unwrap()
        .unwrap();
    seen.into_iter()
        .find(|one| one.name == "us-east-1/asg[mail-out]")
}

#[test]
fn gates_on_healthy_servers_read_fleets_of_workers() {
    let graph = graph_at(WITH, Stage::LoadBalanced);
    let cloud = runtime().block_on(async {
        let sim = sim();
        let (_, report) = apply(&sim, &graph, None).await;
        assert!(report.is_complete(), "{:#?}", report.ends);
        sim.cloud().clone()
    });
    let servers = fleet(cloud.clone(), &graph).unwrap();
    assert_eq!((servers.healthy, servers.all, servers.least), (1, 1, 1));
    let mut begun = cloud;
    let group = begun.items.values_mut().find(|item| {
        let address = item.marks.as_ref().map(|marks| marks.address.to_string());
        address.as_deref() == Some("us-east-1/asg[mail-out]")
    });
    let group = group.unwrap();
    (group.ready_at, group.word) = (LATER + 60_000, "creating".into());
    let servers = fleet(begun, &graph).unwrap();
    assert_eq!((servers.healthy, servers.all), (0, 1));
}
