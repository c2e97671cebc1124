//! What policies say in SARIF 2.1.0, which code hosts show beside the lines that it is about.
//!
//! The form: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::diagnostic::Location;
use crate::policy::{Finding, Policies, Report, Severity};
use crate::words::percent_encoded;

/// The reports of one run, each with what they are about, such as a stage; `place` says where a finding is to
/// be mended, in a file whose name is relative to where scalectl runs.
pub fn document(
    policies: &Policies,
    reports: &[(String, Report)],
    place: &dyn Fn(&Finding) -> Option<Location>,
) -> Json {
    let numbers: BTreeMap<&str, usize> = policies
        .rules
        .iter()
        .enumerate()
        .map(|(number, rule)| (&*rule.id, number))
        .collect();
    let rules: Vec<Json> = policies
        .rules
        .iter()
        .map(|rule| {
            let mut json = json!({
                "id": &*rule.id,
                "shortDescription": {"text": &*rule.title},
                "defaultConfiguration": {"level": level(rule.severity)},
                "properties": {"tags": rule.reference.iter().map(|r| &**r).collect::<Vec<_>>()},
            });
            if let Some(url) = &rule.url {
                json["helpUri"] = Json::from(&**url);
            }
            json
        })
        .collect();
    let mut results = Vec::new();
    for (about, report) in reports {
        let stand = report.findings.iter().map(|finding| (finding, None));
        let excepted = report
            .excepted
            .iter()
            .map(|one| (&one.finding, Some(&*one.reason)));
        for (finding, accepted) in stand.chain(excepted) {
            results.push(result(about, finding, accepted, &numbers, place(finding)));
        }
    }
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "scalectl",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Deny => "error",
        Severity::Warn => "warning",
    }
}

fn result(
    about: &str,
    finding: &Finding,
    accepted: Option<&str>,
    numbers: &BTreeMap<&str, usize>,
    place: Option<Location>,
) -> Json {
    let address = match &finding.address {
        Some(address) => address.to_string(),
        None => "the plan".to_owned(),
    };
    let mut location = json!({
        "logicalLocations": [{"fullyQualifiedName": address, "kind": "resource"}],
    });
    if let Some(place) = place {
        location["physicalLocation"] = json!({
            "artifactLocation": {"uri": uri(&place.file), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": place.line, "startColumn": place.column},
        });
    }
    let mut json = json!({
        "ruleId": &*finding.rule,
        "level": level(finding.severity),
        "message": {"text": format!("{address} ({about}): {}. Fix: {}", finding.message, finding.fix)},
        "locations": [location],
        // The same finding in the next run, wherever its line has gone.
        "partialFingerprints": {"scalectl/v1": format!("{about}:{}:{address}", finding.rule)},
    });
    if let Some(number) = numbers.get(&*finding.rule) {
        json["ruleIndex"] = Json::from(*number);
    }
    if let Some(reason) = accepted {
        json["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": reason,
        }]);
    }
    json
}

/// A path as a relative URI (<https://www.rfc-editor.org/rfc/rfc3986#section-2.3>).
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    percent_encoded(path.trim_start_matches("./"), |byte| byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("./a b/c#d.yaml"), "a%20b/c%23d.yaml");
        assert_eq!(uri("ä/x"), "%C3%A4/x");
        assert_eq!(uri(r"a\b.yaml"), "a/b.yaml");
    }
}
