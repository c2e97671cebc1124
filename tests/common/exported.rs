//! What `export` writes for every example and stage.

use std::path::{Path, PathBuf};

use scalectl::blueprint::{Library, compile};
use scalectl::render::cloudformation;
use scalectl::spec::{self, Region, Stage};

/// Writes a template for every example, stage and region into a folder; each with its region.
pub fn templates(folder: &Path) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::embedded().unwrap();
    let mut files = Vec::new();
    for example in ["shop", "newsroom", "marketplace", "arcade", "pulse"] {
        let path = root.join(format!("examples/{example}/scalectl.yaml"));
        let text = std::fs::read_to_string(path).unwrap();
        for stage in Stage::ALL {
            let mut spec = spec::load("scalectl.yaml", &text, None, None).unwrap();
            spec.stage = stage;
            if stage == Stage::MultiRegion && spec.regions.len() == 1 {
                spec.regions.push(Region::Name("eu-west-1".to_owned()));
            }
            let graph = compile(&library, &spec.normalized()).unwrap();
            for (region, template) in cloudformation::templates(&graph, "us-east-1", example) {
                let path = folder.join(format!("{example}-{}-{region}.json", stage.name()));
                std::fs::write(&path, serde_json::to_string_pretty(&template).unwrap()).unwrap();
                files.push((region, path));
            }
        }
    }
    assert!(files.len() >= 18, "{} templates are too few", files.len());
    files
}
