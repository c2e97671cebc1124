//! What `--json` prints: a file per document, each of types whose doc comments become its published
//! JSON Schema. `docs/json.md` lists the documents.
//!
//! Every document says in `document` which one it is, and in `format` which version of its form. That
//! number counts up with every change that could break a reader.

pub mod caches;
pub mod conversion;
pub mod deploy;
pub mod doctor;
pub mod drift;
pub mod dry_run;
pub mod env;
pub mod findings;
pub mod history;
pub mod lease;
pub mod maintenance;
pub mod migration;
pub mod migration_dry_run;
pub mod output;
pub mod plan;
pub mod proposals;
pub mod resource;
pub mod rules;
pub mod secrets;
pub mod settled;
pub mod sim;
pub mod stages;
pub mod status;
pub mod test_results;
pub mod validation;
pub mod walk;
