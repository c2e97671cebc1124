//! The published JSON Schemas hold of what the real binary prints, and of the files that it writes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use scalectl::rehearse::{
    AlgorithmReport, BalanceReport, BalancedServer, CacheReport, Comparison, Different, LoadReport,
    OwnReport, OwnTable, ReadsModeReport, ReadsReport, Report, StepReport, StrategyReport,
};
use scalectl::render::schemas::Published;
use scalectl::spec::Stage;
use scalectl::yaml::{self, Node, Yaml};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Documents with the schemas that should hold of them.
#[derive(Default)]
struct Documents {
    folder: Option<TempDir>,
    list: Vec<(PathBuf, PathBuf, &'static str)>,
}

impl Documents {
    fn path(&mut self, name: &str) -> PathBuf {
        let folder = self
            .folder
            .get_or_insert_with(|| tempfile::tempdir().unwrap());
        folder.path().join(name)
    }

    fn add(&mut self, of: Published, name: &str, text: &[u8], how: &'static str) {
        let schema = self.path(&format!("{}.schema.json", of.name()));
        std::fs::write(&schema, of.schema().to_string()).unwrap();
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        self.list.push((schema, path, how));
    }

    /// Fails unless every document is as it should be.
    fn check(self) {
        assert!(!self.list.is_empty());
        let python = crate::python::environment("json-schema.txt").join("python");
        let mut child = Command::new(python)
            .arg(root().join("tests/python/validate.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let list = serde_json::to_vec(&self.list).unwrap();
        child.stdin.take().unwrap().write_all(&list).unwrap();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{told}");
    }
}

/// An example in a folder of its own.
struct Project(TempDir);

impl Project {
    fn of(example: &str) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        let spec = std::fs::read(root().join(format!("examples/{example}/scalectl.yaml"))).unwrap();
        std::fs::write(project.0.path().join("scalectl.yaml"), spec).unwrap();
        project
    }

    /// What a command prints; it may say with its exit code that there are changes.
    fn run(&self, line: &str) -> Vec<u8> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCALECTL_")) {
            command.env_remove(name);
        }
        let output = command
            .current_dir(self.0.path())
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 2)),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }
}

#[test]
fn plans_of_every_example_and_stage_are_as_their_schema_says() {
    let mut documents = Documents::default();
    for example in ["shop", "newsroom", "marketplace"] {
        let project = Project::of(example);
        for stage in Stage::ALL {
            if stage == Stage::MultiRegion && example != "marketplace" {
                continue;
            }
            let stage = stage.name();
            let plan = project.run(&format!("plan --stage {stage} --json"));
            documents.add(
                Published::Plan,
                &format!("{example}-{stage}.json"),
                &plan,
                "valid",
            );
        }
    }
    documents.check();
}

#[test]
fn what_runs_and_migrations_tell_is_as_their_schemas_say() {
    let mut documents = Documents::default();
    let project = Project::of("shop");
    let into = "--json-into run.jsonl";
    let told = project.run(&format!(
        "apply --stage single-server --auto-approve --json {into}"
    ));
    assert_eq!(told, project.file("run.jsonl"), "both ways say the same");
    documents.add(Published::Events, "apply.jsonl", &told, "valid");
    let status = project.run("status --json");
    documents.add(Published::Status, "status.json", &status, "valid");

    project.run("sim drift us-east-1/vpc EnableDnsHostnames=false");
    let drifted = project.run("plan --stage single-server --json");
    documents.add(Published::Plan, "drifted.json", &drifted, "valid");

    project.run("sim drift us-east-1/topic --delete");
    let drift = project.run("drift --json");
    documents.add(Published::Drift, "drift.json", &drift, "valid");
    documents.add(Published::Drift, "no-drift.json", &status, "invalid");

    // A migration begins at what the spec says.
    project.run("apply --stage single-server --auto-approve");
    let way = project.run("plan --stage split-db --json");
    documents.add(Published::Migration, "plan.json", &way, "valid");
    documents.add(Published::Plan, "another.json", &way, "invalid");
    let direct = project.run("plan --stage load-balanced --direct --json");
    documents.add(Published::Plan, "direct.json", &direct, "valid");
    let walked = project.run(&format!(
        "migrate --to split-db --auto --auto-approve --json {into}"
    ));
    assert_eq!(walked, project.file("run.jsonl"));
    documents.add(Published::Events, "migrate.jsonl", &walked, "valid");
    assert!(
        String::from_utf8(walked)
            .unwrap()
            .contains("\"what\":\"arrived\"")
    );

    let history = project.run("history --json");
    documents.add(Published::History, "history.json", &history, "valid");
    let latest = project.run("history latest --json");
    documents.add(Published::History, "latest.json", &latest, "valid");
    documents.add(Published::Status, "no-status.json", &history, "invalid");
    documents.add(
        Published::Events,
        "no-event.jsonl",
        b"{\"event\":\"step\",\"at\":1.0,\"what\":\"sings\"}\n",
        "invalid",
    );
    documents.check();
}

/// Runs a command and adds what it prints, which has to say that it is that document.
fn told(documents: &mut Documents, project: &Project, of: Published, line: &str) {
    let told = project.run(line);
    let json: serde_json::Value =
        serde_json::from_slice(&told).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert_eq!(json["document"], of.name(), "{line}");
    let name = format!("{}-{}.json", of.name(), documents.list.len());
    documents.add(of, &name, &told, "valid");
}

#[test]
fn what_every_command_prints_is_as_its_schema_says() {
    let mut documents = Documents::default();
    let nowhere = Project(tempfile::tempdir().unwrap());
    told(&mut documents, &nowhere, Published::Stages, "stages --json");
    let regions = Project::of("marketplace");
    let failover = "failover --status --json";
    told(&mut documents, &regions, Published::Settled, failover);

    let project = Project::of("shop");
    std::fs::create_dir(project.0.path().join("tests")).unwrap();
    std::fs::write(
        project.0.path().join("tests/x.test.yaml"),
        "tests:\n  - {name: small, expect: [plan.create > 1]}\n",
    )
    .unwrap();
    let mut all = |lines: &[(Published, &str)]| {
        for (of, line) in lines {
            told(&mut documents, &project, *of, line);
        }
    };
    let dry = "apply --stage single-server --dry-run --json";
    let single = "--stage single-server --json";
    all(&[
        (Published::Settled, "migrate --status --json"),
        (Published::Proposals, "import --discover --json"),
        (Published::Resource, "show us-east-1/vpc --json"),
        (Published::DryRun, dry),
        (Published::Rules, "policy list --json"),
        (Published::Validation, "validate --all-stages --json"),
        (Published::Findings, "policy check --all-stages --json"),
        (Published::Findings, "policy check --live --json"),
        (Published::TestResults, "test --json"),
        (Published::Lease, "lease show --json"),
    ]);
    project.run("apply --stage single-server --auto-approve");
    project.run("sim drift us-east-1/param_site Description=changed");
    all(&[
        (Published::Doctor, &format!("doctor {single}")),
        (Published::Stages, "stages --json"),
        (Published::Resource, "show us-east-1/param_site --json"),
        (Published::Resource, "show us-east-1/server --json"),
        (Published::Lease, "lease show --json"),
        (Published::Settled, "migrate --status --json"),
        (Published::Sim, "sim list --json"),
        (Published::Sim, "sim show us-east-1/server --json"),
        (Published::Snapshot, "snapshot"),
        (Published::DryRun, dry),
        (
            Published::MigrationDryRun,
            "migrate --to split-db --dry-run --json",
        ),
    ]);
    let pulse = Project::of("pulse");
    pulse.run("apply --stage cdn --auto-approve");
    let mut all = |lines: &[(Published, &str)]| {
        for (of, line) in lines {
            told(&mut documents, &pulse, *of, line);
        }
    };
    all(&[
        (Published::Invalidation, "invalidate /* --json"),
        (Published::Flush, "cache flush --auto-approve --json"),
    ]);
    documents.check();
}

#[test]
fn what_a_rehearsal_found_is_as_its_schema_says() {
    let report = Report {
        document: "rehearsal",
        format: 1,
        from: "single-server",
        to: "split-db",
        engine: "postgres",
        server: "PostgreSQL 17.11".to_owned(),
        notes: vec!["something else".to_owned()],
        rows: 1,
        rate: 1,
        seed: 1,
        chaos: false,
        steps: vec![StepReport::default()],
        steps_in_all: 1,
        load: LoadReport::default(),
        comparison: Comparison::default(),
        balanced: true,
        equal: Some(true),
        replica_equal: None,
        own: Some(OwnReport {
            tables: vec![OwnTable::default()],
            different: vec![Different::default()],
            ..OwnReport::default()
        }),
        ok: true,
    };
    let mut documents = Documents::default();
    let json = serde_json::to_vec(&report).unwrap();
    documents.add(Published::Rehearsal, "rehearsal.json", &json, "valid");
    documents.add(Published::Rehearsal, "another.json", b"{}", "invalid");
    let strategy = StrategyReport {
        strategy: "cache-aside".to_owned(),
        hit_ratio: Some(0.5),
        p50_us: 1,
        p99_us: 2,
        queries: 3,
        stale_reads: 4,
        acknowledged: 5,
        lost: 0,
        doubled: 0,
        failed: 0,
    };
    let without = StrategyReport {
        hit_ratio: None,
        ..strategy.clone()
    };
    let report = CacheReport {
        document: "cache-rehearsal",
        format: 1,
        database: "PostgreSQL 17.11".to_owned(),
        cache: "Redis 7.0.15".to_owned(),
        requests: 1000,
        keys: 2000,
        seed: 1,
        strategies: vec![without, strategy],
        ok: true,
    };
    let json = serde_json::to_vec(&report).unwrap();
    documents.add(Published::CacheRehearsal, "caches.json", &json, "valid");
    let report = ReadsReport {
        document: "reads-rehearsal",
        format: 1,
        database: "PostgreSQL 17.11".to_owned(),
        replicas: 2,
        requests: 1000,
        seed: 1,
        modes: vec![ReadsModeReport {
            mode: "session".to_owned(),
            reads: 1,
            writes: 2,
            stale_reads: 0,
            replica_ratio: 0.5,
            left_out_ms: 3,
            reads_until_left_out: 4,
            reads_after_left_out: 0,
        }],
        ok: true,
    };
    let json = serde_json::to_vec(&report).unwrap();
    documents.add(Published::ReadsRehearsal, "reads.json", &json, "valid");
    documents.add(Published::ReadsRehearsal, "no-reads.json", b"{}", "invalid");
    let report = BalanceReport {
        document: "balance-rehearsal",
        format: 1,
        balancer: "HAProxy 2.6.12".to_owned(),
        servers: vec![BalancedServer {
            name: "fast",
            milliseconds: 5,
            workers: 2,
            weight: 3,
        }],
        requests: 800,
        rate: 250,
        seed: 1,
        algorithms: vec![AlgorithmReport {
            algorithm: "round-robin".to_owned(),
            shares: [("fast".to_owned(), 0.25)].into(),
            p50_us: 1,
            p99_us: 2,
            steady_p99_us: 3,
            slowed_p99_us: 4,
            killed_p99_us: 5,
            resent: 6,
            failed: 0,
        }],
        ok: true,
    };
    let json = serde_json::to_vec(&report).unwrap();
    documents.add(Published::BalanceRehearsal, "balance.json", &json, "valid");
    documents.add(
        Published::BalanceRehearsal,
        "no-balance.json",
        b"{}",
        "invalid",
    );
    documents.add(
        Published::CacheRehearsal,
        "no-caches.json",
        b"{}",
        "invalid",
    );
    documents.check();
}

/// YAML as the JSON that a language server sees.
fn as_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Yaml::Null => serde_json::Value::Null,
        Yaml::Bool(truth) => (*truth).into(),
        Yaml::Int(number) => (*number).into(),
        Yaml::Float(number) => (*number).into(),
        Yaml::String(text) => (&**text).into(),
        Yaml::List(items) => items.iter().map(as_json).collect(),
        Yaml::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.text.to_string(), as_json(value)))
            .collect(),
    }
}

/// The schema that a file's first line names, which has to be there.
fn named_schema(path: &Path, text: &str) -> serde_json::Value {
    let first = text.lines().next().unwrap();
    let (_, name) = first
        .split_once("# yaml-language-server: $schema=")
        .unwrap_or_else(|| panic!("{}: {first}", path.display()));
    let schema = std::fs::read(path.parent().unwrap().join(name))
        .unwrap_or_else(|error| panic!("{}: {name}: {error}", path.display()));
    serde_json::from_slice(&schema).unwrap()
}

#[test]
fn what_init_and_eject_write_names_a_schema_that_is_there_and_holds() {
    let mut documents = Documents::default();
    for stage in Stage::ALL {
        let project = Project(tempfile::tempdir().unwrap());
        project.run(&format!(
            "init --app shop --domain shop.example.com --stage {}",
            stage.name()
        ));
        let text = String::from_utf8(project.file("scalectl.yaml")).unwrap();
        let schema = named_schema(&project.0.path().join("scalectl.yaml"), &text);
        assert_eq!(schema, Published::Spec.schema());
        let json = as_json(&yaml::parse("scalectl.yaml", &text).unwrap());
        let name = format!("spec-{}.json", stage.name());
        documents.add(Published::Spec, &name, json.to_string().as_bytes(), "valid");
        if stage != Stage::SingleServer {
            continue;
        }
        project.run("eject");
        let mut open = vec![project.0.path().join("blueprints")];
        let mut number = 0;
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|end| end == "yaml") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    assert_eq!(named_schema(&path, &text), Published::Blueprint.schema());
                    let json = as_json(&yaml::parse("blueprint.yaml", &text).unwrap());
                    number += 1;
                    let name = format!("blueprint-{number}.json");
                    let text = json.to_string();
                    documents.add(Published::Blueprint, &name, text.as_bytes(), "valid");
                }
            }
        }
        assert!(number > 15, "{number} files are too few");
    }
    for (number, wrong) in [
        r#"{"module": "m", "description": "d", "resources": [{"id": "vpc", "kind": "AWS::EC2::VCP", "tier": "network"}]}"#,
        r#"{"module": "m", "description": "d", "resources": [{"id": "vpc", "kind": "AWS::EC2::VPC", "tier": "network", "properties": {"CidrBlok": "x"}}]}"#,
        r#"{"module": "m", "description": "d", "resources": [{"id": "vpc", "kind": "AWS::EC2::VPC", "tier": "network", "properties": {"EnableDnsSupport": "perhaps"}}]}"#,
        r#"{"blueprint": "cdn", "title": "t", "description": "d"}"#,
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("wrong-{number}.json");
        documents.add(Published::Blueprint, &name, wrong.as_bytes(), "invalid");
    }
    documents.check();
}

#[test]
fn the_published_files_are_what_the_program_prints() {
    for of in Published::ALL {
        let path = root().join(format!("docs/schemas/{}.json", of.name()));
        let printed = format!("{:#}\n", of.schema());
        if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &printed).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == printed,
            "{} is another: write it with `INSTA_UPDATE=always cargo test --test it schemas::`, and let \
             `format` count up if a reader could break",
            path.display()
        );
    }
}

#[test]
fn every_key_of_the_spec_is_described() {
    let schema = Published::Spec.schema();
    let mut missing = Vec::new();
    let named = [("Spec", &schema)].into_iter().chain(
        schema["$defs"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, schema)| (name.as_str(), schema)),
    );
    for (name, schema) in named {
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            if value["description"].is_null() {
                missing.push(format!("{name}.{key}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
