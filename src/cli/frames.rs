//! Rows drawn a frame at a time, with the cursor behind the last one's text.
//!
//! indicatif fills each row with spaces up to the edge, where a terminal holds the cursor between two lines: the `^C` that
//! it writes itself goes to the next line then, and the rows are cleared a line too low. So the frame is written without
//! the spaces at its end, and at once.

use std::io;
use std::sync::{Mutex, PoisonError};

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

/// Frames a second.
const RATE: u8 = 20;

/// Draws on standard error.
pub fn target() -> ProgressDrawTarget {
    let frames = Frames {
        term: Term::stderr(),
        frame: Mutex::new(String::new()),
    };
    ProgressDrawTarget::term_like_with_hz(Box::new(frames), RATE)
}

#[derive(Debug)]
struct Frames {
    term: Term,
    frame: Mutex<String>,
}

impl Frames {
    fn add(&self, text: &str) {
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        frame.push_str(text);
    }

    fn go(&self, lines: usize, way: char) {
        if lines > 0 {
            self.add(&format!("\u{1b}[{lines}{way}"));
        }
    }
}

impl TermLike for Frames {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.go(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.go(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.go(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.go(n, 'D');
        Ok(())
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.add(&format!("{s}\n"));
        Ok(())
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.add(s);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        let text = std::mem::take(&mut *frame);
        self.term.write_str(text.trim_end_matches(' '))?;
        self.term.flush()
    }
}
