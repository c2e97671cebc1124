//! The few colours that we use, and durations in words.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// What is new.
pub const NEW: Style = AnsiColor::Green.on_default();
/// What changes.
pub const CHANGED: Style = AnsiColor::Yellow.on_default();
/// What goes, and what is wrong.
pub const GONE: Style = AnsiColor::Red.on_default();
/// What to notice.
pub const NOTICE: Style = AnsiColor::Cyan.on_default();
/// What leads the eye.
pub const STRONG: Style = Style::new().bold();
/// What may be skipped.
pub const FAINT: Style = Style::new().dimmed();

/// A text in a style.
pub struct Painted<T>(pub Style, pub T);

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.0.render(), self.1, self.0.render_reset())
    }
}

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

/// `1 resource`, `2 resources`.
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        let told: Vec<String> = [0.0, 0.4, 8.2, 125.0, 4800.0].map(duration).to_vec();
        assert_eq!(told, ["0 s", "0.4 s", "8 s", "2 m 05 s", "1 h 20 m"]);
    }
}
