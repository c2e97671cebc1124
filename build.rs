//! Reads the built-in blueprints and rules, so that no run has to (`src/yaml/packed.rs`), and links releases for Linux at a
//! fixed address.
//!
//! Most of the program is the AWS SDK's, with a quarter of a million pointers in its tables. Moved to
//! a random address, the loader reads 6.5 MB of relocations at each start and writes to 3 MB of pages
//! that could otherwise be shared; docs/performance.md has what was measured. What that gives up is
//! one layer of defence against memory errors, in a program without unsafe code of its own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_saphyr::{Location, Spanned};

#[path = "src/yaml/raw.rs"]
mod raw;

use raw::Raw;

/// Where the files are that are read here.
const FOLDERS: [&str; 2] = ["blueprints", "policies"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/yaml/raw.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        below(Path::new(folder), &mut files);
    }
    files.sort();
    let mut code = String::from("static PACKED: &[Packed] = &[\n");
    for (name, path) in files {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{name}: {why}"));
        let root = raw::read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let root = root.unwrap_or_else(|| panic!("{name} is empty"));
        let mut file = File::default();
        file.pack(&root);
        let (texts, nodes) = (file.texts, file.nodes.escape_ascii());
        // Writing to a text does not fail.
        let _ = writeln!(
            code,
            "    Packed {{ path: {name:?}, texts: &{texts:?}, nodes: b\"{nodes}\" }},"
        );
    }
    code.push_str("];\n");
    let out = std::env::var_os("OUT_DIR").unwrap_or_else(|| panic!("cargo sets OUT_DIR"));
    let out = Path::new(&out).join("packed.rs");
    std::fs::write(&out, code).unwrap_or_else(|why| panic!("{}: {why}", out.display()));
}

/// Every YAML file below a folder, by its name with slashes.
fn below(folder: &Path, found: &mut Vec<(String, PathBuf)>) {
    let entries = std::fs::read_dir(folder);
    let entries = entries.unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|why| panic!("{why}")).path();
        if path.is_dir() {
            below(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            let name = path.to_string_lossy().replace('\\', "/");
            found.push((name, path));
        }
    }
}

/// A file as `src/yaml/packed.rs` reads it.
#[derive(Default)]
struct File {
    texts: Vec<Arc<str>>,
    known: HashMap<Arc<str>, usize>,
    nodes: Vec<u8>,
}

impl File {
    fn pack(&mut self, node: &Spanned<Raw>) {
        self.location(node.referenced);
        match &node.value {
            Raw::Null => self.nodes.push(b'0'),
            Raw::Bool(false) => self.nodes.push(b'f'),
            Raw::Bool(true) => self.nodes.push(b't'),
            Raw::Int(number) => {
                self.nodes.push(b'i');
                self.number(number.cast_unsigned());
            }
            Raw::Float(number) => {
                self.nodes.push(b'd');
                self.number(number.to_bits());
            }
            Raw::String(text) => {
                self.nodes.push(b's');
                self.text(text);
            }
            Raw::List(items) => {
                self.nodes.push(b'l');
                self.number(items.len() as u64);
                items.iter().for_each(|item| self.pack(item));
            }
            Raw::Map(entries) => {
                self.nodes.push(b'm');
                self.number(entries.len() as u64);
                for (key, value) in entries {
                    self.location(key.referenced);
                    self.text(&key.value);
                    self.pack(value);
                }
            }
        }
    }

    fn location(&mut self, at: Location) {
        self.number(at.line());
        self.number(at.column());
    }

    fn text(&mut self, text: &str) {
        let next = self.texts.len();
        let at = *self.known.entry(text.into()).or_insert(next);
        if at == next {
            self.texts.push(text.into());
        }
        self.number(at as u64);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.nodes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.nodes.push(number as u8);
    }
}
