//! scalectl takes a web application from one server to millions of users.
//!
//! One straight line leads through this crate; each arrow is one function, and only the two marked
//! ones touch the outside world:
//!
//! ```text
//! scalectl.yaml ─load→ Spec ─┐
//! blueprints/*.yaml ─────────┴─compile→ Desired ─┐
//! cloud ──────────observe (I/O)──→ Live ─────────┴─diff→ Plan ─apply (I/O)→ Report
//!                                                         └─render→ text, JSON, Markdown, HTML
//! ```
#![warn(missing_docs)]
// What is printed goes through `cli::ui`, which knows about closed pipes, full disks and colours; a process ends in `main`.
#![warn(clippy::exit, clippy::print_stderr, clippy::print_stdout)]
// Modules without side effects deny what `clippy.toml` names: clock, environment, files, programs.

#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod address;
pub mod apply;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod blueprint;
pub mod cli;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod compare;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod diagnostic;
pub mod doctor;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod graph;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod inventory;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod kinds;
pub mod migrate;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod ownership;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod plan;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod policy;
pub mod provider;
#[cfg(unix)]
pub mod rehearse;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod render;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod roles;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod schema;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod snapshot;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod spec;
pub mod testing;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod value;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod words;
#[cfg_attr(not(test), deny(clippy::disallowed_methods))]
pub mod yaml;
