//! What the edge forgets, and what a flush of a cache finds.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::cloud::{Cloud, refuse};
use crate::inventory::{Handle, Owner};
use crate::provider::{ErrorKind, Outcome, Output};

/// How long edge locations take, in milliseconds.
const TAKES: u64 = 60_000;

/// Paths in all invalidations of a distribution that are under way, and those of them with `*`
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>).
const MOST: usize = 3000;
const MOST_WILD: usize = 15;

const CREATE: &str = "cloudfront:CreateInvalidation";

impl Cloud {
    /// Begins an invalidation; the same reference is the same one.
    pub(super) fn invalidate(
        &mut self,
        owner: &Owner,
        at: &Handle,
        paths: &[String],
        reference: &str,
        now: u64,
    ) -> Outcome<Arc<str>> {
        let mut items = self.items.values();
        let is_it = items.any(|item| item.identifier == at.identifier && item.exists(now));
        if !is_it {
            let message = "The specified distribution does not exist.";
            return Err(refuse(
                ErrorKind::NotFound,
                "NoSuchDistribution",
                message,
                CREATE,
            ));
        }
        if paths.iter().any(|path| !path.starts_with('/')) {
            let message = "Your request contains one or more invalid invalidation paths.";
            return Err(refuse(
                ErrorKind::Invalid,
                "InvalidArgument",
                message,
                CREATE,
            ));
        }
        let wild = paths.iter().filter(|path| path.ends_with('*')).count();
        if paths.len() > MOST || wild > MOST_WILD {
            let message = "Processing your request will cause you to exceed the maximum number of in-progress invalidations.";
            let code = "TooManyInvalidationsInProgress";
            return Err(refuse(ErrorKind::Quota, code, message, CREATE));
        }
        let digest = hex::encode(Sha256::digest(reference.as_bytes())).to_uppercase();
        let id: Arc<str> = format!("I{}", &digest[..13]).into();
        let data = self.data.entry(owner.clone()).or_default();
        data.invalidations.entry(id.clone()).or_insert(now + TAKES);
        Ok(id)
    }

    /// Whether an invalidation is done.
    pub(super) fn is_invalidated(&self, owner: &Owner, id: &str, now: u64) -> Outcome<bool> {
        let data = self.data.get(owner);
        match data.and_then(|data| data.invalidations.get(id)) {
            Some(done) => Ok(*done <= now),
            None => {
                let message = "The specified invalidation does not exist.";
                let code = "NoSuchInvalidation";
                Err(refuse(
                    ErrorKind::NotFound,
                    code,
                    message,
                    "cloudfront:GetInvalidation",
                ))
            }
        }
    }

    /// What `actions/flush.sh` says on a server.
    pub(super) fn flush(&self, owner: &Owner) -> Output {
        let waiting = self.data.get(owner).map_or(0, |data| data.waiting);
        let (code, stdout) = match waiting {
            0 => (0, serde_json::json!({"nodes": 1})),
            waiting => (3, serde_json::json!({ "waiting": waiting })),
        };
        Output {
            code,
            stdout: stdout.to_string(),
            stderr: String::new(),
        }
    }
}
