//! Read replicas from the spec to a service's environment: the name that leaves out those that lag, what servers publish,
//! and what an application does so that no session reads older data than it wrote.

use std::collections::BTreeSet;

use crate::common::{applied, graph_of, plan, runtime, sim, spec_at};
use crate::project::Project;
use crate::server::{driven, template};
use scalectl::blueprint::Library;
use scalectl::graph::{Graph, Resource};
use scalectl::plan::guard::refusals;
use scalectl::spec::{Spec, Stage};
use scalectl::value::Value;

const RECORD: &str = "AWS::Route53::RecordSet";
const CHECK: &str = "AWS::Route53::HealthCheck";

fn with(database: &str, stage: Stage) -> Spec {
    let text = format!(
        "app: shop\nstage: split-db\ndomain: a.example.com\nservices: {{web: {{image: x}}}}\ndatabase: {database}\n"
    );
    spec_at(&text, stage)
}

fn graph(spec: &Spec) -> Graph {
    graph_of(&Library::embedded().unwrap(), spec)
}

fn at(resource: &Resource, path: &str) -> String {
    let value = resource.properties.at(path);
    value.map(ToString::to_string).unwrap_or_default()
}

/// The records of the reader name: set identifier, weight and health check.
fn records(graph: &Graph) -> Vec<String> {
    let all = graph.iter().filter(|one| &*one.kind == RECORD);
    let readers = all.filter(|one| at(one, "Name") == "reader.shop-default.internal");
    let told = readers.map(|one| {
        let target = one.properties.at("ResourceRecords.0").unwrap();
        let (set, weight, check) = (
            at(one, "SetIdentifier"),
            at(one, "Weight"),
            at(one, "HealthCheckId"),
        );
        format!("{set} {weight} {target} {check}")
            .trim_end()
            .to_owned()
    });
    told.collect()
}

#[test]
fn the_reader_name_leads_to_the_replicas_and_at_last_to_the_primary() {
    let plain = with(
        "{engine: postgres, replicas: 2, reads: {max_lag: 5}}",
        Stage::LoadBalanced,
    );
    let built = graph(&plain);
    assert_eq!(
        records(&built),
        [
            "replica-1 100 ${us-east-1/db_replica[1].Endpoint.Address} ${global/check_reader_lag[1].HealthCheckId}",
            "replica-2 100 ${us-east-1/db_replica[2].Endpoint.Address} ${global/check_reader_lag[2].HealthCheckId}",
            "primary 0 ${us-east-1/db.Endpoint.Address}",
        ]
    );
    let alarm = built
        .iter()
        .find(|one| one.address.id.as_ref() == "alarm_reader_lag")
        .unwrap();
    assert_eq!(
        (at(alarm, "Threshold"), at(alarm, "MetricName")),
        ("5".into(), "ReplicaLag".into())
    );
}

#[test]
fn a_replica_that_reports_minus_one_is_left_out_too() {
    let built = graph(&with("{engine: mysql, replicas: 1, reads: {}}", Stage::Cdn));
    let first = records(&built).remove(0);
    assert!(
        first.ends_with("${global/check_reader[1].HealthCheckId}"),
        "{first}"
    );
    let both = built
        .iter()
        .find(|one| one.address.to_string() == "global/check_reader[1]")
        .unwrap();
    assert_eq!(at(both, "HealthCheckConfig.HealthThreshold"), "2");
    let children = both
        .properties
        .at("HealthCheckConfig.ChildHealthChecks")
        .unwrap();
    assert_eq!(children.as_list().unwrap().len(), 2);
}

#[test]
fn each_region_reads_from_its_own_replicas_wherever_writes_go() {
    let mut spec = with(
        "{engine: postgres, replicas: 1, reads: {}}",
        Stage::MultiRegion,
    );
    assert_eq!(
        records(&graph(&spec)),
        [
            "replica-1 100 ${us-east-1/db_replica[1].Endpoint.Address} ${global/check_reader_lag[1].HealthCheckId}",
            "replica-eu-west-1 100 ${eu-west-1/db_regional.Endpoint.Address} ${global/check_reader_lag[eu-west-1/eu-west-1].HealthCheckId}",
            "primary 0 ${us-east-1/db.Endpoint.Address}",
            "primary 0 ${us-east-1/db.Endpoint.Address}",
        ]
    );
    spec.database.as_mut().unwrap().writer_region = Some("eu-west-1".to_owned());
    assert_eq!(
        records(&graph(&spec)),
        [
            "replica-1 100 ${eu-west-1/db_regional_replica[1].Endpoint.Address} ${global/check_reader_lag[eu-west-1/1].HealthCheckId}",
            "replica-us-east-1 100 ${us-east-1/db.Endpoint.Address} ${global/check_reader_lag[us-east-1].HealthCheckId}",
            "primary 0 ${eu-west-1/db_regional.Endpoint.Address}",
            "primary 0 ${eu-west-1/db_regional.Endpoint.Address}",
        ]
    );
}

#[test]
fn a_cluster_reads_from_its_own_endpoint() {
    let built = graph(&with(
        "{engine: aurora-postgres, reads: {max_lag: 3}}",
        Stage::LoadBalanced,
    ));
    assert_eq!(records(&built), Vec::<String>::new());
    let alarm = built
        .iter()
        .find(|one| one.address.to_string() == "us-east-1/alarm_cluster[lag]")
        .unwrap();
    assert_eq!(at(alarm, "Threshold"), "3000");
    let setting = built
        .iter()
        .find(|one| one.address.id.as_ref() == "param_database")
        .unwrap();
    let value = at(setting, "Value");
    assert!(
        value.contains(r#""reader":"${us-east-1/db_cluster.ReadEndpoint.Address}""#),
        "{value}"
    );
}

#[test]
fn without_reads_nothing_is_new() {
    for (engine, stage) in [
        ("postgres", Stage::Cdn),
        ("mysql", Stage::MultiRegion),
        ("aurora-mysql", Stage::Cdn),
    ] {
        let plain = graph(&with(&format!("{{engine: {engine}, replicas: 1}}"), stage));
        let kinds = plain.iter().filter(|one| &*one.kind == CHECK);
        assert!(
            kinds
                .map(|one| &*one.address.id)
                .all(|id| id == "health_check")
        );
        assert_eq!(records(&plain), Vec::<String>::new());
        let setting = plain
            .iter()
            .find(|one| one.address.id.as_ref() == "param_database")
            .unwrap();
        let value = at(setting, "Value");
        assert!(
            !value.contains("max_lag") && !value.contains("\"reader\""),
            "{value}"
        );
    }
}

/// Prints the variables about the database that a server gives every service.
const DRIVER: &str = r#"
import json, os, sys
program, config = open(sys.argv[1]).read(), json.loads(sys.argv[2])
os.environ.update(SITE_PATH="/x", SITE_ROLE="single")
space = dict(__name__="site")
end = program.rindex("try:\n")
exec(program[:program.index("REGION = metadata")] + "REGION = 'us-east-1'\n" + program[program.index("def parameters("):end], space)
space.update(serve=lambda *_: ("10.0.0.1", "site", "pass/word"), secret=lambda _: '{"username": "app", "password": "pass/word"}',
             proxy=lambda *_: None, bundle=lambda: None, name_of=lambda config: "database" if config["host"] == "local" else config["host"])
for name, value in sorted(space["database"](config, dict()).items()):
    print(name + "=" + value)
"#;

/// The variables of an applied spec.
fn variables(spec: &Spec) -> Vec<String> {
    let sim = sim();
    runtime().block_on(applied(&sim, spec));
    let cloud = sim.cloud();
    let named = |item: &&scalectl::provider::sim::cloud::Item| {
        let name = item.properties.get("Name").and_then(Value::as_str);
        name.is_some_and(|name| name.ends_with("/default/database"))
    };
    let parameter = cloud.items.values().find(named).unwrap();
    let value = parameter
        .properties
        .get("Value")
        .and_then(Value::as_str)
        .unwrap();
    let told = driven(&template(), DRIVER, &[value]).out;
    told.lines().map(str::to_owned).collect()
}

#[test]
fn services_learn_the_reader_name_at_every_stage() {
    let database = "{engine: postgres, replicas: 2, reads: {max_lag: 5, read_after_write: none}}";
    for (stage, reader) in [
        (Stage::SingleServer, "database"),
        (Stage::SplitDb, "shop-default-db."),
        (Stage::LoadBalanced, "reader.shop-default.internal"),
        (Stage::MultiRegion, "reader.shop-default.internal"),
    ] {
        let told = variables(&with(database, stage));
        let of = |name: &str| {
            let line = told
                .iter()
                .find_map(|line| line.strip_prefix(&format!("{name}=")));
            line.unwrap_or_else(|| panic!("no {name} at {stage:?}: {told:#?}"))
        };
        assert!(of("DATABASE_READER_HOST").starts_with(reader), "{told:#?}");
        let url = format!(
            "pass%2Fword@{}:5432/shop?sslmode=require",
            of("DATABASE_READER_HOST")
        );
        assert!(of("DATABASE_READER_URL").ends_with(&url), "{told:#?}");
        assert_eq!(
            (of("DATABASE_MAX_LAG"), of("DATABASE_READ_AFTER_WRITE")),
            ("5", "none")
        );
    }
    let told = variables(&with(
        "{engine: postgres, replicas: 1}",
        Stage::LoadBalanced,
    ));
    let new = |line: &&String| {
        line.starts_with("DATABASE_READER_URL") || line.starts_with("DATABASE_MAX")
    };
    assert_eq!(told.iter().find(new), None);
}

#[test]
fn a_reader_name_goes_without_permission() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = with(
            "{engine: mariadb, replicas: 1, reads: {}}",
            Stage::LoadBalanced,
        );
        applied(&sim, &spec).await;
        spec.database.as_mut().unwrap().reads = None;
        let change = plan(&sim, &graph(&spec)).await;
        assert!(
            change
                .changes
                .iter()
                .any(|one| &*one.address.id == "zone_private")
        );
        assert_eq!(refusals(&change, &BTreeSet::new()).len(), 0);
        applied(&sim, &spec).await;
    });
}

/// RDS counts from the last transaction, so the alarm that leaves a replica out of the name is raised.
#[test]
fn an_idle_postgres_does_not_hold_a_migration() {
    let project = Project::empty();
    let text = "app: shop\nstage: load-balanced\ndomain: a.example.com\nservices: {web: {image: x}}\n\
        database: {engine: postgres, replicas: 1, reads: {max_lag: 5}}\n";
    project.write("scalectl.yaml", text);
    for line in ["apply --auto-approve", "migrate --to cdn --auto-approve"] {
        let output = project.run(line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {errors}");
    }
}

const PYTHON: &str = r#"
import os, socket, sys
sys.path.insert(0, sys.argv[1])
import reads
told = []
class Connection:
    def __init__(self, name, answers): self.name, self.answers = name, answers
    def execute(self, statement, values=()):
        told.append(self.name + " " + (statement if len(statement) < 30 else statement.split("(")[0].strip()))
        if "down" in self.answers: raise ConnectionError
        self.answer = next((one for word, one in self.answers.items() if word in statement), "row")
        return self
    def fetchone(self): return [self.answer]
    def fetchall(self): return [self.name]
primary, session = Connection("primary", {"insert_lsn": "0/5"}), {}
reader = lambda has: Connection("reader", {"recovery": has})
rows = [reads.read(session, primary, reader(False), "read", ())[0]]
reads.write(session, primary, "write", ())
rows += [reads.read(session, primary, one, "read", ())[0] for one in (reader(False), reader(True), Connection("reader", {"down": 1}))]
os.environ.update(DATABASE_READER_HOST="reader.x.internal", DATABASE_READER_HOSTS="a.rds,b.rds", DATABASE_HOST="db.rds")
for answer in (("b.rds", ["reader.x.internal"], []), ("db.rds", [], []), ("x", [], [])):
    socket.gethostbyname_ex = lambda _: answer
    rows.append(reads.reader_host())
print(session["position"], *rows)
print("\n".join(told))
"#;

const NODE: &str = r#"
const reads = await import(process.argv[1] + "/reads.mjs");
const told = [];
const connection = (name, answers) => ({ query: async (statement) => {
  told.push(name + " " + (statement.length < 30 ? statement : statement.split("(")[0].trim()));
  if ("down" in answers) throw new Error();
  const word = Object.keys(answers).find((one) => statement.includes(one));
  return { rows: word ? [{ position: answers[word], has: answers[word] }] : [name] };
} });
const primary = connection("primary", { insert_lsn: "0/5" }), session = {};
const reader = (has) => connection("reader", { recovery: has });
const rows = [(await reads.read(session, primary, reader(false), "read", []))[0]];
await reads.write(session, primary, "write", []);
for (const one of [reader(false), reader(true), connection("reader", { down: 1 })]) {
  rows.push((await reads.read(session, primary, one, "read", []))[0]);
}
const env = { DATABASE_READER_HOST: "reader.x.internal", DATABASE_READER_HOSTS: "a.rds,b.rds", DATABASE_HOST: "db.rds" };
for (const answer of [["b.rds"], ["db.rds"], ["x"]]) rows.push(await reads.readerHost(env, async () => answer));
console.log(session.position, ...rows);
console.log(told.join("\n"));
"#;

#[test]
fn the_guides_application_reads_its_own_writes() {
    let wanted = "0/5 reader primary reader primary b.rds db.rds reader.x.internal\n\
        reader read\nprimary write\nprimary SELECT pg_current_wal_insert_lsn\n\
        reader SELECT NOT pg_is_in_recovery\nprimary read\n\
        reader SELECT NOT pg_is_in_recovery\nreader read\n\
        reader SELECT NOT pg_is_in_recovery\nprimary read\n";
    crate::guides::assert_application_prints("reads", "reads", PYTHON, NODE, wanted);
}
