//! Every stage of every example, exported as CloudFormation, passes cfn-lint without an error.
//!
//! cfn-lint comes from PyPI; it is the release that the facts in `schemas/` were extracted from too.

#[path = "common/python.rs"]
mod python;

use std::path::Path;
use std::process::Command;

use scalectl::blueprint::{Library, compile};
use scalectl::render::cloudformation;
use scalectl::spec::{self, Region, Stage};

#[test]
fn exported_templates_pass_cfn_lint() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::embedded().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for example in ["shop", "newsroom", "marketplace"] {
        let text = std::fs::read_to_string(root.join(format!("examples/{example}/scalectl.yaml")))
            .unwrap();
        for stage in Stage::ALL {
            let mut spec = spec::load("scalectl.yaml", &text, None, None).unwrap();
            spec.stage = stage;
            if stage == Stage::MultiRegion && spec.regions.len() == 1 {
                spec.regions.push(Region::Name("eu-west-1".to_owned()));
            }
            let graph = compile(&library, &spec.normalized()).unwrap();
            for (region, template) in cloudformation::templates(&graph, "us-east-1", example) {
                let path = folder
                    .path()
                    .join(format!("{example}-{}-{region}.json", stage.name()));
                std::fs::write(&path, serde_json::to_string_pretty(&template).unwrap()).unwrap();
                files.push((region, path));
            }
        }
    }
    assert!(files.len() >= 18, "{} templates are too few", files.len());
    let linter = python::environment("cfn-lint.txt").join("cfn-lint");
    for region in ["us-east-1", "eu-west-1"] {
        let mut command = Command::new(&linter);
        command.args([
            "--regions",
            region,
            "--non-zero-exit-code",
            "error",
            "--format",
            "parseable",
        ]);
        command.arg("--template");
        command.args(
            files
                .iter()
                .filter(|(home, _)| home == region)
                .map(|(_, path)| path),
        );
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}\n{complaints}");
    }
}
