//! Whose a resource is: how our marks are written into what AWS keeps for us, and read back.
//!
//! Tags where a kind has them; a tag on the parent for what has none; the end of a text that is ours
//! to write for a few of CloudFront's kinds. DNS records have a TXT record beside them, which is
//! `super::route53`'s.

use sha2::{Digest as _, Sha256};

use crate::address::Address;
use crate::inventory::{Applied, Owner};
use crate::ownership;
use crate::provider::Write;

/// Of the application.
pub const APP: &str = "scalectl:app";
/// Of the environment.
pub const ENV: &str = "scalectl:env";
/// Of the permanent name.
pub const ADDRESS: &str = "scalectl:address";
/// Of what was last applied.
pub const APPLIED: &str = "scalectl:applied";
/// Of an instance that an update has stopped and not started again: what it was to change.
pub const STOPPED: &str = "scalectl:stopped";
/// Of the zones in which a certificate's names are validated.
pub const ZONES: &str = "scalectl:zones";
/// Of a hosted zone: the other applications that have records in it, as `app/env`.
pub const RECORDS: &str = "scalectl:records";
/// Of a child, on its parent; the child's digest follows.
const CHILD: &str = "scalectl:of:";

/// Tags: key and value.
pub type Tags = Vec<(String, String)>;

/// Whose something is, and what was last applied to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The app and environment.
    pub owner: Owner,
    /// Its permanent name.
    pub address: Address,
    /// What was last applied.
    pub applied: Applied,
}

impl Marks {
    /// Those of a write.
    pub fn of(write: &Write) -> Self {
        Self {
            owner: write.owner.clone(),
            address: write.address.clone(),
            applied: write.applied.clone(),
        }
    }

    /// Whether both are of one write: owner, address, generation.
    pub fn is_of_same_write(&self, other: &Self) -> bool {
        self.owner == other.owner
            && self.address == other.address
            && self.applied.generation == other.applied.generation
    }

    /// As tags.
    pub fn to_tags(&self) -> Tags {
        vec![
            (APP.to_owned(), self.owner.app.to_string()),
            (ENV.to_owned(), self.owner.env.to_string()),
            (ADDRESS.to_owned(), self.address.to_tag()),
            (APPLIED.to_owned(), ownership::to_tag(&self.applied)),
        ]
    }

    /// From tags; `None` when they are not ours.
    pub fn from_tags(tags: &[(String, String)]) -> Option<Self> {
        let get = |name: &str| {
            let found = tags.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        Some(Self {
            owner: Owner {
                app: get(APP)?.into(),
                env: get(ENV)?.into(),
            },
            address: Address::from_tag(get(ADDRESS)?).ok()?,
            applied: get(APPLIED)
                .and_then(ownership::from_tag)
                .unwrap_or_default(),
        })
    }

    /// The tag that a parent carries for a child: its key says which child, so that an update
    /// replaces it. The owner is the parent's.
    pub fn to_child_tag(&self, kind: &str, identifier: &str) -> (String, String) {
        let value = format!(
            "{} {}",
            self.address.to_tag(),
            ownership::to_tag(&self.applied)
        );
        (child_key(kind, identifier), value)
    }

    /// A child's marks from its parent's tags.
    pub fn from_child_tag(
        parent: &[(String, String)],
        kind: &str,
        identifier: &str,
    ) -> Option<Self> {
        let owner = Self::from_tags(parent)?.owner;
        let key = child_key(kind, identifier);
        let (_, value) = parent.iter().find(|(have, _)| *have == key)?;
        let (address, applied) = value.split_once(' ')?;
        Some(Self {
            owner,
            address: Address::from_tag(address).ok()?,
            applied: ownership::from_tag(applied)?,
        })
    }

    /// At the end of a text that is ours to write.
    pub fn to_text(&self, text: &str) -> String {
        let mark = format!(
            "[scalectl {}/{} {} {}]",
            self.owner.app,
            self.owner.env,
            self.address.to_tag(),
            ownership::to_tag(&self.applied)
        );
        if text.is_empty() {
            mark
        } else {
            format!("{text} {mark}")
        }
    }

    /// A text without the marks at its end, and those.
    pub fn from_text(text: &str) -> (&str, Option<Self>) {
        let read = || {
            let (rest, mark) = text.strip_suffix(']')?.rsplit_once("[scalectl ")?;
            let mut words = mark.split(' ');
            let (app, env) = words.next()?.split_once('/')?;
            let marks = Self {
                owner: Owner {
                    app: app.into(),
                    env: env.into(),
                },
                address: Address::from_tag(words.next()?).ok()?,
                applied: ownership::from_tag(words.next()?)?,
            };
            Some((rest.trim_end(), Some(marks)))
        };
        read().unwrap_or((text, None))
    }
}

/// The key of a child's tag on its parent.
pub fn child_key(kind: &str, identifier: &str) -> String {
    let digest = Sha256::digest(format!("{kind}\n{identifier}").as_bytes());
    let short = hex::encode(&digest[..6]);
    format!("{CHILD}{short}")
}

/// Whether a tag's key is one of ours.
pub fn is_ours(key: &str) -> bool {
    [APP, ENV, ADDRESS, APPLIED, RECORDS, STOPPED].contains(&key)
        || key.starts_with(CHILD)
        || key.starts_with(ZONES)
}

/// A client token: the same for the same write, so that a call whose answer was lost is not done
/// twice. AWS takes up to 64 characters
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>).
pub fn token(write: &Write) -> String {
    let mut text = format!(
        "{}\n{}\n{}\n{}\n",
        write.owner.app, write.owner.env, write.address, write.applied.generation
    );
    // Other parameters under the same token would be refused, so they are part of it.
    for (name, value) in &write.properties {
        text.push_str(&format!("{name}={value}\n"));
    }
    let digest = Sha256::digest(text.as_bytes());
    hex::encode(&digest[..20])
}

/// Whether a text looks like one of our client tokens, or like one with the time behind it.
pub fn is_token(text: &str) -> bool {
    let token = text.split('-').next().unwrap_or_default();
    token.len() == 40
        && token
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Map, Value};

    fn marks() -> Marks {
        let mut properties = Map::new();
        properties.insert("CidrBlock", Value::str("10.0.0.0/16"));
        let address: Address = "us-east-1/route_from[eu-west-1]".parse().unwrap();
        Marks {
            owner: Owner {
                app: "shop".into(),
                env: "default".into(),
            },
            applied: ownership::of_properties(&address, 2, true, &properties),
            address,
        }
    }

    #[test]
    fn marks_survive_tags_parents_and_texts() {
        let marks = marks();
        let mut tags = marks.to_tags();
        assert_eq!(Marks::from_tags(&tags), Some(marks.clone()));
        tags.push(marks.to_child_tag("AWS::EC2::Route", "rtb-1|0.0.0.0/0"));
        assert_eq!(
            Marks::from_child_tag(&tags, "AWS::EC2::Route", "rtb-1|0.0.0.0/0"),
            Some(marks.clone())
        );
        assert_eq!(
            Marks::from_child_tag(&tags, "AWS::EC2::Route", "rtb-1|::/0"),
            None
        );
        let text = marks.to_text("Static files");
        assert_eq!(
            Marks::from_text(&text),
            ("Static files", Some(marks.clone()))
        );
        assert_eq!(Marks::from_text(&marks.to_text("")), ("", Some(marks)));
    }

    #[test]
    fn a_strangers_text_is_no_mark() {
        for text in ["", "hello", "hello [scalectl]", "[scalectl a b c]"] {
            assert_eq!(Marks::from_text(text), (text, None));
        }
    }

    #[test]
    fn a_token_is_known_by_its_look() {
        let marks = marks();
        let write = Write {
            owner: marks.owner,
            address: marks.address,
            kind: "AWS::Route53::HostedZone".into(),
            properties: Map::new(),
            applied: marks.applied,
        };
        let token = token(&write);
        assert!(is_token(&token) && is_token(&format!("{token}-1767225600")));
        for other in ["", "terraform-20260101", "RISWorkflow-RD:0a1b"] {
            assert!(!is_token(other), "{other}");
        }
    }
}
