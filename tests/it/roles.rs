//! The engine knows what resources are to it by their roles, and no blueprint's ids.

use std::collections::BTreeSet;
use std::path::Path;

use regex_lite::Regex;
use scalectl::blueprint::library::BLUEPRINTS;

/// The ids of all built-in blueprints, such as `param_database`.
fn ids() -> BTreeSet<String> {
    let id = Regex::new(r"(?m)^ *- id: ([a-z0-9_]+)$").unwrap();
    let found = BLUEPRINTS
        .iter()
        .flat_map(|(_, text)| id.captures_iter(text));
    found.map(|found| found[1].to_owned()).collect()
}

fn sources(path: &Path, read: &mut dyn FnMut(&Path, &str)) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), read);
        }
    } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
        read(path, &std::fs::read_to_string(path).unwrap());
    }
}

/// Where a source compares or makes an address's id with one of these.
fn named(source: &str, ids: &BTreeSet<String>) -> BTreeSet<String> {
    let tests = Regex::new(r"#\[cfg\(test\)\]\s*mod \w+ \{").unwrap();
    let source = tests.split(source).next().unwrap_or_default();
    let source = Regex::new("//[^\n]*").unwrap().replace_all(source, "");
    let text = Regex::new(
        r#"(\bid\b|\bADDRESS\b|Address::new\([^;"]*|: &str =)[^;"]{0,40}"([a-z0-9_]+)""#,
    )
    .unwrap();
    let compared = text.captures_iter(&source).map(|found| found[2].to_owned());
    // Two words joined are an id wherever they stand.
    let joined = Regex::new(r#""([a-z0-9]+_[a-z0-9_]+)""#).unwrap();
    let anywhere = joined
        .captures_iter(&source)
        .map(|found| found[1].to_owned());
    compared
        .chain(anywhere)
        .filter(|id| ids.contains(id))
        .collect()
}

#[test]
fn no_id_of_a_blueprint_is_in_the_engine() {
    let ids = ids();
    assert!(ids.len() > 100);
    let mut found = Vec::new();
    sources(&crate::common::root().join("src"), &mut |path, source| {
        // What is drawn and reported goes by resource types; what AWS's SDK calls its members is AWS's.
        if !path.ends_with("bind") {
            found.extend(
                named(source, &ids)
                    .into_iter()
                    .map(|id| format!("{}: {id}", path.display())),
            );
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_id_is_found_in_every_form() {
    let ids = BTreeSet::from(["param_database".to_owned(), "vpc".to_owned()]);
    for source in [
        r#"x.find(|one| &*one.address.id == "vpc")"#,
        r#"Address::new(region.clone(), "vpc", None)"#,
        r#"const SETTING: &str = "param_database";"#,
        r#"["param_database"].contains(&id)"#,
    ] {
        assert_eq!(named(source, &ids).len(), 1, "{source}");
    }
    assert!(named(r#"text(one, "vpc")"#, &ids).is_empty());
    assert!(named(r#"// one.id == "vpc""#, &ids).is_empty());
}
