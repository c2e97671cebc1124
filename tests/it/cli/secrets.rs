//! `secrets list`, `set` and `rm`.

use std::io::Write as _;
use std::process::Stdio;

use crate::project::Project;

const SPEC: &str = "\
app: shop
stage: single-server
services:
  web: {image: \"ghcr.io/acme/web:1\", secrets: {STRIPE: shop/stripe, MAIL: /shop/mail}}
  mail: {type: worker, image: \"ghcr.io/acme/mail:1\", secrets: {MAIL: /shop/mail}}
";

fn project(spec: &str) -> Project {
    let project = Project::empty();
    project.write("scalectl.yaml", spec);
    project
}

/// A command that gets a value on stdin: what it says, and its exit code.
fn with_value(project: &Project, line: &str, value: &[u8]) -> (String, Option<i32>) {
    let mut command = project.command(line);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(value);
    let output = child.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (String::from_utf8(told).unwrap(), output.status.code())
}

fn listed(project: &Project) -> serde_json::Value {
    let output = project.run("secrets list --json");
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["secrets"].clone()
}

#[test]
fn a_missing_secret_is_listed_and_set_from_stdin_without_being_shown() {
    let project = project(SPEC);
    let before = listed(&project);
    assert_eq!(before[0]["name"], "/shop/mail");
    assert_eq!(before[0]["missing"], serde_json::json!(["us-east-1"]));
    assert_eq!(before[0]["uses"][0]["service"], "mail");
    let (told, code) = with_value(&project, "secrets set shop/stripe", b"sk_hunter2\n");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("Created shop/stripe in us-east-1"), "{told}");
    assert!(told.contains("Servers that run web take it"), "{told}");
    let (again, _) = with_value(&project, "secrets set shop/stripe", b"sk_hunter3");
    assert!(again.contains("Changed shop/stripe"), "{again}");
    let after = listed(&project);
    assert_eq!(after[1]["missing"], serde_json::json!([]));
    assert!(after[1]["set"].as_str().unwrap().ends_with('Z'));
    // Nowhere: not in what is said, and in no file of the simulator's.
    let mut files = vec![format!("{told}{again}{after}").into_bytes()];
    for entry in std::fs::read_dir(project.path().join(".scalectl")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push(std::fs::read(path).unwrap());
        }
    }
    let has = |file: &[u8]| {
        file.windows(7)
            .any(|part| part == b"hunter2" || part == b"hunter3")
    };
    assert!(files.len() > 1 && !files.iter().any(|file| has(file)));
}

#[test]
fn a_value_comes_from_a_file_or_at_random_and_one_that_nothing_can_hold_is_refused() {
    let project = project(SPEC);
    project.write("key.pem", "-----BEGIN\nhunter2\n-----END\n");
    let told = project.said(&[
        "secrets set shop/stripe --from key.pem",
        "secrets set shop/stripe --random 64",
    ]);
    assert!(
        told.contains("Created") && told.contains("Changed"),
        "{told}"
    );
    for (value, line, what) in [
        (&b"\n"[..], "secrets set shop/stripe", "the value is empty"),
        (b"a\0b", "secrets set shop/stripe", "zero character"),
        (b"\xff\xfe", "secrets set shop/stripe", "not text in UTF-8"),
        (
            &[b'a'; 70_000],
            "secrets set shop/stripe",
            "more than 65536 bytes",
        ),
        (
            &[b'a'; 5000],
            "secrets set /shop/mail",
            "more than 4096 bytes",
        ),
        (b"a", "secrets set shop/strype", "did you mean shop/stripe?"),
        (
            b"a",
            "secrets set shop/stripe --random 8",
            "8 is not in 16..=4096",
        ),
    ] {
        let (told, code) = with_value(&project, line, value);
        assert_eq!(code, Some(1), "{line}: {told}");
        assert!(told.contains(what), "{line}: {told}");
    }
    let (told, code) = with_value(&project, "secrets set shop/old --unused", b"a");
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn what_a_service_needs_is_not_deleted_and_the_rest_can_be_brought_back() {
    let project = project(SPEC);
    with_value(&project, "secrets set shop/stripe", b"a");
    let told = project.said(&["secrets rm shop/stripe --auto-approve"]);
    assert!(
        told.contains("is STRIPE of web; a new container would not start"),
        "{told}"
    );
    project.write("scalectl.yaml", SPEC.replace("STRIPE: shop/stripe, ", ""));
    assert_eq!(
        project.code("secrets rm shop/stripe"),
        Some(1),
        "nobody can be asked"
    );
    let told = project.said(&[
        "secrets rm shop/stripe --auto-approve",
        "secrets rm shop/none --auto-approve",
    ]);
    assert!(
        told.contains("Deleted shop/stripe in us-east-1 (for good in 30 days)"),
        "{told}"
    );
    assert!(told.contains("there is no secret shop/none"), "{told}");
    project.write("scalectl.yaml", SPEC);
    assert!(listed(&project)[1]["ends"].is_string());
    let (told, _) = with_value(&project, "secrets set shop/stripe", b"b");
    assert!(told.contains("Changed"), "{told}");
    assert!(listed(&project)[1]["ends"].is_null());
}

#[test]
fn every_region_gets_a_secret_as_its_servers_look_for_it() {
    let spec = "\
app: shop
stage: multi-region
regions: [us-east-1, eu-west-1]
domain: shop.example.com
services:
  web: {image: \"ghcr.io/acme/web:1\", secrets: {STRIPE: shop/stripe, MAIL: /shop/mail}}
";
    let project = project(spec);
    let (told, _) = with_value(&project, "secrets set shop/stripe", b"a");
    assert!(
        told.contains("in us-east-1, with a copy in eu-west-1"),
        "{told}"
    );
    let (told, _) = with_value(&project, "secrets set /shop/mail", b"a");
    assert!(
        told.contains("in us-east-1") && told.contains("in eu-west-1"),
        "{told}"
    );
    // A region that does not answer stops it before any other has a new value.
    project.run("sim fault --down eu-west-1");
    let (told, code) = with_value(&project, "secrets set /shop/mail", b"b");
    assert_ne!(code, Some(0), "{told}");
    assert!(
        told.contains("eu-west-1 does not answer") && !told.contains("Changed"),
        "{told}"
    );
}
