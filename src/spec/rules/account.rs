//! Settings of AWS's account: forms of ids and roles.

use regex_lite::Regex;

use super::Rules;
use crate::spec::Provider;

/// Checks `provider.aws`.
pub fn check(rules: &mut Rules<'_>) {
    let Provider::Aws(aws) = &rules.spec.provider else {
        return;
    };
    for (index, account) in aws.allowed_accounts.iter().enumerate() {
        if !fits(r"^[0-9]{12}$", account) {
            let path = format!("provider.aws.allowed_accounts.{index}");
            let message = format!("{account:?} is not the id of an account");
            rules.say(
                &path,
                message,
                "it has 12 digits, in quotes: \"123456789012\"",
            );
        }
    }
    // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    for (key, value, pattern, help) in [
        (
            "role_arn",
            &aws.role_arn,
            r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}$",
            "write it like arn:aws:iam::123456789012:role/deploy",
        ),
        (
            "session_name",
            &aws.session_name,
            r"^[A-Za-z0-9_+=,.@-]{2,64}$",
            "use 2 to 64 letters, digits and _ + = , . @ -",
        ),
        (
            "external_id",
            &aws.external_id,
            r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$",
            "use 2 to 1224 letters, digits and _ + = , . @ : / -",
        ),
    ] {
        if let Some(value) = value
            && !fits(pattern, value)
        {
            let message = format!("provider.aws.{key} cannot be {value:?}");
            rules.say(&format!("provider.aws.{key}"), message, help);
        }
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}
