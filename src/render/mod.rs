//! One file per output format. Every renderer is a pure function from values to text.
//!
//! Terminal text carries its colours as ANSI sequences; whoever prints it strips them where they
//! are not wanted.

pub mod cloudformation;
pub mod comment;
pub mod conversion;
pub mod diagnostics;
pub mod diagram;
mod differences;
pub mod dot;
pub mod drift;
pub mod dry_run;
pub mod escape;
pub mod findings;
pub mod folded;
pub mod gates;
pub mod iam;
pub mod json;
pub mod junit;
pub mod laboratory;
pub mod mermaid;
pub mod migration;
pub mod migration_markdown;
pub mod pipeline;
pub mod plan;
pub mod plan_markdown;
pub mod property;
#[cfg(unix)]
pub mod rehearsal;
pub mod report;
pub mod sarif;
pub mod schemas;
pub mod style;
pub mod svg;
pub mod test_results;
pub mod view;
pub mod wrap;
