//! Every stage of every example, exported as CloudFormation, passes cfn-lint without an error.
//!
//! cfn-lint comes from PyPI; it is the release that the facts in `schemas/` were extracted from too.

#[path = "common/exported.rs"]
mod exported;
#[path = "common/python.rs"]
mod python;

use std::process::Command;

#[test]
fn exported_templates_pass_cfn_lint() {
    let folder = tempfile::tempdir().unwrap();
    let files = exported::templates(folder.path());
    let linter = python::environment("cfn-lint.txt").join("cfn-lint");
    for region in ["us-east-1", "eu-west-1"] {
        let mut command = Command::new(&linter);
        command.args([
            "--regions",
            region,
            "--non-zero-exit-code",
            "error",
            "--format",
            "parseable",
        ]);
        command.arg("--template");
        command.args(
            files
                .iter()
                .filter(|(home, _)| home == region)
                .map(|(_, path)| path),
        );
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}\n{complaints}");
    }
}
