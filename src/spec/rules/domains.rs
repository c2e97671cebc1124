//! Domains and host names: their form, that they lie in the zone, and that no two environments claim one.

use std::collections::BTreeMap;

use super::Rules;
use super::names::MOST_ENVIRONMENTS;
use crate::spec::Domain;
use crate::spec::load::{DEFAULT_ENV, environments, merged};
use crate::yaml::{Node, Yaml};

/// The longest common name of a certificate
/// (<https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>).
const LONGEST: usize = 64;

/// The longest name of a service's host: it is part of addresses, which tags hold
/// ([`crate::address::is_key`]).
const LONGEST_HOST: usize = 100;

/// The most names of one certificate in an account whose quota was not raised, with the domain itself and the one that
/// CloudFront asks (<https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>).
const MOST_HOSTS: usize = 8;

/// Checks the domain and every host name.
pub fn check(rules: &mut Rules<'_>) {
    shared(rules);
    let spec = rules.spec;
    let Some(domain) = &spec.domain else {
        return;
    };
    let (path, zone) = match domain {
        Domain::Name(_) => ("domain", None),
        Domain::Detailed(details) => ("domain.name", details.zone.as_deref()),
    };
    let name = domain.name();
    if let Some((what, help)) = mistake(name) {
        rules.say(path, format!("{name:?} is not a domain: {what}"), &help);
        return;
    }
    if name.len() > LONGEST {
        let message = format!(
            "{name} has {} characters; a certificate's name has {LONGEST}",
            name.len()
        );
        rules.say(path, message, "use a shorter name");
    }
    if let Some(zone) = zone {
        if let Some((what, help)) = mistake(zone) {
            rules.say(
                "domain.zone",
                format!("{zone:?} is not a domain: {what}"),
                &help,
            );
            return;
        }
        if name != zone && !name.ends_with(&format!(".{zone}")) {
            rules.say(
                "domain.zone",
                format!("{name} is not in the zone {zone}"),
                "name a parent of the domain",
            );
        }
    }
    let around = zone.unwrap_or(name);
    let mut all: Vec<&str> = Vec::new();
    for (service, definition) in &spec.services {
        for (index, host) in definition.hosts.iter().enumerate() {
            let path = format!("services.{service}.hosts.{index}");
            if let Some((what, help)) = mistake(host) {
                rules.say(&path, format!("{host:?} is not a host name: {what}"), &help);
            } else if host.len() > LONGEST_HOST {
                let message = format!(
                    "{host} has {} characters; a host name of a service has {LONGEST_HOST} at most",
                    host.len()
                );
                rules.say(&path, message, "use a shorter name");
            } else if host != around && !host.ends_with(&format!(".{around}")) {
                let message = format!("{host:?} is not in the zone {around}");
                rules.say(
                    &path,
                    message,
                    "only names there get a record and a certificate",
                );
            } else if *host == format!("origin.{name}") {
                let message =
                    format!("{host} is the name under which CloudFront reaches the servers");
                rules.say(&path, message, "use another name");
            }
            if !all.contains(&host.as_str()) {
                all.push(host);
            }
        }
    }
    all.retain(|host| *host != name);
    if all.len() > MOST_HOSTS {
        let message = format!(
            "the services have {} host names besides {name}; a certificate holds 10 names, with the domain and origin.{name}",
            all.len()
        );
        let help = format!("use {MOST_HOSTS} or fewer hosts, or paths of one host");
        rules.say("services", message, &help);
    }
}

/// What is wrong with a name, and what to write instead.
fn mistake(name: &str) -> Option<(&'static str, String)> {
    let lower = name.to_lowercase();
    // Nothing but a name is suggested: the rest of a URL may be a login.
    let host = lower.split("://").last().unwrap_or(&lower);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host.rsplit('@').next().unwrap_or(host);
    let host = host.split(':').next().unwrap_or(host).trim_end_matches('.');
    let write = |before: &str, host: &str| {
        if is_domain(host) {
            format!("write {before}{host:?}")
        } else {
            "write it like www.example.com".to_owned()
        }
    };
    if lower.contains(['/', '@', ':', '?', '#']) {
        return Some(("it is a URL or has a login or port", write("", host)));
    }
    if name.ends_with('.') {
        return Some(("it ends with a dot", write("", host)));
    }
    if let Some(rest) = lower.strip_prefix("*.") {
        let help = write("the name that users visit, such as ", rest);
        return Some(("it is a wildcard", help));
    }
    if !lower.is_ascii() {
        return Some(match to_ascii(&lower) {
            Some(ascii) => (
                "it has letters that DNS does not",
                format!("write it in Punycode: {ascii:?}"),
            ),
            None => (
                "it has letters that DNS does not",
                "write it in Punycode".to_owned(),
            ),
        });
    }
    if name != lower {
        return Some(("it has capital letters", write("", &lower)));
    }
    if name.parse::<std::net::IpAddr>().is_ok() {
        return Some((
            "it is an address",
            "write a name, such as www.example.com".to_owned(),
        ));
    }
    if is_domain(name) {
        return None;
    }
    let help = "write it like www.example.com".to_owned();
    Some(match () {
        () if name.is_empty() => ("it is empty", help),
        () if !name.contains('.') => ("it has no dot", help),
        () if name.contains('_') => ("it has an underscore", help),
        () if name.len() > 253 => ("it has more than 253 characters", help),
        () if name.split('.').any(|label| label.len() > 63) => {
            ("a part of it has more than 63 characters", help)
        }
        () => (
            "parts hold letters, digits and hyphens, no hyphen first or last",
            help,
        ),
    })
}

fn is_domain(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    name.len() <= 253
        && name.contains('.')
        && !last.bytes().all(|byte| byte.is_ascii_digit())
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

/// A name in Punycode (RFC 3492), label by label.
fn to_ascii(name: &str) -> Option<String> {
    let labels: Option<Vec<String>> = name
        .split('.')
        .map(|label| {
            if label.is_ascii() {
                Some(label.to_owned())
            } else {
                punycode(label).map(|encoded| format!("xn--{encoded}"))
            }
        })
        .collect();
    labels.map(|labels| labels.join("."))
}

fn punycode(label: &str) -> Option<String> {
    let letters: Vec<u32> = label.chars().map(u32::from).collect();
    // A name's part has 63 characters; a longer one is a mistake anyway.
    if letters.len() > 63 {
        return None;
    }
    let mut encoded: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(encoded.len()).ok()?;
    let (mut handled, mut next, mut delta, mut bias) = (basic, 128_u32, 0_u32, 72_u32);
    if basic > 0 {
        encoded.push('-');
    }
    while (handled as usize) < letters.len() {
        let smallest = *letters.iter().filter(|letter| **letter >= next).min()?;
        delta = delta.checked_add((smallest - next).checked_mul(handled + 1)?)?;
        next = smallest;
        for letter in &letters {
            if *letter < next {
                delta = delta.checked_add(1)?;
            }
            if *letter != next {
                continue;
            }
            let mut rest = delta;
            for step in 1.. {
                let threshold = (36_u32 * step).saturating_sub(bias).clamp(1, 26);
                if rest < threshold {
                    break;
                }
                encoded.push(digit(threshold + (rest - threshold) % (36 - threshold)));
                rest = (rest - threshold) / (36 - threshold);
            }
            encoded.push(digit(rest));
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        next += 1;
    }
    Some(encoded)
}

fn digit(value: u32) -> char {
    let offset = if value < 26 {
        u32::from(b'a')
    } else {
        u32::from(b'0') - 26
    };
    char::from_u32(value + offset).unwrap_or('a')
}

fn adapt(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut steps = 0;
    while delta > 455 {
        delta /= 35;
        steps += 36;
    }
    steps + 36 * delta / (delta + 38)
}

/// The names that a spec claims: its domain and the hosts of its services.
fn claimed(spec: &Node) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(domain) = spec.get("domain") {
        let name = domain.as_str().or_else(|| domain.get("name")?.as_str());
        found.extend(name.map(str::to_owned));
        // The name under which CloudFront reaches the servers.
        found.extend(name.map(|name| format!("origin.{name}")));
    }
    // Without a domain no name gets a record.
    if found.is_empty() {
        return found;
    }
    if let Some(Yaml::Map(services)) = spec.get("services").map(|node| &node.value) {
        for (_, service) in services {
            if let Some(Yaml::List(hosts)) = service.get("hosts").map(|node| &node.value) {
                found.extend(hosts.iter().filter_map(Node::as_str).map(str::to_owned));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Two environments cannot have one name: each would make records, certificates and a distribution for it, and AWS
/// refuses the second.
fn shared(rules: &mut Rules<'_>) {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let written = rules.written;
    let overlays = environments(written);
    if overlays.len() > MOST_ENVIRONMENTS {
        return;
    }
    // Only these two say a name, and every environment lies over a copy.
    let claims = Node {
        value: match &written.value {
            Yaml::Map(entries) => Yaml::Map(
                entries
                    .iter()
                    .filter(|(key, _)| matches!(&*key.text, "domain" | "services"))
                    .cloned()
                    .collect(),
            ),
            other => other.clone(),
        },
        location: written.location.clone(),
    };
    for name in claimed(&claims) {
        taken.insert(name, DEFAULT_ENV.to_owned());
    }
    for (env, overlay) in overlays {
        // Refused by its name.
        if env == DEFAULT_ENV {
            continue;
        }
        let whole = merged(&claims, overlay);
        let names = claimed(&whole);
        for name in &names {
            // Said of the domain itself.
            let is_said = name.strip_prefix("origin.").is_some_and(|domain| {
                let other = taken.get(domain).is_some_and(|other| other != env);
                other && names.iter().any(|one| one == domain)
            });
            if is_said {
                continue;
            }
            let name = name.clone();
            let Some(other) = taken.get(&name) else {
                taken.insert(name, env.to_owned());
                continue;
            };
            let is_domain = whole.get("domain").is_some_and(|domain| {
                domain.as_str() == Some(&*name)
                    || domain.get("name").and_then(Node::as_str) == Some(&*name)
            });
            let path = if is_domain && overlay.get("domain").is_some() {
                format!("environments.{env}.domain")
            } else {
                format!("environments.{env}")
            };
            let other = match other.as_str() {
                DEFAULT_ENV => "the spec without an environment".to_owned(),
                other => format!("the environment {other}"),
            };
            let message = format!("the environment {env} has the name {name}, as {other} has");
            let help = if is_domain {
                format!("give it a domain of its own: `{env}: {{domain: {env}.{name}}}`")
            } else {
                format!("give its service hosts of its own, such as {env}.{name}")
            };
            rules.say(&path, message, &help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_other_letters_gets_its_punycode() {
        for (name, ascii) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ] {
            assert_eq!(to_ascii(name).as_deref(), Some(ascii));
        }
    }

    #[test]
    fn a_mistake_in_a_name_says_what_to_write() {
        for (name, help) in [
            ("Shop.Example.com", "write \"shop.example.com\""),
            ("shop.example.com.", "write \"shop.example.com\""),
            (
                "*.example.com",
                "write the name that users visit, such as \"example.com\"",
            ),
            ("https://shop.example.com/x", "write \"shop.example.com\""),
            ("10.0.0.1", "write a name, such as www.example.com"),
        ] {
            assert_eq!(
                mistake(name).map(|(_, help)| help).as_deref(),
                Some(help),
                "{name}"
            );
        }
        for name in [
            "",
            "shop",
            "shop_1.example.com",
            "-a.example.com",
            "a..b",
            "1.2.3",
        ] {
            assert!(mistake(name).is_some(), "{name}");
        }
        for name in ["shop.example.com", "xn--bcher-kva.example", "1.example.com"] {
            assert!(mistake(name).is_none(), "{name}");
        }
    }
}
