//! Text that may stand anywhere in the report.
//!
//! Names come from users, from clouds and from whoever tagged something there. Characters that HTML
//! gives a meaning are its entities; characters that are not seen, or that turn the reading direction
//! round, are made visible, because a report that can be made to read differently than it is, is none.

use handlebars::html_escape;

/// `text` for HTML's and SVG's text and quoted attributes.
pub fn escape(text: &str) -> String {
    if !text.chars().any(is_unseen) {
        return html_escape(text);
    }
    let mut seen = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            // Unicode has a picture of each of these.
            '\0'..='\u{1f}' if is_unseen(letter) => {
                seen.extend(char::from_u32(0x2400 + u32::from(letter)));
            }
            '\u{7f}' => seen.push('␡'),
            letter if is_unseen(letter) => seen.push_str(&format!("⟨U+{:04X}⟩", u32::from(letter))),
            letter => seen.push(letter),
        }
    }
    html_escape(&seen)
}

/// Control characters but line ends and tabs, marks of the reading direction (Unicode's annex 9), and
/// other characters without width.
fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_would_read_is_text() {
        assert_eq!(
            escape("\"><img onerror='x'>&"),
            "&quot;&gt;&lt;img onerror&#x3D;&#x27;x&#x27;&gt;&amp;"
        );
    }

    #[test]
    fn what_is_not_seen_is_shown() {
        assert_eq!(escape("a\u{1b}[31m\u{202e}b\u{7f}\n"), "a␛[31m⟨U+202E⟩b␡\n");
    }
}
