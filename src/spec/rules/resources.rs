//! Resources of the user's own: their names, and the services that use them. What depends on the resource type is
//! checked when the spec is compiled.

use super::{Rules, services};
use crate::schema::nearest;
use crate::spec::ResourceUse;

/// The longest name: a part of tags, addresses and environment variables.
const LONGEST: usize = 40;

/// Checks the name of every resource, and what services use.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    for name in spec.resources.keys() {
        if !is_name(name) {
            let message = format!("{name:?} cannot be the name of a resource");
            let help = format!(
                "use a lower-case letter, then up to {} letters, digits and underscores, all lower-case: expressions and \
                 environment variables contain it",
                LONGEST - 1
            );
            rules.say(&format!("resources.{name}"), message, &help);
        }
    }
    for (service, settings) in &spec.services {
        for (index, one) in settings.uses.iter().enumerate() {
            let path = format!("services.{service}.uses.{index}");
            let name = one.resource();
            if !spec.resources.contains_key(name) {
                let known = spec.resources.keys().map(String::as_str);
                let help = match nearest(name, known) {
                    Some(near) => format!("did you mean {near}?"),
                    None if spec.stores.contains_key(name) => {
                        format!("it is a store: move it to `stores` of {service}")
                    }
                    None => format!("declare it: `resources: {{{name}: {{kind: AWS::...}}}}`"),
                };
                let message = format!("resources does not declare {name}");
                rules.say(&path, message, &help);
            } else if (settings.uses[..index].iter()).any(|other| other.resource() == name) {
                let message = format!("services.{service}.uses lists {name} twice");
                rules.say(&path, message, "remove one");
            }
            let env = one.details().into_iter().flat_map(|details| &details.env);
            for variable in env.map(|(variable, _)| variable) {
                if !services::is_variable(variable) {
                    let message =
                        format!("{variable:?} cannot be the name of a service's variable");
                    let help = "use letters, digits, `_`, `.` and `-`, no digit or hyphen first, and not LD_ or DOCKER_";
                    rules.say(&format!("{path}.env.{variable}"), message, help);
                } else if settings.env.contains_key(variable)
                    || settings.secrets.contains_key(variable)
                {
                    let message = format!("services.{service} already sets {variable}");
                    rules.say(
                        &format!("{path}.env.{variable}"),
                        message,
                        "remove one of them",
                    );
                } else if (settings.uses[..index].iter())
                    .filter_map(ResourceUse::details)
                    .any(|other| other.env.contains_key(variable))
                {
                    let message = format!("services.{service}.uses sets {variable} twice");
                    rules.say(
                        &format!("{path}.env.{variable}"),
                        message,
                        "rename one of them",
                    );
                }
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && (name.bytes())
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
