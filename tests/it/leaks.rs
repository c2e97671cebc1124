//! Secrets in wrong places: in the spec where no key takes them, in settings that somebody changed by hand, in URLs. No
//! command shows them.

use crate::project::Project;
use proptest::test_runner::{Config, TestRunner};

/// What every planted secret has.
const MARK: &str = "N3wS3cr";

/// What the commands print.
fn printed(project: &Project, lines: &[&str]) -> String {
    let run = |line: &&str| {
        let output = project.try_run(line);
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    lines.iter().map(run).collect()
}

fn assert_hidden(what: &str, text: &str) {
    let at = text.find(MARK);
    let around = at.map(|at| {
        let before: Vec<char> = text[..at].chars().rev().take(120).collect();
        before.into_iter().rev().collect::<String>()
    });
    assert!(at.is_none(), "{what}: {around:?}");
}

const PLANS: [&str; 5] = [
    "validate",
    "plan",
    "plan --json",
    "plan --markdown",
    "plan --html -",
];

const LOOKS: [&str; 8] = [
    "plan",
    "plan --json",
    "drift",
    "drift --json",
    "snapshot",
    "show us-east-1/param_service[web]",
    "show us-east-1/param_service[web] --json",
    "sim show us-east-1/param_service[web] --json",
];

#[test]
fn settings_changed_by_hand_are_hidden_whole() {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        "app: shop\nstage: single-server\nservices: {web: {image: nginx:1, env: {LOG_LEVEL: info}}}\n",
    );
    project.run("apply --auto-approve");
    for value in [
        format!("notjson-{MARK}"),
        format!(r#"["{MARK}"]"#),
        format!(r#""{MARK}""#),
        format!(r#"{{"foo":"{MARK}"}}"#),
        format!(r#"{{"env":"API_KEY={MARK}"}}"#),
        format!(r#"{{"env":[["{MARK}"]]}}"#),
        format!(r#"{{"secrets":{{"A":"{MARK}?x"}}}}"#),
        format!(r#"{{"command":"x,--password,{MARK}"}}"#),
        format!(r#"{{"image":"u:{MARK}@x/y"}}"#),
        format!(r#"{{"health":"/h?token={MARK}"}}"#),
        format!(r#"{{"env":{{"A":"{MARK}"}},"#),
    ] {
        let quoted = value.replace('"', "\\\"");
        project.run(&format!(
            "sim drift us-east-1/param_service[web] Value=\"{quoted}\""
        ));
        let text = printed(&project, &LOOKS);
        assert!(text.contains("(never shown)"), "{value}: {text}");
        assert_hidden(&value, &text);
    }
}

/// A whole spec, with a place for a secret at every scalar.
fn specs() -> Vec<String> {
    let lines = [
        "app: %",
        "stage: %",
        "regions: [%]",
        "domain: %",
        "password: %",
        "vars: {a: %}",
        "provider: %",
        "provider: {aws: {access_key: %, secret_key: %}}",
        "provider: {aws: {profile: \"% x\"}}",
        "services: {web: {image: \"u:%@x/y\"}}",
        "services: {web: {image: \"x/y?token=%\"}}",
        "services: {web: {image: nginx:1, environment: {API_KEY: %}}}",
        "services: {web: {image: nginx:1, envv: {A: %}}}",
        "services: {web: {image: nginx:1, env: {A: {b: %}}}}",
        "services: {web: {image: nginx:1, env: [%]}}",
        "services: {web: {image: nginx:1, secrets: {A: \"% x\"}}}",
        "services: {web: {image: nginx:1, secrets: {A: \"%/+==\"}}}",
        "services: {web: {image: nginx:1, command: {a: %}}}",
        "services: {web: {image: nginx:1, command: %}}",
        "services: {web: {image: nginx:1, port: %}}",
        "services: {web: {image: nginx:1, paths: [\"/h?token=%\"]}}",
        "services: {web: {image: nginx:1, hosts: [\"u:%@x\"]}}",
        "services: {web: {image: nginx:1, instance: %}}",
        "services: {web: {image: nginx:1, health: {path: \"/h?token=%\"}}}",
        "services: {web: {image: nginx:1, scale: {min: %}}}",
        "services: {web: {artifact: \"https://u:%@x/a.tar\"}}",
        "services:\n  web:\n    image: nginx:1\n    env:\n\tKEY: %",
        "services:\n  web:\n    image: nginx:1\n    environment:\n      - KEY=%",
        "services:\n  web:\n    image: nginx:1\n    environment:\n      KEY: |\n        %",
        "database: {engine: postgres, password: %}",
        "database: {engine: %}",
        "database:\n  engine: postgres\n  password: %",
        "database: {engine: postgres, version: %}",
        "database: {engine: postgres, class: %}",
        "database: {engine: postgres, username: \"% x\"}",
        "cache: {engine: %}",
        "cache: {engine: redis, node: %}",
        "stores: {a: {type: %}}",
        "network: {cidr: %}",
        "network: {nat: %}",
        "monitoring: {email: \"https://hooks.example.com/%\"}",
        "monitoring: {email: \"u:%@example.com\"}",
        "monitoring: {budget: %}",
        "maintenance: {window: %}",
        "migration: {probe: \"https://u:%@x\"}",
        "migration: {gates: {x: {command: [curl, -H, \"Authorization: %\"]}}}",
        "migration: {gates: [{name: x, expression: \"'%' == 1 +\"}]}",
        "tags: {api_token: %, b: \"x;\"}",
        "tags: [%]",
        "cdn: {price_class: %}",
        "cdn: {ttl: %}",
        "environments: {prod: {password: %}}",
    ];
    let whole = |line: &&str| {
        let keys = ["app", "stage", "services"];
        let rest = [
            "app: shop\n",
            "stage: split-db\n",
            "services: {web: {image: nginx:1}}\n",
        ];
        let missing = keys.iter().zip(rest);
        let missing = missing.filter(|(key, _)| !line.starts_with(&format!("{key}:")));
        let mut text: String = missing.map(|(_, line)| line).collect();
        text += line;
        text.push('\n');
        text
    };
    lines.iter().map(whole).collect()
}

#[test]
fn no_message_quotes_a_secret_of_the_spec() {
    let project = Project::empty();
    for spec in specs() {
        project.write("scalectl.yaml", spec.replace('%', MARK));
        assert_hidden(
            &spec,
            &printed(&project, &["validate", "validate --json", "plan"]),
        );
    }
}

/// Names and values of every kind that people give, with the mark in each value.
#[test]
fn no_message_quotes_a_random_secret_at_a_random_key() {
    let project = Project::empty();
    let mut runner = TestRunner::new_with_rng(
        Config {
            cases: 24,
            failure_persistence: None,
            ..Config::default()
        },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    const SECTIONS: [&str; 9] = [
        "",
        "database",
        "cache",
        "monitoring",
        "network",
        "cdn",
        "services",
        "provider",
        "maintenance",
    ];
    let names = "[a-z]{1,8}(_[a-z]{1,6})?|[A-Z]{1,6}(_[A-Z]{1,6})?|[a-z]{2,6}[A-Z][a-z]{1,6}";
    let values = "[a-z]{0,4}[:/=?]?N3wS3cr[a-zA-Z0-9+/=]{0,8}";
    let inputs = (
        proptest::sample::select(&SECTIONS[..]),
        names,
        values,
        0..4_u8,
    );
    runner
        .run(&inputs, |(section, name, value, form)| {
            let entry = match form {
                0 => format!("{name}: \"{value}\""),
                1 => format!("{name}: {{{name}: \"{value}\"}}"),
                2 => format!("{name}: [a, \"{value}\"]"),
                _ => format!("{name}: '{value}'"),
            };
            let line = match section {
                "" => entry,
                section => format!("{section}: {{{entry}}}"),
            };
            let spec = format!("app: shop\nstage: single-server\n{line}\n");
            project.write("scalectl.yaml", &spec);
            assert_hidden(&spec, &printed(&project, &["validate"]));
            Ok(())
        })
        .unwrap();
}

#[test]
fn queries_and_odd_addresses_are_hidden_in_plans() {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        format!("app: shop\nstage: load-balanced\ndomain: shop.example.com\nservices: {{web: {{image: nginx:1, health: {{path: \"/h?token={MARK}\"}}}}}}\n"),
    );
    let text = printed(&project, &PLANS);
    assert!(text.contains("/h?token=(never shown)"), "{text}");
    assert_hidden("health.path", &text);
    project.write(
        "scalectl.yaml",
        format!("app: shop\nstage: single-server\nmonitoring: {{email: \"u:{MARK}@example.com\"}}\nservices: {{web: {{image: nginx:1, secrets: {{A: \"{MARK}/+==\"}}}}}}\n"),
    );
    let text = printed(&project, &["validate"]);
    assert!(
        text.contains("monitoring.email is not an e-mail address"),
        "{text}"
    );
    assert!(text.contains("secrets.A is a secret's own text"), "{text}");
    assert_hidden("email and name", &text);
}
