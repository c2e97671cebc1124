//! The program that every server runs each minute, out of its user data, and drivers that call parts of it.

use std::process::Command;

use scalectl::blueprint::Library;

/// What a driver printed.
pub struct Driven {
    pub out: String,
    pub errors: String,
}

/// A server's user data before a blueprint fills it in.
pub fn template() -> String {
    let library = Library::embedded().unwrap();
    library.text("user-data/server.sh").unwrap().to_string()
}

/// Runs a driver in Python: its first argument is a file with the program in `user_data`, then come `arguments`.
pub fn driven(user_data: &str, driver: &str, arguments: &[&str]) -> Driven {
    let program = user_data.split("<<'PYTHON'\n").nth(2).unwrap();
    let (program, _) = program.split_once("\nPYTHON\n").unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), program).unwrap();
    let output = Command::new("python3")
        .args(["-c", driver])
        .arg(file.path())
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    Driven {
        out: String::from_utf8(output.stdout).unwrap(),
        errors,
    }
}
