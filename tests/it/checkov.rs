//! Every stage of every example, exported as CloudFormation, as checkov sees it: nothing fails but what
//! `tests/checkov.txt` names, with its reason.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// An exception: a check, a kind, and how the resource's name begins.
struct Exception<'a>(&'a str, &'a str, &'a str);

impl Exception<'_> {
    /// Whether it is about a finding, which names its resource as `KIND.NAME`.
    fn is_of(&self, check: &str, resource: &str) -> bool {
        let Some((kind, name)) = resource.rsplit_once('.') else {
            return false;
        };
        check == self.0 && kind == self.1 && name.starts_with(self.2)
    }
}

#[test]
fn checkov_finds_nothing_but_reasoned_exceptions() {
    let folder = tempfile::tempdir().unwrap();
    crate::exported::templates(folder.path());
    let output = Command::new(crate::python::environment("checkov.txt").join("checkov"))
        .args(["--framework", "cloudformation", "--output", "json"])
        // It asks nobody for anything.
        .args(["--quiet", "--compact", "--skip-download"])
        .arg("--directory")
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let found: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(found["summary"]["parsing_errors"], 0, "{said}");
    assert!(
        found["summary"]["passed"].as_u64() > Some(1000),
        "{}",
        found["summary"]
    );

    let exceptions: Vec<Exception<'_>> = include_str!("../checkov.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            match fields[..] {
                [check, kind, name, why] if !why.is_empty() => Exception(check, kind, name),
                _ => panic!("{line} needs four fields"),
            }
        })
        .collect();
    let failed = found["results"]["failed_checks"].as_array().unwrap();
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for one in failed {
        let text = |name: &str| one[name].as_str().unwrap();
        let (check, resource) = (text("check_id"), text("resource"));
        match exceptions.iter().position(|e| e.is_of(check, resource)) {
            Some(number) => {
                used.insert(number);
            }
            None => {
                let what = text("check_name");
                wrong.push(format!(
                    "{}: {resource}: {what} ({check})",
                    text("file_path")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let idle = (0..exceptions.len()).filter(|number| !used.contains(number));
    let idle: Vec<&str> = idle.map(|number| exceptions[number].0).collect();
    assert!(idle.is_empty(), "no longer needed: {idle:?}");
}
