//! What calculates rather than waits, in one program: it is linked once, and its tests share two threads. A file each for a
//! command or a subject; `cargo test --test it cli::` runs one. What starts servers, deploys on emulators or crashes at
//! every call is beside this, in programs of its own.

#[cfg(feature = "aws")]
#[path = "../common/actions.rs"]
mod actions;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/exported.rs"]
mod exported;
#[path = "../common/project.rs"]
mod project;
#[path = "../common/python.rs"]
mod python;
#[path = "../common/server.rs"]
mod server;

mod adopted_login;
mod aws_findings;
mod aws_rules;
mod balancing;
mod book;
mod caches;
mod cfn_lint;
mod checkov;
mod children;
mod ci;
mod cli;
mod closed;
mod conformance;
mod convert;
mod deploys;
mod docs;
mod dry_run;
mod endings;
mod environments;
mod existing;
mod failover;
mod gates;
mod guides;
mod iam_policy;
mod images;
mod late_failures;
mod layers;
mod leaks;
mod lifecycle;
mod limits;
mod migrations;
mod options;
mod parsers;
mod policy;
mod project_files;
mod properties;
mod public_reports;
mod reads;
mod renderers;
mod replacements;
mod report;
mod resources;
mod roles;
mod saved_steps;
mod schemas;
mod secrets;
mod secrets_env;
mod stores;
mod stricter_rules;
mod testing;
mod user_data;
mod workers;
