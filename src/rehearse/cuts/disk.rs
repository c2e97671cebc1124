//! Disks that are full: a small file system of its own below each server's data, and one below the switch's own notes.
//!
//! Only root may mount one, so nobody else can rehearse this.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::process::run;
use super::super::server::Server;
use super::super::testbed::Testbed;
use super::super::{Error, Stop};

/// What a database with its logs takes, and room for what it writes before the disk is filled.
const DATA_MIB: u32 = 384;

/// A page more than the notes of a switch take.
const NOTES_MIB: u32 = 1;

/// How often a disk is filled again with what was freed meanwhile.
const AGAIN: Duration = Duration::from_millis(20);

/// Mounts that end with it. Servers may still run on them.
#[derive(Debug, Default)]
pub(super) struct Disks {
    mounts: Vec<PathBuf>,
}

impl Disks {
    /// Moves the data of both servers, and the notes, to file systems of their own.
    pub(super) fn limit(scene: &mut Testbed, stop: &Stop) -> Result<Self, Error> {
        let mut disks = Self::default();
        for server in &mut scene.servers {
            server.kill();
            disks.cover(&server.data(), DATA_MIB)?;
            server.start(stop)?;
        }
        disks.cover(&scene.folder().join("etc"), NOTES_MIB)?;
        Ok(disks)
    }

    /// Puts a file system over a folder, with what the folder holds.
    fn cover(&mut self, folder: &Path, mib: u32) -> Result<(), Error> {
        let below = folder.with_extension("below");
        std::fs::rename(folder, &below).map_err(|error| Error::io("moved", folder, &error))?;
        std::fs::create_dir(folder).map_err(|error| Error::io("made", folder, &error))?;
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
            .arg(folder);
        run("mount", &mut mount, "")?;
        self.mounts.push(folder.to_owned());
        let mut copy = Command::new("cp");
        copy.arg("-a").arg("-T").arg(&below).arg(folder);
        run("cp", &mut copy, "")?;
        std::fs::remove_dir_all(&below).map_err(|error| Error::io("removed", &below, &error))
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        for folder in &self.mounts {
            // Whoever still runs there keeps it until it ends.
            let _ = Command::new("umount").arg("--lazy").arg(folder).status();
        }
    }
}

/// A disk without a free byte, for as long as this lives.
#[derive(Debug)]
pub(super) struct Full {
    ballast: PathBuf,
    ends: Arc<AtomicBool>,
    filler: Option<JoinHandle<()>>,
}

impl Full {
    /// Fills the disk that a folder is on.
    pub(super) fn fill(folder: &Path) -> Result<Self, Error> {
        let ballast = folder.join("ballast");
        let mut file =
            std::fs::File::create(&ballast).map_err(|error| Error::io("made", &ballast, &error))?;
        let mut fill = move || {
            for size in [1 << 20, 1 << 12, 1] {
                let block = vec![0; size];
                while file.write_all(&block).is_ok() {}
            }
        };
        fill();
        let ends = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ends);
        let filler = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                std::thread::sleep(AGAIN);
                fill();
            }
        });
        Ok(Self {
            ballast,
            ends,
            filler: Some(filler),
        })
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(filler) = self.filler.take() {
            let _ = filler.join();
        }
        let _ = std::fs::remove_file(&self.ballast);
    }
}

/// Starts a server that its full disk has ended, as whoever gave it room would.
pub(super) fn revive(server: &mut Server, stop: &Stop) -> Result<(), Error> {
    if server.answers() {
        Ok(())
    } else {
        server.kill();
        server.start(stop)
    }
}
