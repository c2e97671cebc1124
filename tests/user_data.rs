//! The server's user data: small enough for EC2, and free of mistakes that its interpreters see.

mod common;

use std::process::Command;

use base64::Engine as _;
use common::{example, graph_of};
use scalectl::blueprint::Library;
use scalectl::spec::Stage;

/// EC2 takes 16 KB before encoding
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html>).
const MOST: usize = 16 * 1024;

/// As the server gets it.
fn user_data() -> String {
    let graph = graph_of(
        &Library::embedded().unwrap(),
        &example("shop", Stage::SingleServer),
    );
    let server = graph.get(&"us-east-1/server".parse().unwrap()).unwrap();
    let encoded = server.property("UserData").unwrap().as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn passes(program: &str, arguments: &[&str], text: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let output = Command::new(program)
        .args(arguments)
        .arg(file.path())
        .output()
        .unwrap_or_else(|error| panic!("{program} does not run ({error}); this test needs it"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn it_fits_and_its_shell_and_python_parse() {
    let text = user_data();
    assert!(text.len() <= MOST, "{} bytes", text.len());
    assert!(text.starts_with("#!/bin/bash\n"));
    passes("bash", &["-n"], &text);
    let programs: Vec<&str> = text.split("<<'PYTHON'\n").skip(1).collect();
    assert_eq!(programs.len(), 2);
    for program in programs {
        let (python, _) = program.split_once("\nPYTHON\n").unwrap();
        passes("python3", &["-m", "py_compile"], python);
    }
}

#[test]
fn no_secret_and_no_setting_is_in_it() {
    let text = user_data();
    assert!(text.contains("SITE_PATH='/shop/default' SITE_ROLE='single'"));
    // What runs stands in parameters, so that a new image needs no new server.
    assert!(!text.contains("ghcr.io/acme/shop"));
}
