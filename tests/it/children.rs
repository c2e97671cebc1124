//! Types without tags of their own: they are marked on what they belong to, found again, and deleted.

use crate::project::Project;

/// One of each service's that a web application is likely to need, below a parent of the same file.
const MODULE: &str = r#"
module: tiny
description: What has no tags.
resources:
  - {id: vpc, kind: "AWS::EC2::VPC", tier: network, properties: {CidrBlock: "10.0.0.0/16"}}
  - {id: subnet, kind: "AWS::EC2::Subnet", tier: network, forEach: "${['a', 'b']}", properties: {VpcId: "${vpc.VpcId}", AvailabilityZone: "${region.name}${each.key}", CidrBlock: "${cidrsubnet('10.0.0.0/16', 8, each.index)}"}}
  - {id: more, kind: "AWS::EC2::VPCCidrBlock", tier: network, properties: {VpcId: "${vpc.VpcId}", CidrBlock: "10.1.0.0/16"}}
  - {id: six, kind: "AWS::EC2::VPCCidrBlock", tier: network, properties: {VpcId: "${vpc.VpcId}", AmazonProvidedIpv6CidrBlock: true}}
  - {id: files, kind: "AWS::EFS::FileSystem", tier: data, properties: {Encrypted: true}}
  - {id: mount, kind: "AWS::EFS::MountTarget", tier: data, forEach: "${['a', 'b']}", properties: {FileSystemId: "${files.FileSystemId}", SubnetId: "${subnet[each.key].SubnetId}", SecurityGroups: []}}
  - {id: queue, kind: "AWS::SQS::Queue", tier: compute, properties: {}}
  - {id: allow, kind: "AWS::SQS::QueuePolicy", tier: security, properties: {Queues: ["${queue.QueueUrl}"], PolicyDocument: {Version: "2012-10-17", Statement: []}}}
  - {id: topic, kind: "AWS::SNS::Topic", tier: monitoring, properties: {}}
  - {id: handler, kind: "AWS::Lambda::Function", tier: compute, properties: {Code: {ZipFile: x}, Role: "arn:aws:iam::123456789012:role/x", Runtime: python3.13, Handler: index.run}}
  - {id: invoke, kind: "AWS::Lambda::Permission", tier: compute, properties: {FunctionName: "${handler.FunctionName}", Action: "lambda:InvokeFunction", Principal: sns.amazonaws.com, SourceArn: "${topic.TopicArn}"}}
  - {id: people, kind: "AWS::Cognito::UserPool", tier: security, properties: {UserPoolName: people}}
  - {id: client, kind: "AWS::Cognito::UserPoolClient", tier: security, properties: {UserPoolId: "${people.UserPoolId}", ClientName: web}}
  - {id: api, kind: "AWS::ApiGatewayV2::Api", tier: edge, properties: {Name: api, ProtocolType: HTTP}}
  - {id: route, kind: "AWS::ApiGatewayV2::Route", tier: edge, properties: {ApiId: "${api.ApiId}", RouteKey: "GET /"}}
  - {id: logs, kind: "AWS::Logs::LogGroup", tier: monitoring, properties: {}}
  - {id: metric, kind: "AWS::Logs::MetricFilter", tier: monitoring, properties: {LogGroupName: "${logs.LogGroupName}", FilterName: errors, FilterPattern: ERROR, MetricTransformations: [{MetricName: errors, MetricNamespace: tiny, MetricValue: "1"}]}}
  - {id: key, kind: "AWS::SecretsManager::Secret", tier: security, properties: {GenerateSecretString: {}}}
  - {id: rotation, kind: "AWS::SecretsManager::RotationSchedule", tier: security, properties: {SecretId: "${key.Id}", RotationRules: {AutomaticallyAfterDays: 30}, RotationLambdaARN: "${handler.Arn}"}}
"#;

const RESOURCES: usize = 21;

fn project(more: &str) -> Project {
    let project = Project::new();
    project.write("blueprints/modules/tiny.yaml", format!("{MODULE}{more}"));
    project
}

fn said(project: &Project, line: &str) -> String {
    project.said(&[line])
}

#[test]
fn children_are_made_found_again_and_deleted_before_what_they_belong_to() {
    let project = project("");
    let applied = said(&project, "apply --auto-approve");
    assert!(
        applied.contains(&format!("{RESOURCES} created")),
        "{applied}"
    );
    let planned = said(&project, "plan");
    assert!(
        planned.contains(&format!("Nothing to do: {RESOURCES} resources")),
        "{planned}"
    );
    let allowed =
        ["client", "files", "people", "queue"].map(|id| format!("--allow us-east-1/{id}"));
    let allowed = allowed.join(" ");
    let gone = said(&project, &format!("destroy --auto-approve {allowed}"));
    assert!(gone.contains(&format!("{RESOURCES} deleted")), "{gone}");
    let at = |what: &str| gone.find(what).unwrap_or_else(|| panic!("{what}: {gone}"));
    assert!(at("- us-east-1/mount[a] deleted") < at("- us-east-1/files deleted"));
}

#[test]
fn a_child_that_left_the_blueprint_is_deleted_and_another_key_is_another_child() {
    let project = project("");
    said(&project, "apply --auto-approve");
    let without: Vec<&str> = MODULE
        .lines()
        .filter(|line| !line.contains("id: allow,"))
        .collect();
    let text = without.join("\n").replace("GET /", "POST /");
    project.write("blueprints/modules/tiny.yaml", text);
    let planned = said(&project, "plan");
    for line in [
        "- us-east-1/allow",
        "us-east-1/route  AWS::ApiGatewayV2::Route",
    ] {
        assert!(planned.contains(line), "{line}: {planned}");
    }
    let replaced = planned
        .lines()
        .find(|line| line.contains("us-east-1/route "));
    assert!(
        replaced.is_some_and(|line| !line.trim_start().starts_with('~')),
        "{planned}"
    );
    said(&project, "apply --auto-approve");
    let again = said(&project, "plan");
    assert!(again.contains("Nothing to do"), "{again}");
}

#[test]
fn children_that_would_not_be_found_again_are_refused_at_their_line() {
    let cases = [
        (
            r#"  - {id: twin, kind: "AWS::Cognito::UserPoolClient", tier: security, properties: {UserPoolId: "${people.UserPoolId}", ClientName: web}}"#,
            "us-east-1/client and us-east-1/twin cannot be told apart",
        ),
        (
            r#"  - {id: twin, kind: "AWS::SecretsManager::RotationSchedule", tier: security, properties: {SecretId: "${key.Id}"}}"#,
            "us-east-1/key has one AWS::SecretsManager::RotationSchedule; put both into it",
        ),
        (
            r#"  - {id: foreign, kind: "AWS::Lambda::Permission", tier: compute, properties: {FunctionName: somebodys, Action: "lambda:InvokeFunction", Principal: "*"}}"#,
            "us-east-1/foreign: FunctionName does not refer to a AWS::Lambda::Function of this blueprint",
        ),
        (
            r#"  - {id: arn, kind: "AWS::Lambda::Alias", tier: compute, properties: {FunctionName: "${handler.Arn}", FunctionVersion: "1", Name: live}}"#,
            "us-east-1/arn: FunctionName does not refer to a AWS::Lambda::Function of this blueprint",
        ),
        (
            r#"  - {id: two, kind: "AWS::SQS::QueuePolicy", tier: security, properties: {Queues: ["${queue2.QueueUrl}", "${queue.QueueUrl}"], PolicyDocument: {}}}
  - {id: queue2, kind: "AWS::SQS::Queue", tier: compute, properties: {}}"#,
            "us-east-1/two: Queues has more than one entry",
        ),
        (
            r#"  - {id: many, kind: "AWS::ApiGatewayV2::Route", tier: edge, forEach: "${range(41)}", properties: {ApiId: "${api.ApiId}", RouteKey: "GET /${each.key}"}}"#,
            "us-east-1/api has 42 children that use its tags",
        ),
        (
            r#"  - {id: old, kind: "AWS::DAX::Cluster", tier: cache, properties: {IAMRoleARN: a, NodeType: b, ReplicationFactor: 1}}"#,
            "AWS::DAX::Cluster is not supported: scalectl has no mapping for it",
        ),
        (
            r#"  - {id: old, kind: "AWS::IAM::RolePolicy", tier: security, properties: {RoleName: a, PolicyName: b}}"#,
            "AWS::IAM::RolePolicy is not supported: its tags cannot be set",
        ),
    ];
    for (more, message) in cases {
        let said = said(&project(&format!("{more}\n")), "validate");
        assert_eq!(said.matches("error: ").count(), 1, "{said}");
        assert!(said.contains(message), "{message}: {said}");
        assert!(said.contains("blueprints/modules/tiny.yaml:2"), "{said}");
    }
}
