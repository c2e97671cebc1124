//! Secrets of the user's own, as services name them: by the name or the ARN of a secret of Secrets Manager, or of a
//! parameter of Systems Manager.

use std::collections::BTreeMap;

use super::{Spec, Stage};

/// Where secrets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretPlace {
    /// Secrets Manager.
    Manager,
    /// Systems Manager's Parameter Store.
    Parameters,
}

/// A secret, as the services that AWS keeps it in are asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName {
    /// Where it is kept.
    pub place: SecretPlace,
    /// Its name, or the ARN of a secret of Secrets Manager.
    pub name: String,
    /// The region, where an ARN says one.
    pub region: Option<String>,
}

impl SecretName {
    /// What a service's `secrets` say: `shop/stripe`, `/shop/stripe`, `ssm:stripe` or an ARN.
    #[must_use]
    pub fn of(reference: &str) -> Self {
        if reference.starts_with("arn:") {
            let parts: Vec<&str> = reference.splitn(6, ':').collect();
            let region = parts.get(3).filter(|region| !region.is_empty());
            let region = region.map(|region| (*region).to_owned());
            let parameter = parts.get(5).and_then(|name| name.strip_prefix("parameter"));
            return match (parts.get(2), parameter) {
                (Some(&"ssm"), Some(name)) => Self {
                    place: SecretPlace::Parameters,
                    // An ARN has no second slash in front of a name with levels, and one in front of a plain name.
                    name: match name.trim_start_matches('/') {
                        plain if plain.contains('/') => format!("/{plain}"),
                        plain => plain.to_owned(),
                    },
                    region,
                },
                _ => Self {
                    place: SecretPlace::Manager,
                    name: reference.to_owned(),
                    region,
                },
            };
        }
        let (place, name) = match parameter(reference) {
            Some(name) => (SecretPlace::Parameters, name),
            None => (SecretPlace::Manager, reference),
        };
        Self {
            place,
            name: name.to_owned(),
            region: None,
        }
    }
}

/// The name of a parameter of Systems Manager: `/shop/stripe`, or `ssm:stripe`.
pub fn parameter(reference: &str) -> Option<&str> {
    match reference.strip_prefix("ssm:") {
        Some(name) => Some(name),
        None => reference.starts_with('/').then_some(reference),
    }
}

impl Spec {
    /// The secrets that services name, as they name them, each with the services and variables that have it; for a
    /// registry's password the registry stands in place of the variable.
    #[must_use]
    pub fn secrets(&self) -> BTreeMap<&str, Vec<(&str, &str)>> {
        let mut found: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for (service, one) in &self.services {
            for (variable, reference) in &one.secrets {
                found
                    .entry(reference)
                    .or_default()
                    .push((service, variable));
            }
            if let Some((host, login)) = self.registry_of(one) {
                found
                    .entry(&login.password)
                    .or_default()
                    .push((service, host));
            }
        }
        found
    }

    /// The regions in which servers read secrets, primary first.
    #[must_use]
    pub fn secret_regions(&self) -> Vec<&str> {
        let most = if self.stage == Stage::MultiRegion {
            usize::MAX
        } else {
            1
        };
        self.regions
            .iter()
            .take(most)
            .map(super::Region::name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_a_secrets_name_is_asked_for_where_it_is() {
        use SecretPlace::{Manager, Parameters};
        for (reference, place, name, region) in [
            ("shop/stripe", Manager, "shop/stripe", None),
            ("/shop/stripe", Parameters, "/shop/stripe", None),
            ("ssm:stripe", Parameters, "stripe", None),
            (
                "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/stripe",
                Parameters,
                "/shop/stripe",
                Some("eu-west-1"),
            ),
            (
                "arn:aws:ssm:eu-west-1:123456789012:parameter/stripe",
                Parameters,
                "stripe",
                Some("eu-west-1"),
            ),
            (
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/stripe-AbCdEf",
                Manager,
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/stripe-AbCdEf",
                Some("us-east-1"),
            ),
        ] {
            let found = SecretName::of(reference);
            let found = (found.place, &*found.name, found.region.as_deref());
            assert_eq!(found, (place, name, region), "{reference}");
        }
    }
}
