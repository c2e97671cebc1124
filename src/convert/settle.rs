//! What has to be decided before a site can be a spec, whatever tool it comes from: names, variables, who serves which
//! paths, ports and a domain that nothing says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex_lite::Regex;

use super::address::host_of;
use super::notes::Notes;
use super::site::{Image, Program, Site};
use super::variables::Surroundings;
use super::write::{placeholder, registry_secret};
use crate::spec::Stage;

/// Names of programs that most requests are for, the most likely first.
const MAIN: [&str; 9] = [
    "web", "app", "www", "frontend", "site", "server", "nginx", "ui", "api",
];

/// Settles what is open; `app` is the application's name.
pub fn settle(site: &mut Site, app: &str, notes: &mut Notes) {
    ports(site);
    rename(site, notes);
    let mut around = Surroundings::of(site, app);
    let mut built = BTreeSet::new();
    for program in &mut site.programs {
        let raw = std::mem::take(&mut program.raw);
        around.give(program, raw, notes);
        if let Image::Built(name) = &program.image
            && built.insert(name.clone())
        {
            let why = "its image is built from the sources, which scalectl does not do";
            let instead = format!(
                "build and push it, and write its name in place of {}",
                placeholder(app, name)
            );
            notes.check(
                &program.at,
                format!("{}: image", program.name),
                why,
                &instead,
            );
        }
        if program.is_web && program.port.is_none() {
            let why = "no port is said; 8080 is assumed, and the container gets it as PORT";
            notes.check(
                &program.at,
                format!("{}: port", program.name),
                why,
                "write the port on which it listens",
            );
            program.port = Some(8080);
        }
    }
    for (host, (_, at)) in &site.registries {
        let why = format!(
            "servers log in to {host} with a password that is not in the files that were read"
        );
        let instead = format!(
            "`scalectl secrets set {}` asks for it",
            registry_secret(app, host)
        );
        notes.check(at, format!("registries.{host}"), &why, &instead);
    }
    paths(site, notes);
    if site.domain.is_none() && site.stage >= Stage::LoadBalanced {
        let domain = format!("{app}.example.com");
        let why = format!("no domain is said, and the stage needs one; {domain} is a placeholder");
        notes.check(&site.at, "domain", &why, "write the site's domain");
        site.domain = Some(domain);
    }
    if !site.programs.iter().any(|program| program.is_web) {
        let why = "nothing serves HTTP, and a site needs one service that does";
        let instead = "remove `type: worker` from the service that does and set its `port`";
        notes.check(&site.at, "services", why, instead);
    }
}

static BOUND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:--(?:port|bind|listen|addr)[= ]|-[pb] ?|\b0\.0\.0\.0:)(?:[^\s:]*:)?([0-9]{2,5})\b",
    )
    .ok()
});

/// Ports that nothing says but a program's own command, or the address by which another one reaches it.
fn ports(site: &mut Site) {
    let mut reached: BTreeMap<String, u16> = BTreeMap::new();
    for raw in site.programs.iter().flat_map(|program| &program.raw) {
        let value = raw
            .value
            .as_deref()
            .or(raw.shape.as_deref())
            .unwrap_or_default();
        let host = host_of(value);
        let port = value
            .split_once(&format!("{host}:"))
            .map_or("", |(_, rest)| rest);
        let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
        if let (false, Ok(port)) = (host.is_empty(), digits.parse()) {
            reached.insert(host.to_owned(), port);
        }
    }
    for program in site
        .programs
        .iter_mut()
        .filter(|program| program.is_web && program.port.is_none())
    {
        let text = program
            .command
            .as_ref()
            .map(|command| command.text())
            .unwrap_or_default();
        let bound = BOUND.as_ref().and_then(|bound| bound.captures(&text));
        let bound = bound.and_then(|found| found.get(1)?.as_str().parse().ok());
        program.port = bound.or_else(|| reached.get(&*program.name).copied());
    }
}

/// Names that a spec takes: at most 20 lower-case letters, digits and hyphens, a letter first.
fn rename(site: &mut Site, notes: &mut Notes) {
    let mut used = BTreeSet::new();
    for program in &mut site.programs {
        let plain = label(&program.name, 20);
        let plain = if plain.is_empty() {
            "service".to_owned()
        } else {
            plain
        };
        let mut name = plain.clone();
        let mut number = 2;
        while !used.insert(name.clone()) {
            let end = format!("-{number}");
            name = format!("{}{end}", label(&plain, 20 - end.len()));
            number += 1;
        }
        if *program.name != *name {
            let why = format!(
                "a service's name has at most 20 lower-case letters, digits and hyphens; it is {name} here"
            );
            notes.check(&program.at, &*program.name, &why, "");
            program.name = name.into();
        }
    }
}

/// A text as a name of lower-case letters, digits and single hyphens, which begins with a letter.
pub fn label(text: &str, longest: usize) -> String {
    let mut name = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' => name.push(c),
            '0'..='9' if !name.is_empty() => name.push(c),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.truncate(longest);
    name.trim_end_matches('-').to_owned()
}

/// Two services with the same paths would share the requests, which nobody meant.
fn paths(site: &mut Site, notes: &mut Notes) {
    let rank = |program: &Program| {
        let place = MAIN.iter().position(|name| *name == &*program.name);
        place.unwrap_or(MAIN.len())
    };
    let open: Vec<usize> = (0..site.programs.len())
        .filter(|&index| {
            let program = &site.programs[index];
            program.is_web && program.paths.is_empty() && program.hosts.is_empty()
        })
        .collect();
    let is_taken = site.programs.iter().any(|program| {
        program.is_web && program.hosts.is_empty() && program.paths.iter().any(|path| path == "/*")
    });
    let main = open
        .iter()
        .copied()
        .filter(|_| !is_taken)
        .min_by_key(|&index| (rank(&site.programs[index]), index));
    for index in open {
        if Some(index) == main {
            continue;
        }
        let program = &mut site.programs[index];
        // A check below the root is most often below the paths that it serves.
        let path = program.health.path.as_deref().unwrap_or_default();
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        let base = if above.is_empty() {
            format!("/{}", program.name)
        } else {
            above.to_owned()
        };
        program.paths = vec![base.clone(), format!("{base}/*")];
        let why = format!(
            "several services serve HTTP, and nothing says which paths are whose; it gets {base}/*"
        );
        let instead =
            "write its `paths`, or `hosts` of its own; a load balancer passes paths on unchanged";
        notes.check(
            &program.at,
            format!("{}: paths", program.name),
            &why,
            instead,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn a_label_is_what_a_spec_takes() {
        for (text, expected) in [
            ("My_App.web", "my-app-web"),
            ("1st--x_", "st-x"),
            ("ä", ""),
            ("a-very-long-name-of-a-service", "a-very-long-name-of"),
        ] {
            assert_eq!(label(text, 20), expected, "{text}");
        }
    }
}
