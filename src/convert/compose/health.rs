//! How a container's health is asked.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::super::command::Command;
use super::super::keys::{self, scalar, seconds};
use super::super::site::Health;
use crate::yaml::{Node, Yaml};

/// The command that asks for health, if there is one.
pub fn tested(check: &Node) -> Option<Command> {
    let test = check.get("test")?;
    match &test.value {
        Yaml::List(words) => {
            let words: Vec<String> = words.iter().filter_map(scalar).collect();
            match words.split_first() {
                Some((kind, rest)) if kind == "CMD" && !rest.is_empty() => {
                    Some(Command::Words(rest.to_vec()))
                }
                Some((kind, rest)) if kind == "CMD-SHELL" => {
                    Some(Command::Shell(rest.join(" ").replace("$$", "$")))
                }
                _ => None,
            }
        }
        _ => scalar(test).map(|text| Command::Shell(text.replace("$$", "$"))),
    }
}

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:https?://(?:[A-Za-z0-9.-]+|\[::1\])|\b(?:localhost|127\.0\.0\.1|0\.0\.0\.0))(?::([0-9]{1,5}))?(/[^\s"'|&;)>\\]*)?"#).ok()
});

/// The port and the path of the URL that a command asks.
pub fn asked(command: &str) -> Option<(Option<u16>, String)> {
    let asks = ["curl", "wget", "http", "fetch", "urlopen"];
    if !asks.iter().any(|word| command.contains(word)) {
        return None;
    }
    // `curl --noproxy localhost localhost:3000/health` names the host twice.
    let all = URL.as_ref()?.captures_iter(command);
    let found = all.max_by_key(|found| (found.get(2).is_some(), found.get(1).is_some()))?;
    let port = found.get(1).and_then(|port| port.as_str().parse().ok());
    let path = found.get(2).map_or("/", |path| path.as_str());
    let path = path.split(['?', '#']).next().unwrap_or(path);
    Some((port, path.to_owned()))
}

/// Its times and numbers.
pub fn health(check: Option<&Node>) -> Health {
    let time = |key: &str| {
        let text = check.and_then(|check| keys::text(check, key));
        text.and_then(|text| seconds(&text))
    };
    Health {
        interval: time("interval"),
        timeout: time("timeout"),
        unhealthy: check.and_then(|check| keys::number(check, "retries")),
        grace: time("start_period"),
        ..Health::default()
    }
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn the_path_that_a_command_asks_for_is_found() {
        for (command, expected) in [
            (
                "curl -f http://localhost:3000/health || exit 1",
                Some((Some(3000), "/health")),
            ),
            (
                "curl -s --noproxy localhost localhost:3000/health | grep -q 'OK'",
                Some((Some(3000), "/health")),
            ),
            ("wget -qO- http://127.0.0.1/", Some((None, "/"))),
            (
                "node -e \"fetch('http://localhost:80/up?x=1').then()\"",
                Some((Some(80), "/up")),
            ),
            ("curl -f http://localhost", Some((None, "/"))),
            ("pg_isready -h localhost", None),
            ("pgrep sidekiq", None),
        ] {
            let found = asked(command);
            let found = found.as_ref().map(|(port, path)| (*port, path.as_str()));
            assert_eq!(found, expected, "{command}");
        }
    }
}
