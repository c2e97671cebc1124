//! Changes to the file that a person wrote: one word, and nothing else of it.

use super::Stage;
use crate::yaml::{self, Node, Yaml};

/// The text with another stage: the spec's, or that of an environment, which gets one of its own where
/// it has none. Comments and everything else stay as they are.
///
/// `None` when the text is written in a way that cannot be changed by a word or a line.
pub fn with_stage(text: &str, env: Option<&str>, stage: Stage) -> Option<String> {
    let root = yaml::parse("scalectl.yaml", text).ok()?;
    let node = match env {
        None => root.get("stage")?,
        Some(env) => {
            let overlay = root.get("environments")?.get(env)?;
            match overlay.get("stage") {
                Some(own) => own,
                None => return with_line(text, overlay, stage),
            }
        }
    };
    let word = node.as_str()?;
    let row = usize::try_from(node.location.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(node.location.column).ok()?.checked_sub(1)?;
    let at: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
    let line = text.get(at..)?;
    let begins = at + line.char_indices().nth(column)?.0;
    // A quoted word begins at its quote.
    let begins = begins + usize::from(text.get(begins..)?.starts_with(['"', '\'']));
    if !text.get(begins..)?.starts_with(word) {
        return None;
    }
    let mut edited = text.to_owned();
    edited.replace_range(begins..begins + word.len(), stage.name());
    Some(edited)
}

/// The text with a stage as the first line of an environment.
fn with_line(text: &str, overlay: &Node, stage: Stage) -> Option<String> {
    let Yaml::Map(entries) = &overlay.value else {
        return None;
    };
    let (first, _) = entries.first()?;
    let row = usize::try_from(first.location.line).ok()?.checked_sub(1)?;
    let indent = usize::try_from(first.location.column)
        .ok()?
        .checked_sub(1)?;
    let at: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
    // In braces the first key does not begin its line.
    if !text.get(at..at + indent)?.chars().all(|c| c == ' ') || indent == 0 {
        return None;
    }
    let mut edited = text.to_owned();
    edited.insert_str(
        at,
        &format!("{}stage: {}\n", " ".repeat(indent), stage.name()),
    );
    Some(edited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_changes_and_nothing_else() {
        let text = "# mine\napp: shop\nstage: single-server   # for now\nservices: {}\n";
        assert_eq!(
            with_stage(text, None, Stage::Cdn).unwrap(),
            "# mine\napp: shop\nstage: cdn   # for now\nservices: {}\n"
        );
        let quoted = "stage: \"split-db\"\napp: shop\n";
        assert_eq!(
            with_stage(quoted, None, Stage::LoadBalanced).unwrap(),
            "stage: \"load-balanced\"\napp: shop\n"
        );
    }

    #[test]
    fn an_environment_with_a_stage_of_its_own_is_changed_there() {
        let text =
            "stage: cdn\nenvironments:\n  staging:\n    stage: split-db\n  test: {tags: {a: b}}\n";
        assert_eq!(
            with_stage(text, Some("staging"), Stage::Cdn).unwrap(),
            "stage: cdn\nenvironments:\n  staging:\n    stage: cdn\n  test: {tags: {a: b}}\n"
        );
        // The other environments' stage is none of this one's business.
        assert_eq!(with_stage(text, Some("test"), Stage::SplitDb), None);
        let text = "stage: cdn\nenvironments:\n  staging:\n    # smaller\n    tags: {a: b}\n";
        assert_eq!(
            with_stage(text, Some("staging"), Stage::SplitDb).unwrap(),
            "stage: cdn\nenvironments:\n  staging:\n    # smaller\n    stage: split-db\n    tags: {a: b}\n"
        );
    }
}
