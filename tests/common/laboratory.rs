//! What tests of laboratories share.

use std::path::Path;

use tempfile::TempDir;

use crate::rehearsal::bounded;

/// The example that laboratories are run for.
pub fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spec = crate::common::root().join("examples/pulse/scalectl.yaml");
    std::fs::copy(spec, folder.path().join("scalectl.yaml")).unwrap();
    folder
}

/// `SCALECTL_SEEDS=20` tries as many seeds.
pub fn seeds() -> u32 {
    let wanted = std::env::var("SCALECTL_SEEDS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// A project whose file of the laboratory has `to` in the place of `from`.
pub fn changed(file: &str, from: &str, to: &str) -> TempDir {
    let folder = project();
    let path = crate::common::root().join("templates/rehearse").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    let own = folder.path().join("templates/rehearse");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join(file), text.replace(from, to)).unwrap();
    folder
}

/// What a run says that ends without a report.
#[track_caller]
pub fn error(project: &Path, arguments: &[&str]) -> String {
    let output = bounded()
        .args(["rehearse", "--json"])
        .args(arguments)
        .current_dir(project)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}
