//! Blueprints: YAML with expressions that turns a spec into the desired graph.
//!
//! [`library`] finds the files, [`parse`] reads and checks each by itself, [`mod@compile`] evaluates
//! them for one spec, and [`expression`] and [`functions`] are the language of `${...}`; `effort` bounds what one may take. What a kind
//! may hold is `schema`'s; what happens to the graph is `plan`'s.

pub mod compile;
mod effort;
pub mod expression;
pub mod functions;
mod json_schema;
pub mod library;
pub mod model;
pub mod parse;
mod scope;
pub mod template;
mod whole;

pub use compile::{check_condition, compile, holds, is_ready};
pub use json_schema::json_schema;
pub use library::Library;
