//! Logins to private registries.

use super::{Rules, images, services};
use crate::schema::nearest;
use crate::spec::registries::host_of;

/// Checks each login.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    let hosts: Vec<&str> = (spec.services.values())
        .filter_map(|service| service.image.as_deref())
        .map(host_of)
        .collect();
    for (host, registry) in &spec.registries {
        let path = format!("registries.{host}");
        if host.contains(".dkr.ecr.") {
            let message = format!("{path} is ECR, to which servers log in by their role");
            rules.say(&path, message, "remove it");
            continue;
        }
        if !images::is_registry(host) {
            let message = format!("{path} is not the host of a registry");
            rules.say(
                &path,
                message,
                "write it like ghcr.io, registry.example.com:5000, or docker.io for Docker Hub",
            );
            continue;
        }
        if !hosts.contains(&host.as_str()) {
            let message = format!("{path} is the registry of no service's image");
            let help = match nearest(host, hosts.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => "remove it, or write the registry as it stands in `image`; docker.io for an image without one".to_owned(),
            };
            rules.say(&path, message, &help);
        }
        if registry.username.trim().is_empty()
            || registry.username.chars().any(char::is_whitespace)
            || registry.username.starts_with('-')
        {
            let place = format!("{path}.username");
            rules.say(
                &place,
                format!("{place} is not a user's name"),
                "write the user of the password or token",
            );
        }
        let place = format!("{path}.password");
        if let Some((what, help)) = services::mistake(&registry.password) {
            rules.say(&place, format!("{place} {what}"), help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;

    #[test]
    fn a_login_that_would_not_be_used_or_holds_its_password_is_refused() {
        let with = |image: &str, registry: &str| {
            told(&format!(
                "services:\n  web: {{image: \"{image}\"}}\nregistries:\n  {registry}\n"
            ))
        };
        assert!(
            with(
                "ghcr.io/a/b:1",
                "ghcr.io: {username: a, password: shop/ghcr}"
            )
            .is_empty()
        );
        assert!(with("a/b:1", "docker.io: {username: a, password: /shop/hub}").is_empty());
        for (image, registry, what) in [
            (
                "ghcr.io/a/b:1",
                "ghrc.io: {username: a, password: x/y}",
                "did you mean ghcr.io?",
            ),
            (
                "a/b:1",
                "ghcr.io: {username: a, password: x/y}",
                "the registry of no service's image",
            ),
            (
                "ghcr.io/a/b:1",
                "ghcr.io: {username: \" \", password: x/y}",
                "is not a user's name",
            ),
            (
                "ghcr.io/a/b:1",
                "ghcr.io: {username: a, password: \"ghp_x==\"}",
                "is a secret's own text",
            ),
            (
                "ghcr.io/a/b:1",
                "\"https://ghcr.io\": {username: a, password: x/y}",
                "not the host of a registry",
            ),
            (
                "123456789012.dkr.ecr.us-east-1.amazonaws.com/b:1",
                "123456789012.dkr.ecr.us-east-1.amazonaws.com: {username: AWS, password: x/y}",
                "by their role",
            ),
        ] {
            let found = with(image, registry);
            assert!(
                matches!(&*found, [one] if one.contains(what)),
                "{registry}: {found:?}"
            );
        }
    }
}
