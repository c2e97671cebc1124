//! `site-database`, the switch in front of a server's database, against a real proxy.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use scalectl::blueprint::Library;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server's folders, with the database at a port.
struct Site {
    folder: tempfile::TempDir,
    listen: u16,
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["etc", "run"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let site = Self {
            folder,
            listen: free_port(),
        };
        let library = Library::embedded().unwrap();
        let proxy = library.text("user-data/haproxy.cfg").unwrap();
        let proxy = proxy
            .replace("%(run)s", &site.path("run").display().to_string())
            .replace("%(listen)s", &format!("127.0.0.1:{}", site.listen))
            .replace("%(target)s", "127.0.0.1:5001");
        site.write("etc/haproxy.cfg", &proxy);
        site.write("etc/database", "127.0.0.1 5001");
        let program = library.text("user-data/site-database.py").unwrap();
        site.write("site-database.py", program);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("python3");
        command
            .arg(self.path("site-database.py"))
            .env("SITE_ETC", self.path("etc"))
            .env("SITE_RUN", self.path("run"));
        command
    }

    fn order(&self, words: &[&str]) -> String {
        let output = self.command().args(words).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn follow(&self) -> Running {
        let mut command = self.command();
        Running(command.arg("follow").stdin(Stdio::null()).spawn().unwrap())
    }

    fn proxy(&self) -> Running {
        let socket = self.path("run/proxy.sock");
        let _ = std::fs::remove_file(&socket);
        let haproxy = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .unwrap_or("haproxy");
        let mut command = Command::new(haproxy);
        command
            .arg("-db")
            .arg("-f")
            .arg(self.path("etc/haproxy.cfg"));
        let process = Running(command.stderr(Stdio::null()).spawn().unwrap());
        until("the proxy's start", || UnixStream::connect(&socket).is_ok());
        process
    }

    /// Where the proxy sends connections.
    fn sent_to(&self) -> String {
        let mut socket = UnixStream::connect(self.path("run/proxy.sock")).unwrap();
        socket.write_all(b"show servers state database\n").unwrap();
        let text = std::io::read_to_string(socket).unwrap();
        let mut lines = text.lines().skip(1);
        let names = lines.next().unwrap().split(' ').skip(1);
        let values: Vec<&str> = lines.next().unwrap().split(' ').collect();
        let found = |name: &str| {
            let place = names.clone().position(|one| one == name);
            values[place.unwrap()]
        };
        format!("{} {}", found("srv_addr"), found("srv_port"))
    }
}

#[test]
fn a_restarted_proxy_is_not_paused() {
    let site = Site::new();
    let proxy = site.proxy();
    site.order(&["pause"]);
    assert_eq!(site.order(&["show"]), "127.0.0.1 5001 paused");
    drop(proxy);
    let _proxy = site.proxy();
    assert_eq!(site.order(&["show"]), "127.0.0.1 5001 open");
    assert_eq!(site.sent_to(), "127.0.0.1 5001");
}

#[test]
fn a_restarted_proxy_goes_where_the_switch_went() {
    let site = Site::new();
    let proxy = site.proxy();
    site.order(&["pause"]);
    site.order(&["use", "127.0.0.1", "5002"]);
    drop(proxy);
    let _proxy = site.proxy();
    assert_eq!(site.sent_to(), "127.0.0.1 5002");
}

#[test]
fn follow_neither_ends_a_pause_nor_misses_a_switch() {
    let site = Site::new();
    let _proxy = site.proxy();
    site.order(&["pause"]);
    let _follow = site.follow();
    site.order(&["use", "127.0.0.1", "5002"]);
    // It runs: it has tried to finish a switch.
    site.write(
        "etc/settle",
        &format!("rm '{}'\n", site.path("etc/settle").display()),
    );
    until("settle", || !site.path("etc/settle").exists());
    assert_eq!(site.order(&["show"]), "127.0.0.1 5002 paused");
    site.order(&["resume"]);
    assert_eq!(site.sent_to(), "127.0.0.1 5002");
    site.write("etc/database", "127.0.0.1 5003");
    until("following", || site.sent_to() == "127.0.0.1 5003");
}

/// A cut-over's text: waits for the lock as an action does, fails twice, then says that all is in order.
const SETTLE: &str = r#"
exec 9>"$SITE_RUN/lock"
flock 9
echo "$1" >>"$SITE_ETC/tries"
(($(wc -l <"$SITE_ETC/tries") > 2)) || exit 1
rm "$SITE_ETC/settle"
"#;

#[test]
fn follow_settles_a_killed_switch_once_no_action_runs() {
    let site = Site::new();
    let _proxy = site.proxy();
    // An action runs.
    let action = Command::new("flock")
        .arg(site.path("run/lock"))
        .args(["bash", "-c", "touch \"$0\"; cat"])
        .arg(site.path("running"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut action = Running(action);
    until("the action's start", || site.path("running").exists());
    site.write("etc/settle", SETTLE);
    let _follow = site.follow();
    // Its loop goes on meanwhile, and has come by.
    site.write("etc/database", "127.0.0.1 5004");
    until("following", || site.sent_to() == "127.0.0.1 5004");
    assert_eq!(site.read("etc/tries"), "");
    drop(action.0.stdin.take());
    until("settle", || !site.path("etc/settle").exists());
    assert_eq!(site.read("etc/tries"), "settle\nsettle\nsettle\n");
}

#[test]
fn the_end_of_a_migration_gives_the_name_back() {
    let site = Site::new();
    site.order(&["name", "db.example.com"]);
    assert_eq!(site.read("etc/database.name"), "db.example.com");
    site.order(&["name"]);
    assert!(!site.path("etc/database.name").exists());
    site.order(&["name", "db.example.com"]);
    site.order(&["end"]);
    assert!(!site.path("etc/database.name").exists());
}
