//! Files of a project, which may come with somebody else's pull request: plain files inside the project only, of a
//! bounded size.
//!
//! A link that points outside the folder would put the runner's files into a plan, a pipe would keep a check waiting for
//! ever. What was opened is checked, not what the path pointed to before.

use std::fs::Metadata;
use std::path::Path;

use super::Failure;
use crate::plain_file::{Plain, Refusal};

/// The largest file that is read, in bytes; the largest built-in template has a tenth of it.
const MOST_BYTES: u64 = 1 << 20;

/// The text of a plain file inside `folder`.
pub fn read(path: &Path, folder: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let help = "remove it, or make it readable";
    let root = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let root = root
        .canonicalize()
        .map_err(|error| Failure::with_help(format!("{shown} cannot be read: {error}"), help))?;
    text(path, help, |real| {
        if real.starts_with(&root) {
            None
        } else {
            Some((
                format!("points outside {}", root.display()),
                "put a copy of the file into the project instead of a link to it",
            ))
        }
    })
}

/// The text of a spec, which may be a link to one elsewhere, but to no other file.
pub fn spec(path: &Path, help: &str) -> Result<String, Failure> {
    text(path, help, |real| {
        let is_yaml = |path: &Path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            matches!(ending, Some("yaml" | "yml" | "json"))
        };
        if is_yaml(real) || real.file_name() == path.file_name() {
            None
        } else {
            Some((
                "points to a file that is not YAML".to_owned(),
                "put the spec itself there",
            ))
        }
    })
}

/// The text of a plain file; `refusal` says why its real path is not read.
fn text(
    path: &Path,
    help: &str,
    refusal: impl FnOnce(&Path) -> Option<(String, &'static str)>,
) -> Result<String, Failure> {
    let shown = path.display();
    let refuse = |why: &str, help: &str| Failure::with_help(format!("{shown} {why}"), help);
    let unreadable = |error: std::io::Error| refuse(&format!("cannot be read: {error}"), help);
    let refused = |why: Refusal| {
        let help = why.help().unwrap_or(help);
        refuse(&why.to_string(), help)
    };
    let file = Plain::open(path).map_err(refused)?;
    let real = path.canonicalize().map_err(unreadable)?;
    if let Some((why, help)) = refusal(&real) {
        return Err(refuse(&why, help));
    }
    // What was opened is what is there.
    let there = real.metadata().map_err(unreadable)?;
    if !is_same(&file.metadata, &there) {
        return Err(refuse("changed while it was read", "try again"));
    }
    let bytes = file.bytes(MOST_BYTES).map_err(refused)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refuse(
            &format!("is not UTF-8: invalid byte at offset {at}"),
            "save it as UTF-8",
        )
    })
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    a.dev() == b.dev() && a.ino() == b.ino()
}

#[cfg(not(unix))]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    a.len() == b.len()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn told(path: &Path, folder: &Path) -> String {
        match read(path, folder) {
            Ok(text) => text,
            Err(Failure::Message { what, .. }) => what,
            Err(_) => String::new(),
        }
    }

    #[test]
    fn only_plain_files_of_the_project_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
        for place in [&inside, &outside] {
            std::fs::create_dir(place).unwrap();
            std::fs::write(place.join("a"), "text").unwrap();
        }
        let link = |to: &Path, name: &str| {
            std::os::unix::fs::symlink(to, inside.join(name)).unwrap();
            inside.join(name)
        };
        assert_eq!(told(&inside.join("a"), &inside), "text");
        assert_eq!(told(&link(Path::new("a"), "near"), &inside), "text");
        for path in [
            link(&outside.join("a"), "file"),
            link(&outside, "folder").join("a"),
            inside.join("../out/a"),
            link(Path::new("file"), "again"),
        ] {
            let told = told(&path, &inside);
            assert!(told.contains("points outside"), "{told}");
        }
        for path in [
            link(Path::new("/dev/null"), "device"),
            link(&outside, "other"),
        ] {
            assert!(
                told(&path, &inside).contains("is not a regular file"),
                "{}",
                told(&path, &inside)
            );
        }
        let pipe = inside.join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        assert!(told(&pipe, &inside).contains("is not a regular file"));
        std::fs::write(inside.join("large"), "x".repeat((1 << 20) + 1)).unwrap();
        assert!(told(&inside.join("large"), &inside).contains("more than 1048576 bytes"));
        std::fs::write(inside.join("binary"), [0xff]).unwrap();
        assert!(told(&inside.join("binary"), &inside).contains("not UTF-8"));
    }
}
