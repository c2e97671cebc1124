//! Identifiers of types without a form of their own here: the first of AWS's usual forms that other types of the
//! service, which name such an identifier in a property of the same name, would take.

use std::sync::Arc;

use crate::schema::{Registry, matches};

/// One for a resource of `kind` whose identifier is the property `name`, from 64 hexadecimal `digits` of its own.
pub fn fitting(kind: &str, name: &str, region: &str, uuid: String, digits: &str) -> String {
    let patterns = patterns(kind, name);
    let fits = |text: &str| patterns.iter().all(|pattern| matches(pattern, text));
    if fits(&uuid) {
        return uuid;
    }
    let mut forms = vec![
        format!("{region}_{}", &digits[..9]),
        format!("{region}:{uuid}"),
        digits[..10].to_owned(),
        format!("Z{}", digits[..19].to_uppercase()),
    ];
    // `fs-0123…`: the letters before a hyphen in a pattern.
    for pattern in &patterns {
        let parts: Vec<&str> = pattern.split('-').collect();
        for part in parts.iter().rev().skip(1) {
            let start = part.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
            let prefix = &part[start.len()..];
            if !prefix.is_empty() {
                forms.push(format!("{prefix}-{}", &digits[..17]));
            }
        }
    }
    forms.into_iter().find(|form| fits(form)).unwrap_or(uuid)
}

/// The patterns of the properties of this name in the service's types.
fn patterns(kind: &str, name: &str) -> Vec<Arc<str>> {
    let registry = Registry::embedded();
    let Some((service, _)) = kind.rsplit_once("::") else {
        return Vec::new();
    };
    let same = registry.all().filter(|other| {
        other
            .rsplit_once("::")
            .is_some_and(|(prefix, _)| prefix == service)
    });
    let shapes = same.filter_map(|other| {
        let schema = registry.kind(other)?;
        Some(schema.resolve(schema.properties().get(name)?))
    });
    let mut found: Vec<Arc<str>> = shapes.filter_map(|shape| shape.pattern.clone()).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_a_form_that_the_services_other_types_take() {
        let digits = "0123456789abcdef".repeat(4);
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        let of =
            |kind: &str, name: &str| fitting(kind, name, "us-east-1", uuid.to_owned(), &digits);
        assert_eq!(
            of("AWS::EFS::FileSystem", "FileSystemId"),
            "fs-0123456789abcdef0"
        );
        assert_eq!(
            of("AWS::Cognito::UserPool", "UserPoolId"),
            "us-east-1_012345678"
        );
        assert_eq!(of("AWS::ECS::Cluster", "Nothing"), uuid);
    }
}
