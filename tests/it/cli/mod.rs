//! The real binary, as a person or a script would run it: transcripts, exit codes, signals.

mod apply;
mod caches;
mod deploy;
mod env;
mod failover;
mod import;
mod maintenance;
mod migrate;
mod observe;
mod options;
mod plan;
mod runs;
mod secrets;
mod stages;
mod validate;
