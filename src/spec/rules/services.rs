//! Services: their form, their variables and secrets, and what of them has to fit together into one thing of AWS.

use std::collections::BTreeSet;

use super::{Rules, balance, images, workers};
use crate::schema::DYNAMIC;
use crate::spec::Service;
use crate::spec::secret::parameter;
use crate::value::settings;

/// A rule of an Application Load Balancer has five condition values at most, and one says that CloudFront asks; it has
/// five wildcards, and an action has five target groups. A load balancer has 100 target groups
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>).
const MOST_CONDITIONS: usize = 4;
const MOST_WILDCARDS: usize = 5;
const MOST_SHARED: usize = 5;
const MOST_SERVICES: usize = 100;

/// Auto Scaling groups of a region (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html>).
const MOST_IN_ALL: usize = 500;

/// Bytes of a standard parameter
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>).
const PARAMETER: usize = 4096;

/// Characters of all policies within a role, without spaces
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>), and what the blueprints' own
/// statements take of them.
const ROLE: usize = 10_240;
const OWN_STATEMENTS: usize = 700;
/// Characters of the statement that allows the use of a table, without the table's name.
const USES: usize = 500;

/// Checks every service, and what several have together.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    if spec.services.is_empty() {
        rules.say(
            "services",
            "there is no service to run".to_owned(),
            "add one with an image and a port",
        );
    }
    let web = (spec.services.values())
        .filter(|service| service.is_web())
        .count();
    if web > MOST_SERVICES || spec.services.len() > MOST_IN_ALL {
        let message = if web > MOST_SERVICES {
            format!(
                "there are {web} services of type web; a load balancer routes to at most {MOST_SERVICES}"
            )
        } else {
            format!(
                "there are {} services; a region takes {MOST_IN_ALL} Auto Scaling groups, one for each",
                spec.services.len()
            )
        };
        rules.say(
            "services",
            message,
            "split the application into several specs",
        );
        // What follows compares services with each other.
        return;
    }
    for (name, service) in &spec.services {
        form(rules, name, service);
        variables(rules, name, service);
        secrets(rules, name, service);
        size(rules, name, service);
    }
    role(rules);
    shares(rules);
}

fn form(rules: &mut Rules<'_>, name: &str, service: &Service) {
    let path = format!("services.{name}");
    if !is_label(name) {
        let message = format!("{name:?} cannot be a service's name");
        rules.say(
            &path,
            message,
            "use a lower-case letter, then up to 19 letters, digits and hyphens",
        );
    }
    if service.image.is_some() == service.artifact.is_some() {
        let message = format!("{path} needs an image or an artifact, and not both");
        rules.say(&path, message, "set `image: REGISTRY/NAME:TAG`");
    }
    if let Some((what, help)) = service.image.as_deref().and_then(images::mistake) {
        let place = format!("{path}.image");
        rules.say(&place, format!("{place} {what}"), help);
    }
    if let Some(artifact) = &service.artifact
        && !is_artifact(artifact)
    {
        let message = format!("{path}.artifact is not an object in S3");
        rules.say(
            &format!("{path}.artifact"),
            message,
            "write it like s3://BUCKET/KEY, the key without *, ?, $ and control characters, which the server's role \
             would take for other objects",
        );
    }
    if service.scale.min > service.scale.max {
        let message = format!("{path}.scale.min is greater than max");
        rules.say(&format!("{path}.scale"), message, "raise max, or lower min");
    }
    if service.health.timeout >= service.health.interval {
        let message = format!("{path}.health.timeout is not below the interval");
        rules.say(
            &format!("{path}.health"),
            message,
            "AWS refuses this; lower timeout",
        );
    }
    if service.is_web() {
        requests(rules, &path, name, service);
    }
}

/// What requests and health checks of a web service look like.
fn requests(rules: &mut Rules<'_>, path: &str, name: &str, service: &Service) {
    // https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    let health = &service.health.path;
    if health.len() > 255 || !health.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("{path}.health.path is not a path that AWS can ask for");
        rules.say(
            &format!("{path}.health.path"),
            message,
            "use up to 255 letters, digits and signs, no spaces",
        );
    }
    balance::check(rules, path, &service.balance);
    if service.paths.len() + service.hosts.len() > MOST_CONDITIONS {
        let message = format!("{path} has more than {MOST_CONDITIONS} paths and hosts together");
        let help = "AWS takes five conditions in a rule, and one is CloudFront's; use wildcards";
        rules.say(path, message, help);
    }
    let wildcards: usize = service
        .paths
        .iter()
        .map(|path| path.matches(['*', '?']).count())
        .sum();
    if wildcards > MOST_WILDCARDS {
        let message = format!(
            "the paths of {name} have {wildcards} wildcards; a rule takes {MOST_WILDCARDS}"
        );
        rules.say(&format!("{path}.paths"), message, "use fewer");
    }
    for (index, one) in service.paths.iter().take(MOST_CONDITIONS).enumerate() {
        let place = format!("{path}.paths.{index}");
        if !is_pattern(one, 128) {
            let message = format!("{one:?} is not a path for a load balancer");
            let help = "begin it with `/`; it has up to 128 letters, digits and _ - . $ / ~ \" ' @ : + & * ?";
            rules.say(&place, message, help);
        } else if service.paths[..index].contains(one) {
            rules.say(
                &place,
                format!("{path}.paths has {one:?} twice"),
                "remove one",
            );
        }
    }
}

/// Whether CloudFront and a load balancer take a path: with `*` and `?` for any.
pub fn is_pattern(path: &str, longest: usize) -> bool {
    path.len() <= longest
        && path.starts_with('/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.$/~\"'@:+&*?".contains(&byte))
}

fn is_artifact(artifact: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bucket = |name: &str| {
        (3..=63).contains(&name.len())
            && name.starts_with(|c: char| u8::try_from(c).is_ok_and(is_plain))
            && name.ends_with(|c: char| u8::try_from(c).is_ok_and(is_plain))
            && name.bytes().all(|b| is_plain(b) || b".-".contains(&b))
    };
    artifact
        .strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(name, key)| {
            // The role's statement names the object, and in it these are wildcards and variables.
            let is_exact = !key.contains(['*', '?', '$']) && !key.contains(char::is_control);
            bucket(name) && !key.is_empty() && key.len() <= 1024 && is_exact
        })
}

fn variables(rules: &mut Rules<'_>, name: &str, service: &Service) {
    let path = format!("services.{name}");
    for (section, names) in [
        ("env", service.env.keys()),
        ("secrets", service.secrets.keys()),
    ] {
        for variable in names.filter(|variable| !is_variable(variable)) {
            let message = format!("{variable:?} cannot be the name of a service's variable");
            rules.say(
                &format!("{path}.{section}.{variable}"),
                message,
                "use letters, digits, `_`, `.` and `-`, no digit or hyphen first, and not LD_ or DOCKER_, which the \
                 server's own programs would read",
            );
        }
    }
    for (variable, value) in &service.env {
        let place = format!("{path}.env.{variable}");
        if service.is_web() && variable == "PORT" && value.parse() != Ok(service.port) {
            let message = format!(
                "{place} is not the port {} that requests and health checks go to",
                service.port
            );
            let help = format!("set `port` of {name}, which PORT follows, and remove the variable");
            rules.say(&place, message, &help);
        }
        if value.contains(DYNAMIC) {
            let message =
                format!("{place} refers to a secret, which would be readable in a parameter");
            let help = format!(
                "move it: `secrets: {{{variable}: NAME}}` with the secret's name in Secrets Manager"
            );
            rules.say(&place, message, &help);
        }
        if value.contains('\0') {
            let message = format!("{place} has a zero character, which no variable can have");
            rules.say(&place, message, "remove it");
        }
        if service.secrets.contains_key(variable) {
            let message = format!("{variable} is in env and in secrets of {path}");
            rules.say(
                &format!("{path}.secrets.{variable}"),
                message,
                "remove one of them",
            );
        }
    }
    for (index, word) in service.command.iter().flatten().enumerate() {
        if word.contains('\0') {
            let place = format!("{path}.command.{index}");
            let message = format!("{place} has a zero character, which no command can have");
            rules.say(&place, message, "remove it");
        }
        if word.contains(DYNAMIC) {
            let place = format!("{path}.command.{index}");
            let message =
                format!("{place} refers to a secret, which would be readable in a parameter");
            rules.say(
                &place,
                message,
                "pass it as a variable of `secrets`, which the command can read",
            );
        }
    }
}

/// What a server's role has to allow for a secret: an action, and on what. Each region may have a copy.
pub fn access(secret: &str) -> (&'static str, String) {
    const READ: (&str, &str) = ("secretsmanager:GetSecretValue", "ssm:GetParameter");
    if secret.starts_with("arn:") {
        let mut parts: Vec<&str> = secret.splitn(5, ':').collect();
        let action = match parts.get(2) {
            Some(&"ssm") => READ.1,
            _ => READ.0,
        };
        if let Some(region) = parts.get_mut(3) {
            *region = "*";
        }
        return (action, parts.join(":"));
    }
    match parameter(secret) {
        // An ARN has no second slash in front of a name that begins with one.
        Some(name) => {
            let name = name.trim_start_matches('/');
            (READ.1, format!("arn:aws:ssm:*:*:parameter/{name}"))
        }
        None => (
            READ.0,
            format!("arn:aws:secretsmanager:*:*:secret:{secret}-*"),
        ),
    }
}

/// Servers ask for a whole secret of Secrets Manager, or for a parameter of SSM, by its name or its ARN.
fn secrets(rules: &mut Rules<'_>, name: &str, service: &Service) {
    for (variable, secret) in &service.secrets {
        let path = format!("services.{name}.secrets.{variable}");
        if service.is_web() && variable == "PORT" {
            let message =
                format!("{path} would hide the port that requests and health checks go to");
            let help = format!("set `port` of {name}, which PORT follows, and remove the secret");
            rules.say(&path, message, &help);
        }
        if let Some((what, help)) = mistake(secret) {
            rules.say(&path, format!("{path} {what}"), help);
        }
    }
}

/// What is wrong with the name of a secret, and what to write instead.
pub fn mistake(secret: &str) -> Option<(&'static str, &'static str)> {
    const WHOLE: &str = "name the whole secret, without a key: the service gets all its text; put what it needs alone \
                         into a secret of its own";
    const SSM: &str = "a parameter's name has up to 1011 letters, digits and _ . - in 15 levels at most: /shop/stripe, or \
                       ssm:stripe for a name without levels";
    if secret.trim().is_empty() {
        return Some((
            "is empty",
            "write the secret's name in Secrets Manager, such as shop/stripe",
        ));
    }
    if secret.contains(DYNAMIC) {
        return Some(("is a dynamic reference", "write the secret's name alone"));
    }
    if secret.starts_with("arn:") {
        let parts: Vec<&str> = secret.split(':').collect();
        if parts[1] != "aws" {
            return Some((
                "is in another partition than the regions of a spec",
                "name a secret of the account that the application is in: arn:aws:...",
            ));
        }
        let is_secret = parts.get(2) == Some(&"secretsmanager") && parts.get(5) == Some(&"secret");
        if is_secret && parts.len() > 7 {
            return Some(("names a key of a secret", WHOLE));
        }
        let is_account = parts
            .get(4)
            .is_some_and(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()));
        let is_parameter = parts.get(2) == Some(&"ssm") && parts.len() == 6;
        let name = parts.get(5).and_then(|name| name.strip_prefix("parameter"));
        if is_account && is_parameter && name.is_some_and(is_parameter_name) {
            return None;
        }
        if !is_secret || parts.len() < 7 || !is_account || !is_name(parts[6]) {
            return Some((
                "is not the ARN of a secret or of a parameter",
                "write it like arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/stripe-AbCdEf or \
                 arn:aws:ssm:us-east-1:123456789012:parameter/shop/stripe",
            ));
        }
        return None;
    }
    if let Some(name) = parameter(secret) {
        return (!is_parameter_name(name))
            .then_some(("is not the name of a parameter of SSM", SSM));
    }
    if secret.contains(':') {
        return Some(("names a key of a secret", WHOLE));
    }
    // Base64 ends so, and no name that a person gives.
    if secret.ends_with('=') {
        return Some((
            "is a secret's own text, not its name",
            "store the text in Secrets Manager and write its name, such as shop/stripe; change the secret if this file was shared",
        ));
    }
    (!is_name(secret)).then_some((
        "is not the name of a secret",
        "a name begins with no hyphen and has up to 512 letters, digits and / _ + = . @ -; the secret's own text does not belong here",
    ))
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
fn is_parameter_name(name: &str) -> bool {
    let plain = name.trim_start_matches('/');
    // The server names it to `aws`, which reads a word with a hyphen in front as an option.
    (1..=1011).contains(&plain.len())
        && !plain.starts_with('-')
        && !plain.ends_with('/')
        && plain.split('/').all(|level| !level.is_empty())
        && plain.split('/').count() <= 15
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_.-".contains(&byte))
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>
fn is_name(name: &str) -> bool {
    // As above.
    (1..=512).contains(&name.len())
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte))
}

/// What a service has is one parameter's value.
fn size(rules: &mut Rules<'_>, name: &str, service: &Service) {
    let mut env: serde_json::Map<String, serde_json::Value> = (service.env.iter())
        .map(|(variable, value)| (variable.clone(), value.as_str().into()))
        .collect();
    workers::variables(rules.spec, name, service, &mut env);
    let mut parameter = if service.is_web() {
        serde_json::json!({
            "image": service.image, "artifact": service.artifact, "command": service.command, "port": service.port,
            "env": env, "secrets": service.secrets, "health": service.health.path, "paths": service.paths,
            "hosts": service.hosts,
        })
    } else {
        workers::parameter(service, &env)
    };
    if !service.stores.is_empty() {
        parameter["stores"] = service.stores.clone().into();
    }
    if let Some((host, login)) = rules.spec.registry_of(service) {
        parameter["registry"] = serde_json::json!({"host": host, "username": login.username, "password": login.password});
    }
    let bytes = settings(&parameter).len();
    if bytes <= PARAMETER {
        return;
    }
    let length = |json: serde_json::Value| settings(&json).len();
    let largest = [
        ("env", length(env.into())),
        (
            "secrets",
            length(service.secrets.clone().into_iter().collect()),
        ),
        (
            "command",
            length(service.command.clone().unwrap_or_default().into()),
        ),
    ];
    let (section, part) = largest
        .into_iter()
        .max_by_key(|(_, bytes)| *bytes)
        .unwrap_or(("env", bytes));
    let message = format!(
        "the settings of {name} have {bytes} bytes, {part} of them in {section}; the parameter that servers read holds \
         {PARAMETER}"
    );
    let help = format!(
        "remove {} bytes: put values into a file of the image, or several into one secret that the service reads",
        bytes - PARAMETER
    );
    rules.say(&format!("services.{name}.{section}"), message, &help);
}

/// A server's role says which secrets and archives it may read, and which stores it may use.
fn role(rules: &mut Rules<'_>) {
    let services = rules.spec.services.values();
    let statements = services.flat_map(|service| {
        let login = rules
            .spec
            .registry_of(service)
            .map(|(_, login)| &login.password);
        let secrets = service.secrets.values().chain(login).map(|secret| {
            let (action, resource) = access(secret);
            (vec![action], resource)
        });
        let archive = service.artifact.iter().map(|artifact| {
            (
                vec!["s3:GetObject"],
                artifact.replace("s3://", "arn:aws:s3:::"),
            )
        });
        secrets.chain(archive).collect::<Vec<_>>()
    });
    let sizes = statements.map(|(action, resource)| {
        let statement =
            serde_json::json!({"Effect": "Allow", "Action": action, "Resource": resource});
        statement.to_string().len() + 1
    });
    let stores: BTreeSet<&String> = (rules.spec.services.values())
        .flat_map(|service| &service.stores)
        .collect();
    let (app, env) = (&rules.spec.app, &rules.spec.env);
    let name = |store: &&String| app.len() + env.len() + store.len() + 2;
    let queues = rules
        .spec
        .services
        .values()
        .map(|service| service.sends_to.len() + usize::from(service.queue.is_some()));
    let of_queues = std::iter::repeat_n(workers::STATEMENT, queues.sum());
    // A table, its indexes and its streams.
    let of_stores = stores.iter().map(|store| USES + 3 * name(store));
    let sizes = sizes.chain(of_stores).chain(of_queues);
    let (mut count, mut size) = (0, OWN_STATEMENTS);
    for one in sizes {
        count += 1;
        size += one;
    }
    if size > ROLE {
        let message = format!(
            "the services name {count} secrets, archives, stores and queues, whose statements take {size} characters; the policies of \
             a role have {ROLE}"
        );
        rules.say(
            "services",
            message,
            "put several values into one secret, or shorten the names",
        );
    }
}

/// Services with the same paths share the requests, which has to be asked for.
fn shares(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    let weighs = |rules: &Rules<'_>, name: &str| {
        let service = rules.merged.get("services").and_then(|all| all.get(name));
        let balance = service.and_then(|service| service.get("balance"));
        balance.is_some_and(|balance| balance.get("weight").is_some())
    };
    let set = |items: &[String]| items.iter().cloned().collect::<BTreeSet<_>>();
    let services: Vec<(&String, &Service)> = (spec.services.iter())
        .filter(|(_, service)| service.is_web())
        .collect();
    for (number, (name, service)) in services.iter().enumerate() {
        for (other, first) in &services[..number] {
            let hosts = (set(&first.hosts), set(&service.hosts));
            let is_host_shared = hosts.0 == hosts.1 || !hosts.0.is_disjoint(&hosts.1);
            let path = service.paths.iter().find(|path| first.paths.contains(path));
            let (true, Some(path)) = (is_host_shared, path) else {
                continue;
            };
            let is_same = first.paths == service.paths && first.hosts == service.hosts;
            if !is_same {
                let message = format!(
                    "{other} and {name} both answer {path}, and differ in other paths or hosts"
                );
                let help = "give each its own paths; to share requests, give both the same paths and hosts in the same order";
                rules.say(&format!("services.{name}"), message, help);
                break;
            } else if !(weighs(rules, other) && weighs(rules, name)) {
                let message = format!("{other} and {name} both answer {path}");
                let help = "give one of them paths of its own, such as `paths: [/api/*]`; to share the requests, set \
                            `balance: {weight: 1}` in both; if one serves no HTTP, set `type: worker`";
                rules.say(&format!("services.{name}"), message, help);
                // One is enough to correct: it may differ from the others too.
                break;
            }
        }
        let mut alike = services
            .iter()
            .filter(|(_, one)| one.paths == service.paths && one.hosts == service.hosts);
        // Told once, at the first of them.
        let is_first = alike.clone().next().is_some_and(|(first, _)| first == name);
        if is_first && alike.all(|(_, one)| one.balance.weight == 0) {
            let place = format!("services.{name}.balance.weight");
            let message = format!(
                "every service with the paths and hosts of {name} has the weight 0, so that nobody answers"
            );
            rules.say(&place, message, "give one of them a weight of 1 or more");
        }
        let earlier = services[..number].iter();
        let same =
            earlier.filter(|(_, one)| one.paths == service.paths && one.hosts == service.hosts);
        if same.count() == MOST_SHARED {
            let message = format!("{name} is the sixth service that answers the same paths");
            rules.say(
                &format!("services.{name}"),
                message,
                "a load balancer spreads requests over five at most",
            );
        }
    }
}

/// Whether a container can be given a variable of this name. They pass through the environment of `docker
/// run`, so that no value is on a command line; what that or the loader heeds itself is none of theirs.
pub(super) fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        && !["LD_", "DOCKER_"].iter().any(|own| name.starts_with(own))
}

fn is_label(name: &str) -> bool {
    name.len() <= 20
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
