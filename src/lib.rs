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
#![cfg_attr(not(test), warn(clippy::too_many_lines))]
// Nothing calls what `clippy.toml` names (clock, environment, files, programs) but the modules that are allowed to below.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod address;
pub mod apply;
pub mod blueprint;
#[allow(clippy::disallowed_methods)]
pub mod cli;
pub mod compare;
pub mod convert;
#[allow(clippy::disallowed_methods)]
pub mod deploy;
pub mod diagnostic;
pub mod doctor;
pub mod graph;
pub mod inventory;
pub mod kinds;
#[allow(clippy::disallowed_methods)]
pub mod migrate;
pub mod ownership;
#[allow(clippy::disallowed_methods)]
pub mod plain_file;
pub mod plan;
pub mod policy;
#[allow(clippy::disallowed_methods)]
pub mod provider;
#[allow(clippy::disallowed_methods)]
#[cfg(unix)]
pub mod rehearse;
pub mod render;
pub mod roles;
pub mod schema;
pub mod snapshot;
pub mod spec;
#[allow(clippy::disallowed_methods)]
pub mod testing;
pub mod value;
pub mod words;
pub mod yaml;
