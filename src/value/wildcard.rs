//! Patterns with wildcards.

use wildmatch::WildMatch;

/// A pattern, in which `*` stands for any characters, none included, and `?` for any one. Read once, however many texts it
/// is compared with.
pub struct Pattern {
    pattern: WildMatch,
    /// Bytes that a text has at least.
    least: usize,
}

impl Pattern {
    /// The one that is written so.
    pub fn new(pattern: &str) -> Self {
        let of_text = |c: &char| *c != '*';
        // A `?` may stand for a longer letter than itself.
        let least = pattern.chars().filter(of_text).map(char::len_utf8).sum();
        Self {
            pattern: WildMatch::new(pattern),
            least,
        }
    }

    /// Whether the whole of a text fits it.
    pub fn fits(&self, text: &str) -> bool {
        text.len() >= self.least && self.pattern.matches(text)
    }
}

/// Whether the whole of `text` fits a pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    Pattern::new(pattern).fits(text)
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
            ("?", "é", true),
            ("é*", "é", true),
            ("??", "é", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
