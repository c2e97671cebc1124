//! What `scalectl doctor` asks AWS. Nothing here changes anything.
//!
//! This file asks who we are, what time it is and which regions there are; `permissions` what we may,
//! `quotas` how much there is and may be, `zones` what is offered where, `web` registries and public resolvers. What an
//! answer means is `crate::doctor`'s.

mod permissions;
mod quotas;
pub mod web;
mod zones;

use std::time::{Duration, SystemTime};

use aws_sdk_sts::config::Credentials;

use crate::doctor::{Check, how_to_log_in};
use crate::provider::aws::clients::{Clients, HOME};
use crate::provider::aws::service::{input, items, text};
use crate::provider::aws::{Aws, Endpoints, sdk};
use crate::provider::{Outcome, ProviderError};
use crate::spec;
use crate::value::Map;
use crate::words::duration;

/// From here on AWS refuses signatures
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const MOST_SKEW: Duration = Duration::from_secs(300);

/// From here on a clock is wrong enough to be told of.
const SKEW: Duration = Duration::from_secs(30);

/// Credentials that end sooner may not last for an apply.
const SOON: Duration = Duration::from_secs(900);

/// What this machine says, which the caller reads.
pub struct Machine {
    /// What time it is.
    pub now: SystemTime,
    /// The profile that `AWS_PROFILE` names.
    pub profile: Option<String>,
}

/// Looks at the credentials, at who they are and at the clock, in that order, as far as one can come.
pub async fn credentials(
    settings: &spec::Aws,
    regions: &[String],
    endpoints: &Endpoints,
    machine: &Machine,
) -> Vec<Check> {
    let profile = settings.profile.as_ref().or(machine.profile.as_ref());
    let profile = profile.map(String::as_str);
    let region = regions.first().map_or(HOME, String::as_str);
    let clients = Clients::connect(settings, region, endpoints).await;
    let mut checks = Vec::new();
    match clients.credentials().await {
        Ok(found) => checks.push(found_credentials(settings, profile, &found, machine.now)),
        Err(why) => {
            checks.push(Check::fails(
                "credentials",
                format!("none are usable: {why}"),
                how_to_log_in(profile),
            ));
            return checks;
        }
    }
    let identity = sdk::sts::get_caller_identity(&clients.sts(region), &Map::new()).await;
    let endpoint = clients.endpoint();
    checks.push(match &identity {
        Ok(identity) => who(
            settings,
            text(identity, "Account"),
            text(identity, "Arn"),
            endpoint,
        ),
        Err(error) => refused(profile, error),
    });
    if let Some(ahead) = clients.meter().skew() {
        checks.push(clock(ahead));
    }
    checks
}

/// Where the credentials are from, and how long they last; `profile` is the one that is used, if any is named.
fn found_credentials(
    settings: &spec::Aws,
    profile: Option<&str>,
    found: &Credentials,
    now: SystemTime,
) -> Check {
    let mut from = vec![format!("from {}", source(found))];
    from.extend(profile.map(|name| format!("profile {name}")));
    from.extend(
        settings
            .role_arn
            .as_ref()
            .map(|role| format!("role {role}")),
    );
    let from = from.join(", ");
    if let Some(profile) = &settings.profile
        && source(found) == ENVIRONMENT
    {
        let found = format!("{from}, which is not defined");
        return Check::warning("credentials", found, how_to_log_in(Some(profile)));
    }
    match found.expiry() {
        None => Check::ok("credentials", from),
        Some(end) => {
            let left = end.duration_since(now).unwrap_or_default();
            let found = format!("{from}, for {} more", duration(left.as_secs_f64()));
            // A role is assumed anew by itself.
            if left < SOON && settings.role_arn.is_none() {
                Check::warning("credentials", found, how_to_log_in(profile))
            } else {
                Check::ok("credentials", found)
            }
        }
    }
}

/// Credentials that nobody named.
const ENVIRONMENT: &str = "environment variables";

/// Which of the SDK's providers the credentials are from. The SDK tells it nowhere but in their
/// debugging form, which hides the secrets.
fn source(found: &Credentials) -> String {
    let told = format!("{found:?}");
    let name = told
        .split("provider_name: \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    match name {
        Some("EnvironmentVariable") => ENVIRONMENT.to_owned(),
        Some("ProfileFile") => "the AWS configuration files".to_owned(),
        Some("AssumeRoleProvider") => "an assumed role".to_owned(),
        Some(name) => name.to_owned(),
        None => "the SDK's default chain".to_owned(),
    }
}

/// Who the credentials are, and whether the spec allows their account.
fn who(settings: &spec::Aws, account: &str, arn: &str, endpoint: Option<&str>) -> Check {
    let place = endpoint
        .map(|url| format!(", at {url}"))
        .unwrap_or_default();
    let found = format!("{arn} in account {account}{place}");
    let allowed = &settings.allowed_accounts;
    if !allowed.is_empty() && !allowed.iter().any(|one| one == account) {
        return Check::fails(
            "identity",
            format!(
                "{found}, but `allowed_accounts` in the spec lists {}",
                allowed.join(", ")
            ),
            "use the credentials of an allowed account, or change `allowed_accounts`",
        );
    }
    if arn.ends_with(":root") {
        return Check::warning(
            "identity",
            format!("{found}: the account's root user, which no policy restricts"),
            "create a role with the policy that `scalectl iam-policy` prints, and set it as `role_arn` in the spec",
        );
    }
    if allowed.is_empty() {
        Check::ok(
            "identity",
            format!("{found} (any account is allowed, because `allowed_accounts` is empty)"),
        )
    } else {
        Check::ok("identity", found)
    }
}

/// Why AWS does not tell who we are, and what mends that.
fn refused(profile: Option<&str>, error: &ProviderError) -> Check {
    let mend = match &*error.code {
        "NoAnswer" | "Timeout" => {
            "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL, and the name of the region"
                .to_owned()
        }
        "RequestExpired"
        | "RequestTimeTooSkewed"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => {
            "check the clock below; if it is correct, the secret key is wrong".to_owned()
        }
        _ => how_to_log_in(profile),
    };
    Check::fails(
        "identity",
        format!("AWS rejects the credentials: {error}"),
        mend,
    )
}

/// How far the clocks are apart, `ahead` being AWS's lead in milliseconds.
fn clock(ahead: i64) -> Check {
    let skew = Duration::from_millis(ahead.unsigned_abs());
    let found = if skew < Duration::from_secs(1) {
        "in sync with AWS".to_owned()
    } else {
        format!(
            "{} {} AWS's",
            duration(skew.as_secs_f64()),
            if ahead > 0 { "behind" } else { "ahead of" }
        )
    };
    let mend = "synchronize this machine's clock, for example with `timedatectl set-ntp true`";
    match skew {
        skew if skew >= MOST_SKEW => Check::fails(
            "clock",
            format!("{found}; AWS rejects signatures at 5 minutes or more"),
            mend,
        ),
        skew if skew >= SKEW => Check::warning("clock", found, mend),
        _ => Check::ok("clock", found),
    }
}

impl Aws {
    /// Whether each of the spec's regions can be used in this account.
    pub async fn check_regions(&self) -> Vec<Check> {
        const CHECK: &str = "region";
        let question = input(serde_json::json!({"RegionNames": self.regions, "AllRegions": true}));
        let region = self.home();
        let answer: Outcome<Map> =
            sdk::ec2::describe_regions(&self.clients.ec2(region), &question).await;
        match answer {
            Err(error) if error.code == "InvalidParameterValue" => vec![Check::fails(
                CHECK,
                format!(
                    "AWS does not know all of {}: {}",
                    self.regions.join(", "),
                    error.message
                ),
                "correct `regions` in the spec",
            )],
            Err(error) => vec![Check::not_asked(
                CHECK,
                "whether the regions are enabled",
                &error,
            )],
            Ok(answer) => self
                .regions
                .iter()
                .map(|region| {
                    let found =
                        items(&answer, "Regions").find(|one| text(one, "RegionName") == region);
                    enabled(region, found.map(|one| text(one, "OptInStatus")))
                })
                .collect(),
        }
    }
}

/// Whether a region with this status can be used.
fn enabled(region: &str, status: Option<&str>) -> Check {
    match status {
        None => Check::fails(
            "region",
            format!("AWS does not know {region}"),
            "correct `regions` in the spec",
        ),
        Some("not-opted-in") => Check::fails(
            "region",
            format!("{region} is not enabled in this account"),
            format!("run `aws account enable-region --region-name {region}` and wait some minutes"),
        ),
        Some(_) => Check::ok("region", format!("{region} is enabled")),
    }
}

#[cfg(test)]
mod tests {
    use crate::doctor::Verdict;
    use crate::doctor::aws::*;

    #[test]
    fn a_clock_is_told_of_from_half_a_minute_and_fails_from_five_minutes() {
        for (ahead, verdict, words) in [
            (400, Verdict::Ok, "in sync with AWS"),
            (-29_000, Verdict::Ok, "29 s ahead of AWS's"),
            (31_000, Verdict::Warning, "31 s behind AWS's"),
            (-300_000, Verdict::Fails, "5 m 00 s ahead of AWS's"),
        ] {
            let check = clock(ahead);
            assert_eq!(check.verdict, verdict, "{ahead}");
            assert!(check.found.starts_with(words), "{}", check.found);
        }
    }

    #[test]
    fn an_account_that_the_spec_does_not_name_fails() {
        let mut settings = spec::Aws::default();
        let arn = "arn:aws:iam::111111111111:user/ann";
        let judge = |settings: &spec::Aws, arn| who(settings, "111111111111", arn, None).verdict;
        assert_eq!(judge(&settings, arn), Verdict::Ok);
        assert_eq!(
            judge(&settings, "arn:aws:iam::111111111111:root"),
            Verdict::Warning
        );
        settings.allowed_accounts = vec!["111111111111".to_owned()];
        assert_eq!(judge(&settings, arn), Verdict::Ok);
        settings.allowed_accounts = vec!["222222222222".to_owned()];
        assert_eq!(judge(&settings, arn), Verdict::Fails);
    }

    #[test]
    fn credentials_that_are_about_to_end_are_told_of() {
        let settings = spec::Aws::default();
        let now = SystemTime::UNIX_EPOCH;
        let lasting = |left: u64| {
            let end = now + Duration::from_secs(left);
            let found = Credentials::new("AKIA", "hush", None, Some(end), "EnvironmentVariable");
            found_credentials(&settings, None, &found, now)
        };
        assert_eq!(lasting(3600).verdict, Verdict::Ok);
        assert_eq!(
            lasting(3600).found,
            "from environment variables, for 1 h 00 m more"
        );
        assert_eq!(lasting(60).verdict, Verdict::Warning);
        assert!(!format!("{:?}", lasting(60)).contains("hush"));
    }

    #[test]
    fn a_region_that_is_not_enabled_fails() {
        assert_eq!(
            enabled("us-east-1", Some("opt-in-not-required")).verdict,
            Verdict::Ok
        );
        assert_eq!(enabled("af-south-1", Some("opted-in")).verdict, Verdict::Ok);
        assert_eq!(
            enabled("af-south-1", Some("not-opted-in")).verdict,
            Verdict::Fails
        );
        assert_eq!(enabled("eu-nowhere-1", None).verdict, Verdict::Fails);
    }
}
