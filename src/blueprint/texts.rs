//! Text templates: Handlebars as the library sets it up, its one helper, and what is left of user data.
//!
//! Which templates there are is `library`'s.

use std::borrow::Cow;
use std::sync::OnceLock;

use handlebars::template::TemplateElement;
use handlebars::{Handlebars, Template, TemplateError};

use super::library::TEMPLATES;
use crate::value::shell;

/// Text templates.
pub(super) struct Templates {
    /// Those from a folder.
    pub(super) given: Handlebars<'static>,
    /// These and the ones in the binary, once one is rendered.
    all: OnceLock<Handlebars<'static>>,
}

impl Templates {
    /// None from a folder yet.
    pub(super) fn new() -> Self {
        let mut given = Handlebars::new();
        given.set_strict_mode(true);
        // Text files, not HTML: nothing is to be escaped as HTML.
        given.register_escape_fn(handlebars::no_escape);
        given.register_helper("sh", Box::new(shell_word));
        Self {
            given,
            all: OnceLock::new(),
        }
    }

    /// # Panics
    /// When a template in the binary is broken, which the tests rule out.
    pub(super) fn all(&self) -> &Handlebars<'static> {
        self.all.get_or_init(|| {
            let mut all = self.given.clone();
            for (path, text) in TEMPLATES {
                if !all.has_template(path)
                    && let Err(error) = register(&mut all, path, text)
                {
                    panic!("{path} in the binary is broken: {error}");
                }
            }
            all
        })
    }
}

/// Adds a template. Most are scripts with nothing to fill in: reading all of them as templates took more of a plan than
/// everything else.
///
/// # Errors
/// When it is no template.
pub(super) fn register(
    templates: &mut Handlebars<'static>,
    path: &str,
    text: &str,
) -> Result<(), TemplateError> {
    let text = lean(path, text);
    if text.contains("{{") {
        return templates.register_template_string(path, text);
    }
    templates.register_template(path, verbatim(text.into_owned()));
    Ok(())
}

/// A template that is its text.
fn verbatim(text: String) -> Template {
    let mut template = Template::new();
    template.elements.push(TemplateElement::RawString(text));
    template
}

/// What is left of a template's text: user data has room for 16 KB
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html>), so its
/// comments, empty lines and half of the indentation stay here.
fn lean<'a>(path: &str, text: &'a str) -> Cow<'a, str> {
    if !path.starts_with("user-data/") {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        if words.is_empty() || (words.starts_with('#') && !words.starts_with("#!")) {
            continue;
        }
        // Half the indentation says the same.
        kept.extend(std::iter::repeat_n(' ', (line.len() - words.len()) / 2));
        kept.push_str(words);
        kept.push('\n');
    }
    Cow::Owned(kept)
}

/// `{{sh value}}`: the value as one word of a POSIX shell.
fn shell_word(
    helper: &handlebars::Helper<'_>,
    _: &Handlebars<'_>,
    _: &handlebars::Context,
    _: &mut handlebars::RenderContext<'_, '_>,
    out: &mut dyn handlebars::Output,
) -> handlebars::HelperResult {
    let value = helper.param(0).map(|param| param.value());
    let text = match value {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let word = shell::word(&text).map_err(handlebars::RenderErrorReason::Other)?;
    out.write(&word)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_braces_is_what_the_parser_makes_of_it() {
        let mut plain = 0;
        for (path, text) in TEMPLATES {
            let text = lean(path, text);
            if !text.contains("{{") {
                let read = Template::compile(&text).unwrap();
                assert_eq!(
                    verbatim(text.into_owned()).elements,
                    read.elements,
                    "{path}"
                );
                plain += 1;
            }
        }
        assert!(plain > 20, "{plain}");
    }
}
