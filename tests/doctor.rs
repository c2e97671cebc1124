//! `scalectl doctor`: what it takes from a plan, and the real binary on an emulator of AWS whose IAM
//! simulates a user's policies.
#![cfg(feature = "aws")]

#[path = "common/aws_env.rs"]
mod aws_env;
mod common;
#[path = "common/emulator.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod emulator;
#[path = "common/faults.rs"]
mod faults;
#[path = "common/proxy.rs"]
mod proxy;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use aws_env::{listening, without_configuration};
use common::{apply, example, graph_of, owner, runtime};
use emulator::{Emulator, Kind, programs};
use faults::Faults;
use proxy::Proxy;
use scalectl::blueprint::Library;
use scalectl::doctor::permissions::needed;
use scalectl::doctor::quotas::{Limit, wanted};
use scalectl::inventory::Live;
use scalectl::plan::diff;
use scalectl::spec::Stage;
use serde_json::Value;

#[test]
fn a_first_apply_needs_what_makes_and_nothing_that_removes() {
    let library = Library::embedded().unwrap();
    let graph = graph_of(&library, &example("shop", Stage::LoadBalanced));
    let live = Live::default();
    let needed = needed(&graph, &live, &diff(&graph, &live, None));
    let kinds: Vec<&str> = needed["ec2:CreateVpc"].iter().map(|kind| &**kind).collect();
    assert_eq!(kinds, ["AWS::EC2::VPC"]);
    assert!(needed["ssm:PutParameter"].contains("AWS::SSM::Parameter"));
    for made in [
        "ec2:DescribeVpcs",
        "rds:CreateDBInstance",
        "sts:GetCallerIdentity",
        "ssm:DeleteParameter",
    ] {
        assert!(needed.contains_key(made), "{made}");
    }
    for gone in ["ec2:DeleteVpc", "rds:DeleteDBInstance", "s3:DeleteBucket"] {
        assert!(!needed.contains_key(gone), "{gone}");
    }
}

#[test]
fn a_stage_further_needs_what_removes_only_where_something_goes() {
    let library = Library::embedded().unwrap();
    let first = graph_of(&library, &example("shop", Stage::SingleServer));
    let second = graph_of(&library, &example("shop", Stage::SplitDb));
    runtime().block_on(async {
        let cloud = scalectl::provider::sim::Sim::in_memory(
            Default::default(),
            Default::default(),
            common::EPOCH,
        );
        apply(&cloud, &first, None).await;
        let query = scalectl::provider::Query {
            thorough: true,
            ..Default::default()
        };
        let live = scalectl::provider::Provider::observe(&cloud, &owner(), &query)
            .await
            .unwrap();
        let nothing = needed(&first, &live, &diff(&first, &live, None));
        assert!(!nothing.contains_key("ec2:CreateVpc"));
        let split = needed(&second, &live, &diff(&second, &live, None));
        assert!(split.contains_key("rds:CreateDBInstance"));
        assert!(!split.contains_key("ec2:DeleteVpc"));
        let back = needed(
            &Default::default(),
            &live,
            &diff(&Default::default(), &live, None),
        );
        assert!(back["ec2:DeleteVpc"].contains("AWS::EC2::VPC"));
        assert!(!back.contains_key("ec2:CreateVpc"));
    });
}

#[test]
fn a_plan_is_counted_by_what_aws_limits() {
    let library = Library::embedded().unwrap();
    let graph = graph_of(&library, &example("shop", Stage::LoadBalanced));
    let wanted = wanted(&graph, &diff(&graph, &Live::default(), None));
    let of = |limit| {
        let found = wanted.more.iter().filter(|(place, _)| place.limit == limit);
        found
            .map(|(place, more)| (place.within.to_string(), *more))
            .collect::<Vec<_>>()
    };
    let region = |more| vec![("us-east-1".to_owned(), more)];
    assert_eq!(of(Limit::Vpcs), region(1));
    assert_eq!(of(Limit::LoadBalancers), region(1));
    let zones = of(Limit::NatGateways);
    assert!(
        !zones.is_empty()
            && zones
                .iter()
                .all(|(zone, more)| zone.starts_with("us-east-1") && *more == 1)
    );
    assert_eq!(of(Limit::ElasticIps), region(zones.len() as u64));
    // Of all its groups the balancer's has most: from anywhere on two ports.
    assert_eq!(
        of(Limit::Rules),
        [("us-east-1/sg_alb (inbound)".to_owned(), 2)]
    );
    assert!(wanted.types.values().all(|number| *number > 0) && !wanted.types.is_empty());
}

const SPEC: &str = "app: tiny\nstage: single-server\nservices:\n  web: {image: nginx:1}\n";

const BLUEPRINT: &str =
    "blueprint: single-server\ntitle: Tiny\ndescription: Small.\ncompose:\n  - use: tiny\n";

const MODULE: &str = "\
module: tiny
description: More addresses than a new account may have, and a server.
resources:
  - id: vpc
    kind: AWS::EC2::VPC
    tier: network
    properties: {CidrBlock: \"${spec.network.cidr}\"}
  - id: address
    kind: AWS::EC2::EIP
    tier: network
    forEach: \"${['a', 'b', 'c', 'd', 'e', 'f']}\"
    properties: {Domain: vpc}
  - id: server
    kind: AWS::EC2::Instance
    tier: compute
    properties: {ImageId: ami-12c6146b, InstanceType: t3.small}
  - id: group
    kind: AWS::EC2::SecurityGroup
    tier: network
    properties: {GroupDescription: All, VpcId: \"${vpc.VpcId}\", SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}]}
";

/// Makes the user `ci` and the role `deploy` at the first argument's endpoint, both with a policy of
/// the other arguments' actions, and prints the user's access key.
const USER: &str = "
import boto3, json, sys
iam = boto3.client('iam', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')
iam.create_user(UserName='ci')
statement = {'Effect': 'Allow', 'Action': sys.argv[2:], 'Resource': '*'}
policy = json.dumps({'Version': '2012-10-17', 'Statement': [statement]})
iam.put_user_policy(UserName='ci', PolicyName='own', PolicyDocument=policy)
anybody = {'Effect': 'Allow', 'Principal': {'AWS': '*'}, 'Action': 'sts:AssumeRole'}
iam.create_role(RoleName='deploy', AssumeRolePolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [anybody]}))
iam.put_role_policy(RoleName='deploy', PolicyName='own', PolicyDocument=policy)
key = iam.create_access_key(UserName='ci')['AccessKey']
print(key['AccessKeyId'], key['SecretAccessKey'])
";

/// Takes the lease of the spec below at the first argument's endpoint.
const LEASE: &str = "
import boto3, json, sys
ssm = boto3.client('ssm', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')
holder = {'who': 'ann@desk', 'command': 'apply', 'since': 1767225600000}
ssm.put_parameter(Name='/scalectl/tiny/default/lease/000001', Type='String', Value=json.dumps({'holder': holder, 'renewals': 0}))
";

/// A folder with the spec and the blueprint above.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("scalectl.yaml", SPEC),
        ("blueprints/single-server.yaml", BLUEPRINT),
        ("blueprints/modules/tiny.yaml", MODULE),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The binary in a folder, with nothing of this machine's AWS configuration.
fn scalectl(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
    without_configuration(&mut command, folder);
    command
        .args(arguments)
        .current_dir(folder)
        .env("AWS_REGION", "us-east-1");
    command
}

/// The checks of a `doctor --json`, each `verdict check: found`.
fn checks(output: &Output) -> Vec<String> {
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let list = json["checks"].as_array().unwrap();
    list.iter()
        .map(|check| {
            let (verdict, name) = (text(check, "verdict"), text(check, "check"));
            format!("{verdict} {name}: {}", text(check, "found"))
        })
        .collect()
}

fn has(checks: &[String], begin: &str) {
    let told = checks.join("\n");
    assert!(
        checks.iter().any(|check| check.starts_with(begin)),
        "no {begin:?} in\n{told}"
    );
}

#[test]
fn without_credentials_doctor_says_so_and_asks_nobody() {
    let folder = project();
    let output = scalectl(folder.path(), &["doctor", "--provider", "aws", "--json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let checks = checks(&output);
    assert_eq!(checks.len(), 2, "{checks:?}");
    has(&checks, "fails credentials: none are usable");
}

#[test]
fn the_simulator_needs_no_credentials() {
    let folder = project();
    let output = scalectl(folder.path(), &["doctor", "--json"])
        .output()
        .unwrap();
    let checks = checks(&output);
    assert_eq!(output.status.code(), Some(0), "{checks:?}");
    has(&checks, "ok store: the simulator needs no credentials");
    has(&checks, "ok plan: 9 to create");
}

#[test]
fn doctor_names_what_is_denied_and_what_does_not_fit() {
    let emulator = Emulator::start(Kind::Moto);
    // moto does not simulate policies; the other one does, and tells who the user is.
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let (all, iam) = (url(emulator.port), url(emulator.cloud_control_port()));
    let folder = project();
    let policy = scalectl(folder.path(), &["iam-policy", "--doctor"])
        .output()
        .unwrap();
    let policy: Value = serde_json::from_slice(&policy.stdout).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    let allowed = actions
        .iter()
        .map(|action| action.as_str().unwrap())
        .filter(|action| *action != "ec2:AllocateAddress");
    let output = Command::new(programs().join("python"))
        .args(["-c", USER, &iam])
        .args(allowed)
        .output()
        .unwrap();
    let keys = String::from_utf8(output.stdout).unwrap();
    let (id, secret) = keys.trim().split_once(' ').unwrap();
    let with_keys = |arguments: &[&str]| {
        scalectl(folder.path(), arguments)
            .env("AWS_ENDPOINT_URL", &all)
            .env("AWS_ENDPOINT_URL_IAM", &iam)
            .env("AWS_ENDPOINT_URL_STS", &iam)
            .env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .output()
            .unwrap()
    };
    let doctor =
        |arguments: &[&str]| with_keys(&[&["doctor", "--provider", "aws"], arguments].concat());
    let output = doctor(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let checks = checks(&output);
    has(&checks, "ok credentials: from environment variables");
    has(
        &checks,
        "ok identity: arn:aws:iam::000000000000:user/ci in account 000000000000",
    );
    has(&checks, "ok clock: ");
    has(&checks, "ok region: us-east-1 is enabled");
    has(&checks, "ok lease: not held");
    has(&checks, "ok plan: 9 to create");
    has(&checks, "fails permissions: 1 of ");
    // moto's account may have 5 and has none; it has a default VPC.
    has(
        &checks,
        "fails quota: Elastic IPs in us-east-1: 6 more, 0 in use, 5 allowed",
    );
    has(
        &checks,
        "ok quota: VPCs in us-east-1: 1 more, 1 in use, 5 (published default) allowed",
    );
    has(
        &checks,
        "ok quota: vCPUs of standard on-demand instances in us-east-1: up to 2 more, 0 in use, 5 (published default) allowed",
    );
    has(
        &checks,
        "ok quota: rules of us-east-1/group (inbound), the fullest group: 1, 60 (published default) allowed",
    );
    let held = Command::new(programs().join("python"))
        .args(["-c", LEASE, &all])
        .status()
        .unwrap();
    assert!(held.success());
    let words = String::from_utf8(doctor(&[]).stdout).unwrap();
    assert!(
        words.contains("lease        ann@desk runs `scalectl apply`, renewed "),
        "{words}"
    );
    assert!(
        words.contains("ec2:AllocateAddress (AWS::EC2::EIP) is denied"),
        "{words}"
    );
    assert!(!words.contains(secret), "{words}");
    // The role that the spec names is asked for by its own ARN.
    let role = "provider: {aws: {role_arn: 'arn:aws:iam::000000000000:role/deploy'}}";
    let spec = SPEC.replace("stage:", &format!("{role}\nstage:"));
    std::fs::write(folder.path().join("scalectl.yaml"), spec).unwrap();
    let checks = self::checks(&with_keys(&["doctor", "--json"]));
    has(
        &checks,
        "ok credentials: from an assumed role, role arn:aws:iam::000000000000:role/deploy, for ",
    );
    has(
        &checks,
        "ok identity: arn:aws:sts::000000000000:assumed-role/deploy/scalectl",
    );
    has(&checks, "fails permissions: 1 of ");
    // With the wrong account nothing more is asked.
    let spec = SPEC.replace(
        "stage:",
        "provider: {aws: {allowed_accounts: ['222222222222']}}\nstage:",
    );
    std::fs::write(folder.path().join("scalectl.yaml"), spec).unwrap();
    let output = with_keys(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let checks = self::checks(&output);
    has(&checks, "fails identity: ");
    has(&checks, "ok clock: ");
    assert_eq!(checks.len(), 4, "{checks:?}");
}

#[test]
fn an_account_that_is_not_allowed_is_shown_nothing_and_changed_nothing() {
    let emulator = Emulator::start(Kind::Moto);
    let proxy = Proxy::before(&emulator, Faults::none());
    let folder = project();
    let run = |account: &str, arguments: &[&str]| {
        let provider = format!("provider: {{aws: {{allowed_accounts: ['{account}']}}}}\nstage:");
        let spec = SPEC.replace("stage:", &provider);
        std::fs::write(folder.path().join("scalectl.yaml"), spec).unwrap();
        scalectl(folder.path(), arguments)
            .env("AWS_ENDPOINT_URL", proxy.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .unwrap()
    };
    let approved = ["--auto-approve"];
    let all: [&[&str]; 10] = [
        &["plan"],
        // The provider that the spec names anyway.
        &["--provider", "aws", "plan"],
        &["--provider", "aws", "apply", approved[0]],
        &["status"],
        &["apply", approved[0]],
        &["destroy", approved[0]],
        &["lease", "show"],
        &["lease", "break", approved[0]],
        &["import", "--discover"],
        &["import", "us-east-1/vpc", "vpc-1", approved[0]],
    ];
    for arguments in all {
        let output = run("222222222222", arguments);
        let (shown, told) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert_eq!(shown, "", "{arguments:?}");
        let why = "the credentials are those of account 123456789012, but `allowed_accounts` in the spec lists 222222222222; nothing was done";
        assert!(told.contains(why), "{arguments:?}: {told}");
        assert!(
            told.contains("use the credentials of an allowed account"),
            "{told}"
        );
    }
    let calls = proxy.calls();
    let changing: Vec<_> = calls.iter().filter(|call| call.changes).collect();
    assert!(changing.is_empty(), "{changing:?}");
    assert!(calls.len() >= all.len(), "{calls:?}");
    // The same account, allowed.
    let output = run("123456789012", &["plan"]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("account 123456789012 in us-east-1, at "),
        "{shown}"
    );
    assert!(shown.contains("9 to create"), "{shown}");
}

#[test]
fn calls_go_through_the_proxy_that_the_environment_names() {
    let folder = project();
    let (proxy, asked) = listening();
    let first = |name: &str, endpoint: Option<&str>| {
        let mut doctor = scalectl(folder.path(), &["doctor", "--provider", "aws"]);
        doctor
            .env(name, &proxy)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        if let Some(endpoint) = endpoint {
            doctor.env("AWS_ENDPOINT_URL", endpoint);
        }
        let mut doctor = doctor
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let line = asked.recv_timeout(Duration::from_secs(60));
        // It would try for minutes.
        doctor.kill().unwrap();
        doctor.wait().unwrap();
        // What it asked besides.
        while asked.try_recv().is_ok() {}
        line.unwrap()
    };
    let line = first("HTTPS_PROXY", None);
    assert!(
        line.starts_with("CONNECT ") && line.contains(".amazonaws.com:443 "),
        "{line}"
    );
    let line = first("HTTP_PROXY", Some("http://aws.example.com:4566"));
    assert!(
        line.starts_with("POST http://aws.example.com:4566/ "),
        "{line}"
    );
}
