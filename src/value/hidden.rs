//! The text that stands in the place of a secret where it may be read: digests in brackets. What they are digests of is
//! `ownership`'s.

/// Characters of a digest in base64: 24 bits.
pub const SHORT: usize = 4;

/// Characters of a digest in hexadecimal.
pub const LONG: usize = 12;

/// The text with these digests in it.
pub fn text(digests: &str) -> String {
    format!("(hidden {digests})")
}

/// The digests in such a text.
pub fn inside(shown: &str) -> Option<&str> {
    shown.strip_prefix("(hidden ")?.strip_suffix(')')
}

/// Whether a text stands in a secret's place, and is not one that is to be hidden.
pub fn is_hidden(text: &str) -> bool {
    let Some(inner) = inside(text) else {
        return false;
    };
    let of = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    match inner.split_once(':') {
        Some((place, digest)) => of(place, SHORT) && of(digest, SHORT),
        None => of(inner, LONG) && inner.bytes().all(|b| b.is_ascii_hexdigit()),
    }
}
