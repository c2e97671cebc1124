//! The program that every server runs each minute, out of its user data, and drivers that call parts of it.

use std::process::Command;

use scalectl::blueprint::Library;
use serde_json::json;

/// What a driver printed.
pub struct Driven {
    pub out: String,
    pub errors: String,
}

/// The user data of a server without workers.
pub fn template() -> String {
    filled_in(false)
}

/// The user data of a server that runs workers.
pub fn template_of_workers() -> String {
    filled_in(true)
}

fn filled_in(workers: bool) -> String {
    let library = Library::embedded().unwrap();
    let arguments =
        json!({"path": "/x", "role": "single", "home": "us-east-1", "workers": workers});
    let text = library.render("user-data/server.sh", &arguments.into());
    text.unwrap().as_str().unwrap().to_owned()
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
