//! What a service of one type cannot have: a worker has no HTTP, and a web service no queue. Queues, and who sends to them.

use super::Rules;
use crate::schema::nearest;
use crate::spec::{CacheStrategy, Service, Spec, variable};
use crate::yaml::{Node, Yaml};

/// Keys that only a service with HTTP has, each with the reason and what to do.
const WEB_ONLY: [(&str, &str); 6] = [
    ("port", "a worker has no port: no request reaches it"),
    (
        "paths",
        "a worker serves no requests, so no path leads to it",
    ),
    (
        "hosts",
        "a worker serves no requests, so no host name leads to it",
    ),
    (
        "balance",
        "a worker is behind no load balancer: each instance takes messages when it is ready",
    ),
    (
        "health.path",
        "a worker has no port, so that no path of it can be requested",
    ),
    (
        "health.healthy",
        "a worker is healthy when its command exits with 0 once, or while its process runs",
    ),
];

/// Keys that only a worker has.
const WORKER_ONLY: [(&str, &str); 4] = [
    (
        "queue",
        "a queue is consumed by a service of type worker; a web service sends to it",
    ),
    (
        "stop_timeout",
        "a web service stops when the load balancer has taken it out, and has 60 seconds for its last requests",
    ),
    (
        "health.command",
        "a web service is checked over HTTP, by the load balancer too",
    ),
    (
        "scale.target.messages_per_instance",
        "a web service has no queue whose messages could be counted",
    ),
];

/// Characters of the statement that allows the use of a queue, with the longest name.
pub(super) const STATEMENT: usize = 330;

/// Characters of a queue's URL without its region and its name: scheme, host, account and slashes.
const URL: usize = "https://sqs..amazonaws.com/123456789012/".len();

/// The variables of a service that contain URLs of queues, each with the worker whose queue it is.
pub fn queue_variables<'a>(
    name: &'a str,
    service: &'a Service,
) -> impl Iterator<Item = (String, &'a str)> {
    let own = (service.queue.as_ref()).map(|_| ("QUEUE_URL".to_owned(), name));
    let others = service.sends_to.iter().map(String::as_str);
    let others = others.map(|worker| (format!("{}_QUEUE_URL", variable(worker)), worker));
    own.into_iter().chain(others)
}

/// Adds the variables of a service that contain URLs of queues, each as long as AWS makes it.
pub(super) fn variables(
    spec: &Spec,
    name: &str,
    service: &Service,
    env: &mut serde_json::Map<String, serde_json::Value>,
) {
    let region = spec.regions.iter().map(|region| region.name().len()).max();
    let url = |worker: &str| {
        let name = spec.app.len() + spec.env.len() + worker.len() + 2;
        "x".repeat(URL + region.unwrap_or_default() + name)
    };
    let mut has_queues = false;
    for (variable, worker) in queue_variables(name, service) {
        env.insert(variable, url(worker).into());
        has_queues = true;
    }
    if has_queues {
        let region = "x".repeat(region.unwrap_or_default());
        env.entry("AWS_REGION").or_insert(region.into());
    }
}

/// A worker's settings as the blueprint writes them.
pub(super) fn parameter(
    service: &Service,
    env: &serde_json::Map<String, serde_json::Value>,
) -> serde_json::Value {
    let health = &service.health;
    let check = health.command.as_ref().map(|command| {
        serde_json::json!({
            "command": command, "interval": health.interval, "timeout": health.timeout, "unhealthy": health.unhealthy,
        })
    });
    serde_json::json!({
        "image": service.image, "artifact": service.artifact, "command": service.command, "env": env,
        "secrets": service.secrets, "health": check, "stop": service.stop_timeout,
    })
}

/// Checks every service by its type.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    if !spec.services.is_empty() && !spec.services.values().any(Service::is_web) {
        rules.say(
            "services",
            "no service serves HTTP: all of them are of type worker".to_owned(),
            "add a service of type web; every stage has a site whose health check and certificate it needs",
        );
    }
    for (name, service) in &spec.services {
        of_type(rules, name, service);
        health(rules, name, service);
        scale(rules, name, service);
        queue(rules, name, service);
        senders(rules, name, service);
    }
}

/// Whether the file sets a dotted key of a service. `null` in an environment takes a key away.
fn sets(rules: &Rules<'_>, name: &str, key: &str) -> bool {
    let service = rules.merged.get("services").and_then(|all| all.get(name));
    let node = key
        .split('.')
        .try_fold(service, |node, part| Some(node?.get(part)))
        .flatten();
    node.is_some_and(|node: &Node| node.value != Yaml::Null)
}

fn of_type(rules: &mut Rules<'_>, name: &str, service: &Service) {
    let (keys, help) = if service.is_web() {
        (&WORKER_ONLY[..], "remove it, or set `type: worker`")
    } else {
        (&WEB_ONLY[..], "remove it, or `type: worker`")
    };
    for (key, why) in keys {
        if sets(rules, name, key) {
            let path = format!("services.{name}.{key}");
            rules.say(&path, format!("{path} does not apply: {why}"), help);
        }
    }
}

/// A check by process reads nothing; one by command needs a command.
fn health(rules: &mut Rules<'_>, name: &str, service: &Service) {
    if service.is_web() {
        return;
    }
    let place = format!("services.{name}.health.command");
    match &service.health.command {
        None => {
            for key in ["interval", "timeout", "unhealthy"] {
                let path = format!("services.{name}.health.{key}");
                if sets(rules, name, &format!("health.{key}")) {
                    let message = format!("{path} does not apply without health.command");
                    let help =
                        "set `command`; without it, a worker is healthy while its process runs";
                    rules.say(&path, message, help);
                }
            }
        }
        Some(words) if words.iter().all(|word| word.trim().is_empty()) => {
            let message = format!("{place} is empty, so that the worker could never be healthy");
            let help = "set a command that exits with 0 while the worker is healthy, or remove it";
            rules.say(&place, message, help);
        }
        Some(words) => {
            if words.iter().any(|word| word.contains('\0')) {
                let message = format!("{place} has a zero character, which no command can have");
                rules.say(&place, message, "remove it");
            }
            if words
                .iter()
                .any(|word| word.contains(crate::schema::DYNAMIC))
            {
                let message =
                    format!("{place} refers to a secret, which would be readable in a parameter");
                let help = "pass it as a variable of `secrets`, which the command can read";
                rules.say(&place, message, help);
            }
        }
    }
}

fn scale(rules: &mut Rules<'_>, name: &str, service: &Service) {
    let key = "scale.target.messages_per_instance";
    if service.is_web() || service.scale.target.messages_per_instance.is_none() {
        return;
    }
    let path = format!("services.{name}.{key}");
    if service.queue.is_none() {
        let message = format!("{path} needs a queue whose messages are counted");
        rules.say(&path, message, "set `queue: {}`, or scale by `cpu`");
    }
    if sets(rules, name, "scale.target.cpu") {
        let message = format!("services.{name}.scale.target has cpu and messages_per_instance");
        let help = "keep one: an Auto Scaling group would follow whichever asks for more instances";
        rules.say(&path, message, help);
    }
}

/// Names of queues are unique: `NAME-dead` is the dead-letter queue of the worker `NAME`.
fn queue(rules: &mut Rules<'_>, name: &str, service: &Service) {
    if service.queue.is_none() {
        return;
    }
    if let Some(other) = name.strip_suffix("-dead")
        && (rules.spec.services.get(other)).is_some_and(|other| other.queue.is_some())
    {
        let message =
            format!("the queue of {name} would have the name of the dead-letter queue of {other}");
        rules.say(&format!("services.{name}"), message, "rename the worker");
    }
    hides(rules, name, service, "QUEUE_URL", "queue");
}

/// A service's own variable would take the place of a queue's URL.
fn hides(rules: &mut Rules<'_>, name: &str, service: &Service, variable: &str, key: &str) {
    for (section, has) in [
        ("env", service.env.contains_key(variable)),
        ("secrets", service.secrets.contains_key(variable)),
    ] {
        if has {
            let path = format!("services.{name}.{section}.{variable}");
            let message = format!("{path} would hide the queue's URL, which `{key}` puts there");
            rules.say(&path, message, "rename the variable, or remove it");
        }
    }
}

fn senders(rules: &mut Rules<'_>, name: &str, service: &Service) {
    let spec = rules.spec;
    for (index, worker) in service.sends_to.iter().enumerate() {
        let path = format!("services.{name}.sends_to.{index}");
        if service.sends_to[..index].contains(worker) {
            let message = format!("services.{name}.sends_to lists {worker} twice");
            rules.say(&path, message, "remove one");
            continue;
        }
        match spec.services.get(worker) {
            Some(other) if other.queue.is_some() => {
                let variable = format!("{}_QUEUE_URL", variable(worker));
                hides(rules, name, service, &variable, "sends_to");
                let cache = spec.cache.as_ref().map(|cache| cache.strategy);
                if variable == "CACHE_QUEUE_URL" && cache == Some(CacheStrategy::WriteBack) {
                    let message = format!(
                        "the URL of {worker}'s queue would hide {variable}, the queue of the write-back cache"
                    );
                    rules.say(&path, message, "rename the worker");
                }
            }
            Some(other) if other.is_web() => {
                let message = format!("{worker} is a web service and has no queue");
                rules.say(
                    &path,
                    message,
                    "list services of type worker with a `queue`",
                );
            }
            Some(_) => {
                let message = format!("the worker {worker} has no queue");
                let help = format!("set `queue: {{}}` of {worker}");
                rules.say(&path, message, &help);
            }
            None => {
                let with_queue = spec.services.iter().filter(|(_, one)| one.queue.is_some());
                let known = with_queue.map(|(name, _)| name.as_str());
                let help = match nearest(worker, known) {
                    Some(near) => format!("did you mean {near}?"),
                    None if spec.resources.contains_key(worker) => {
                        format!("it is a resource: move it to `uses` of {name}")
                    }
                    None => format!(
                        "declare it: `services: {{{worker}: {{type: worker, image: ..., queue: {{}}}}}}`"
                    ),
                };
                let message = format!("there is no service {worker}");
                rules.say(&path, message, &help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use crate::blueprint::{Library, compile};
    use crate::spec::load;
    use crate::value::Value;

    /// What a spec with a web service and these lines of services breaks.
    fn services(lines: &str) -> Vec<String> {
        told(&format!("services:\n  web: {{image: x}}\n{lines}"))
    }

    #[test]
    fn a_key_of_the_other_type_is_refused_at_its_line_with_the_reason() {
        let worker = |keys: &str| {
            services(&format!(
                "  mail:\n    type: worker\n    image: x\n    {keys}"
            ))
        };
        let web = |keys: &str| {
            services(&format!(
                "  api:\n    image: x\n    paths: [/a]\n    {keys}"
            ))
        };
        for (found, key, why, line) in [
            (
                worker("port: 80"),
                "port",
                "no request reaches it",
                "port: 80",
            ),
            (
                worker("paths: [/m]"),
                "paths",
                "serves no requests",
                "paths: [/m]",
            ),
            (
                worker("hosts: [m.shop.example.com]"),
                "hosts",
                "no host name leads to it",
                "hosts:",
            ),
            (
                worker("balance: {weight: 2}"),
                "balance",
                "behind no load balancer",
                "balance:",
            ),
            (
                worker("health: {path: /up}"),
                "health.path",
                "no path of it can be requested",
                "health:",
            ),
            (
                worker("health: {healthy: 3, command: [a]}"),
                "health.healthy",
                "exits with 0 once",
                "health:",
            ),
            (
                web("queue: {}"),
                "queue",
                "consumed by a service of type worker",
                "queue:",
            ),
            (
                web("stop_timeout: 30"),
                "stop_timeout",
                "has 60 seconds",
                "stop_timeout:",
            ),
            (
                web("health: {command: [a]}"),
                "health.command",
                "checked over HTTP",
                "health:",
            ),
            (
                web("scale: {target: {messages_per_instance: 5}}"),
                "scale.target.messages_per_instance",
                "no queue",
                "scale:",
            ),
        ] {
            let [message] = &*found else {
                panic!("{key}: {found:?}");
            };
            assert!(
                message.contains(&format!(".{key} does not apply: ")),
                "{message}"
            );
            assert!(message.contains(why), "{message}");
            assert!(
                message.split(" | ").last().unwrap().contains(line),
                "{message}"
            );
        }
    }

    #[test]
    fn what_a_worker_needs_and_cannot_have_is_refused() {
        let worker = |keys: &str| services(&format!("  mail: {{type: worker, image: x, {keys}}}"));
        for (found, what) in [
            (
                told("services: {mail: {type: worker, image: x}}"),
                "no service serves HTTP",
            ),
            (
                told(
                    "services:\n  web: {image: x, sends_to: [cache]}\n  cache: {type: worker, image: x, queue: {}}\n\
                     cache: {engine: valkey, strategy: write-back, nodes: 2}\ndatabase: {engine: postgres}",
                ),
                "would hide CACHE_QUEUE_URL",
            ),
            (
                worker("scale: {target: {messages_per_instance: 5}}"),
                "needs a queue whose messages are counted",
            ),
            (
                worker("queue: {}, scale: {target: {messages_per_instance: 5, cpu: 50}}"),
                "has cpu and messages_per_instance",
            ),
            (
                worker("health: {interval: 20}"),
                "does not apply without health.command",
            ),
            (
                worker("health: {command: [\" \"]}"),
                "could never be healthy",
            ),
            (
                worker("health: {command: [\"{{resolve:ssm:/a}}\"]}"),
                "refers to a secret",
            ),
            (
                worker("health: {timeout: 20, command: [a]}"),
                "timeout is not below the interval",
            ),
            (
                worker("queue: {}, env: {QUEUE_URL: x}"),
                "would hide the queue's URL",
            ),
            (worker("scale: {min: 0}"), "scale.min"),
            (
                services(
                    "  mail: {type: worker, image: x, queue: {}}\n  mail-dead: {type: worker, image: x, queue: {}}",
                ),
                "the name of the dead-letter queue of mail",
            ),
            (worker("sends_to: [mial]"), "there is no service mial"),
            (
                worker("sends_to: [web]"),
                "web is a web service and has no queue",
            ),
            (worker("sends_to: [mail]"), "the worker mail has no queue"),
            (
                worker("queue: {}, sends_to: [mail, mail]"),
                "lists mail twice",
            ),
            (
                services(
                    "  mail: {type: worker, image: x, queue: {}}\n  api: {image: x, paths: [/a], sends_to: [mail], secrets: {MAIL_QUEUE_URL: a/b}}",
                ),
                "services.api.secrets.MAIL_QUEUE_URL would hide the queue's URL",
            ),
        ] {
            assert!(
                matches!(&*found, [message] if message.contains(what)),
                "{what}: {found:?}"
            );
        }
    }

    #[test]
    fn workers_do_not_count_against_the_load_balancer() {
        let many = |kind: &str, count: usize| -> String {
            let one = |number: usize| format!("  s{number}: {{type: {kind}, image: x}}\n");
            (0..count).map(one).collect()
        };
        let found = services(&many("worker", 120));
        assert!(found.is_empty(), "{found:?}");
        let found = services(&many("web", 120));
        assert!(found[0].contains("121 services of type web"), "{found:?}");
        let found = services(&many("worker", 600));
        assert!(found[0].contains("500 Auto Scaling groups"), "{found:?}");
    }

    #[test]
    fn a_workers_parameter_is_measured_as_the_blueprint_writes_it() {
        let of = |length: usize| {
            format!(
                "app: shop\nstage: single-server\nservices:\n  web: {{image: x, sends_to: [mail]}}\n  mail: {{type: worker, image: x, queue: {{}}, \
                 health: {{command: [a, \"b c\"]}}, env: {{A: \"{}\"}}}}\n",
                "x".repeat(length)
            )
        };
        let spec = load("scalectl.yaml", &of(0), None, None).unwrap();
        let graph = compile(&Library::embedded().unwrap(), &spec).unwrap();
        let resource = (graph.iter())
            .find(|one| one.address.to_string() == "us-east-1/param_worker[mail]")
            .unwrap();
        // As the cloud will fill it in.
        let url = "https://sqs.us-east-1.amazonaws.com/123456789012/shop-default-mail";
        let Some(Value::Text(parts)) = resource.properties.get("Value") else {
            panic!("{:?}", resource.properties);
        };
        let bytes: usize = parts
            .iter()
            .map(|part| match part {
                crate::value::Part::Literal(text) => text.len(),
                crate::value::Part::Reference(_) => url.len(),
            })
            .sum();
        let most = 4096 - bytes;
        load("scalectl.yaml", &of(most), None, None).unwrap();
        let found = load("scalectl.yaml", &of(most + 1), None, None).unwrap_err();
        assert!(found[0].message.contains("have 4097 bytes"), "{found:?}");
    }
}
