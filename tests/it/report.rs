//! The HTML report in headless Chromium, as a person meets it; `tests/report/page.py` looks.
//!
//! The reports are the real binary's, of `examples/marketplace`, but for those that no spec can make:
//! hostile names, and ten thousand changes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use scalectl::address::Address;
use scalectl::graph::{Graph, Lifecycle, Resource};
use scalectl::inventory::{Live, LiveResource, Status};
use scalectl::plan::guard::Refusal;
use scalectl::plan::{Action, Change, Plan, PropertyChange, Reason, diff};
use scalectl::render::plan::Frame;
use scalectl::render::report::{Cover, of_plan};
use scalectl::value::Value;

const COVER: Cover<'static> = Cover {
    app: "shop",
    env: "default",
    stage: "cdn",
    primary: "us-east-1",
    place: "the simulator",
    made: "2026-01-01 00:00 UTC",
};

/// The reports of a marketplace on its way from one server and a database to a fleet behind a CDN.
struct Reports {
    folder: tempfile::TempDir,
}

impl Reports {
    fn made() -> &'static Self {
        static MADE: OnceLock<Reports> = OnceLock::new();
        MADE.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let spec =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/marketplace/scalectl.yaml");
            std::fs::copy(spec, folder.path().join("scalectl.yaml")).unwrap();
            let reports = Self { folder };
            reports.scalectl("plan --stage split-db --html first.html");
            reports.scalectl("apply --stage split-db --auto-approve");
            reports.scalectl("plan --stage split-db --html nothing.html");
            reports.scalectl("plan --stage cdn --direct --html plan.html");
            reports.scalectl("plan --stage multi-region --direct --html regions.html");
            reports.scalectl("migrate --plan --to cdn --html migration.html");
            reports
        })
    }

    fn scalectl(&self, line: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCALECTL_")) {
            command.env_remove(name);
        }
        let output = command
            .current_dir(self.folder.path())
            .args(line.split(' '))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {told}");
        let file = line.split_once("--html ").map(|(_, file)| file);
        assert!(
            file.is_none_or(|file| told.contains(&format!("Report written to {file}."))),
            "{line}: {told}"
        );
    }

    fn path(name: &str) -> PathBuf {
        Self::made().folder.path().join(name)
    }
}

/// Asks Chromium whether a claim of `tests/report/page.py` holds.
#[track_caller]
fn holds(claim: &str, file: &Path) {
    let output = Command::new(crate::python::environment("report.txt").join("python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/page.py"))
        .args([claim.as_ref(), file.as_os_str()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{claim} does not hold of {} (Chromium comes with tests/install.sh):\n{}",
        file.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// For each claim a test, of the named reports.
macro_rules! claims {
    ($($claim:ident: $($file:literal),+;)+) => {
        $(#[test]
        fn $claim() {
            for file in [$($file),+] {
                holds(stringify!($claim), &Reports::path(file));
            }
        })+
    };
}

claims! {
    search_narrows_and_says_how_many: "plan.html";
    filters_narrow_together: "plan.html";
    a_change_unfolds_to_what_was_and_what_will_be: "plan.html", "migration.html";
    a_link_opens_the_change_whatever_is_filtered: "plan.html";
    a_part_of_the_drawing_tells_what_stands_behind_it: "plan.html";
    before_and_after_can_be_seen_alone: "plan.html", "migration.html";
    all_of_it_can_be_done_with_keys: "plan.html";
    every_stop_of_the_tab_key_can_be_seen: "migration.html";
    no_page_is_wider_than_its_window: "first.html", "plan.html", "regions.html", "migration.html", "nothing.html";
    text_in_the_drawing_stays_in_its_box: "plan.html", "regions.html";
    axe_finds_nothing: "plan.html", "migration.html", "nothing.html";
    on_paper_everything_is_there_and_nothing_can_be_pressed: "plan.html", "migration.html";
    without_scripts_all_of_it_can_be_read: "plan.html";
    the_timeline_tells_each_step: "migration.html";
    nothing_to_do_says_so: "nothing.html";
}

/// Names that mean something to one language or another.
const HOSTILE: [&str; 7] = [
    "\"><img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "</style><style>*{display:none}</style>",
    "{{constructor}} {{{raw}}} {{> page}}",
    "--><!--",
    "\u{202e}desrever\u{1b}[31m\u{7}\0",
    "' onclick='alert(3)",
];

fn resource(
    region: &str,
    id: &str,
    kind: &str,
    tier: &str,
    properties: serde_json::Value,
) -> Resource {
    Resource {
        address: Address::new(region, id, None),
        kind: kind.into(),
        tier: tier.into(),
        role: None,
        properties: Value::from(properties).as_map().unwrap().clone(),
        after: Vec::new(),
        lifecycle: Lifecycle::default(),
        ready_when: Vec::new(),
    }
}

/// A change whose every text is `name`, with the live and the desired resource that it is between.
fn hostile(name: &str, kind: &str, tier: &str) -> (Change, LiveResource, Resource) {
    let json = serde_json::json!({"Engine": name, "DBInstanceClass": name});
    let id = format!("{name} {tier}");
    let desired = resource(name, &id, kind, tier, json);
    let live = LiveResource {
        address: desired.address.clone(),
        kind: kind.into(),
        identifier: name.into(),
        properties: desired.properties.clone(),
        status: Status::Ready,
        applied: None,
    };
    let change = Change {
        address: desired.address.clone(),
        kind: kind.into(),
        tier: tier.into(),
        action: Action::Update,
        reason: Reason::KindChanged { from: name.into() },
        properties: vec![PropertyChange {
            path: name.into(),
            before: Some(Value::str(name)),
            after: Some(Value::str(format!("{name}\n{name}"))),
            create_only: false,
            drift: false,
            hidden: false,
        }],
        interrupts: Some(name.into()),
        create_before_destroy: false,
        desired: None,
        live: Some(live.clone()),
        depends_on: Vec::new(),
        generation: 1,
    };
    (change, live, desired)
}

#[test]
fn hostile_names_are_text() {
    let mut plan = Plan::default();
    let (mut live, mut desired) = (Live::default(), Graph::default());
    for name in HOSTILE {
        for (kind, tier) in [(name, name), ("AWS::RDS::DBInstance", "data")] {
            let (change, found, wanted) = hostile(name, kind, tier);
            plan.changes.push(change);
            live.resources.insert(found.address.clone(), found);
            desired.resources.insert(wanted.address.clone(), wanted);
        }
    }
    let refusals: Vec<Refusal> = plan
        .changes
        .iter()
        .map(|change| Refusal {
            address: change.address.clone(),
            action: change.action,
            why: HOSTILE[0].into(),
            way: Some(HOSTILE[0].into()),
        })
        .collect();
    let frame = Frame {
        not_yet: &HOSTILE.map(str::to_owned),
        refusals: &refusals,
        ..Frame::default()
    };
    let cover = Cover {
        app: HOSTILE[0],
        env: HOSTILE[1],
        stage: HOSTILE[3],
        place: HOSTILE[5],
        ..COVER
    };
    let page = of_plan(cover, &plan, &frame, &live, &desired).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostile.html");
    std::fs::write(&file, page).unwrap();
    holds("hostile_names_are_text", &file);
}

#[test]
fn ten_thousand_changes_stay_usable() {
    let desired: Graph = (0..10_000)
        .map(|number| {
            let mut one = resource(
                "us-east-1",
                "subnet",
                "AWS::EC2::Subnet",
                "network",
                serde_json::json!({"CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a", "VpcId": "vpc-1"}),
            );
            one.address.key = Some(number.to_string().into());
            one
        })
        .collect();
    let live = Live::default();
    let plan = diff(&desired, &live, None);
    let page = of_plan(COVER, &plan, &Frame::default(), &live, &desired).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.html");
    std::fs::write(&file, page).unwrap();
    holds("ten_thousand_changes_stay_usable", &file);
}

#[test]
fn the_same_plan_is_the_same_file() {
    let desired: Graph = [resource(
        "us-east-1",
        "vpc",
        "AWS::EC2::VPC",
        "network",
        serde_json::json!({"CidrBlock": "10.0.0.0/16"}),
    )]
    .into_iter()
    .collect();
    let plan = diff(&desired, &Live::default(), None);
    let made = || of_plan(COVER, &plan, &Frame::default(), &Live::default(), &desired).unwrap();
    let page = made();
    assert_eq!(page, made());
    assert!(page.starts_with("<!doctype html>\n"));
    assert!(!page.contains("://"), "it names an address");
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_that_names_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_scalectl"))
        .current_dir(Reports::path(""))
        .args(["plan", "--stage", "split-db", "--html", "nowhere/plan.html"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("nowhere/plan.html cannot be written"),
        "{told}"
    );
}
