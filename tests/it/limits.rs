//! Specs that are small and cost much: counts come first, and what follows is bounded by them. Messages are counted
//! here, because each one is located, masked and printed; the clock says nothing on a busy machine.

use scalectl::diagnostic::{Diagnostic, MOST_SHOWN};
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

fn quoted(found: &[Diagnostic]) -> usize {
    found.iter().filter(|error| error.line.is_some()).count()
}

#[test]
fn too_many_services_are_one_mistake() {
    let services: String = (0..300)
        .map(|n| format!("  s{n}: {{image: nginx:1}}\n"))
        .collect();
    let message = only(&format!("{SHOP}services:\n{services}"));
    assert!(message.contains("there are 300 services"), "{message}");
}

#[test]
fn services_that_share_paths_are_one_mistake_each() {
    let services: String = (0..100)
        .map(|n| format!("  s{n}: {{image: nginx:1}}\n"))
        .collect();
    let found = mistakes(&format!("{SHOP}services:\n{services}"));
    assert!(found.len() <= 2 * 100, "{}", found.len());
}

#[test]
fn too_many_zones_regions_and_environments_are_one_mistake() {
    let web = format!("{SHOP}services: {{web: {{image: nginx:1}}}}\n");
    let many = "a, ".repeat(10_000);
    let message = only(&format!(
        "{web}regions: [{{name: us-east-1, zones: [{many}b]}}]\n"
    ));
    assert!(message.contains("has 10001 zones"), "{message}");
    let many = "us-east-1, ".repeat(10_000);
    let message = only(&format!("{web}regions: [{many}eu-west-1]\n"));
    assert!(message.contains("there are 10001 regions"), "{message}");
    let many: String = (0..101)
        .map(|n| format!("  e{n}: {{domain: www.example.com}}\n"))
        .collect();
    let message = only(&format!("{web}environments:\n{many}"));
    assert!(message.contains("there are 101 environments"), "{message}");
}

#[test]
fn many_unknown_keys_are_located_up_to_a_limit() {
    let keys: String = (0..6000).map(|n| format!("k{n}: 1\n")).collect();
    let found = mistakes(&format!(
        "{SHOP}services: {{web: {{image: nginx:1}}}}\n{keys}"
    ));
    assert_eq!(found.len(), 1001);
    assert_eq!(
        found[1000].message,
        "the file has 5000 more mistakes like these"
    );
    assert_eq!(quoted(&found), MOST_SHOWN);
    let shown = diagnostics::render(&found);
    assert!(shown.contains("... and 951 more"), "{shown}");
}

#[test]
fn a_line_of_many_mistakes_is_quoted_up_to_a_limit() {
    let names: Vec<String> = (0..2000).map(|n| format!("1BAD{n}: x")).collect();
    let env = names.join(", ");
    let found = mistakes(&format!(
        "{SHOP}services: {{web: {{image: nginx:1, env: {{{env}}}}}}}\n"
    ));
    assert!(
        (MOST_SHOWN..=1000).contains(&found.len()),
        "{}",
        found.len()
    );
    assert_eq!(quoted(&found), MOST_SHOWN);
}

#[test]
fn aliases_that_multiply_are_refused_early() {
    // 9^5 values: few enough for the parser's own limit, and too many for ours.
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..5 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    let message = only(&format!("{SHOP}{bomb}"));
    assert!(message.contains("too many entries or aliases"), "{message}");
}
