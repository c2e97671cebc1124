//! Dynamic references: `{{resolve:ssm:NAME}}` and `{{resolve:secretsmanager:ID:SecretString:KEY}}`,
//! as CloudFormation has them
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
//!
//! They are resolved on the way to AWS and nowhere else, so no plan, journal or log holds a secret.

use super::sdk;
use super::service::{Place, input, items, text};
use crate::provider::{ErrorKind, Outcome, ProviderError};
use crate::schema::DYNAMIC;
use crate::value::{Map, Value};

/// `properties` with every dynamic reference replaced by what it stands for.
///
/// # Errors
/// When one leads nowhere, or may not be read.
pub async fn resolved(place: Place<'_>, properties: &Map) -> Outcome<Map> {
    let mut references = Vec::new();
    for (_, value) in properties {
        collect(value, &mut references);
    }
    references.sort();
    references.dedup();
    let mut known = Vec::with_capacity(references.len());
    for reference in references {
        let value = fetch(place, &reference).await?;
        known.push((format!("{DYNAMIC}{reference}}}}}"), value));
    }
    let replaced = |text: &str| {
        known
            .iter()
            .fold(text.to_owned(), |text, (reference, value)| {
                text.replace(reference, value)
            })
    };
    Ok(properties
        .iter()
        .map(|(name, value)| (name.clone(), replace(value, &replaced)))
        .collect())
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let mut rest = &**text;
            while let Some((_, tail)) = rest.split_once(DYNAMIC) {
                let Some((reference, tail)) = tail.split_once("}}") else {
                    return;
                };
                found.push(reference.to_owned());
                rest = tail;
            }
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Map(map) => map.iter().for_each(|(_, value)| collect(value, found)),
        _ => {}
    }
}

fn replace(value: &Value, replaced: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) if text.contains(DYNAMIC) => Value::str(replaced(text)),
        Value::List(items) => Value::list(items.iter().map(|item| replace(item, replaced))),
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (key.clone(), replace(value, replaced)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// What a reference stands for. `reference` is what comes after `resolve:`.
async fn fetch(place: Place<'_>, reference: &str) -> Outcome<String> {
    let fail = |why: &str| ProviderError {
        kind: ErrorKind::Invalid,
        code: "DynamicReference".to_owned(),
        message: format!("{{{{resolve:{reference}}}}} {why}"),
        operation: "resolve".to_owned(),
    };
    let (service, rest) = reference.split_once(':').unwrap_or((reference, ""));
    match service {
        "ssm" => {
            let question = input(serde_json::json!({"Names": [rest]}));
            let answer =
                sdk::ssm::get_parameters(&place.clients.ssm(place.region), &question).await?;
            let found = items(&answer, "Parameters")
                .next()
                .map(|found| text(found, "Value").to_owned());
            found.ok_or_else(|| fail("names a parameter that does not exist"))
        }
        "secretsmanager" => {
            let (id, path) = match rest.split_once(":SecretString") {
                Some((id, path)) => (id, path.trim_start_matches(':')),
                None => (rest, ""),
            };
            // The replica of a secret is asked for in its own region, an ARN in the one it names.
            let region = match id.split(':').nth(3) {
                Some(region) if !region.is_empty() => region,
                _ => place.region,
            };
            let question = input(serde_json::json!({"SecretId": id}));
            let api = place.clients.secrets(region);
            let answer = sdk::secretsmanager::get_secret_value(&api, &question).await?;
            let secret = text(&answer, "SecretString");
            let key = path.split(':').next().unwrap_or_default();
            if key.is_empty() {
                return Ok(secret.to_owned());
            }
            let json: serde_json::Value = serde_json::from_str(secret)
                .map_err(|_| fail("asks for a key of a secret that is no JSON"))?;
            match json.get(key) {
                Some(serde_json::Value::String(text)) => Ok(text.clone()),
                Some(other) => Ok(other.to_string()),
                None => Err(fail("asks for a key that the secret does not have")),
            }
        }
        _ => Err(fail(
            "is of a service that is not known; ssm and secretsmanager are",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_wherever_they_stand() {
        let value = Value::from(
            serde_json::json!({"a": ["x {{resolve:ssm:/p}} y {{resolve:ssm:/q}}"],
            "b": "{{resolve:broken", "c": 1}),
        );
        let mut found = Vec::new();
        collect(&value, &mut found);
        assert_eq!(found, ["ssm:/p", "ssm:/q"]);
        let replaced = replace(&value, &|text| text.replace("{{resolve:ssm:/p}}", "P"));
        assert_eq!(
            replaced.at("a.0"),
            Some(&Value::str("x P y {{resolve:ssm:/q}}"))
        );
    }
}
