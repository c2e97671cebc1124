//! A manifest: a service or a job.

use super::super::command::Command;
use super::super::keys::{self, Lost, entries, items, rest, scalar, seconds};
use super::super::notes::Notes;
use super::super::site::{Image, Program, Queue, Site};
use super::super::variables::{Neighbour, Raw};
use super::Around;
use crate::diagnostic::Location;
use crate::yaml::{Node, Yaml};

const KNOWN: [&str; 16] = [
    "name",
    "type",
    "http",
    "image",
    "cpu",
    "memory",
    "count",
    "variables",
    "secrets",
    "environments",
    "platform",
    "command",
    "env_file",
    "subscribe",
    "storage",
    "instance",
];

const LOST: [Lost; 12] = [
    ("exec", None),
    (
        "network",
        Some((
            "services do not reach each other by names, and security groups are scalectl's",
            "give a service that others call `paths` or `hosts` of its own",
        )),
    ),
    (
        "entrypoint",
        Some((
            "an image's own entrypoint is always used",
            "set ENTRYPOINT in the image",
        )),
    ),
    (
        "sidecars",
        Some((
            "a service is one container",
            "make it a service of its own (`type: worker`), or a part of the image",
        )),
    ),
    (
        "taskdef_overrides",
        Some((
            "there is no task definition",
            "put what the program needs into its image",
        )),
    ),
    (
        "deployment",
        Some((
            "`scalectl deploy` rolls versions out",
            "see `deploy` of a service: rolling, canary or blue-green",
        )),
    ),
    ("observability", Some(("tracing is not set up", ""))),
    (
        "logging",
        Some((
            "containers log to CloudWatch Logs",
            "`monitoring: {log_retention_days: ...}` says how long they are kept",
        )),
    ),
    (
        "publish",
        Some((
            "topics have no section of their own",
            "a worker has a queue (`queue: {}`), and others send to it (`sends_to`); or `resources` with AWS::SNS::Topic",
        )),
    ),
    ("permissions_boundary", None),
    ("nlb", Some(("there is no network load balancer", ""))),
    ("files", None),
];

/// Reads a manifest with an environment merged over it.
pub fn read(
    folder: &str,
    manifest: &Node,
    around: &Around<'_>,
    site: &mut Site,
    notes: &mut Notes,
) {
    let name = keys::text(manifest, "name").unwrap_or_else(|| folder.to_owned());
    let kind = keys::text(manifest, "type").unwrap_or_default();
    let at = manifest.locate("type").clone();
    let mut program = Program::new(&name, manifest.locate("name").clone());
    let is_public = manifest
        .get("http")
        .is_some_and(|http| !matches!(http.value, Yaml::Bool(false) | Yaml::Null));
    match &*kind {
        "Load Balanced Web Service" | "Request-Driven Web Service" => {}
        "Worker Service" => program.is_web = false,
        "Backend Service" => {
            let port = manifest.get("image").and_then(|image| image.get("port"));
            if is_public || port.is_some() {
                let why = "it is a service that only other services reach, by its name; services do not reach each other by names yet";
                let instead = "make it public with `paths` or `hosts` of its own, or a part of the service that uses it";
                notes.left(&at, name.clone(), why, instead);
                site.neighbours.insert(name, Neighbour::Left);
                return;
            }
            program.is_web = false;
        }
        "Scheduled Job" => {
            let when = manifest
                .get("on")
                .and_then(|on| keys::text(on, "schedule"))
                .unwrap_or_default();
            let why = format!("jobs by a timetable ({when}) are not supported yet");
            notes.left(
                &at,
                name,
                &why,
                "a worker that waits for its time does the same",
            );
            return;
        }
        "Static Site" => {
            let why = "its files are in a bucket of its own";
            notes.left(
                &at,
                name,
                why,
                "at stage cdn, `cdn: {static_paths: [...]}` serves files from the assets bucket",
            );
            return;
        }
        other => {
            notes.left(&at, name, &format!("its type {other:?} is not known"), "");
            return;
        }
    }
    site.neighbours.insert(name.clone(), Neighbour::Program);
    image(manifest, &mut program, around, notes);
    http(manifest, &mut program, around, site, notes);
    size(manifest, &mut program, notes);
    program.command = manifest
        .get("command")
        .and_then(|command| match &command.value {
            Yaml::List(words) => Some(Command::Words(words.iter().filter_map(scalar).collect())),
            _ => scalar(command).map(|text| Command::split(&text)),
        });
    // Copilot's images are for x86 unless it says otherwise.
    program.is_arm =
        keys::text(manifest, "platform").is_some_and(|platform| platform.contains("arm"));
    variables(manifest, &mut program, around, notes);
    if !program.is_web {
        subscribe(manifest, &mut program, notes);
    }
    for (volume, place, _) in entries(
        manifest
            .get("storage")
            .and_then(|storage| storage.get("volumes")),
    ) {
        let instead =
            "put files into a bucket (https://scalectl.github.io/scalectl/resources.html)";
        notes.left(
            place,
            format!("{name}: storage.volumes.{volume}"),
            "containers keep no files",
            instead,
        );
    }
    rest(manifest, &name, &KNOWN, &LOST, notes);
    site.programs.push(program);
}

fn image(manifest: &Node, program: &mut Program, around: &Around<'_>, notes: &mut Notes) {
    let Some(image) = manifest.get("image") else {
        return;
    };
    if let Some(location) = keys::text(image, "location") {
        match around.filled(&location) {
            Some(location) => program.image = Image::Named(location),
            None => {
                let why = "a variable in it has no value in the files that were read";
                notes.check(
                    image.locate("location"),
                    format!("{}: image.location", program.name),
                    why,
                    "write the image with its tag",
                );
            }
        }
    }
    program.port = keys::number(image, "port");
    let check = image.get("healthcheck");
    if let Some(command) = check
        .and_then(|check| check.get("command"))
        .filter(|_| !program.is_web)
    {
        let words: Vec<String> = items(Some(command))
            .into_iter()
            .filter_map(scalar)
            .collect();
        program.health.command = match words.split_first() {
            Some((kind, rest)) if kind == "CMD" => Some(Command::Words(rest.to_vec())),
            Some((kind, rest)) if kind == "CMD-SHELL" => Some(Command::Shell(rest.join(" "))),
            _ => None,
        };
    }
    times(check, program);
    let what = format!("{}: image", program.name);
    let known = ["build", "location", "port", "healthcheck", "labels"];
    let lost: [Lost; 2] = [
        (
            "credentials",
            Some((
                "its secret holds a user and a password in JSON",
                "write `registries: {HOST: {username: USER, password: SECRET}}`, with a secret whose whole text is the password",
            )),
        ),
        ("depends_on", None),
    ];
    rest(image, &what, &known, &lost, notes);
}

/// Times and numbers of a check.
fn times(check: Option<&Node>, program: &mut Program) {
    let Some(check) = check else {
        return;
    };
    let time = |key: &str| keys::text(check, key).and_then(|text| seconds(&text));
    let health = &mut program.health;
    health.interval = time("interval").or(health.interval);
    health.timeout = time("timeout").or(health.timeout);
    health.grace = time("grace_period")
        .or(time("start_period"))
        .or(health.grace);
    health.unhealthy = keys::number(check, "unhealthy_threshold")
        .or_else(|| keys::number(check, "retries"))
        .or(health.unhealthy);
    health.healthy = keys::number(check, "healthy_threshold").or(health.healthy);
}

fn http(
    manifest: &Node,
    program: &mut Program,
    around: &Around<'_>,
    site: &mut Site,
    notes: &mut Notes,
) {
    let Some(http) = manifest.get("http").filter(|_| program.is_web) else {
        return;
    };
    let what = format!("{}: http", program.name);
    program.paths = match keys::text(http, "path").as_deref() {
        None => Vec::new(),
        Some("/") => vec!["/*".to_owned()],
        Some(path) => {
            let path = path.trim_matches('/');
            vec![format!("/{path}"), format!("/{path}/*")]
        }
    };
    for alias in items(http.get("alias")) {
        let text = scalar(alias)
            .or_else(|| keys::text(alias, "name"))
            .unwrap_or_default();
        for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            match around.filled(one) {
                Some(host) if site.domain.is_none() => site.domain = Some(host),
                Some(host) if site.domain.as_ref() == Some(&host) => {}
                Some(host) => program.hosts.push(host),
                None => {
                    let why =
                        format!("a variable in {one} has no value in the files that were read");
                    notes.left(
                        &alias.location,
                        format!("{what}.alias"),
                        &why,
                        "write the site's `domain`, or the service's `hosts`",
                    );
                }
            }
        }
    }
    match http.get("healthcheck") {
        Some(check) if matches!(check.value, Yaml::Map(_)) => {
            program.health.path = keys::text(check, "path");
            times(Some(check), program);
            let known = [
                "path",
                "interval",
                "timeout",
                "grace_period",
                "healthy_threshold",
                "unhealthy_threshold",
                "port",
            ];
            let lost: [Lost; 1] = [(
                "success_codes",
                Some(("answers from 200 to 399 are healthy", "")),
            )];
            rest(check, &format!("{what}.healthcheck"), &known, &lost, notes);
        }
        Some(check) => program.health.path = scalar(check),
        None => {}
    }
    program.health.path = program
        .health
        .path
        .take()
        .filter(|path| path.starts_with('/'));
    if matches!(
        http.get("stickiness").map(|node| &node.value),
        Some(Yaml::Bool(true))
    ) {
        // A day, as Copilot has it.
        program.stickiness = Some(86_400);
    }
    program.draining = keys::text(http, "deregistration_delay").and_then(|text| seconds(&text));
    let known = [
        "path",
        "alias",
        "healthcheck",
        "stickiness",
        "deregistration_delay",
        "hosted_zone",
        "version",
        "redirect_to_https",
    ];
    let lost: [Lost; 5] = [
        (
            "additional_rules",
            Some((
                "a service has one rule",
                "make it a service of its own with `paths`",
            )),
        ),
        (
            "allowed_source_ips",
            Some((
                "sources of requests are not limited",
                "`cdn: {waf: true}` filters requests at stage cdn",
            )),
        ),
        ("target_container", Some(("a service is one container", ""))),
        ("target_port", None),
        ("private", Some(("services are public", ""))),
    ];
    rest(http, &what, &known, &lost, notes);
}

fn size(manifest: &Node, program: &mut Program, notes: &mut Notes) {
    let cpu: u32 = keys::number(manifest, "cpu").unwrap_or(256);
    let memory: u32 = keys::number(manifest, "memory").unwrap_or(512);
    // 1,024 units are a CPU.
    program.size = Some((cpu.saturating_mul(1000) / 1024, memory));
    let Some(count) = manifest.get("count") else {
        program.scale = Some((1, 1));
        return;
    };
    match &count.value {
        Yaml::Int(number) => {
            let number = u16::try_from(*number).unwrap_or(1).clamp(1, 1000);
            program.scale = Some((number, number));
        }
        Yaml::Map(_) => {
            let range = count.get("range");
            let ends = match range.map(|range| (&range.value, range)) {
                Some((Yaml::Map(_), range)) => {
                    Some((keys::number(range, "min"), keys::number(range, "max")))
                }
                Some((_, range)) => scalar(range).map(|text| {
                    let (min, max) = text.split_once('-').unwrap_or((&text, &text));
                    (
                        min.trim().parse::<u16>().ok(),
                        max.trim().parse::<u16>().ok(),
                    )
                }),
                None => None,
            };
            if let Some((Some(min), Some(max))) = ends {
                program.scale = Some((min.clamp(1, 1000), max.clamp(1, 1000)));
            }
            let cpu = count.get("cpu_percentage");
            program.cpu = cpu.and_then(|cpu| {
                keys::number::<u8>(count, "cpu_percentage").or_else(|| keys::number(cpu, "value"))
            });
            let lost: [Lost; 7] = [
                (
                    "memory_percentage",
                    Some((
                        "instances are added by CPU use",
                        "`scale: {target: {cpu: ...}}`",
                    )),
                ),
                (
                    "requests",
                    Some((
                        "instances are added by CPU use",
                        "`scale: {target: {cpu: ...}}`",
                    )),
                ),
                (
                    "response_time",
                    Some((
                        "instances are added by CPU use",
                        "`scale: {target: {cpu: ...}}`",
                    )),
                ),
                (
                    "queue_delay",
                    Some((
                        "workers are added by messages per instance",
                        "`scale: {target: {messages_per_instance: ...}}`",
                    )),
                ),
                ("spot", Some(("instances are on demand", ""))),
                ("cooldown", None),
                ("schedule", None),
            ];
            rest(
                count,
                &format!("{}: count", program.name),
                &["range", "cpu_percentage"],
                &lost,
                notes,
            );
        }
        _ => {}
    }
}

fn variables(manifest: &Node, program: &mut Program, around: &Around<'_>, notes: &mut Notes) {
    for (name, at, value) in entries(manifest.get("variables")) {
        program.raw.push(Raw {
            name: name.to_owned(),
            shape: None,
            value: scalar(value).and_then(|text| around.filled(&text)),
            at: at.clone(),
        });
    }
    for (name, at, value) in entries(manifest.get("secrets")) {
        secret(name, at, value, program, around, notes);
    }
    if let Some(file) = manifest.get("env_file") {
        let what = format!("{}: env_file", program.name);
        notes.left(
            &file.location,
            what,
            "files of variables are not read",
            "write its variables into `env` and `secrets`",
        );
    }
}

/// A secret is there already: in SSM by its name alone, or in Secrets Manager.
fn secret(
    name: &str,
    at: &Location,
    value: &Node,
    program: &mut Program,
    around: &Around<'_>,
    notes: &mut Notes,
) {
    let what = format!("{}: secrets.{name}", program.name);
    let of_manager = keys::text(value, "secretsmanager");
    let is_parameter = of_manager.is_none();
    let Some(text) = of_manager.or_else(|| scalar(value)) else {
        let why = "its name is an output of a CloudFormation stack";
        notes.left(at, what, why, "write the secret's name");
        return;
    };
    let Some(text) = around.filled(&text) else {
        let why = "a variable in its name has no value in the files that were read";
        notes.left(at, what, why, "write the secret's name");
        return;
    };
    let full = if is_parameter && !text.starts_with('/') && !text.starts_with("arn:") {
        format!("ssm:{text}")
    } else {
        text
    };
    program.secrets.insert(name.to_owned(), full);
}

fn subscribe(manifest: &Node, program: &mut Program, notes: &mut Notes) {
    let Some(subscribe) = manifest.get("subscribe") else {
        program.queue = Some(Queue::default());
        return;
    };
    let what = format!("{}: subscribe", program.name);
    for topic in items(subscribe.get("topics")) {
        let name = keys::text(topic, "name").unwrap_or_default();
        let why = "topics have no section of their own";
        notes.left(
            &topic.location,
            format!("{what}.topics: {name}"),
            why,
            "list the worker in `sends_to` of the service that published to it",
        );
    }
    let queue = subscribe.get("queue");
    let time = |key: &str| {
        let text = queue.and_then(|queue| keys::text(queue, key));
        text.and_then(|text| seconds(&text))
    };
    program.queue = Some(Queue {
        visibility: time("timeout"),
        attempts: queue
            .and_then(|queue| queue.get("dead_letter"))
            .and_then(|dead| keys::number(dead, "tries")),
        retention_days: time("retention").map(|seconds| seconds.div_ceil(86_400)),
    });
    let what = format!("{}: QUEUE_URL", program.name);
    let why = "Copilot's worker reads COPILOT_QUEUE_URI; here the queue is in QUEUE_URL";
    notes.check(
        &subscribe.location,
        what,
        why,
        "read QUEUE_URL in the program",
    );
}
