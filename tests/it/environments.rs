//! Names of environments.

use scalectl::spec::load;

#[test]
fn the_environment_default_is_refused_at_its_line() {
    let text = "app: shop\nstage: single-server\nservices: {web: {image: nginx:1}}\nenvironments:\n  staging: {}\n  default: {}\n";
    for env in [None, Some("staging"), Some("default")] {
        let found = load("scalectl.yaml", text, env, None).unwrap_err();
        assert_eq!(found.len(), 1, "{found:#?}");
        let error = &found[0];
        assert_eq!(error.location.as_ref().unwrap().line, 6);
        assert!(
            error
                .message
                .contains("\"default\" cannot be an environment's name"),
            "{error:?}"
        );
    }
    // Without such an environment the name is another way to say none.
    let text = text.replace("  default: {}\n", "");
    load("scalectl.yaml", &text, Some("default"), None).unwrap();
}
