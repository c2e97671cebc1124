//! Changes to the file that a person wrote: one word, and nothing else of it.

use super::Stage;
use crate::yaml;

/// The text with another stage: that of the environment where it has one of its own, else the
/// spec's. Comments and everything else stay as they are.
///
/// `None` when the text says its stage in a way that cannot be changed by a word.
pub fn with_stage(text: &str, env: Option<&str>, stage: Stage) -> Option<String> {
    let root = yaml::parse("scalectl.yaml", text).ok()?;
    let own = env.and_then(|env| root.get("environments")?.get(env)?.get("stage"));
    let node = own.or_else(|| root.get("stage"))?;
    let word = node.as_str()?;
    let row = usize::try_from(node.location.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(node.location.column).ok()?.checked_sub(1)?;
    let mut at = 0;
    for line in text.split_inclusive('\n').take(row) {
        at += line.len();
    }
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
        assert_eq!(
            with_stage(text, Some("test"), Stage::SplitDb).unwrap(),
            "stage: split-db\nenvironments:\n  staging:\n    stage: split-db\n  test: {tags: {a: b}}\n"
        );
    }
}
