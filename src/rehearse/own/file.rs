//! The user's SQL files: reads them and removes the lines that only fit the server they were dumped from.
//!
//! Line numbers stay the same, so that the database's errors name the user's lines. Only the first lines of a
//! dump (before its first object) and statements that set the only owner are changed; bodies of functions and
//! rows are never looked into.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::Error;
use super::names;
use crate::plain_file;
use crate::spec::Dialect;

/// The largest file that is read, in bytes; all of it is held in memory.
const MOST_BYTES: u64 = 1 << 30;

/// A file that is ready for the database's client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlFile {
    /// The path as the user gave it.
    pub path: PathBuf,
    /// The text without the lines that are left out.
    pub text: String,
    /// The roles that PostgreSQL has to know before, or MySQL's definers as `user@host`.
    pub roles: BTreeSet<String>,
    /// The only owner of everything, if the file names one: the application's login stands for it.
    pub owner: Option<String>,
}

impl SqlFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is missing, empty, a directory, not UTF-8, or a dump in a format of its own.
    pub fn read(path: &Path, engine: Dialect) -> Result<Self, Error> {
        let shown = path.display();
        if path.is_dir() {
            return Err(Error::with_help(
                format!("{shown} is a directory"),
                "name one SQL file, as pg_dump or mysqldump writes it",
            ));
        }
        let bytes = plain_file::read(path, MOST_BYTES).map_err(|why| match why {
            plain_file::Refusal::Unreadable(error) => {
                Error::new(format!("cannot read {shown}: {error}"))
            }
            why => Error::with_help(
                format!("{shown} {why}"),
                "name one plain SQL file, with fewer rows if it is large",
            ),
        })?;
        if bytes.starts_with(b"PGDMP") {
            return Err(Error::with_help(
                format!("{shown} is a dump in PostgreSQL's custom format, not SQL"),
                format!("convert it with `pg_restore -f schema.sql {shown}`"),
            ));
        }
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(Error::with_help(
                format!("{shown} is compressed"),
                format!("decompress it with `gunzip {shown}`"),
            ));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let lines = error.as_bytes()[..good].iter().filter(|b| **b == b'\n');
            Error::with_help(
                format!("{shown}:{}: the file is not UTF-8", lines.count() + 1),
                "convert it, for example with `iconv -f latin1 -t utf-8`",
            )
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
        if text.trim().is_empty() {
            return Err(Error::new(format!("{shown} is empty")));
        }
        Ok(match engine {
            Dialect::Postgres => postgres(path, &text),
            Dialect::Mysql => mysql(path, &text),
        })
    }
}

/// Where a scan of a PostgreSQL file is.
#[derive(Debug, Default)]
struct Place {
    /// Within the rows of a COPY.
    rows: bool,
    /// Within a dollar-quoted text, and its tag.
    tag: Option<String>,
    /// The statement so far.
    statement: String,
}

impl Place {
    /// Takes a line; gives the statement that ends with it.
    fn take(&mut self, line: &str) -> Option<String> {
        if self.rows {
            self.rows = line != "\\.";
            return None;
        }
        let between = self.tag.is_none() && self.statement.is_empty();
        if between && (line.starts_with("--") || line.trim().is_empty()) {
            return None;
        }
        self.quote(line);
        self.statement.push_str(line);
        self.statement.push('\n');
        if self.tag.is_some() || !line.trim_end().ends_with(';') {
            return None;
        }
        let statement = std::mem::take(&mut self.statement);
        let lowered = statement.trim_start().to_ascii_lowercase();
        self.rows = lowered.starts_with("copy ") && lowered.contains(" from stdin");
        Some(statement)
    }

    /// Follows dollar quotes through a line.
    fn quote(&mut self, line: &str) {
        let mut rest = line;
        while let Some(start) = rest.find('$') {
            let after = &rest[start + 1..];
            let name = after
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(after.len());
            if !after[name..].starts_with('$') {
                rest = after;
                continue;
            }
            let found = &after[..name];
            match &self.tag {
                None => self.tag = Some(found.to_owned()),
                Some(tag) if tag == found => self.tag = None,
                Some(_) => {
                    rest = after;
                    continue;
                }
            }
            rest = &after[name + 1..];
        }
    }
}

fn postgres(path: &Path, text: &str) -> SqlFile {
    let mut place = Place::default();
    let mut roles = BTreeSet::new();
    let mut owners = BTreeSet::new();
    let mut made = BTreeSet::new();
    let (mut tables, mut owned) = (0, 0);
    for line in text.lines() {
        if let Some(statement) = place.take(line) {
            tables += usize::from(statement.trim_start().starts_with("CREATE TABLE "));
            owned += usize::from(sets_owner(statement.trim()));
            names::collect(&statement, &mut roles, &mut owners, &mut made);
        }
    }
    // pg_dump names the owner of every object; a file that names one for some of them means just these.
    let everything = owners.len() == 1 && owned >= tables;
    let owner = owners
        .first()
        .filter(|owner| everything && !made.contains(*owner));
    let owner = owner.cloned();
    if owner.is_none() {
        roles.extend(owners.iter().cloned());
    }
    roles.retain(|role| !made.contains(role));
    let mut place = Place::default();
    let (mut head, mut restricted) = (true, None);
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let alone = !place.rows && place.tag.is_none() && place.statement.is_empty();
        let leave_out = alone
            && (restricts(line, head, &mut restricted)
                || head && fits_elsewhere(line)
                || owner.is_some() && sets_owner(line));
        if leave_out {
            kept.push('\n');
            continue;
        }
        if alone && !is_head(line) {
            head = false;
        }
        place.take(line);
        kept.push_str(line);
        kept.push('\n');
    }
    SqlFile {
        path: path.to_owned(),
        text: kept,
        roles,
        owner,
    }
}

/// Newer pg_dump's `\restrict` and `\unrestrict`, which older clients do not know.
fn restricts(line: &str, head: bool, restricted: &mut Option<String>) -> bool {
    if let Some(word) = line.strip_prefix("\\restrict ").filter(|_| head) {
        *restricted = Some(word.to_owned());
        return true;
    }
    line.strip_prefix("\\unrestrict ")
        .is_some_and(|word| restricted.as_deref() == Some(word))
}

/// Lines before the first object.
fn is_head(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || line.starts_with("--")
        || line.starts_with("SET ")
        || line.starts_with("SELECT pg_catalog.set_config(")
}

/// First lines that choose another database, or set what an older server does not have.
fn fits_elsewhere(line: &str) -> bool {
    const WORDS: [&str; 7] = [
        "CREATE DATABASE ",
        "ALTER DATABASE ",
        "DROP DATABASE ",
        "\\connect ",
        "\\c ",
        "SET transaction_timeout = ",
        "SET SESSION AUTHORIZATION ",
    ];
    WORDS.iter().any(|word| line.starts_with(word))
}

/// pg_dump's lines that give an object to its owner.
fn sets_owner(line: &str) -> bool {
    line.starts_with("ALTER ") && line.ends_with(';') && line.contains(" OWNER TO ")
}

fn mysql(path: &Path, text: &str) -> SqlFile {
    let mut definers = BTreeSet::new();
    let mut used = BTreeSet::new();
    for line in text.lines() {
        names::definers(line, &mut definers);
        if let Some(name) = line.strip_prefix("USE ") {
            used.insert(name.trim_end_matches(';').to_owned());
        }
    }
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        // A dump of one database as a whole goes into the rehearsal's; MariaDB's first line is its own clients'.
        let elsewhere = used.len() <= 1
            && (line.starts_with("USE ")
                || line.starts_with("CREATE DATABASE ")
                || line.starts_with("DROP DATABASE ")
                || line.starts_with("/*!40000 DROP DATABASE "));
        if !(elsewhere || line.starts_with("/*M!999999\\-")) {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    SqlFile {
        path: path.to_owned(),
        text: kept,
        roles: definers,
        owner: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SqlFile {
        postgres(Path::new("a.sql"), text)
    }

    #[test]
    fn a_device_is_not_read_to_its_end() {
        let error = SqlFile::read(Path::new("/dev/zero"), Dialect::Postgres).unwrap_err();
        assert!(
            error.to_string().contains("is not a regular file"),
            "{error}"
        );
    }

    #[test]
    fn head_of_a_newer_dump_is_left_out_and_lines_keep_numbers() {
        let text = "--\n\\restrict aB1\nSET transaction_timeout = 0;\nSET client_encoding = 'UTF8';\n\
                    CREATE TABLE a (id int);\nCOPY a (id) FROM stdin;\n\\restrict aB1\n\\.\n\\unrestrict aB1\n";
        let found = file(text);
        assert_eq!(
            found.text,
            "--\n\n\nSET client_encoding = 'UTF8';\n\
             CREATE TABLE a (id int);\nCOPY a (id) FROM stdin;\n\\restrict aB1\n\\.\n\n"
        );
    }

    #[test]
    fn bodies_of_functions_and_rows_are_not_changed() {
        let text = "CREATE FUNCTION f() RETURNS text AS $_$\nALTER TABLE a OWNER TO b;\n$_$ LANGUAGE sql;\n\
                    \n\nALTER FUNCTION f() OWNER TO me;\n\nCOPY a FROM stdin;\nALTER TABLE a OWNER TO me;\n\\.\n";
        let found = file(text);
        assert_eq!(found.owner.as_deref(), Some("me"));
        assert_eq!(found.text.matches("OWNER TO").count(), 2, "{}", found.text);
    }

    #[test]
    fn roles_that_a_file_creates_itself_are_not_missing() {
        let text = "CREATE ROLE reader;\nGRANT SELECT ON a TO reader, \"Big Writer\";\n\
                    ALTER TABLE a OWNER TO x;\nALTER TABLE b OWNER TO y;\nGRANT USAGE ON SCHEMA s TO PUBLIC;\n";
        let found = file(text);
        let roles: Vec<&str> = found.roles.iter().map(String::as_str).collect();
        assert_eq!(roles, ["Big Writer", "x", "y"]);
        assert_eq!(found.owner, None);
    }

    #[test]
    fn dump_of_a_whole_mysql_database_goes_into_another() {
        let text = "/*M!999999\\- enable the sandbox mode */ \nCREATE DATABASE `shop`;\nUSE `shop`;\n\
                    /*!50003 CREATE*/ /*!50017 DEFINER=`me`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON a\n";
        let found = mysql(Path::new("a.sql"), text);
        assert!(found.text.starts_with("\n\n\n/*!50003"), "{}", found.text);
        let definers: Vec<&str> = found.roles.iter().map(String::as_str).collect();
        assert_eq!(definers, ["me@%"]);
    }
}
