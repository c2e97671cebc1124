//! Names of images, and other words of a spec that reach a command line on a server.

use scalectl::diagnostic::Diagnostic;
use scalectl::render::diagnostics;
use scalectl::spec::load;

const SHOP: &str = "app: shop\nstage: single-server\n";

fn mistakes(text: &str) -> Vec<Diagnostic> {
    load("scalectl.yaml", text, None, None).unwrap_err()
}

fn only(text: &str) -> String {
    let found = mistakes(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0].message.clone()
}

#[test]
fn an_image_with_a_login_is_refused_without_the_login() {
    for image in ["user:hunter2@ghcr.io/a/b:1", "ghcr.io/a/b:1?token=hunter2"] {
        let found = mistakes(&format!("{SHOP}services:\n  web:\n    image: {image}\n"));
        let shown = diagnostics::render(&found);
        assert!(shown.contains("credentials do not belong here"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(found[0].location.as_ref().unwrap().line, 5);
    }
}

#[test]
fn nothing_in_a_service_is_read_as_an_option() {
    for (line, expected) in [
        ("image: --privileged", "option of `docker run`"),
        ("artifact: s3://-bucket/key", "not an object"),
        ("artifact: s3://bucket/*", "not an object"),
        ("artifact: s3://bucket/${aws:username}", "not an object"),
        ("image: x\n    env: {-x: y}", "name of a service's variable"),
        (
            "image: x\n    secrets: {A: --cli-input-json}",
            "not the name of a secret",
        ),
        (
            "image: x\n    secrets: {A: \"ssm:-x\"}",
            "not the name of a parameter",
        ),
        ("image: x\n    command: [\"a\\0\"]", "zero character"),
    ] {
        let message = only(&format!("{SHOP}services:\n  web:\n    {line}\n"));
        assert!(message.contains(expected), "{line}: {message}");
    }
}
