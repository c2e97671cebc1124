//! `scalectl eject --diff`: how the project's blueprints, templates and policies differ from the built-in ones, and on
//! which side the difference came about: the project's or a release's.

use std::path::Path;
use std::process::ExitCode;

use sha2::{Digest as _, Sha256};
use similar::{ChangeTag, TextDiff};

use crate::cli::{Failure, Outcome, editor, folder, ui};
use crate::render::escape::visible;
use crate::render::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG};
use crate::words::count;

use super::Sort;

/// What begins the line that tells from which release a file was ejected.
const FROM: &str = "# scalectl eject: ";
/// Lines around each difference.
const AROUND: usize = 3;

/// The line that tells which built-in file this is a copy of: the release, and the file's digest.
pub fn origin(text: &str) -> String {
    let release = env!("CARGO_PKG_VERSION");
    format!("{FROM}{release} {}\n", digest(text))
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}

/// A file of the project, without the lines that `eject` writes above it.
struct Own<'a> {
    text: &'a str,
    /// The release that it was ejected from and the digest of the built-in file there.
    origin: Option<(&'a str, &'a str)>,
}

impl<'a> Own<'a> {
    fn of(mut text: &'a str) -> Self {
        let mut origin = None;
        while let Some((line, rest)) = text.split_once('\n') {
            if let Some(from) = line.strip_prefix(FROM) {
                origin = from.trim_end().split_once(' ');
            } else if !line.starts_with(editor::HEADER) {
                break;
            }
            text = rest;
        }
        Self { text, origin }
    }
}

/// Where a difference came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State<'a> {
    /// There is none.
    Same,
    /// In the project; the built-in file is what it was.
    Changed,
    /// In the built-in file; the project's is as it was ejected from this release.
    Outdated(&'a str),
    /// In both since this release.
    Both(&'a str),
    /// Nothing tells what it was ejected from.
    Unknown,
}

impl<'a> State<'a> {
    fn of(own: &Own<'a>, built_in: &str) -> Self {
        if own.text == built_in {
            return Self::Same;
        }
        match own.origin {
            None => Self::Unknown,
            Some((_, was)) if was == digest(built_in) => Self::Changed,
            Some((release, was)) if was == digest(own.text) => Self::Outdated(release),
            Some((release, _)) => Self::Both(release),
        }
    }

    /// In words, after the file's path.
    fn in_words(self, file: &str) -> String {
        match self {
            Self::Same => "as built in".to_owned(),
            Self::Changed => "changed here".to_owned(),
            Self::Outdated(release) => format!(
                "not changed here; the built-in file has changed since {}: `scalectl eject --force {file}` takes it",
                visible(release)
            ),
            Self::Both(release) => {
                format!(
                    "changed here, and the built-in file has changed since {}",
                    visible(release)
                )
            }
            Self::Unknown => {
                "differs; it does not tell which release it was ejected from".to_owned()
            }
        }
    }
}

/// A file of the project that replaces a built-in one or adds to them.
struct Standing {
    sort: Sort,
    /// Its path in the folder of its sort.
    path: String,
    text: String,
}

impl Standing {
    /// All of them below `root`.
    fn below(root: &Path) -> Result<Vec<Self>, Failure> {
        let mut all = Vec::new();
        for sort in Sort::ALL {
            let ending = sort.is_yaml().then_some(folder::YAML);
            let files = folder::files(&root.join(sort.folder()), ending, sort.built_in())?;
            all.extend(
                files
                    .into_iter()
                    .map(|(path, text)| Self { sort, path, text }),
            );
        }
        Ok(all)
    }

    /// What it is called on the command line.
    fn name(&self) -> String {
        self.sort.name(&self.path)
    }

    fn built_in(&self) -> Option<&'static str> {
        let mut files = self.sort.built_in().iter();
        files
            .find(|(file, _)| *file == self.path)
            .map(|(_, text)| *text)
    }
}

/// Shows how the files below `root` differ from the built-in ones; with `wanted`, only these.
pub fn run(root: &Path, wanted: &[&str]) -> Outcome {
    let all = Standing::below(root)?;
    let names: Vec<String> = all.iter().map(Standing::name).collect();
    if let Some(missing) = wanted
        .iter()
        .find(|one| !names.iter().any(|name| name == *one))
    {
        return Err(Failure::with_help(
            format!("the project has no file of its own for {missing}"),
            match names.as_slice() {
                [] => "nothing is ejected here; `scalectl eject` writes the files".to_owned(),
                names => format!("its files are {}", names.join(", ")),
            },
        ));
    }
    let mut text = String::new();
    let (mut same, mut different, mut own) = (0, 0, Vec::new());
    for (file, name) in all.iter().zip(&names) {
        if !wanted.is_empty() && !wanted.contains(&name.as_str()) {
            continue;
        }
        let shown = format!("{}/{}", file.sort.folder(), file.path);
        let Some(built_in) = file.built_in() else {
            own.push(shown);
            continue;
        };
        let stands = Own::of(&file.text);
        match State::of(&stands, built_in) {
            State::Same => same += 1,
            state => {
                different += 1;
                text.push_str(&section(
                    &shown,
                    &state.in_words(name),
                    built_in,
                    stands.text,
                ));
            }
        }
    }
    text.push_str(&summary(same, different, &own));
    ui::print(&text);
    Ok(ExitCode::SUCCESS)
}

/// A file's difference, from the built-in file to the project's.
fn section(path: &str, words: &str, built_in: &str, own: &str) -> String {
    let mut text = format!(
        "{} {}  {words}\n",
        Painted(CHANGED, "~"),
        Painted(STRONG, visible(path))
    );
    let diff = TextDiff::from_lines(built_in, own);
    let mut unified = diff.unified_diff();
    unified.context_radius(AROUND);
    text.push_str(&format!("--- built-in\n+++ {}\n", visible(path)));
    for hunk in unified.iter_hunks() {
        text.push_str(&format!("{}\n", Painted(NOTICE, hunk.header())));
        for change in hunk.iter_changes() {
            let line = visible(change.value().trim_end_matches(['\n', '\r'])).into_owned();
            let line = match change.tag() {
                ChangeTag::Equal => format!(" {line}"),
                ChangeTag::Delete => Painted(GONE, format!("-{line}")).to_string(),
                ChangeTag::Insert => Painted(NEW, format!("+{line}")).to_string(),
            };
            text.push_str(&line);
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

fn summary(same: usize, different: usize, own: &[String]) -> String {
    if same + different + own.len() == 0 {
        return "No blueprint, template or policy is in the project; all are built in.\n"
            .to_owned();
    }
    let mut text = format!(
        "{}: {same} as built in, {different} different.\n",
        count(same + different, "ejected file")
    );
    if !own.is_empty() {
        let names: Vec<_> = own.iter().map(|path| visible(path)).collect();
        let line = format!("Besides, of your own: {}.", names.join(", "));
        text.push_str(&format!("{}\n", Painted(FAINT, line)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str = "module: data\nresources: []\n";

    #[test]
    fn the_origin_tells_on_which_side_a_file_changed() {
        let copy = editor::with_header("x.json", &(origin(BUILT_IN) + BUILT_IN));
        let changed = copy.replace("[]", "[a]");
        let released = BUILT_IN.replace("data", "store");
        let state =
            |text: &str, built_in: &str| State::of(&Own::of(text), built_in).in_words("data.yaml");
        assert_eq!(state(&copy, BUILT_IN), "as built in");
        assert_eq!(state(&changed, BUILT_IN), "changed here");
        assert!(state(&copy, &released).starts_with("not changed here"));
        assert!(state(&changed, &released).starts_with("changed here, and"));
        // Changed on both sides in the same way.
        assert_eq!(
            state(&copy.replace("data", "store"), &released),
            "as built in"
        );
        assert!(state("module: other\n", BUILT_IN).starts_with("differs"));
    }

    #[test]
    fn lines_above_a_file_are_no_difference_and_the_rest_is_shown_whole() {
        let own = format!("{}{}", origin(BUILT_IN), BUILT_IN.replace("[]", "[a]"));
        let section = section(
            "blueprints/data.yaml",
            "changed here",
            BUILT_IN,
            Own::of(&own).text,
        );
        let plain = console::strip_ansi_codes(&section).into_owned();
        assert_eq!(
            plain,
            "~ blueprints/data.yaml  changed here\n--- built-in\n+++ blueprints/data.yaml\n@@ -1,2 +1,2 @@\n module: data\n\
             -resources: []\n+resources: [a]\n\n"
        );
    }
}
