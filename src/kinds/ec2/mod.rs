//! EC2, by what it is for.

pub(super) mod instances;
pub(super) mod network;
