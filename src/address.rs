//! Addresses: a resource's permanent name, `REGION/ID` or `REGION/ID[KEY]`.
//!
//! An address stays the same from stage to stage, so what two stages share is never rebuilt.
//! Everything ordered in this crate is ordered by address.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The region under which AWS's global services (IAM, Route 53, CloudFront) are filed.
pub const GLOBAL: &str = "global";

/// The variable of expressions that stands for the account's number.
pub const ACCOUNT: &str = "account";

/// The property of [`of_account`] that is the number.
pub const ACCOUNT_NUMBER: &str = "Id";

/// A resource's permanent name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// The AWS region, or [`GLOBAL`].
    pub region: Arc<str>,
    /// The id in the blueprint, snake_case.
    pub id: Arc<str>,
    /// The loop key, for a resource with `forEach`.
    pub key: Option<Arc<str>>,
}

/// Text that is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not an address: {reason}; an address is REGION/ID or REGION/ID[KEY], such as us-east-1/subnet_public[a]"
)]
pub struct AddressError {
    text: String,
    reason: &'static str,
}

impl Address {
    /// An address from its parts, which the caller has checked (see [`is_key`]).
    pub fn new(
        region: impl Into<Arc<str>>,
        id: impl Into<Arc<str>>,
        key: Option<Arc<str>>,
    ) -> Self {
        Self {
            region: region.into(),
            id: id.into(),
            key,
        }
    }

    /// This address as a tag's value: `us-east-1/subnet_public@a`, because many services allow no
    /// brackets there (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
    pub fn to_tag(&self) -> String {
        match &self.key {
            Some(key) => format!("{}/{}@{key}", self.region, self.id),
            None => format!("{}/{}", self.region, self.id),
        }
    }

    /// The inverse of [`Address::to_tag`].
    ///
    /// # Errors
    /// When the text was not made by it.
    pub fn from_tag(tag: &str) -> Result<Self, AddressError> {
        match tag.split_once('@') {
            Some((head, key)) => format!("{head}[{key}]").parse(),
            None => tag.parse(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}/{}[{key}]", self.region, self.id),
            None => write!(f, "{}/{}", self.region, self.id),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether `text` is a resource id: snake_case, so that it is a CEL identifier.
pub fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether `text` may be a loop key: what every AWS service allows in a tag, without `@`.
pub fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c))
}

/// Where the account's number is: no resource, but what others refer to as if it were one.
pub fn of_account() -> Address {
    Address::new(GLOBAL, ACCOUNT, None)
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason| AddressError {
            text: text.to_owned(),
            reason,
        };
        let (region, rest) = text
            .split_once('/')
            .ok_or_else(|| fail("it has no region"))?;
        let (id, key) = match rest.split_once('[') {
            None => (rest, None),
            Some((id, key)) => {
                let key = key
                    .strip_suffix(']')
                    .ok_or_else(|| fail("the bracket is not closed"))?;
                if !is_key(key) {
                    return Err(fail(
                        "the key in brackets has a character that tags do not allow",
                    ));
                }
                (id, Some(Arc::from(key)))
            }
        };
        if region.is_empty()
            || !region
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            return Err(fail("the region is not a region's name"));
        }
        if !is_id(id) {
            return Err(fail("the id is not snake_case"));
        }
        Ok(Self::new(region, id, key))
    }
}

impl schemars::JsonSchema for Address {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A resource's permanent name, REGION/ID or REGION/ID[KEY].",
            "type": "string",
            "pattern": r"^[A-Za-z0-9-]+/[a-z][a-z0-9_]*(\[[A-Za-z0-9_.:/-]{1,100}\])?$",
            "examples": ["us-east-1/vpc", "us-east-1/subnet_public[a]", "global/zone"],
        })
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_printing_and_tagging() {
        for text in [
            "us-east-1/vpc",
            "global/zone",
            "eu-west-1/subnet_public[a]",
            "us-east-1/r[web.v2/x]",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(Address::from_tag(&address.to_tag()).unwrap(), address);
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, reason) in [
            ("vpc", "no region"),
            ("us-east-1/VPC", "snake_case"),
            ("us-east-1/a[b", "not closed"),
            ("us-east-1/a[b@c]", "tags do not allow"),
            ("/a", "region"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
