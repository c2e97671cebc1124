//! Addresses in values of variables: whose they are, and where a program finds the same here.

/// How names of variables end that hold a part of where a database is, and the variable of ours that holds it.
const PARTS: [(&str, &str); 16] = [
    ("HOSTNAME", "DATABASE_HOST"),
    ("HOST", "DATABASE_HOST"),
    ("SERVER", "DATABASE_HOST"),
    ("ADDRESS", "DATABASE_HOST"),
    ("ADDR", "DATABASE_HOST"),
    ("PORT", "DATABASE_PORT"),
    ("USERNAME", "DATABASE_USER"),
    ("USER", "DATABASE_USER"),
    ("PASSWORD", "DATABASE_PASSWORD"),
    ("PASSWD", "DATABASE_PASSWORD"),
    ("PASS", "DATABASE_PASSWORD"),
    ("PWD", "DATABASE_PASSWORD"),
    ("DATABASE", "DATABASE_NAME"),
    ("DBNAME", "DATABASE_NAME"),
    ("NAME", "DATABASE_NAME"),
    ("DB", "DATABASE_NAME"),
];

/// The part of where a database is that a variable holds by its name: what its name begins with, and our variable.
pub fn part(name: &str) -> Option<(&str, &'static str)> {
    let ends = |end: &str| {
        let at = name.len().checked_sub(end.len())?;
        let same = name.get(at..)?.eq_ignore_ascii_case(end);
        same.then(|| &name[..at])
    };
    PARTS
        .iter()
        .find_map(|(end, ours)| Some((ends(end)?, *ours)))
}

/// The host of a URL, of `HOST:PORT` or of a value that is a host alone.
pub fn host_of(value: &str) -> &str {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap_or(rest);
    let rest = rest.rsplit('@').next().unwrap_or(rest);
    rest.split(':').next().unwrap_or(rest)
}

/// A database's URL from the variables that every container has. One with the engine's own scheme is there; others, such as
/// a driver's, are put together.
pub fn url_of(scheme: &str, value: &str) -> String {
    if ["postgres", "postgresql", "mysql"].contains(&scheme) {
        return "$DATABASE_URL".to_owned();
    }
    // A shell reads it.
    let scheme: String = scheme
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "+.-:".contains(*c))
        .collect();
    let rest = value.split_once("://").map_or("", |(_, rest)| rest);
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let login = if before.contains('@') {
        "$DATABASE_USER:$DATABASE_PASSWORD@"
    } else {
        ""
    };
    // The database takes only encrypted connections; what else stands there is kept where a shell reads nothing in it.
    let is_plain = query
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "=&_.-".contains(c));
    let query = match query {
        query if !query.is_empty() && is_plain && !query.to_ascii_lowercase().contains("ssl") => {
            format!("?{query}")
        }
        _ => String::new(),
    };
    format!("{scheme}://{login}$DATABASE_HOST:$DATABASE_PORT/$DATABASE_NAME{query}")
}

/// Whether a value that begins with a container's name is its address: a word alone is one only by the variable's name.
pub fn is_address(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let ends = [
        "HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS", "URL", "URI", "ENDPOINT", "BROKER",
        "UPSTREAM", "ORIGIN",
    ];
    value.contains(':') || ends.iter().any(|end| upper.ends_with(end))
}
