//! No value of a service's variables is shown or left in a file unless it is plainly harmless: secrets of every form and
//! under any name, through the commands that print or write what they found.

use std::path::Path;

use crate::project::Project;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// What every planted secret has, and nothing else.
const MARK: &str = "N3wS3cr";

/// One of each form, by its number in `MARK`; the name says for some of them that they are secret, for most it does not.
const VARIABLES: &str = r#"
      STRIPE_SECRET_KEY: MARK01
      DB_PASSWORD: MARK02
      AMQP_URL: amqp://app:MARK03@queue/vh
      SENTRY_DSN: https://MARK04@sentry.io/1
      SLACK_WEBHOOK: https://hooks.slack.com/services/T0/B0/MARK05
      OPENAI_KEY: sk-MARK06
      JWT: eyJ.MARK07
      SIGNING_SALT: MARK08
      GITHUB_PAT: ghp_MARK09
      PGPASS: MARK10
      AUTH_HEADER: "Bearer MARK11"
      MONGO: "mongodb+srv://u:MARK12@h/db?authSource=admin"
      CALLBACK: "https://x.example.com/?token=MARK13&a=1"
      API_KEY_LIST: "MARK14,MARK15"
      TLS_PRIVATE: "-----BEGIN PRIVATE KEY-----\nMARK16"
      LICENSE: MARK17
      GREETING: MARK18
      UPSTREAM: https://api.example.com/v1/MARK19
      HOST: MARK20.example.com
      SETTINGS: '{"a": {"b": ["MARK21"]}}'
      PLAIN: "a MARK22 b"
"#;

fn spec(mark: &str) -> String {
    let variables = VARIABLES.replace("MARK", mark);
    format!(
        "app: shop\nstage: single-server\nservices:\n  web:\n    image: nginx:1\n    env:{variables}    command: [serve, \
         \"--password={mark}23\", \"--token\", \"{mark}24\", \"-p{mark}25\", sh, -c, \"KEY={mark}26 ./serve\"]\n\
         tags: {{api_token: {mark}27, owner: \"https://u:{mark}28@h\"}}\n"
    )
}

/// Every file below, but for the simulator's own and the spec.
fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            files(&path, found);
        } else if !name.contains(".scalectl/sim") && !name.ends_with("scalectl.yaml") {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            found.push((name, text));
        }
    }
}

/// Runs commands, and returns where one of them, or a file that it left, shows what `is_secret` finds.
fn leaks(
    project: &Project,
    lines: &[&str],
    is_secret: impl Fn(&str) -> Option<usize>,
) -> Vec<String> {
    let mut shown = Vec::new();
    for line in lines {
        let output = project.try_run(line);
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let mut all = vec![(format!("`{line}`"), text)];
        files(project.path(), &mut all);
        for (what, text) in all {
            if let Some(at) = is_secret(&text) {
                let before = text[..at].chars().rev().take(80).collect::<Vec<_>>();
                let before: String = before.into_iter().rev().collect();
                let from: String = text[at..].chars().take(40).collect();
                shown.push(format!("{what} after {line}: {before}{from}"));
            }
        }
    }
    shown
}

const PLANS: [&str; 6] = [
    "plan",
    "plan --json",
    "plan --markdown",
    "plan --html plan.html --out saved.plan",
    "apply --dry-run",
    "migrate --to split-db --plan",
];

const LOOKS: [&str; 8] = [
    "show us-east-1/param_service[web]",
    "show us-east-1/param_service[web] --json",
    "snapshot --out live.json",
    "drift",
    "drift --json",
    "status --json",
    "history --json",
    "policy check --json",
];

#[test]
fn no_command_shows_a_planted_secret() {
    let project = Project::empty();
    let find = |text: &str| text.find(MARK);
    project.write("scalectl.yaml", spec(&format!("{MARK}a")));
    let mut shown = leaks(&project, &PLANS, find);
    project.run("apply --auto-approve");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    shown.extend(leaks(&project, &LOOKS, find));
    // What is concealed is compared all the same.
    assert_eq!(
        project.code("plan --live live.json --detailed-exitcode"),
        Some(0)
    );
    project.write("scalectl.yaml", spec(&format!("{MARK}b")));
    assert_eq!(
        project.code("plan --live live.json --detailed-exitcode"),
        Some(2)
    );
    shown.extend(leaks(&project, &PLANS, find));
    shown.extend(leaks(
        &project,
        &["apply saved.plan --auto-approve --json"],
        find,
    ));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    shown.extend(leaks(&project, &LOOKS, find));
    project.run("sim drift us-east-1/param_service[web] Value=\"{\\\"env\\\":{\\\"X\\\":\\\"N3wS3cr-by-hand\\\"}}\"");
    shown.extend(leaks(
        &project,
        &[
            "plan",
            "drift",
            "drift --json",
            "show us-east-1/param_service[web]",
        ],
        find,
    ));
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn no_error_quotes_a_variables_value() {
    let project = Project::empty();
    for mistake in [
        "    env: {A B: N3wS3cr1, B: N3wS3cr2}",
        "    env: {A: \"N3wS3cr1",
        "    env: {A: N3wS3cr1, A: N3wS3cr2}",
        "    env:\n      A: N3wS3cr1\n      A: N3wS3cr2",
        "    env:\n      A: [N3wS3cr1]",
        "    env:\n      A: {x: N3wS3cr1}",
        "    env: N3wS3cr1",
        "    env:\n      A: \"N3wS3cr1\" N3wS3cr2",
        "    env:\n      LD_X: N3wS3cr1",
        "    env:\n      A: |\n        N3wS3cr1\n       N3wS3cr2",
        "    env:\n      A: '{{resolve:N3wS3cr1}}'",
        "    env: {A: *N3wS3cr1}",
    ] {
        let text = format!(
            "app: shop\nstage: single-server\nservices:\n  web:\n    image: nginx:1\n{mistake}\n"
        );
        project.write("scalectl.yaml", text);
        let output = project.try_run("validate");
        let told = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{mistake}: {told}");
        let alias = mistake.contains('*');
        assert!(alias || !told.contains(MARK), "{mistake}: {told}");
    }
}

#[test]
fn random_variables_are_hidden_whatever_their_names() {
    // Names that say nothing, and values as generators of secrets make them.
    let name = "[A-Z]{2,6}(_[A-Z]{2,6}){0,2}";
    let value = prop_oneof![
        "[A-Za-z0-9]{16,40}",
        "[a-f0-9]{32}",
        "[a-z]{12,20}",
        "[A-Za-z0-9+/]{20,40}==",
        "[a-z]{3}_[A-Za-z0-9]{20}",
        "postgres://[a-z]{4}:[A-Za-z0-9]{8,12}@db/shop",
        "https://[a-z]{4}\\.example\\.com/[A-Za-z0-9]{16}",
        "[a-z]{4,8}[0-9]{2,4}!",
    ];
    let cases = prop::collection::btree_map(name, value, 20..30);
    let mut runner = TestRunner::new(Config {
        cases: 4,
        failure_persistence: None,
        ..Config::default()
    });
    let run = runner.run(&cases, |variables| {
        let project = Project::empty();
        let json = serde_json::json!({"app": "shop", "stage": "single-server",
            "services": {"web": {"image": "nginx:1", "env": variables}}});
        project.write("scalectl.yaml", json.to_string());
        let find = |text: &str| {
            variables
                .values()
                .find_map(|value| text.find(value.as_str()))
        };
        let mut shown = leaks(&project, &PLANS[..4], find);
        project.run("apply --auto-approve");
        shown.extend(leaks(&project, &LOOKS[..4], find));
        prop_assert!(shown.is_empty(), "{}", shown.join("\n"));
        Ok(())
    });
    run.unwrap();
}
