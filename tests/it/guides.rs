//! The applications that guides show in two languages.

use std::process::Command;

use crate::common::root;

/// Whether a guide shows an application of examples/pulse as it is, and a script in each language that uses it prints what
/// is wanted.
#[track_caller]
pub fn assert_application_prints(
    guide: &str,
    application: &str,
    python: &str,
    node: &str,
    wanted: &str,
) {
    let folder = root().join("examples/pulse/app");
    let shown = std::fs::read_to_string(root().join(format!("docs/{guide}.md"))).unwrap();
    for (program, script, ending, arguments) in [
        ("python3", python, "py", ["-B", "-c"]),
        ("node", node, "mjs", ["--input-type=module", "-e"]),
    ] {
        let file = format!("{application}.{ending}");
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        assert!(
            shown.contains(&text),
            "docs/{guide}.md does not show {file} as it is"
        );
        let output = Command::new(program)
            .args(arguments)
            .arg(script)
            .arg(&folder)
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; tests/install.sh installs it"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            wanted,
            "{program}: {errors}"
        );
    }
}
