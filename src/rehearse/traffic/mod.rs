//! Rehearsals of requests that are led elsewhere: DNS weights, load balancers, an edge that caches, replicas.
//!
//! Owns what stands before the database at each stage and how it is changed step by step while the load
//! goes on. [`front`] reads a stage's front from its graph and writes HAProxy's configurations, [`steps`]
//! what a hop does to it; [`site`] starts and ends it, [`walk`] goes through the steps, whose
//! gates are the migration's and read [`readings`]. Time that a
//! migration only waits passes faster, by [`super::dns::PACE`].

mod front;
mod readings;
mod site;
mod steps;
mod walk;

pub use front::Front;
pub use site::Site;
pub use steps::{Step, of};
pub use walk::Walk;

/// A file that caches may keep.
pub const FILE: &str = "/assets/site.css";

/// What is in it; `templates/rehearse/app.py` has it too.
pub const CONTENT: &str = "body { color: teal }";
