//! What the credentials may, by IAM's own simulation of their policies.

use crate::doctor::permissions::{Decision, Needed};
use crate::provider::aws::clients::HOME;
use crate::provider::aws::sdk::iam;
use crate::provider::aws::service::{MARKER, input, items, list, pages, text, texts};
use crate::provider::aws::{Aws, fail};
use crate::provider::{ErrorKind, Outcome, ProviderError};
use crate::value::{Map, Value};

/// Actions in one question: as many answers as come on one page
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>).
const ACTIONS: usize = 100;

impl Aws {
    /// Asks IAM for each of these actions whether the credentials may do it to any resource.
    ///
    /// # Errors
    /// When IAM does not tell, or the credentials are nobody's whose policies it can simulate.
    pub async fn decisions(&self, needed: &Needed) -> Outcome<Vec<Decision>> {
        let (arn, guessed) = self.principal().await?;
        let api = self.clients.iam(HOME);
        let actions: Vec<&str> = needed.keys().map(|action| &**action).collect();
        let mut decisions = Vec::new();
        for some in actions.chunks(ACTIONS) {
            let mut question = input(serde_json::json!({"PolicySourceArn": arn}));
            question.insert("ActionNames", list(some));
            let call = async |question: &Map| iam::simulate_principal_policy(&api, question).await;
            let answers = pages(call, question, "EvaluationResults", MARKER).await;
            let answers = answers.map_err(|error| match (&guessed, error.kind) {
                // The role has a path, which only the refused call would have told.
                (Some(refused), ErrorKind::NotFound) => refused.clone(),
                _ => error,
            })?;
            decisions.extend(answers.iter().map(decision));
        }
        Ok(decisions)
    }

    /// The user or role whose policies count for these credentials; and where that is a guess, why.
    async fn principal(&self) -> Outcome<(String, Option<ProviderError>)> {
        let arn = &*self.who.known().await?.arn;
        match principal_of(arn) {
            Principal::Itself => Ok((arn.to_owned(), None)),
            // An assumed role's ARN has no path, and the role's own has.
            Principal::Role(name) => {
                let question = input(serde_json::json!({"RoleName": name}));
                match iam::get_role(&self.clients.iam(HOME), &question).await {
                    Ok(role) => Ok((text(&role, "Role.Arn").to_owned(), None)),
                    Err(error) if error.kind == ErrorKind::Denied => {
                        Ok((role_without_path(arn, name), Some(error)))
                    }
                    Err(error) => Err(error),
                }
            }
            Principal::Other(what) => {
                let message = format!("{arn} is {what}; IAM cannot simulate its policies");
                Err(fail(
                    ErrorKind::Unsupported,
                    "NotSimulated",
                    message,
                    "iam:SimulatePrincipalPolicy",
                ))
            }
        }
    }
}

/// The ARN that the role of an assumed role's ARN has, if it has no path.
fn role_without_path(arn: &str, name: &str) -> String {
    let mut parts = arn.split(':').skip(1);
    let partition = parts.next().unwrap_or("aws");
    let account = parts.nth(2).unwrap_or_default();
    format!("arn:{partition}:iam::{account}:role/{name}")
}

/// Whose policies count.
#[derive(Debug, PartialEq)]
enum Principal<'a> {
    /// The caller's own: a user's.
    Itself,
    /// Those of the role with this name.
    Role(&'a str),
    /// Nobody's that can be simulated.
    Other(&'static str),
}

/// By the caller's ARN
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>).
fn principal_of(arn: &str) -> Principal<'_> {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    match resource.split_once('/') {
        Some(("user", _)) => Principal::Itself,
        Some(("assumed-role", rest)) => Principal::Role(rest.split('/').next().unwrap_or(rest)),
        Some(("federated-user", _)) => Principal::Other("a federated user"),
        _ if resource == "root" => Principal::Other("the account's root user"),
        _ => Principal::Other("neither a user nor a role"),
    }
}

/// One answer of the simulation.
fn decision(answer: &Map) -> Decision {
    let is_false = |path: &str| answer.at(path).and_then(Value::as_bool) == Some(false);
    let verdict = text(answer, "EvalDecision");
    let by = if is_false("OrganizationsDecisionDetail.AllowedByOrganizations") {
        Some("by a service control policy of the organization")
    } else if is_false("PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary") {
        Some("by the permissions boundary")
    } else if verdict == "explicitDeny" && items(answer, "MatchedStatements").next().is_some() {
        Some("by a statement with `Deny`")
    } else {
        None
    };
    Decision {
        action: text(answer, "EvalActionName").into(),
        allowed: verdict == "allowed",
        depends_on: texts(answer, "MissingContextValues")
            .map(str::to_owned)
            .collect(),
        by,
    }
}

#[cfg(test)]
mod tests {
    use crate::doctor::aws::permissions::*;

    #[test]
    fn the_policies_are_a_users_or_a_roles() {
        for (arn, principal) in [
            ("arn:aws:iam::1:user/teams/web/ann", Principal::Itself),
            (
                "arn:aws:sts::1:assumed-role/deploy/ci",
                Principal::Role("deploy"),
            ),
            (
                "arn:aws-us-gov:sts::1:assumed-role/AWSReservedSSO_Admin_0f/ann@x",
                Principal::Role("AWSReservedSSO_Admin_0f"),
            ),
            (
                "arn:aws:sts::1:federated-user/ann",
                Principal::Other("a federated user"),
            ),
            (
                "arn:aws:iam::1:root",
                Principal::Other("the account's root user"),
            ),
        ] {
            assert_eq!(principal_of(arn), principal);
        }
    }

    #[test]
    fn a_role_is_guessed_to_have_no_path() {
        let arn = "arn:aws-cn:sts::123456789012:assumed-role/deploy/ci";
        let role = "arn:aws-cn:iam::123456789012:role/deploy";
        assert_eq!(role_without_path(arn, "deploy"), role);
    }

    #[test]
    fn an_answer_says_who_forbids_it() {
        let told = |json| decision(&input(json));
        let plain =
            told(serde_json::json!({"EvalActionName": "ec2:CreateVpc", "EvalDecision": "allowed"}));
        assert!(plain.allowed && plain.by.is_none());
        let denied = told(
            serde_json::json!({"EvalActionName": "ec2:CreateVpc", "EvalDecision": "implicitDeny",
            "MissingContextValues": ["aws:RequestedRegion"]}),
        );
        assert!(!denied.allowed && denied.by.is_none());
        assert_eq!(denied.depends_on, ["aws:RequestedRegion"]);
        let organization = told(
            serde_json::json!({"EvalActionName": "ec2:CreateVpc", "EvalDecision": "implicitDeny",
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": false}}),
        );
        assert!(
            organization
                .by
                .is_some_and(|by| by.contains("organization"))
        );
    }
}
