//! Python environments below `target/`, made once, with pinned versions.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the programs of an environment that has what `requirements` (a file beside the
/// tests) names; it is made when it is first asked for.
pub fn environment(requirements: &str) -> PathBuf {
    let wanted = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/python")
        .join(requirements);
    let text = std::fs::read_to_string(&wanted).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{requirements}"));
    let bin = folder.join("bin");
    let done = folder.join("done");
    std::fs::create_dir_all(&folder).unwrap();
    // Test programs may run at the same time; one makes it, the others wait.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    if std::fs::read_to_string(&done).is_ok_and(|have| have == text) {
        return bin;
    }
    run(
        Path::new("python3"),
        &["-m", "venv", &folder.to_string_lossy()],
    );
    run(
        &bin.join("python"),
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            &wanted.to_string_lossy(),
        ],
    );
    std::fs::write(done, text).unwrap();
    bin
}

fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{} does not run ({error}): install Python 3.10 or later with its venv module",
                program.display()
            )
        });
    assert!(
        output.status.success(),
        "{} {arguments:?} failed; this test needs Python 3.10 or later with venv, and PyPI:\n{}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}
