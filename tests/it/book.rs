//! The documentation as a book: every page is in its contents, every link leads somewhere, and help texts name pages of the
//! published book, which whoever has only the program can read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// Where the book is published.
const BOOK: &str = "https://scalectl.github.io/scalectl/";

fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
}

fn pages() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect()
}

/// What `](...)` names in a text, without anchors.
fn links(text: &str) -> Vec<String> {
    let link = Regex::new(r"\]\(([^)#\s]+)[^)]*\)").unwrap();
    link.captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_contents_name_every_page_once() {
    let named = links(&read(&root().join("docs/SUMMARY.md")));
    let once: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(once.len(), named.len(), "a page stands twice");
    assert_eq!(once, pages());
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut files: Vec<PathBuf> = pages()
        .iter()
        .map(|name| root().join("docs").join(name))
        .collect();
    files.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)));
    for file in files {
        for link in links(&read(&file)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let target = file.parent().unwrap().join(&link);
            assert!(target.exists(), "{}: {link}", file.display());
        }
    }
}

#[test]
fn help_names_pages_of_the_published_book_and_no_files() {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found)
            } else {
                found.push(path)
            }
        }
    }
    let mut files = Vec::new();
    below(&root().join("src"), &mut files);
    let page = Regex::new(&format!(r"{}([a-z-]+)\.html", regex_lite::escape(BOOK))).unwrap();
    let mut count = 0;
    for file in files {
        let text = read(&file);
        for found in page.captures_iter(&text) {
            count += 1;
            assert!(
                pages().contains(&format!("{}.md", &found[1])),
                "{}",
                &found[0]
            );
        }
        let shown = text
            .lines()
            // What stands above an argument is its help.
            .filter(|line| {
                !line.trim_start().starts_with("//")
                    || file.starts_with(root().join("src/cli")) && line.contains("///")
            });
        let mut files = shown.filter(|line| line.contains("docs/") && line.contains(".md"));
        assert_eq!(files.next(), None, "{}", file.display());
    }
    assert!(count > 4);
}
