//! Roles and definers that statements name.

use std::collections::BTreeSet;

/// Words in a role's place that are no role's name.
const NOBODY: [&str; 5] = [
    "public",
    "current_user",
    "current_role",
    "session_user",
    "none",
];

/// Adds what a PostgreSQL statement names: roles, owners, and roles that it creates.
pub fn collect(
    statement: &str,
    roles: &mut BTreeSet<String>,
    owners: &mut BTreeSet<String>,
    made: &mut BTreeSet<String>,
) {
    let statement = statement.trim_start();
    let upper = statement.to_ascii_uppercase();
    let at = |place: usize| list(statement.get(place..).unwrap_or_default());
    if upper.starts_with("CREATE ROLE ") || upper.starts_with("CREATE USER ") {
        if !upper.starts_with("CREATE USER MAPPING") {
            made.extend(at("CREATE ROLE ".len()));
        }
    } else if upper.starts_with("GRANT ") || upper.starts_with("REVOKE ") {
        let word = if upper.starts_with('G') {
            " TO "
        } else {
            " FROM "
        };
        if let Some(place) = upper.rfind(word) {
            roles.extend(at(place + word.len()));
        }
        // A role that is granted itself.
        if !upper.contains(" ON ") {
            roles.extend(at(upper.find(' ').unwrap_or_default() + 1));
        }
    } else if upper.starts_with("ALTER DEFAULT PRIVILEGES ") {
        for word in [" FOR ROLE ", " FOR USER ", " TO ", " FROM "] {
            if let Some(place) = upper.rfind(word) {
                roles.extend(at(place + word.len()));
            }
        }
    } else if upper.starts_with("CREATE POLICY ") || upper.starts_with("ALTER POLICY ") {
        // Before the expressions, which may contain anything.
        let end = [" USING ", " WITH CHECK "];
        let end = end.iter().filter_map(|word| upper.find(word)).min();
        let head = upper.get(..end.unwrap_or(upper.len())).unwrap_or_default();
        if let Some(place) = head.rfind(" TO ") {
            roles.extend(list(
                statement
                    .get(place + 4..end.unwrap_or(statement.len()))
                    .unwrap_or_default(),
            ));
        }
    } else if upper.starts_with("SET ROLE ") {
        roles.extend(at("SET ROLE ".len()));
    } else if upper.starts_with("ALTER ") {
        if let Some(place) = upper.rfind(" OWNER TO ") {
            owners.extend(at(place + " OWNER TO ".len()));
        }
    } else if upper.starts_with("CREATE SCHEMA ")
        && let Some(place) = upper.find(" AUTHORIZATION ")
    {
        roles.extend(at(place + " AUTHORIZATION ".len()));
    }
}

/// The names at the beginning of a text, separated by commas.
fn list(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    loop {
        for word in ["GROUP ", "group "] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        let (name, quoted, after) = match rest.strip_prefix('"') {
            Some(inner) => match inner.find('"') {
                Some(end) => (inner[..end].to_owned(), true, &inner[end + 1..]),
                None => return found,
            },
            None => {
                let end = rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                    .unwrap_or(rest.len());
                (rest[..end].to_ascii_lowercase(), false, &rest[end..])
            }
        };
        let is_role = quoted || !NOBODY.contains(&&*name);
        if is_role && !name.is_empty() && !name.starts_with("pg_") {
            found.push(name);
        }
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return found,
        }
    }
}

/// Adds the definers that a line of a MySQL dump names, as `user@host`.
pub fn definers(line: &str, found: &mut BTreeSet<String>) {
    let mut parts = line.split("DEFINER=`");
    let _before = parts.next();
    for part in parts {
        if let Some((user, rest)) = part.split_once("`@`")
            && let Some((host, _)) = rest.split_once('`')
        {
            found.insert(format!("{user}@{host}"));
        }
    }
}
