//! Programs that are started here and end here.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::{Error, Stop};

/// A program in a process group of its own, so that it and what it started can be ended together,
/// and an interrupt at the terminal is nobody's but ours. It ends with the value.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts a program that writes into a log.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self, Error> {
        Self::start_apart(name, command, log, log)
    }

    /// The same with a log for standard output and one for standard error.
    pub fn start_apart(
        name: &str,
        command: &mut Command,
        output: &Path,
        errors: &Path,
    ) -> Result<Self, Error> {
        let open = |path: &Path| {
            File::options()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|error| Error::io("written", path, &error))
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(open(output)?)
            .stderr(open(errors)?)
            .process_group(0)
            .spawn()
            .map_err(|error| Error::new(format!("{name} cannot be started: {error}")))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            ended: None,
        })
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended.is_none()
    }

    /// Kills it and everything it started, at once.
    pub fn kill(&mut self) {
        if self.runs() {
            kill_group(self.child.id());
            self.ended = self.child.wait().ok();
        }
    }

    /// Sends it a signal, by its name; also to everything it started, if `group`.
    pub fn signal(&self, name: &str, group: bool) {
        let id = self.child.id();
        kill(
            name,
            &if group {
                format!("-{id}")
            } else {
                id.to_string()
            },
        );
    }

    /// Waits until it ends by itself; kills it when `until` comes or the rehearsal is stopped.
    /// The exit code, or none when it was killed.
    pub fn wait(&mut self, until: Instant, stop: &Stop) -> Result<Option<i32>, Error> {
        while self.runs() {
            if Instant::now() >= until || stop.is_asked() {
                self.kill();
                stop.check()?;
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let Some(status) = self.ended else {
            return Err(Error::new(format!("{} cannot be waited for", self.name)));
        };
        Ok(match status.signal() {
            Some(_) => None,
            None => status.code(),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// SIGKILL to a process group. The standard library has no call for that; bash, which the scripts
/// need anyway, has.
fn kill_group(id: u32) {
    kill("KILL", &format!("-{id}"));
}

fn kill(signal: &str, id: &str) {
    let _ = Command::new("bash")
        .args(["-c", "kill -s \"$1\" -- \"$2\"", "bash", signal, id])
        .stderr(Stdio::null())
        .status();
}

/// Kills every program that has this path in this environment variable, as those have that we started.
pub fn end_all_with(variable: &str, path: &Path) {
    for (id, _) in all_with(variable, path) {
        kill("KILL", &id.to_string());
    }
}

/// Every program that has this path in this environment variable, by its id, with its words.
pub fn all_with(variable: &str, path: &Path) -> Vec<(u32, String)> {
    let wanted = format!("{variable}={}", path.display());
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let own = std::fs::read(entry.path().join("environ")).ok()?;
        let mut own = own.split(|byte| *byte == 0);
        own.find(|one| *one == wanted.as_bytes())?;
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        Some((id, String::from_utf8_lossy(&words).replace('\0', " ")))
    });
    found.collect()
}

/// Runs a program to its end, with this on its standard input. A user's data may take hours to load.
pub fn run(what: &str, command: &mut Command, input: &str) -> Result<Output, Error> {
    run_until(None, what, command, input)
}

/// The same for so long; then it is killed, with everything that it started.
pub fn run_within(
    limit: Duration,
    what: &str,
    command: &mut Command,
    input: &str,
) -> Result<Output, Error> {
    run_until(Some(limit), what, command, input)
}

fn run_until(
    limit: Option<Duration>,
    what: &str,
    command: &mut Command,
    input: &str,
) -> Result<Output, Error> {
    let failed = |error: std::io::Error| Error::new(format!("{what}: {error}"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let pipe = child.stdin.take();
    let text = input.to_owned();
    // On a thread of its own, or the two could wait for each other with full pipes.
    let writer = std::thread::spawn(move || {
        if let Some(mut pipe) = pipe {
            // A program that ends without reading everything says why by itself.
            let _ = pipe.write_all(text.as_bytes());
        }
    });
    let id = child.id();
    let (done, ended) = channel::<()>();
    let watch = limit.map(|limit| {
        std::thread::spawn(move || {
            let late = ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if late {
                kill_group(id);
            }
            late
        })
    });
    let output = child.wait_with_output();
    drop(done);
    let _ = writer.join();
    let late = watch.is_some_and(|watch| watch.join().unwrap_or(false));
    if let Some(limit) = limit.filter(|_| late) {
        let seconds = limit.as_secs();
        return Err(Error::new(format!("{what}: no end within {seconds} s")));
    }
    let output = output.map_err(failed)?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(Error::new(format!(
            "{what}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_killed_with_what_it_started() {
        let mut command = Command::new("bash");
        // The second one holds the pipes.
        command.args(["-c", "sleep 600 & sleep 600"]);
        let ran = run_within(Duration::from_millis(300), "it", &mut command, "");
        assert_eq!(ran.unwrap_err().to_string(), "it: no end within 0 s");
    }

    #[test]
    fn a_program_that_ends_gives_what_it_printed() {
        let ran = run("it", &mut Command::new("cat"), "text").unwrap();
        assert_eq!(ran.stdout, b"text");
    }
}
