//! AWS's error codes, and which of [`ErrorKind`]'s conditions each one is.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::call::Fenced;
use crate::provider::{ErrorKind, ProviderError};

/// A failed call as the rest of scalectl knows it.
pub fn refused<E>(operation: &str, error: SdkError<E, HttpResponse>) -> ProviderError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let of = |kind, code: &str, message: String| ProviderError {
        kind,
        code: code.to_owned(),
        message,
        operation: operation.to_owned(),
    };
    match &error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let code = service.err().code().unwrap_or_default().to_owned();
            let message = service.err().message().unwrap_or_default().to_owned();
            let kind = if is_strange(service.raw()) {
                ErrorKind::Unsupported
            } else {
                kind_of(&code, &message, status)
            };
            let message = if message.is_empty() {
                format!("HTTP status {status}, and nothing that can be read")
            } else {
                message
            };
            if code.is_empty() {
                of(kind, &format!("Http{status}"), message)
            } else {
                of(kind, &code, message)
            }
        }
        SdkError::ConstructionFailure(_) => {
            let chain = chain(&error);
            if is_fenced(&error) {
                of(ErrorKind::Held, "LeaseEnded", Fenced.to_string())
            } else {
                of(ErrorKind::Denied, "NotSent", chain)
            }
        }
        SdkError::TimeoutError(_) => of(ErrorKind::Transient, "Timeout", chain(&error)),
        SdkError::DispatchFailure(failure) => {
            // Credentials that cannot be had will not come by asking again.
            let kind = if failure.is_user() {
                ErrorKind::Denied
            } else {
                ErrorKind::Transient
            };
            if is_fenced(&error) {
                of(ErrorKind::Held, "LeaseEnded", Fenced.to_string())
            } else {
                let message = chain(&error);
                let code = if message.starts_with(NO_CREDENTIALS) {
                    "NoCredentials"
                } else {
                    "NoAnswer"
                };
                of(kind, code, message)
            }
        }
        SdkError::ResponseError(broken) if is_strange(broken.raw()) => {
            of(ErrorKind::Unsupported, "WebPage", chain(&error))
        }
        _ => of(ErrorKind::Transient, "BrokenAnswer", chain(&error)),
    }
}

/// An error and its causes.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Whether an answer is none of a service that knows the call, but a web page, as proxies and
/// emulators without it give. AWS's own load balancers give one while nothing behind them answers.
fn is_strange(answer: &HttpResponse) -> bool {
    let kind = answer.headers().get("content-type");
    kind.is_some_and(|kind| kind.starts_with("text/html"))
        && !matches!(answer.status().as_u16(), 429 | 502..=504)
}

fn is_fenced(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|error| error.downcast_ref::<Fenced>().is_some())
}

/// What went wrong, with its causes, each once, without those that only name a layer of the SDK.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    const LAYERS: [&str; 6] = [
        "dispatch failure",
        "io error",
        "other",
        "client error (Connect)",
        "client error (SendRequest)",
        "the credential provider was not enabled",
    ];
    let texts = causes(error).map(|cause| plain(&cause.to_string()));
    let mut told: Vec<String> = texts.collect();
    told.dedup();
    let says = |text: &String| !LAYERS.contains(&&**text);
    if told.iter().any(says) {
        told.retain(says);
    }
    told.join(": ")
}

/// How the message begins that says that nobody had any.
const NO_CREDENTIALS: &str = "no credentials were found";

/// A cause without the whole request, which may hold what is nobody's business, and of the places without
/// credentials only those with something to say.
fn plain(text: &str) -> String {
    if let Some((what, _)) = text.split_once(" to request `Request {") {
        return what.to_owned();
    }
    let Some((_, tried)) = text.split_once("no credentials found in chain. Attempted:") else {
        return text.to_owned();
    };
    const NOTHING: [&str; 5] = [
        "no credentials found in chain",
        "environment variable not set",
        "$AWS_WEB_IDENTITY_TOKEN_FILE was not set",
        "ECS provider not configured",
        "IMDS disabled",
    ];
    let said = tried.lines().filter_map(|line| {
        let (_, why) = line.split_once("the credential provider was not enabled: ")?;
        let is_nothing = NOTHING.iter().any(|nothing| why.starts_with(nothing));
        (!is_nothing).then_some(why)
    });
    let mut told = vec![NO_CREDENTIALS];
    for why in said {
        // Chains may stand in chains, and ask the same place twice.
        if !told.contains(&why) {
            told.push(why);
        }
    }
    told.join(": ")
}

/// What callers do about an error code. Sources: each service's list of common errors; EC2's are at
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
pub fn kind_of(code: &str, message: &str, status: u16) -> ErrorKind {
    let has = |parts: &[&str]| parts.iter().any(|part| code.contains(part));
    if has(&[
        "Throttl",
        "RequestLimitExceeded",
        "TooManyRequests",
        "SlowDown",
    ]) || code == "PriorRequestNotComplete"
    {
        return ErrorKind::Throttled;
    }
    if is_not_verified(message) {
        return ErrorKind::Denied;
    }
    // Roles, profiles, policies and topics are not known everywhere at once.
    if is_not_yet_known(message) {
        return ErrorKind::NotFound;
    }
    if has(&[
        "AlreadyExist",
        "AlreadyOwnedByYou",
        "Duplicate",
        "ResourceExists",
    ]) || code == "AlreadyAssociated"
        || code == "Resource.AlreadyAssociated"
    {
        return ErrorKind::AlreadyExists;
    }
    // Cloud Control knows no such kind.
    if code == "TypeNotFoundException" {
        return ErrorKind::Unsupported;
    }
    if has(&[
        "NotFound",
        "NoSuch",
        "DoesNotExist",
        "UnknownResource",
        "NonexistentItem",
    ]) || message.contains("not found")
        || message.contains("does not exist")
    {
        return ErrorKind::NotFound;
    }
    if has(&[
        "AccessDenied",
        "Unauthorized",
        "AuthFailure",
        "UnrecognizedClient",
        "InvalidClientTokenId",
        "ExpiredToken",
        "SignatureDoesNotMatch",
        "OptInRequired",
        "Forbidden",
    ]) {
        return ErrorKind::Denied;
    }
    if has(&[
        "DependencyViolation",
        "InUse",
        "IncorrectState",
        "InvalidState",
        "Conflict",
        "OperationAborted",
        "DeleteConflict",
        "NotEmpty",
        "NotDisabled",
        "AssociatedItem",
        "OptimisticLock",
        "UnavailableEntity",
        "InProgress",
        "OperationNotPermitted",
        "ConcurrentModification",
        "ConcurrentOperation",
        "EntityTemporarilyUnmodifiable",
        "InvalidIfMatchVersion",
        "PreconditionFailed",
    ]) || ["Invalid", "Incorrect"]
        .iter()
        .any(|word| code.starts_with(word))
        && (code.ends_with("State") || code.ends_with("StateFault"))
    {
        // A CIDR that overlaps will overlap tomorrow.
        return match code {
            "InvalidSubnet.Conflict" => ErrorKind::Invalid,
            _ => ErrorKind::Conflict,
        };
    }
    if has(&["LimitExceeded", "QuotaExceeded", "TooMany", "QuotaFault"]) {
        return ErrorKind::Quota;
    }
    kind_of_status(code, status)
}

/// The same, for codes that do not say it by themselves.
fn kind_of_status(code: &str, status: u16) -> ErrorKind {
    match (status, code) {
        (429, _) => ErrorKind::Throttled,
        (501, _)
        | (_, "NotImplemented" | "UnsupportedActionException" | "UnknownOperationException") => {
            ErrorKind::Unsupported
        }
        (500.., _)
        | (
            _,
            "InternalFailure"
            | "InternalError"
            | "ServiceUnavailable"
            | "RequestTimeout"
            | "RequestTimeoutException",
        ) => ErrorKind::Transient,
        // Somebody else changed it in between; what is read anew will do.
        (409 | 412, _) => ErrorKind::Conflict,
        (404, _) => ErrorKind::NotFound,
        (403, _) => ErrorKind::Denied,
        _ => ErrorKind::Invalid,
    }
}

/// What services say to an account that AWS has not verified yet, which no repetition changes: CloudFront and Elastic Load
/// Balancing (<https://github.com/aws-samples/aws-cdk-examples/issues/279>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>).
fn is_not_verified(message: &str) -> bool {
    [
        "account must be verified",
        "account currently does not support creating load balancers",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// What services say of a role, policy or setting that they have not heard of yet.
fn is_not_yet_known(message: &str) -> bool {
    [
        "Invalid IAM Instance Profile",
        "Invalid IamInstanceProfile",
        "cannot be assumed",
        "Unable to assume",
        "IAM role ARN value is invalid",
        "Access Denied for bucket",
        "Invalid principal in policy",
        "does not have sufficient privileges",
        // botocore: autoscaling, ServiceLinkedRoleFailure.
        "service-linked role is not yet ready",
        // S3, while its servers do not all know of a bucket's versions yet: https://github.com/aws/aws-sdk/issues/106,
        // https://github.com/aws/aws-sdk-ruby/issues/1919
        "Versioning must be 'Enabled' on the bucket",
        "bucket must have versioning enabled",
        // The first call of an account makes the service's own role, which takes a moment to be known
        // (https://github.com/terraform-aws-modules/terraform-aws-rds/issues/364,
        // https://github.com/crossplane-contrib/provider-aws/issues/479).
        "permission to create service linked role",
        "necessary credentials to create ServiceLinkedRoles",
        "create Service Linked Role",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        for (code, status, kind) in [
            ("InvalidVpcID.NotFound", 400, ErrorKind::NotFound),
            ("DBInstanceNotFound", 404, ErrorKind::NotFound),
            ("NoSuchEntity", 404, ErrorKind::NotFound),
            ("DependencyViolation", 400, ErrorKind::Conflict),
            ("InvalidDBInstanceState", 400, ErrorKind::Conflict),
            ("InvalidPermission.Duplicate", 400, ErrorKind::AlreadyExists),
            ("DBInstanceAlreadyExists", 400, ErrorKind::AlreadyExists),
            ("UnauthorizedOperation", 403, ErrorKind::Denied),
            ("RequestLimitExceeded", 503, ErrorKind::Throttled),
            ("PriorRequestNotComplete", 400, ErrorKind::Throttled),
            ("AddressLimitExceeded", 400, ErrorKind::Quota),
            ("InvalidSubnet.Conflict", 400, ErrorKind::Invalid),
            ("InvalidParameterValue", 400, ErrorKind::Invalid),
            ("InternalFailure", 500, ErrorKind::Transient),
            ("RequestTimeout", 400, ErrorKind::Transient),
            ("InvalidIfMatchVersion", 400, ErrorKind::Conflict),
            ("PreconditionFailed", 412, ErrorKind::Conflict),
            ("OperationAborted", 409, ErrorKind::Conflict),
            ("IncorrectInstanceState", 400, ErrorKind::Conflict),
            ("EntityTemporarilyUnmodifiable", 409, ErrorKind::Conflict),
            ("ConcurrentOperationException", 400, ErrorKind::Conflict),
            ("UnknownParameter", 400, ErrorKind::Invalid),
            ("UnknownOperationException", 400, ErrorKind::Unsupported),
            ("TypeNotFoundException", 400, ErrorKind::Unsupported),
            ("", 503, ErrorKind::Transient),
        ] {
            assert_eq!(kind_of(code, "", status), kind, "{code}");
        }
    }

    #[test]
    fn what_the_sdk_says_of_itself_is_left_out() {
        let request = "failed to apply endpoint `x` to request `Request { body: secret }`";
        assert_eq!(plain(request), "failed to apply endpoint `x`");
        let none = "no credentials found in chain. Attempted:\n  \
                    Environment: the credential provider was not enabled: environment variable not set\n  \
                    Profile: the credential provider was not enabled: profile `a` was not defined\n  \
                    EcsContainer: the credential provider was not enabled: ECS provider not configured";
        assert_eq!(
            plain(none),
            "no credentials were found: profile `a` was not defined"
        );
        let nested = format!(
            "no credentials found in chain. Attempted:\n  Profile: the credential provider was not enabled: profile `a` was not defined\n  Default: the credential provider was not enabled: {none}"
        );
        assert_eq!(plain(&nested), plain(none));
        let refused = std::io::Error::other(std::io::Error::other("tcp connect error"));
        assert_eq!(chain(&refused), "tcp connect error");
    }

    #[test]
    fn a_web_page_of_awss_own_load_balancers_passes() {
        let page = |status: u16| {
            let mut answer = HttpResponse::new(status.try_into().unwrap(), "<html>".into());
            answer
                .headers_mut()
                .insert("content-type", "text/html; charset=utf-8");
            is_strange(&answer)
        };
        assert!(page(404) && page(500));
        assert!(!page(503) && !page(504) && !page(502));
    }

    #[test]
    fn an_account_that_is_not_verified_is_not_asked_again() {
        let cloudfront = "Your account must be verified before you can add CloudFront resources. To verify your account, please contact AWS Support";
        let balancer = "This AWS account currently does not support creating load balancers. For more information, please contact AWS Support.";
        for (code, message) in [
            ("AccessDenied", cloudfront),
            ("OperationNotPermitted", balancer),
        ] {
            assert_eq!(kind_of(code, message, 400), ErrorKind::Denied, "{code}");
        }
    }

    #[test]
    fn versions_that_are_not_known_yet_are_waited_for() {
        for message in [
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
            "Destination bucket must have versioning enabled.",
        ] {
            assert_eq!(kind_of("InvalidRequest", message, 400), ErrorKind::NotFound);
        }
    }

    #[test]
    fn a_role_that_is_not_known_yet_is_waited_for() {
        let message = "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
        assert_eq!(
            kind_of("InvalidParameterValue", message, 400),
            ErrorKind::NotFound
        );
        let message = "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later";
        assert_eq!(
            kind_of("InvalidParameterValue", message, 400),
            ErrorKind::NotFound
        );
    }
}
