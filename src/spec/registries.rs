//! Logins to private registries, by their hosts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Service, Spec};
use crate::schema::split_tag;

/// Docker Hub's name, under which an image without a host is.
pub const HUB: &str = "docker.io";

/// A login to a private registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The user's name.
    #[schemars(length(min = 1))]
    #[schemars(example = &"acme")]
    pub username: String,
    /// The secret whose whole text is the password or token: its name in Secrets Manager, or a parameter of SSM, as in
    /// `secrets` of a service.
    #[schemars(example = &"shop/ghcr")]
    pub password: String,
}

/// The registry that an image is in, as Docker reads its name.
#[must_use]
pub fn host_of(image: &str) -> &str {
    let path = split_tag(image.split_once('@').map_or(image, |(path, _)| path)).0;
    match path.split_once('/') {
        Some(("index.docker.io", _)) => HUB,
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => HUB,
    }
}

impl Spec {
    /// The login to the registry of a service's image, if it needs one: the host, and the login.
    #[must_use]
    pub fn registry_of(&self, service: &Service) -> Option<(&str, &Registry)> {
        let host = host_of(service.image.as_deref()?);
        let found = self.registries.get_key_value(host);
        found.map(|(host, registry)| (host.as_str(), registry))
    }
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn an_image_is_in_the_registry_that_docker_asks() {
        for (image, host) in [
            ("nginx", "docker.io"),
            ("acme/shop:1", "docker.io"),
            ("index.docker.io/acme/shop", "docker.io"),
            ("ghcr.io/acme/shop:1@sha256:ab", "ghcr.io"),
            (
                "registry.example.com:5000/shop",
                "registry.example.com:5000",
            ),
            ("localhost/shop", "localhost"),
        ] {
            assert_eq!(host_of(image), host, "{image}");
        }
    }
}
