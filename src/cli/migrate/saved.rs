//! A migration in a file: written by `migrate --plan --out`, walked by `migrate FILE`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::Failure;
use crate::cli::project::{Project, read, write};
use crate::inventory::Owner;
use crate::migrate::Migration;
use crate::spec::Stage;

/// The version of a saved migration's format.
const SAVED: u32 = 1;

/// A migration in a file: not what it does, which may hold secrets, but what it is.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    pub format: u32,
    pub owner: Owner,
    pub provider: String,
    pub from: Stage,
    pub to: Stage,
    pub digest: String,
}

/// What to do about a saved migration that cannot be used.
pub(super) const AGAIN: &str = "make a new one with `scalectl migrate --plan --out FILE`";

pub(super) fn load(path: &Path) -> Result<Saved, Failure> {
    let shown = path.display();
    let saved: Saved = serde_json::from_str(&read(path, AGAIN)?).map_err(|error| {
        Failure::with_help(format!("{shown} is not a saved migration: {error}"), AGAIN)
    })?;
    match saved.format == SAVED {
        true => Ok(saved),
        false => Err(Failure::with_help(
            format!(
                "{shown} has format {}, and this scalectl reads {SAVED}",
                saved.format
            ),
            AGAIN,
        )),
    }
}

/// Whether a file's text is a saved migration.
pub fn is_saved(text: &str) -> bool {
    serde_json::from_str::<Saved>(text).is_ok()
}

/// Saves a migration, to be walked by `migrate FILE`.
pub fn save(path: &Path, project: &Project, migration: &Migration) -> Result<(), Failure> {
    let saved = Saved {
        format: SAVED,
        owner: project.owner(),
        provider: project.provider().to_owned(),
        from: migration.from,
        to: migration.to,
        digest: migration.digest.to_string(),
    };
    // Plain data, with strings as keys.
    write(path, &serde_json::to_string(&saved).unwrap_or_default())
}
