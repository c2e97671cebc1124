//! Logins in a quoted line: what is before the `@` of a URL or an image, and the query behind it.

/// The line with stars in place of every login; each keeps its length, so that columns stay right.
pub fn cover(line: &str) -> String {
    line.split_inclusive(|c: char| c.is_whitespace() || "\"',".contains(c))
        .map(word)
        .collect()
}

fn word(word: &str) -> String {
    let end = word.trim_end_matches(|c: char| c.is_whitespace() || "\"',}]".contains(c));
    let (word, tail) = word.split_at(end.len());
    let (login, rest) = match word.rsplit_once('@') {
        Some((before, after))
            if !after.starts_with("sha256:")
                && !after.starts_with("sha512:")
                && (before.contains(':') || after.contains('/')) =>
        {
            (stars(before) + "@", after)
        }
        _ => (String::new(), word),
    };
    let rest = match rest.split_once('?') {
        Some((path, query)) if query.contains('=') => format!("{path}?{}", stars(query)),
        _ => rest.to_owned(),
    };
    login + &rest + tail
}

fn stars(text: &str) -> String {
    text.chars().map(|_| '*').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_covered_and_other_words_are_not() {
        for (line, expected) in [
            (
                "image: user:pass@ghcr.io/a/b:1",
                "image: *********@ghcr.io/a/b:1",
            ),
            (
                "{image: 'u:p@ghcr.io/a', port: 80}",
                "{image: '***@ghcr.io/a', port: 80}",
            ),
            ("image: token@ghcr.io/a}", "image: *****@ghcr.io/a}"),
            (
                "image: ghcr.io/a/b:1?token=x",
                "image: ghcr.io/a/b:1?*******",
            ),
            ("image: nginx:1@sha256:abc", "image: nginx:1@sha256:abc"),
            ("email: ops@example.com", "email: ops@example.com"),
            ("paths: [/a?/*, /b]", "paths: [/a?/*, /b]"),
        ] {
            assert_eq!(cover(line), expected);
        }
    }
}
