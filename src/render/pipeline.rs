//! Pipelines for code hosts, and the roles on AWS that their jobs take on.
//!
//! A pipeline plans for each request, carries exactly that plan out once it is merged, and looks for drift. Its
//! shell steps are `templates/ci/*.sh`: on GitHub the action runs them, on GitLab they stand in the pipeline.

use std::collections::BTreeSet;
use std::sync::Arc;

use handlebars::{Handlebars, no_escape};
use serde_json::{Value as Json, json};

use super::iam;

const GITHUB: &str = include_str!("../../templates/ci/github.yml");
const GITLAB: &str = include_str!("../../templates/ci/gitlab.yml");

/// The shell steps that GitLab's jobs run.
const SCRIPTS: [(&str, &str); 6] = [
    ("install.sh", include_str!("../../templates/ci/install.sh")),
    ("plan.sh", include_str!("../../templates/ci/plan.sh")),
    (
        "comment-gitlab.sh",
        include_str!("../../templates/ci/comment-gitlab.sh"),
    ),
    (
        "fetch-gitlab.sh",
        include_str!("../../templates/ci/fetch-gitlab.sh"),
    ),
    ("deploy.sh", include_str!("../../templates/ci/deploy.sh")),
    ("drift.sh", include_str!("../../templates/ci/drift.sh")),
];

/// A code host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI/CD.
    GitLab,
}

/// What a pipeline is for.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Where it runs.
    pub host: Host,
    /// The folder of the spec, from the repository's root; `.` for the root itself.
    pub directory: String,
    /// The spec's environment; empty for none.
    pub environment: String,
    /// The branch whose state is the real one.
    pub branch: String,
    /// The code host's environment whose protection says who approves.
    pub approval: String,
    /// The primary region, where the provider is AWS.
    pub region: Option<String>,
    /// The roles that its jobs take on, to plan and to apply; the host's variables, where they are not given.
    pub roles: (Option<String>, Option<String>),
    /// The file that it is written to, from the repository's root.
    pub file: String,
}

impl Pipeline {
    /// It as YAML.
    pub fn yaml(&self) -> String {
        let scripts: String = SCRIPTS
            .iter()
            .map(|(name, text)| heredoc(name, text))
            .collect();
        let scripts = format!("      mkdir -p /tmp/scalectl-ci\n{scripts}");
        let role = |given: &Option<String>, name: &str| match (given, self.host) {
            (Some(arn), _) => format!("'{arn}'"),
            (None, Host::GitHub) => format!("${{{{ vars.{name} }}}}"),
            (None, Host::GitLab) => format!("${name}"),
        };
        let suffix = &self.environment;
        let place = format!("{} {}", self.directory, self.environment);
        let values = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "paths": match &*self.directory {
                "." => "**".to_owned(),
                directory => format!("{directory}/**"),
            },
            "directory": self.directory,
            "environment": self.environment,
            "branch": self.branch,
            "approval": self.approval,
            "aws": self.region.is_some(),
            "region": self.region,
            "plan_role": role(&self.roles.0, "SCALECTL_PLAN_ROLE"),
            "apply_role": role(&self.roles.1, "SCALECTL_APPLY_ROLE"),
            "file": self.file,
            "place": place.trim_end(),
            "suffix": suffix,
            "dashed": if suffix.is_empty() { String::new() } else { format!("-{suffix}") },
            "scripts": scripts.trim_end(),
        });
        let template = match self.host {
            Host::GitHub => GITHUB,
            Host::GitLab => GITLAB,
        };
        let mut engine = Handlebars::new();
        engine.register_escape_fn(no_escape);
        engine.set_strict_mode(true);
        engine
            .render_template(template, &values)
            // Both templates are in the binary, and a test renders them.
            .unwrap_or_else(|error| panic!("a built-in template is invalid: {error}"))
    }
}

/// A script, written to a file by the job that needs it.
fn heredoc(name: &str, text: &str) -> String {
    let mut lines = format!("      cat > /tmp/scalectl-ci/{name} <<'SCALECTL_SCRIPT'\n");
    for line in text.lines() {
        match line {
            "" => lines.push('\n'),
            line => lines.push_str(&format!("      {line}\n")),
        }
    }
    lines.push_str("      SCALECTL_SCRIPT\n");
    lines
}

/// Who may take on the roles.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Where jobs run.
    pub host: Host,
    /// `owner/name` of the repository.
    pub repository: String,
    /// The branch whose state is the real one.
    pub branch: String,
    /// The code host's environment whose protection says who approves.
    pub approval: String,
}

impl Trust {
    /// The issuer's host name.
    fn issuer(&self) -> &'static str {
        match self.host {
            Host::GitHub => "token.actions.githubusercontent.com",
            Host::GitLab => "gitlab.com",
        }
    }

    fn audience(&self) -> &'static str {
        match self.host {
            Host::GitHub => "sts.amazonaws.com",
            Host::GitLab => "https://gitlab.com",
        }
    }

    /// The subjects of jobs that plan or look for drift, and of those that apply
    /// (<https://docs.github.com/en/actions/reference/security/oidc>,
    /// <https://docs.gitlab.com/ci/secrets/id_token_authentication/>).
    fn subjects(&self) -> (Vec<String>, Vec<String>) {
        let Self {
            repository,
            branch,
            approval,
            ..
        } = self;
        match self.host {
            Host::GitHub => (
                vec![
                    format!("repo:{repository}:pull_request"),
                    format!("repo:{repository}:ref:refs/heads/{branch}"),
                ],
                vec![format!("repo:{repository}:environment:{approval}")],
            ),
            Host::GitLab => (
                vec![format!("project_path:{repository}:ref_type:branch:ref:*")],
                vec![format!(
                    "project_path:{repository}:ref_type:branch:ref:{branch}"
                )],
            ),
        }
    }

    fn policy(&self, subjects: &[String]) -> Json {
        let issuer = self.issuer();
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Federated": {"Fn::If": [
                    "CreatesProvider",
                    {"Ref": "Provider"},
                    {"Fn::Sub": format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{issuer}")},
                ]}},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {format!("{issuer}:aud"): self.audience()},
                    "StringLike": {format!("{issuer}:sub"): subjects},
                },
            }],
        })
    }
}

/// A CloudFormation template of the two roles, `app`'s: one that can change nothing, and one that applies.
pub fn roles(
    app: &str,
    trust: &Trust,
    reads: &BTreeSet<Arc<str>>,
    changes: &BTreeSet<Arc<str>>,
) -> Json {
    let (plans, applies) = trust.subjects();
    let mut resources = serde_json::Map::new();
    resources.insert(
        "Provider".to_owned(),
        json!({
            "Type": "AWS::IAM::OIDCProvider",
            "Condition": "CreatesProvider",
            "Properties": {
                "Url": format!("https://{}", trust.issuer()),
                "ClientIdList": [trust.audience()],
            },
        }),
    );
    let mut role = |name: &str, what: &str, hours: u32, subjects: &[String], actions| {
        let mut policies = Vec::new();
        for (number, policy) in iam::managed(actions).into_iter().enumerate() {
            let id = format!("{name}Policy{}", number + 1);
            policies.push(json!({"Ref": id}));
            resources.insert(
                id,
                json!({
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": {"Description": what, "PolicyDocument": policy},
                }),
            );
        }
        resources.insert(
            name.to_owned(),
            json!({
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "Description": what,
                    "AssumeRolePolicyDocument": trust.policy(subjects),
                    "ManagedPolicyArns": policies,
                    "MaxSessionDuration": hours * 3600,
                },
            }),
        );
    };
    let plans_for = format!("Plans {app} and looks for drift; can change nothing");
    role("PlanRole", &plans_for, 1, &plans, reads);
    // A migration waits for its gates.
    role(
        "ApplyRole",
        &format!("Applies {app}"),
        12,
        &applies,
        changes,
    );
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Roles for the pipelines of {}", trust.repository),
        "Parameters": {
            "CreateProvider": {
                "Type": "String",
                "Default": "yes",
                "AllowedValues": ["yes", "no"],
                "Description": format!("Whether this account does not trust {} yet", trust.issuer()),
            },
        },
        "Conditions": {"CreatesProvider": {"Fn::Equals": [{"Ref": "CreateProvider"}, "yes"]}},
        "Resources": resources,
        "Outputs": {
            "PlanRoleArn": {"Value": {"Fn::GetAtt": ["PlanRole", "Arn"]}},
            "ApplyRoleArn": {"Value": {"Fn::GetAtt": ["ApplyRole", "Arn"]}},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(host: Host, environment: &str, region: Option<&str>) -> Pipeline {
        Pipeline {
            host,
            directory: "infra/shop".to_owned(),
            environment: environment.to_owned(),
            branch: "main".to_owned(),
            approval: "production".to_owned(),
            region: region.map(str::to_owned),
            roles: (None, None),
            file: ".gitlab/scalectl.yml".to_owned(),
        }
    }

    #[test]
    fn a_pipeline_without_aws_asks_for_no_credentials() {
        for host in [Host::GitHub, Host::GitLab] {
            let without = pipeline(host, "", None).yaml();
            assert!(
                !without.contains("ROLE") && !without.contains("IDENTITY"),
                "{without}"
            );
            let with = pipeline(host, "", Some("eu-west-1")).yaml();
            assert!(with.contains("SCALECTL_PLAN_ROLE") && with.contains("SCALECTL_APPLY_ROLE"));
        }
    }

    #[test]
    fn expressions_of_the_host_are_left_to_it() {
        let yaml = pipeline(Host::GitHub, "", Some("eu-west-1")).yaml();
        assert!(
            yaml.contains("scalectl-plan-${{ github.event.pull_request.number }}"),
            "{yaml}"
        );
        assert!(yaml.contains("${{ vars.SCALECTL_PLAN_ROLE }}"), "{yaml}");
    }

    #[test]
    fn environments_have_jobs_of_their_own() {
        let yaml = pipeline(Host::GitLab, "staging", None).yaml();
        assert!(yaml.contains("scalectl-apply-staging:"), "{yaml}");
        assert!(yaml.contains("SCALECTL_ENV: 'staging'"), "{yaml}");
    }

    #[test]
    fn only_approved_jobs_take_on_the_role_that_changes() {
        let trust = Trust {
            host: Host::GitHub,
            repository: "acme/shop".to_owned(),
            branch: "main".to_owned(),
            approval: "production".to_owned(),
        };
        let one = BTreeSet::from(["ec2:DescribeVpcs".into()]);
        let template = roles("shop", &trust, &one, &one);
        let subjects = |role: &str| {
            let policy = &template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"];
            policy["Statement"][0]["Condition"]["StringLike"]["token.actions.githubusercontent.com:sub"].clone()
        };
        assert_eq!(
            subjects("ApplyRole"),
            json!(["repo:acme/shop:environment:production"])
        );
        let plans = json!([
            "repo:acme/shop:pull_request",
            "repo:acme/shop:ref:refs/heads/main"
        ]);
        assert_eq!(subjects("PlanRole"), plans);
    }
}
