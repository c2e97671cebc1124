//! The simulator on disk: one redb file, written after every change, and a lock beside it so
//! that one process at a time has it open.
//!
//! redb commits are atomic and durable, so a process may die anywhere. The operating system frees
//! the lock when it does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use redb::{
    Database, DatabaseError, ReadOnlyDatabase, ReadableDatabase, ReadableTable as _,
    TableDefinition,
};
use serde::{Deserialize, Serialize};

use super::cloud::{Cloud, Item};
use super::data::Data;
use super::faults::Faults;
use super::releases::Running;
use super::secrets;
use crate::inventory::{Owner, Record};
use crate::provider::Holder;

const ITEMS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("items");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// Everything but the items.
#[derive(Default, Serialize, Deserialize)]
struct Meta {
    format: u32,
    next: u64,
    clock: u64,
    records: Vec<(Owner, Record)>,
    faults: Faults,
    #[serde(default)]
    data: Vec<(Owner, Data)>,
    #[serde(default)]
    raised: BTreeSet<u64>,
    #[serde(default)]
    roles: BTreeSet<Arc<str>>,
    #[serde(default)]
    certified: BTreeMap<u64, BTreeSet<String>>,
    #[serde(default)]
    running: Vec<(Arc<str>, Arc<str>, Running)>,
    #[serde(default)]
    secrets: Vec<(secrets::Key, secrets::Kept)>,
}

/// The version of the file's format.
const FORMAT: u32 = 1;

/// Why the simulator cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("the simulator is in use by {0}; wait for it to finish, or stop it")]
    InUse(String),
    /// The file system says no.
    #[error("the simulator in {path} cannot be opened: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is broken or another version's.
    #[error("the simulator's file is not usable: {0}; `scalectl sim reset` starts afresh")]
    Broken(String),
}

/// An open file.
pub struct Store {
    database: Database,
    // Held until the store is dropped.
    _lock: File,
}

/// What was found in a file.
pub struct Opened {
    /// The file; none where it was only looked at.
    pub store: Option<Store>,
    /// What exists.
    pub cloud: Cloud,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// The cloud's time when it was last written, in milliseconds since the epoch.
    pub clock: u64,
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(error.to_string())
}

impl Store {
    /// Opens the simulator in `folder`, waiting up to `patience` for another process to close
    /// it; `waiting` is told once who has it.
    ///
    /// # Errors
    /// When another process keeps it, or the file cannot be used.
    pub fn open(
        folder: &Path,
        holder: &Holder,
        patience: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Opened, StoreError> {
        let lock = lock(folder, holder, patience, waiting)?;
        undamaged(|| Self::read(folder, lock))
    }

    /// Looks into the simulator in `folder` as [`Store::open`] does, without a way to write.
    ///
    /// # Errors
    /// When another process keeps it, or the file cannot be used.
    pub fn look(
        folder: &Path,
        holder: &Holder,
        patience: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Opened, StoreError> {
        let lock = match lock(folder, holder, patience, waiting) {
            // Who may not write there changes nothing, and cannot keep others from it.
            Err(StoreError::Io { source, .. }) if is_denied(&source) => None,
            lock => Some(lock?),
        };
        undamaged(|| {
            let path = folder.join("sim.redb");
            if !path.exists() {
                return Ok(Opened {
                    store: None,
                    cloud: Cloud::default(),
                    faults: Faults::default(),
                    clock: 0,
                });
            }
            let (cloud, faults, clock) = match ReadOnlyDatabase::open(&path) {
                Ok(database) => load(&database)?,
                // A process that died left it half written; opened once, it is whole again.
                Err(DatabaseError::RepairAborted) => load(&Database::open(&path).map_err(broken)?)?,
                Err(error) => return Err(broken(error)),
            };
            drop(lock);
            Ok(Opened {
                store: None,
                cloud,
                faults,
                clock,
            })
        })
    }

    fn read(folder: &Path, lock: File) -> Result<Opened, StoreError> {
        let path = folder.join("sim.redb");
        if !path.exists() {
            // Beside its place first: a process that dies while it is made leaves no file that nobody can open.
            let beside = folder.join("sim.redb.new");
            let io = |source| StoreError::Io {
                path: beside.display().to_string(),
                source,
            };
            match fs::remove_file(&beside) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io(source));
                }
                _ => {}
            }
            drop(Database::create(&beside).map_err(broken)?);
            fs::rename(&beside, &path).map_err(io)?;
        }
        let database = Database::open(path).map_err(broken)?;
        let store = Self {
            database,
            _lock: lock,
        };
        let (cloud, faults, clock) = load(&store.database)?;
        Ok(Opened {
            store: Some(store),
            cloud,
            faults,
            clock,
        })
    }

    /// Removes the file, once no other process has it open.
    ///
    /// # Errors
    /// When another process keeps it, or the system does.
    pub fn remove(
        folder: &Path,
        holder: &Holder,
        patience: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        let _lock = lock(folder, holder, patience, waiting)?;
        let path = folder.join("sim.redb");
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Io {
                path: path.display().to_string(),
                source,
            }),
            _ => Ok(()),
        }
    }

    /// Writes what changed since the last time, in one commit.
    ///
    /// # Errors
    /// When the file system says no; then nothing is written.
    pub fn save(&self, cloud: &mut Cloud, faults: &Faults, clock: u64) -> Result<(), StoreError> {
        let meta = Meta {
            format: FORMAT,
            next: cloud.next,
            clock,
            records: cloud
                .records
                .iter()
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect(),
            faults: faults.clone(),
            data: cloud
                .data
                .iter()
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect(),
            raised: cloud.raised.clone(),
            roles: cloud.roles.clone(),
            certified: cloud.certified.clone(),
            running: (cloud.running.iter())
                .map(|((setting, server), one)| (setting.clone(), server.clone(), one.clone()))
                .collect(),
            secrets: (cloud.secrets.iter())
                .map(|(key, kept)| (key.clone(), kept.clone()))
                .collect(),
        };
        let write = self.database.begin_write().map_err(broken)?;
        {
            let mut items = write.open_table(ITEMS).map_err(broken)?;
            for number in &cloud.dirty {
                match cloud.items.get(number) {
                    Some(item) => {
                        let bytes = serde_json::to_vec(item).map_err(broken)?;
                        items.insert(number, bytes.as_slice()).map_err(broken)?;
                    }
                    None => {
                        items.remove(number).map_err(broken)?;
                    }
                }
            }
            let mut table = write.open_table(META).map_err(broken)?;
            let bytes = serde_json::to_vec(&meta).map_err(broken)?;
            table.insert("meta", bytes.as_slice()).map_err(broken)?;
        }
        write.commit().map_err(broken)?;
        cloud.dirty.clear();
        Ok(())
    }
}

/// Whether a file is there for others to write.
fn is_denied(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
}

/// Ends the process with this error.
pub type End = fn(&StoreError) -> !;

static END: OnceLock<End> = OnceLock::new();

/// Sets what a damaged file does in a program that ends at a panic: reading it cannot return an error there.
pub fn end_with(end: End) {
    let _ = END.set(end);
}

/// Reads a file, and says that it is damaged where reading panics: redb trusts what it once wrote, and
/// somebody else may have written into it.
fn undamaged<T>(read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let damaged = || StoreError::Broken("its contents are damaged".to_owned());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |_| {
        // Where a panic ends the process, this is the last word.
        if cfg!(panic = "abort")
            && let Some(end) = END.get()
        {
            end(&damaged());
        }
    }));
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    std::panic::set_hook(hook);
    read.unwrap_or_else(|_| Err(damaged()))
}

/// What stands in a file.
fn load(database: &impl ReadableDatabase) -> Result<(Cloud, Faults, u64), StoreError> {
    let read = database.begin_read().map_err(broken)?;
    let meta: Meta = match read.open_table(META) {
        Err(redb::TableError::TableDoesNotExist(_)) => {
            return Ok((Cloud::default(), Faults::default(), 0));
        }
        Err(error) => return Err(broken(error)),
        Ok(table) => match table.get("meta").map_err(broken)? {
            Some(bytes) => serde_json::from_slice(bytes.value()).map_err(broken)?,
            None => Meta::default(),
        },
    };
    if meta.format > FORMAT {
        return Err(StoreError::Broken("a newer scalectl wrote it".to_owned()));
    }
    let mut cloud = Cloud {
        next: meta.next,
        records: meta.records.into_iter().collect(),
        data: meta.data.into_iter().collect(),
        raised: meta.raised,
        roles: meta.roles,
        certified: meta.certified,
        running: (meta.running.into_iter())
            .map(|(setting, server, one)| ((setting, server), one))
            .collect(),
        secrets: meta.secrets.into_iter().collect(),
        ..Cloud::default()
    };
    let table = read.open_table(ITEMS).map_err(broken)?;
    for entry in table.iter().map_err(broken)? {
        let (number, bytes) = entry.map_err(broken)?;
        let item: Item = serde_json::from_slice(bytes.value()).map_err(broken)?;
        cloud.items.insert(number.value(), item);
    }
    Ok((cloud, meta.faults, meta.clock))
}

/// Takes the lock beside the file and writes into it who has it.
fn lock(
    folder: &Path,
    holder: &Holder,
    patience: Duration,
    waiting: &mut dyn FnMut(&str),
) -> Result<File, StoreError> {
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |source| StoreError::Io { path, source }
    };
    fs::create_dir_all(folder).map_err(io(folder))?;
    let path = folder.join("sim.lock");
    let mut lock = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io(&path))?;
    let began = Instant::now();
    let mut told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(source)) => return Err(io(&path)(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        let mut who = String::new();
        let _ = lock.rewind();
        // Who holds it is only for the message; a half-written name does no harm.
        let _ = lock.read_to_string(&mut who);
        let who = if who.is_empty() {
            "another process".to_owned()
        } else {
            who
        };
        if began.elapsed() >= patience {
            return Err(StoreError::InUse(who));
        }
        if !told {
            waiting(&who);
            told = true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let name = format!("{}, which runs `scalectl {}`", holder.who, holder.command);
    lock.set_len(0)
        .and_then(|()| lock.rewind())
        .and_then(|()| lock.write_all(name.as_bytes()))
        .map_err(io(&path))?;
    Ok(lock)
}
