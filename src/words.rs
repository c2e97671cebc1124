//! Numbers in words, as people read them.

/// Seconds in words: `8 s`, `2 m 05 s`, `1 h 20 m`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        0 if seconds >= 0.05 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} m {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} m", whole / 3600, whole % 3600 / 60),
    }
}

/// A number with its word: `1 property`, `2 properties`.
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The same for a word whose plural ends in an s: `1 resource`, `2 resources`.
pub fn count(number: usize, word: &str) -> String {
    plural(number, word, &format!("{word}s"))
}

/// The first three of some names, and how many more there are.
pub fn first(names: &[String]) -> String {
    const NAMED: usize = 3;
    let told = names.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    told.join(", ") + &more
}

/// A text in which all but letters, digits, `-._~` and what `keeps` says is written as `%20` is
/// (<https://www.rfc-editor.org/rfc/rfc3986#section-2.3>).
pub fn percent_encoded(text: &str, keeps: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keeps(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_is_singular() {
        let told = [0, 1, 2].map(|number| plural(number, "property", "properties"));
        assert_eq!(told, ["0 properties", "1 property", "2 properties"]);
        assert_eq!(count(1, "step"), "1 step");
        assert_eq!(count(2, "step"), "2 steps");
    }

    #[test]
    fn durations_read_like_speech() {
        let told: Vec<String> = [0.0, 0.4, 8.2, 125.0, 4800.0].map(duration).to_vec();
        assert_eq!(told, ["0 s", "0.4 s", "8 s", "2 m 05 s", "1 h 20 m"]);
    }
}
