//! The real binary, as a person or a script would run it: transcripts, exit codes, signals.

#[path = "common/project.rs"]
mod project;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use project::{MODULE, Project, SPEC};
use regex_lite::Regex;

#[test]
fn from_an_empty_cloud_to_an_application_and_back() {
    let project = Project::new();
    insta::assert_snapshot!(project.transcript(&[
        "plan",
        "apply --auto-approve",
        "plan",
        "status",
        "destroy --auto-approve",
        "destroy --auto-approve",
    ]));
}

#[test]
fn drift_is_shown_as_drift_and_set_back() {
    let project = Project::new();
    project.run("apply --auto-approve");
    insta::assert_snapshot!(project.transcript(&[
        "sim drift us-east-1/param Value=hacked",
        "sim drift us-east-1/subnet[b] --delete",
        "plan",
        "show us-east-1/param",
        "apply --auto-approve",
        "plan",
    ]));
}

/// `examples/NAME` in a folder of its own, applied at a stage.
fn deployed(name: &str, stage: &str) -> Project {
    let project = Project::empty();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let spec = root.join(format!("examples/{name}/scalectl.yaml"));
    project.write("scalectl.yaml", std::fs::read_to_string(spec).unwrap());
    assert_eq!(
        project.code(&format!("apply --stage {stage} --auto-approve")),
        Some(0)
    );
    project
}

#[test]
fn invalidate_waits_until_the_edge_has_forgotten() {
    let project = deployed("newsroom", "cdn");
    let told = project.said(&["invalidate /index.html /assets/*"]);
    assert!(told.contains("forgets 2 paths"), "{told}");
    assert!(told.contains("not everywhere yet, 30 s"), "{told}");
    assert!(
        told.contains("forgotten /index.html, /assets/* after 1 m"),
        "{told}"
    );
    let told = project.said(&["invalidate index.html"]);
    assert!(
        told.contains("\"index.html\" is not a path of the site"),
        "{told}"
    );
    let many = ["/a*"; 16].join(" ");
    assert_eq!(project.code(&format!("invalidate {many}")), Some(5));
}

#[test]
fn invalidate_says_that_a_stage_has_no_cdn() {
    let project = deployed("newsroom", "single-server");
    let told = project.said(&["invalidate /*"]);
    assert!(told.contains("has no CDN at stage single-server"), "{told}");
    assert_eq!(project.code("invalidate /*"), Some(1));
}

#[test]
fn cache_flush_asks_and_spares_writes_that_wait() {
    let project = deployed("pulse", "load-balanced");
    let told = project.said(&["cache flush"]);
    assert!(told.contains("no terminal to ask on"), "{told}");
    assert_eq!(project.code("cache flush --auto-approve"), Some(0));
    project.run("sim backlog us-east-1/queue_writes 3");
    let told = project.said(&["cache flush --auto-approve"]);
    assert!(
        told.contains("has 3 acknowledged writes that are not in the database"),
        "{told}"
    );
    assert_eq!(project.code("cache flush --auto-approve"), Some(1));
    project.run("sim backlog us-east-1/queue_writes 0");
    let told = project.said(&["cache flush --auto-approve"]);
    assert!(told.contains("The cache in us-east-1 is empty."), "{told}");
    let shop = deployed("shop", "single-server");
    assert!(shop.said(&["cache flush"]).contains("has no cache"));
}

#[test]
fn validate_finds_a_mistake_in_any_environment() {
    let project = Project::new();
    let of = |provider: &str| {
        let text = format!("{SPEC}environments:\n  live: {{}}\n  test: {{provider: {provider}}}\n");
        project.write("scalectl.yaml", text);
    };
    of("aws");
    assert_eq!(project.code("validate"), Some(0));
    of("azure");
    let told = project.said(&["validate"]);
    assert!(told.contains("provider cannot be \"azure\""), "{told}");
    assert!(told.contains("scalectl.yaml:7:"), "{told}");
    assert_eq!(project.code("validate --env live"), Some(0));
}

#[test]
fn a_database_is_not_asked_to_become_smaller_or_older() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage split-db");
    let spec = std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap();
    let with = |version: &str, size: u16| {
        let database = format!("  engine: postgres\n  version: '{version}'\n  storage: {size}\n");
        let written = Regex::new("  engine: postgres\n  storage: [0-9]+\n").unwrap();
        assert!(written.is_match(&spec), "{spec}");
        project.write("scalectl.yaml", &*written.replace(&spec, database));
    };
    with("17", 100);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    for (version, size) in [("17", 50), ("16", 100)] {
        with(version, size);
        let told = project.said(&["apply --auto-approve"]);
        let why = "AWS makes storage larger and versions newer, and never the other way round";
        assert!(told.contains(why), "{told}");
    }
    with("17", 200);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
}

#[test]
fn what_the_spec_calls_otherwise_can_be_given_its_new_address() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.write(
        "blueprints/modules/tiny.yaml",
        MODULE.replace("- id: param", "- id: settings"),
    );
    assert_eq!(
        project.code("apply --auto-approve"),
        Some(1),
        "its name is taken"
    );
    // What the spec has under its address stays there.
    let told = project.said(&["import us-east-1/settings us-east-1/vpc --auto-approve"]);
    assert!(told.contains("there is no AWS::SSM::Parameter"), "{told}");
    let told = project.said(&["import us-east-1/settings /tiny --auto-approve"]);
    assert!(
        told.contains("/tiny was us-east-1/param, which the spec does not have any more."),
        "{told}"
    );
    assert!(
        told.contains("Adopted: /tiny is us-east-1/settings from now on."),
        "{told}"
    );
    // Its name's tag follows.
    let told = project.said(&["plan"]);
    let counts = "Plan: 0 to create, 1 to update, 0 to replace, 0 to delete";
    assert!(told.contains(counts), "{told}");
    project.run("apply --auto-approve");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let told = project.said(&["import us-east-1/param /tiny --auto-approve"]);
    assert!(
        told.contains("there is no resource us-east-1/param"),
        "{told}"
    );
}

#[test]
fn what_cannot_become_what_the_spec_wants_is_not_adopted_unasked() {
    let project = Project::new();
    project.run("apply --auto-approve");
    let shown = project.run("show us-east-1/vpc --json").stdout;
    let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap();
    let identifier = shown["live"]["identifier"].as_str().unwrap();
    project.run("sim disown us-east-1/vpc");
    project.write(
        "scalectl.yaml",
        format!("{SPEC}network: {{cidr: 10.9.0.0/16}}\n"),
    );
    let line = format!("import us-east-1/vpc {identifier} --auto-approve");
    let told = project.said(&[&line]);
    let refused = format!("{identifier} cannot become us-east-1/vpc; nothing was changed");
    assert!(told.contains(&refused), "{told}");
    project.write("scalectl.yaml", SPEC);
    assert_eq!(project.code(&line), Some(0));
}

#[test]
fn a_replace_says_what_forces_it() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.write(
        "scalectl.yaml",
        format!("{SPEC}network: {{cidr: 10.9.0.0/16}}\n"),
    );
    insta::assert_snapshot!(
        project.transcript(&["plan", "apply --auto-approve --allow us-east-1/vpc"])
    );
}

#[test]
fn what_is_protected_goes_only_by_name() {
    let project = Project::new();
    let protected = MODULE.replace(
        "tier: compute",
        "tier: compute\n    lifecycle: {protect: true}",
    );
    project.write("blueprints/modules/tiny.yaml", &protected);
    project.run("apply --auto-approve");
    let without = MODULE.split("  - id: param").next().unwrap();
    project.write("blueprints/modules/tiny.yaml", without);
    insta::assert_snapshot!(project.transcript(&[
        "plan",
        "apply --auto-approve",
        "apply --auto-approve --allow us-east-1/param",
    ]));
}

#[test]
fn nobody_is_asked_without_a_terminal_and_nothing_is_done() {
    let project = Project::new();
    let told = project.said(&["apply", "sim list"]);
    assert!(
        told.contains("there is no terminal to ask on; nothing was changed"),
        "{told}"
    );
    assert!(
        told.contains("(exit code 1)") && told.contains("0 resources"),
        "{told}"
    );
}

#[test]
fn a_saved_plan_is_applied_once_and_not_when_stale() {
    let project = Project::new();
    let told = project.said(&["plan --out next.plan", "apply next.plan", "apply next.plan"]);
    assert!(told.contains("4 created"), "{told}");
    assert!(told.contains("It was applied already or edited"), "{told}");
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    project.run("plan --out next.plan");
    project.run("sim drift us-east-1/param Value=hacked");
    let told = project.said(&["apply next.plan"]);
    assert!(
        told.contains("us-east-1/param would be changed otherwise"),
        "{told}"
    );
    let other = SPEC.replace("app: tiny", "app: other");
    project.write("scalectl.yaml", other);
    let told = project.said(&["apply next.plan"]);
    assert!(
        told.contains("is for tiny (default) on sim, not for other"),
        "{told}"
    );
}

#[test]
fn what_a_saved_plan_does_not_touch_may_change() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    project.run("plan --out next.plan");
    project.run("sim drift us-east-1/subnet[a] MapPublicIpOnLaunch=true");
    assert_eq!(project.code("apply next.plan"), Some(0));
}

#[test]
fn exit_codes_are_what_ci_expects() {
    let project = Project::new();
    assert_eq!(project.code("plan"), Some(0));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(2));
    project.run("apply --auto-approve");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    assert_eq!(
        project.code("plan --detailed-exitcod"),
        Some(1),
        "a wrong usage is 1, never 2"
    );
    assert_eq!(project.code("--help"), Some(0));
    assert_eq!(project.code(""), Some(1));
    project.write("scalectl.yaml", "app: [");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(1));
}

#[test]
fn all_mistakes_are_told_at_once_each_with_its_line() {
    let project = Project::new();
    let spec = "app: tiny\nstge: cdn\nstage: single-serer\nservices:\n  web: {image: nginx:1, port: 99999, scale: {min: 9, max: 2}}\nmonitoring: {log_retention_days: 17}\n";
    project.write("scalectl.yaml", spec);
    insta::assert_snapshot!(project.transcript(&["validate"]));
}

#[test]
fn mistakes_in_a_blueprint_beside_the_spec_are_told_at_their_place() {
    let project = Project::new();
    project.write(
        "blueprints/modules/tiny.yaml",
        MODULE
            .replace("${vpc.VpcId}\n", "${vcp.VpcId}\n")
            .replace("CidrBlock: \"", "CidrBlok: \""),
    );
    insta::assert_snapshot!(project.transcript(&["plan"]));
}

#[test]
fn resources_that_wait_for_each_other_are_told() {
    let project = Project::new();
    let module = "module: tiny\ndescription: x\nresources:\n  - {id: one, kind: AWS::SSM::Parameter, tier: compute, properties: {Name: /a, Type: String, Value: \"${two.Arn}\"}}\n  - {id: two, kind: AWS::SSM::Parameter, tier: compute, properties: {Name: /b, Type: String, Value: \"${one.Arn}\"}}\n";
    project.write("blueprints/modules/tiny.yaml", module);
    let told = project.said(&["plan"]);
    assert!(
        told.contains("these resources wait for each other: us-east-1/one, us-east-1/two"),
        "{told}"
    );
}

#[test]
fn options_work_before_and_after_the_command_and_from_the_environment() {
    let project = Project::new();
    project.write(
        "scalectl.yaml",
        format!("{SPEC}environments:\n  staging: {{network: {{cidr: 10.7.0.0/16}}}}\n"),
    );
    let plain = |line: &str| String::from_utf8(project.run(line).stdout).unwrap();
    let after = plain("plan -e staging --region eu-west-1");
    assert!(
        after.contains("10.7.0.0/16") && after.contains("eu-west-1/vpc"),
        "{after}"
    );
    assert_eq!(plain("-e staging --region eu-west-1 plan"), after);
    let output = project
        .command("plan")
        .envs([
            ("SCALECTL_ENV", "staging"),
            ("SCALECTL_REGION", "eu-west-1"),
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), after);
    // The spec is found from a folder below too.
    std::fs::create_dir_all(project.path().join("a/b")).unwrap();
    let below = project
        .command("plan -e staging --region eu-west-1")
        .current_dir(project.path().join("a/b"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(below.stdout).unwrap(), after);
}

#[test]
fn colours_come_when_forced_and_go_when_asked() {
    let project = Project::new();
    let colours = |line: &str, envs: &[(&str, &str)]| {
        let output = project
            .command(line)
            .envs(envs.iter().copied())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().contains('\u{1b}')
    };
    assert!(colours("plan", &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours("plan --no-color", &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours("plan", &[("NO_COLOR", "1")]));
    assert!(!colours(
        "plan",
        &[("CLICOLOR_FORCE", "1"), ("SCALECTL_NO_COLOR", "1")]
    ));
    assert!(colours(
        "plan",
        &[("CLICOLOR_FORCE", "1"), ("SCALECTL_NO_COLOR", "0")]
    ));
}

#[test]
fn json_is_json_and_nothing_else() {
    let project = Project::new();
    let json = |line: &str| -> serde_json::Value {
        let output = project.run(line);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let plan = json("plan --json");
    assert_eq!(
        (&plan["format"], &plan["summary"]["create"]),
        (&1.into(), &4.into())
    );
    let applied = project.run("apply --auto-approve --json");
    for line in String::from_utf8(applied.stdout).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line)
            .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    assert_eq!(json("status --json")["stage"], "single-server");
    assert_eq!(json("show us-east-1/vpc --json")["live"]["status"], "Ready");
    assert_eq!(
        json("sim list --json")["resources"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(json("history --json")["runs"].as_array().unwrap().len(), 1);
    assert_eq!(json("export")["AWSTemplateFormatVersion"], "2010-09-09");
    assert_eq!(json("schema")["title"], "scalectl.yaml");
    assert!(json("stages --json")["stages"].as_array().unwrap().len() == 5);
}

#[test]
fn only_a_target_and_what_it_needs_is_planned() {
    let project = Project::new();
    let told = project.said(&[
        "plan --target us-east-1/subnet[a]",
        "plan --target us-east-1/subnt[a]",
    ]);
    assert!(told.contains("Plan: 2 to create"), "{told}");
    assert!(told.contains("did you mean us-east-1/subnet[a]?"), "{told}");
}

#[test]
fn a_refused_call_stops_what_depends_on_it_and_nothing_else() {
    let project = Project::new();
    project.run("sim fault --refuse us-east-1/subnet[a] --code NoCapacity --times 1");
    insta::assert_snapshot!(
        project
            .transcript(&[
                "apply --auto-approve",
                "status",
                "apply --auto-approve",
                "history"
            ])
            .lines()
            // Runs are called by the time at which they began.
            .map(
                |line| Regex::new("[0-9]{8}T[0-9.Z]+|[0-9]{4}-[0-9-]+T[0-9:]+")
                    .unwrap()
                    .replace_all(line, "[TIME]")
                    .into_owned()
                    + "\n"
            )
            .collect::<String>()
    );
}

#[test]
fn bad_weather_changes_the_time_and_not_the_result() {
    let project = Project::new();
    project.run("sim fault --throttle 0.4 --transient 0.1 --lose 0.2 --lag 2000 --seed 3");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project.run("sim fault --clear");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[test]
fn the_application_is_not_led_to_an_empty_database_unawares() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    project.run("apply --auto-approve");
    let told = project.said(&["apply --stage split-db --direct --auto-approve", "sim list"]);
    assert!(
        told.contains("us-east-1/param_database (the application would be led to another database"),
        "{told}"
    );
    assert!(!told.contains("DBInstance  shop-default-db"), "{told}");
    let allowed = "--allow us-east-1/param_database";
    assert_eq!(
        project.code(&format!(
            "apply --stage split-db --direct --auto-approve {allowed}"
        )),
        Some(0)
    );
    assert_eq!(
        project.code("plan --stage split-db --direct --detailed-exitcode"),
        Some(0)
    );
}

#[test]
fn an_environment_that_left_the_spec_can_still_be_destroyed() {
    let project = Project::new();
    project.write(
        "scalectl.yaml",
        format!("{SPEC}environments:\n  staging: {{network: {{cidr: 10.7.0.0/16}}}}\n"),
    );
    project.run("-e staging apply --auto-approve");
    project.write("scalectl.yaml", SPEC);
    assert_eq!(project.code("-e staging plan"), Some(1));
    let told = project.said(&["-e staging destroy --auto-approve", "sim list"]);
    assert!(
        told.contains("4 deleted") && told.contains("0 resources"),
        "{told}"
    );
}

#[test]
fn a_new_image_is_shown_as_a_new_image() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage load-balanced");
    project.run("apply --auto-approve");
    let path = project.path().join("scalectl.yaml");
    let spec = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        spec.replace("nginx:1.29", "nginx:1.30")
            .replace("t4g.small", "m7g.large"),
    )
    .unwrap();
    let told = project.said(&["plan"]);
    assert!(
        told.contains(
            "~ image = \"public.ecr.aws/nginx/nginx:1.29\" -> \"public.ecr.aws/nginx/nginx:1.30\""
        ),
        "{told}"
    );
    let type_alone = "~ LaunchTemplateData.InstanceType = \"t4g.small\" -> \"m7g.large\"";
    assert!(told.contains(type_alone), "{told}");
    assert!(!told.contains("UserData"), "{told}");
    assert!(
        told.contains("AWS replaces all 2 servers by new ones, one after the other"),
        "{told}"
    );
}

#[test]
fn a_damaged_file_of_the_embedded_cloud_is_told_and_can_be_reset() {
    let project = Project::new();
    project.run("apply --auto-approve");
    let path = project.path().join(".scalectl/sim.redb");
    let mut bytes = std::fs::read(&path).unwrap();
    for (index, byte) in bytes.iter_mut().enumerate().skip(4096) {
        *byte = (index % 251) as u8;
    }
    std::fs::write(&path, bytes).unwrap();
    let told = project.said(&["plan"]);
    assert!(
        told.contains("the embedded cloud's file is not usable") && told.contains("sim reset"),
        "{told}"
    );
    assert_eq!(project.code("sim reset --auto-approve"), Some(0));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(2));
}

/// An apply whose embedded cloud hardly moves: after its first line of progress there are four more
/// seconds in which to interfere.
fn stuck(project: &Project) -> Child {
    let mut child = project
        .command("apply --auto-approve --speed 0.5")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(" created ") {
        line.clear();
        assert!(
            out.read_line(&mut line).unwrap() > 0,
            "it ended before anything was created"
        );
    }
    child.stdout = Some(out.into_inner());
    child
}

#[test]
fn a_run_that_is_killed_is_taken_up_by_the_next_one() {
    let project = Project::new();
    let mut child = stuck(&project);
    child.kill().unwrap();
    child.wait().unwrap();
    let told = project.said(&[
        "apply --auto-approve",
        "plan --detailed-exitcode",
        "sim list",
    ]);
    assert!(
        told.contains("Nothing to do: 4 resources") && told.contains("\n4 resources"),
        "{told}"
    );
    assert!(!told.contains("exit code"), "{told}");
    let history = String::from_utf8(project.run("history").stdout).unwrap();
    assert!(history.contains("died before its end"), "{history}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_run_cleanly_and_the_next_one_goes_on() {
    for signal in ["INT", "TERM"] {
        let project = Project::new();
        let mut child = stuck(&project);
        let kill = Command::new("kill")
            .args([format!("-{signal}"), child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        let mut rest = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            rest.push_str(&line.unwrap());
            rest.push('\n');
        }
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}: {rest}");
        assert!(
            rest.contains("Apply stopped") && rest.contains("takes up where this run ended"),
            "{signal}: {rest}"
        );
        assert_eq!(project.code("apply --auto-approve"), Some(0));
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    }
}

#[test]
fn a_second_writer_waits_or_is_told_who_is_at_work() {
    let project = Project::new();
    let mut child = stuck(&project);
    let told = project.said(&["apply --auto-approve --lock-timeout 0"]);
    assert!(
        told.contains("the embedded cloud is in use by")
            && told.contains("which runs `scalectl apply`"),
        "{told}"
    );
    assert!(told.contains(&format!("pid {}", child.id())), "{told}");
    // The patient one gets its turn when the first is gone.
    let waiting = project
        .command("apply --auto-approve --lock-timeout 60")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(waiting.wait_with_output().unwrap().status.success());
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[test]
fn init_writes_a_spec_for_every_stage_that_can_be_applied_at_once() {
    for stage in [
        "single-server",
        "split-db",
        "load-balanced",
        "cdn",
        "multi-region",
    ] {
        let project = Project::empty();
        let line = format!("init --app shop --domain shop.example.com --stage {stage}");
        assert_eq!(project.code(&line), Some(0), "{stage}");
        assert_eq!(project.code("apply --auto-approve"), Some(0), "{stage}");
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0), "{stage}");
        assert_eq!(project.code("plan -e staging"), Some(0), "{stage}");
        assert_eq!(project.code(&line), Some(1), "a spec is not overwritten");
    }
    let project = Project::empty();
    assert_eq!(project.code("init --app shop"), Some(0));
    assert_eq!(
        project.code("apply --auto-approve"),
        Some(0),
        "without a domain"
    );
    assert_eq!(project.code("init --app Shop! --force"), Some(1));
}

#[test]
fn ejected_blueprints_make_the_same_resources() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage cdn");
    let before = project.run("plan --json").stdout;
    let told = project.said(&["eject", "eject", "eject modules/dat.yaml"]);
    assert!(
        told.contains("exists already; nothing was written"),
        "{told}"
    );
    assert!(told.contains("did you mean modules/data.yaml?"), "{told}");
    assert!(project.path().join("blueprints/modules/data.yaml").exists());
    assert_eq!(project.run("plan --json").stdout, before);
}

#[test]
fn drawings_and_completions_come_in_every_form() {
    let project = Project::new();
    for (line, begins) in [
        ("graph", "<svg"),
        ("graph --format dot", "digraph"),
        ("graph --format mermaid", "flowchart"),
        ("completions bash", "_scalectl"),
        ("completions zsh", "#compdef"),
        ("completions fish", "# "),
    ] {
        let out = String::from_utf8(project.run(line).stdout).unwrap();
        assert!(
            out.starts_with(begins),
            "{line}: {}",
            out.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn help_teaches_with_examples() {
    let project = Project::empty();
    insta::assert_snapshot!(project.transcript(&["--help"]));
    for command in [
        "init",
        "validate",
        "plan",
        "apply",
        "migrate",
        "drift",
        "snapshot",
        "destroy",
        "show",
        "graph",
        "eject",
        "export",
        "schema",
        "completions",
        "history",
        "sim",
    ] {
        let help = String::from_utf8(project.run(&format!("{command} --help")).stdout).unwrap();
        assert!(help.contains("Example"), "{command} --help has no example");
    }
}

#[test]
fn hostile_files_are_refused_with_words() {
    let project = Project::new();
    let deep = format!("app: {}x{}", "[".repeat(5000), "]".repeat(5000));
    let bomb = format!(
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n{}",
        ('b'..='j')
            .map(|c| {
                let before = char::from(c as u8 - 1);
                format!("{c}: &{c} [{}]\n", vec![format!("*{before}"); 10].join(","))
            })
            .collect::<String>()
    );
    let long = format!(
        "app: {}\nstage: single-server\nservices: {{web: {{image: x}}}}\n",
        "x".repeat(10_000_000)
    );
    let clash = "app: tiny\nstage: multi-region\ndomain: a.example.com\nservices: {web: {image: x}}\nregions: [{name: us-east-1, cidr: 10.0.0.0/16}, {name: eu-west-1, cidr: 10.0.128.0/17}]\n";
    let files: [(&str, Vec<u8>); 10] = [
        ("clash", clash.into()),
        ("deep", deep.into_bytes()),
        ("bomb", bomb.into_bytes()),
        ("long", long.into_bytes()),
        (
            "utf16",
            "app: tiny\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
        ("latin1", b"app: caf\xe9\n".to_vec()),
        ("nul", b"app: ti\0ny\n".to_vec()),
        ("empty", Vec::new()),
        ("scalar", b"hello".to_vec()),
        ("twice", b"app: a\napp: b\n".to_vec()),
    ];
    for (name, bytes) in files {
        project.write("scalectl.yaml", bytes);
        let output = project.try_run("validate");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {told}");
        assert!(
            told.starts_with("error:") && !told.contains("panicked"),
            "{name}: {told}"
        );
        assert!(
            told.len() < 20_000,
            "{name}: {} bytes of complaint",
            told.len()
        );
    }
}

/// An application at its first stage, whose spec asks for the second.
fn migrating() -> Project {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project
}

fn spec_of(project: &Project) -> String {
    std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap()
}

#[test]
fn another_stage_is_a_migration_and_not_an_apply() {
    let project = migrating();
    let spec = spec_of(&project).replace("stage: single-server", "stage: split-db");
    project.write("scalectl.yaml", &spec);
    assert_eq!(project.code("plan --detailed-exitcode"), Some(2));
    let told = project.said(&["plan", "apply --auto-approve"]);
    assert!(
        told.contains("Migration from single-server to split-db"),
        "{told}"
    );
    assert!(told.contains("point of no return"), "{told}");
    assert!(
        told.contains("`scalectl migrate --to split-db` goes there"),
        "{told}"
    );
    assert!(!project.said(&["sim list"]).contains("DBInstance"));
    let json = project.run("plan --json").stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["to"], "split-db");
    assert_eq!(json["budget"]["unavailable"], 3);
}

#[test]
fn a_migration_goes_step_by_step_and_says_where_it_stands() {
    let project = migrating();
    let before = spec_of(&project);
    let told = project.said(&["migrate --to split-db"]);
    assert!(told.contains("there is no terminal to ask on"), "{told}");
    let step = "migrate --to split-db --step --auto-approve";
    assert_eq!(project.code(step), Some(0));
    let told = project.said(&["migrate --status", "apply --auto-approve", step]);
    assert!(told.contains("step 1 (expand) is done"), "{told}");
    assert!(
        told.contains("a migration from single-server to split-db is under way"),
        "{told}"
    );
    assert!(
        told.contains("go on with `--resume`, or back with `--rollback`"),
        "{told}"
    );
    // Told to, it looks; what the migration has made for the other stage is protected all the same.
    let told = project.said(&["apply --auto-approve --during-migration"]);
    assert!(told.contains("us-east-1/db (it is protected)"), "{told}");
    assert_eq!(
        project.code("migrate --to split-db --resume --auto --auto-approve"),
        Some(0)
    );
    // One word of the spec is another one.
    assert_eq!(
        spec_of(&project),
        before.replacen("stage: single-server", "stage: split-db", 1)
    );
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let told = project.said(&["migrate --status", "history"]);
    assert!(
        told.contains("No migration is under way; shop is at stage split-db"),
        "{told}"
    );
    assert!(told.contains("migrate"), "{told}");
}

#[test]
fn a_migration_leads_back_while_there_is_a_way() {
    let project = migrating();
    let before = project.run("status --json").stdout;
    let resume = "migrate --to split-db --resume --step --auto-approve";
    assert_eq!(
        project.code("migrate --to split-db --step --auto-approve"),
        Some(0)
    );
    for _ in 0..5 {
        assert_eq!(project.code(resume), Some(0));
    }
    let told = project.said(&["migrate --rollback --auto-approve"]);
    assert!(told.contains("shop is at stage single-server"), "{told}");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    assert_eq!(
        String::from_utf8(project.run("status --json").stdout).unwrap(),
        String::from_utf8(before).unwrap()
    );
    let told = project.said(&["migrate --rollback --auto-approve"]);
    assert!(told.contains("no migration is under way"), "{told}");
}

#[test]
fn a_saved_migration_is_refused_once_it_is_another_one() {
    let project = migrating();
    assert_eq!(
        project.code("migrate --to split-db --plan --out way.json"),
        Some(0)
    );
    let spec = spec_of(&project);
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    let told = project.said(&["migrate way.json --auto --auto-approve"]);
    assert!(
        told.contains("changed since it was saved: what exists before its first step"),
        "{told}"
    );
    project.write("scalectl.yaml", spec);
    assert_eq!(
        project.code("migrate way.json --auto --auto-approve"),
        Some(0)
    );
}

#[test]
fn a_step_over_the_budget_is_an_error_before_anything_happens() {
    let project = migrating();
    let spec = spec_of(&project);
    project.write(
        "scalectl.yaml",
        spec + "\nmigration: {budget: {unavailable: 1}}\n",
    );
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(
        told.contains("(cut-over) may cost 3 s without writes"),
        "{told}"
    );
    assert!(!project.said(&["sim list"]).contains("DBInstance"));
}

#[test]
fn a_gate_of_the_users_that_stays_shut_stops_the_way_and_can_be_gone_on_from() {
    let project = migrating();
    let spec = spec_of(&project);
    let gate = "\nmigration:\n  gates:\n    - {command: test -e go, within: 30}\n    - {expression: \"'us-east-1/server' in live\"}\n";
    project.write("scalectl.yaml", spec + gate);
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(
        told.contains("step 5 (cut-over): a gate stayed shut"),
        "{told}"
    );
    assert!(told.contains("`test -e go` succeeds"), "{told}");
    project.write("go", "");
    assert_eq!(
        project.code("migrate --to split-db --resume --auto --auto-approve"),
        Some(0)
    );
}

#[test]
fn a_migration_is_told_as_markdown_and_as_a_chart() {
    let project = migrating();
    let told = project.transcript(&[
        "migrate --to split-db --plan --markdown",
        "migrate --to split-db --plan --mermaid",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn sizes_and_numbers_change_in_steps_the_interrupting_ones_one_by_one() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    let spec = spec_of(&project).replace("stage: single-server", "stage: load-balanced");
    project.write("scalectl.yaml", &spec);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let larger = spec.clone() + "\nmigration: {soak: 60}\n";
    project.write("scalectl.yaml", &larger);
    let told = project.transcript(&["scale --plan"]);
    assert!(told.contains("Nothing to do"), "{told}");
    let more = spec.replace(
        "engine: postgres",
        "engine: postgres\n  class: db.m7g.large\n  replicas: 1",
    );
    assert_ne!(more, spec);
    project.write("scalectl.yaml", &more);
    insta::assert_snapshot!(project.transcript(&["scale --plan"]));
    let told = project.transcript(&["scale --auto-approve", "plan --detailed-exitcode"]);
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    // The database's turn comes in a run of its own, after the replica's.
    let replica = told.find("+ us-east-1/db_replica[1] created").unwrap();
    let database = told.find("~ us-east-1/db updated").unwrap();
    let between = &told[replica..database];
    assert!(between.contains("Apply complete"), "{told}");
}

#[test]
fn an_apply_that_failed_at_its_own_stage_does_not_make_the_next_stage_an_apply() {
    let project = migrating();
    let spec = spec_of(&project);
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    assert_eq!(
        project.code("sim fault --refuse us-east-1/vpc --code NoCapacity"),
        Some(0)
    );
    assert_eq!(project.code("apply --auto-approve"), Some(5));
    assert_eq!(project.code("sim fault --clear"), Some(0));
    let other = spec.replace("stage: single-server", "stage: split-db");
    project.write("scalectl.yaml", other);
    let told = project.said(&["apply --auto-approve"]);
    assert!(told.contains("split-db is a migration away"), "{told}");
}

#[test]
fn what_was_destroyed_in_the_middle_of_a_migration_is_under_way_no_more() {
    let project = migrating();
    let step = "migrate --to split-db --step --auto-approve";
    assert_eq!(project.code(step), Some(0));
    let protected = [
        "global/zone",
        "us-east-1/db",
        "us-east-1/secret_db",
        "us-east-1/server",
    ];
    let line = format!(
        "destroy --auto-approve --allow {}",
        protected.join(" --allow ")
    );
    assert_eq!(project.code(&line), Some(0));
    let told = project.said(&["migrate --status"]);
    assert!(told.contains("No migration is under way"), "{told}");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
}

#[test]
fn whoever_ends_a_migration_the_spec_says_so_at_the_end() {
    let project = migrating();
    project.run("migrate --to split-db --step --auto-approve");
    assert_eq!(
        project.code("migrate --resume --auto --auto-approve"),
        Some(0)
    );
    assert!(
        spec_of(&project).contains("stage: split-db"),
        "{}",
        spec_of(&project)
    );
    let told = project.said(&["migrate --auto --auto-approve", "history"]);
    assert!(told.contains("shop is at stage split-db."), "{told}");
    assert!(!told.contains("died"), "{told}");
}

#[test]
fn the_stage_of_one_environment_is_no_other_ones() {
    let project = Project::empty();
    let example = std::fs::read_to_string("examples/shop/scalectl.yaml").unwrap();
    project.write(
        "scalectl.yaml",
        example + "\nenvironments:\n  staging:\n    # smaller\n    tags: {env: staging}\n    domain: staging.shop.example.com\n",
    );
    project.run("-e staging apply --auto-approve");
    assert_eq!(
        project.code("-e staging migrate --to split-db --auto --auto-approve"),
        Some(0)
    );
    let spec = spec_of(&project);
    assert!(spec.contains("\nstage: single-server"), "{spec}");
    assert!(
        spec.contains("    # smaller\n    stage: split-db\n    tags:"),
        "{spec}"
    );
}

#[test]
fn a_migration_makes_no_other_change_on_the_way() {
    let project = migrating();
    let spec = spec_of(&project);
    // Before it begins: what is pending is for apply.
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(
        told.contains("`scalectl apply --stage single-server` makes it so first"),
        "{told}"
    );
    project.write("scalectl.yaml", &spec);
    project.run("sim drift us-east-1/vpc --delete");
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(told.contains("not as the spec has it"), "{told}");
}

#[test]
fn a_spec_that_changed_since_a_migration_began_is_refused_and_a_budget_is_not_asked_again() {
    let project = migrating();
    let spec = spec_of(&project);
    project.run("migrate --to split-db --step --auto-approve");
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    let told = project.said(&["migrate --resume --auto --auto-approve", "migrate --status"]);
    assert!(
        told.contains("lead through something else than when the migration began"),
        "{told}"
    );
    assert!(
        told.contains("warning: the spec or the blueprints changed"),
        "{told}"
    );
    let budget = "\nmigration: {budget: {unavailable: 1}}\n";
    project.write("scalectl.yaml", spec + budget);
    let told = project.said(&["migrate --resume --to cdn --auto --auto-approve"]);
    assert!(told.contains("leads to split-db, not to cdn"), "{told}");
    assert_eq!(project.code("migrate --rollback --auto-approve"), Some(0));
    let told = project.said(&["migrate --to split-db --plan"]);
    assert!(
        told.contains("more than `migration.budget` in the spec allows"),
        "{told}"
    );
}

#[test]
fn between_two_hops_the_way_back_ends_where_the_application_is() {
    let project = migrating();
    project.run("migrate --to load-balanced --step --auto-approve");
    for _ in 0..7 {
        project.run("migrate --to load-balanced --resume --step --auto-approve");
    }
    let told = project.said(&["migrate --status", "migrate --rollback --auto-approve"]);
    assert!(
        told.contains("step 8 (retire) is done and has reached its stage"),
        "{told}"
    );
    assert!(
        told.contains("shop is at stage split-db, which was reached in full"),
        "{told}"
    );
    assert_eq!(
        project.code("plan --stage split-db --detailed-exitcode"),
        Some(0)
    );
}

#[test]
fn mistakes_in_the_declared_steps_and_gates_are_told_before_anything_happens() {
    let project = migrating();
    let steps = std::fs::read_to_string("blueprints/migrations/steps.yaml").unwrap();
    let mistakes = [
        (steps.replace("times: 3", "tims: 3"), "unknown field `tims`"),
        (
            steps.replace("check: healthy", "check: fine"),
            "there is no check \"fine\"",
        ),
        (
            steps.replace("weight: 10\n", "weight: 101\n"),
            "a part of 100",
        ),
        ("walk: []\n".to_owned(), "no step of the phase contract"),
    ];
    for (text, why) in mistakes {
        project.write("blueprints/migrations/steps.yaml", text);
        let told = project.said(&["migrate --to split-db --plan"]);
        assert!(told.contains(why), "{why}: {told}");
        assert!(told.contains("blueprints/migrations/steps.yaml:"), "{told}");
    }
    project.write("blueprints/migrations/steps.yaml", steps);
    let spec = "app: shop\nstage: single-server\nservices: {web: {image: \"nginx:1\"}}\n";
    for (expression, why) in [
        ("live[", "is not an expression"),
        ("1 +", "is not an expression"),
        ("'us-east-1/vpc' in lvie", "reads lvie"),
        ("size(live) + 1", "not true or false"),
    ] {
        let gates = format!(
            "migration:\n  gates:\n    - command: 'true'\n    - expression: \"{expression}\"\n"
        );
        let of_live = gates.replace('\n', "\n    ");
        let of_live = format!("environments:\n  live:\n    {of_live}\n");
        for (text, line, command) in [
            (&gates, 7, "validate"),
            (&gates, 7, "migrate --to split-db --plan"),
            (&of_live, 9, "validate --env live"),
            (&of_live, 9, "validate"),
        ] {
            project.write("scalectl.yaml", format!("{spec}{text}"));
            let told = project.said(&[command]);
            assert!(told.contains(why), "{command}: {told}");
            let place = format!("scalectl.yaml:{line}:");
            assert!(told.contains(&place), "{command}: {told}");
            assert!(told.contains("(exit code 1)"), "{command}: {told}");
        }
    }
}

/// An application with a database in two regions, live.
fn in_two_regions() -> Project {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        "app: shop\nstage: multi-region\nregions: [us-east-1, eu-west-1]\ndomain: shop.example.com\nservices:\n  web: {image: \"nginx:1\"}\n# The one with the data.\ndatabase: {engine: postgres}  # for now\n",
    );
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project
}

#[test]
fn a_failover_goes_there_and_back_and_the_spec_says_so() {
    let project = in_two_regions();
    let before = spec_of(&project);
    let told = project.said(&["failover --to eu-west-1", "failover --to mars --plan"]);
    assert!(told.contains("there is no terminal to ask on"), "{told}");
    assert!(
        told.contains("mars is none of the spec's regions"),
        "{told}"
    );
    let plan = |how: &str| {
        let output = project.run(&format!("failover --to {how}"));
        String::from_utf8(output.stdout).unwrap()
    };
    let told = plan("eu-west-1 --plan --markdown --html way.html");
    assert!(
        told.contains("### Failover of `shop` (`default`) from `us-east-1` to `eu-west-1`"),
        "{told}"
    );
    let page = std::fs::read_to_string(project.path().join("way.html")).unwrap();
    assert!(page.contains("catch-up"), "the steps are in it");
    assert!(plan("eu-west-1 --plan --mermaid").starts_with("gantt"));
    let told = plan("eu-west-1 --plan --json");
    assert!(told.contains("\"document\": \"migration\""), "{told}");
    let told = plan("us-east-1 --plan --json");
    assert!(told.contains("\"document\": \"settled\""), "{told}");

    assert_eq!(
        project.code("failover --to eu-west-1 --auto-approve"),
        Some(0)
    );
    assert_eq!(
        spec_of(&project),
        before.replacen("{engine", "{writer_region: eu-west-1, engine", 1)
    );
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    // Whoever has the spec as it was is told what to do.
    let after = spec_of(&project);
    project.write("scalectl.yaml", &before);
    for command in ["plan", "apply --auto-approve", "scale --auto-approve"] {
        let told = project.said(&[command]);
        let why = "the database in eu-west-1 takes the writes, and the spec says us-east-1";
        assert!(told.contains(why), "{told}");
        assert!(
            told.contains("`scalectl failover --to us-east-1`"),
            "{told}"
        );
    }
    project.write("scalectl.yaml", &after);
    assert_eq!(
        project.code("failover --to us-east-1 --auto-approve"),
        Some(0)
    );
    assert_eq!(
        spec_of(&project),
        before.replacen("{engine", "{writer_region: us-east-1, engine", 1)
    );
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[test]
fn a_lost_region_is_gone_on_without_and_rebuilt_when_it_answers() {
    let project = in_two_regions();
    assert_eq!(project.code("sim fault --down us-east-1"), Some(0));
    let told = project.said(&["failover --to eu-west-1 --auto-approve"]);
    assert!(told.contains("us-east-1 does not answer"), "{told}");
    assert!(told.contains("`--accept-loss DURATION`"), "{told}");
    let accepted = "failover --to eu-west-1 --accept-loss 1h --auto-approve";
    let told = project.said(&[accepted]);
    assert!(
        told.contains("the database in eu-west-1 takes the writes"),
        "{told}"
    );
    assert!(told.contains("is lost"), "{told}");
    assert!(
        told.contains("Once us-east-1 answers: `scalectl failover --resume`"),
        "{told}"
    );
    assert!(spec_of(&project).contains("writer_region: eu-west-1"));
    let told = project.said(&["failover --resume --auto-approve"]);
    assert!(
        told.contains("us-east-1 does not answer, and step rejoin needs it"),
        "{told}"
    );
    assert_eq!(project.code("sim fault --clear"), Some(0));
    let told = project.said(&["apply --auto-approve", "failover --status"]);
    assert!(
        told.contains("a failover from us-east-1 to eu-west-1 is under way"),
        "{told}"
    );
    assert!(told.contains("step 4 (switch) is done"), "{told}");
    assert_eq!(project.code("failover --resume --auto-approve"), Some(0));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let told = project.said(&["failover --status"]);
    assert!(
        told.contains("No failover is under way; the database in eu-west-1"),
        "{told}"
    );
}

#[test]
fn doctor_looks_at_the_migration_where_the_stage_is_another() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let told = |line: &str| String::from_utf8(project.run(line).stdout).unwrap();
    let here = told("doctor");
    assert!(here.contains("nothing to do"), "{here}");
    assert!(here.contains("(`scalectl iam-policy`)"), "{here}");
    let there = told("doctor --stage split-db");
    assert!(
        there.contains("a migration from single-server to split-db: 8 steps, about "),
        "{there}"
    );
    assert!(
        there.contains("(`scalectl iam-policy --migrate`)"),
        "{there}"
    );
    project.run("migrate --to split-db --step --auto-approve");
    let under_way = told("doctor");
    assert!(
        under_way.contains("is under way, at step 1 (expand)"),
        "{under_way}"
    );
    assert!(
        under_way.contains("`scalectl migrate --resume`"),
        "{under_way}"
    );
}

#[test]
fn apply_names_the_places_that_status_names() {
    let project = Project::empty();
    let example = std::fs::read_to_string("examples/shop/scalectl.yaml").unwrap();
    project.write("scalectl.yaml", &example);
    let out = |line: &str| String::from_utf8(project.run(line).stdout).unwrap();
    // Everything is new; then a few things change and the rest stays; then comes an edge, and goes.
    let bigger = example.replace("engine: postgres", "engine: postgres\n  storage: 80");
    for (spec, how) in [
        (&example, "--stage load-balanced"),
        (&bigger, "--stage load-balanced"),
        (&bigger, "--stage cdn --direct"),
        (
            &bigger,
            "--stage load-balanced --direct --allow us-east-1/bucket_assets --allow us-east-1/bucket_logs_edge --allow global/distribution",
        ),
    ] {
        project.write("scalectl.yaml", spec);
        let applied = out(&format!("apply --auto-approve {how}"));
        let status = out("status");
        let (_, places) = applied
            .split_once("of the cloud's time")
            .unwrap_or_else(|| panic!("{applied}"));
        let places: Vec<&str> = places
            .lines()
            .filter(|line| line.starts_with("  "))
            .collect();
        assert!(places.len() > 2, "{applied}");
        let block = places.join("\n") + "\n\n";
        assert!(status.contains(&block), "{block}\nin\n{status}");
    }
}

#[test]
fn regions_of_the_deployed_stage_stay_until_the_migration_ends() {
    let project = in_two_regions();
    let spec = spec_of(&project);
    let fewer = spec
        .replace("stage: multi-region", "stage: cdn")
        .replace("[us-east-1, eu-west-1]", "[us-east-1]");
    project.write("scalectl.yaml", fewer);
    for command in ["plan", "migrate --plan", "drift"] {
        let told = project.said(&[command]);
        assert!(
            told.contains(
                "shop is deployed at stage multi-region, which has more regions than `regions`"
            ),
            "{command}: {told}"
        );
        assert!(told.contains("scalectl.yaml:3:"), "{command}: {told}");
        assert!(
            told.contains("remove regions when the migration to cdn has ended"),
            "{command}: {told}"
        );
        assert!(!told.contains("at least two regions"), "{command}: {told}");
    }
    // A spec that asks for the stage itself is told what the stage needs.
    project.write("scalectl.yaml", spec.replace(", eu-west-1]", "]"));
    let told = project.said(&["plan"]);
    assert!(told.contains("at least two regions"), "{told}");
}

#[test]
fn json_lines_need_an_answer_before_the_run() {
    let project = migrating();
    for command in [
        "migrate --to split-db --json",
        "migrate --to split-db --auto --json",
        "failover --to eu-west-1 --json",
        "scale --json",
    ] {
        let output = project.try_run(command);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {error}");
        assert_eq!(output.stdout, b"", "{command}");
        assert!(error.contains("--auto-approve"), "{command}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_migration_reports_no_failure() {
    let project = migrating();
    let mut child = project
        .command("migrate --to split-db --auto --auto-approve --json --speed 60")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut end = None;
    let mut asked = false;
    for line in lines {
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        if !asked && line["what"] == "started" {
            asked = true;
            let id = child.id().to_string();
            let kill = Command::new("kill").args(["-INT", &id]).status().unwrap();
            assert!(kill.success());
        }
        if line["event"] == "end" {
            end = Some(line);
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let end = end.unwrap();
    assert_eq!(
        (&end["failed"], asked),
        (&serde_json::json!(0), true),
        "{end}"
    );
    assert_ne!(end["left"], 0, "{end}");
}
