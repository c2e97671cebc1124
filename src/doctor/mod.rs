//! What `scalectl doctor` looks at before anything is touched: checks, and the pure part of them.
//!
//! `permissions` says which IAM actions a plan needs, `quotas` how much of what AWS limits it would
//! make, `zones` where its servers go; they judge what AWS answers. `images` and `delegation` read what registries and
//! public resolvers answer to anybody, as the values of `web`. Asking is `doctor::aws`'s.

#[cfg(feature = "aws")]
pub mod aws;
pub mod delegation;
pub mod images;
pub mod permissions;
pub mod quotas;
pub mod web;
pub mod zones;

use schemars::JsonSchema;
use serde::Serialize;

use crate::provider::{ErrorKind, ProviderError};

/// What mends that there are no credentials; `profile` is the one that was named.
pub fn how_to_log_in(profile: Option<&str>) -> String {
    let login = match profile {
        Some(name) => format!(
            "check with `aws configure list-profiles` that the profile {name} exists, log in with `aws sso login --profile {name}`, or set AWS_PROFILE to another profile"
        ),
        None => "run `aws sso login` or `aws configure`, or set AWS_PROFILE".to_owned(),
    };
    format!("{login}, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `--provider sim` needs none")
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All is well.
    Ok,
    /// It may go wrong, or could not be looked at.
    Warning,
    /// It will go wrong.
    Fails,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// What was looked at, such as `clock`.
    pub check: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What it is made of, a line each, where that is more than one thing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub details: Vec<String>,
    /// The command or the edit that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    /// All is well.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            found: found.into(),
            details: Vec::new(),
            mend: None,
        }
    }

    /// It may go wrong, or could not be looked at.
    pub fn warning(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            mend: Some(mend.into()),
            ..Self::ok(check, found)
        }
    }

    /// It will go wrong.
    pub fn fails(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fails,
            mend: Some(mend.into()),
            ..Self::ok(check, found)
        }
    }

    /// It could not be looked at, because the call that tells failed.
    pub fn not_asked(check: &'static str, what: &str, error: &ProviderError) -> Self {
        let found = format!("{what} could not be checked: {error}");
        match error.kind {
            ErrorKind::Denied => Self::warning(
                check,
                found,
                format!(
                    "allow `{}`; `scalectl iam-policy --doctor` prints all permissions that doctor needs",
                    error.operation
                ),
            ),
            _ => Self {
                verdict: Verdict::Warning,
                ..Self::ok(check, found)
            },
        }
    }
}
