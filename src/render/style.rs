//! The few colours that we use.

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
