//! The blueprints and rules in the binary, read when it was built.
//!
//! Reading their text took half of a plan that changes nothing. `build.rs` does it instead and leaves each file's tree
//! as bytes, in the form that its `pack` writes; here they become nodes again, with the same places.

use std::sync::Arc;

use super::{Key, Node, Yaml};
use crate::diagnostic::Location;

/// A file's tree.
struct Packed {
    /// The file, below the repository's root.
    path: &'static str,
    /// The different texts in it, keys too.
    texts: &'static [&'static str],
    /// The nodes: line, column, what it is, what it holds. Numbers take seven bits a byte, the lowest first.
    nodes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// The tree of a file in the binary, such as `blueprints/cdn.yaml`; messages use its path as the file's name.
pub fn builtin(path: &str) -> Option<Node> {
    let at = PACKED.binary_search_by(|file| file.path.cmp(path)).ok()?;
    let packed = &PACKED[at];
    let mut reader = Reader {
        file: path.into(),
        texts: packed.texts.iter().map(|text| Arc::from(*text)).collect(),
        rest: packed.nodes,
    };
    reader.node()
}

struct Reader {
    file: Arc<str>,
    texts: Vec<Arc<str>>,
    rest: &'static [u8],
}

impl Reader {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn location(&mut self) -> Option<Location> {
        Some(Location {
            file: self.file.clone(),
            line: u32::try_from(self.number()?).ok()?,
            column: u32::try_from(self.number()?).ok()?,
        })
    }

    fn text(&mut self) -> Option<Arc<str>> {
        let at = usize::try_from(self.number()?).ok()?;
        self.texts.get(at).cloned()
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn node(&mut self) -> Option<Node> {
        let location = self.location()?;
        let value = match self.byte()? {
            b'0' => Yaml::Null,
            b'f' => Yaml::Bool(false),
            b't' => Yaml::Bool(true),
            b'i' => Yaml::Int(self.number()?.cast_signed()),
            b'd' => Yaml::Float(f64::from_bits(self.number()?)),
            b's' => Yaml::String(self.text()?),
            b'l' => {
                let count = self.count()?;
                Yaml::List((0..count).map(|_| self.node()).collect::<Option<_>>()?)
            }
            b'm' => {
                let count = self.count()?;
                let entry = |_| {
                    let location = self.location()?;
                    let text = self.text()?;
                    Some((Key { text, location }, self.node()?))
                };
                Yaml::Map((0..count).map(entry).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(Node { value, location })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_file_is_what_its_text_reads_as() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in PACKED {
            let text = std::fs::read_to_string(root.join(file.path)).unwrap();
            let read = crate::yaml::parse(file.path, &text).unwrap();
            assert_eq!(builtin(file.path), Some(read), "{}", file.path);
        }
        assert!(PACKED.len() > 30);
        assert_eq!(builtin("blueprints/none.yaml"), None);
    }

    #[test]
    fn every_sort_of_value_is_read() {
        let nodes: &[u8] = b"\x01\x01m\x02\
            \x01\x01\x00\x01\x04l\x05\
            \x01\x05i\x83\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x06t\x03\x07f\x04\x080\xac\x02\x09s\x01\
            \x05\x01\x01\x05\x04d\x80\x80\x80\x80\x80\x80\x80\xfc\x3f";
        let mut reader = Reader {
            file: "a.yaml".into(),
            texts: vec!["a".into(), "b".into()],
            rest: nodes,
        };
        let root = reader.node().unwrap();
        let list = root.get("a").unwrap();
        assert_eq!(
            list.to_value().to_string(),
            "[-125, true, false, null, \"b\"]"
        );
        assert_eq!(list.locate("4").to_string(), "a.yaml:300:9");
        assert_eq!(root.locate("b").to_string(), "a.yaml:5:1");
        assert_eq!(root.get("b").unwrap().value, Yaml::Float(1.5));
        assert!(reader.rest.is_empty());
    }
}
