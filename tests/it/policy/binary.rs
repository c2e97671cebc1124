//! The real binary with policies: findings in every format, and what stops an apply.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::root;
use scalectl::policy::pack::{EXCEPTIONS, POLICIES};
use serde_json::Value as Json;

fn scalectl(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
    command.current_dir(folder).args(line.split_whitespace());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCALECTL_")) {
        command.env_remove(name);
    }
    command.output().unwrap()
}

/// Whether files in JSON or YAML are what a schema says.
fn assert_valid(schema: &Path, files: &[PathBuf]) {
    let check = "import sys, jsonschema, yaml\n\
                 schema, *files = [yaml.safe_load(open(path)) for path in sys.argv[1:]]\n\
                 kind = jsonschema.validators.validator_for(schema)\n\
                 kind.check_schema(schema)\n\
                 for file in files: kind(schema).validate(file)\n";
    let output = Command::new(crate::python::environment("json-schema.txt").join("python"))
        .args(["-c", check])
        .arg(schema)
        .args(files)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder with the shop, a rule of its own that it breaks, and a blueprint of its own.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "scalectl.yaml",
        &std::fs::read_to_string(root().join("examples/shop/scalectl.yaml")).unwrap(),
    );
    write(
        "policies/own.yaml",
        "\
policy: own
rules:
  - id: images-from-our-registry
    title: Services run images of our registry only
    severity: deny
    kinds: [AWS::SSM::Parameter]
    when: id == 'param_service'
    require: contains(after.Value, 'registry.acme.example/')
    property: Value
    message: ${key} runs ${spec.services[key].image}
    fix: push it to registry.acme.example first
",
    );
    write(
        "blueprints/modules/monitoring.yaml",
        &std::fs::read_to_string(root().join("blueprints/modules/monitoring.yaml"))
            .unwrap()
            .replace("{Service: [cloudwatch", "{AWS: \"*\", Service: [cloudwatch")
            .replace(
                "Condition: {StringEquals: {aws:SourceAccount: \"${account}\"}}",
                "",
            ),
    );
    folder
}

const EXCEPTION: &str = "\
exceptions:
  - rule: images-from-our-registry
    address: \"*/param_service*\"
    reason: The registry moves
    expires: 2999-12-31
  - rule: sns-public-policy
    address: us-east-1/topic_policy
    reason: A test
    expires: 2999-12-31
";

#[test]
fn what_is_denied_is_shown_by_plan_and_stops_apply() {
    let folder = shop();
    let path = folder.path();
    let text = |output: &Output| {
        String::from_utf8(output.stdout.clone()).unwrap()
            + &String::from_utf8(output.stderr.clone()).unwrap()
    };
    let output = scalectl(path, "plan");
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output);
    let policy = &shown[shown.find("Policy:").unwrap()..];
    insta::assert_snapshot!(policy);
    assert_eq!(
        scalectl(path, "plan --detailed-exitcode").status.code(),
        Some(3)
    );

    let output = scalectl(path, "apply --auto-approve");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("denied by policies: images-from-our-registry"));
    let output = scalectl(path, "apply --auto-approve --json --json-into run.jsonl");
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        told,
        std::fs::read_to_string(path.join("run.jsonl")).unwrap()
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    let line: Json = serde_json::from_str(&told).unwrap();
    assert_eq!(line["event"], "policy");
    assert!(line["policy"]["denied"].as_u64() > Some(0), "{line}");
    let output = scalectl(path, "status --json");
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        !json.to_string().contains("vpc"),
        "something was applied: {json}"
    );

    let saved = scalectl(path, "plan --out next.plan");
    assert!(saved.status.success());
    let output = scalectl(path, "apply next.plan");
    assert_eq!(output.status.code(), Some(3), "a saved plan is asked again");

    std::fs::write(path.join("policies/exceptions.yaml"), EXCEPTION).unwrap();
    assert_eq!(
        scalectl(path, "plan --detailed-exitcode").status.code(),
        Some(2)
    );
    assert!(scalectl(path, "apply next.plan").status.success());
    let output = scalectl(path, "migrate --to split-db --plan");
    assert!(output.status.success(), "{}", text(&output));

    std::fs::remove_file(path.join("policies/exceptions.yaml")).unwrap();
    let output = scalectl(path, "migrate --to split-db --auto --auto-approve");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output).contains("denied by policies"),
        "{}",
        text(&output)
    );
    let output = scalectl(path, "migrate --status --json");
    assert!(
        text(&output).contains("\"single-server\""),
        "{}",
        text(&output)
    );
}

#[test]
fn findings_are_json_sarif_and_junit_too() {
    let folder = shop();
    let path = folder.path();
    let output = scalectl(
        path,
        "policy check --json --sarif out.sarif --junit out.xml",
    );
    assert_eq!(output.status.code(), Some(3));
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    let found = &json["stages"][0];
    assert_eq!(found["denied"], 2);
    assert_eq!(found["findings"][0]["rule"], "images-from-our-registry");

    let sarif = std::fs::read_to_string(path.join("out.sarif")).unwrap();
    let log: Json = serde_json::from_str(&sarif).unwrap();
    let places: BTreeMap<&str, String> = log["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result.get("suppressions").is_none())
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            let line = format!("{uri}:{}", place["region"]["startLine"]);
            (result["ruleId"].as_str().unwrap(), line)
        })
        .collect();
    // What the binary's blueprints do is mended in the spec, at the section it follows from.
    assert_eq!(places["images-from-our-registry"], "scalectl.yaml:3");
    let module = &places["sns-public-policy"];
    assert!(
        module.starts_with("blueprints/modules/monitoring.yaml:"),
        "{module}"
    );
    let suppressed = log["runs"][0]["results"].to_string();
    assert!(suppressed.contains("\"justification\""), "{suppressed}");

    let xml = std::fs::read_to_string(path.join("out.xml")).unwrap();
    assert!(xml.contains("<failure message=\"1 finding\">"), "{xml}");

    // The schema is OASIS's, published with the standard.
    let schema = root().join("tests/sarif/sarif-schema-2.1.0.json");
    assert_valid(&schema, &[path.join("out.sarif")]);
}

#[test]
fn every_stage_that_a_spec_fits_is_asked() {
    let folder = root().join("examples/newsroom");
    let output = scalectl(&folder, "policy check --all-stages --json");
    assert!(output.status.success());
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    let stages: Vec<&str> = json["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["stage"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        ["single-server", "split-db", "load-balanced", "cdn"]
    );
}

#[test]
fn validate_and_the_gates_of_a_migration_are_cases_for_ci() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::copy(
        root().join("examples/shop/scalectl.yaml"),
        path.join("scalectl.yaml"),
    )
    .unwrap();
    let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    assert!(
        scalectl(path, "validate --all-stages --junit v.xml")
            .status
            .success()
    );
    let xml = read("v.xml");
    assert!(
        xml.contains("name=\"stage cdn\"") && xml.contains("<skipped"),
        "{xml}"
    );

    assert!(scalectl(path, "apply --auto-approve").status.success());
    assert!(
        scalectl(
            path,
            "migrate --to split-db --step --auto-approve --junit m.xml"
        )
        .status
        .success()
    );
    let xml = read("m.xml");
    assert!(
        xml.contains("<testsuite name=\"migrate.single-server.split-db\""),
        "{xml}"
    );
    assert!(
        xml.contains("1 expand: every name routes to existing servers"),
        "{xml}"
    );
    assert!(
        xml.contains("failures=\"0\"") && xml.contains("<skipped message=\"not reached\"/>"),
        "{xml}"
    );

    std::fs::write(path.join("scalectl.yaml"), "app: shop\nstage: cdm\n").unwrap();
    assert_eq!(
        scalectl(path, "validate --junit v.xml").status.code(),
        Some(1)
    );
    assert!(
        read("v.xml").contains("stage cannot be &quot;cdm&quot;"),
        "{}",
        read("v.xml")
    );
}

#[test]
fn the_schemas_for_editors_take_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let exceptions = folder.path().join("exceptions.yaml");
    // Dates in quotes, because YAML 1.1, which the validator reads, has a type of its own for them.
    std::fs::write(&exceptions, EXCEPTION.replace("2999-12-31", "'2999-12-31'")).unwrap();
    let policies = POLICIES
        .iter()
        .filter(|(path, _)| *path != EXCEPTIONS)
        .map(|(path, _)| root().join("policies").join(path))
        .collect::<Vec<_>>();
    let tests = [
        "marketplace/tests/regions",
        "newsroom/tests/readers",
        "shop/tests/stages",
    ]
    .map(|name| root().join(format!("examples/{name}.test.yaml")));
    for (name, files) in [
        ("policy", policies),
        ("exceptions", vec![exceptions]),
        ("test", tests.to_vec()),
    ] {
        let output = scalectl(folder.path(), &format!("schema --of {name}"));
        let schema = folder.path().join(format!("{name}.schema.json"));
        std::fs::write(&schema, output.stdout).unwrap();
        assert_valid(&schema, &files);
    }
}
