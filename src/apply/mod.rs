//! Executing a plan.
