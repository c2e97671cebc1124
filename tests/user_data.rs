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

/// Runs the program that brings a server in line, without a server: what it would ask and start is told
/// instead.
const DRIVER: &str = r#"
import json, sys
program, config, answers = open(sys.argv[1]).read(), json.loads(sys.argv[2]), sys.argv[3] == "answers"
begin, end = program.index("REGION = metadata"), program.rindex("try:\n")
head = program[:program.index("PATH, ROLE")] + "LIBRARY, RUN, REGION = 'library/', '/run/site:/run/site', 'us-east-1'\n"
# Everything but what is asked at once and the last lines, which run it.
space = dict()
exec(head + program[program.index("def run("):begin] + program[program.index("def parameters("):end], space)
told = []
class File:
    def __init__(self, path, mode="r"): told.append("%s %s" % (mode, path))
    def close(self): pass
class Connection:
    def close(self): pass
def connect(place, seconds):
    told.append("connects %s %s" % place)
    if not answers: raise OSError("refused")
    return Connection()
space["socket"].create_connection = connect
space["time"].sleep = lambda seconds: None
space.update(open=File, metadata=lambda path: "10.0.0.7", password=lambda: "word", certificate=lambda: "/pem",
             parameters=lambda: dict(database=config), containers=lambda: dict(),
             start=lambda name, image, mount, command, env: told.append("starts %s %s" % (name, image)))
try:
    space["keep"]()
except SystemExit as error:
    told = told[-1:] + [str(error)]
print("\n".join(told))
"#;

#[test]
fn a_migration_that_leads_back_starts_the_servers_own_database() {
    let text = user_data();
    let program = text.split("<<'PYTHON'\n").nth(2).unwrap();
    let (program, _) = program.split_once("\nPYTHON\n").unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), program).unwrap();
    let config = r#"{"engine": "postgres", "version": "17", "host": "db.x.rds.amazonaws.com", "name": "shop"}"#;
    let told = |how: &str| {
        let output = Command::new("python3")
            .args(["-c", DRIVER])
            .arg(file.path())
            .args([config, how])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        told("answers"),
        "w /etc/site/database.keep\nstarts database-local library/postgres:17\nconnects 10.0.0.7 5432\n"
    );
    assert_eq!(
        told("is silent"),
        "connects 10.0.0.7 5432\nthe server's own database does not start\n"
    );
    // What a script starts, the server has.
    let unit = "sed 's/reconcile$/& keep/' /etc/systemd/system/site.service >/etc/systemd/system/site-keep.service";
    assert!(text.contains(unit));
    let library = Library::embedded().unwrap();
    let begin = library.text("actions/lib.sh").unwrap();
    assert!(begin.contains("systemctl start site-keep"));
}
