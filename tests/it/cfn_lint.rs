//! Every stage of every example, exported as CloudFormation, passes cfn-lint without an error.
//!
//! cfn-lint comes from PyPI; it is the release that the facts in `schemas/` were extracted from too.

use std::process::Command;

#[test]
fn exported_templates_pass_cfn_lint() {
    let folder = tempfile::tempdir().unwrap();
    let files = crate::exported::templates(folder.path());
    let linter = crate::python::environment("cfn-lint.txt").join("cfn-lint");
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
        let errors: Vec<_> = (told.lines())
            .filter(|line| is_error(line) && !is_series(line))
            .collect();
        let is_through = output.status.success() || is_series(&told);
        assert!(
            is_through && errors.is_empty(),
            "{}\n{complaints}",
            errors.join("\n")
        );
    }
}

/// A line is `FILE:LINE:COLUMN:LINE:COLUMN:RULE:WORDS`, and an error's rule is like `E3691`.
fn is_error(line: &str) -> bool {
    let rule = line.split(':').nth(5).unwrap_or_default();
    rule.starts_with('E')
}

fn is_series(line: &str) -> bool {
    SERIES.iter().any(|series| line.contains(series))
}

/// RDS takes the series of a version and chooses the minor one, as it does of `17`, which cfn-lint lets pass
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>: the default minor version
/// of a major one); MySQL's majors have two numbers.
const SERIES: [&str; 4] = [
    ":E3691:'8.4' is not one of ",
    ":E3691:'11.8' is not one of ",
    ":E3691:'16.00' is not one of ",
    ":E3691:'17' is not one of ",
];
