//! Who we are on AWS, and whether the spec allows that account.
//!
//! It is asked once, beside the first lists. Whoever changes anything, takes the lease or shows
//! what was found waits for the answer first ([`Who::known`]).

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::call::Api;
use super::sdk::sts;
use super::service::text;
use crate::provider::{ErrorKind, Outcome, ProviderError};
use crate::value::Map;

/// The call, as errors and IAM name it.
pub const OPERATION: &str = "sts:GetCallerIdentity";

/// Who the credentials are.
pub struct Caller {
    /// The account's number.
    pub account: Arc<str>,
    /// The principal's ARN.
    pub arn: Arc<str>,
}

/// Who we are, once that is known.
pub struct Who {
    api: Api<aws_sdk_sts::Client>,
    /// The accounts that the spec allows; any, when it names none.
    allowed: Vec<String>,
    asked: OnceCell<Outcome<Caller>>,
}

impl Who {
    /// Not asked for yet.
    pub fn new(api: Api<aws_sdk_sts::Client>, allowed: &[String]) -> Self {
        Self {
            api,
            allowed: allowed.to_owned(),
            asked: OnceCell::new(),
        }
    }

    /// Who we are; the first to ask has AWS asked, and the others wait with it.
    ///
    /// # Errors
    /// When there are no credentials, AWS does not answer, or the account is not one of those that
    /// the spec allows. It stays that way.
    pub async fn known(&self) -> Outcome<&Caller> {
        let asked = self.asked.get_or_init(|| self.ask()).await;
        asked.as_ref().map_err(Clone::clone)
    }

    async fn ask(&self) -> Outcome<Caller> {
        let asked = sts::get_caller_identity(&self.api, &Map::new()).await;
        // The SDK has tried for long enough, and nothing may be done without an answer.
        let identity = asked.map_err(|error| {
            if error.kind.is_retryable() {
                ProviderError {
                    kind: ErrorKind::Denied,
                    ..error
                }
            } else {
                error
            }
        })?;
        let account = text(&identity, "Account");
        if !self.allowed.is_empty() && !self.allowed.iter().any(|one| one == account) {
            let allowed = self.allowed.join(", ");
            let message = format!(
                "the credentials are those of account {account}, but `allowed_accounts` in the spec lists {allowed}; nothing was done"
            );
            return Err(super::fail(
                ErrorKind::Denied,
                "WrongAccount",
                message,
                OPERATION,
            ));
        }
        Ok(Caller {
            account: account.into(),
            arn: text(&identity, "Arn").into(),
        })
    }
}
