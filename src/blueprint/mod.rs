//! Blueprints: YAML with expressions that turns a spec into the desired graph.

pub mod expression;
pub mod functions;
