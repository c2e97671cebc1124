//! What was acknowledged, against what is there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// A row as the database holds it in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The request's name.
    pub request: String,
    /// Its value.
    pub value: i64,
    /// How often its effect is there.
    pub effects: u64,
}

/// What the comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Writes that the application acknowledged.
    pub acknowledged: u64,
    /// Acknowledged and not there, or there with another value.
    pub lost: u64,
    /// There more than once.
    pub doubled: u64,
    /// There although nobody was told so: the answer was lost, the write was not.
    pub unacknowledged: u64,
    /// Some of those that are lost or doubled, by name.
    pub examples: Vec<String>,
}

/// How many requests are named in a report.
const EXAMPLES: usize = 5;

/// Compares; `acknowledged` has requests and their values.
pub fn compare(acknowledged: &[(String, i64)], rows: &[Row]) -> Comparison {
    let mut there: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        there.entry(&row.request).or_default().push(row);
    }
    let mut found = Comparison {
        acknowledged: acknowledged.len() as u64,
        ..Comparison::default()
    };
    let mut wrong = Vec::new();
    for (request, value) in acknowledged {
        match there.get(request.as_str()).map(Vec::as_slice) {
            Some([row]) if row.value == *value && row.effects > 0 => {}
            Some([_, _, ..]) => {}
            _ => {
                found.lost += 1;
                wrong.push(format!("{request} is lost"));
            }
        }
    }
    for (request, rows) in &there {
        if rows.len() > 1 || rows.iter().any(|row| row.effects > 1) {
            found.doubled += 1;
            wrong.push(format!("{request} is doubled"));
        }
    }
    let told: std::collections::BTreeSet<&str> =
        acknowledged.iter().map(|(request, _)| &**request).collect();
    found.unacknowledged = there.keys().filter(|r| !told.contains(*r)).count() as u64;
    wrong.truncate(EXAMPLES);
    found.examples = wrong;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(request: &str, value: i64, effects: u64) -> Row {
        Row {
            request: request.to_owned(),
            value,
            effects,
        }
    }

    fn told(requests: &[(&str, i64)]) -> Vec<(String, i64)> {
        requests
            .iter()
            .map(|(r, v)| ((*r).to_owned(), *v))
            .collect()
    }

    #[test]
    fn what_is_missing_changed_or_without_effect_is_lost() {
        let rows = [row("b", 9, 1), row("c", 3, 0), row("d", 4, 1)];
        let found = compare(&told(&[("a", 1), ("b", 2), ("c", 3), ("d", 4)]), &rows);
        assert_eq!((found.acknowledged, found.lost, found.doubled), (4, 3, 0));
    }

    #[test]
    fn what_is_there_twice_is_doubled_and_not_lost() {
        let rows = [row("a", 1, 2), row("b", 2, 1), row("b", 2, 1)];
        let found = compare(&told(&[("a", 1), ("b", 2)]), &rows);
        assert_eq!((found.lost, found.doubled), (0, 2));
        assert_eq!(found.examples, ["a is doubled", "b is doubled"]);
    }

    #[test]
    fn an_answer_that_was_lost_is_no_lost_write() {
        let found = compare(&[], &[row("a", 1, 1)]);
        assert_eq!((found.unacknowledged, found.lost, found.doubled), (1, 0, 0));
    }
}
