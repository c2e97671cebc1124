//! What `--json` prints: a file per document, each of types whose doc comments become its published
//! JSON Schema. `docs/json.md` lists the documents.
//!
//! Every document says in `document` which one it is, and in `format` which version of its form. That
//! number counts up with every change that could break a reader.

pub mod drift;
pub mod history;
pub mod migration;
pub mod plan;
pub mod status;
pub mod walk;
