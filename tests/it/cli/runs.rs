//! Runs that are killed, interrupted or meet another one.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::project::Project;

/// An apply whose simulator hardly moves: after its first line of progress there are four more
/// seconds in which to interfere.
pub(super) fn stuck(project: &Project) -> Child {
    let mut child = project
        .command("apply --auto-approve --speed 0.5")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(" created ") {
        line.clear();
        assert!(
            out.read_line(&mut line).unwrap() > 0,
            "it ended before anything was created"
        );
    }
    child.stdout = Some(out.into_inner());
    child
}

#[test]
fn a_run_that_is_killed_is_taken_up_by_the_next_one() {
    let project = Project::new();
    let mut child = stuck(&project);
    child.kill().unwrap();
    child.wait().unwrap();
    let told = project.said(&[
        "apply --auto-approve",
        "plan --detailed-exitcode",
        "sim list",
    ]);
    assert!(
        told.contains("Nothing to do: 4 resources") && told.contains("\n4 resources"),
        "{told}"
    );
    assert!(!told.contains("exit code"), "{told}");
    let history = String::from_utf8(project.run("history").stdout).unwrap();
    assert!(history.contains("killed before it finished"), "{history}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_run_cleanly_and_the_next_one_goes_on() {
    for signal in ["INT", "TERM"] {
        let project = Project::new();
        let mut child = stuck(&project);
        let kill = Command::new("kill")
            .args([format!("-{signal}"), child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        let mut rest = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            rest.push_str(&line.unwrap());
            rest.push('\n');
        }
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}: {rest}");
        assert!(
            rest.contains("Apply stopped") && rest.contains("again to resume"),
            "{signal}: {rest}"
        );
        assert_eq!(project.code("apply --auto-approve"), Some(0));
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    }
}

#[test]
fn a_second_writer_waits_or_is_told_who_is_at_work() {
    let project = Project::new();
    let mut child = stuck(&project);
    let told = project.said(&["apply --auto-approve --lock-timeout 0"]);
    assert!(
        told.contains("the simulator is in use by") && told.contains("which runs `scalectl apply`"),
        "{told}"
    );
    assert!(told.contains(&format!("pid {}", child.id())), "{told}");
    // The patient one gets its turn when the first is gone.
    let waiting = project
        .command("apply --auto-approve --lock-timeout 60")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(waiting.wait_with_output().unwrap().status.success());
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}
