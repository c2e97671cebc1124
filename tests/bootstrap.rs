//! Servers really set up by their user data: systemd, Docker and images with the names that it pulls, in namespaces of this
//! machine (`tests/bootstrap`). AWS, registries and the authority of certificates are programs on a network of the test's own.

mod common;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use common::{EPOCH, apply, at_stage, graph_of, root, runtime};
use scalectl::blueprint::Library;
use scalectl::deploy::closed::Closed;
use scalectl::migrate::action::{self, Parameters, Side};
use scalectl::provider::sim::{Sim, cloud::Cloud, faults::Faults};
use scalectl::spec::Stage;
use serde_json::{Value, json};

/// Images in ECR and in another private registry, an archive, a worker, a secret, a database and a cache.
const SPEC: &str = "\
app: shop
stage: single-server
domain: shop.example.com
services:
  web:
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.4.2
    health: {path: /healthz}
  api:
    artifact: s3://acme-artifacts/api.tar
    paths: [/api/*]
    health: {path: /api/healthz}
    secrets: {TOKEN: shop/token}
    env: {PORT: \"8080\"}
  mail:
    type: worker
    image: ghcr.io/acme/mail:worker-1
    stop_timeout: 40
registries:
  ghcr.io: {username: acme, password: shop/ghcr}
database: {engine: postgres}
cache: {engine: valkey}
";

/// The server's address, as `run.py` gives it.
const ADDRESS: &str = "10.0.0.7";

/// What a stage leaves in an account.
fn left_by(stage: Stage) -> Vec<Value> {
    let mut spec = scalectl::spec::load("scalectl.yaml", SPEC, None, None)
        .unwrap_or_else(|found| panic!("{found:#?}"));
    at_stage(&mut spec, stage);
    let graph = graph_of(&Library::embedded().unwrap(), &spec);
    let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
    let (_, report) = runtime().block_on(apply(&sim, &graph, None));
    assert!(report.is_complete(), "{report:#?}");
    let cloud = sim.cloud();
    let items = cloud.items.values();
    items
        .map(|item| json!({"kind": item.kind, "properties": item.properties}))
        .collect()
}

/// The commands of the database's migration from the server to a managed one.
fn actions(stages: &BTreeMap<&str, Vec<Value>>) -> BTreeMap<&'static str, String> {
    let setting = stages["split-db"].iter().find_map(|item| {
        let found = &item["properties"];
        (found["Name"] == "/shop/default/database").then(|| found["Value"].as_str().unwrap())
    });
    let setting: Value = serde_json::from_str(setting.unwrap()).unwrap();
    let text = |name: &str| setting[name].as_str().unwrap().to_owned();
    let side = |host: String, secret: String| Side {
        host,
        port: 5432,
        secret,
    };
    let parameters = Parameters {
        engine: text("engine"),
        database: text("name"),
        source: side(ADDRESS.to_owned(), "file:/data/secrets/database".to_owned()),
        target: side(text("host"), text("secret")),
        region: Some(text("region")),
        final_dump: None,
        target_bytes: Some(20 << 30),
    };
    let library = Library::embedded().unwrap();
    let command = |name: &'static str| {
        let script = action::script(&library, "postgres", name).unwrap();
        (name, action::command(&script, false, &parameters).unwrap())
    };
    action::DATABASE.map(command).into()
}

/// A script of a deployment.
fn script(name: &str) -> String {
    scalectl::deploy::script(&Library::embedded().unwrap(), name).unwrap()
}

#[test]
fn servers_set_themselves_up() {
    let stages: BTreeMap<&str, Vec<Value>> =
        [Stage::SingleServer, Stage::SplitDb, Stage::LoadBalanced]
            .map(|stage| (stage.name(), left_by(stage)))
            .into();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let input = folder.path().join("stages.json");
    std::fs::write(
        &input,
        serde_json::to_vec(&json!({
            "stages": stages,
            "actions": actions(&stages),
            "scripts": {"settle": script("settle"), "release": script("release"), "run": script("run"), "close": script("close")},
            "closed": Closed::with_page("<h1>Moving `house` {soon}</h1>", 60, "somebody", 0),
        }))
        .unwrap(),
    )
    .unwrap();
    // Whoever is not root becomes it, as `tests/install.sh` does.
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let sudo: &[&str] = if is_root { &[] } else { &["sudo", "-n"] };
    // It takes 4 minutes on two busy cores.
    let namespaces = "timeout --kill-after=10 1200 unshare --mount --net --pid --fork --kill-child --mount-proc python3 -B";
    let words: Vec<&str> = sudo.iter().copied().chain(namespaces.split(' ')).collect();
    let output = Command::new(words[0])
        .args(&words[1..])
        .arg(root().join("tests/bootstrap/run.py"))
        .arg(&input)
        .arg(folder.path())
        .output()
        .unwrap();
    let [told, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{told}{errors}");
    println!("{told}");
}
