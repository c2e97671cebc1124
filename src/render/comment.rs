//! What a comment on a code host holds: a mark by which a job finds it again, and no more
//! characters than the host takes.

use crate::inventory::Owner;

/// The most that GitHub takes in a comment ("body is too long (maximum is 65536 characters)"). It
/// counts Unicode characters; we count UTF-16 units, of which there are never fewer.
pub const LIMIT: usize = 65_536;

/// How many characters of `text` count against [`LIMIT`].
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The first line of every comment about an application's environment: invisible, and the same
/// from run to run, so that a job updates its comment instead of writing another.
pub fn marker(owner: &Owner) -> String {
    let plain = |text: &str| -> String {
        let kept = |c: char| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        };
        text.chars().take(100).map(kept).collect()
    };
    // A hyphen beside `>` would end the comment; both names are followed by something else.
    format!(
        "<!-- scalectl {}/{} -->\n",
        plain(&owner.app),
        plain(&owner.env)
    )
}

/// A comment that is being written.
pub struct Page {
    text: String,
    used: usize,
}

impl Page {
    /// A comment that begins with the marker.
    pub fn of(owner: &Owner) -> Self {
        let text = marker(owner);
        let used = length(&text);
        Self { text, used }
    }

    /// How much fits before `limit` is reached.
    pub fn room(&self, limit: usize) -> usize {
        limit.saturating_sub(self.used)
    }

    /// Adds `text` if it fits before `limit`, and says whether it did.
    pub fn push_within(&mut self, limit: usize, text: &str) -> bool {
        let length = length(text);
        let fits = length <= self.room(limit);
        if fits {
            self.text.push_str(text);
            self.used += length;
        }
        fits
    }

    /// Adds as many of these lines as fit before `limit`, and then how many did not.
    pub fn push_lines(&mut self, limit: usize, most: usize, lines: &[String]) {
        let fitting = lines.iter().take(most);
        let told = fitting
            .take_while(|line| self.push_within(limit, line))
            .count();
        if told < lines.len() {
            let more = lines.len() - told;
            self.push_within(LIMIT, &format!("- and {more} more\n"));
        }
    }

    /// The comment.
    pub fn finish(self) -> String {
        self.text
    }
}
