//! Mistakes in specs, blueprints and other files, each at its place.

use crate::project::{MODULE, Project, SPEC};

#[test]
fn validate_finds_a_mistake_in_any_environment() {
    let project = Project::new();
    let of = |provider: &str| {
        let text = format!("{SPEC}environments:\n  live: {{}}\n  test: {{provider: {provider}}}\n");
        project.write("scalectl.yaml", text);
    };
    of("aws");
    assert_eq!(project.code("validate"), Some(0));
    of("azure");
    let told = project.said(&["validate"]);
    assert!(told.contains("provider cannot be \"azure\""), "{told}");
    assert!(told.contains("scalectl.yaml:7:"), "{told}");
    assert_eq!(project.code("validate --env live"), Some(0));
}

#[test]
fn all_mistakes_are_told_at_once_each_with_its_line() {
    let project = Project::new();
    let spec = "app: tiny\nstge: cdn\nstage: single-serer\nservices:\n  web: {image: nginx:1, port: 99999, scale: {min: 9, max: 2}}\nmonitoring: {log_retention_days: 17}\n";
    project.write("scalectl.yaml", spec);
    insta::assert_snapshot!(project.transcript(&["validate"]));
}

#[test]
fn mistakes_in_a_blueprint_beside_the_spec_are_told_at_their_place() {
    let project = Project::new();
    project.write(
        "blueprints/modules/tiny.yaml",
        MODULE
            .replace("${vpc.VpcId}\n", "${vcp.VpcId}\n")
            .replace("CidrBlock: \"", "CidrBlok: \""),
    );
    insta::assert_snapshot!(project.transcript(&["plan"]));
}

#[test]
fn resources_that_wait_for_each_other_are_told() {
    let project = Project::new();
    let module = "module: tiny\ndescription: x\nresources:\n  - {id: one, kind: AWS::SSM::Parameter, tier: compute, properties: {Name: /a, Type: String, Value: \"${two.Arn}\"}}\n  - {id: two, kind: AWS::SSM::Parameter, tier: compute, properties: {Name: /b, Type: String, Value: \"${one.Arn}\"}}\n";
    project.write("blueprints/modules/tiny.yaml", module);
    let told = project.said(&["plan"]);
    assert!(
        told.contains("these resources wait for each other: us-east-1/one, us-east-1/two"),
        "{told}"
    );
}

#[test]
fn hostile_files_are_refused_with_words() {
    let project = Project::new();
    let deep = format!("app: {}x{}", "[".repeat(5000), "]".repeat(5000));
    let bomb = format!(
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n{}",
        ('b'..='j')
            .map(|c| {
                let before = char::from(c as u8 - 1);
                format!("{c}: &{c} [{}]\n", vec![format!("*{before}"); 10].join(","))
            })
            .collect::<String>()
    );
    let long = format!(
        "app: {}\nstage: single-server\nservices: {{web: {{image: x}}}}\n",
        "x".repeat(10_000_000)
    );
    let clash = "app: tiny\nstage: multi-region\ndomain: a.example.com\nservices: {web: {image: x}}\nregions: [{name: us-east-1, cidr: 10.0.0.0/16}, {name: eu-west-1, cidr: 10.0.128.0/17}]\n";
    let files: [(&str, Vec<u8>); 10] = [
        ("clash", clash.into()),
        ("deep", deep.into_bytes()),
        ("bomb", bomb.into_bytes()),
        ("long", long.into_bytes()),
        (
            "utf16",
            "app: tiny\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
        ("latin1", b"app: caf\xe9\n".to_vec()),
        ("nul", b"app: ti\0ny\n".to_vec()),
        ("empty", Vec::new()),
        ("scalar", b"hello".to_vec()),
        ("twice", b"app: a\napp: b\n".to_vec()),
    ];
    for (name, bytes) in files {
        project.write("scalectl.yaml", bytes);
        let output = project.try_run("validate");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {told}");
        assert!(
            told.starts_with("error:") && !told.contains("panicked"),
            "{name}: {told}"
        );
        assert!(
            told.len() < 20_000,
            "{name}: {} bytes of complaint",
            told.len()
        );
    }
}

#[test]
fn validate_prints_checks_and_mistakes_for_programs() {
    let project = Project::new();
    let json = |code| {
        let output = project.try_run("validate --json");
        assert_eq!(output.status.code(), Some(code));
        assert!(output.stderr.is_empty(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let good = json(0);
    assert_eq!(good["valid"], true);
    assert_eq!(good["mistakes"], serde_json::json!([]));
    let checks = good["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["result"] == "passed"));

    project.write(
        "scalectl.yaml",
        format!("{SPEC}knobs: 3\nenv: {{TOKEN: hunter2}}\n"),
    );
    let bad = json(1);
    assert_eq!(bad["valid"], false);
    let mistakes = bad["mistakes"].as_array().unwrap();
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    let line = SPEC.lines().count() as u64 + 1;
    assert_eq!(mistakes[0]["line"], line);
    assert_eq!(mistakes[0]["column"], 1);
    assert!(
        mistakes[0]["file"]
            .as_str()
            .unwrap()
            .ends_with("scalectl.yaml")
    );
    assert!(!bad.to_string().contains("hunter2"));

    std::fs::remove_file(project.path().join("scalectl.yaml")).unwrap();
    let missing = json(1);
    assert!(missing["mistakes"][0]["help"].is_string(), "{missing}");
}
