//! Situations of other tools' public bug reports, as a user meets them: another domain, another name of the application,
//! zones that do not exist, a database that exists, and numbers of stages that add up.

use std::collections::BTreeSet;

use crate::project::Project;
use regex_lite::Regex;

const CDN: &str =
    "app: shop\nstage: cdn\ndomain: shop.example.com\nservices:\n  web: {image: nginx:1}\n";

fn applied(spec: &str) -> Project {
    let project = Project::empty();
    project.write("scalectl.yaml", spec);
    project.run("apply --auto-approve");
    project
}

/// The identifiers of a type, such as `S3::Bucket`.
fn all(project: &Project, kind: &str) -> BTreeSet<String> {
    let listed = project.said(&["sim list"]);
    let rows = listed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(2) == Some(&kind))
        .map(|row| row[3].to_owned())
        .collect()
}

#[test]
fn another_domain_keeps_the_buckets_and_their_files() {
    for domain in [
        "{name: www.shop.example.com, zone: shop.example.com}",
        "store.example.org",
    ] {
        let project = applied(CDN);
        let buckets = all(&project, "S3::Bucket");
        assert!(buckets.len() >= 2, "{buckets:?}");
        project.write("scalectl.yaml", CDN.replace("shop.example.com", domain));
        let told = project.said(&["plan --json"]);
        let plan: serde_json::Value = serde_json::from_str(told.trim()).unwrap();
        let changes = plan["changes"].as_array().unwrap();
        assert!(!changes.is_empty());
        for change in changes
            .iter()
            .filter(|one| one["kind"] == "AWS::S3::Bucket")
        {
            assert_eq!(change["action"], "update", "{domain}: {change}");
        }
        // Only a zone of another name is in the way, and it is named.
        let mut allow = String::new();
        if domain.starts_with("store") {
            let told = project.said(&["apply --auto-approve"]);
            assert!(told.contains("global/zone"), "{told}");
            assert!(!told.contains("--allow us-east-1/bucket"), "{told}");
            allow = " --allow global/zone".to_owned();
        }
        let told = project.said(&[&format!("apply --auto-approve{allow}"), "plan"]);
        assert!(told.contains("Nothing to do"), "{domain}: {told}");
        assert_eq!(all(&project, "S3::Bucket"), buckets, "{domain}");
    }
}

#[test]
fn another_name_of_the_application_is_told_with_the_one_that_goes_on() {
    let project = applied(&CDN.replace("cdn", "single-server"));
    project.write(
        "scalectl.yaml",
        CDN.replace("cdn", "single-server")
            .replace("app: shop", "app: store"),
    );
    let told = project.said(&["plan"]);
    assert!(
        told.contains("store (default) has no resources yet; shop (default), which was last applied from this folder, keeps running")
            && told.contains("costs money"),
        "{told}"
    );
    // The domain is not claimed a second time: the zone of the first is used.
    assert!(!told.contains("+ global/zone"), "{told}");
    project.write("scalectl.yaml", CDN.replace("cdn", "single-server"));
    let allow =
        ["global/zone", "us-east-1/server", "us-east-1/vpc"].map(|one| format!(" --allow {one}"));
    project.run(&format!("destroy --auto-approve{}", allow.concat()));
    project.write(
        "scalectl.yaml",
        CDN.replace("cdn", "single-server")
            .replace("app: shop", "app: store"),
    );
    let told = project.said(&["plan"]);
    assert!(!told.contains("costs money"), "{told}");
}

#[test]
fn zones_and_regions_that_do_not_exist_are_refused_at_their_line() {
    for (regions, help) in [
        (
            "[{name: us-east-1, zones: [b, us-east-1a]}]",
            "is not the letter of a zone",
        ),
        (
            "[{name: us-east-1, zones: [a, use1-az3]}]",
            "is not the letter of a zone",
        ),
        (
            "[{name: us-east-1, zones: [a, B]}]",
            "is not the letter of a zone",
        ),
        ("[{name: us-east-1, zones: [a, z]}]", "zone"),
        ("[xx-north-9]", "region"),
        ("[us-est-1]", "us-east-1"),
    ] {
        let project = Project::empty();
        project.write("scalectl.yaml", format!("{CDN}regions: {regions}\n"));
        let told = project.said(&["validate"]);
        assert!(
            told.contains("(exit code 1)")
                && told.contains("scalectl.yaml:6:")
                && told.contains(help),
            "{regions}: {told}"
        );
    }
}

#[test]
fn a_database_that_exists_is_adopted_as_it_is() {
    let spec = |database: &str| {
        format!(
            "app: shop\nstage: split-db\nservices:\n  web: {{image: nginx:1}}\ndatabase: {{engine: postgres{database}}}\n"
        )
    };
    // Somebody's: another master user, not encrypted.
    let project = applied(&spec(", username: postgres"));
    project.run("sim drift us-east-1/db StorageEncrypted=false DBSubnetGroupName=default-vpc");
    project.run("sim disown us-east-1/db");
    project.write("scalectl.yaml", spec(""));
    let told = project.said(&["import us-east-1/db shop-default-db --auto-approve"]);
    assert!(
        told.contains("MasterUsername") && told.contains("(exit code 1)"),
        "{told}"
    );
    // The spec can say its user; its subnets, and whether it is encrypted, stay.
    project.write("scalectl.yaml", spec(", username: postgres"));
    project.run("import us-east-1/db shop-default-db --auto-approve");
    let told = project.said(&["plan --json"]);
    let plan: serde_json::Value = serde_json::from_str(told.trim()).unwrap();
    for change in plan["changes"].as_array().unwrap() {
        assert_eq!(change["action"], "update", "{change}");
        for property in change["properties"].as_array().unwrap() {
            let path = property["path"].as_str().unwrap();
            assert!(
                !["StorageEncrypted", "DBSubnetGroupName"].contains(&path),
                "{change}"
            );
        }
    }
}

#[test]
fn the_numbers_of_stages_add_up() {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        "app: shop\nstage: single-server\ndomain: shop.example.com\nregions: [us-east-1, eu-west-1]\nservices:\n  web: {image: nginx:1}\n\
         database: {engine: postgres, replicas: 2}\ncache: {engine: valkey}\n",
    );
    let told = project.said(&["stages"]);
    let line = Regex::new(r"(?m)^  (\d+) resources(?:: (\d+) new, (\d+) removed)?$").unwrap();
    let number = |found: &regex_lite::Captures<'_>, group: usize| -> i64 {
        found
            .get(group)
            .map_or(0, |text| text.as_str().parse().unwrap())
    };
    let mut before: Option<i64> = None;
    let mut stages = 0;
    for found in line.captures_iter(&told) {
        let all = number(&found, 1);
        if let Some(before) = before {
            assert_eq!(
                before + number(&found, 2) - number(&found, 3),
                all,
                "{told}"
            );
        }
        before = Some(all);
        stages += 1;
    }
    assert_eq!(stages, 5, "{told}");
    // What is listed by name adds up to what is counted, in each step of a migration.
    project.run("apply --auto-approve");
    let told = project.said(&["migrate --to load-balanced --plan"]);
    let step = Regex::new(r"(?m)^ +(?:creates|changes|replaces|removes) (\d+): (.*)$").unwrap();
    let more = Regex::new(r" and (\d+) more$").unwrap();
    let mut steps = 0;
    for found in step.captures_iter(&told) {
        let names = &found[2];
        let hidden = more.captures(names).map_or(0, |more| number(&more, 1));
        let shown: i64 = more
            .replace(names, "")
            .split(", ")
            .map(|name| {
                name.split_once('×')
                    .map_or(1, |(_, times)| times.parse().unwrap())
            })
            .sum();
        assert_eq!(shown + hidden, number(&found, 1), "{}", &found[0]);
        steps += 1;
    }
    assert!(steps > 10, "{told}");
}
