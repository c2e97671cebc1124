//! How commands end: their exit codes, and what becomes of them when their output cannot be written.

use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::project::{Project, SPEC};
use scalectl::apply::{Context, End, Stop, execute};
use scalectl::blueprint::Library;
use scalectl::inventory::Live;
use scalectl::plan::diff;
use scalectl::provider::sim::Sim;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::spec::Stage;

/// Commands that only look.
const LOOKING: [&str; 19] = [
    "plan",
    "plan --json",
    "plan --markdown",
    "plan --detailed-exitcode",
    "validate",
    "status",
    "status --json",
    "drift",
    "drift --json",
    "snapshot",
    "graph",
    "history",
    "history --json",
    "iam-policy",
    "policy check --json",
    "schema",
    "completions bash",
    "apply --dry-run",
    "help",
];

fn live() -> Project {
    let project = Project::new();
    project.run("apply --auto-approve");
    project
}

/// The exit code and standard error of a command whose output goes nowhere.
fn into(project: &Project, line: &str, out: Stdio) -> (Option<i32>, String) {
    let output = project.command(line).stdout(out).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[cfg(target_os = "linux")]
fn full() -> Stdio {
    let full = std::fs::File::options().write(true).open("/dev/full");
    full.unwrap().into()
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[cfg(target_os = "linux")]
#[test]
fn commands_that_look_fail_on_a_full_disk() {
    let project = live();
    for line in LOOKING {
        let (code, told) = into(&project, line, full());
        assert_eq!(code, Some(1), "{line}: {told}");
        assert!(
            told.contains("standard output could not be written"),
            "{line}: {told}"
        );
    }
}

#[test]
fn commands_that_look_end_quietly_on_a_closed_pipe() {
    let project = live();
    for line in LOOKING {
        let (code, told) = into(&project, line, closed());
        assert_eq!(code, Some(141), "{line}: {told}");
        assert!(!told.contains("error"), "{line}: {told}");
    }
}

#[test]
fn runs_come_to_their_end_when_nobody_reads() {
    for line in [
        "apply --auto-approve",
        "apply --auto-approve --json",
        "apply --auto-approve --json-into /dev/stdout",
    ] {
        let project = Project::new();
        assert_eq!(into(&project, line, closed()).0, Some(0), "{line}");
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0), "{line}");
        assert!(!project.said(&["history"]).contains("died"));
        assert_eq!(
            into(
                &project,
                "destroy --auto-approve --allow us-east-1/vpc",
                closed()
            )
            .0,
            Some(0)
        );
        assert!(project.said(&["sim list"]).contains("0 resources"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn runs_come_to_their_end_on_a_full_disk_and_fail() {
    for line in [
        "apply --auto-approve",
        "apply --auto-approve --json",
        "apply --auto-approve --json-into /dev/full",
    ] {
        let project = Project::new();
        let (code, told) = into(&project, line, full());
        assert_eq!(code, Some(1), "{line}: {told}");
        assert!(
            told.contains("could not be written completely"),
            "{line}: {told}"
        );
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0), "{line}");
    }
}

#[test]
fn a_reader_that_leaves_midway_does_not_stop_a_run() {
    let project = Project::new();
    let mut child = project
        .command("apply --auto-approve --json --speed 200")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 40]).unwrap();
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_written_leaves_the_one_before() {
    let project = live();
    project.run("snapshot --out live.json");
    let before = std::fs::read(project.path().join("live.json")).unwrap();
    // What a process may write of one file, in blocks of 512 bytes: less than a snapshot has.
    let line = format!(
        "ulimit -f 1; exec '{}' snapshot --out live.json",
        env!("CARGO_BIN_EXE_scalectl")
    );
    let mut shell = Command::new("bash");
    let output = shell
        .args(["-c", &line])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert_eq!(
        std::fs::read(project.path().join("live.json")).unwrap(),
        before
    );
}

#[test]
fn exit_codes_tell_why_a_command_failed() {
    let project = live();
    let deny = "policy: own\nrules:\n  - id: none\n    title: Nothing may change\n    severity: deny\n    kinds: [\"AWS::SSM::Parameter\"]\n    require: \"false\"\n    message: no\n    fix: ask\n";
    project.write("policies/own.yaml", deny);
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    for line in [
        "apply --auto-approve",
        "apply --dry-run --json",
        "plan --detailed-exitcode",
        "policy check",
    ] {
        assert_eq!(project.code(line), Some(3), "{line}");
    }
    std::fs::remove_file(project.path().join("policies/own.yaml")).unwrap();
    project.run("sim fault --down us-east-1");
    assert_eq!(project.code("apply --auto-approve"), Some(5));
    assert_eq!(project.code("nonsense"), Some(1));
}

#[test]
fn a_run_is_equal_at_every_speed() {
    let mut ends = Vec::new();
    // Several at 100, where each call waits for the wall's time for a moment.
    for speed in [
        "",
        " --speed 100",
        " --speed 100",
        " --speed 100",
        " --speed 1000",
        " --speed 1000000",
    ] {
        let project = Project::new();
        let told = project.said(&[&format!("apply --auto-approve --json{speed}")]);
        let end = told.lines().rfind(|line| line.contains("\"seconds\""));
        ends.push(end.unwrap().to_owned());
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0), "{speed}");
    }
    for end in &ends {
        assert_eq!(*end, ends[0]);
    }
}

#[test]
fn a_saved_plan_that_was_edited_is_refused_by_name() {
    let project = live();
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    project.run("plan --out next.plan");
    let path = project.path().join("next.plan");
    let plan: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let edit = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut edited = plan.clone();
        change(&mut edited);
        std::fs::write(&path, edited.to_string()).unwrap();
        project.said(&["apply next.plan --auto-approve"])
    };
    let told =
        edit(&|plan| plan["plan"]["changes"][0]["desired"]["properties"]["Value"] = "evil".into());
    assert!(
        told.contains("us-east-1/param would be changed differently (desired.properties.Value)"),
        "{told}"
    );
    let told = edit(&|plan| {
        let mut more = plan["plan"]["changes"][0].clone();
        more["address"] = "global/backdoor".into();
        plan["plan"]["changes"].as_array_mut().unwrap().push(more);
    });
    assert!(
        told.contains("global/backdoor would no longer be changed"),
        "{told}"
    );
    let told = edit(&|plan| plan["plan"]["changes"] = serde_json::json!([]));
    assert!(
        told.contains("us-east-1/param would also be changed"),
        "{told}"
    );
    // Unedited it is carried out, but not for another spec.
    std::fs::write(&path, plan.to_string()).unwrap();
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:3"));
    let told = project.said(&["apply next.plan --auto-approve"]);
    assert!(
        told.contains("us-east-1/param would be changed differently"),
        "{told}"
    );
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    assert_eq!(project.code("apply next.plan --auto-approve"), Some(0));
}

#[test]
fn a_cloud_that_refuses_everything_is_given_up() {
    let library = Library::embedded().unwrap();
    let graph = crate::common::graph_of(
        &library,
        &crate::common::example("shop", Stage::MultiRegion),
    );
    for faults in [
        Faults {
            transient: 1.0,
            ..Faults::default()
        },
        Faults {
            throttle: 1.0,
            ..Faults::default()
        },
    ] {
        crate::common::runtime().block_on(async {
            let sim = Sim::in_memory(Cloud::default(), faults, 0);
            let (stop, owner) = (Stop::default(), crate::common::owner());
            let context = Context {
                provider: &sim,
                owner: &owner,
                stop: &stop,
            };
            let live = Live {
                account: Some("123456789012".into()),
                ..Live::default()
            };
            let plan = diff(&graph, &live, None);
            let report = execute(&context, &plan, Some(5), &mut |_| {}).await;
            assert!(report.seconds < 120.0, "{}", report.seconds);
            let ends = |is: fn(&End) -> bool| report.count(is);
            assert_eq!(ends(|end| matches!(end, End::Done { .. })), 0);
            // Those that had begun say why; nothing new began afterwards.
            assert!(ends(|end| matches!(end, End::Failed { .. })) <= 5);
            assert!(ends(|end| matches!(end, End::NotBegun)) > 20);
            let why = report.ends.iter().find_map(|end| match end {
                End::Failed { error } => Some(error),
                _ => None,
            });
            assert!(
                why.unwrap().contains("all calls have failed for 75 s"),
                "{why:?}"
            );
        });
    }
}

#[test]
fn commands_end_when_every_call_is_refused() {
    let project = live();
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    project.run("sim fault --transient 1");
    for line in [
        "plan",
        "apply --auto-approve",
        "destroy --auto-approve",
        "status",
    ] {
        assert_eq!(project.code(line), Some(5), "{line}");
    }
    project.run("sim fault --clear");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
}

#[test]
fn what_a_killed_first_run_left_is_no_obstacle() {
    let project = Project::new();
    // As a process leaves it that dies while it makes the simulator's file.
    project.write(".scalectl/sim.redb.new", "half");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    assert!(!project.path().join(".scalectl/sim.redb.new").exists());
}

#[test]
fn an_allowed_address_that_is_gone_stops_no_run() {
    let project = live();
    let line = "destroy --auto-approve --allow us-east-1/vpc --allow us-east-1/param";
    assert_eq!(project.code(line), Some(0));
    assert_eq!(project.code(line), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn commands_that_look_need_no_right_to_write() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let project = live();
    let binary = project.path().join("scalectl-copy");
    std::fs::copy(env!("CARGO_BIN_EXE_scalectl"), &binary).unwrap();
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(project.path(), 0o555);
    mode(&project.path().join(".scalectl"), 0o555);
    mode(&project.path().join(".scalectl/sim.lock"), 0o444);
    mode(&project.path().join(".scalectl/sim.redb"), 0o444);
    for line in [
        "plan",
        "status",
        "drift",
        "sim list",
        "show us-east-1/vpc",
        "lease show",
        "doctor",
        "apply --dry-run",
    ] {
        let mut command = Command::new(&binary);
        command.args(line.split(' ')).current_dir(project.path());
        if is_root {
            // Root may write anywhere; this is nobody.
            command.uid(65534);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {told}");
    }
    mode(project.path(), 0o755);
    mode(&project.path().join(".scalectl"), 0o755);
}

/// A project with the blueprints beside it, each file of a module changed so.
fn ejected(stage: &str, change: impl Fn(&str) -> String) -> Project {
    let project = Project::empty();
    let spec = std::fs::read_to_string(crate::common::root().join("examples/shop/scalectl.yaml"));
    let spec = spec
        .unwrap()
        .replace("stage: single-server", &format!("stage: {stage}"));
    project.write("scalectl.yaml", spec);
    project.run("eject");
    let modules = project.path().join("blueprints/modules");
    for entry in std::fs::read_dir(modules).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(&text)).unwrap();
    }
    project
}

#[test]
fn a_blueprint_without_what_the_engine_looks_up_is_refused() {
    for (stage, role) in [
        ("single-server", "database-setting"),
        ("single-server", "script-host"),
        ("split-db", "database-setting"),
        ("split-db", "database-rule"),
        ("load-balanced", "database-setting"),
        ("cdn", "database-setting"),
    ] {
        let line = format!("    role: {role}\n");
        let project = ejected(stage, |text| text.replace(&line, ""));
        let told = project.said(&["validate"]);
        assert!(
            told.contains(&format!("has no resource with `role: {role}`")),
            "{stage} {role}: {told}"
        );
        assert_eq!(project.code("validate"), Some(1));
        assert_eq!(project.code("apply --auto-approve"), Some(1));
    }
}

#[test]
fn rows_move_whatever_a_blueprint_calls_what_leads_to_them() {
    // As a careful user renames: where it is made, and wherever something refers to it.
    let word = |id: &str| {
        let text = format!(r"(id: |- |[^\w/]){id}(\.|\n|\[|\W)");
        regex_lite::Regex::new(&text).unwrap()
    };
    let words = ["param_database", "sg_data_from_server"].map(|id| (id, word(id)));
    let project = ejected("single-server", |text| {
        words.iter().fold(text.to_owned(), |text, (id, word)| {
            let renamed = word.replace_all(&text, |found: &regex_lite::Captures<'_>| {
                format!("{}my_{id}{}", &found[1], &found[2])
            });
            renamed.into_owned()
        })
    });
    assert_eq!(project.code("validate"), Some(0));
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let told = project.said(&["migrate --to split-db --plan"]);
    for step in [
        "preflight",
        "replicate",
        "verify",
        "cut-over",
        "my_param_database",
    ] {
        assert!(told.contains(step), "{step}: {told}");
    }
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(told.contains("split-db"), "{told}");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[test]
fn a_role_is_one_that_there_is_and_of_its_type() {
    let project = ejected("single-server", |text| {
        text.replace("    role: script-host\n", "    role: script-hose\n")
            .replace(
                "    kind: AWS::EC2::VPC\n",
                "    kind: AWS::EC2::VPC\n    role: database-rule\n",
            )
            .replace("    role: network\n", "")
    });
    let told = project.said(&["validate"]);
    assert!(told.contains("there is no role \"script-hose\""), "{told}");
    assert!(told.contains("server.yaml:"), "{told}");
    let wrong = "a database-rule is an AWS::EC2::SecurityGroupIngress, not an AWS::EC2::VPC";
    assert!(told.contains(wrong), "{told}");
}

#[test]
fn plan_doctor_and_migrate_agree_on_a_change_of_stage_and_image() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    project.run("apply --auto-approve");
    let path = project.path().join("scalectl.yaml");
    let spec = std::fs::read_to_string(&path).unwrap();
    let image = regex_lite::Regex::new("image: .*").unwrap();
    let spec = image.replace_all(&spec, "image: ghcr.io/acme/shop:2.0.0");
    project.write(
        "scalectl.yaml",
        spec.replace("stage: single-server", "stage: split-db")
            .as_bytes(),
    );
    for line in [
        "plan",
        "plan --markdown",
        "plan --json",
        "plan --out next.plan",
        "plan --detailed-exitcode",
        "migrate --plan",
        "migrate --plan --out next.plan",
        "migrate --dry-run",
        "migrate --auto --auto-approve",
        "doctor",
    ] {
        let told = project.said(&[line]);
        assert!(told.contains("param_service[web]"), "{line}: {told}");
        assert!(
            told.contains("apply --stage single-server"),
            "{line}: {told}"
        );
        assert_eq!(project.code(line), Some(1), "{line}");
    }
    assert!(!project.path().join("next.plan").exists());
    project.run("apply --stage single-server --auto-approve");
    for line in ["plan", "doctor", "migrate --auto --auto-approve"] {
        assert_eq!(project.code(line), Some(0), "{line}");
    }
}

/// How a command on a terminal ends whose questions are all answered like this.
#[cfg(unix)]
fn answered(project: &Project, answer: &str, line: &str) -> (Option<i32>, String) {
    let output = Command::new("python3")
        .arg(crate::common::root().join("tests/terminal.py"))
        .args([answer, env!("CARGO_BIN_EXE_scalectl")])
        .args(line.split(' '))
        .current_dir(project.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), told)
}

#[cfg(unix)]
#[test]
fn an_interrupt_at_a_question_ends_with_130_and_a_no_with_1() {
    let fresh = Project::new();
    let made = live();
    let before = made.said(&["sim list"]);
    for (answer, code) in [("^C", 130), ("no", 1), ("Yes", 1), ("", 1)] {
        let (ended, told) = answered(&fresh, answer, "apply");
        assert_eq!(ended, Some(code), "apply, {answer}: {told}");
        for line in ["destroy", "sim reset"] {
            let (ended, told) = answered(&made, answer, line);
            assert_eq!(ended, Some(code), "{line}, {answer}: {told}");
        }
    }
    assert!(!fresh.said(&["sim list"]).contains("us-east-1/vpc"));
    assert_eq!(made.said(&["sim list"]), before);
    let (ended, told) = answered(&made, "tiny", "destroy");
    assert_eq!(ended, Some(0), "{told}");
}

#[test]
fn apply_asks_below_one_screen_and_unfolds_what_it_folds() {
    let fresh = Project::new();
    let (ended, told) = answered(&fresh, "d,no", "apply");
    assert_eq!(ended, Some(1), "{told}");
    let (screen, rest) = told.split_once("Only `yes`").unwrap();
    assert!(screen.lines().count() <= 40, "{screen}");
    let place = |text: &str| {
        screen
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {screen}"))
    };
    let (network, plan, blast) = (place("subnet ×2"), place("Plan:"), place("Blast radius:"));
    assert!(network < plan && plan < blast, "{screen}");
    assert!(!screen.contains("CidrBlock"), "{screen}");
    assert!(rest.contains("CidrBlock"), "{rest}");
    let whole = fresh.said(&["apply -v --auto-approve"]);
    assert!(whole.contains("CidrBlock"), "{whole}");
    // What changes is told in full.
    let spec = std::fs::read_to_string(fresh.path().join("scalectl.yaml")).unwrap();
    fresh.write("scalectl.yaml", spec.replace("nginx:1", "other:2"));
    let (_, told) = answered(&fresh, "no", "apply");
    assert!(
        told.contains("other:2") && told.contains("us-east-1/param"),
        "{told}"
    );
}

/// What a command on a terminal of this size shows in the end, and its exit code.
#[cfg(unix)]
fn seen(project: &Project, size: &str, answer: &str, line: &str) -> (Option<i32>, String) {
    let output = Command::new("python3")
        .arg(crate::common::root().join("tests/terminal.py"))
        .args(["--screen", size, answer, env!("CARGO_BIN_EXE_scalectl")])
        .args(line.split(' '))
        .current_dir(project.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "", "{line} at {size}: {told}");
    (output.status.code(), told)
}

/// Fails unless nothing of a run's rows is left, the cursor is shown at the beginning of a line, and no word is broken
/// between two lines.
#[cfg(unix)]
fn is_clean(screen: &str) {
    let rows = |c: char| matches!(c, '█' | '░' | '\u{2800}'..='\u{28ff}');
    assert!(!screen.contains(rows), "{screen}");
    let last = screen.trim_end().lines().last().unwrap();
    assert!(last.ends_with(" 0 shown"), "{screen}");
    assert!(!screen.contains("^C"), "{screen}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_a_clean_screen_at_every_width() {
    for (size, columns) in [
        ("60x30", 60),
        ("80x24", 80),
        ("120x40", 120),
        ("200x50", 200),
    ] {
        let project = Project::new();
        let begun = "yes,^C@s of about";
        let (code, screen) = seen(&project, size, begun, "apply --speed 20");
        assert_eq!(code, Some(130), "{screen}");
        is_clean(&screen);
        assert!(screen.contains("Apply stopped:"), "{screen}");
        let widest = screen.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(columns), "{screen}");
        project.run("apply --auto-approve");
        for (begun, step) in [(begun, 1), ("yes,yes,^C@waiting until 900 s", 2)] {
            let line = match step {
                1 => "migrate --to split-db --speed 20",
                _ => "migrate --resume --speed 60",
            };
            let (code, screen) = seen(&project, size, begun, line);
            assert_eq!(code, Some(130), "{screen}");
            is_clean(&screen);
            let stopped = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                stopped.contains(&format!("error: step {step} (")),
                "{screen}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn migrate_asks_below_the_folded_plan_of_the_step_that_begins() {
    let project = live();
    let (code, told) = answered(&project, "d,no", "migrate --to split-db");
    assert_eq!(code, Some(1), "{told}");
    let (screen, rest) = told.split_once("Only `yes`").unwrap();
    assert!(screen.lines().count() <= 50, "{screen}");
    for text in [
        "point of no return",
        "Step 1",
        "33 to create",
        "Blast radius:",
        "alarm_server_disk ×2",
    ] {
        assert!(screen.contains(text), "{text}: {screen}");
    }
    assert!(!screen.contains("InstanceType"), "{screen}");
    assert!(rest.contains("InstanceType"), "{rest}");
    let whole = project.said(&["migrate --to split-db --plan"]);
    assert!(whole.contains("until names reach servers"), "{whole}");
}

/// An example as it is, applied.
fn applied(example: &str) -> Project {
    let project = Project::empty();
    let spec = crate::common::root().join(format!("examples/{example}/scalectl.yaml"));
    project.write("scalectl.yaml", std::fs::read_to_string(spec).unwrap());
    project.run("apply --auto-approve");
    project
}

#[test]
fn status_shows_what_answers_when_a_region_does_not() {
    let project = applied("marketplace");
    project.run("sim fault --down us-east-1");
    let output = project.run("status");
    let (shown, warned) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(shown.contains("eu-west-1/cache"), "{shown}");
    assert!(!shown.contains("us-east-1/cache"), "{shown}");
    assert!(
        warned.contains("us-east-1 does not respond") && warned.contains("scalectl failover"),
        "{warned}"
    );
}

#[test]
fn destroy_says_what_is_kept_and_files_each_resource_under_its_tier() {
    let project = applied("shop");
    let told = project.said(&["destroy -v"]);
    assert!(
        told.contains("the EBS volume /dev/sdf of us-east-1/server"),
        "{told}"
    );
    let data = told
        .split("\ndata\n")
        .nth(1)
        .unwrap_or_else(|| panic!("{told}"));
    let data = data.split("\n\n").next().unwrap();
    assert!(data.contains("us-east-1/param_database"), "{told}");
}

#[test]
fn habits_from_other_tools_are_answered() {
    let project = Project::new();
    for (line, what) in [
        ("up", "`scalectl apply`"),
        ("workspace", "`--env NAME`"),
        ("apply -auto-approve", "`--auto-approve`"),
    ] {
        let told = project.said(&[line]);
        assert!(told.contains(what), "{line}: {told}");
    }
    let help = project.said(&["--help"]);
    for group in ["Start:", "Change:", "Look:", "Check:", "Simulator:"] {
        assert!(help.contains(group), "{group}: {help}");
    }
    assert!(
        project
            .said(&["eject blueprints/single-server.yaml"])
            .contains("single-server.yaml")
    );
    assert!(
        project
            .path()
            .join("blueprints/single-server.yaml")
            .exists()
    );
}

#[test]
fn status_says_which_database_takes_the_writes() {
    let project = Project::empty();
    let spec = crate::common::root().join("examples/marketplace/scalectl.yaml");
    project.write("scalectl.yaml", std::fs::read_to_string(spec).unwrap());
    project.run("apply --auto-approve");
    let told = String::from_utf8(project.run("status").stdout).unwrap();
    let of = |what: &str| {
        let lines = told
            .lines()
            .filter(|line| line.trim_start().starts_with(what));
        lines
            .filter(|line| line.contains(".rds.amazonaws.com"))
            .count()
    };
    assert_eq!((of("database "), of("replica ")), (1, 2), "{told}");
}
