//! What loading says of specs, right ones and wrong ones.

use super::*;
use crate::spec::{Aws, Provider};

const SHOP: &str =
    "app: shop\nstage: single-server\nservices:\n  web:\n    image: ghcr.io/acme/shop:1\n";

fn errors(text: &str) -> Vec<String> {
    load("scalectl.yaml", text, None, None)
        .unwrap_err()
        .into_iter()
        .map(|error| {
            let place = error.location.unwrap();
            let help = error
                .help
                .map(|help| format!(" ({help})"))
                .unwrap_or_default();
            format!("{}:{} {}{help}", place.line, place.column, error.message)
        })
        .collect()
}

#[test]
fn the_smallest_spec_gets_all_defaults() {
    let spec = load("scalectl.yaml", SHOP, None, None).unwrap();
    let value = spec.normalized();
    assert_eq!(value.at("prefix").unwrap().as_str(), Some("shop-default"));
    assert_eq!(
        value.at("regions.0.zones").unwrap().to_string(),
        "[\"a\", \"b\"]"
    );
    assert_eq!(
        value.at("regions.0.cidr").unwrap().as_str(),
        Some("10.0.0.0/16")
    );
    assert_eq!(value.at("services.web.port").unwrap().as_int(), Some(8080));
    assert_eq!(value.at("network.nat").unwrap().as_str(), Some("per-zone"));
}

#[test]
fn all_errors_are_told_at_their_places() {
    let text = "app: Shop\nstage: singel-server\nservices:\n  web:\n    prot: 80\n    scale: {min: two}\ncolour: red\n";
    assert_eq!(
        errors(text),
        [
            "1:1 app cannot be \"Shop\" (use 2 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last)",
            "2:1 stage cannot be \"singel-server\" (did you mean single-server?)",
            "5:5 services.web has no property prot (did you mean port?)",
            "6:13 services.web.scale.min must be a whole number, not \"two\"",
            "7:1 the spec has no property colour (it has app, cache, cdn, database, domain, environments, maintenance, migration, monitoring, network, provider, regions, registries, resources, services, stage and 2 more)",
        ]
    );
}

#[test]
fn an_environment_overrides_key_by_key() {
    let text =
        format!("{SHOP}environments:\n  staging:\n    services:\n      web:\n        port: 9000\n");
    let spec = load("scalectl.yaml", &text, Some("staging"), None).unwrap();
    assert_eq!(spec.services["web"].port, 9000);
    assert_eq!(
        spec.services["web"].image.as_deref(),
        Some("ghcr.io/acme/shop:1")
    );
    assert_eq!(spec.env, "staging");
    let error = &load("scalectl.yaml", &text, Some("stagin"), None).unwrap_err()[0];
    assert_eq!(error.help.as_deref(), Some("did you mean staging?"));
}

#[test]
fn an_error_in_an_overlay_points_into_the_overlay() {
    let text = format!("{SHOP}environments:\n  staging:\n    stage: cdm\n    app: other\n");
    let found = load("scalectl.yaml", &text, Some("staging"), None).unwrap_err();
    let places: Vec<_> = found
        .iter()
        .map(|error| error.location.as_ref().unwrap().line)
        .collect();
    assert!(places.contains(&9), "{found:?}");
}

#[test]
fn rules_between_sections_are_checked() {
    let text = SHOP.replace("single-server", "multi-region") + "network: {cidr: 10.0.0.0/20}\n";
    let found = errors(&text);
    assert!(
        found
            .iter()
            .any(|error| error.contains("at least two regions")),
        "{found:?}"
    );
    let text =
        SHOP.to_owned() + "regions: [{name: us-east-1}, {name: eu-west-1, cidr: 10.0.128.0/17}]\n";
    assert!(
        errors(&text).iter().any(|error| error.contains("overlap")),
        "{:?}",
        errors(&text)
    );
}

#[test]
fn a_mistake_in_an_environment_is_found_there() {
    let text = "app: shop\nstage: single-server\nservices:\n  web: {image: a, env: {PASSWORD: hunter2}}\n\
                environments:\n  prod:\n    services: {web: {env: {PASSWORD: {a: b}}}}\n";
    let errors = load("scalectl.yaml", text, Some("prod"), None).unwrap_err();
    let lines: Vec<_> = errors
        .iter()
        .map(|error| error.location.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines, [7], "{errors:?}");
}

#[test]
fn aws_needs_no_settings_and_an_environment_that_names_it_takes_none_away() {
    let aws = |provider: &str, env: &str| {
        let text = format!("{SHOP}provider: {provider}\nenvironments:\n  prod: {env}\n");
        match load("scalectl.yaml", &text, Some("prod"), None)
            .unwrap()
            .provider
        {
            Provider::Aws(settings) => settings,
            Provider::Sim => panic!("{text}"),
        }
    };
    for provider in ["aws", "{aws: }", "{aws: {}}"] {
        assert_eq!(aws(provider, "{}"), Aws::default());
    }
    assert_eq!(aws("sim", "{provider: aws}"), Aws::default());
    let settings = "{aws: {profile: ops, allowed_accounts: ['123456789012']}}";
    for env in ["{}", "{provider: aws}", "{provider: {aws: }}"] {
        assert_eq!(aws(settings, env).profile.as_deref(), Some("ops"));
    }
    assert_eq!(
        errors(&format!("{SHOP}provider: azure\n")),
        ["6:1 provider cannot be \"azure\" (one of sim, aws)"]
    );
}

#[test]
fn a_variable_has_a_name_that_a_container_can_be_given() {
    let of = |name: &str| {
        format!(
            "app: shop\nstage: single-server\nservices:\n  web: {{image: a, env: {{\"{name}\": x}}}}\n"
        )
    };
    for name in ["PATH", "spring.datasource.url", "_x"] {
        assert!(
            load("scalectl.yaml", &of(name), None, None).is_ok(),
            "{name}"
        );
    }
    for name in ["A=B", "x y", "1st", "", "LD_PRELOAD", "DOCKER_HOST"] {
        let found = errors(&of(name));
        assert!(
            found.len() == 1 && found[0].contains("name of a service's variable"),
            "{found:?}"
        );
    }
}

#[test]
fn every_example_loads_in_every_environment() {
    for (file, text, env) in [
        (
            "shop",
            include_str!("../../../examples/shop/scalectl.yaml"),
            None,
        ),
        (
            "newsroom",
            include_str!("../../../examples/newsroom/scalectl.yaml"),
            None,
        ),
        (
            "newsroom",
            include_str!("../../../examples/newsroom/scalectl.yaml"),
            Some("staging"),
        ),
        (
            "marketplace",
            include_str!("../../../examples/marketplace/scalectl.yaml"),
            None,
        ),
    ] {
        let spec = load(file, text, env, None).unwrap_or_else(|e| panic!("{file}: {e:#?}"));
        assert_eq!(spec.not_yet(), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn sections_that_do_not_take_effect_yet_are_named() {
    let text = include_str!("../../../examples/newsroom/scalectl.yaml");
    let spec = load("newsroom", text, None, Some(Stage::SplitDb)).unwrap();
    assert_eq!(
        spec.not_yet(),
        [
            "database.replicas takes effect from load-balanced on",
            "cdn takes effect from cdn on",
            "services.*.scale takes effect from load-balanced on",
            "the size of the cache takes effect from load-balanced on",
        ]
    );
}

#[test]
fn how_replicas_are_read_takes_effect_with_them() {
    let text =
        format!("{SHOP}database: {{engine: postgres, replicas: 1, reads: {{max_lag: 5}}}}\n");
    let spec = load("scalectl.yaml", &text, None, Some(Stage::SplitDb)).unwrap();
    let later = |what: &str| format!("{what} takes effect from load-balanced on");
    let told = spec.not_yet();
    assert!(told.contains(&later("database.reads")), "{told:?}");
}

#[test]
fn the_order_of_keys_changes_nothing() {
    let turned =
        "services:\n  web:\n    image: ghcr.io/acme/shop:1\nstage: single-server\napp: shop\n";
    let spec = load("scalectl.yaml", SHOP, None, None).unwrap();
    assert_eq!(load("scalectl.yaml", turned, None, None).unwrap(), spec);
}

#[test]
fn what_aws_would_refuse_is_told_before_it_does() {
    let cases = [
        ("app: aws", "cannot be the app's name"),
        ("app: a-very-long-application-nam", "characters together"),
        ("regions: [cn-north-1]", "another partition"),
        (
            "regions: [us-west-1]\nnetwork: {zones: 3}",
            "us-west-1 has 2 zones",
        ),
        ("tags: {\"aws:x\": \"1\"}", "keeps for itself"),
        ("migration: {gates: [{times: 2}]}", "a gate asks one thing"),
        ("migration: {gates: [{command: \"\"}]}", "would always pass"),
        (
            "migration: {gates: [{command: \"  \"}]}",
            "would always pass",
        ),
        (
            "migration: {gates: [{command: \"\\n # later\\n\"}]}",
            "would always pass",
        ),
        (
            "migration: {gates: [{expression: \" \"}]}",
            "could never pass",
        ),
        ("database: {engine: mysql, version: \"8\"}", "not a version"),
        (
            "database: {engine: mysql, writer_region: eu-west-1}",
            "eu-west-1 is none of the spec's regions",
        ),
        (
            "regions: [us-east-1, eu-west-1]\ndatabase: {engine: mysql, writer_region: eu-west-1}",
            "has a database in us-east-1 only, and eu-west-1 takes the writes",
        ),
        (
            "database: {engine: postgres, version: newest}",
            "not a version",
        ),
        (
            "services: {web: {image: x, balance: {slow_start: 30}}}",
            "slow_start works with round-robin only",
        ),
        (
            "services: {web: {image: x, paths: [/a, /b, /c], hosts: [a.shop.example.com, b.shop.example.com]}}",
            "more than 4 paths and hosts",
        ),
        (
            "services: {web: {image: x, hosts: [shop.example.org]}}",
            "is not in the zone",
        ),
    ];
    for (line, expected) in cases {
        let mut text = String::from("stage: cdn\ndomain: shop.example.com\n");
        for (section, plain) in [
            ("app:", "app: shop"),
            ("services:", "services: {web: {image: x}}"),
        ] {
            if !line.starts_with(section) {
                text.push_str(plain);
                text.push('\n');
            }
        }
        text.push_str(line);
        let errors = load("scalectl.yaml", &text, None, None).unwrap_err();
        let told: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        assert!(
            told.len() == 1 && told[0].contains(expected),
            "{line}: {told:?}"
        );
    }
}

#[test]
fn a_mistake_of_shape_does_not_hide_one_of_sense() {
    let text = "app: shop\nstage: single-server\nbogus: 1\nservices: {web: {image: 5, scale: {min: 9, max: 2}}}\n";
    let errors = load("scalectl.yaml", text, None, None).unwrap_err();
    let told: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "the spec has no property bogus",
            "services.web.image must be text, not 5",
            "services.web.scale.min is greater than max",
        ]
    );
}

#[test]
fn every_pattern_of_the_spec_has_words() {
    fn patterns(json: &serde_json::Value, found: &mut Vec<String>) {
        match json {
            serde_json::Value::Object(map) => {
                found.extend(
                    map.get("pattern")
                        .and_then(|one| one.as_str())
                        .map(str::to_owned),
                );
                map.values().for_each(|one| patterns(one, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|one| patterns(one, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    patterns(&crate::spec::json_schema(), &mut found);
    assert!(found.len() > 5);
    for pattern in found {
        let words = crate::schema::pattern_in_words(&pattern);
        assert!(!words.contains(&pattern), "{pattern}");
    }
}
