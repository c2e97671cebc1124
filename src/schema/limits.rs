//! Limits of sizes and counts that no schema says, and what cannot stand in a parameter. Only what is known is counted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::check::Problem;
use super::secret::DYNAMIC;
use crate::value::{Map, Part, Value};

/// User data, before Base64
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html>).
const USER_DATA: usize = 16_384;

/// A parameter's value
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>).
const STANDARD_TIER: usize = 4096;
const ADVANCED_TIER: usize = 8192;

/// The policies within a role, together and without spaces
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const ROLE: usize = 10_240;

/// What properties of this kind exceed.
pub fn check(kind: &str, properties: &Map) -> Vec<Problem> {
    match kind {
        "AWS::SSM::Parameter" => parameter(properties),
        "AWS::EC2::Instance" => user_data(properties, "UserData"),
        "AWS::EC2::LaunchTemplate" => user_data(properties, "LaunchTemplateData.UserData"),
        "AWS::IAM::Role" => role(properties),
        _ => Vec::new(),
    }
}

fn problem(path: &str, message: String, help: &str) -> Problem {
    Problem {
        path: path.to_owned(),
        message,
        help: Some(help.to_owned()),
    }
}

/// How many bytes a text has at least, and whether a part of it has what SSM takes for a parameter's name.
fn parameter(properties: &Map) -> Vec<Problem> {
    let mut found = Vec::new();
    let parts: Vec<&str> = match properties.get("Value") {
        Some(Value::String(text)) => vec![text],
        Some(Value::Text(parts)) => parts
            .iter()
            .filter_map(|part| match part {
                Part::Literal(text) => Some(&**text),
                Part::Reference(_) => None,
            })
            .collect(),
        _ => return found,
    };
    let most = match properties.get("Tier").and_then(Value::as_str) {
        Some("Advanced" | "Intelligent-Tiering") => ADVANCED_TIER,
        _ => STANDARD_TIER,
    };
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    if bytes > most {
        let message = format!("Value has {bytes} bytes; a parameter of this tier allows {most}");
        found.push(problem(
            "Value",
            message,
            "shorten it, or split it into several parameters",
        ));
    }
    let nests = |text: &str| {
        text.match_indices("{{")
            .any(|(at, _)| text[at..].contains("}}") && !text[at..].starts_with(DYNAMIC))
    };
    if parts.iter().any(|part| nests(part)) {
        let message =
            "Value has `{{...}}`, by which SSM would refer to another parameter".to_owned();
        found.push(problem(
            "Value",
            message,
            "write it with `json(...)`, which encodes the braces",
        ));
    }
    found
}

fn user_data(properties: &Map, path: &str) -> Vec<Problem> {
    let mut value = None;
    for (number, step) in path.split('.').enumerate() {
        value = match number {
            0 => properties.get(step),
            _ => value.and_then(Value::as_map).and_then(|map| map.get(step)),
        };
    }
    let Some(Ok(bytes)) = value
        .and_then(Value::as_str)
        .map(|text| STANDARD.decode(text))
    else {
        return Vec::new();
    };
    if bytes.len() <= USER_DATA {
        return Vec::new();
    }
    let how = if bytes.starts_with(&[0x1f, 0x8b]) {
        ", compressed"
    } else {
        ""
    };
    let message = format!(
        "{path} has {} bytes{how}; EC2 allows {USER_DATA}",
        bytes.len()
    );
    let help = match how {
        "" => {
            "compress it with `base64gzip(...)`, or have the script fetch the rest when the server starts"
        }
        _ => "shorten its script in templates/, or have it fetch the rest when the server starts",
    };
    vec![problem(path, message, help)]
}

fn role(properties: &Map) -> Vec<Problem> {
    let Some(Value::List(policies)) = properties.get("Policies") else {
        return Vec::new();
    };
    let size: usize = policies
        .iter()
        .filter_map(|policy| policy.at("PolicyDocument"))
        .map(|document| serde_json::Value::from(document).to_string().len())
        .sum();
    if size <= ROLE {
        return Vec::new();
    }
    let message = format!("Policies have {size} characters in total; a role allows {ROLE}");
    vec![problem(
        "Policies",
        message,
        "use wildcards in resources, or managed policies",
    )]
}
