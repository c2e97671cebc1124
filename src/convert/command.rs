//! Commands: words, or a line for a shell.

use std::collections::BTreeMap;

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A program and its words.
    Words(Vec<String>),
    /// A line that a shell reads.
    Shell(String),
}

impl Command {
    /// A text that a tool splits into words, as a shell would, but in which nothing is expanded. What cannot be split, such
    /// as an open quote, is left to a shell.
    pub fn split(text: &str) -> Self {
        match shlex::split(text) {
            Some(words) if !words.is_empty() => Self::Words(words),
            _ => Self::Shell(text.trim().to_owned()),
        }
    }

    /// The words of `docker run`, with variables set before.
    pub fn words(&self, exports: &BTreeMap<String, String>) -> Vec<String> {
        let line = match self {
            Self::Words(words) if exports.is_empty() => return words.clone(),
            // A shell's own words, to which the variables are added.
            Self::Words(words) => match &**words {
                [shell, option, line]
                    if option == "-c" && (shell.ends_with("sh") && !shell.contains(' ')) =>
                {
                    let mut words = words.clone();
                    words[2] = format!("{}{line}", set(exports));
                    return words;
                }
                _ => {
                    let quoted = words.iter().map(|word| {
                        shlex::try_quote(word)
                            .map_or_else(|_| word.clone(), |word| word.into_owned())
                    });
                    format!("exec {}", quoted.collect::<Vec<_>>().join(" "))
                }
            },
            Self::Shell(line) => match simple(line) {
                Some(Simple::Plain) => format!("exec {line}"),
                Some(Simple::Assigning) => format!("exec env {line}"),
                None => line.clone(),
            },
        };
        vec![
            "sh".to_owned(),
            "-c".to_owned(),
            format!("{}{line}", set(exports)),
        ]
    }

    /// The text, for words that are looked for in it.
    pub fn text(&self) -> String {
        match self {
            Self::Words(words) => words.join(" "),
            Self::Shell(line) => line.clone(),
        }
    }
}

fn set(exports: &BTreeMap<String, String>) -> String {
    let one = |(name, value): (&String, &String)| format!("export {name}=\"{value}\"; ");
    exports.iter().map(one).collect()
}

/// A line with one command.
enum Simple {
    /// It begins with the program.
    Plain,
    /// It begins with variables.
    Assigning,
}

/// Whether a line is one command, so that it can take the shell's place and gets signals itself.
fn simple(line: &str) -> Option<Simple> {
    let mut bare = String::new();
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some('"') | None, '\\') => {
                letters.next();
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, c) => bare.push(c),
        }
    }
    let first = bare.split_whitespace().next().unwrap_or_default();
    // Words that only the shell knows, and lists of commands.
    let shell = [
        "cd", "exec", "export", "set", "if", "while", "for", ".", "source", "eval", "ulimit",
        "umask", "!",
    ];
    if quote.is_some()
        || bare
            .replace("${", "$")
            .contains([';', '&', '|', '\n', '(', '{', '`'])
        || shell.contains(&first)
    {
        return None;
    }
    Some(if first.contains('=') {
        Simple::Assigning
    } else {
        Simple::Plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_host(command: &Command) -> Vec<String> {
        let exports = [("DB_HOST".to_owned(), "$DATABASE_HOST".to_owned())];
        command.words(&exports.into())
    }

    #[test]
    fn variables_are_set_before_the_command_and_it_takes_the_shells_place() {
        let run = |command: &Command| {
            let words = with_host(command);
            let output = std::process::Command::new(&words[0])
                .args(&words[1..])
                .env("DATABASE_HOST", "db 1")
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let words =
            |words: &[&str]| Command::Words(words.iter().map(|&word| word.into()).collect());
        assert_eq!(run(&words(&["sh", "-c", "echo $DB_HOST"])), "db 1\n");
        assert_eq!(run(&words(&["printenv", "DB_HOST"])), "db 1\n");
        assert_eq!(run(&words(&["echo", "a  $b", "it's"])), "a  $b it's\n");
        let shell = |line: &str| Command::Shell(line.into());
        assert_eq!(run(&shell("echo $DB_HOST | tr d D")), "Db 1\n");
        assert_eq!(run(&shell("A=$DB_HOST; echo $A")), "db 1\n");
        assert_eq!(
            run(&shell("A=2 sh -c 'echo $A; echo ${DB_HOST}'")),
            "2\ndb 1\n"
        );
        assert_eq!(
            shell("A=b ./serve \"x()\" ${C:-d}").words(&BTreeMap::new())[2],
            "exec env A=b ./serve \"x()\" ${C:-d}"
        );
        assert_eq!(shell("a && b").words(&BTreeMap::new())[2], "a && b");
        assert_eq!(
            with_host(&shell("rails server -p $PORT"))[2],
            "export DB_HOST=\"$DATABASE_HOST\"; exec rails server -p $PORT"
        );
    }

    #[test]
    fn a_text_is_split_as_a_shell_would_and_an_open_quote_is_left_to_one() {
        let words = |text: &str| Command::split(text).words(&BTreeMap::new());
        assert_eq!(
            words("bundle exec puma -C 'a b'"),
            ["bundle", "exec", "puma", "-C", "a b"]
        );
        assert_eq!(words("echo 'a"), ["sh", "-c", "echo 'a"]);
    }
}
