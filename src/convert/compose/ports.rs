//! The ports of a container, and what its labels say of the requests that reach it.

use super::super::keys::{self, entries, items, scalar};
use crate::yaml::{Node, Yaml};

/// Ports of protocols other than HTTP
/// (<https://www.iana.org/assignments/service-names-port-numbers/>).
const OTHERS: [u16; 22] = [
    21, 22, 25, 53, 110, 143, 465, 587, 993, 995, 1433, 1521, 1883, 3306, 5432, 5672, 6379, 8883,
    9042, 9092, 11211, 27017,
];

/// A port of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// In the container.
    pub inner: u16,
    /// On the host, if it is said.
    pub outer: Option<u16>,
    /// Whether it may speak HTTP.
    pub is_http: bool,
}

/// Reads one entry of `ports` or `expose`: `8080:80`, `127.0.0.1:3000:3000/tcp`, `3000-3005`, 80, or a mapping.
pub fn port(node: &Node, text: Option<String>) -> Option<Port> {
    if let Yaml::Map(_) = node.value {
        let inner = keys::number(node, "target")?;
        let is_tcp = keys::text(node, "protocol").is_none_or(|protocol| protocol == "tcp");
        return Some(Port {
            inner,
            outer: keys::number(node, "published"),
            is_http: is_tcp && !OTHERS.contains(&inner),
        });
    }
    let text = text.or_else(|| scalar(node))?;
    let (ports, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let mut parts = ports.rsplit(':');
    let first = |range: &str| range.split('-').next().unwrap_or(range).parse::<u16>().ok();
    let inner = first(parts.next()?).filter(|port| *port > 0)?;
    let outer = parts.next().and_then(first);
    Some(Port {
        inner,
        outer,
        is_http: protocol == "tcp" && !OTHERS.contains(&inner),
    })
}

/// What labels for a proxy say.
#[derive(Debug, Default, PartialEq)]
pub struct Routes {
    /// Host names.
    pub hosts: Vec<String>,
    /// Paths.
    pub paths: Vec<String>,
    /// The port.
    pub port: Option<u16>,
}

/// Reads labels of Traefik and of caddy-docker-proxy.
pub fn routes(node: &Node) -> Routes {
    let mut labels: Vec<(String, String)> = entries(node.get("labels"))
        .into_iter()
        .filter_map(|(name, _, value)| Some((name.to_owned(), scalar(value)?)))
        .collect();
    for item in items(node.get("labels")) {
        if let Some((name, value)) = item.as_str().and_then(|text| text.split_once('=')) {
            labels.push((name.to_owned(), value.to_owned()));
        }
    }
    let mut routes = Routes::default();
    for (name, value) in labels {
        if name.starts_with("traefik.http.routers.") && name.ends_with(".rule") {
            routes.hosts.extend(arguments(&value, "Host("));
            for prefix in arguments(&value, "PathPrefix(") {
                let prefix = prefix.trim_end_matches('/');
                if prefix.starts_with('/') {
                    routes
                        .paths
                        .extend([prefix.to_owned(), format!("{prefix}/*")]);
                }
            }
            let whole = arguments(&value, "Path(");
            routes
                .paths
                .extend(whole.into_iter().filter(|path| path.starts_with('/')));
        } else if name.starts_with("traefik.http.services.")
            && name.ends_with(".loadbalancer.server.port")
        {
            routes.port = value.trim().parse().ok();
        } else if name == "traefik.frontend.rule" {
            // Traefik 1: Host:a.example,b.example;PathPrefix:/api
            for part in value.split(';') {
                let (kind, names) = part.split_once(':').unwrap_or((part, ""));
                let names = names.split(',').map(|name| name.trim().to_owned());
                match kind.trim() {
                    "Host" => routes.hosts.extend(names),
                    "PathPrefix" => routes.paths.extend(names.flat_map(|path| {
                        let path = path.trim_end_matches('/').to_owned();
                        [format!("{path}/*"), path]
                    })),
                    _ => {}
                }
            }
        } else if name == "traefik.port" {
            routes.port = value.trim().parse().ok();
        } else if name == "caddy" {
            let hosts = value
                .split([',', ' '])
                .map(str::trim)
                .filter(|host| host.contains('.'));
            routes
                .hosts
                .extend(hosts.map(|host| host.trim_start_matches("https://").to_owned()));
        }
    }
    for list in [&mut routes.hosts, &mut routes.paths] {
        let mut seen = std::collections::BTreeSet::new();
        list.retain(|one| seen.insert(one.clone()));
    }
    routes
}

/// The words in backticks or quotes of each call of a function in a rule of Traefik's.
fn arguments(rule: &str, function: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in rule.match_indices(function) {
        let is_whole = !rule[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let is_negated = rule[..at].trim_end().ends_with('!');
        if !is_whole || is_negated {
            continue;
        }
        let inner = &rule[at + function.len()..];
        let inner = &inner[..inner.find(')').unwrap_or(inner.len())];
        let words = inner.split([',', '`', '"', '\'']).map(str::trim);
        found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn ports_are_read_in_every_form() {
        let read = |text: &str| port(&yaml::parse("x", text).unwrap(), None);
        let of = |inner, outer, is_http| {
            Some(Port {
                inner,
                outer,
                is_http,
            })
        };
        assert_eq!(read("\"8080:80\""), of(80, Some(8080), true));
        assert_eq!(
            read("\"127.0.0.1:3000:3001/tcp\""),
            of(3001, Some(3000), true)
        );
        assert_eq!(read("\"[::1]:80:81\""), of(81, Some(80), true));
        assert_eq!(read("3000"), of(3000, None, true));
        assert_eq!(read("\"53:53/udp\""), of(53, Some(53), false));
        assert_eq!(read("\"22:22\""), of(22, Some(22), false));
        assert_eq!(read("\"9000-9002:9000-9002\""), of(9000, Some(9000), true));
        assert_eq!(
            read("{target: 80, published: \"8080\"}"),
            of(80, Some(8080), true)
        );
        assert_eq!(read("\"${PORT}\""), None);
    }

    #[test]
    fn labels_say_hosts_paths_and_a_port() {
        let text = "labels:\n  - \"traefik.http.routers.a.rule=(Host(`a.example`) || Host(`b.example`, `a.example`)) && \
                    PathPrefix(`/api/`) && !Path(`/x`)\"\n  - traefik.http.services.a.loadbalancer.server.port=3000\n";
        let found = routes(&yaml::parse("x", text).unwrap());
        assert_eq!(found.hosts, ["a.example", "b.example"]);
        assert_eq!(found.paths, ["/api", "/api/*"]);
        assert_eq!(found.port, Some(3000));
        let found = routes(
            &yaml::parse("x", "labels: {caddy: \"shop.example, www.shop.example\"}").unwrap(),
        );
        assert_eq!(found.hosts, ["shop.example", "www.shop.example"]);
    }
}
