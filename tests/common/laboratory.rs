//! What tests of laboratories share.

/// The example that laboratories are run for.
pub fn project() -> tempfile::TempDir {
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
