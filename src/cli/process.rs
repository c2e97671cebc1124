//! Which process a run is, so that another one on the same machine can see whether it still lives.
//!
//! A number alone does not say: numbers are used again, and a container counts its own. So the machine's boot, the
//! namespace of process numbers and the process's start stand beside it. Only Linux tells them; elsewhere nothing is
//! known, and a lease ends by its time.

use std::path::Path;

use crate::provider::Holder;

/// This process, for [`Holder::process`].
pub fn this() -> Option<String> {
    of(std::process::id())
}

/// Whether a run was on this machine and is no more. False where that cannot be seen.
pub fn has_ended(run: &Holder) -> bool {
    let (Some(then), Some(machine)) = (&run.process, machine()) else {
        return false;
    };
    let mut words = then.rsplitn(3, ' ');
    let (Some(_), Some(pid), Some(on)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse() else { return false };
    on == machine && of(pid).as_ref() != Some(then)
}

/// `BOOT NAMESPACE PID START` of a process that lives.
fn of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; the start is the 22nd field, the name the second (proc_pid_stat(5)).
    let (_, rest) = stat.rsplit_once(')')?;
    let start = rest.split_whitespace().nth(19)?;
    // What has ended and was not waited for is no more.
    let lives = rest.split_whitespace().next() != Some("Z");
    lives.then(|| Some(format!("{} {pid} {start}", machine()?)))?
}

/// `BOOT NAMESPACE` of this process.
fn machine() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link(Path::new("/proc/self/ns/pid")).ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn run(process: Option<String>) -> Holder {
        Holder {
            who: "ann@host".to_owned(),
            command: "apply".to_owned(),
            since: 0,
            process,
        }
    }

    #[test]
    fn a_process_that_lives_has_not_ended() {
        assert!(!has_ended(&run(this())));
    }

    #[test]
    fn a_process_that_is_gone_or_another_one_has_ended() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let before = of(child.id());
        assert!(before.is_some());
        child.kill().unwrap();
        // Not waited for yet: dead all the same.
        while of(child.id()).is_some() {}
        assert!(has_ended(&run(before.clone())));
        child.wait().unwrap();
        assert!(has_ended(&run(before)));
        // The number is in use again, by this very process.
        let other = this().map(|text| format!("{}1", text));
        assert!(has_ended(&run(other)));
    }

    #[test]
    fn a_process_elsewhere_or_unknown_has_not_ended() {
        let elsewhere = this().map(|text| format!("x{text}"));
        assert!(!has_ended(&run(elsewhere)));
        assert!(!has_ended(&run(None)));
        assert!(!has_ended(&run(Some("nonsense".to_owned()))));
    }
}
