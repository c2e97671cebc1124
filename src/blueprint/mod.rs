//! Blueprints: YAML with expressions that turns a spec into the desired graph.
//!
//! [`library`] finds the files (`texts`: the text templates), [`parse`] reads and checks each by itself, [`mod@compile`]
//! evaluates them for one spec (`shape`: what exists; `tags`; `own`: the spec's own resources; `whole`: the graph as a whole), and [`expression`] and
//! [`functions`] are the language of `${...}`; `names` is what an expression reads, `effort` bounds what one may take,
//! [`condition`] are expressions about live properties. What a kind may hold is `schema`'s; what happens to the graph is
//! `plan`'s.

pub mod compile;
pub mod condition;
mod effort;
pub mod expression;
pub mod functions;
mod json_schema;
pub mod library;
mod mistakes;
pub mod model;
mod names;
mod own;
pub mod parse;
mod scope;
mod shape;
mod tags;
pub mod template;
mod texts;
mod whole;

pub use compile::compile;
pub use condition::{check_condition, holds, is_ready};
pub use json_schema::json_schema;
pub use library::Library;
