//! `init --from`: specs from the files of other tools. The inputs imitate public ones.

use scalectl::convert::{Fate, Files, Note, Origin, Wishes, convert};
use scalectl::spec::{self, Spec};

use crate::project::Project;

/// The spec and the notes that files come to; what is written can be planned, in each environment.
fn converted(origin: Origin, main: &str, texts: &[(&str, &str)]) -> (String, Spec, Vec<Note>) {
    let files = Files {
        origin,
        main: main.into(),
        texts: texts
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect(),
    };
    let wishes = Wishes {
        fallback: "shop".into(),
        ..Wishes::default()
    };
    let found =
        convert(&files, &wishes, "scalectl.yaml").unwrap_or_else(|errors| panic!("{errors:#?}"));
    let spec = spec::load("scalectl.yaml", &found.text, None, None).unwrap();
    (found.text, spec, found.notes)
}

fn compose(text: &str) -> (String, Spec, Vec<Note>) {
    converted(Origin::Compose, "compose.yml", &[("compose.yml", text)])
}

/// What is said at a line, in one text.
fn at(notes: &[Note], file: &str, line: u32) -> String {
    let here = notes
        .iter()
        .filter(|note| &*note.at.file == file && note.at.line == line);
    here.map(|note| {
        format!(
            "{:?} {}: {} -> {}\n",
            note.fate, note.what, note.why, note.instead
        )
    })
    .collect()
}

const COMPOSE: &str = "\
name: Bazaar
x-app: &app
  image: ghcr.io/acme/bazaar:${TAG:-2.1}
  environment: &env
    DB_HOST: pg
    DB_USER: bazaar
    DB_PASSWORD: ${DB_PASSWORD}
    CACHE_SERVER: kv:6379
    STRIPE_SECRET: sk_live_hunter2
    LOG_LEVEL: info
services:
  proxy:
    image: traefik:v3
    ports: [\"80:80\", \"443:443\"]
    depends_on: [shop, live]
  shop:
    <<: *app
    command: bundle exec puma -C config/puma.rb
    labels:
      - \"traefik.http.routers.shop.rule=Host(`bazaar.example`)\"
    expose: [\"3000\"]
    healthcheck:
      test: [CMD-SHELL, \"curl -fs http://localhost:3000/up || exit 1\"]
      interval: 30s
      timeout: 5s
      retries: 4
    volumes:
      - uploads:/app/uploads
    cap_add: [SYS_PTRACE]
  live:
    <<: *app
    command: [node, live.js]
    labels: {traefik.http.routers.live.rule: \"Host(`bazaar.example`) && PathPrefix(`/live`)\"}
    expose: [4000]
  jobs:
    <<: *app
    command: bundle exec sidekiq
    stop_grace_period: 1m
    healthcheck: {test: [CMD, pgrep, sidekiq], interval: 20s}
  migrate:
    <<: *app
    command: bundle exec rake db:migrate
    restart: \"no\"
  search:
    image: opensearchproject/opensearch:2
  pg:
    image: postgres:16-alpine
    environment: {POSTGRES_DB: bazaar_production, POSTGRES_PASSWORD: sk_db_hunter2}
  kv:
    image: valkey/valkey:8
volumes: {uploads: {}}
";

#[test]
fn a_compose_file_becomes_services_a_database_and_a_cache() {
    let (text, spec, notes) = compose(COMPOSE);
    assert_eq!(spec.app, "bazaar");
    assert_eq!(
        spec.domain.as_ref().map(|domain| domain.name()),
        Some("bazaar.example")
    );
    let names: Vec<&str> = spec.services.keys().map(String::as_str).collect();
    assert_eq!(names, ["jobs", "live", "shop"]);
    let shop = &spec.services["shop"];
    assert_eq!(shop.image.as_deref(), Some("ghcr.io/acme/bazaar:2.1"));
    assert_eq!(
        (shop.port, &*shop.health.path, shop.health.interval),
        (3000, "/up", 30)
    );
    assert_eq!(
        shop.command.as_ref().unwrap()[2],
        "export CACHE_SERVER=\"$CACHE_HOST:$CACHE_PORT\"; export DB_HOST=\"$DATABASE_HOST\"; export \
         DB_PASSWORD=\"$DATABASE_PASSWORD\"; export DB_USER=\"$DATABASE_USER\"; exec bundle exec puma -C config/puma.rb"
    );
    assert!(shop.release.as_ref().unwrap()[2].ends_with("exec bundle exec rake db:migrate"));
    assert_eq!(spec.services["live"].paths, ["/live", "/live/*"]);
    let jobs = &spec.services["jobs"];
    assert!(!jobs.is_web());
    assert_eq!(jobs.stop_timeout, 60);
    assert_eq!(
        jobs.health.command.as_deref().unwrap(),
        ["pgrep", "sidekiq"]
    );
    let database = spec.database.as_ref().unwrap();
    assert_eq!(database.version.as_deref(), Some("16"));
    assert_eq!(database.name.as_deref(), Some("bazaar_production"));
    assert!(spec.cache.is_some());
    // No value of a secret, anywhere.
    assert_eq!(shop.secrets["STRIPE_SECRET"], "bazaar/stripe-secret");
    let all = format!("{text}{notes:?}");
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn what_a_spec_cannot_say_is_listed_at_its_line_with_what_to_do() {
    let (_, _, notes) = compose(COMPOSE);
    for (line, what, instead) in [
        (
            12,
            "Left services.proxy: scalectl's own proxy",
            "write `paths` and `hosts`",
        ),
        (
            28,
            "Left services.shop.volumes: uploads:/app/uploads: containers keep no files",
            "bucket",
        ),
        (29, "Left services.shop.cap_add", "needs no more"),
        (
            44,
            "Left services.search: it is OpenSearch",
            "AWS::OpenSearchService::Domain",
        ),
        (
            46,
            "Check services.pg: its rows are not copied",
            "scalectl tunnel database",
        ),
        (
            17,
            "Check shop: STRIPE_SECRET: its value is not copied",
            "bazaar/stripe-secret",
        ),
    ] {
        let told = at(&notes, "compose.yml", line);
        assert!(
            told.contains(what) && told.contains(instead),
            "line {line}: {told}\n{notes:#?}"
        );
    }
}

/// Keys of the Compose specification at the level of a service, and of the file, that the spec does not say. One that is
/// neither carried over nor listed would be lost in silence.
#[test]
fn a_key_that_nobody_knows_is_listed() {
    let (_, _, notes) = compose(
        "services:\n  web:\n    image: x:1\n    ports: [80]\n    new_key: 1\nnew_section: {a: 1}\n",
    );
    for line in [5, 6] {
        let told = at(&notes, "compose.yml", line);
        assert!(told.contains("does not know this key"), "{line}: {told}");
    }
}

#[test]
fn a_container_that_only_others_reach_is_not_made_public() {
    let (_, spec, notes) = compose(
        "services:\n  web: {image: \"a:1\", ports: [\"80:80\"], environment: {API: \"http://api:3000\"}}\n  api: {image: \"b:1\", expose: [3000]}\n",
    );
    assert_eq!(spec.services.keys().collect::<Vec<_>>(), ["web"]);
    assert!(at(&notes, "compose.yml", 3).contains("the public does not"));
    assert!(spec.services["web"].env.is_empty());
}

#[test]
fn variables_come_from_the_files_beside_and_a_users_name_is_no_address() {
    let (_, spec, notes) = converted(
        Origin::Compose,
        "compose.yml",
        &[
            (
                "compose.yml",
                "services:\n  web:\n    image: \"a:${TAG}\"\n    ports: [\"${PORT:-80}:80\"]\n    command: ./serve\n    env_file: [app.env, gone.env]\n  postgres: {image: postgres:17}\n",
            ),
            (".env", "TAG=7\n"),
            (
                "app.env",
                "# ours\nPGUSER=postgres\nPGHOST=postgres\nGREETING=\"a b\"\nAPI_KEY=hunter2\n",
            ),
        ],
    );
    let web = &spec.services["web"];
    assert_eq!(web.image.as_deref(), Some("a:7"));
    assert_eq!(web.env["GREETING"], "a b");
    let line = &web.command.as_ref().unwrap()[2];
    assert!(
        line.contains("PGUSER=\"$DATABASE_USER\"") && line.contains("PGHOST=\"$DATABASE_HOST\""),
        "{line}"
    );
    assert!(at(&notes, "compose.yml", 6).contains("gone.env is not there"));
    assert!(at(&notes, "app.env", 5).contains("secrets set shop/api-key"));
}

const COPILOT: [(&str, &str); 7] = [
    ("copilot/.workspace", "application: Bazaar\n"),
    (
        "copilot/environments/prod/manifest.yml",
        "name: prod\ntype: Environment\nnetwork: {vpc: {id: vpc-1}}\n",
    ),
    (
        "copilot/environments/test/manifest.yml",
        "name: test\ntype: Environment\n",
    ),
    (
        "copilot/web/manifest.yml",
        "name: web\ntype: Load Balanced Web Service\nhttp:\n  path: /\n  healthcheck: {path: /ok, success_codes: '201', interval: 15s}\n  \
         stickiness: true\nimage: {location: \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:3\", port: 3000}\ncpu: 1024\n\
         memory: 4096\ncount: {range: 2-9, cpu_percentage: 70, requests: 500}\nvariables: {LOG_LEVEL: info, STAGE: \
         \"${COPILOT_ENVIRONMENT_NAME}\"}\nsecrets:\n  KEY: /copilot/${COPILOT_APPLICATION_NAME}/${COPILOT_ENVIRONMENT_NAME}/secrets/KEY\n  \
         MAIL: {secretsmanager: bazaar/mail}\nenvironments:\n  prod: {http: {alias: [bazaar.example.com, api.example.com]}}\n  \
         test: {http: {alias: test.example.com}, count: 1}\n",
    ),
    (
        "copilot/mail/manifest.yml",
        "name: mail\ntype: Worker Service\nimage: {build: ./Dockerfile}\nplatform: linux/arm64\nsubscribe:\n  topics: [{name: orders, \
         service: web}]\n  queue: {timeout: 90s, retention: 36h, dead_letter: {tries: 3}}\n",
    ),
    (
        "copilot/report/manifest.yml",
        "name: report\ntype: Scheduled Job\non: {schedule: \"@daily\"}\nimage: {build: x}\n",
    ),
    (
        "copilot/environments/addons/db.yml",
        "Resources:\n  Cluster:\n    Type: AWS::RDS::DBCluster\n    Properties:\n      Engine: aurora-postgresql\n      EngineVersion: \
         '16.4'\n      MasterUserPassword: !Join ['', [a, !Ref Secret]]\n",
    ),
];

#[test]
fn a_copilot_folder_becomes_the_production_spec_and_its_environments() {
    let (text, spec, notes) = converted(Origin::Copilot, "copilot", &COPILOT);
    assert_eq!(spec.app, "bazaar");
    let web = &spec.services["web"];
    assert_eq!(
        (web.scale.min, web.scale.max, web.scale.target.cpu),
        (2, 9, 70)
    );
    assert_eq!(
        (web.instance.as_str(), web.balance.stickiness),
        ("t3.medium", 86_400)
    );
    assert_eq!(web.secrets["KEY"], "/copilot/Bazaar/prod/secrets/KEY");
    assert_eq!(web.secrets["MAIL"], "bazaar/mail");
    assert_eq!(web.env["STAGE"], "prod");
    assert_eq!(web.hosts, ["api.example.com"]);
    assert_eq!(
        spec.domain.as_ref().map(|domain| domain.name()),
        Some("bazaar.example.com")
    );
    let mail = &spec.services["mail"];
    assert_eq!(mail.instance, "t4g.small");
    let queue = mail.queue.as_ref().unwrap();
    assert_eq!(
        (queue.visibility, queue.attempts, queue.retention_days),
        (90, 3, 2)
    );
    let test = spec::load("scalectl.yaml", &text, Some("test"), None).unwrap();
    assert_eq!(
        test.services["web"].secrets["KEY"],
        "/copilot/Bazaar/test/secrets/KEY"
    );
    assert_eq!(
        (
            test.services["web"].scale.max,
            test.services["web"].hosts.len()
        ),
        (1, 0)
    );
    assert_eq!(
        test.domain.as_ref().map(|domain| domain.name()),
        Some("test.example.com")
    );
    for (file, line, what) in [
        ("copilot/web/manifest.yml", 5, "answers from 200 to 399"),
        (
            "copilot/web/manifest.yml",
            10,
            "instances are added by CPU use",
        ),
        ("copilot/mail/manifest.yml", 6, "topics have no section"),
        (
            "copilot/report/manifest.yml",
            2,
            "jobs by a timetable (@daily)",
        ),
        (
            "copilot/environments/prod/manifest.yml",
            3,
            "an existing VPC cannot be used",
        ),
    ] {
        assert!(
            at(&notes, file, line).contains(what),
            "{file}:{line} {notes:#?}"
        );
    }
}

#[test]
fn kamals_roles_destinations_and_accessories_are_carried_over() {
    let (text, spec, notes) = converted(
        Origin::Kamal,
        "config/deploy.yml",
        &[
            (
                "config/deploy.yml",
                "<% require \"dotenv\" %>\nservice: bazaar\nimage: acme/bazaar\nservers:\n  web: [1.1.1.1, 1.1.1.2]\n  job:\n    hosts: \
                 [1.1.1.3]\n    cmd: bin/jobs --all\nproxy: {ssl: true, host: bazaar.example, app_port: 3000}\nregistry: {server: \
                 ghcr.io, username: x, password: [TOKEN]}\nenv:\n  clear: {DB_HOST: bazaar-db, WEB_CONCURRENCY: 2, AT: \"<%= ENV['A'] \
                 %>\"}\n  secret: [RAILS_MASTER_KEY]\nbuilder: {arch: arm64}\naccessories:\n  db: {image: \"mysql:8.0\", host: \
                 1.1.1.1}\nasset_path: /rails/public/assets\n",
            ),
            (
                "config/deploy.staging.yml",
                "servers: {web: [2.2.2.2]}\nproxy: {host: staging.bazaar.example}\n",
            ),
        ],
    );
    let (web, job) = (&spec.services["web"], &spec.services["job"]);
    assert_eq!(web.image.as_deref(), Some("ghcr.io/acme/bazaar:latest"));
    assert_eq!(
        (web.port, &*web.health.path, web.instance.as_str()),
        (3000, "/up", "t4g.small")
    );
    assert_eq!((web.scale.min, spec.stage.name()), (2, "load-balanced"));
    assert!(!job.is_web());
    assert!(job.command.as_ref().unwrap()[2].ends_with("exec bin/jobs --all"));
    assert_eq!(
        spec.database.as_ref().unwrap().version.as_deref(),
        Some("8.0")
    );
    let staging = spec::load("scalectl.yaml", &text, Some("staging"), None).unwrap();
    assert_eq!(
        staging.domain.as_ref().map(|domain| domain.name()),
        Some("staging.bazaar.example")
    );
    for (line, what) in [
        (3, "the git version as its tag"),
        (10, "secrets set bazaar/registry-ghcr-io"),
        (12, "AT: its value is set outside"),
        (17, "the assets bucket"),
    ] {
        assert!(
            at(&notes, "config/deploy.yml", line).contains(what),
            "{line} {notes:#?}"
        );
    }
}

#[test]
fn a_procfile_and_app_json_become_processes_in_one_image() {
    let (_, spec, notes) = converted(
        Origin::Procfile,
        "Procfile",
        &[
            (
                "Procfile",
                "web: bin/serve -p $PORT\nworker: A=1 bin/work\nrelease: bin/migrate && bin/seed\nnot a process\n",
            ),
            (
                "app.json",
                "{\"name\": \"Bazaar\",\n\"addons\": [\"heroku-postgresql:mini\", \"heroku-redis:mini\",\n\"papertrail\"],\n\
                 \"env\": {\"SECRET_KEY\": {\"generator\": \"secret\"}, \"WORKERS\": \"3\"}}\n",
            ),
        ],
    );
    let (web, worker) = (&spec.services["web"], &spec.services["worker"]);
    assert_eq!(web.image, worker.image);
    assert_eq!(
        web.command.as_ref().unwrap()[2],
        "export REDIS_URL=\"$CACHE_URL\"; exec bin/serve -p $PORT"
    );
    assert_eq!(
        worker.command.as_ref().unwrap()[2],
        "export REDIS_URL=\"$CACHE_URL\"; exec env A=1 bin/work"
    );
    assert_eq!(
        web.release.as_ref().unwrap()[2],
        "export REDIS_URL=\"$CACHE_URL\"; bin/migrate && bin/seed"
    );
    assert_eq!(
        (
            web.env["WORKERS"].as_str(),
            web.secrets["SECRET_KEY"].as_str()
        ),
        ("3", "bazaar/secret-key")
    );
    assert!(at(&notes, "Procfile", 4).contains("not NAME: COMMAND"));
    assert!(at(&notes, "app.json", 3).contains("papertrail"));
}

#[test]
fn what_would_be_refused_is_taken_out_and_listed() {
    let (_, spec, notes) = compose(
        "services:\n  web:\n    image: a:1\n    ports: [80]\n    environment: {LD_PRELOAD: /x.so, A: \"{{resolve:ssm:/a}}\", B: b}\n  db: {image: \
         \"postgres:9.6\"}\n",
    );
    assert_eq!(spec.services["web"].env.keys().collect::<Vec<_>>(), ["B"]);
    assert_eq!(spec.database.as_ref().unwrap().version, None);
    let left: Vec<&str> = (notes.iter())
        .filter(|note| note.fate == Fate::Left)
        .map(|note| note.what.as_str())
        .collect();
    for what in [
        "services.web.env.LD_PRELOAD",
        "services.web.env.A",
        "database.version",
    ] {
        assert!(left.contains(&what), "{left:?}");
    }
}

#[test]
fn the_command_finds_the_files_writes_a_spec_and_plans_it() {
    let project = Project::empty();
    project.write("docker-compose.yml", COMPOSE);
    let told = String::from_utf8(project.run("init --from . --json").stdout).unwrap();
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["tool"], "Compose");
    let first = &json["notes"][0];
    assert_eq!(
        (&first["file"], first["line"].as_u64().is_some()),
        (&"docker-compose.yml".into(), true)
    );
    assert_eq!(project.code("validate"), Some(0));
    assert!(project.said(&["plan"]).contains("to create"));
    // What is there is not overwritten.
    assert_eq!(project.code("init --from docker-compose.yml"), Some(1));
    project.write("Procfile", "web: x\n");
    let told = project.said(&[
        "init --force --from .",
        "init --force --from README.md",
        "init --force --from docker-compose.yml --app bazaar --stage cdn --domain shop.example.org",
    ]);
    assert!(
        told.contains(". has docker-compose.yml, Procfile"),
        "{told}"
    );
    assert!(told.contains("README.md cannot be read"), "{told}");
    assert!(told.contains("Not carried over ("), "{told}");
    let spec = std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap();
    assert!(
        spec.contains("stage: cdn\n") && spec.contains("domain: shop.example.org\n"),
        "{spec}"
    );
}

#[test]
fn only_files_of_the_folder_are_read() {
    let project = Project::empty();
    project.write("secret.env", "A=hunter2\n");
    project.write(
        "app/compose.yml",
        "services:\n  web:\n    image: a:1\n    ports: [80]\n    env_file: [../secret.env, /etc/hostname]\n",
    );
    let told = project.said(&["init --from app/compose.yml"]);
    assert!(
        told.contains("../secret.env is not there") && told.contains("/etc/hostname is not there"),
        "{told}"
    );
    let spec = std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap();
    assert!(!spec.contains("hunter2"), "{spec}");
}

#[test]
fn a_drivers_url_is_put_together_and_an_official_images_command_is_known() {
    let (_, spec, notes) = compose(
        "services:\n  blog:\n    image: wordpress:6\n    ports: [\"80:80\"]\n    environment: {WORDPRESS_DB_HOST: \"db:3306\", \
         WORDPRESS_DB_USER: root}\n  api:\n    image: acme/api:1\n    command: ./api\n    ports: [\"81:81\"]\n    environment: \
         {SPRING_DATASOURCE_URL: \"jdbc:mysql://db/x?useSSL=false\", CACHE: \"redis://kv/1\"}\n  db: {image: \"mysql:8.4\"}\n  \
         kv: {image: \"redis:7\"}\n",
    );
    let line = |service: &str| spec.services[service].command.as_ref().unwrap()[2].clone();
    assert_eq!(
        line("blog"),
        "export WORDPRESS_DB_HOST=\"$DATABASE_HOST:$DATABASE_PORT\"; export WORDPRESS_DB_USER=\"$DATABASE_USER\"; exec \
         docker-entrypoint.sh apache2-foreground"
    );
    assert_eq!(
        line("api"),
        "export CACHE=\"$CACHE_URL\"; export SPRING_DATASOURCE_URL=\"jdbc:mysql://$DATABASE_HOST:$DATABASE_PORT/$DATABASE_NAME\"; \
         exec ./api"
    );
    assert!(
        !notes.iter().any(|note| note.what.contains("DATASOURCE")),
        "{notes:#?}"
    );
}

#[test]
fn a_port_is_found_in_a_command_or_in_the_address_by_which_others_reach_it() {
    let (_, spec, notes) = compose(
        "services:\n  nginx: {image: nginx, volumes: [\"./nginx.conf:/etc/nginx/nginx.conf\"], depends_on: [app, users]}\n  app:\n    image: \
         a:1\n    command: gunicorn -b 0.0.0.0:5000 app\n    environment: {USERS: \"http://users:8000/v1\"}\n  users: {image: b:1}\n  \
         grafana: {image: grafana/grafana, ports: [\"3000:3000\"]}\n",
    );
    assert_eq!(
        (spec.services["app"].port, spec.services["users"].port),
        (5000, 8000)
    );
    // Monitoring was for those who run the site.
    assert_eq!(spec.services.keys().collect::<Vec<_>>(), ["app", "users"]);
    assert!(
        at(&notes, "compose.yml", 8).contains("scalectl logs"),
        "{notes:#?}"
    );
}
