//! Runs a command of the user's, and ends it with everything that it started.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::apply::Stop;
use crate::migrate::gates::Reading;

/// Runs `command` with `sh -c`. It is killed when it takes longer than `limit`, or somebody asks to stop.
pub(super) async fn run(
    stop: &Stop,
    command: &str,
    folder: Option<&Path>,
    limit: Duration,
) -> Reading {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(cfg!(not(unix)));
    #[cfg(unix)]
    shell.process_group(0);
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        shell.current_dir(folder);
    }
    let child = match shell.spawn() {
        Ok(child) => child,
        Err(error) => return Reading::bad(format!("sh cannot be run: {error}")),
    };
    let mut group = Group::of(&child);
    // A thread waits, because the command takes real time, and a runtime whose clock jumps stays for it.
    let (_until_end, end) = mpsc::channel::<()>();
    let timer = tokio::task::spawn_blocking(move || end.recv_timeout(limit));
    let why = tokio::select! {
        output = child.wait_with_output() => match output {
            Ok(output) => {
                group.has_ended();
                return judged(&output);
            }
            Err(error) => format!("it was aborted: {error}"),
        },
        () = stop.asked() => "it was stopped".to_owned(),
        _ = timer => "it took too long".to_owned(),
    };
    Reading::bad(why)
}

/// What a command's end means: the last line that it printed says why.
fn judged(output: &Output) -> Reading {
    let printed = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    let mut lines = printed
        .iter()
        .filter_map(|text| text.trim_end().lines().last());
    let last = lines.next().unwrap_or_default().trim();
    if output.status.success() {
        Reading::good(last)
    } else {
        Reading::bad(format!("{}: {last}", output.status))
    }
}

/// A command and everything that it started, which is killed with this value.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    /// The command has ended by itself, and its number may be another's.
    fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let leader = self.0.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
            if let Some(leader) = leader {
                // One that is gone needs no signal.
                let _ = kill_process_group(leader, Signal::KILL);
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read as _;

    const LONG: Duration = Duration::from_secs(600);

    fn runtime() -> tokio::runtime::Runtime {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    }

    fn ran(command: &str, limit: Duration) -> Reading {
        runtime().block_on(run(&Stop::default(), command, None, limit))
    }

    #[test]
    fn the_last_line_says_why() {
        assert_eq!(ran("echo a; echo b", LONG), Reading::good("b"));
        let failed = Reading::bad("exit status: 3: no");
        assert_eq!(ran("echo no >&2; exit 3", LONG), failed);
    }

    #[test]
    fn a_command_has_its_time_and_no_more() {
        let reading = ran("sleep 600", Duration::ZERO);
        assert_eq!(reading, Reading::bad("it took too long"));
    }

    #[test]
    fn the_clock_does_not_jump_while_a_command_runs() {
        let stop = Stop::default();
        let reading = runtime().block_on(async {
            tokio::select! {
                reading = run(&stop, "echo done", None, LONG) => reading,
                () = tokio::time::sleep(LONG) => Reading::bad("the clock jumped"),
            }
        });
        assert_eq!(reading, Reading::good("done"));
    }

    #[test]
    fn a_stop_kills_what_the_command_started_too() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mut make = std::process::Command::new("mkfifo");
        assert!(make.arg(&pipe).status().unwrap().success());
        let (started, starts) = tokio::sync::oneshot::channel();
        // Opening waits for a writer, and reading for the end of the last one.
        let reader = std::thread::spawn(move || {
            let mut pipe = std::fs::File::open(pipe).unwrap();
            started.send(()).unwrap();
            let mut said = String::new();
            pipe.read_to_string(&mut said).unwrap();
            said
        });
        let stop = Stop::default();
        let command = "(sleep 20; echo survived) > pipe & wait";
        let reading = runtime().block_on(async {
            let run = run(&stop, command, Some(folder.path()), LONG);
            let ask = async {
                starts.await.unwrap();
                stop.ask();
            };
            tokio::join!(run, ask).0
        });
        assert_eq!(reading, Reading::bad("it was stopped"));
        assert_eq!(reader.join().unwrap(), "", "the grandchild lives on");
    }
}
