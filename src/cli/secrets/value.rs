//! Where a secret's value comes from.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use console::Term;

use super::super::{Failure, ui};
use crate::plain_file;
use crate::provider::Hidden;
use crate::spec::SecretPlace;

/// The most bytes of a secret
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>) and of a standard parameter
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>).
const MANAGER: usize = 65_536;
const PARAMETER: usize = 4096;

/// The letters of a random value: none that a shell, a URL or YAML reads as something else.
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Asks for a value, or reads it from stdin where that is no terminal.
pub fn asked(name: &str) -> Result<Hidden, Failure> {
    let text = if io::stdin().is_terminal() {
        ui::note(&format!("Value of {name} (not shown): "));
        Term::stderr()
            .read_secure_line()
            .map_err(|error| Failure::new(format!("the value cannot be read: {error}")))?
    } else {
        let mut bytes = Vec::new();
        let most = MANAGER as u64 + 3;
        (io::stdin().lock().take(most).read_to_end(&mut bytes))
            .map_err(|error| Failure::new(format!("stdin cannot be read: {error}")))?;
        text(bytes, "stdin")?
    };
    Ok(Hidden(text))
}

/// A file's text.
pub fn of_file(path: &Path) -> Result<Hidden, Failure> {
    let bytes = plain_file::read(path, MANAGER as u64 + 2)
        .map_err(|error| Failure::new(format!("{} {error}", path.display())))?;
    text(bytes, &path.display().to_string()).map(Hidden)
}

/// Text without the end of its last line, which an editor or `echo` puts there.
fn text(bytes: Vec<u8>, from: &str) -> Result<String, Failure> {
    let text = String::from_utf8(bytes).map_err(|_| {
        let help = "a service gets a secret as a variable, which is text; encode other data, such as by `base64`";
        Failure::with_help(format!("{from} is not text in UTF-8"), help)
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// A random value of letters and digits, each as likely as any other.
pub fn random(length: u16) -> Result<Hidden, Failure> {
    let failed = |error: getrandom::Error| {
        Failure::new(format!("the system gives no random numbers: {error}"))
    };
    // The largest multiple of the letters' number: what is beyond would make some more likely.
    let fair = u8::MAX - u8::MAX % LETTERS.len() as u8;
    let mut value = String::new();
    while value.len() < usize::from(length) {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).map_err(failed)?;
        let letters = bytes.iter().filter(|byte| **byte < fair);
        let letters = letters.map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
        let left = usize::from(length) - value.len();
        value.extend(letters.take(left));
    }
    Ok(Hidden(value))
}

/// Fails for a value that AWS would refuse, or that no variable can hold.
pub fn check(value: &Hidden, place: SecretPlace) -> Result<(), Failure> {
    let (most, help) = match place {
        SecretPlace::Manager => (
            MANAGER,
            "put it into a bucket, and only its key into the secret",
        ),
        SecretPlace::Parameters => (
            PARAMETER,
            "use Secrets Manager, which holds 65,536 bytes: a name without `/` in front",
        ),
    };
    if value.0.is_empty() {
        return Err(Failure::with_help(
            "the value is empty; nothing was changed",
            "a variable without a secret needs no value: remove it from `secrets` of the service",
        ));
    }
    if value.0.len() > most {
        return Err(Failure::with_help(
            format!("the value has more than {most} bytes; nothing was changed"),
            help,
        ));
    }
    if value.0.contains('\0') {
        return Err(Failure::with_help(
            "the value has a zero character, which no variable can have; nothing was changed",
            "encode it, such as by `base64`",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_value_has_its_length_and_only_plain_letters_and_is_another_each_time() {
        let one = random(40).ok().unwrap();
        let two = random(40).ok().unwrap();
        assert!(one != two && one.0.len() == 40);
        assert!(one.0.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(random(200).ok().unwrap().0.len() == 200);
    }

    #[test]
    fn the_end_of_the_last_line_is_no_part_of_a_value() {
        for (bytes, expected) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a", "a"),
            ("", ""),
        ] {
            assert_eq!(text(bytes.into(), "x").ok().unwrap(), expected);
        }
        assert!(text(vec![0xff], "x").is_err());
    }
}
