//! Deployments and releases, as programs read them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::deploy::Service;
use crate::inventory::Release;

/// What `scalectl deploy --plan --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Deploy")]
pub struct Deploy<'a> {
    /// The document type: `deploy`.
    #[schemars(extend("const" = "deploy"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The services that would be deployed.
    pub services: Vec<Deployed<'a>>,
}

/// A service that would be deployed.
#[derive(Serialize, JsonSchema)]
pub struct Deployed<'a> {
    /// Its name.
    pub service: &'a str,
    /// The image or archive that it runs.
    pub before: &'a str,
    /// The image or archive of the spec.
    pub after: &'a str,
    /// Whether a release command runs first.
    pub release: bool,
}

impl<'a> Deployed<'a> {
    /// Of a service.
    pub fn of(service: &'a Service) -> Self {
        Self {
            service: &service.name,
            before: &service.version.before,
            after: &service.version.after,
            release: service.has_release,
        }
    }
}

/// What `scalectl releases --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Releases")]
pub struct Releases<'a> {
    /// The document type: `releases`.
    #[schemars(extend("const" = "releases"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The releases, newest first; their places, starting at 1, are the numbers for `scalectl rollback --to`.
    pub releases: Vec<&'a Release>,
}
