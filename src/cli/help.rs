//! What help adds to the command line as clap knows it: commands in groups, and what to use instead of a habit from
//! elsewhere.

use clap::Command;
use clap::error::ErrorKind;

use super::ui;
use crate::render::wrap::paragraph;

/// The commands by what they are for. A test holds that each is in one of them.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "Start",
        &["init", "validate", "stages", "eject", "import", "doctor"],
    ),
    (
        "Change",
        &[
            "plan",
            "apply",
            "deploy",
            "rollback",
            "migrate",
            "failover",
            "scale",
            "exec",
            "run",
            "ssh",
            "tunnel",
            "maintenance",
            "secrets",
            "env",
            "invalidate",
            "cache",
            "destroy",
        ],
    ),
    (
        "Look",
        &[
            "status", "output", "open", "logs", "show", "history", "releases", "drift", "snapshot",
            "lease", "graph",
        ],
    ),
    ("Check", &["policy", "test", "rehearse"]),
    (
        "CI and other tools",
        &["ci", "export", "iam-policy", "schema", "completions"],
    ),
    ("Simulator", &["sim"]),
];

/// Columns before what a command is for.
const HEAD: usize = 15;

/// Words that people try, and what does that here.
const HABITS: [(&[&str], &str); 5] = [
    (&["up", "push"], "`scalectl apply` deploys the spec"),
    (
        &["down", "delete", "rm"],
        "`scalectl destroy` deletes all resources of the application",
    ),
    (&["preview", "diff"], "`scalectl plan` shows the changes"),
    (
        &["workspace", "environment"],
        "environments are in the spec; `--env NAME` chooses one",
    ),
    (
        &["fmt", "lint"],
        "`scalectl validate` checks the spec; it has no format of its own",
    ),
];

/// The command line with what we add to it.
pub fn dressed(command: Command) -> Command {
    let groups = grouped(&command);
    let names: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    let mut command = command;
    for name in names {
        command = command.mut_subcommand(name, |one| readable(one).hide(true));
    }
    let command = command.override_usage("scalectl [OPTIONS] <COMMAND>");
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}\n{{all-args}}{{after-help}}"
    ))
}

/// The commands in their groups, each with its first line.
fn grouped(command: &Command) -> String {
    let mut text = String::new();
    for (title, names) in GROUPS {
        text.push_str(&format!("{title}:\n"));
        for name in names {
            // Not every system has every command.
            if let Some(one) = command.find_subcommand(name) {
                let about = one.get_about().map(ToString::to_string);
                let room = ui::prose().saturating_sub(HEAD);
                let lines = paragraph(&about.unwrap_or_default(), room);
                let lines = lines.join(&format!("\n{:HEAD$}", ""));
                text.push_str(&format!("  {name:<12} {lines}\n"));
            }
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

/// A command whose prose is broken where the terminal ends.
fn readable(command: Command) -> Command {
    let after = command
        .get_after_help()
        .map(|help| joined(&help.to_string()));
    let command = match after {
        Some(after) => command.after_help(after),
        None => command,
    };
    let names: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, readable)
    })
}

/// Lines of prose that were broken by hand, in one; lists keep theirs.
fn joined(text: &str) -> String {
    let mut out = String::new();
    let mut before = "";
    for (number, line) in text.split('\n').enumerate() {
        let is_prose =
            |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
        if number > 0 {
            out.push(if is_prose(before) && is_prose(line) {
                ' '
            } else {
                '\n'
            });
        }
        out.push_str(line);
        before = line;
    }
    out
}

/// What to use instead of arguments that clap has refused.
pub fn instead(kind: ErrorKind, arguments: &[String]) -> Option<String> {
    match kind {
        ErrorKind::InvalidSubcommand => {
            let word = arguments.iter().find(|one| !one.starts_with('-'))?;
            let (_, what) = HABITS.iter().find(|(words, _)| words.contains(&&**word))?;
            Some((*what).to_owned())
        }
        ErrorKind::UnknownArgument => {
            let is_long = |one: &&String| {
                one.len() > 3
                    && one.starts_with('-')
                    && !one.starts_with("--")
                    && !one.contains(' ')
            };
            let option = arguments.iter().find(is_long)?;
            Some(format!("options have two dashes: `-{option}`"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn each_command_is_in_one_group() {
        let command = Cli::command();
        let mut known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let mut grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        known.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(known, grouped);
        for (words, _) in HABITS {
            assert!(words.iter().all(|word| !known.contains(word)), "{words:?}");
        }
    }

    #[test]
    fn prose_is_joined_and_lists_are_not() {
        let help = "Examples:\n  one\n  two\n\nWhat\nAWS moves\nis no drift.";
        assert_eq!(
            joined(help),
            "Examples:\n  one\n  two\n\nWhat AWS moves is no drift."
        );
    }

    #[test]
    fn habits_from_elsewhere_are_answered() {
        let said = |kind, word: &str| instead(kind, &[word.to_owned()]).unwrap_or_default();
        assert!(said(ErrorKind::InvalidSubcommand, "up").contains("scalectl apply"));
        let dashes = said(ErrorKind::UnknownArgument, "-auto-approve");
        assert!(dashes.contains("`--auto-approve`"), "{dashes}");
        assert_eq!(said(ErrorKind::InvalidSubcommand, "nonsense"), "");
    }
}
