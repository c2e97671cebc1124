//! Imports point one way: each module of the crate imports what docs/architecture.md's table says, and only modules above it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex_lite::Regex;

/// The table's rows in their order: a module and what it imports.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let text = std::fs::read_to_string(crate::common::root().join("docs/architecture.md")).unwrap();
    let name = Regex::new("`([a-z_]+)`").unwrap();
    let names = |cell: &str| -> BTreeSet<String> {
        let found = name.captures_iter(cell);
        found.map(|found| found[1].to_owned()).collect()
    };
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("| Module |"));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let module = names(cells[0]).into_iter().next().unwrap();
        (module, names(cells.last().unwrap()))
    })
    .collect()
}

/// The modules of the crate that a source names, without those that only its tests do.
fn imports(source: &str) -> BTreeSet<String> {
    let tests = Regex::new(r"#\[cfg\(test\)\]\s*mod \w+ \{").unwrap();
    let source = tests.split(source).next().unwrap_or_default();
    let source = Regex::new("//[^\n]*").unwrap().replace_all(source, "");
    let mut found = BTreeSet::new();
    for one in Regex::new(r"\bcrate::(\w+)")
        .unwrap()
        .captures_iter(&source)
    {
        found.insert(one[1].to_owned());
    }
    for group in Regex::new(r"(?s)\bcrate::\{(.*?)\};")
        .unwrap()
        .captures_iter(&source)
    {
        let (mut depth, mut begins) = (0, true);
        let mut word = String::new();
        for letter in group[1].chars().chain([',']) {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(std::mem::take(&mut word));
                    begins = true;
                }
                letter if begins && (letter.is_alphanumeric() || letter == '_') => {
                    word.push(letter)
                }
                letter if letter.is_whitespace() => {}
                _ => begins = false,
            }
        }
    }
    found.remove("");
    found
}

fn sources(path: &Path, read: &mut dyn FnMut(&str)) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), read);
        }
    } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
        read(&std::fs::read_to_string(path).unwrap());
    }
}

/// What each module imports of the others.
fn found() -> BTreeMap<String, BTreeSet<String>> {
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(crate::common::root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if ["lib", "main"].contains(&&*module) {
            continue;
        }
        let all = modules.entry(module.clone()).or_default();
        sources(&path, &mut |source| all.extend(imports(source)));
        all.remove(&module);
    }
    modules
}

#[test]
fn every_module_imports_what_the_table_says() {
    let table = table();
    let found = found();
    let rows: BTreeMap<String, BTreeSet<String>> = table.iter().cloned().collect();
    assert_eq!(rows.len(), table.len(), "a module has two rows");
    let names = |map: &BTreeMap<String, BTreeSet<String>>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&rows), names(&found), "a row per module");
    for (module, has) in &found {
        let says = &rows[module];
        let more: Vec<_> = has.difference(says).collect();
        let less: Vec<_> = says.difference(has).collect();
        assert!(
            more.is_empty(),
            "{module} imports {more:?}, and its row does not say so"
        );
        assert!(
            less.is_empty(),
            "{module} does not import {less:?}, as its row says"
        );
    }
}

#[test]
fn no_row_of_the_table_names_one_below_it() {
    let mut above = BTreeSet::new();
    for (module, imports) in table() {
        let below: Vec<_> = imports.difference(&above).collect();
        assert!(
            below.is_empty(),
            "{module} imports {below:?}, which is below it"
        );
        above.insert(module);
    }
    assert!(above.len() > 20);
}

#[test]
fn imports_are_read_in_every_form() {
    let source = "use crate::{\n    address::Address,\n    plan::{self, Plan},\n};\nuse crate::graph::Graph; // crate::cli\n\
        let x = crate::value::Map::new();\n#[cfg(test)]\nmod tests {\n use crate::render;\n}\n";
    let found: Vec<_> = imports(source).into_iter().collect();
    assert_eq!(found, ["address", "graph", "plan", "value"]);
}

/// A longer file has one subject nonetheless, and its header says why.
const LONGEST: usize = 600;

/// How the line of a header begins that says why its file is long.
const REASON: &str = "//! Long because ";

/// Whether a source is short enough, or says why not.
fn is_short_or_says_why(source: &str) -> bool {
    let mut header = source.lines().take_while(|line| line.starts_with("//!"));
    source.lines().count() <= LONGEST || header.any(|line| line.starts_with(REASON))
}

#[test]
fn a_long_file_says_why_in_its_header() {
    let mut long = Vec::new();
    let mut folders = vec![crate::common::root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs")
                && !is_short_or_says_why(&std::fs::read_to_string(&path).unwrap())
            {
                long.push(path);
            }
        }
    }
    long.sort();
    assert!(
        long.is_empty(),
        "more than {LONGEST} lines and no line `{REASON}...` in the header: {long:?}; move the second subject to a file of its own"
    );
}

#[test]
fn a_reason_stands_in_the_header_and_only_there() {
    let long = "\n".repeat(LONGEST + 1);
    assert!(is_short_or_says_why(&"\n".repeat(LONGEST)));
    assert!(!is_short_or_says_why(&format!("//! A subject.{long}")));
    let reason = format!("{REASON}a table is one thing.");
    assert!(is_short_or_says_why(&format!(
        "//! A subject.\n//!\n{reason}{long}"
    )));
    assert!(!is_short_or_says_why(&format!(
        "//! A subject.\n{long}{reason}"
    )));
}
