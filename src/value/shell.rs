//! Words of a POSIX shell.

/// `text` as one word of a POSIX shell
/// (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>).
///
/// # Errors
/// Where it holds a NUL, which no word can.
pub fn word(text: &str) -> Result<String, String> {
    match shlex::try_quote(text) {
        // A word that needs no quotes has them all the same: other user data would stop a server that runs.
        Ok(word) if word == text => Ok(format!("'{word}'")),
        Ok(word) => Ok(word.into_owned()),
        Err(_) => Err("a value with a NUL cannot be given to a shell".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_word_back() {
        for text in [
            "postgres",
            "",
            "it's",
            "a'; rm -rf / #",
            "$(id) `id` \"x\" \\ !x",
            "*\n~",
        ] {
            let script = format!("printf %s {}", word(text).unwrap());
            let mut shell = std::process::Command::new("sh");
            let output = shell.args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }

    #[test]
    fn a_plain_word_is_quoted_too() {
        assert_eq!(word("/shop/default").unwrap(), "'/shop/default'");
        assert_eq!(word("").unwrap(), "''");
    }

    #[test]
    fn a_nul_is_refused() {
        assert!(word("a\0b").is_err());
    }
}
