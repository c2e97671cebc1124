//! `invalidate` and `cache flush`.

use crate::project::Project;

/// `examples/NAME` in a folder of its own, applied at a stage.
fn deployed(name: &str, stage: &str) -> Project {
    let project = Project::empty();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let spec = root.join(format!("examples/{name}/scalectl.yaml"));
    project.write("scalectl.yaml", std::fs::read_to_string(spec).unwrap());
    assert_eq!(
        project.code(&format!("apply --stage {stage} --auto-approve")),
        Some(0)
    );
    project
}

#[test]
fn invalidate_waits_until_the_edge_has_forgotten() {
    let project = deployed("newsroom", "cdn");
    let told = project.said(&["invalidate /index.html /assets/*"]);
    assert!(told.contains("invalidating 2 paths"), "{told}");
    assert!(told.contains("still in progress after 30 s"), "{told}");
    assert!(
        told.contains("Invalidated /index.html, /assets/* at every edge location in 1 m"),
        "{told}"
    );
    let told = project.said(&["invalidate index.html"]);
    assert!(
        told.contains("\"index.html\" is not a path of the site"),
        "{told}"
    );
    let many = ["/a*"; 16].join(" ");
    assert_eq!(project.code(&format!("invalidate {many}")), Some(5));
}

#[test]
fn invalidate_says_that_a_stage_has_no_cdn() {
    let project = deployed("newsroom", "single-server");
    let told = project.said(&["invalidate /*"]);
    assert!(told.contains("has no CDN at stage single-server"), "{told}");
    assert_eq!(project.code("invalidate /*"), Some(1));
}

#[test]
fn cache_flush_asks_and_spares_writes_that_wait() {
    let project = deployed("pulse", "load-balanced");
    let told = project.said(&["cache flush"]);
    assert!(told.contains("confirmation needs a terminal"), "{told}");
    assert_eq!(project.code("cache flush --auto-approve"), Some(0));
    project.run("sim backlog us-east-1/queue_writes 3");
    let told = project.said(&["cache flush --auto-approve"]);
    assert!(
        told.contains("holds 3 acknowledged writes that are not in the database"),
        "{told}"
    );
    assert_eq!(project.code("cache flush --auto-approve"), Some(1));
    project.run("sim backlog us-east-1/queue_writes 0");
    let told = project.said(&["cache flush --auto-approve"]);
    assert!(told.contains("The cache in us-east-1 is empty."), "{told}");
    let shop = deployed("shop", "single-server");
    assert!(shop.said(&["cache flush"]).contains("has no cache"));
}
