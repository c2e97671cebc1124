//! What stands in front of a database at a stage: one server, or a fleet behind a load balancer, or that behind
//! a cache at the edge; read from a stage's graph, so that what is rehearsed is what would be built.

use crate::graph::{Graph, Resource};
use crate::value::Value;

/// Servers of a fleet that are started here at most; more prove no more.
const MOST: usize = 3;

/// A stage's front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// The fleet of each region, the one whose database takes writes first; none where requests go straight
    /// to one server.
    pub fleets: Vec<Fleet>,
    /// Whether an edge that caches stands before them.
    pub edge: bool,
    /// Whether reads go to a replica of the database.
    pub replica: bool,
}

/// Servers behind a load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// How many.
    pub servers: usize,
    /// How the balancer chooses, in HAProxy's words.
    pub balance: &'static str,
}

impl Front {
    /// The front that a stage's graph has.
    pub fn of(graph: &Graph) -> Self {
        let of = |kind: &'static str| graph.iter().filter(move |one| &*one.kind == kind);
        let mut regions: Vec<_> = of("AWS::ElasticLoadBalancingV2::LoadBalancer")
            .map(|one| one.address.region.clone())
            .collect();
        regions.sort();
        regions.dedup();
        let writer = of("AWS::RDS::DBInstance").find(|one| !follows(one));
        let writer = writer.map(|one| &one.address.region);
        regions.sort_by_key(|region| Some(region) != writer);
        let fleets = regions.iter().map(|region| {
            let mine = |one: &&Resource| one.address.region == *region;
            let least = of("AWS::AutoScaling::AutoScalingGroup")
                .filter(mine)
                .filter_map(|one| number(one.properties.get("MinSize")?))
                .max();
            let attributes = of("AWS::ElasticLoadBalancingV2::TargetGroup")
                .filter(mine)
                .filter_map(|one| one.properties.get("TargetGroupAttributes")?.as_list())
                .flatten();
            Fleet {
                servers: least.unwrap_or(1).clamp(1, MOST),
                balance: balance(attributes),
            }
        });
        Self {
            fleets: fleets.collect(),
            edge: of("AWS::CloudFront::Distribution").next().is_some(),
            replica: of("AWS::RDS::DBInstance").any(follows),
        }
    }
}

fn follows(database: &Resource) -> bool {
    database
        .properties
        .get("SourceDBInstanceIdentifier")
        .is_some()
}

fn number(value: &Value) -> Option<usize> {
    match value {
        Value::Int(number) => usize::try_from(*number).ok(),
        value => value.as_str()?.parse().ok(),
    }
}

/// A target group's algorithm
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html>)
/// as HAProxy calls it.
fn balance<'a>(mut attributes: impl Iterator<Item = &'a Value>) -> &'static str {
    let found = attributes.find_map(|one| {
        let is_it = one.at("Key")?.as_str()? == "load_balancing.algorithm.type";
        is_it.then(|| one.at("Value")?.as_str())?
    });
    match found {
        Some("least_outstanding_requests") => "leastconn",
        // HAProxy's `random` alone would take the less busy one of two.
        Some("weighted_random") => "random(1)",
        _ => "roundrobin",
    }
}

/// A load balancer's configuration. The edge comes in by a door of its own, with a secret that it alone knows,
/// so that the other one can be closed once all requests come from there.
pub fn balancer(
    socket: &str,
    (public, private): (u16, u16),
    secret: &str,
    fleet: &Fleet,
    servers: &[u16],
) -> String {
    let mut text = format!(
        "{}\
frontend public
  bind 127.0.0.1:{public}
  default_backend servers
frontend private
  bind 127.0.0.1:{private}
  http-request deny unless {{ req.hdr(x-origin-verify) -m str {secret} }}
  default_backend servers
backend servers
  balance {}
  option httpchk GET /healthz
  default-server check inter 250ms rise 2 fall 3
",
        head(socket),
        fleet.balance
    );
    for (number, port) in servers.iter().enumerate() {
        text.push_str(&format!("  server s{number} 127.0.0.1:{port}\n"));
    }
    text
}

/// The edge's configuration: it keeps files, and asks the first load balancer, or the second when that one
/// does not answer.
pub fn edge(socket: &str, port: u16, secret: &str, fleets: &[u16]) -> String {
    let mut text = format!(
        "{}\
cache files
  total-max-size 4
  max-age 60
frontend edge
  bind 127.0.0.1:{port}
  http-request set-var(txn.file) bool(true) if {{ path_beg /assets/ }}
  http-request cache-use files if {{ path_beg /assets/ }}
  http-response cache-store files if {{ var(txn.file) -m bool }}
  http-response set-header X-Cache hit if {{ res.cache_hit }}
  default_backend origins
backend origins
  option httpchk
  http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host edge hdr x-origin-verify {secret}
  http-request set-header x-origin-verify {secret}
  default-server check inter 250ms rise 2 fall 3
",
        head(socket)
    );
    for (number, fleet) in fleets.iter().enumerate() {
        let backup = if number == 0 { "" } else { " backup disabled" };
        text.push_str(&format!("  server o{number} 127.0.0.1:{fleet}{backup}\n"));
    }
    text
}

fn head(socket: &str) -> String {
    format!(
        "\
global
  stats socket {socket} mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 5s
  retries 3
  option redispatch 1
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Library, compile};
    use crate::spec::{self, Stage};

    fn front(stage: Stage) -> Front {
        let text = "app: shop\nstage: single-server\ndomain: shop.example.com\nregions: [us-east-1, eu-west-1]\n\
                    services: {web: {image: a, scale: {min: 2, max: 4}, balance: {algorithm: weighted-random}}}\n\
                    database: {engine: postgres, replicas: 1}\n";
        let spec = spec::load("scalectl.yaml", text, None, Some(stage)).unwrap();
        Front::of(&compile(&Library::embedded().unwrap(), &spec).unwrap())
    }

    #[test]
    fn a_front_is_what_its_stage_builds() {
        let fleet = Fleet {
            servers: 2,
            balance: "random(1)",
        };
        assert_eq!(front(Stage::SplitDb), Front::default());
        let balanced = Front {
            fleets: vec![fleet.clone()],
            edge: false,
            replica: true,
        };
        assert_eq!(front(Stage::LoadBalanced), balanced);
        let edge = Front {
            edge: true,
            ..balanced
        };
        assert_eq!(front(Stage::Cdn), edge);
        let regions = Front {
            fleets: vec![fleet.clone(), fleet],
            ..edge
        };
        assert_eq!(front(Stage::MultiRegion), regions);
    }
}
