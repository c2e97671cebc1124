//! The secrets that services need, as programs read it. No value is in it.

use schemars::JsonSchema;
use serde::Serialize;

/// What `scalectl secrets list --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Secrets")]
pub struct Secrets<'a> {
    /// The document type: `secrets`.
    #[schemars(extend("const" = "secrets"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The secrets.
    pub secrets: Vec<Secret<'a>>,
}

/// A secret.
#[derive(Serialize, JsonSchema)]
pub struct Secret<'a> {
    /// Its name in the spec.
    pub name: &'a str,
    /// The services that need it.
    pub uses: Vec<Use<'a>>,
    /// When it was set last, RFC 3339; in several regions, the earliest of them.
    pub set: Option<String>,
    /// When it will be deleted, if it is going to be.
    pub ends: Option<String>,
    /// The regions in which servers would look for it and not find it.
    pub missing: Vec<String>,
}

/// A service's variable.
#[derive(Serialize, JsonSchema)]
pub struct Use<'a> {
    /// The service.
    pub service: &'a str,
    /// The variable.
    pub variable: &'a str,
}
