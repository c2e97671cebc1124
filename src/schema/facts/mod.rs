//! What AWS has, apart from its resource types: regions and what they offer, database engines with their versions,
//! parameters and reserved names, processors.

pub mod offers;
pub mod parameters;
mod processors;
pub mod reserved;
mod upgrades;

pub use processors::processor;
pub use upgrades::{UPGRADE_SECONDS, is_another_major};
