//! `answers`: the site's names resolve to what its records say.

use std::collections::BTreeSet;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Name, Names, Read, Reading, Readings};

/// Whether every name resolves to what its records say, where scalectl runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Answers {}

impl Condition for Answers {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        Ok(readings.names().await?.map(|names| self.judge(&names)))
    }

    fn in_short(&self) -> String {
        "names resolve".to_owned()
    }

    fn in_words(&self) -> String {
        "every name resolves to its current records".to_owned()
    }
}

impl Answers {
    /// What the names' addresses mean.
    pub fn judge(&self, names: &Names) -> Reading {
        let names = match names {
            Names::NotAsked(why) => return Reading::good(format!("not checked: {why}")),
            Names::Resolved(names) if names.is_empty() => {
                return Reading::good("the site has no name");
            }
            Names::Resolved(names) => names,
        };
        let mut seen = Vec::new();
        for Name {
            name,
            found,
            known,
            edge,
        } in names
        {
            let Some(first) = found.first() else {
                return Reading::bad(format!(
                    "{name} does not resolve here; check that its registrar lists the zone's name servers"
                ));
            };
            // That a distribution's name resolves at all has to do.
            if !edge && !agree(found, known) {
                return Reading::bad(format!(
                    "{name} still resolves to {first}, which is no longer in its records"
                ));
            }
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            seen.push(format!("{name} is {}", found.join(" and ")));
        }
        Reading::good(seen.join(", "))
    }
}

/// Whether an answer is that of a record that leads to one of these addresses. An answer is one record's, and a load
/// balancer may change some of its addresses between two questions
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#request-routing>).
fn agree(found: &[IpAddr], known: &BTreeSet<IpAddr>) -> bool {
    found.iter().any(|address| known.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(found: &[&str], known: &[&str], edge: bool) -> Reading {
        let all = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        Answers {}.judge(&Names::Resolved(vec![Name {
            name: "shop.example.com".to_owned(),
            found: all(found),
            known: all(known).into_iter().collect(),
            edge,
        }]))
    }

    #[test]
    fn a_load_balancer_may_change_some_of_its_addresses() {
        let known = ["192.0.2.1", "192.0.2.2"];
        assert!(seen(&["192.0.2.2", "192.0.2.3"], &known, false).good);
        assert!(
            !seen(&["203.0.113.7"], &known, false).good,
            "the old server"
        );
    }

    #[test]
    fn a_distribution_answers_from_any_address() {
        assert!(seen(&["203.0.113.7"], &[], true).good);
        assert!(!seen(&[], &[], true).good);
    }
}
