//! Where environment variables and command lines stand in an object, whose values are hidden unless
//! they are harmless.

use super::harmless::is_harmless;
use super::secret::NAMED_BY;
use crate::value::{Map, Value};

/// Keys of objects that hold variables by name.
const VARIABLES: [&str; 4] = ["env", "environment", "Variables", "EnvironmentVariables"];

/// Keys of lists whose items are variables: with a name and a value, or as `NAME=VALUE`.
const LISTS: [&str; 4] = [
    "Environment",
    "EnvironmentVariables",
    "RuntimeEnvironmentVariables",
    "Env",
];

/// Keys of lists that hold a command's words.
const COMMANDS: [&str; 6] = [
    "command",
    "Command",
    "args",
    "Args",
    "entrypoint",
    "EntryPoint",
];

/// Keys of such an item that hold no value of a variable.
const ITEM: [&str; 8] = [
    "Key",
    "Name",
    "name",
    "ParameterName",
    "OptionName",
    "Type",
    "ValueFrom",
    "valueFrom",
];

/// What an object or list holds, by the key under which it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Within {
    /// Anything else.
    #[default]
    Other,
    /// Variables by name, or in a list.
    Variables,
    /// A list of variables.
    List,
    /// One item of such a list.
    Item,
    /// The words of a command.
    Words,
}

impl Within {
    /// What stands at a dotted path.
    pub fn at(path: &str) -> Self {
        path.split('.')
            .fold(Self::Other, |within, step| match step.parse::<usize>() {
                Ok(_) => within.item(),
                Err(_) => within.below(step),
            })
    }

    /// What stands under a key of an object.
    #[must_use]
    pub fn below(self, key: &str) -> Self {
        if VARIABLES.contains(&key) {
            Self::Variables
        } else if LISTS.contains(&key) {
            Self::List
        } else if COMMANDS.contains(&key) {
            Self::Words
        } else {
            Self::Other
        }
    }

    /// What an item of a list is.
    #[must_use]
    pub fn item(self) -> Self {
        match self {
            Self::Variables | Self::List => Self::Item,
            _ => Self::Other,
        }
    }

    /// Whether the value under `key` of an object here is hidden.
    pub fn hides(self, map: &Map, key: &str) -> bool {
        let Some(value) = map.get(key) else {
            return false;
        };
        match self {
            Self::Variables => hides(key, value),
            // A command is a list of words.
            Self::Words => hides("SECRET", value),
            Self::Item if key == "Value" || key == "value" => {
                let mut names = NAMED_BY.iter().filter_map(|by| map.get(by)?.as_str());
                hides(names.next_back().unwrap_or("SECRET"), value)
            }
            Self::Item => !ITEM.contains(&key) && hides("SECRET", value),
            // One text in the place of variables or of a command's words.
            _ => self.below(key) != Self::Other && text(value).is_some() && hides("", value),
        }
    }

    /// Whether an item of a list here is hidden.
    pub fn hides_item(self, items: &[Value], index: usize) -> bool {
        let Some(item) = items.get(index) else {
            return false;
        };
        let Some(text) = text(item) else {
            // Words and variables are no lists, and a word is no object.
            return matches!(item, Value::List(_)) && self != Self::Other
                || matches!(item, Value::Map(_)) && self == Self::Words;
        };
        match self {
            Self::Variables | Self::List => match text.split_once('=') {
                Some((name, value)) => !is_harmless(name, value),
                None => hides("", item),
            },
            Self::Words => {
                let option = index
                    .checked_sub(1)
                    .and_then(|before| text_at(items, before));
                !is_plain_word(option.as_deref(), &text)
            }
            _ => false,
        }
    }
}

/// Whether what stands at a path is a variable whose value is hidden.
pub fn is_hidden_variable(path: &str, value: &Value) -> bool {
    let Some((above, last)) = path.rsplit_once('.') else {
        return false;
    };
    // A variable's name may have dots.
    let names = path.match_indices('.').any(|(at, _)| {
        Within::at(&path[..at]) == Within::Variables && hides(&path[at + 1..], value)
    });
    names && Within::at(path) == Within::Other
        || Within::at(above) == Within::Item && last.ends_with("alue") && hides("SECRET", value)
}

fn hides(name: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Reference(_) => false,
        Value::Map(_) | Value::List(_) => true,
        value => text(value).is_none_or(|text| !is_harmless(name, &text) && !is_reference(&text)),
    }
}

/// Whether a text is a reference as it is printed, and nothing besides: `${us-east-1/db.Endpoint.Address}`.
fn is_reference(text: &str) -> bool {
    let inner = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| inner.contains('/') && !inner.contains(['{', '}', ' ']))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(_) | Value::Text(_) | Value::Int(_) | Value::Float(_) => {
            Some(value.to_string())
        }
        _ => None,
    }
}

fn text_at(items: &[Value], index: usize) -> Option<String> {
    text(items.get(index)?)
}

/// Whether a word of a command line holds no secret: a program, a path or an option's name, and what is harmless
/// behind that.
fn is_plain_word(before: Option<&str>, word: &str) -> bool {
    let plain = |text: &str| {
        text.len() <= 60
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b"./_-:".contains(&b))
    };
    if let Some((name, value)) = word.split_once('=') {
        return plain(name) && is_harmless(name, value);
    }
    if let Some(option) = word.strip_prefix("--") {
        return plain(option);
    }
    if let Some(letters) = word.strip_prefix('-') {
        // A password may follow its letter at once.
        return letters.len() <= 1 || is_harmless("", word);
    }
    let option = before.filter(|before| before.starts_with('-') && !before.contains('='));
    match option {
        Some(name) => is_harmless(name, word),
        None => plain(word) || is_harmless("", word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Vec<Value> {
        words.iter().map(|word| Value::str(*word)).collect()
    }

    #[test]
    fn a_command_shows_its_program_and_harmless_options() {
        let shown = |words: &[&str]| -> Vec<bool> {
            let items = list(words);
            (0..items.len())
                .map(|index| !Within::Words.hides_item(&items, index))
                .collect()
        };
        assert_eq!(
            shown(&["./serve", "--port", "8080", "--password=x1", "--level=info"]),
            [true, true, true, false, true]
        );
        assert_eq!(
            shown(&["mysql", "-phunter2", "--password", "hunter"]),
            [true, false, true, false]
        );
        assert_eq!(shown(&["sh", "-c", "TOKEN=a ./serve"]), [true, true, false]);
        assert_eq!(shown(&["serve", "Hunter2"]), [true, false]);
    }

    #[test]
    fn variables_of_another_form_are_hidden() {
        let shown =
            |json: serde_json::Value| super::super::without_secrets(&Value::from(json)).to_string();
        for json in [
            serde_json::json!({"env": "API_KEY=SEKRET"}),
            serde_json::json!({"env": [["SEKRET"]]}),
            serde_json::json!({"Environment": [{"Name": "A", "Text": "SEKRET"}]}),
            serde_json::json!({"Command": "x --password SEKRET"}),
            serde_json::json!({"command": [["SEKRET"], {"a": "SEKRET"}]}),
            serde_json::json!({"command": {"a": "SEKRET"}}),
            serde_json::json!({"UserData": "U0VLUkVU SEKRET"}),
        ] {
            assert!(!shown(json.clone()).contains("SEKRET"), "{json}");
        }
    }

    #[test]
    fn variables_are_hidden_wherever_they_stand() {
        let value = Value::str("hunter2");
        for path in [
            "env.MOOD",
            "Environment.Variables.MOOD",
            "spec.services.web.env.a.b",
            "Environment.0.Value",
        ] {
            assert!(is_hidden_variable(path, &value), "{path}");
            let harmless = is_hidden_variable(path, &Value::Bool(true));
            assert!(!harmless, "{path}");
        }
        for path in ["env", "Tags.0.Value", "spec.env", "MOOD"] {
            assert!(!is_hidden_variable(path, &value), "{path}");
        }
    }
}
