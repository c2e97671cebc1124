//! Every command and every YAML block of the README and of `docs/`, tried: commands run in the page's order in
//! a project of its own on the simulator, YAML is read by what it is for, and output that a page shows
//! is what the program prints. Comments in the pages, which nobody sees, say what this test cannot know:
//!
//!     <!-- project: marketplace at cdn -->       a new project, with this example applied at this stage
//!     <!-- shown only: it needs an account -->   the next block's commands are parsed and not run
//!     <!-- output varies: times -->              the next block's output is not compared
//!     <!-- first: scalectl sim drift ... -->     what a reader has done before

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::common::root;

/// A fenced block.
struct Block {
    place: String,
    language: String,
    lines: Vec<String>,
    marks: Vec<String>,
}

/// The blocks of a page, with the marks that stand before each.
fn blocks(path: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    let (mut blocks, mut marks) = (Vec::new(), Vec::new());
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.lines.push(line.to_owned()),
            (None, Some(language)) => {
                open = Some(Block {
                    place: format!("{name}:{}", number + 1),
                    language: language.trim().to_owned(),
                    lines: Vec::new(),
                    marks: std::mem::take(&mut marks),
                });
            }
            (None, None) => {
                let mark = line
                    .strip_prefix("<!-- ")
                    .and_then(|l| l.strip_suffix(" -->"));
                marks.extend(mark.map(str::to_owned));
            }
        }
    }
    blocks
}

impl Block {
    fn mark(&self, name: &str) -> Option<&str> {
        let mut found = self.marks.iter().filter_map(|mark| mark.strip_prefix(name));
        found.next().map(|rest| rest.trim_start_matches(':').trim())
    }

    /// The commands, without what a shell would not run of them, each with the output that follows.
    fn commands(&self) -> Vec<(String, Vec<String>)> {
        let prompts = self.lines.iter().any(|line| line.starts_with("$ "));
        let mut commands: Vec<(String, Vec<String>)> = Vec::new();
        for line in &self.lines {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command.to_owned(), Vec::new())),
                None if prompts => commands.last_mut().unwrap().1.push(line.clone()),
                None => {
                    let command = line
                        .split("  #")
                        .next()
                        .unwrap()
                        .split("   #")
                        .next()
                        .unwrap();
                    let command = command.trim();
                    if !command.is_empty() && !command.starts_with('#') {
                        commands.push((command.to_owned(), Vec::new()));
                    }
                }
            }
        }
        commands
    }
}

/// What a page's commands run in.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// An example, at a stage if it is to be applied.
    fn of(words: &str) -> Self {
        let (example, stage) = match words.split_once(" at ") {
            Some((example, stage)) => (example, Some(stage)),
            None => (words, None),
        };
        let folder = tempfile::tempdir().unwrap();
        let from = root().join("examples").join(example);
        copy(&from, &folder.path().join("examples").join(example));
        copy(&from, folder.path());
        let project = Self { folder };
        assert!(
            project.run("git init -q").status.success(),
            "git is missing"
        );
        if let Some(stage) = stage {
            let path = project.path("scalectl.yaml");
            let text = std::fs::read_to_string(&path).unwrap();
            let line = text
                .lines()
                .find(|line| line.starts_with("stage:"))
                .unwrap();
            std::fs::write(&path, text.replace(line, &format!("stage: {stage}"))).unwrap();
            let output = project.run("scalectl apply --auto-approve");
            assert!(output.status.success(), "{words}: {}", told(&output));
        }
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command line as a shell of the reader's would.
    fn run(&self, line: &str) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_scalectl"));
        let own = std::env::var_os("PATH").unwrap();
        let mut path = vec![binary.parent().unwrap().to_owned()];
        path.extend(std::env::split_paths(&own));
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCALECTL_")) {
            command.env_remove(name);
        }
        command
            .args(["-o", "pipefail", "-c", line])
            .env("PATH", std::env::join_paths(path).unwrap())
            .env_remove("AWS_PROFILE")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true if entry.file_name() == ".scalectl" => {}
            true => copy(&entry.path(), &to),
            false => {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// Programs that are the reader's, the system's or the developers', not ours.
const OTHERS: [&str; 11] = [
    "cargo ",
    "tests/live/run.sh",
    "tests/run",
    "apt-get ",
    "python3 ",
    "cd ",
    "npm ",
    "pip ",
    "mkdir ",
    "unzip ",
    "pg_dump ",
];

/// Commands that ask a person; here somebody has said yes already.
fn answered(line: &str) -> String {
    let asks = [
        "apply", "deploy", "rollback", "destroy", "migrate", "failover", "scale",
    ];
    let quiet = ["--plan", "--dry-run", "--status", "--auto-approve"];
    let mut words = line.split(' ');
    let is_ours = words.next() == Some("scalectl");
    let asks = is_ours && words.next().is_some_and(|word| asks.contains(&word))
        || line == "scalectl sim reset";
    if asks && !quiet.iter().any(|flag| line.contains(flag)) {
        format!("{line} --auto-approve")
    } else {
        line.to_owned()
    }
}

/// A line without what is another one each time: moments, and how long a test took here.
fn steady(line: &str) -> String {
    let words = line.trim_end().split(' ').map(|word| {
        let inner = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let is_moment = inner.len() > 18 && inner.contains('T') && inner.ends_with('Z');
        let made_up = inner.split_once('-').is_some_and(|(_, id)| {
            id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        if is_moment || made_up { "*" } else { word }
    });
    let line = words.collect::<Vec<_>>().join(" ");
    let timed = line.rsplit_once(" (").filter(|(test, time)| {
        time.ends_with("s)") && (test.ends_with("... ok") || test.contains("tests passed"))
    });
    timed.map_or(line.clone(), |(test, _)| test.to_owned())
}

/// The first line of a page's output that a program's does not have, in this order; `...` stands for any lines.
fn missing<'a>(shown: &'a [String], told: &str) -> Option<&'a str> {
    let told = told.lines().filter(|line| !line.trim().is_empty());
    let told: Vec<String> = told.map(steady).collect();
    let mut rest = &told[..];
    let mut skips = false;
    for line in shown.iter().filter(|line| !line.trim().is_empty()) {
        if line.trim() == "..." {
            skips = true;
            continue;
        }
        let wanted = steady(line);
        let at = if skips {
            rest.iter().position(|line| *line == wanted)
        } else {
            (rest.first() == Some(&wanted)).then_some(0)
        };
        skips = false;
        match at {
            Some(at) => rest = &rest[at + 1..],
            None => return Some(line),
        }
    }
    None
}

/// Runs a block's commands; what is not as the page says.
fn tried(block: &Block, project: &Project) -> Vec<String> {
    let mut wrong = Vec::new();
    let only = block.mark("shown only");
    if let Some(first) = block.mark("first") {
        let output = project.run(first);
        assert!(output.status.success(), "{first}: {}", told(&output));
    }
    for (line, shown) in block.commands() {
        if OTHERS.iter().any(|other| line.starts_with(other)) {
            continue;
        }
        if !line.starts_with("scalectl ") {
            wrong.push(format!("{}: {line}: is no command of ours", block.place));
            continue;
        }
        if only.is_some() {
            // What stands behind `--` is another program's.
            let line = line.split(['|', '>']).next().unwrap();
            let line = line.split(" -- ").next().unwrap();
            let output = project.run(&format!("{line} --help"));
            if !output.status.success() {
                wrong.push(format!("{}: {line}: {}", block.place, told(&output)));
            }
            continue;
        }
        let output = project.run(&answered(&line));
        // 1 is an error, 2 says that something would change or has drifted, and a usage error says so.
        let said = told(&output);
        let usage = said.contains("Usage:");
        // What needs a name to be allowed says so, and what a page shows is compared below.
        let denies = line.contains("policy check") && said.contains("  deny ");
        let refuses = denies || said.contains("safe and pass: --allow") || !shown.is_empty();
        let code = output
            .status
            .code()
            .unwrap_or_else(|| -output.status.signal().unwrap());
        let fine = matches!(code, 0 | 2) || matches!(code, 1 | 3 | 5) && refuses;
        if usage || !fine {
            wrong.push(format!(
                "{}: {line}: ends with {code}: {}",
                block.place,
                told(&output)
            ));
        }
        if block.mark("output varies").is_none()
            && let Some(missed) = missing(&shown, &told(&output))
        {
            wrong.push(format!(
                "{}: {line} does not say {missed:?} there, but\n{}",
                block.place,
                told(&output)
                    .lines()
                    .take(30)
                    .collect::<Vec<_>>()
                    .join("\n")
            ));
        }
    }
    wrong
}

/// Reads a block of YAML as what it is.
fn read(block: &Block, project: &Project) -> Vec<String> {
    let text = block.lines.join("\n") + "\n";
    if let Err(error) = scalectl::yaml::parse(&block.place, &text) {
        return vec![format!("{}: {error:?}", block.place)];
    }
    if block.mark("shown only").is_some() {
        return Vec::new();
    }
    let begins = |key: &str| text.starts_with(key) || text.contains(&format!("\n{key}"));
    let named = text.lines().next().and_then(|line| line.strip_prefix("# "));
    let (file, content, command) = match named {
        Some(file) if begins("policy:") || begins("exceptions:") => {
            (file, text.clone(), "scalectl policy check")
        }
        Some(file) if begins("tests:") => (file, text.clone(), "scalectl test"),
        _ if begins("app:") => ("scalectl.yaml", text.clone(), "scalectl validate"),
        _ => {
            let spec = std::fs::read_to_string(project.path("scalectl.yaml")).unwrap();
            ("scalectl.yaml", spec + "\n" + &text, "scalectl validate")
        }
    };
    let path = project.path(file);
    let before = std::fs::read(&path).ok();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    let output = project.run(command);
    let keeps = matches!(file.split('/').next(), Some("policies" | "tests"));
    if let (Some(before), false) = (before, keeps) {
        std::fs::write(&path, before).unwrap();
    }
    let denies = command.contains("policy") && output.status.code() == Some(3);
    if output.status.success() || denies && !told(&output).contains("error") {
        Vec::new()
    } else {
        vec![format!("{}: {}", block.place, told(&output))]
    }
}

/// Tries a page; what is wrong with it.
fn page(path: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut project: Option<Project> = None;
    for block in blocks(path) {
        if let Some(words) = block.mark("project") {
            project = Some(Project::of(words));
        }
        let project = project.get_or_insert_with(|| Project::of("shop"));
        let shows = block
            .lines
            .iter()
            .any(|line| line.starts_with("$ scalectl"));
        match &*block.language {
            "sh" | "console" => wrong.extend(tried(&block, project)),
            "text" if shows => wrong.extend(tried(&block, project)),
            "yaml" => wrong.extend(read(&block, project)),
            "text" | "diff" | "json" => {}
            // The tests of what the page is about run these.
            "python" | "javascript" => {}
            other => wrong.push(format!("{}: what is a block of {other:?}?", block.place)),
        }
    }
    wrong
}

#[test]
fn every_command_and_yaml_block_of_the_documentation_is_true() {
    let mut pages: Vec<PathBuf> = std::fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.push(root().join("README.md"));
    pages.sort();
    assert!(pages.len() > 15);
    let next = std::sync::Mutex::new(pages.iter());
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let path = next.lock().unwrap().next();
                    let Some(path) = path else { break };
                    let found = page(path);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{}\n{} in all",
        wrong.join("\n\n"),
        wrong.len()
    );
}
