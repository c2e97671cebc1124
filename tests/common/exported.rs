//! What `export` writes for every example and stage.

use std::path::{Path, PathBuf};

use scalectl::blueprint::{Library, compile};
use scalectl::render::cloudformation;
use scalectl::spec::{self, Engine, Region, Spec, Stage};

/// Writes a template for every example, stage and region into a folder; each with its region.
pub fn templates(folder: &Path) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::embedded().unwrap();
    let mut files = Vec::new();
    for example in ["shop", "newsroom", "marketplace", "arcade", "pulse"] {
        let path = root.join(format!("examples/{example}/scalectl.yaml"));
        let text = std::fs::read_to_string(path).unwrap();
        for stage in Stage::ALL {
            let spec = spec::load("scalectl.yaml", &text, None, None).unwrap();
            files.extend(write(&library, spec, stage, example, folder));
        }
    }
    // The same application on every other engine.
    let newsroom = root.join("examples/newsroom/scalectl.yaml");
    let newsroom = std::fs::read_to_string(newsroom).unwrap();
    for engine in Engine::ALL {
        let word = engine.row().word;
        let text = newsroom.replace("engine: mysql", &format!("engine: {word}"));
        // The highest edition has replicas, and runs on other classes.
        let text = match engine {
            Engine::Oracle => text.replace(
                "class: db.r7g.large",
                "edition: enterprise\n  license: bring-your-own\n  class: db.r6i.large",
            ),
            Engine::Sqlserver => text.replace(
                "class: db.r7g.large",
                "edition: enterprise\n  class: db.r6i.xlarge",
            ),
            Engine::AuroraPostgres | Engine::AuroraMysql => {
                text.replace("  storage: {size: 200, max: 1000}\n", "")
            }
            _ => text,
        };
        for stage in Stage::ALL {
            let text = text.replace("stage: cdn", &format!("stage: {}", stage.name()));
            // Some stages are not for all engines.
            if let Ok(spec) = spec::load("scalectl.yaml", &text, None, None) {
                files.extend(write(&library, spec, stage, word, folder));
            }
        }
    }
    assert!(files.len() >= 40, "{} templates are too few", files.len());
    files
}

fn write(
    library: &Library,
    mut spec: Spec,
    stage: Stage,
    name: &str,
    folder: &Path,
) -> Vec<(String, PathBuf)> {
    spec.stage = stage;
    if stage == Stage::MultiRegion && spec.regions.len() == 1 {
        spec.regions.push(Region::Name("eu-west-1".to_owned()));
    }
    let graph = compile(library, &spec).unwrap();
    let templates = cloudformation::templates(&graph, "us-east-1", name).into_iter();
    templates
        .map(|(region, template)| {
            let path = folder.join(format!("{name}-{}-{region}.json", stage.name()));
            std::fs::write(&path, serde_json::to_string_pretty(&template).unwrap()).unwrap();
            (region, path)
        })
        .collect()
}
