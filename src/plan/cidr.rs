//! Blocks of addresses, for what keeps, moves and names them: regions' blocks, subnets' ranges and the advice of guard
//! rails.

use ipnet::Ipv4Net;

use crate::value::{Map, Value};

/// The property that a VPC and a subnet have their block in.
pub const CIDR: &str = "CidrBlock";

/// The block of a VPC or a subnet with these properties.
pub fn of(properties: &Map) -> Option<Ipv4Net> {
    parsed(properties.get(CIDR)?)
}

/// The block that a value is.
pub fn parsed(value: &Value) -> Option<Ipv4Net> {
    value.as_str()?.parse().ok()
}

/// Whether two blocks have addresses in common.
pub fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// The block of the same size behind another one.
pub fn following(block: Ipv4Net) -> Option<Ipv4Net> {
    let first = u32::from(block.broadcast()).checked_add(1)?;
    Ipv4Net::new(first.into(), block.prefix_len()).ok()
}
