//! Resources of the user's own: which exist at a stage, what services may do with them, and how mistakes are reported.

use crate::common::{applied, come_and_go, graph_at, graph_of, plan, runtime, sim, spec_at};
use crate::project::Project;
use scalectl::blueprint::{Library, compile};
use scalectl::graph::Graph;
use scalectl::plan::guard::refusals;
use scalectl::spec::{Stage, load};
use scalectl::value::Value;

const RESOURCES: &str = "\
app: shop
stage: single-server
domain: shop.example
services:
  web: {image: \"nginx:1\", uses: [jobs, carts]}
  admin:
    image: nginx:1
    paths: [/admin/*]
    uses: [{resource: jobs, actions: [\"sqs:SendMessage\"], env: {JOBS_URL: QueueUrl}}]
resources:
  jobs:
    kind: AWS::SQS::Queue
    properties:
      KmsMasterKeyId: ${jobs_key.Arn}
      RedrivePolicy: {deadLetterTargetArn: \"${jobs_dead.Arn}\", maxReceiveCount: 5}
  jobs_dead: {kind: AWS::SQS::Queue}
  jobs_key:
    kind: AWS::KMS::Key
    properties: {Description: \"Jobs of ${spec.app} in ${region.name}\"}
  carts:
    kind: AWS::DynamoDB::Table
    regions: all
    properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
";

/// The addresses of the resources that the spec declares.
fn own(graph: &Graph) -> Vec<String> {
    let all = graph.iter().map(|one| &one.address);
    all.filter(|address| address.id.starts_with("jobs") || &*address.id == "carts")
        .map(ToString::to_string)
        .collect()
}

/// What compiling a spec with these resources reports.
fn mistakes(head: &str, resources: &str) -> Vec<String> {
    let text = format!("app: shop\nstage: single-server\n{head}\nresources:\n{resources}");
    let found = load("scalectl.yaml", &text, None, None)
        .and_then(|spec| compile(&Library::embedded()?, &spec))
        .unwrap_err();
    let shown = found.iter().map(|one| {
        let place = one.location.as_ref().unwrap();
        assert!(one.line.is_some(), "{one:?}");
        let help = one.help.as_deref().unwrap_or_default();
        format!("{place} {} ({help})", one.message)
    });
    shown.collect()
}

const WEB: &str = "services: {web: {image: x}}";

#[test]
fn resources_exist_at_every_stage() {
    let primary = [
        "us-east-1/carts",
        "us-east-1/jobs",
        "us-east-1/jobs_dead",
        "us-east-1/jobs_key",
    ];
    for stage in Stage::ALL {
        let found = own(&graph_at(RESOURCES, stage));
        if stage == Stage::MultiRegion {
            assert_eq!(found[0], "eu-west-1/carts");
            assert_eq!(found[1..], primary);
        } else {
            assert_eq!(found, primary, "{}", stage.name());
        }
    }
}

#[test]
fn a_move_to_the_next_stage_leaves_resources_untouched() {
    for (before, after) in Stage::ALL.into_iter().zip(Stage::ALL.into_iter().skip(1)) {
        runtime().block_on(async {
            let sim = sim();
            applied(&sim, &spec_at(RESOURCES, before)).await;
            let plan = plan(&sim, &graph_at(RESOURCES, after)).await;
            let touched: Vec<String> = plan
                .changes
                .iter()
                .map(|change| change.address.to_string())
                .filter(|address| address.contains("/jobs") || address == "us-east-1/carts")
                .collect();
            assert!(touched.is_empty(), "{}: {touched:?}", after.name());
        });
    }
}

#[test]
fn a_second_plan_is_empty_and_destroy_removes_resources() {
    for stage in [Stage::SingleServer, Stage::MultiRegion] {
        runtime().block_on(come_and_go(&graph_at(RESOURCES, stage)));
    }
}

#[test]
fn a_resource_that_holds_data_is_protected() {
    runtime().block_on(async {
        let sim = sim();
        applied(&sim, &spec_at(RESOURCES, Stage::SingleServer)).await;
        let (text, _) = RESOURCES.split_once("resources:").unwrap();
        let text = text.replace(", uses: [jobs, carts]", "");
        let (text, _) = text.split_once("    uses").unwrap();
        let plan = plan(&sim, &graph_at(text, Stage::SingleServer)).await;
        let refused: Vec<String> = (refusals(&plan, &Default::default()).iter())
            .map(|refusal| refusal.address.to_string())
            .collect();
        for id in ["carts", "jobs", "jobs_dead", "jobs_key"] {
            assert!(
                refused.contains(&format!("us-east-1/{id}")),
                "{id}: {refused:?}"
            );
        }
    });
}

/// The statements of a role that name an action of these services.
fn statements(graph: &Graph, role: &str) -> Vec<String> {
    let role = graph.get(&role.parse().unwrap()).unwrap();
    let all = role.properties.at("Policies.0.PolicyDocument.Statement");
    let all = all.and_then(Value::as_list).unwrap();
    let of = |one: &&Value| {
        let action = one.at("Action.0").unwrap().to_string();
        ["sqs", "kms", "dynamodb"]
            .iter()
            .any(|service| action.starts_with(service))
    };
    (all.iter().filter(of))
        .map(|one| {
            let actions = one.at("Action").and_then(Value::as_list).unwrap();
            let on = one.at("Resource").unwrap();
            format!("{} and {} more: {on}", actions[0], actions.len() - 1)
        })
        .collect()
}

#[test]
fn a_role_allows_what_its_service_uses() {
    let found = graph_at(RESOURCES, Stage::LoadBalanced);
    assert_eq!(
        statements(&found, "global/role_service[admin]"),
        [
            "sqs:SendMessage and 0 more: [${us-east-1/jobs.Arn}]",
            "kms:Decrypt and 1 more: [${us-east-1/jobs_key.Arn}]",
        ]
    );
    assert_eq!(
        statements(&found, "global/role_service[web]"),
        [
            "sqs:ChangeMessageVisibility and 5 more: [${us-east-1/jobs.Arn}]",
            "kms:Decrypt and 1 more: [${us-east-1/jobs_key.Arn}]",
            "dynamodb:BatchGetItem and 12 more: [${us-east-1/carts.Arn}, \"${us-east-1/carts.Arn}/index/*\", \
             \"${us-east-1/carts.Arn}/stream/*\"]",
        ]
    );
    // Services of one server share its role, and each statement is in it once.
    let found = graph_at(RESOURCES, Stage::SingleServer);
    assert_eq!(statements(&found, "global/role_server").len(), 4);
    // Each region's servers use its own table, and the one queue.
    let found = graph_at(RESOURCES, Stage::MultiRegion);
    let away = statements(&found, "global/role_service[eu-west-1/web]");
    assert!(away[0].contains("us-east-1/jobs.Arn"), "{away:?}");
    assert!(away[2].contains("eu-west-1/carts.Arn"), "{away:?}");
}

#[test]
fn a_service_finds_its_resources_in_its_environment() {
    let settings = |service: &str| {
        let found = graph_at(RESOURCES, Stage::SingleServer);
        let address = format!("us-east-1/param_service[{service}]");
        let parameter = found.get(&address.parse().unwrap()).unwrap();
        parameter.property("Value").unwrap().to_string()
    };
    let web = settings("web");
    for part in [
        r#""AWS_REGION":"us-east-1""#,
        r#""RESOURCE_JOBS_URL":"${us-east-1/jobs.QueueUrl}""#,
        r#""RESOURCE_JOBS_ARN":"${us-east-1/jobs.Arn}""#,
        r#""RESOURCE_JOBS_REGION":"us-east-1""#,
        r#""RESOURCE_CARTS_NAME":"${us-east-1/carts.TableName}""#,
    ] {
        assert!(web.contains(part), "{part}: {web}");
    }
    let admin = settings("admin");
    assert!(
        admin.contains(r#""JOBS_URL":"${us-east-1/jobs.QueueUrl}""#),
        "{admin}"
    );
    assert!(!admin.contains("CARTS"), "{admin}");
}

#[test]
fn mistakes_are_reported_at_their_lines() {
    assert_eq!(
        mistakes(
            WEB,
            "  jobs: {kind: AWS::SQS::Qeue}\n  files:\n    kind: AWS::S3::Bucket\n    properties:\n      BucketNam: x\n"
        ),
        [
            "scalectl.yaml:5:16 there is no resource type AWS::SQS::Qeue (did you mean AWS::SQS::Queue?)",
            "scalectl.yaml:9:7 AWS::S3::Bucket has no property BucketNam (did you mean BucketName?)",
        ]
    );
    assert_eq!(
        mistakes(
            WEB,
            "  jobs:\n    kind: AWS::SQS::Queue\n    properties: {QueueName: \"${jbos_dead.QueueName}\"}\n  jobs_dead: {kind: AWS::SQS::Queue}\n"
        ),
        ["scalectl.yaml:7:29 there is no `jbos_dead` here (did you mean `jobs_dead`?)"]
    );
    assert_eq!(
        mistakes(WEB, "  vpc: {kind: AWS::EC2::VPC}\n"),
        [
            "scalectl.yaml:5:3 a blueprint has a resource with the name vpc (choose another name, such as one with the \
             application's name in front)"
        ]
    );
    // Not at this stage, but at another one.
    assert!(mistakes(WEB, "  alb: {kind: AWS::SQS::Queue}\n")[0].contains("with the name alb"));
    assert!(
        mistakes(WEB, "  Jobs: {kind: AWS::SQS::Queue}\n")[0].contains(":5:3 \"Jobs\" cannot be")
    );
    assert!(
        mistakes(WEB, "  spec: {kind: AWS::SQS::Queue}\n")[0].contains(":5:3 `spec` is a variable")
    );
    let circle = "  a_queue: {kind: AWS::SQS::Queue, properties: {QueueName: \"${b_queue.QueueName}\"}}\n  b_queue: {kind: AWS::SQS::Queue, properties: {QueueName: \"${a_queue.QueueName}\"}}\n";
    assert!(mistakes(WEB, circle)[0].contains(":5:3 these resources wait for each other"));
}

#[test]
fn a_reference_to_a_resource_of_another_stage_names_the_stage() {
    let of = |expression: &str| {
        format!(
            "  name:\n    kind: AWS::SSM::Parameter\n    properties: {{Type: String, Value: \"{expression}\"}}\n"
        )
    };
    let found = mistakes(WEB, &of("${alb.DNSName}"));
    assert!(found[0].contains("scalectl.yaml:7:"), "{found:?}");
    assert!(
        found[0].contains("does not exist at stage single-server"),
        "{found:?}"
    );
    let guarded = of("${alb == null ? 'none' : alb.DNSName}");
    let text = format!(
        "app: shop\nstage: single-server\ndomain: shop.example\n{WEB}\nresources:\n{guarded}"
    );
    let value = |stage| {
        let found = graph_at(&text, stage);
        let one = found.get(&"us-east-1/name".parse().unwrap()).unwrap();
        one.property("Value").unwrap().to_string()
    };
    assert_eq!(value(Stage::SingleServer), "none");
    assert_eq!(value(Stage::LoadBalanced), "${us-east-1/alb.DNSName}");
}

#[test]
fn a_use_that_cannot_be_granted_is_refused() {
    let uses = |one: &str| format!("services: {{web: {{image: x, uses: [{one}]}}}}");
    let cluster = "  search: {kind: AWS::ECS::Cluster}\n";
    assert_eq!(
        mistakes(&uses("search"), cluster),
        [
            "scalectl.yaml:3:35 AWS::ECS::Cluster has no default actions, so a use of search needs `actions` (list the IAM \
             actions: `uses: [{resource: search, actions: [\"service:Action\"]}]`)"
        ]
    );
    let found = mistakes(&uses("serch"), cluster);
    // A word that nobody knows may be a secret.
    assert!(
        found[0].contains(":3:35 resources does not declare *** (did you mean search?)"),
        "{found:?}"
    );
    let found = mistakes(&uses("{resource: search, actions: [\"*\"]}"), cluster);
    assert!(
        found[0].contains("services.web.uses.0.actions.0"),
        "{found:?}"
    );
    let secret = "  login: {kind: AWS::SecretsManager::Secret}\n";
    let found = mistakes(
        &uses("{resource: login, env: {LOGIN: SecretString}}"),
        secret,
    );
    assert!(found[0].contains("of login would be readable"), "{found:?}");
    let found = mistakes(&uses("{resource: login, env: {LOGIN: Nam}}"), secret);
    assert!(found[0].contains("(did you mean Name?)"), "{found:?}");
}

#[test]
fn an_environment_overrides_properties() {
    let text = format!(
        "{RESOURCES}environments:\n  staging:\n    domain: staging.shop.example\n    resources:\n      jobs: {{properties: {{VisibilityTimeout: 90}}}}\n"
    );
    let staging = load("scalectl.yaml", &text, Some("staging"), None).unwrap();
    let found = graph_of(&Library::embedded().unwrap(), &staging);
    let jobs = found.get(&"us-east-1/jobs".parse().unwrap()).unwrap();
    assert_eq!(jobs.property("VisibilityTimeout"), Some(&Value::Int(90)));
    assert!(jobs.property("RedrivePolicy").is_some());
}

#[test]
fn secrets_in_properties_stay_hidden() {
    let project = Project::empty();
    let text = format!(
        "app: shop\nstage: single-server\n{WEB}\nresources:\n  login:\n    kind: AWS::SecretsManager::Secret\n    properties: {{SecretString: correct-horse-battery}}\n"
    );
    project.write("scalectl.yaml", &text);
    for line in [
        "validate",
        "plan",
        "plan --json",
        "apply -y",
        "show --json",
        "sim show",
    ] {
        let output = project.try_run(line);
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert!(!all.contains("correct-horse"), "{line}: {all}");
    }
    project.write(
        "scalectl.yaml",
        text.replace("{SecretString", "{SecretStrin"),
    );
    let output = project.try_run("validate");
    let all = String::from_utf8_lossy(&output.stderr);
    assert!(all.contains("scalectl.yaml:7"), "{all}");
    assert!(!all.contains("correct-horse"), "{all}");
}
