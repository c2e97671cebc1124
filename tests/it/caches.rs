//! Caches from the spec to a service's environment: what a strategy means for the plan, what servers are told, and what
//! keeps writes.

use std::collections::BTreeSet;
use std::process::Command;

use crate::common::{applied, at_stage, example, graph_of, plan, runtime, sim, spec_at};
use crate::server::{driven, template};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::plan::Action;
use scalectl::plan::guard::refusals;
use scalectl::provider::sim::Sim;
use scalectl::spec::{CacheStrategy, Eviction, Serverless, Spec, Stage};
use scalectl::value::Value;

fn graph(spec: &Spec) -> Graph {
    graph_of(&Library::embedded().unwrap(), spec)
}

fn with(cache: &str, stage: Stage) -> Spec {
    let text = format!(
        "app: shop\nstage: single-server\ndomain: a.example.com\nservices: {{web: {{image: x}}}}\n\
         database: {{engine: postgres}}\ncache: {cache}\n"
    );
    spec_at(&text, stage)
}

/// The parameter that describes the cache, once a spec is applied.
fn parameter(spec: &Spec) -> String {
    let sim = sim();
    runtime().block_on(applied(&sim, spec));
    let cloud = sim.cloud();
    let mut parameters = cloud.items.values().filter(|item| {
        let name = item.properties.get("Name").and_then(Value::as_str);
        name.is_some_and(|name| name.ends_with("/default/cache"))
    });
    let parameter = parameters.next().unwrap().properties.get("Value").unwrap();
    parameter.as_str().unwrap().to_owned()
}

/// Prints how a server starts a cache of its own, and the environment that it gives every service.
const DRIVER: &str = r#"
import json, os, sys
program, config = open(sys.argv[1]).read(), json.loads(sys.argv[2])
os.environ.update(SITE_PATH="/x", SITE_ROLE="single")
space = dict(__name__="site")
end = program.rindex("try:\n")
exec(program[:program.index("REGION = metadata")] + "REGION = 'us-east-1'\n" + program[program.index("def parameters("):end], space)
starts = []
def start(name, image, options, command, env=None, label=""):
    starts.append(label)
    print("starts", image.split("/")[-1], *options, *command)
space["start"] = start
env = space["cache"](config, dict())
for name, value in sorted(env.items()):
    print(name + "=" + value)
if starts:
    same = dict(cache=(dict([("site.hash", starts[0])]), "10.0.0.1"))
    space["cache"](config, same)
    space["cache"](dict(config, eviction="noeviction"), same)
"#;

fn told(spec: &Spec) -> Vec<String> {
    let told = driven(&template(), DRIVER, &[&parameter(spec)]).out;
    told.lines().map(str::to_owned).collect()
}

fn has(told: &[String], line: &str) {
    assert!(told.iter().any(|one| one == line), "no {line} in {told:#?}");
}

#[test]
fn a_server_bounds_its_own_cache_and_restarts_it_when_its_settings_change() {
    let lines = told(&with(
        "{engine: valkey, eviction: allkeys-lfu}",
        Stage::SingleServer,
    ));
    has(
        &lines,
        "starts valkey:8 --memory 256m valkey-server --maxmemory 192mb --maxmemory-policy allkeys-lfu",
    );
    // The same settings leave it alone, others start it again.
    let starts = lines.iter().filter(|line| line.starts_with("starts"));
    assert_eq!(starts.count(), 2, "{lines:#?}");
    has(
        &told(&with("{engine: redis, ttl: 60}", Stage::SplitDb)),
        "starts redis:7 --memory 256m redis-server --maxmemory 192mb --maxmemory-policy volatile-lru",
    );
    has(
        &told(&with(
            "{engine: memcached, eviction: noeviction}",
            Stage::SingleServer,
        )),
        "starts memcached:1.6 --memory 256m memcached -m 192 -M",
    );
}

#[test]
fn a_write_back_cache_of_a_server_writes_to_disk_before_it_answers() {
    let lines = told(&with(
        "{strategy: write-back, ttl: 60}",
        Stage::SingleServer,
    ));
    has(
        &lines,
        "starts valkey:8 --memory 256m -v /data/cache:/data valkey-server --maxmemory 192mb --maxmemory-policy volatile-lru \
         --appendonly yes --appendfsync always",
    );
    has(
        &lines,
        "CACHE_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/123456789012/shop-default-writes.fifo",
    );
    has(&lines, "AWS_REGION=us-east-1");
    has(&lines, "CACHE_TTL=60");
}

#[test]
fn services_have_the_same_variables_at_every_stage_and_for_every_form() {
    let names = |told: &[String]| -> Vec<String> {
        let lines = told.iter().filter(|line| line.starts_with("CACHE_"));
        let mut names: Vec<String> = lines
            .map(|line| line.split('=').next().unwrap().to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let first = names(&told(&with("{ttl: 60}", Stage::SingleServer)));
    assert_eq!(first.len(), 10, "{first:?}");
    for cache in [
        "{ttl: 60}",
        "{ttl: 60, serverless: true}",
        "{ttl: 60, engine: memcached}",
        "{ttl: 60, engine: memcached, serverless: true}",
    ] {
        for stage in [Stage::SplitDb, Stage::LoadBalanced] {
            assert_eq!(
                names(&told(&with(cache, stage))),
                first,
                "{cache} {}",
                stage.name()
            );
        }
    }
    let serverless = told(&with("{serverless: true}", Stage::LoadBalanced));
    has(&serverless, "CACHE_TLS=true");
    has(&serverless, "CACHE_CLUSTER=true");
    has(&serverless, "CACHE_READER_PORT=6380");
}

#[test]
fn a_policy_that_leaves_the_spec_leaves_the_cache() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("newsroom", Stage::LoadBalanced);
        let cache = spec.cache.as_mut().unwrap();
        cache.eviction = Some(Eviction::AllkeysLru);
        applied(&sim, &spec).await;
        let groups = |sim: &Sim| {
            let now = u64::MAX;
            let cloud = sim.cloud();
            let items = cloud.items.values();
            items
                .filter(|item| {
                    &*item.kind == "AWS::ElastiCache::ParameterGroup" && item.exists(now)
                })
                .count()
        };
        assert_eq!(groups(&sim), 1);
        spec.cache.as_mut().unwrap().eviction = Some(Eviction::AllkeysLfu);
        let change = plan(&sim, &graph(&spec)).await;
        let actions: Vec<Action> = change.changes.iter().map(|one| one.action).collect();
        assert_eq!(
            actions.iter().filter(|one| **one != Action::Update).count(),
            0,
            "{actions:?}"
        );
        applied(&sim, &spec).await;
        spec.cache.as_mut().unwrap().eviction = None;
        applied(&sim, &spec).await;
        assert_eq!(groups(&sim), 0);
    });
}

#[test]
fn another_strategy_changes_the_running_cache_in_place() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("pulse", Stage::LoadBalanced);
        spec.cache.as_mut().unwrap().strategy = CacheStrategy::WriteThrough;
        applied(&sim, &spec).await;
        spec.cache.as_mut().unwrap().strategy = CacheStrategy::WriteBack;
        let change = plan(&sim, &graph(&spec)).await;
        let made = |action: Action| {
            change
                .changes
                .iter()
                .filter(|one| one.action == action)
                .count()
        };
        assert_eq!((made(Action::Replace), made(Action::Delete)), (0, 0));
        assert_eq!(made(Action::Create), 4, "two queues and their alarms");
        applied(&sim, &spec).await;
    });
}

#[test]
fn a_queue_with_writes_is_deleted_by_name_alone() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("pulse", Stage::SingleServer);
        applied(&sim, &spec).await;
        spec.cache.as_mut().unwrap().strategy = CacheStrategy::CacheAside;
        let change = plan(&sim, &graph(&spec)).await;
        let refused = refusals(&change, &BTreeSet::new());
        let names: Vec<String> = refused.iter().map(|one| one.address.to_string()).collect();
        assert_eq!(names, ["us-east-1/queue_dead", "us-east-1/queue_writes"]);
    });
}

#[test]
fn a_queue_stays_the_same_from_stage_to_stage() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = example("pulse", Stage::SingleServer);
        applied(&sim, &spec).await;
        for stage in [
            Stage::SplitDb,
            Stage::LoadBalanced,
            Stage::Cdn,
            Stage::MultiRegion,
        ] {
            at_stage(&mut spec, stage);
            let change = plan(&sim, &graph(&spec)).await;
            let mut queues = change.changes.iter().filter(|one| {
                one.address.id.starts_with("queue_") && &*one.address.region == "us-east-1"
            });
            assert!(queues.next().is_none(), "{}", stage.name());
        }
    });
}

#[test]
fn nodes_become_serverless_beside_each_other() {
    runtime().block_on(async {
        let sim = sim();
        let mut spec = with("{ttl: 60}", Stage::LoadBalanced);
        applied(&sim, &spec).await;
        spec.cache.as_mut().unwrap().serverless = Some(Serverless::Plain(true));
        applied(&sim, &spec).await;
        spec.cache.as_mut().unwrap().serverless = None;
        applied(&sim, &spec).await;
    });
}

/// A server's `aws` and `docker`, and a cache that answers as its engine does and notes what it is told.
const SERVER: &str = r##"
import os, socket, subprocess, sys, threading
script, waiting = sys.argv[1], sys.argv[2]
folder = os.path.dirname(script)
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
aws = """#!/usr/bin/python3
import json, sys
if "ssm" in sys.argv:
    value = dict(engine="%s", host="127.0.0.1", port=%d, queue="https://queue")
    print(json.dumps(dict(Parameter=dict(Value=json.dumps(value)))))
else:
    print(json.dumps(dict(Attributes=dict((name, %s if name == "ApproximateNumberOfMessages" else "0")
        for name in sys.argv[sys.argv.index("--attribute-names") + 1:]))))
""" % (sys.argv[3], port, repr(waiting))
with open(folder + "/aws", "w") as file:
    file.write(aws)
os.chmod(folder + "/aws", 0o755)
def answer():
    link, _ = listener.accept()
    print("told", link.recv(100).decode().strip(), flush=True)
    link.sendall(b"OK\r\n" if sys.argv[3] == "memcached" else b"+OK\r\n")
threading.Thread(target=answer, daemon=True).start()
ran = subprocess.run(["bash", script, "do"], env=dict(os.environ, PATH=folder + ":" + os.environ["PATH"], CACHE_PARAMETER="/x/cache"))
print("code", ran.returncode)
"##;

#[test]
fn a_flush_tells_every_node_and_none_while_writes_wait() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("flush.sh");
    let library = Library::embedded().unwrap();
    std::fs::write(&script, library.text("actions/flush.sh").unwrap()).unwrap();
    let told = |waiting: &str, engine: &str| {
        let output = Command::new("python3")
            .args(["-c", SERVER])
            .arg(&script)
            .args([waiting, engine])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let mut told: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect();
        told.sort();
        told
    };
    assert_eq!(
        told("0", "valkey"),
        ["code 0", "told FLUSHALL", "{\"nodes\": 1}"]
    );
    assert_eq!(
        told("0", "memcached"),
        ["code 0", "told flush_all", "{\"nodes\": 1}"]
    );
    assert_eq!(told("2", "valkey"), ["code 3", "{\"waiting\": 2}"]);
}

/// Clients that note what they are asked, and the example's functions on them.
const PYTHON: &str = r#"
import sys
sys.path.insert(0, sys.argv[1])
import cache as pulse
told = []
class Any:
    def __init__(self, name, **answers): self.name, self.answers = name, answers
    def __getattr__(self, call):
        def ask(*words, **named):
            told.append(self.name + "." + call + ("" if call != "eval" else " %s ttl %s" % (words[3], words[5])))
            answer = self.answers.get(call)
            if isinstance(answer, Exception): raise answer
            return answer
        return ask
down = Any("cache", get=ConnectionError(), eval=ConnectionError())
store = Any("database", read=(7, "new"))
queue = Any("queue", receive=[["a", 8, "x"]])
print(pulse.read(Any("cache", get="7 a b"), store, "a", 60), pulse.read(down, store, "a", 60))
pulse.write(Any("cache"), queue, "a", 8, "x")
pulse.write(down, queue, "a", 9, "y")
pulse.write_back(Any("cache"), queue, store, 60)
print("\n".join(told))
"#;

const NODE: &str = r#"
const pulse = await import(process.argv[1] + "/cache.mjs");
const told = [];
const any = (name, answers = {}) => new Proxy({}, { get: (_, call) => async (...words) => {
  told.push(name + "." + call + (call === "eval" ? ` ${words[3]} ttl ${words[5]}` : ""));
  if (answers[call] instanceof Error) throw answers[call];
  return answers[call];
} });
const down = any("cache", { get: new Error(), eval: new Error() });
const store = any("database", { read: [7, "new"] });
const queue = any("queue", { receive: [["a", 8, "x"]] });
console.log(await pulse.read(any("cache", { get: "7 a b" }), store, "a", 60), await pulse.read(down, store, "a", 60));
await pulse.write(any("cache"), queue, "a", 8, "x");
await pulse.write(down, queue, "a", 9, "y");
await pulse.writeBack(any("cache"), queue, store, 60);
console.log(told.join("\n"));
"#;

#[test]
fn the_guides_application_writes_to_the_queue_first() {
    let wanted = "a b new\ncache.get\ncache.get\ndatabase.read\ncache.eval 7 ttl 60\n\
        queue.send\ncache.eval 8 ttl 0\nqueue.send\ncache.eval 9 ttl 0\n\
        queue.receive\ndatabase.apply\nqueue.delete\ncache.eval 8 ttl 60\ncache.expire\n";
    crate::guides::assert_application_prints("caching", "cache", PYTHON, NODE, wanted);
}
