//! A folder with a spec in it, and the real binary run there.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use regex_lite::Regex;
use tempfile::TempDir;

/// A folder with a spec, and a blueprint beside it that is small enough to read.
pub struct Project(TempDir);

pub const SPEC: &str = "app: tiny\nstage: single-server\nservices:\n  web: {image: nginx:1}\n";

pub const BLUEPRINT: &str = "\
blueprint: single-server
title: Tiny
description: Small enough to read.
compose:
  - use: tiny
";

pub const MODULE: &str = "\
module: tiny
description: A network and a parameter in it.
resources:
  - id: vpc
    kind: AWS::EC2::VPC
    tier: network
    properties: {CidrBlock: \"${spec.network.cidr}\"}
  - id: subnet
    kind: AWS::EC2::Subnet
    tier: network
    forEach: \"${['a', 'b']}\"
    properties:
      VpcId: ${vpc.VpcId}
      AvailabilityZone: ${region.name}${each.key}
      CidrBlock: ${cidrsubnet(spec.network.cidr, 8, each.index)}
  - id: param
    kind: AWS::SSM::Parameter
    tier: compute
    properties: {Name: /tiny, Type: String, Value: \"${vpc.VpcId} runs ${spec.services.web.image}\"}
";

impl Project {
    pub fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write("scalectl.yaml", SPEC);
        project.write("blueprints/single-server.yaml", BLUEPRINT);
        project.write("blueprints/modules/tiny.yaml", MODULE);
        project
    }

    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A spec in a folder of its own, applied.
    pub fn applied(spec: &str) -> Self {
        let project = Self::empty();
        project.write("scalectl.yaml", spec);
        project.run("apply --auto-approve");
        project
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
        command
            .current_dir(self.path())
            .args(line.split_whitespace())
            .stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCALECTL_")) {
            command.env_remove(name);
        }
        command
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("CLICOLOR");
        command
    }

    /// A command that has to succeed, drift and changes (2) included.
    #[track_caller]
    pub fn run(&self, line: &str) -> Output {
        let output = self.try_run(line);
        assert!(
            matches!(output.status.code(), Some(0 | 2)),
            "{line} ends with {}: {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// A command, however it ends.
    pub fn try_run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// What commands print and how they end, without their names: so that no assertion finds its word there.
    pub fn said(&self, lines: &[&str]) -> String {
        let told = self.transcript(lines);
        let said = told.lines().filter(|line| !line.starts_with("$ scalectl "));
        said.collect::<Vec<_>>().join("\n") + "\n"
    }

    /// Commands with what they print and how they end, as a terminal would show them: for snapshots.
    pub fn transcript(&self, lines: &[&str]) -> String {
        let wall = Regex::new(r"\([0-9.]+ m?s here\)").unwrap();
        let mut told = String::new();
        for line in lines {
            let output = self.try_run(line);
            let text = String::from_utf8(output.stdout).unwrap()
                + &String::from_utf8(output.stderr).unwrap();
            assert!(!text.contains("panicked"), "{line}: {text}");
            assert!(!text.contains('\u{1b}'), "colours in a pipe: {text:?}");
            let text = wall.replace_all(&text, "([..] here)");
            let _ = write!(told, "$ scalectl {line}\n{text}");
            match output.status.code() {
                Some(0) => {}
                Some(code) => {
                    let _ = writeln!(told, "(exit code {code})");
                }
                None => told.push_str("(ended by a signal)\n"),
            }
            told.push('\n');
        }
        told
    }

    pub fn code(&self, line: &str) -> Option<i32> {
        self.try_run(line).status.code()
    }
}
