//! The real binary on an emulator of AWS: what a person meets who moves regions, names things anew, or waits.
#![cfg(feature = "aws")]

#[path = "common/aws_env.rs"]
mod aws_env;
mod common;
#[path = "common/emulator.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod emulator;
#[path = "common/project.rs"]
mod project;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_env::{listening, without_configuration};
use emulator::{Emulator, Kind, programs};
use project::{MODULE, Project, SPEC};

/// The binary in the project's folder against what answers at `url`, with nothing of this machine's AWS
/// configuration.
fn on_aws(project: &Project, url: &str, line: &str) -> Command {
    let mut command = project.command(line);
    without_configuration(&mut command, project.path());
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("SCALECTL_PROVIDER", "aws");
    command
}

/// The exit code and all that was said.
fn told(project: &Project, emulator: &Emulator, line: &str) -> (Option<i32>, String) {
    let url = format!("http://127.0.0.1:{}", emulator.port);
    let output = on_aws(project, &url, line).output().unwrap();
    let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    (output.status.code(), text.concat())
}

#[test]
fn an_application_is_not_built_again_because_another_region_comes_first() {
    let emulator = Emulator::start(Kind::Moto);
    let project = Project::new();
    let run = |line: &str| told(&project, &emulator, line);
    let (code, text) = run("apply --auto-approve");
    assert_eq!(code, Some(0), "{text}");
    project.write("scalectl.yaml", format!("{SPEC}regions: [eu-west-1]\n"));
    for line in [
        "plan",
        "apply --auto-approve",
        "drift",
        "status",
        "lease show",
        "doctor",
        "destroy --auto-approve",
    ] {
        let (code, text) = run(line);
        assert_eq!(code, Some(1), "{line}: {text}");
        let why = "tiny (default) has its primary region in us-east-1; the spec lists another region first";
        assert!(text.contains(why), "{line}: {text}");
        assert!(
            text.contains("pass `--region REGION` to use that region"),
            "{line}: {text}"
        );
    }
    assert_eq!(
        run("--region us-east-1 plan --detailed-exitcode").0,
        Some(0)
    );
    project.write("scalectl.yaml", SPEC);
    let (code, text) = run("plan --detailed-exitcode");
    assert_eq!(code, Some(0), "{text}");
    // Of what is gone nothing stands in the way.
    let (code, text) = run("destroy --auto-approve");
    assert_eq!(code, Some(0), "{text}");
    project.write("scalectl.yaml", format!("{SPEC}regions: [eu-west-1]\n"));
    let (code, text) = run("plan --detailed-exitcode");
    assert_eq!(code, Some(2), "{text}");
}

#[test]
fn what_services_log_is_read_from_all_regions_in_the_order_of_time() {
    let emulator = Emulator::start(Kind::Moto);
    let project = Project::new();
    project.write(
        "scalectl.yaml",
        format!("{SPEC}regions: [us-east-1, eu-west-1]\n"),
    );
    let (code, text) = told(&project, &emulator, "logs web");
    assert_eq!(code, Some(5), "no group exists yet: {text}");
    // Two regions by turns, more lines than a page has, and one that is too old.
    let script = r#"
import boto3, sys, time
now = int(time.time() * 1000)
for region, from_ in (("us-east-1", 0), ("eu-west-1", 1)):
    logs = boto3.client("logs", region, endpoint_url=sys.argv[1], aws_access_key_id="test", aws_secret_access_key="test")
    group = dict(logGroupName="/tiny/default/services/web")
    logs.create_log_group(**group)
    logs.create_log_stream(**group, logStreamName="container")
    events = [dict(timestamp=now - 7200000, message="too old")] + [
        dict(timestamp=now - 60000 + number, message="line %d of %s" % (number, region)) for number in range(from_, 40, 2)]
    logs.put_log_events(**group, logStreamName="container", logEvents=events)
"#;
    let url = format!("http://127.0.0.1:{}", emulator.port);
    let put = Command::new(programs().join("python"))
        .args(["-c", script, &url])
        .status();
    assert!(put.unwrap().success());
    let (code, text) = told(&project, &emulator, "logs web --since 1h --json");
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said: Vec<&str> = lines
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    let region = |number: usize| ["us-east-1", "eu-west-1"][number % 2];
    let wanted: Vec<String> = (0..40)
        .map(|number| format!("line {number} of {}", region(number)))
        .collect();
    assert_eq!(said, wanted);
    let (_, text) = told(&project, &emulator, "logs web --since 1h --grep eu-west");
    assert_eq!(text.matches("of eu-west-1").count(), 20, "{text}");
    assert!(!text.contains("of us-east-1"), "{text}");
}

#[test]
fn what_the_spec_calls_otherwise_keeps_what_exists() {
    let emulator = Emulator::start(Kind::Moto);
    let project = Project::new();
    let run = |line: &str| told(&project, &emulator, line);
    assert_eq!(run("apply --auto-approve").0, Some(0));
    let renamed = MODULE.replace("- id: param", "- id: settings");
    project.write("blueprints/modules/tiny.yaml", renamed);
    let (code, text) = run("apply --auto-approve");
    assert_eq!(code, Some(1), "{text}");
    let way = "`scalectl import us-east-1/settings '/tiny'` changes only its address";
    assert!(text.contains(way), "{text}");
    let (code, text) = run("import us-east-1/settings /tiny --auto-approve");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run("apply --auto-approve");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 created, 1 updated, 0 deleted"), "{text}");
}

#[test]
fn whose_answer_is_missing_is_said_and_one_signal_ends_a_look() {
    // It takes connections, and says nothing.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let project = Project::new();
    let mut plan = on_aws(&project, &url, "plan")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(plan.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(
        line.starts_with("Waiting for ") && line.contains("EC2 in us-east-1"),
        "{line}"
    );
    let id = plan.id().to_string();
    assert!(Command::new("kill").arg(id).status().unwrap().success());
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(plan.wait().unwrap().code(), Some(130));
    assert_eq!(rest, "error: stopped; nothing was changed\n");
}

#[test]
fn an_endpoint_that_is_set_to_nothing_is_none() {
    let (proxy, asked) = listening();
    let project = Project::new();
    let mut plan = on_aws(&project, "", "plan")
        .env("HTTPS_PROXY", proxy)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let line = asked.recv_timeout(Duration::from_secs(60));
    // It would try for minutes.
    plan.kill().unwrap();
    plan.wait().unwrap();
    let line = line.unwrap();
    assert!(
        line.starts_with("CONNECT ") && line.contains(".amazonaws.com:443"),
        "{line}"
    );
}

#[test]
fn the_profile_that_the_spec_names_goes_before_the_environment() {
    let emulator = Emulator::start(Kind::Moto);
    let project = Project::new();
    let url = format!("http://127.0.0.1:{}", emulator.port);
    let provider = "provider: {aws: {profile: ops}}\n";
    project.write("scalectl.yaml", format!("{SPEC}{provider}"));
    let doctor = |config: &str| {
        project.write("config", config);
        let output = on_aws(&project, &url, "doctor")
            .env("AWS_CONFIG_FILE", project.path().join("config"))
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = doctor("[profile ops]\naws_access_key_id = a\naws_secret_access_key = b\n");
    let line = "ok       credentials  from the AWS configuration files, profile ops\n";
    assert!(told.contains(line), "{told}");
    let told = doctor("");
    let line = "credentials  from environment variables, profile ops, which is not defined\n";
    assert!(told.contains(line), "{told}");
}

#[test]
fn secrets_are_set_listed_deleted_and_brought_back() {
    let emulator = Emulator::start(Kind::Moto);
    let project = Project::empty();
    let spec = |secrets: &str| {
        format!(
            "app: shop\nstage: single-server\nprovider: aws\nregions: [us-east-1]\nservices:\n  web: {{image: \"x:1\", secrets: \
             {{{secrets}}}}}\n"
        )
    };
    project.write(
        "scalectl.yaml",
        spec("A: shop/stripe, B: /shop/mail, C: ssm:plain"),
    );
    let run = |line: &str| told(&project, &emulator, line);
    let listed = || {
        let (_, text) = run("secrets list --json");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["secrets"].clone()
    };
    for (secret, word) in [
        ("shop/stripe", "Created"),
        ("/shop/mail", "Created"),
        ("ssm:plain", "Created"),
        ("shop/stripe", "Changed"),
        ("/shop/mail", "Changed"),
    ] {
        let (code, text) = run(&format!("secrets set {secret} --random"));
        assert!(code == Some(0) && text.contains(word), "{secret}: {text}");
    }
    let all = listed();
    for secret in all.as_array().unwrap() {
        assert!(
            secret["missing"] == serde_json::json!([]) && secret["set"].is_string(),
            "{all:#}"
        );
    }
    project.write("scalectl.yaml", spec("C: ssm:plain"));
    let (code, text) = run("secrets rm shop/stripe --auto-approve");
    assert!(
        code == Some(0) && text.contains("for good in 30 days"),
        "{text}"
    );
    let (code, text) = run("secrets rm /shop/mail --auto-approve");
    assert!(
        code == Some(0) && text.contains("Deleted /shop/mail"),
        "{text}"
    );
    project.write("scalectl.yaml", spec("A: shop/stripe, B: /shop/mail"));
    let all = listed();
    assert_eq!(
        all[0]["missing"],
        serde_json::json!(["us-east-1"]),
        "{all:#}"
    );
    assert!(all[1]["ends"].is_string(), "{all:#}");
    let (code, text) = run("secrets set shop/stripe --random");
    assert!(code == Some(0) && text.contains("Changed"), "{text}");
    assert!(listed()[1]["ends"].is_null());
}
