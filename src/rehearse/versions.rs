//! Which database server a rehearsal uses: the version in the spec where it is installed, or another one and a note
//! that says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names a folder with PostgreSQL's programs, or with one such folder for each major version.
pub const VARIABLE: &str = "SCALECTL_POSTGRES";

/// Where Debian keeps PostgreSQL, by major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Where `tests/install.sh` puts it, by major version.
const CACHE: &str = "/var/cache/scalectl/postgres";

/// A version of PostgreSQL that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its major version.
    pub major: u32,
    /// The folder of its programs.
    pub folder: PathBuf,
}

/// The installed PostgreSQL that fits best.
pub fn postgres(wanted: u32) -> Option<Installed> {
    let own = std::env::var_os(VARIABLE).map(PathBuf::from);
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or(home).map(|path| path.join("scalectl/postgres"));
    let places = own.iter().cloned();
    let places = places
        .chain([DEBIAN, CACHE].map(PathBuf::from))
        .chain(cache);
    let mut found: Vec<Installed> = places.flat_map(|place| versions_in(&place)).collect();
    // A folder of one version, and programs that are on the path.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let single = own.iter().flat_map(|own| [own.join("bin"), own.clone()]);
    let single: Vec<PathBuf> = single.chain(std::env::split_paths(&path)).collect();
    let named = own.iter().len() * 2;
    for (number, folder) in single.into_iter().enumerate() {
        if let Some(installed) = version_in(folder) {
            if number < named {
                found.insert(0, installed)
            } else {
                found.push(installed)
            }
        }
    }
    best(found, wanted)
}

/// The wanted version; else the next newer one, else the newest. Of two installations the first is used.
fn best(found: Vec<Installed>, wanted: u32) -> Option<Installed> {
    found
        .into_iter()
        .min_by_key(|one| (one.major < wanted, one.major.abs_diff(wanted)))
}

/// The versions in a folder that has one folder for each.
fn versions_in(place: &Path) -> Vec<Installed> {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let version = |entry: std::fs::DirEntry| {
        let major = entry.file_name().to_str()?.parse().ok()?;
        let folder = entry.path().join("bin");
        is_complete(&folder).then_some(Installed { major, folder })
    };
    entries.filter_map(version).collect()
}

/// The version of the programs in a folder.
fn version_in(folder: PathBuf) -> Option<Installed> {
    if !is_complete(&folder) {
        return None;
    }
    let version = version_of(&folder.join("postgres"))?;
    let major = version.split('.').next()?.parse().ok()?;
    Some(Installed { major, folder })
}

/// Whether servers and clients are there; some packages have the server alone.
fn is_complete(folder: &Path) -> bool {
    let mut needed = ["postgres", "initdb", "psql", "pg_dump"].into_iter();
    needed.all(|name| folder.join(name).is_file())
}

/// The version that a server's program prints: the first word that begins with a digit.
pub fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    first_number(&String::from_utf8_lossy(&output.stdout))
}

fn first_number(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let word = words.find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))?;
    let end = word.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    Some(word[..end.unwrap_or(word.len())].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specs_version_is_used_if_installed() {
        let installed = |major, folder: &str| Installed {
            major,
            folder: folder.into(),
        };
        let all = vec![
            installed(15, "a"),
            installed(17, "b"),
            installed(18, "c"),
            installed(17, "d"),
        ];
        let major = |wanted| best(all.clone(), wanted).map(|one| one.major);
        assert_eq!(best(all.clone(), 17), Some(installed(17, "b")));
        assert_eq!(major(16), Some(17));
        assert_eq!(major(14), Some(15));
        assert_eq!(major(19), Some(18));
        assert_eq!(best(Vec::new(), 17), None);
    }

    #[test]
    fn a_servers_version_is_read_from_what_it_prints() {
        for (printed, version) in [
            ("postgres (PostgreSQL) 17.11\n", "17.11"),
            (
                "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)",
                "15.14",
            ),
            (
                "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu",
                "10.11.19",
            ),
        ] {
            assert_eq!(first_number(printed).as_deref(), Some(version));
        }
        assert_eq!(first_number("no version"), None);
    }
}
