//! Patterns with wildcards.

use wildmatch::WildMatch;

/// Whether the whole of `text` fits a pattern, in which `*` stands for any characters, none included, and `?` for any
/// one.
pub fn matches(pattern: &str, text: &str) -> bool {
    WildMatch::new(pattern).matches(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_text() {
        for (pattern, text, fits) in [
            ("/*", "/healthz", true),
            ("/api/*", "/healthz", false),
            ("/api/*", "/api/", true),
            ("/a?c", "/abc", true),
            ("/a?c", "/ac", false),
            ("*z", "/healthz", true),
            ("/healthz", "/healthz", true),
            ("/health", "/healthz", false),
            ("*/db", "us-east-1/db/db", true),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*/db", "us-east-1/db_x", false),
            ("us-*/db_re*", "us-east-1/db_replica[1]", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
