//! Kamal's `config/deploy.yml`, with the destinations beside it: <https://kamal-deploy.org/docs/configuration/overview/>.

use super::command::Command;
use super::compose::routes;
use super::image::{self, Role};
use super::keys::{self, Lost, entries, items, rest, scalar, seconds};
use super::notes::Notes;
use super::site::{Image, Program, Site};
use super::variables::{Neighbour, Raw};
use crate::diagnostic::Diagnostic;
use crate::spec::Stage;
use crate::yaml::{Node, Yaml};

const KNOWN: [&str; 10] = [
    "service",
    "image",
    "servers",
    "proxy",
    "env",
    "registry",
    "builder",
    "accessories",
    "healthcheck",
    "volumes",
];

const LOST: [Lost; 24] = [
    (
        "aliases",
        Some((
            "scalectl has no aliases",
            "`scalectl exec`, `run` and `logs` do what they mostly stand for",
        )),
    ),
    ("allow_empty_roles", None),
    (
        "asset_path",
        Some((
            "files of the old and the new version are not served side by side",
            "serve them from the assets bucket at stage cdn (`cdn: {static_paths: [...]}`), which keeps old ones",
        )),
    ),
    ("audit_broadcast_cmd", None),
    (
        "boot",
        Some((
            "servers are replaced in shares",
            "`deploy: {share: PERCENT}` of a service",
        )),
    ),
    (
        "deploy_timeout",
        Some((
            "a new version has as long as its health check allows",
            "see `health` of the service",
        )),
    ),
    ("drain_timeout", None),
    (
        "error_pages_path",
        Some(("the load balancer has no error pages of yours", "")),
    ),
    (
        "hooks_path",
        Some((
            "scalectl runs no hooks",
            "a command before a new version serves is `release` of the service",
        )),
    ),
    ("labels", None),
    (
        "logging",
        Some((
            "containers log to CloudWatch Logs",
            "`monitoring: {log_retention_days: ...}` says how long they are kept",
        )),
    ),
    ("minimum_version", None),
    ("primary_role", None),
    ("readiness_delay", None),
    ("require_destination", None),
    ("retain_containers", None),
    ("run_directory", None),
    ("secrets_path", None),
    (
        "ssh",
        Some((
            "servers have no open port for SSH",
            "`scalectl ssh` connects through Session Manager",
        )),
    ),
    ("sshkit", None),
    ("sudo", None),
    ("stop_wait_time", None),
    (
        "traefik",
        Some((
            "requests come through scalectl's own proxy or load balancer",
            "write the host as `domain`",
        )),
    ),
    ("destination", None),
];

const ROLE_KNOWN: [&str; 7] = [
    "labels", "hosts", "cmd", "env", "proxy", "options", "traefik",
];

/// Reads a configuration; `root` has the destination merged over it.
///
/// # Errors
/// Where it names no image or no servers.
pub fn read(root: &Node, notes: &mut Notes) -> Result<Site, Vec<Diagnostic>> {
    let mut site = Site::new(Stage::SingleServer, root.location.clone());
    site.app = keys::text(root, "service");
    let Some(image) = keys::text(root, "image").map(|image| image_of(root, &image)) else {
        return Err(vec![
            Diagnostic::error(root.location.clone(), "the configuration names no image").help(
                "this is not a deploy.yml of Kamal; name the file to convert with `--from FILE`",
            ),
        ]);
    };
    let at = root.locate("image").clone();
    let why = "Kamal gives the image the git version as its tag, which is not in the file";
    let instead = "write the tag to start with in place of `latest`; `scalectl deploy --image IMAGE:TAG` brings a new one";
    if crate::schema::split_tag(&image).1 == Some("latest") {
        notes.check(&at, "image", why, instead);
    }
    registry(root, &mut site, notes);
    let is_arm = items(root.get("builder").and_then(|builder| builder.get("arch")))
        .iter()
        .all(|arch| scalar(arch).as_deref() == Some("arm64"))
        && root
            .get("builder")
            .is_some_and(|builder| builder.get("arch").is_some());
    let program = |name: &str, at: &crate::diagnostic::Location| {
        let mut program = Program::new(name, at.clone());
        program.image = Image::Named(image.clone());
        program.is_arm = is_arm;
        program.raw = variables(root);
        program
    };
    match root.get("servers").map(|servers| (&servers.value, servers)) {
        Some((Yaml::Map(roles), _)) => {
            for (name, value) in roles {
                let mut one = program(&name.text, &name.location);
                role(value, &mut one, &mut site, notes);
                site.programs.push(one);
            }
        }
        Some((_, servers)) => {
            let mut one = program("web", &root.locate("servers").clone());
            role(servers, &mut one, &mut site, notes);
            site.programs.push(one);
        }
        None => site.programs.push(program("web", &root.location)),
    }
    let checks = root.get("healthcheck").cloned();
    let proxy = root.get("proxy").cloned();
    for one in site.programs.iter_mut().filter(|one| one.is_web) {
        for part in [&checks, &proxy].into_iter().flatten() {
            proxied(part, one, &mut site.domain, notes);
        }
        // Kamal's own defaults.
        one.port = one.port.or(Some(80));
        one.health.path.get_or_insert_with(|| "/up".to_owned());
    }
    accessories(root, &mut site, notes);
    volumes(root, notes);
    rest(root, "", &KNOWN, &LOST, notes);
    Ok(site)
}

/// The image in its registry, with a tag.
fn image_of(root: &Node, image: &str) -> String {
    let server = root
        .get("registry")
        .and_then(|registry| keys::text(registry, "server"));
    let full = match server.filter(|server| server != "docker.io" && !server.is_empty()) {
        Some(server) if !image.starts_with(&format!("{server}/")) => format!("{server}/{image}"),
        _ => image.to_owned(),
    };
    match crate::schema::split_tag(&full).1 {
        Some(_) => full,
        None => format!("{full}:latest"),
    }
}

fn registry(root: &Node, site: &mut Site, notes: &mut Notes) {
    let Some(registry) = root
        .get("registry")
        .filter(|one| one.get("password").is_some())
    else {
        return;
    };
    let server = keys::text(registry, "server").unwrap_or_default();
    let at = root.locate("registry");
    let host = if server.is_empty() {
        "docker.io"
    } else {
        &server
    };
    match keys::text(registry, "username").filter(|name| !name.contains(CODE)) {
        _ if server.contains(".dkr.ecr.") || server.starts_with("localhost") => {}
        Some(name) => {
            site.registries.insert(host.to_owned(), (name, at.clone()));
        }
        None => {
            let why = "the user of its login is not in the files that were read";
            let instead =
                format!("write it: `registries: {{{host}: {{username: USER, password: SECRET}}}}`");
            notes.left(at, "registry", why, &instead);
        }
    }
}

/// The variables of all roles.
fn variables(node: &Node) -> Vec<Raw> {
    let Some(env) = node.get("env") else {
        return Vec::new();
    };
    let is_split = env.get("clear").is_some() || env.get("secret").is_some();
    let clear = if is_split {
        env.get("clear")
    } else {
        Some(env)
    };
    let mut raw: Vec<Raw> = entries(clear)
        .into_iter()
        .filter(|(name, _, _)| *name != "tags")
        .map(|(name, at, value)| Raw {
            name: name.to_owned(),
            shape: None,
            value: scalar(value).filter(|value| !value.contains(CODE)),
            at: at.clone(),
        })
        .collect();
    for item in items(env.get("secret")) {
        // NAME, or NAME:NAME_OF_THE_SECRET.
        if let Some(name) = item.as_str() {
            raw.push(Raw {
                name: name.split(':').next().unwrap_or(name).to_owned(),
                shape: None,
                value: None,
                at: item.location.clone(),
            });
        }
    }
    raw
}

/// What a role of the servers says of its program.
fn role(value: &Node, program: &mut Program, site: &mut Site, notes: &mut Notes) {
    let hosts = match &value.value {
        Yaml::Map(_) => items(value.get("hosts")).len(),
        _ => items(Some(value)).len(),
    };
    if hosts > 1 {
        site.stage = site.stage.max(Stage::LoadBalanced);
        let count = u16::try_from(hosts).unwrap_or(1000);
        program.scale = Some((count, count));
    }
    program.is_web = &*program.name == "web";
    if !matches!(value.value, Yaml::Map(_)) {
        return;
    }
    let what = format!("servers.{}", program.name);
    program.command = keys::text(value, "cmd").map(|cmd| Command::split(&cmd));
    program.raw.extend(variables(value));
    match value.get("proxy").map(|proxy| &proxy.value) {
        Some(Yaml::Bool(is_web)) => program.is_web = *is_web,
        Some(Yaml::Map(_)) => {
            program.is_web = true;
            let own = value.get("proxy").cloned();
            if let Some(own) = own {
                let mut domain = None;
                proxied(&own, program, &mut domain, notes);
                match (&site.domain, domain) {
                    (None, Some(domain)) if &*program.name == "web" => site.domain = Some(domain),
                    (_, Some(domain)) => program.hosts.push(domain),
                    (_, None) => {}
                }
            }
        }
        _ => {}
    }
    if let Some(options) = value.get("options") {
        let why = "options of `docker run` are not passed on";
        let instead = "memory and CPUs are those of `instance`; what else the program needs belongs into its image";
        notes.left(&options.location, format!("{what}.options"), why, instead);
    }
    // Kamal 1 names hosts in labels of Traefik's.
    for host in routes(value).hosts {
        match &site.domain {
            None => site.domain = Some(host),
            Some(domain) if *domain == host => {}
            Some(_) => program.hosts.push(host),
        }
    }
    rest(value, &what, &ROLE_KNOWN, &[], notes);
}

/// What `proxy`, or `healthcheck` before Kamal 2, says of a program that serves HTTP.
fn proxied(part: &Node, program: &mut Program, domain: &mut Option<String>, notes: &mut Notes) {
    let port = keys::number(part, "app_port").or_else(|| keys::number(part, "port"));
    program.port = port.or(program.port);
    let check = part.get("healthcheck").unwrap_or(part);
    if let Some(path) = keys::text(check, "path").filter(|path| path.starts_with('/')) {
        program.health.path = Some(path);
    }
    let time = |key: &str| keys::text(check, key).and_then(|text| seconds(&text));
    program.health.interval = time("interval").or(program.health.interval);
    program.health.timeout = time("timeout").or(program.health.timeout);
    let mut hosts = items(part.get("host"));
    hosts.extend(items(part.get("hosts")));
    for host in hosts
        .into_iter()
        .filter_map(scalar)
        .flat_map(|text| {
            text.split(',')
                .map(|one| one.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|host| !host.contains(CODE))
    {
        if domain.is_none() {
            *domain = Some(host);
        } else if *domain != Some(host.clone()) && !program.hosts.contains(&host) {
            program.hosts.push(host);
        }
    }
    for prefix in items(part.get("path_prefix"))
        .into_iter()
        .filter_map(scalar)
    {
        let prefix = prefix.trim_end_matches('/').to_owned();
        if !prefix.is_empty() {
            program.paths = vec![prefix.clone(), format!("{prefix}/*")];
        }
    }
    let known = [
        "app_port",
        "port",
        "healthcheck",
        "path",
        "interval",
        "timeout",
        "host",
        "hosts",
        "path_prefix",
        "ssl",
        "cmd",
        "max_attempts",
        "cord",
        "log_lines",
        "run",
        "ssl_redirect",
    ];
    let lost: [Lost; 6] = [
        ("response_timeout", Some(("a request has 60 seconds", ""))),
        ("forward_headers", None),
        ("buffering", Some(("requests are not buffered", ""))),
        ("logging", Some(("headers are not logged", ""))),
        (
            "strip_path_prefix",
            Some((
                "a load balancer passes paths on unchanged",
                "have the program serve the whole path",
            )),
        ),
        ("tls", None),
    ];
    rest(part, "proxy", &known, &lost, notes);
}

fn accessories(root: &Node, site: &mut Site, notes: &mut Notes) {
    for (name, at, value) in entries(root.get("accessories")) {
        let image = keys::text(value, "image").unwrap_or_default();
        let service = site.app.clone().unwrap_or_default();
        let reached = keys::text(value, "service").unwrap_or_else(|| format!("{service}-{name}"));
        let mut neighbour = Neighbour::Left;
        match image::role(&image) {
            Role::Database(mut found) => {
                let named =
                    |raw: &Raw| raw.name.ends_with("_DB") || raw.name.ends_with("_DATABASE");
                let env = variables(value);
                found.name = env
                    .iter()
                    .find(|raw| named(raw))
                    .and_then(|raw| raw.value.clone());
                if site.database.is_none() {
                    site.database = Some(found);
                    neighbour = Neighbour::Database;
                } else {
                    let why = "a spec has one relational database";
                    notes.left(
                        at,
                        format!("accessories.{name}"),
                        why,
                        "put both into one database, or run a spec of its own",
                    );
                }
                copied(value, name, notes);
            }
            Role::Cache(found) if site.cache.is_none() => {
                site.cache = Some(found);
                neighbour = Neighbour::Cache;
            }
            Role::Cache(_) => neighbour = Neighbour::Cache,
            Role::Other(title, instead) => {
                notes.left(
                    at,
                    format!("accessories.{name}"),
                    &format!("it is {title}"),
                    instead,
                );
            }
            Role::Proxy | Role::WebServer | Role::Program => {
                let why = "scalectl runs no containers beside the services";
                let instead = "make it a service (`type: worker` where it serves no HTTP)";
                notes.left(at, format!("accessories.{name}"), why, instead);
            }
        }
        site.neighbours.insert(reached, neighbour);
        for host in items(value.get("host"))
            .into_iter()
            .chain(items(value.get("hosts")))
        {
            if let Some(host) = scalar(host).filter(|_| neighbour != Neighbour::Left) {
                site.neighbours.insert(host, neighbour);
            }
        }
    }
}

/// Rows do not come along with a spec.
fn copied(value: &Node, name: &str, notes: &mut Notes) {
    let why = "its rows are not copied: the site begins with an empty database";
    let instead = "restore a dump through `scalectl tunnel database`";
    notes.check(&value.location, format!("accessories.{name}"), why, instead);
    if let Some(files) = value.get("files") {
        let why = "files of the database's server are not copied";
        let instead =
            "its settings are RDS's; what `setup.sql` does belongs into `release` of a service";
        notes.left(
            &files.location,
            format!("accessories.{name}.files"),
            why,
            instead,
        );
    }
}

fn volumes(root: &Node, notes: &mut Notes) {
    for volume in items(root.get("volumes")) {
        let text = scalar(volume).unwrap_or_default();
        let is_sqlite = text.contains("storage") || text.contains("db");
        let instead = if is_sqlite {
            "use `database` in place of SQLite, and put files into a bucket (https://scalectl.github.io/scalectl/resources.html)"
        } else {
            "put files into a bucket (https://scalectl.github.io/scalectl/resources.html)"
        };
        notes.left(
            &volume.location,
            format!("volumes: {text}"),
            "containers keep no files",
            instead,
        );
    }
}

/// The name of a destination, of a file beside the configuration: `deploy.staging.yml` beside `deploy.yml`.
pub fn destination<'a>(main: &str, path: &'a str) -> Option<&'a str> {
    let (begin, end) = main.rsplit_once('.')?;
    let name = path
        .strip_prefix(begin)?
        .strip_prefix('.')?
        .strip_suffix(end)?;
    name.strip_suffix('.').filter(|name| !name.is_empty())
}

/// A text without the Ruby in it (ERB), line for line. What a value of code would be is not known.
pub fn without_code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("<%") {
        out.push_str(&rest[..begin]);
        let code = &rest[begin..];
        let end = code.find("%>").map_or(code.len(), |end| end + 2);
        // Where a value stands, something has to stand.
        if code.starts_with("<%=") {
            out.push_str(CODE);
        }
        out.extend(code[..end].chars().filter(|c| *c == '\n'));
        rest = &code[end..];
    }
    out.push_str(rest);
    out
}

/// Stands for a value of code.
const CODE: &str = "value-of-ruby-code";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_file_beside_the_configuration() {
        assert_eq!(
            destination("config/deploy.yml", "config/deploy.staging.yml"),
            Some("staging")
        );
        assert_eq!(destination("config/deploy.yml", "config/deploy.yml"), None);
        assert_eq!(
            destination("config/deploy.yml", "config/database.yml"),
            None
        );
    }

    #[test]
    fn ruby_goes_and_lines_stay() {
        let text = "<% x = 1\ny %>\na: \"<%= ENV[\"A\"] %>\"\nb: <%= z %>\n";
        assert_eq!(
            without_code(text),
            "\n\na: \"value-of-ruby-code\"\nb: value-of-ruby-code\n"
        );
    }
}
