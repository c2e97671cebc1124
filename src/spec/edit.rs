//! Changes to the file that a person wrote: one word, and nothing else of it.

use super::Stage;
use crate::diagnostic::Location;
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
                None => return with_line(text, overlay, &format!("stage: {}", stage.name())),
            }
        }
    };
    with_word(text, node, stage.name())
}

/// The text with another region that takes the database's writes: the spec's, or that of an
/// environment. Comments and everything else stay as they are.
///
/// `None` when the text is written in a way that cannot be changed by a word or a line.
pub fn with_writer(text: &str, env: Option<&str>, region: &str) -> Option<String> {
    let root = yaml::parse("scalectl.yaml", text).ok()?;
    let scope = match env {
        None => &root,
        Some(env) => root.get("environments")?.get(env)?,
    };
    let (map, entry) = match scope.get("database") {
        Some(database) => match database.get("writer_region") {
            Some(own) if own.as_str().is_some() => return with_word(text, own, region),
            _ => (database, format!("writer_region: {region}")),
        },
        None => (scope, format!("database: {{writer_region: {region}}}")),
    };
    with_line(text, map, &entry).or_else(|| in_braces(text, map, &entry))
}

/// The text with another image for a service: the spec's, or that of an environment. Comments and everything else stay as
/// they are.
///
/// `None` when the service has no image there, as an environment that shares the spec's with others, or the text is written
/// in a way that cannot be changed by a word.
pub fn with_image(text: &str, env: Option<&str>, service: &str, image: &str) -> Option<String> {
    let root = yaml::parse("scalectl.yaml", text).ok()?;
    let of = |scope: &Node| Some(scope.get("services")?.get(service)?.get("image")?.clone());
    let node = match env {
        None => of(&root)?,
        Some(env) => of(root.get("environments")?.get(env)?)?,
    };
    with_word(text, &node, image)
}

/// The same for an environment that has its service's image from the spec: with a line of its own.
///
/// `None` when the environment has no section for the service, or the text is written in a way that takes no line more.
pub fn with_own_image(text: &str, env: &str, service: &str, image: &str) -> Option<String> {
    let root = yaml::parse("scalectl.yaml", text).ok()?;
    let services = root.get("environments")?.get(env)?.get("services")?;
    let map = services.get(service)?;
    if map.get("image").is_some() {
        return None;
    }
    let entry = format!("image: \"{image}\"");
    with_line(text, map, &entry).or_else(|| in_braces(text, map, &entry))
}

/// The text with another word in the place of one.
fn with_word(text: &str, node: &Node, new: &str) -> Option<String> {
    let word = node.as_str()?;
    let begins = place(text, &node.location)?;
    // A quoted word begins at its quote.
    let begins = begins + usize::from(text.get(begins..)?.starts_with(['"', '\'']));
    if !text.get(begins..)?.starts_with(word) {
        return None;
    }
    let mut edited = text.to_owned();
    edited.replace_range(begins..begins + word.len(), new);
    Some(edited)
}

/// A place in bytes.
fn place(text: &str, at: &Location) -> Option<usize> {
    let row = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
    let at: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
    let line = text.get(at..)?;
    Some(at + line.char_indices().nth(column)?.0)
}

/// The text with an entry in front of the others of a map in braces.
fn in_braces(text: &str, map: &Node, entry: &str) -> Option<String> {
    let Yaml::Map(entries) = &map.value else {
        return None;
    };
    let (first, _) = entries.first()?;
    let begins = place(text, &first.location)?;
    let before = text.get(..begins)?.trim_end();
    if !before.ends_with('{') {
        return None;
    }
    let mut edited = text.to_owned();
    edited.insert_str(begins, &format!("{entry}, "));
    Some(edited)
}

/// The text with an entry as the first line of a map.
fn with_line(text: &str, map: &Node, entry: &str) -> Option<String> {
    let Yaml::Map(entries) = &map.value else {
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
    edited.insert_str(at, &format!("{}{entry}\n", " ".repeat(indent)));
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

    #[test]
    fn an_image_is_written_where_its_environment_has_it() {
        let text = "services:\n  web: {image: 'shop:1'}  # ours\nenvironments:\n  staging:\n    services: {web: {image: shop:2}}\n  test: {}\n";
        let edited = |env| with_image(text, env, "web", "shop:3");
        assert_eq!(edited(None).unwrap(), text.replace("shop:1", "shop:3"));
        assert_eq!(
            edited(Some("staging")).unwrap(),
            text.replace("shop:2", "shop:3")
        );
        // The spec's own is that of other environments too.
        assert_eq!(edited(Some("test")), None);
        assert_eq!(with_image(text, None, "api", "shop:3"), None);
    }

    #[test]
    fn an_environment_without_an_image_gets_one_of_its_own() {
        let text = "app: a\nservices:\n  web: {image: x:1}\nenvironments:\n  b:\n    services:\n      web:\n        # few\n        \
                    scale: {min: 1}\n  c:\n    services: {web: {scale: {min: 1}}}\n  d: {stage: cdn}\n";
        let edited = with_own_image(text, "b", "web", "x:2").unwrap();
        assert!(edited.contains("image: \"x:2\"\n"), "{edited}");
        let edited = with_own_image(&edited, "c", "web", "x:3").unwrap();
        assert!(edited.contains("image: \"x:3\""), "{edited}");
        assert!(
            edited.contains("# few") && edited.contains("web: {image: x:1}"),
            "{edited}"
        );
        assert_eq!(with_own_image(text, "d", "web", "x:2"), None);
        assert_eq!(with_own_image(&edited, "b", "web", "x:2"), None);
    }

    #[test]
    fn the_writers_region_is_written_where_the_database_is() {
        let edited = |text: &str, env| with_writer(text, env, "eu-west-1").unwrap();
        assert_eq!(
            edited(
                "database:   # main\n  # the engine\n  engine: mysql\n",
                None
            ),
            "database:   # main\n  # the engine\n  writer_region: eu-west-1\n  engine: mysql\n"
        );
        assert_eq!(
            edited("database: {engine: mysql}  # main\n", None),
            "database: {writer_region: eu-west-1, engine: mysql}  # main\n"
        );
        assert_eq!(
            edited("database:\n  writer_region: us-east-1 # now\n", None),
            "database:\n  writer_region: eu-west-1 # now\n"
        );
        let text = "database: {engine: mysql}\nenvironments:\n  a:\n    tags: {b: c}\n  d: {database: {replicas: 1}}\n";
        assert_eq!(
            edited(text, Some("a")),
            text.replace(
                "    tags",
                "    database: {writer_region: eu-west-1}\n    tags"
            )
        );
        assert_eq!(
            edited(text, Some("d")),
            text.replace("{replicas", "{writer_region: eu-west-1, replicas")
        );
    }
}
