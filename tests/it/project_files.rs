//! Folders and files beside a spec: what cannot be used is refused by its path, never left out.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::project::Project;

/// A project of the built-in blueprints alone.
fn plain() -> Project {
    let project = Project::empty();
    project.write("scalectl.yaml", crate::project::SPEC);
    project
}

fn validated(project: &Project, expected: &str) {
    let told = project.said(&["validate"]);
    assert!(told.contains(expected), "{expected}: {told}");
    assert_eq!(project.code("validate"), Some(1), "{told}");
}

#[test]
fn folders_that_are_none_are_refused() {
    for name in ["policies", "blueprints", "templates", "tests"] {
        let project = plain();
        symlink("nowhere", project.path().join(name)).unwrap();
        validated(&project, &format!("{name} is a dangling link"));

        let project = plain();
        symlink("/etc", project.path().join(name)).unwrap();
        validated(
            &project,
            &format!("{name} is a link to a folder outside the project"),
        );

        let project = plain();
        symlink(".", project.path().join(name)).unwrap();
        validated(
            &project,
            &format!("{name} is a link to a folder outside the project"),
        );

        let project = plain();
        project.write(name, "text");
        validated(&project, &format!("{name} is a file, but must be a folder"));
    }
}

#[test]
fn a_link_to_another_folder_of_the_project_is_followed() {
    let project = plain();
    project.write("infra/policies/own.yaml", "rules: [");
    symlink("infra/policies", project.path().join("policies")).unwrap();
    validated(&project, "policies/own.yaml:1");
}

#[test]
fn files_that_would_not_replace_the_built_in_ones_are_refused() {
    for name in [
        "policies/network.yaml",
        "policies/own.yaml",
        "blueprints/modules/server.yaml",
        "templates/user-data/server.sh",
    ] {
        let project = plain();
        std::fs::create_dir_all(project.path().join(name)).unwrap();
        validated(&project, &format!("{name} is a folder, but must be a file"));
        for target in [".", "/etc"] {
            let project = plain();
            project.write(&format!("{name}.txt"), "");
            std::fs::remove_file(project.path().join(format!("{name}.txt"))).unwrap();
            symlink(target, project.path().join(name)).unwrap();
            validated(&project, &format!("{name} is a folder, but must be a file"));
        }
    }
    let project = plain();
    project.write("blueprints/modules", "text");
    validated(
        &project,
        "blueprints/modules is a file, but must be a folder",
    );
    let project = plain();
    project.write("templates/user-data", "text");
    validated(
        &project,
        "templates/user-data is a file, but must be a folder",
    );
    let project = plain();
    project.write("policies/own.txt", "");
    symlink("/etc", project.path().join("policies/more")).unwrap();
    validated(&project, "policies/more is a link to a folder");
}

#[test]
fn yaml_under_another_ending_is_refused() {
    for (name, right) in [
        ("policies/b.YAML", "b.yaml"),
        ("policies/b.yml", "b.yaml"),
        ("blueprints/modules/server.YML", "modules/server.yaml"),
    ] {
        let project = plain();
        project.write(name, "");
        validated(&project, &format!("{name} would be ignored"));
        validated(&project, &format!("rename it to {right}"));
    }
    let project = plain();
    project.write("policies/README.md", "# Our rules\n");
    assert_eq!(project.code("validate"), Some(0));
}

#[test]
fn an_application_is_destroyed_though_a_file_cannot_be_used() {
    let project = plain();
    symlink("nowhere", project.path().join("blueprints")).unwrap();
    let told = project.said(&["destroy --auto-approve"]);
    assert!(told.contains("blueprints is a dangling link"), "{told}");
    assert_eq!(project.code("destroy --auto-approve"), Some(0), "{told}");
}

/// Commands that take a file, with FILE in place of its name.
const READERS: [&str; 9] = [
    "-f FILE validate",
    "apply FILE",
    "migrate FILE",
    "failover FILE",
    "plan --live FILE",
    "apply --dry-run --live FILE",
    "migrate --to split-db --dry-run --live FILE",
    "test FILE",
    "drift --live FILE",
];

#[test]
fn no_command_waits_for_a_pipe_or_reads_a_device_to_its_end() {
    let project = plain();
    let pipe = project.path().join("ff");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for file in ["ff", "/dev/zero"] {
        for reader in READERS {
            let told = project.said(&[&reader.replace("FILE", file)]);
            let expected = format!("{file} is not a regular file");
            assert!(told.contains(&expected), "{reader} {file}: {told}");
        }
    }
}
