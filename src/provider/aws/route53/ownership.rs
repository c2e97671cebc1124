//! Whose a record is: the TXT record beside it.
//!
//! The convention is external-dns's
//! (<https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/>): beside the record
//! `www.example.com` of type A stands `scalectl-a.www.example.com`, with a `*` written as
//! `wildcard`. Both are written by one change, which AWS carries out as a whole or not at all. A
//! record with a set identifier has a TXT record with the same one; those are weighted whatever the
//! record's own policy is, because nobody asks for them.

use serde_json::json;

use crate::address::Address;
use crate::inventory::Owner;
use crate::ownership;
use crate::provider::aws::marks::Marks;
use crate::provider::aws::service::{input, items, text};
use crate::value::{Map, Value};

/// What every TXT record of ours begins with.
pub const HERITAGE: &str = "heritage=scalectl,";

/// The longest string within a TXT record
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat>).
const TXT_STRING: usize = 255;

/// The TXT record beside a record.
pub fn mark(given: &Map, marks: &Marks) -> Map {
    let mut record = quoted(&mark_name(given), &marks_text(marks));
    if let Some(set) = given.get("SetIdentifier") {
        record.insert("SetIdentifier", set.clone());
        record.insert("Weight", Value::Int(0));
    }
    record
}

/// A TXT record of ours; `content` follows the heritage.
pub fn quoted(name: &str, content: &str) -> Map {
    let content = format!("{HERITAGE}{content}");
    let characters: Vec<char> = content.chars().collect();
    let strings: Vec<String> = characters
        .chunks(TXT_STRING)
        .map(|some| format!("\"{}\"", some.iter().collect::<String>()))
        .collect();
    let mut record = input(json!({"Name": name, "Type": "TXT", "TTL": 300}));
    let values = [value(&strings.join(" "))];
    record.insert("ResourceRecords", Value::list(values));
    record
}

/// What a TXT record of ours holds after the heritage.
pub fn unquoted(record: &Map) -> Option<String> {
    let content = first_value(record)?;
    content.strip_prefix(HERITAGE).map(str::to_owned)
}

/// A TXT record's first value, its strings joined.
pub fn first_value(record: &Map) -> Option<String> {
    if text(record, "Type") != "TXT" {
        return None;
    }
    let value = text(items(record, "ResourceRecords").next()?, "Value");
    Some(value.trim_matches('"').replace("\" \"", ""))
}

fn marks_text(marks: &Marks) -> String {
    format!(
        "scalectl/app={},scalectl/env={},scalectl/address={},scalectl/applied={}",
        marks.owner.app,
        marks.owner.env,
        marks.address.to_tag(),
        ownership::to_tag(&marks.applied)
    )
}

/// The marks in what a TXT record of ours holds.
pub fn marks_from(content: &str) -> Option<Marks> {
    let entries = content.strip_prefix(HERITAGE)?;
    let get = |name: &str| {
        let mut entries = entries.split(",scalectl/");
        entries.find_map(|entry| {
            let (key, value) = entry.trim_start_matches("scalectl/").split_once('=')?;
            (key == name).then_some(value)
        })
    };
    Some(Marks {
        owner: Owner {
            app: get("app")?.into(),
            env: get("env")?.into(),
        },
        address: Address::from_tag(get("address")?).ok()?,
        applied: get("applied")
            .and_then(ownership::from_tag)
            .unwrap_or_default(),
    })
}

/// What the TXT record beside a record is called.
pub fn mark_name(given: &Map) -> String {
    let name = canonical(text(given, "Name")).replace('*', "wildcard");
    format!("scalectl-{}.{name}", text(given, "Type").to_lowercase())
}

/// A value as the API has it.
pub fn value(text: &str) -> Value {
    Value::Map(input(json!({"Value": text})))
}

/// A name in one spelling.
pub fn canonical(name: &str) -> String {
    decoded(name).trim_end_matches('.').to_lowercase()
}

/// A name without the octal escapes that AWS answers with, such as `\052` for `*`
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>).
pub fn decoded(name: &str) -> String {
    let mut parts = name.split('\\');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..3)
            .and_then(|code| u8::from_str_radix(code, 8).ok());
        match code {
            Some(code) if code.is_ascii_graphic() => {
                decoded.push(char::from(code));
                decoded.push_str(&part[3..]);
            }
            _ => {
                decoded.push('\\');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

/// Whether a record is called so.
pub fn is_name(record: &Map, name: &str) -> bool {
    canonical(text(record, "Name")) == canonical(name)
}

/// Whether a record belongs to the zone itself.
pub fn is_apex(record: &Map, records: &[Map]) -> bool {
    let is_start = |one: &&Map| text(one, "Type") == "SOA";
    let apex = records
        .iter()
        .find(is_start)
        .map(|start| text(start, "Name"));
    matches!(text(record, "Type"), "SOA" | "NS") && apex == Some(text(record, "Name"))
}

/// Whether only an interrupted run can have left it: a TXT record of ours without its record, or
/// what certificates of ours were validated by.
pub fn is_leftover(record: &Map, records: &[Map]) -> bool {
    let Some(content) = unquoted(record) else {
        let mark = |other: &&Map| {
            let name = canonical(text(other, "Name"));
            let beside = name
                .split_once('.')
                .is_some_and(|(_, rest)| is_name(record, rest));
            beside && unquoted(other).is_some_and(|content| content.starts_with("certificate="))
        };
        return text(record, "Type") == "CNAME" && records.iter().any(|other| mark(&other));
    };
    let owns = |other: &Map| unquoted(other).is_none() && is_name(record, &mark_name(other));
    content.starts_with("certificate=") || !records.iter().any(owns)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::inventory::Applied;

    /// Marks with so many digests.
    pub fn marks(properties: usize) -> Marks {
        let digests = (0..properties).map(|n| (format!("n{n:02}").into(), "abcd".into()));
        Marks {
            owner: Owner {
                app: "shop".into(),
                env: "default".into(),
            },
            address: "global/record_host[any.example.com]".parse().unwrap(),
            applied: Applied {
                generation: 1,
                protect: false,
                digests: digests.collect(),
            },
        }
    }

    fn record(json: serde_json::Value) -> Map {
        input(json)
    }

    #[test]
    fn only_what_a_run_left_is_a_leftover() {
        let cname = record(json!({"Name": "_x.example.com.", "Type": "CNAME",
            "ResourceRecords": [{"Value": "_y.acm-validations.aws."}]}));
        let proof = quoted("scalectl-acm-1.__x.example.com", "certificate=arn");
        let mut proof_of_x = proof.clone();
        proof_of_x.insert("Name", Value::str("scalectl-acm-1._x.example.com"));
        assert!(!is_leftover(&cname, &[cname.clone(), proof]));
        let all = [cname.clone(), proof_of_x.clone()];
        assert!(is_leftover(&cname, &all) && is_leftover(&proof_of_x, &all));
        let www = record(json!({"Name": "www.example.com.", "Type": "A"}));
        let mark = mark(&www, &marks(1));
        assert!(is_leftover(&mark, std::slice::from_ref(&mark)));
        assert!(!is_leftover(&mark, &[mark.clone(), www.clone()]));
        assert!(!is_leftover(&www, &[mark, www.clone()]));
    }
}
