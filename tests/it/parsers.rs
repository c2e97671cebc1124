//! Nothing that a pull request can bring makes a parser panic, run for ever or fill the memory: random changes of every
//! kind of file, through its parser and what follows it.
//!
//! `SCALECTL_SEED` repeats one run, `SCALECTL_INPUTS` says how many inputs each parser gets. Whether one takes too long is
//! for the limits of `blueprint::effort` to say, which count steps; the slowest is printed (`--nocapture`) and not judged.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::LazyLock;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use scalectl::blueprint::library::{BLUEPRINTS, TEMPLATES};
use scalectl::blueprint::{Library, check_condition, compile};
use scalectl::convert::{Files, Origin, Wishes};
use scalectl::diagnostic::{Diagnostic, Location};
use scalectl::plan::saved::SavedPlan;
use scalectl::policy::Policies;
use scalectl::policy::pack::POLICIES;
use scalectl::snapshot::Snapshot;
use scalectl::spec::{self, Stage};
use scalectl::value::Value;
use scalectl::{render, schema, testing, yaml};

/// How many inputs each parser gets, unless asked for more.
const INPUTS: u32 = 150;

const SPECS: [&str; 3] = [
    include_str!("../../examples/shop/scalectl.yaml"),
    include_str!("../../examples/newsroom/scalectl.yaml"),
    include_str!("../../examples/marketplace/scalectl.yaml"),
];

/// What tells one meaning from another somewhere.
const TOKENS: [&str; 40] = [
    "${",
    "}",
    "$${",
    "{{",
    "}}",
    "{{resolve:",
    "{{>",
    "[",
    "]",
    "(",
    ")",
    "!",
    "-",
    "?",
    ":",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    ">-\n",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    "---\n",
    "#",
    "~",
    "0x",
    "1e999",
    "-9223372036854775808",
    "://u:p@",
    "\u{feff}",
    "\u{0}",
    "ü",
    "null",
    "env: ",
    "range(100000)",
    ".map(x, ",
];

struct Mutator(ChaCha8Rng);

impl Mutator {
    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end.max(1))
    }

    /// A place between two characters.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn span(&mut self, text: &str) -> (usize, usize) {
        let (a, b) = (self.place(text), self.place(text));
        // Short ones more often.
        match self.below(3) {
            0 => (a.min(b), a.max(b)),
            _ => {
                let mut end = (a + self.below(12)).min(text.len());
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                (a, end.max(a))
            }
        }
    }

    fn changed(&mut self, text: &str, others: &[&str]) -> String {
        let mut text = text.to_owned();
        for _ in 0..=self.below(4) {
            let (start, end) = self.span(&text);
            let piece = text[start..end].to_owned();
            let put = match self.below(7) {
                0 => String::new(),
                1 => piece.repeat(2),
                2 => TOKENS[self.below(TOKENS.len())].to_owned(),
                3 => TOKENS[self.below(TOKENS.len())].repeat(1 + self.below(5000)),
                4 => char::from_u32(u32::try_from(self.below(0x300)).unwrap_or(0))
                    .unwrap_or('x')
                    .to_string(),
                5 => {
                    let other = others[self.below(others.len())];
                    let (start, end) = self.span(other);
                    other[start..end].to_owned()
                }
                _ => "x".repeat(1 + self.below(200_000)),
            };
            text.replace_range(start..end, &put);
            let mut end = text.len().min(1 << 20);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        text
    }
}

/// The processor time of this thread: a machine that does something else meanwhile slows no parser down.
fn busy() -> Duration {
    // Its first number is nanoseconds (https://docs.kernel.org/scheduler/sched-stats.html).
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let number = text
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(number.unwrap_or_default())
}

/// An input that takes longer is kept, to be looked at.
const SLOW: Duration = Duration::from_secs(2);

/// Gives a parser random changes of `texts`; nobody checks what it returns.
fn feed(name: &str, share: u32, texts: &[&str], parse: impl Fn(&str)) {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed =
        number("SCALECTL_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("{name}: SCALECTL_SEED={seed}");
    let inputs = number("SCALECTL_INPUTS").unwrap_or(u64::from(INPUTS)) / u64::from(share);
    let mut mutator = Mutator(ChaCha8Rng::seed_from_u64(seed));
    texts.iter().for_each(|text| parse(text));
    let mut slowest = Duration::ZERO;
    for _ in 0..inputs {
        let from = texts[mutator.below(texts.len())];
        let changed = mutator.changed(from, texts);
        let began = busy();
        parse(&changed);
        let took = busy().saturating_sub(began);
        if took > slowest && took > SLOW {
            let path =
                std::env::temp_dir().join(format!("scalectl-slow-{}", name.replace('/', "-")));
            std::fs::write(&path, &changed).unwrap();
            println!("{name}: {} took {took:.0?}", path.display());
        }
        slowest = slowest.max(took);
    }
    println!("{name}: the slowest of {inputs} inputs took {slowest:.0?}");
}

/// Mistakes are printed too.
fn print(found: &[scalectl::diagnostic::Diagnostic]) {
    assert!(!found.is_empty());
    let _ = render::diagnostics::render(found);
}

fn texts(files: &'static [(&'static str, &'static str)]) -> Vec<&'static str> {
    files.iter().map(|(_, text)| *text).collect()
}

static SPEC: LazyLock<spec::Spec> = LazyLock::new(|| {
    let spec = spec::load("scalectl.yaml", SPECS[1], None, Some(Stage::Cdn));
    spec.expect("an example")
});

#[test]
fn yaml_survives_any_text() {
    let mut all = SPECS.to_vec();
    all.extend(texts(BLUEPRINTS));
    feed("yaml", 1, &all, |text| {
        let _ = yaml::parse("a.yaml", text);
        let mistake = |line| {
            let (file, column) = ("a.yaml".into(), 1);
            Diagnostic::error(Location { file, line, column }, "a mistake")
        };
        let mut mistakes: Vec<Diagnostic> = (1..20).map(mistake).collect();
        yaml::quote(text, &mut mistakes);
    });
}

#[test]
fn specs_survive_any_text() {
    feed("spec", 1, &SPECS, |text| {
        match spec::load("scalectl.yaml", text, None, None) {
            Ok(spec) => drop((spec.normalized(), spec.not_yet())),
            Err(found) => print(&found),
        }
        let _ = spec::load(
            "scalectl.yaml",
            text,
            Some("staging"),
            Some(Stage::MultiRegion),
        );
    });
}

#[test]
fn blueprints_survive_any_text() {
    for (path, text) in BLUEPRINTS
        .iter()
        .filter(|(path, _)| path.starts_with("modules/"))
    {
        feed(path, 10, &[text], |text| {
            match Library::with(&[(path, text)], &[]).and_then(|library| compile(&library, &SPEC)) {
                Ok(graph) => drop(graph),
                Err(found) => print(&found),
            }
        });
    }
}

#[test]
fn templates_survive_any_text() {
    let scripts = texts(TEMPLATES)
        .into_iter()
        .filter(|text| text.contains("{{"));
    feed(
        "template",
        2,
        &scripts.collect::<Vec<_>>(),
        |text| match Library::with(&[], &[("user-data/server.sh", text)])
            .and_then(|library| compile(&library, &SPEC))
        {
            Ok(graph) => drop(graph),
            Err(found) => print(&found),
        },
    );
}

#[test]
fn expressions_survive_any_text() {
    let mut expressions: Vec<&str> = Vec::new();
    for text in texts(BLUEPRINTS) {
        expressions.extend(
            text.split("${")
                .skip(1)
                .filter_map(|rest| rest.split('}').next()),
        );
    }
    expressions.extend([
        "range(100000).map(a, range(100000).map(b, a + b))",
        "[1, 2].map(x, [x, x]).map(x, [x, x]).map(x, [x, x])",
        "replace(replace('aaaa', 'a', 'aaaaaaaaaaaa'), 'a', 'aaaaaaaaaaaaaaaa')",
        "json(range(100000).map(x, json(range(1000))))",
    ]);
    let live = scalectl::value::Map::new();
    feed("expression", 1, &expressions, |text| {
        let _ = check_condition(text);
        let _ = scalectl::blueprint::holds(text, &live);
    });
}

#[test]
fn policies_survive_any_text() {
    feed("policy", 2, &texts(POLICIES), |text| {
        if let Err(found) = Policies::with(&[("own.yaml", text)]) {
            print(&found);
        }
    });
}

#[test]
fn tests_survive_any_text() {
    let suites = [
        "tests:\n  - name: a\n    set: {stage: cdn}\n    expect: [\"size(graph) > 3\", plan.create > 0]\n",
        include_str!("../../examples/shop/tests/stages.test.yaml"),
    ];
    feed("tests", 1, &suites, |text| {
        if let Err(found) = testing::suite("a.test.yaml", text) {
            print(&found);
        }
    });
}

#[test]
fn saved_plans_and_snapshots_survive_any_text() {
    let plan = include_str!("../../docs/schemas/plan.json");
    let texts = [
        plan,
        "{\"format\": 1, \"owner\": {\"app\": \"a\", \"env\": \"b\"}, \"resources\": []}",
    ];
    feed("saved", 1, &texts, |text| {
        let _ = serde_json::from_str::<SavedPlan>(text).is_ok();
        let _ = Snapshot::parse(text).is_ok();
    });
}

#[test]
fn addresses_blocks_and_urls_survive_any_text() {
    let texts = [
        "us-east-1/param_service[web]",
        "10.0.0.0/16",
        "postgres://app:hunter2@db.internal:5432/shop?sslmode=require",
        "{\"env\": {\"URL\": \"amqp://u:p@h\"}, \"command\": [\"a\", \"--b=c\"]}",
        "bücher.example.com",
    ];
    feed("names", 1, &texts, |text| {
        let _ = text.parse::<scalectl::address::Address>().is_ok();
        let _ = schema::without_secrets(&Value::str(text));
        let json = |text: &str| serde_json::Value::from(text).to_string();
        let spec = format!(
            "app: shop\nstage: cdn\ndomain: {}\nnetwork: {{cidr: {}}}\nservices: {{web: {{image: x}}}}\n",
            json(text),
            json(text)
        );
        if let Err(found) = spec::load("scalectl.yaml", &spec, None, None) {
            print(&found);
        }
    });
}

#[test]
fn files_of_other_tools_are_read_or_refused() {
    const TEXTS: [(Origin, &str, &str); 4] = [
        (
            Origin::Compose,
            "compose.yml",
            "x-a: &a\n  environment: {DB_HOST: db, A: \"${B:-${C:-d}}\"}\nservices:\n  web:\n    <<: *a\n    image: \"x:${T}\"\n    \
             build: .\n    command: \"sh -c 'a $$b'\"\n    ports: [\"1:80/tcp\", {target: 8, published: 9}]\n    labels: \
             [\"traefik.http.routers.a.rule=Host(`a.b`) && PathPrefix(`/c`)\"]\n    healthcheck: {test: \"curl http://x:1/y\", \
             interval: 1m30s}\n    deploy: {replicas: 3}\n  db: {image: \"postgres:16\"}\n  kv: {image: redis}\n",
        ),
        (
            Origin::Copilot,
            "copilot/a/manifest.yml",
            "name: a\ntype: Load Balanced Web Service\nhttp: {path: /, alias: [a.b.c], healthcheck: {path: /x, interval: 5s}}\nimage: \
             {location: \"x:1\", port: 1}\ncpu: 256\nmemory: 512\ncount: {range: {min: 1, max: 2}}\nvariables: {A: \
             \"${COPILOT_ENVIRONMENT_NAME}\"}\nsecrets: {B: /c}\nenvironments: {prod: {count: 2}, test: {cpu: 512}}\n",
        ),
        (
            Origin::Kamal,
            "deploy.yml",
            "service: a\nimage: b/c\nservers: {web: {hosts: [1.1.1.1], proxy: {host: a.b, app_port: 1}}, job: {cmd: \"x 'y'\"}}\nenv: \
             {clear: {A: <%= b %>}, secret: [\"C:D\"]}\naccessories: {db: {image: \"mysql:8\"}}\nvolumes: [\"a:/b\"]\n",
        ),
        (
            Origin::Procfile,
            "Procfile",
            "web: A=b c -p $PORT && d 'e'\nrelease: f\nworker: g\n",
        ),
    ];
    for (origin, main, text) in TEXTS {
        feed(main, 1, &[text], |text| {
            let _ = scalectl::convert::origin_of(text);
            let _ = scalectl::convert::beside_compose(text);
            let mut texts = std::collections::BTreeMap::from([(main.to_owned(), text.to_owned())]);
            if origin == Origin::Procfile {
                texts.insert("app.json".to_owned(), text.to_owned());
            }
            let folder = if origin == Origin::Copilot {
                "copilot"
            } else {
                main
            };
            let files = Files {
                origin,
                main: folder.to_owned(),
                texts,
            };
            let wishes = Wishes {
                fallback: "app".to_owned(),
                ..Wishes::default()
            };
            match scalectl::convert::convert(&files, &wishes, "scalectl.yaml") {
                Ok(found) => assert!(
                    spec::load("scalectl.yaml", &found.text, None, None).is_ok(),
                    "{}",
                    found.text
                ),
                Err(found) => print(&found),
            }
        });
    }
}

#[test]
fn long_names_are_refused_without_a_suggestion() {
    let name = "x".repeat(200_000);
    let text = format!(
        "rules:\n  - {{id: a, title: t, severity: warn, kinds: [{name}], require: 'true', message: m, fix: f}}\n"
    );
    let found = Policies::with(&[("own.yaml", &text)])
        .err()
        .expect("there is no such kind");
    let suggests = |help: &String| help.contains("did you mean");
    assert!(
        !found
            .iter()
            .any(|one| one.help.as_ref().is_some_and(suggests))
    );
}

#[test]
fn expressions_that_never_end_are_refused() {
    let live = scalectl::value::Map::new();
    for text in [
        "size(range(100000).map(a, range(100000).map(b, a + b))) > 0",
        "size(replace(replace(replace(replace('aaaaaaaaaaaaaaaa', 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'), 'a', \
         'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'), 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'), 'a', \
         'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')) > 0",
        "size(json(range(100000).map(x, json(range(10000))))) > 0",
        "size(distinct(range(100000))) > 0",
    ] {
        let told = scalectl::blueprint::holds(text, &live).expect_err(text);
        assert!(
            told.message.contains("steps") || told.message.contains("longer than"),
            "{told:?}"
        );
    }
}
