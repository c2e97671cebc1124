//! Names of apps and environments, which become parts of the names of buckets, databases, caches and parameters.

use super::Rules;
use crate::spec::load::{DEFAULT_ENV, environments};

/// Names that begin so are AWS's own: parameters
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>) and buckets
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
const RESERVED: [&str; 4] = ["aws", "ssm", "sthree-", "amzn-s3-demo-"];

/// A bucket's name has 63 characters: `APP-ENV-assets-REGION-HASH`, with 14 for the region
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
const LONGEST: usize = 63 - "--assets---".len() + 1 - 14 - 8;

/// Every command checks all of them, and compares their domains with each other.
pub const MOST_ENVIRONMENTS: usize = 100;

/// SNS sends to `LOCAL@DOMAIN` and takes everything else for a mistake: not even a login or a webhook's address is quoted.
fn email(rules: &mut Rules<'_>) {
    let Some(email) = &rules.spec.monitoring.email else {
        return;
    };
    let is_local = |text: &str| {
        (1..=64).contains(&text.len())
            && (text.bytes())
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-=^_`{|}~.".contains(&b))
    };
    let is_domain = |text: &str| {
        text.len() <= 253
            && text.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
    };
    if !(email.split_once('@')).is_some_and(|(local, domain)| is_local(local) && is_domain(domain))
    {
        rules.say(
            "monitoring.email",
            "monitoring.email is not an e-mail address".to_owned(),
            "write one like ops@example.com; alarms go there",
        );
    }
}

/// Checks the names of the app and of every environment, and the address that alarms go to.
pub fn check(rules: &mut Rules<'_>) {
    email(rules);
    let spec = rules.spec;
    let app = spec.app.as_str();
    if let Some(reserved) = RESERVED.iter().find(|own| app.starts_with(**own)) {
        let message = format!("{app:?} cannot be the app's name");
        let help = format!("AWS keeps names that begin with {reserved} for itself; choose another");
        rules.say("app", message, &help);
    }
    if app.contains("--") {
        let message = format!(
            "{app:?} has two hyphens in a row, which databases and caches refuse in their names"
        );
        rules.say("app", message, "use one hyphen");
    }
    let written = rules.written;
    let mut envs: Vec<&str> = environments(written)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    if envs.len() > MOST_ENVIRONMENTS {
        let message = format!(
            "there are {} environments; `validate` checks {MOST_ENVIRONMENTS} at most",
            envs.len()
        );
        rules.say(
            "environments",
            message,
            "remove those that are not deployed, or split the spec",
        );
        return;
    }
    if !envs.contains(&spec.env.as_str()) {
        envs.push(&spec.env);
    }
    for env in envs {
        let path = match written.get("environments").and_then(|all| all.get(env)) {
            Some(_) => format!("environments.{env}"),
            None => "app".to_owned(),
        };
        if env == DEFAULT_ENV && path != "app" {
            let message = format!(
                "{env:?} cannot be an environment's name: it is the spec without an environment, and both would be \
                 one application"
            );
            let help = "put its settings at the top level of the spec, or give it another name";
            rules.say(&path, message, help);
            continue;
        }
        if !is_name(env) {
            let message = format!("{env:?} cannot be an environment's name");
            let help = "use lower-case letters, digits and single hyphens, no hyphen first or last: it becomes a part \
                        of the names of buckets, databases and caches";
            rules.say(&path, message, help);
            continue;
        }
        let together = app.len() + env.len();
        if together > LONGEST {
            let message = format!(
                "the names of app and environment, {app} and {env}, have {together} characters together"
            );
            let help = format!("at most {LONGEST} fit into the names of buckets; shorten one");
            rules.say(
                if env == DEFAULT_ENV { "app" } else { &path },
                message,
                &help,
            );
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
