//! The facts about every kind of the registry that has no text of its own in the binary: nobody uses all of
//! them, so they are packed, and unpacked when the first one is asked for (5 MB, some 20 ms).

use std::io::Read as _;
use std::sync::{LazyLock, OnceLock};

use flate2::read::ZlibDecoder;

use super::Kinds;

static PACKED: &[u8] = include_bytes!("../../schemas/others.zlib");

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = String::new();
    // The bytes are in the binary; a test unpacks them.
    if let Err(error) = ZlibDecoder::new(PACKED).read_to_string(&mut text) {
        panic!("schemas/others.zlib is broken: {error}");
    }
    text
});

/// The kinds and their facts.
pub static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let lines = TEXT.lines().filter_map(|line| line.split_once('\t'));
    lines
        .map(|(kind, text)| (kind, (text, OnceLock::new())))
        .collect()
});
