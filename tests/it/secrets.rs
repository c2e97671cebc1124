//! No secret is told: one of each form goes through the commands that print or write what they found, on
//! the way up, when it changes, when somebody else changes it, and on the way down.

use std::path::Path;

use crate::project::{MODULE, Project, SPEC};

/// What no command may print. The simulator itself has to know it.
const SECRET: &str = "hunter2";
/// The same as a number.
const PIN: &str = "271828";

/// Secrets as a list's items, as an object's keys, in a header, in a tag, in a URL, in what a firewall looks for, and
/// as all there is.
fn module(secret: &str, rest: &str) -> String {
    let mood = if rest.is_empty() { "info" } else { "debug" };
    let origin = |id: &str, name: &str, value: &str| {
        serde_json::json!({
            "Id": id, "DomainName": format!("{id}.example.com"),
            "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
            "OriginCustomHeaders": [{"HeaderName": name, "HeaderValue": value}],
        })
    };
    let mut origins = vec![origin("app", "X-Origin-Verify", secret)];
    if rest.is_empty() {
        origins.push(origin("old", "Authorization", secret));
    }
    let distribution = serde_json::json!({"DistributionConfig": {
        "Enabled": true, "Origins": origins,
        "DefaultCacheBehavior": {"TargetOriginId": "app", "ViewerProtocolPolicy": "https-only",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"},
    }});
    let parameters = serde_json::json!({"Family": "postgres16", "Description": "x", "Parameters": {"ssl_passphrase": secret}});
    let tagged = serde_json::json!({"Name": "/tiny/plain", "Type": "String", "Value": format!("open{rest}"),
        "Tags": {"api-key": secret, "password": secret, "ownToken": secret}});
    let all = serde_json::json!({"Name": "/tiny/${vpc.VpcId}/API_TOKEN", "Type": "String", "Value": secret});
    let settings = serde_json::json!({"port": 80, "env": {"PIN_SECRET": PIN.parse::<u32>().unwrap(), "LOG_LEVEL": mood, "DB_PASSWORD": secret,
        "DATABASE_URL": format!("postgres://app:{secret}@db/shop")}});
    let text = serde_json::json!({"Name": "/tiny/settings", "Type": "String", "Value": settings.to_string()});
    let named = serde_json::json!({"Name": "tiny/db", "SecretString": secret});
    let url = serde_json::json!({"Name": "/tiny/url", "Type": "String", "Value": format!("amqp://app:{secret}@queue")});
    let visibility = |name: &str| serde_json::json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name});
    let firewall = serde_json::json!({"Name": "tiny", "Scope": "REGIONAL", "DefaultAction": {"Block": {}},
        "VisibilityConfig": visibility("tiny"), "Rules": [{"Name": "cdn", "Priority": 1, "Action": {"Allow": {}},
            "VisibilityConfig": visibility("cdn"), "Statement": {"ByteMatchStatement": {
                "FieldToMatch": {"SingleHeader": {"Name": "x-origin-verify"}}, "PositionalConstraint": "EXACTLY",
                "SearchString": secret, "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}}}]});
    let mut told = MODULE.to_owned();
    for (id, kind, tier, properties) in [
        ("cdn", "AWS::CloudFront::Distribution", "edge", distribution),
        ("group", "AWS::RDS::DBParameterGroup", "data", parameters),
        ("tagged", "AWS::SSM::Parameter", "compute", tagged),
        ("settings", "AWS::SSM::Parameter", "compute", text),
        ("token", "AWS::SSM::Parameter", "compute", all),
        ("named", "AWS::SecretsManager::Secret", "security", named),
        ("url", "AWS::SSM::Parameter", "compute", url),
        ("firewall", "AWS::WAFv2::WebACL", "edge", firewall),
    ] {
        told += &format!(
            "  - id: {id}\n    kind: {kind}\n    tier: {tier}\n    properties: {properties}\n"
        );
    }
    told
}

/// What a rule says of what it finds, and what one cannot decide.
const RULES: &str = "\
rules:
  - id: settings
    title: Settings
    severity: warn
    kinds: [AWS::EC2::VPC]
    require: spec.services.web.env.LOG_LEVEL == 'bad'
    message: ${spec.services.web.env} and ${spec.services.web.env.DB_PASSWORD}
    fix: f
  - id: undecided
    title: Undecided
    severity: warn
    kinds: [AWS::EC2::VPC]
    require: spec.services.web.env.DB_PASSWORD < 3
    message: m
    fix: f
";

/// A test that does not hold.
const TEST: &str = "\
tests:
  - name: settings
    expect: [spec.services.web.env.DB_PASSWORD == 'x', spec.services.web.env.LOG_LEVEL == 'bad']
";

/// Every file below, but for the simulator's own.
fn files(folder: &Path, told: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            files(&path, told);
        } else if !name.contains(".scalectl/sim")
            && !name.contains("blueprints/")
            && !name.ends_with("scalectl.yaml")
        {
            told.push((
                name,
                String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
            ));
        }
    }
}

/// Runs the commands, and fails where one of them, or a file that it leaves, tells a secret.
fn keeps(project: &Project, lines: &[&str]) {
    for line in lines {
        let output = project.try_run(line);
        let mut told = vec![(
            (*line).to_owned(),
            String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr),
        )];
        let text = &told[0].1;
        assert!(
            matches!(output.status.code(), Some(0 | 2)) || *line == "test",
            "{line}: {text}"
        );
        files(project.path(), &mut told);
        for (what, text) in told {
            let at = ["hunter", PIN].iter().find_map(|secret| text.find(secret));
            let at = at.map(|at| text[..at].chars().rev().take(200).collect::<String>());
            let at = at.map(|text| text.chars().rev().collect::<String>());
            assert!(at.is_none(), "after `{line}`, {what} tells it: {at:?}");
        }
    }
}

const PLANS: [&str; 5] = [
    "plan",
    "plan --json",
    "plan --markdown",
    "plan --html plan.html --out saved.plan",
    "apply --dry-run",
];

const LOOKS: [&str; 18] = [
    "status --json",
    "show us-east-1/token",
    "show us-east-1/token --json",
    "show us-east-1/tagged --json",
    "show us-east-1/settings --json",
    "show us-east-1/group",
    "show global/cdn",
    "show global/cdn --json",
    "show us-east-1/named --json",
    "show us-east-1/url --json",
    "show us-east-1/firewall",
    "snapshot --out live.json",
    "drift",
    "drift --json",
    "history --json",
    "policy check",
    "policy check --json",
    "test",
];

/// What the policies would have besides.
const BARE: [&str; 5] = [
    "cloudfront-certificate",
    "cloudfront-root-object",
    "cloudfront-sni",
    "cloudfront-tls-policy",
    "rds-postgres-tls",
];

#[test]
fn no_command_tells_a_secret_or_leaves_it_in_a_file() {
    let project = Project::new();
    let exception = |rule: &&str| {
        format!("- {{rule: {rule}, address: \"*\", reason: A test, expires: 2999-12-31}}\n")
    };
    let exceptions: String = BARE.iter().map(exception).collect();
    project.write(
        "policies/exceptions.yaml",
        format!("exceptions:\n{exceptions}"),
    );
    project.write(
        "scalectl.yaml",
        SPEC.replace(
            "nginx:1}",
            &format!(
                "nginx:1, env: {{DB_PASSWORD: {SECRET}, URL: \"x://a:{SECRET}@b\", LOG_LEVEL: info}}}}"
            ),
        ),
    );
    project.write("policies/own.yaml", RULES);
    project.write("tests/own.test.yaml", TEST);
    let write = |secret: &str, rest: &str| {
        project.write("blueprints/modules/tiny.yaml", module(secret, rest));
    };
    write(SECRET, "");
    keeps(&project, &PLANS);
    // The values that are not in the file come from the spec.
    keeps(&project, &["apply saved.plan --auto-approve"]);
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let held = |address: &str| {
        let output = project.run(&format!("sim show {address} --secrets"));
        String::from_utf8(output.stdout).unwrap()
    };
    for address in [
        "us-east-1/group",
        "us-east-1/tagged",
        "us-east-1/token",
        "global/cdn",
    ] {
        assert!(held(address).contains(SECRET), "{}", held(address));
    }
    keeps(&project, &LOOKS);
    assert_eq!(
        project.code("plan --live live.json --detailed-exitcode"),
        Some(0)
    );

    // Another secret, and one origin less: what goes has one too.
    write("hunter3", " to all");
    keeps(&project, &PLANS);
    let told = project.said(&["plan"]);
    for changed in [
        "us-east-1/group",
        "us-east-1/tagged",
        "us-east-1/token",
        "us-east-1/url",
        "us-east-1/firewall",
        "global/cdn",
    ] {
        assert!(told.contains(changed), "{told}");
    }
    for changed in [
        "env.DB_PASSWORD = \"(never shown)\" -> \"(never shown, another one)\"",
        "env.DATABASE_URL = \"(never shown)\" -> \"(never shown, another one)\"",
        "env.LOG_LEVEL = \"info\" -> \"debug\"",
    ] {
        assert!(told.contains(changed), "{told}");
    }
    // A plan for the secret that was is no plan for the one that is.
    write("hunter4", " to all");
    let told = project.said(&["apply saved.plan --auto-approve"]);
    assert!(told.contains("differs from the current plan"), "{told}");
    write("hunter3", " to all");
    keeps(&project, &["apply saved.plan --auto-approve --json"]);
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    keeps(&project, &LOOKS);

    project.run("sim drift us-east-1/token Value=hunter5");
    let told = project.said(&["plan"]);
    let sign = "~ Value = (never shown)  # changed outside";
    assert!(told.contains(sign), "{told}");
    keeps(
        &project,
        &["plan", "drift", "drift --json", "apply --auto-approve"],
    );
    keeps(&project, &["destroy --auto-approve"]);
}
