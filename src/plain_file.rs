//! Plain files of a bounded size: the one way in which a file that a person names is read.
//!
//! A pipe would keep a command waiting for ever, and a device such as /dev/zero would fill the memory. What was opened is
//! checked, not what the path pointed to before.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Why a file is not read, as a clause after its name.
#[derive(Debug)]
pub enum Refusal {
    /// The system does not give it.
    Unreadable(io::Error),
    /// It is a folder, a pipe or a device.
    NotPlain,
    /// It is larger than this many bytes.
    TooLarge(u64),
}

impl Refusal {
    /// What fixes it, where it is not the caller's to say.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(_) => None,
            Self::NotPlain => Some("remove it, or replace it with a regular file"),
            Self::TooLarge(_) => Some("split it, or remove generated parts"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::NotPlain => f.write_str("is not a regular file"),
            Self::TooLarge(most) => write!(f, "has more than {most} bytes"),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// A plain file that was opened and not read yet.
#[derive(Debug)]
pub struct Plain {
    file: File,
    /// What was opened.
    pub metadata: Metadata,
}

impl Plain {
    /// Opens a file without waiting for anybody: a pipe opens at once.
    ///
    /// # Errors
    /// When it cannot be opened, or is not a regular file.
    pub fn open(path: &Path) -> Result<Self, Refusal> {
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // O_NONBLOCK, which the standard library does not name.
            options.custom_flags(if cfg!(any(target_os = "linux", target_os = "android")) {
                0o4000
            } else {
                0x4
            });
        }
        let file = options.open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() {
            Ok(Self { file, metadata })
        } else {
            Err(Refusal::NotPlain)
        }
    }

    /// Its bytes, `most` at most.
    ///
    /// # Errors
    /// When it cannot be read, or has more.
    pub fn bytes(self, most: u64) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        self.file.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            Err(Refusal::TooLarge(most))
        } else {
            Ok(bytes)
        }
    }
}

/// The bytes of a plain file, `most` at most.
///
/// # Errors
/// When it is no plain file, has more, or cannot be read.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, Refusal> {
    Plain::open(path)?.bytes(most)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_up_to_a_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(Refusal::TooLarge(4))));
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [&pipe, folder.path(), Path::new("/dev/zero")] {
            assert!(matches!(read(path, 5), Err(Refusal::NotPlain)), "{path:?}");
        }
        let nothing = read(&folder.path().join("b"), 5);
        assert!(matches!(nothing, Err(Refusal::Unreadable(_))));
    }
}
