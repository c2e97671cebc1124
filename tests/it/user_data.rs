//! The server's user data: small enough for EC2, and free of mistakes that its interpreters see.

use std::process::Command;

use crate::common::{EPOCH, apply, example, graph_of, plan, runtime};
use crate::server::{Driven, driven};
use scalectl::address::Address;
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::plan::{Action, Reason};
use scalectl::provider::sim::{Sim, cloud::Cloud, faults::Faults};
use scalectl::spec::Stage;
use scalectl::value::{Value, decoded_text};

/// EC2 takes 16 KB before encoding
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html>).
const MOST: usize = 16 * 1024;

/// As AWS gets it.
fn encoded() -> String {
    let graph = graph_of(
        &Library::embedded().unwrap(),
        &example("shop", Stage::SingleServer),
    );
    let server = graph.get(&"us-east-1/server".parse().unwrap()).unwrap();
    server
        .property("UserData")
        .unwrap()
        .as_str()
        .unwrap()
        .into()
}

/// As the server runs it: cloud-init unpacks what gzip made
/// (<https://cloudinit.readthedocs.io/en/latest/explanation/format.html>).
fn user_data() -> String {
    decoded_text(&encoded()).unwrap()
}

fn passes(program: &str, arguments: &[&str], text: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let output = Command::new(program)
        .args(arguments)
        .arg(file.path())
        .output()
        .unwrap_or_else(|error| panic!("{program} does not run ({error}); this test needs it"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_longest_names_leave_6000_bytes_of_room() {
    // Letters that gzip cannot make smaller, as long as the rules take them.
    let text = "app: qxzvjkwypfmbghucz\nstage: single-server\nservices:\n  kqzxvjwypfbmghuczldn: {image: x}\ndomain: a.example.com\n\
                environments: {xjqzvkwypfmbgh: {domain: b.example.com}}\n";
    let library = Library::embedded().unwrap();
    for stage in Stage::ALL {
        let mut spec = scalectl::spec::load("scalectl.yaml", text, Some("xjqzvkwypfmbgh"), None)
            .unwrap_or_else(|found| panic!("{found:#?}"));
        crate::common::at_stage(&mut spec, stage);
        let graph = graph_of(&library, &spec);
        let data = graph.iter().filter_map(|resource| {
            let one = resource.property("UserData");
            let one = one.or_else(|| resource.property("LaunchTemplateData.UserData"));
            one?.as_str()
        });
        for data in data {
            let bytes = data.trim_end_matches('=').len() * 3 / 4;
            assert!(bytes <= MOST - 6000, "{bytes} bytes at {}", stage.name());
        }
    }
}

#[test]
fn the_site_starts_before_its_watcher_and_what_fails_is_done_again() {
    let text = user_data();
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("{part} is missing"))
    };
    let site = at("systemctl enable --now site.timer");
    assert!(site < at("dnf -y install amazon-cloudwatch-agent"));
    assert!(site < at("amazon-cloudwatch-agent-ctl"));
    let (unit, rest) = text.split_once("/site-setup.service").unwrap();
    let (unit_text, _) = rest.split_once("\nUNIT\n").unwrap();
    assert!(unit.contains("install -m 700 \"$0\" /usr/local/sbin/site-setup"));
    for line in [
        "ExecStart=/usr/local/sbin/site-setup setup",
        "Restart=on-failure",
        "StartLimitIntervalSec=0",
        "WantedBy=multi-user.target",
    ] {
        assert!(unit_text.contains(line), "{line}");
    }
    // A server that came to its end is not set up again when it restarts.
    assert!(text.trim_end().ends_with("systemctl disable site-setup"));
}

#[test]
fn logs_end_and_dockers_networks_are_in_no_vpc() {
    let text = user_data();
    let (_, rest) = text
        .split_once("/etc/docker/daemon.json <<'JSON'\n")
        .unwrap();
    let (json, rest) = rest.split_once("\nJSON\n").unwrap();
    assert!(
        rest.contains("systemctl enable --now docker"),
        "it is there before Docker starts"
    );
    let daemon: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(daemon["log-opts"]["max-size"], "10m");
    // RFC 2544's block for benchmarks, of which no VPC may be
    // (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>).
    let pools = daemon["default-address-pools"][0]["base"].as_str().unwrap();
    for network in [pools, daemon["bip"].as_str().unwrap()] {
        assert!(network.starts_with("198.18."), "{network}");
    }
    assert!(text.contains("/var/log/site.log { size 10M rotate 3"));
}

#[test]
fn it_fits_and_its_shell_and_python_parse() {
    let text = user_data();
    assert!(text.starts_with("#!/bin/bash\n"));
    passes("bash", &["-n"], &text);
    let programs: Vec<&str> = text.split("<<'PYTHON'\n").skip(1).collect();
    assert_eq!(programs.len(), 2);
    for program in programs {
        let (python, _) = program.split_once("\nPYTHON\n").unwrap();
        passes("python3", &["-m", "py_compile"], python);
    }
}

#[test]
fn no_secret_and_no_setting_is_in_it() {
    let text = user_data();
    assert!(text.contains("SITE_PATH='/shop/default' SITE_ROLE='single'"));
    // What runs stands in parameters, so that a new image needs no new server.
    assert!(!text.contains("ghcr.io/acme/shop"));
}

/// Runs the program that brings a server in line, without a server: what it would ask and start is told
/// instead.
const DRIVER: &str = r#"
import json, sys
program, config, answers = open(sys.argv[1]).read(), json.loads(sys.argv[2]), sys.argv[3] == "answers"
begin, end = program.index("REGION = metadata"), program.rindex("try:\n")
head = program[:program.index("PATH, ROLE")] + "LIBRARY, RUN, REGION = 'library/', '/run/site:/run/site', 'us-east-1'\n"
head += "ETC, DATA = '/etc/site', '/data'\n"
# Everything but what is asked at once and the last lines, which run it.
space = dict()
exec(head + program[program.index("def run("):begin] + program[program.index("def parameters("):end], space)
told = []
class File:
    def __init__(self, path, mode="r"): told.append("%s %s" % (mode, path))
    def close(self): pass
class Connection:
    def close(self): pass
def connect(place, seconds):
    told.append("connects %s %s" % place)
    if not answers: raise OSError("refused")
    return Connection()
space["socket"].create_connection = connect
space["time"].sleep = lambda seconds: None
space.update(open=File, metadata=lambda path: "10.0.0.7", password=lambda: "word", certificate=lambda host, name: told.append("certifies %s %s" % (host, name)), write=lambda path, text: None,
             parameters=lambda: dict(database=json.dumps(config)), containers=lambda: dict(),
             start=lambda name, image, mount, command, env: told.append("starts %s %s" % (name, image)))
try:
    space["keep"]()
except SystemExit as error:
    told = told[-1:] + [str(error)]
print("\n".join(told))
"#;

#[test]
fn a_migration_that_leads_back_starts_the_servers_own_database() {
    let text = user_data();
    let config = r#"{"engine": "postgres", "version": "17", "host": "db.x.rds.amazonaws.com", "name": "shop"}"#;
    let told = |how: &str| driven(&user_data(), DRIVER, &[config, how]).out;
    assert_eq!(
        told("answers"),
        "w /etc/site/database.keep\ncertifies 10.0.0.7 db.x.rds.amazonaws.com\nstarts database-local library/postgres:17\nconnects 10.0.0.7 5432\n"
    );
    assert_eq!(
        told("is silent"),
        "connects 10.0.0.7 5432\nthe server's own database does not start\n"
    );
    // What a script starts, the server has.
    let unit = "sed 's/reconcile$/& keep/' /etc/systemd/system/site.service >/etc/systemd/system/site-keep.service";
    assert!(text.contains(unit));
    let library = Library::embedded().unwrap();
    let begin = library.text("actions/lib.sh").unwrap();
    assert!(begin.contains("systemctl start site-keep"));
}

/// Brings the file of certificates up to date four times: when nothing can be fetched, when it can, and when what
/// is there has become old and first an error page, then a newer file comes.
const BUNDLE: &str = r#"
import io, os, sys
program, folder = open(sys.argv[1]).read(), sys.argv[2]
space = dict(__name__="site")
os.environ.update(SITE_PATH="/shop/default", SITE_ROLE="single")
end = program.rindex("try:\n")
exec(program[:program.index("REGION = metadata")] + "REGION = 'x'\n" + program[program.index("def parameters("):end], space)
os.makedirs(folder + "/secrets")
os.chown = lambda path, user, group: None
answer = None
def fetch(address, timeout):
    if not answer: raise OSError("no way there")
    return io.BytesIO(answer)
space["urllib"].request.urlopen = fetch
space.update(ETC=folder, DATA=folder)
for text in (None, b"RDS 1\n-----END CERTIFICATE-----\n", b"<html>Not now</html>", b"RDS 2\n-----END CERTIFICATE-----\n"):
    answer = text
    space["bundle"]()
    bundle = open(folder + "/tls/ca.pem").read()
    print(bundle.count("BEGIN CERTIFICATE"), "PRIVATE" in bundle, *[word for word in ("RDS 1", "RDS 2") if word in bundle])
    if os.path.exists(folder + "/rds.pem"): os.utime(folder + "/rds.pem", (0, 0))
"#;

#[test]
fn a_failed_fetch_keeps_the_certificates() {
    let text = user_data();
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let Driven { out, errors } = driven(&text, BUNDLE, &[site.to_str().unwrap()]);
    assert_eq!(
        errors.matches("cannot fetch https://truststore").count(),
        2,
        "{errors}"
    );
    assert_eq!(
        out,
        "1 False\n1 False RDS 1\n1 False RDS 1\n1 False RDS 2\n"
    );
}

/// Tells what services are told of the cache that a parameter describes.
const CACHE: &str = r#"
import json, os, sys
program, config = open(sys.argv[1]).read(), json.loads(sys.argv[2])
space = dict(__name__="site")
os.environ.update(SITE_PATH="/shop/default", SITE_ROLE="single")
end = program.rindex("try:\n")
exec(program[:program.index("REGION = metadata")] + "REGION = 'x'\n" + program[program.index("def parameters("):end], space)
space["start"] = lambda *arguments, **options: None
for name, value in sorted(space["cache"](config, dict()).items()):
    print(name + "=" + value)
"#;

/// The variables that services have at a stage, once the graph is applied.
fn variables(graph: &Graph) -> Vec<String> {
    let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
    let (_, report) = runtime().block_on(apply(&sim, graph, None));
    assert!(report.is_complete(), "{report:#?}");
    let cloud = sim.cloud();
    let mut parameters = cloud.items.values().filter(|item| {
        let name = item.properties.get("Name").and_then(Value::as_str);
        &*item.kind == "AWS::SSM::Parameter" && name == Some("/shop/default/cache")
    });
    let parameter = parameters.next().unwrap().properties.get("Value").unwrap();
    let told = driven(&user_data(), CACHE, &[parameter.as_str().unwrap()]).out;
    told.lines().map(str::to_owned).collect()
}

fn with_cache(engine: &str, stage: Stage) -> Graph {
    let text = format!(
        "app: shop\nstage: single-server\ndomain: a.example.com\nservices: {{web: {{image: x}}}}\ncache: {{engine: {engine}, nodes: 3}}\n"
    );
    let mut spec = scalectl::spec::load("scalectl.yaml", &text, None, None)
        .unwrap_or_else(|found| panic!("{found:#?}"));
    crate::common::at_stage(&mut spec, stage);
    graph_of(&Library::embedded().unwrap(), &spec)
}

#[test]
fn services_are_told_every_node_of_memcached_and_no_tls_at_any_stage() {
    let of = |told: &[String], name: &str| {
        let line = told.iter().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {told:?}"))
            .to_owned()
    };
    for stage in [Stage::SingleServer, Stage::LoadBalanced] {
        let graph = with_cache("memcached", stage);
        let told = variables(&graph);
        let host = of(&told, "CACHE_HOST=");
        let nodes = match stage {
            Stage::SingleServer => "cache:11211".to_owned(),
            _ => {
                let of_node = |node: &str| host.replace(".cfg.", node) + ":11211";
                let nodes = [".0001.", ".0002.", ".0003."].map(of_node);
                assert_eq!(
                    nodes.iter().filter(|node| node.contains(".cfg.")).count(),
                    0
                );
                nodes.join(",")
            }
        };
        assert_eq!(of(&told, "CACHE_NODES="), nodes);
        assert_eq!(of(&told, "CACHE_URL="), format!("memcached://{nodes}"));
        assert_eq!(of(&told, "CACHE_TLS="), "false");
        let cluster: Address = "us-east-1/cache_cluster".parse().unwrap();
        if let Some(cluster) = graph.get(&cluster) {
            let tls = cluster.property("TransitEncryptionEnabled");
            assert_eq!(tls, Some(&Value::Bool(false)));
        }
    }
    // Valkey has one address to write to, with TLS from the first cluster on.
    for (stage, tls, scheme) in [
        (Stage::SingleServer, "false", "redis"),
        (Stage::LoadBalanced, "true", "rediss"),
    ] {
        let told = variables(&with_cache("valkey", stage));
        let node = format!("{}:6379", of(&told, "CACHE_HOST="));
        assert_eq!(of(&told, "CACHE_TLS="), tls);
        assert_eq!(of(&told, "CACHE_NODES="), node);
        assert_eq!(of(&told, "CACHE_URL="), format!("{scheme}://{node}"));
    }
}

#[test]
fn a_cluster_of_memcached_with_tls_is_replaced() {
    let wanted = with_cache("memcached", Stage::LoadBalanced);
    let address: Address = "us-east-1/cache_cluster".parse().unwrap();
    let mut before = wanted.clone();
    let cluster = before.resources.get_mut(&address).unwrap();
    let tls = Value::Bool(true);
    cluster.properties.insert("TransitEncryptionEnabled", tls);
    runtime().block_on(async {
        let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
        let (_, report) = apply(&sim, &before, None).await;
        assert!(report.is_complete(), "{report:#?}");
        let plan = plan(&sim, &wanted).await;
        let change = plan.changes.iter().find(|one| one.address == address);
        let change = change.unwrap();
        assert_eq!(change.action, Action::Replace);
        let properties = vec!["TransitEncryptionEnabled".into()];
        assert_eq!(change.reason, Reason::CreateOnly { properties });
        let (_, report) = apply(&sim, &wanted, None).await;
        assert!(report.is_complete(), "{report:#?}");
    });
}

/// Reads secrets in eu-west-1 of an application whose primary region is us-east-1; arguments are what exists, and prints
/// what was asked for and what was read.
const SECRETS: &str = r#"
import json, os, subprocess, sys
program = open(sys.argv[1]).read()
space = dict(__name__="site")
os.environ.update(SITE_PATH="/shop/default", SITE_ROLE="single", SITE_HOME="us-east-1")
begin, end = program.index("REGION = metadata"), program.index("def containers(")
exec(program[:begin] + program[begin:end].replace('metadata("placement/region")', "'eu-west-1'"), space)
exists = json.loads(sys.argv[2])
def aws(service, command, option, name, *options):
    place = options[options.index("--region") + 1]
    if command == "get-parameter": assert "--with-decryption" in options
    if [place, name] not in exists: raise subprocess.CalledProcessError(254, "aws")
    print(service, place, name)
    return dict(Parameter=dict(Value="p"), SecretString="s")
space["aws"] = aws
for ref in sys.argv[3:]:
    try:
        print(space["secret"](ref))
    except subprocess.CalledProcessError:
        print("nothing")
"#;

#[test]
fn secrets_are_read_in_the_own_region_first_and_from_parameters_too() {
    let told =
        |exists: &str, reference: &str| driven(&user_data(), SECRETS, &[exists, reference]).out;
    let arn =
        |region: &str| format!("arn:aws:secretsmanager:{region}:123456789012:secret:a-AbCdEf");
    let (here, there) = (arn("eu-west-1"), arn("us-east-1"));
    let cases = [
        // The region's own replica outlives the loss of the other one.
        (
            r#"[["eu-west-1", "shop/a"], ["us-east-1", "shop/a"]]"#.to_owned(),
            "shop/a",
            "secretsmanager eu-west-1 shop/a\ns\n".to_owned(),
        ),
        (
            r#"[["us-east-1", "shop/a"]]"#.to_owned(),
            "shop/a",
            "secretsmanager us-east-1 shop/a\ns\n".to_owned(),
        ),
        (
            format!(r#"[["eu-west-1", "{here}"], ["us-east-1", "{there}"]]"#),
            &*there,
            format!("secretsmanager eu-west-1 {here}\ns\n"),
        ),
        (
            format!(r#"[["us-east-1", "{there}"]]"#),
            &*there,
            format!("secretsmanager us-east-1 {there}\ns\n"),
        ),
        (
            r#"[["us-east-1", "/shop/a"]]"#.to_owned(),
            "/shop/a",
            "ssm us-east-1 /shop/a\np\n".to_owned(),
        ),
        (
            r#"[["eu-west-1", "a"]]"#.to_owned(),
            "ssm:a",
            "ssm eu-west-1 a\np\n".to_owned(),
        ),
        ("[]".to_owned(), "shop/a", "nothing\n".to_owned()),
    ];
    for (exists, reference, wanted) in cases {
        assert_eq!(told(&exists, reference), wanted, "{reference} of {exists}");
    }
}

#[test]
fn the_role_may_read_what_secrets_name_and_nothing_else() {
    let text = "app: shop\nstage: load-balanced\ndomain: shop.example.com\nservices:\n  web:\n    image: nginx:1\n    secrets:\n      \
                A: shop/a\n      B: /shop/b\n      C: ssm:c\n      \
                D: arn:aws:ssm:us-east-1:123456789012:parameter/shop/d\n      \
                E: arn:aws:secretsmanager:us-east-1:123456789012:secret:e-AbCdEf\nregistries: {docker.io: {username: acme, password: \
                shop/hub}}\n";
    let spec = scalectl::spec::load("scalectl.yaml", text, None, None)
        .unwrap_or_else(|found| panic!("{found:#?}"));
    let graph = graph_of(&Library::embedded().unwrap(), &spec);
    let role = graph.get(&"global/role_app".parse().unwrap()).unwrap();
    let policy = serde_json::Value::from(role.property("Policies").unwrap());
    let statements = policy[0]["PolicyDocument"]["Statement"].as_array().unwrap();
    let of = |action: &str| -> Vec<String> {
        let all = statements
            .iter()
            .filter(|one| one["Action"] == serde_json::json!([action]));
        all.map(|one| one["Resource"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        of("ssm:GetParameter"),
        [
            "arn:aws:ssm:*:*:parameter/shop/b",
            "arn:aws:ssm:*:*:parameter/c",
            "arn:aws:ssm:*:123456789012:parameter/shop/d",
        ]
    );
    assert_eq!(
        of("secretsmanager:GetSecretValue"),
        [
            "arn:aws:secretsmanager:*:*:secret:shop/a-*",
            "arn:aws:secretsmanager:*:123456789012:secret:e-AbCdEf",
            "arn:aws:secretsmanager:*:*:secret:shop/hub-*",
        ]
    );
}
