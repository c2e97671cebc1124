//! The site as its users meet it: what its names resolve to, what comes of a request, and what
//! CloudWatch has counted of theirs.
//!
//! Names and requests go over the open internet, from the machine that scalectl runs on; none of AWS's APIs
//! takes part, so neither credentials nor quotas do.

use std::collections::BTreeMap;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::time::Duration;

use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::json;

use super::clients::{Clients, HOME};
use super::error::chain;
use super::sdk::cloudwatch;
use super::service::{NEXT_TOKEN, input, pages, text};
use crate::inventory::Handle;
use crate::provider::{Answer, LATELY, Outcome, Probe, Traffic};
use crate::value::{Map, Value};

/// Until a connection stands, and between two pieces of an answer: whoever waits longer has given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Seconds that a data point of a metric covers.
const PERIOD: u64 = 60;

/// The addresses that a name has here.
pub async fn resolve(name: &str) -> Vec<IpAddr> {
    let name = name.to_owned();
    // The system's resolver blocks.
    let looked = tokio::task::spawn_blocking(move || {
        let found = (name.as_str(), 443).to_socket_addrs();
        // A name that is not known has no address, and so has one that cannot be asked for.
        let mut found: Vec<IpAddr> = found
            .map(|all| all.map(|one| one.ip()).collect())
            .unwrap_or_default();
        found.sort_unstable();
        found.dedup();
        found
    });
    looked.await.unwrap_or_default()
}

/// Sends a request over TLS to the site through one of its doors.
pub async fn probe(probe: &Probe) -> Answer {
    let door = match probe.door.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolve(&probe.door).await,
    };
    if door.is_empty() {
        return Answer::Nothing(format!("{} does not resolve", probe.door));
    }
    ask(&format!("https://{}{}", probe.name, probe.path), door).await
}

/// Sends a request to these addresses, whatever the URL's name resolves to.
async fn ask(url: &str, door: Vec<IpAddr>) -> Answer {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .build();
    let connector = Connector::builder()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .connector_settings(settings)
        .build_with_resolver(Door(door));
    let mut request = HttpRequest::empty();
    let uri = request.set_uri(url.to_owned());
    if let Err(error) = uri {
        return Answer::Nothing(format!("{url}: {}", chain(&error)));
    }
    request.headers_mut().insert("user-agent", "scalectl");
    match connector.call(request).await {
        Ok(response) => Answer::Status(response.status().as_u16()),
        Err(error) => Answer::Nothing(chain(&error)),
    }
}

/// A resolver for which every name is at the same addresses.
#[derive(Clone, Debug)]
struct Door(Vec<IpAddr>);

impl ResolveDns for Door {
    fn resolve_dns<'a>(&'a self, _: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(self.0.clone()))
    }
}

/// What a counter's metrics are called: requests, and what is taken for errors among them.
struct Metrics {
    namespace: &'static str,
    dimensions: serde_json::Value,
    /// A name, a statistic, and what it says.
    asked: &'static [(&'static str, &'static str, Said)],
}

/// What a metric says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Requests,
    /// A number of errors.
    Errors,
    /// Errors among a hundred requests of the same time.
    Percent,
    /// Seconds.
    Slowest,
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>
const BALANCER: &[(&str, &str, Said)] = &[
    ("RequestCount", "Sum", Said::Requests),
    ("HTTPCode_ELB_5XX_Count", "Sum", Said::Errors),
    ("HTTPCode_Target_5XX_Count", "Sum", Said::Errors),
    ("TargetResponseTime", "p95", Said::Slowest),
];

/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html>
const DISTRIBUTION: &[(&str, &str, Said)] = &[
    ("Requests", "Sum", Said::Requests),
    ("5xxErrorRate", "Average", Said::Percent),
];

impl Metrics {
    /// Those of a load balancer or a distribution, and where they are kept.
    fn of(handle: &Handle) -> Option<(&str, Self)> {
        match &*handle.kind {
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
                let (_, name) = handle.identifier.split_once(":loadbalancer/")?;
                let metrics = Self {
                    namespace: "AWS/ApplicationELB",
                    dimensions: json!([{"Name": "LoadBalancer", "Value": name}]),
                    asked: BALANCER,
                };
                Some((&handle.address.region, metrics))
            }
            "AWS::CloudFront::Distribution" => {
                let metrics = Self {
                    namespace: "AWS/CloudFront",
                    dimensions: json!([
                        {"Name": "DistributionId", "Value": &*handle.identifier},
                        {"Name": "Region", "Value": "Global"},
                    ]),
                    asked: DISTRIBUTION,
                };
                Some((HOME, metrics))
            }
            _ => None,
        }
    }
}

/// What these counted of late, up to `now` (milliseconds since the epoch).
pub async fn traffic(clients: &Clients, at: &[Handle], now: u64) -> Outcome<Traffic> {
    let mut traffic = Traffic::default();
    for handle in at {
        let Some((region, metrics)) = Metrics::of(handle) else {
            continue;
        };
        let queries: Vec<serde_json::Value> = metrics
            .asked
            .iter()
            .enumerate()
            .map(|(number, (name, statistic, _))| {
                json!({
                    "Id": format!("m{number}"),
                    "MetricStat": {
                        "Metric": {
                            "Namespace": metrics.namespace,
                            "MetricName": name,
                            "Dimensions": metrics.dimensions,
                        },
                        "Period": PERIOD,
                        "Stat": statistic,
                    },
                })
            })
            .collect();
        let moment = |millis: u64| {
            let millis = i64::try_from(millis).unwrap_or(i64::MAX);
            jiff::Timestamp::from_millisecond(millis)
                .map(|moment| moment.to_string())
                .unwrap_or_default()
        };
        let lately = u64::try_from(LATELY.as_millis()).unwrap_or(u64::MAX);
        let question = input(json!({
            "MetricDataQueries": queries,
            "StartTime": moment(now.saturating_sub(lately)),
            "EndTime": moment(now),
        }));
        let api = clients.cloudwatch(region);
        let call = async |question: &Map| cloudwatch::get_metric_data(&api, question).await;
        let results = pages(call, question, "MetricDataResults", NEXT_TOKEN).await?;
        add(&mut traffic, metrics.asked, &results);
    }
    Ok(traffic)
}

/// Adds what was counted.
fn add(traffic: &mut Traffic, asked: &[(&str, &str, Said)], results: &[Map]) {
    // Percent are of the requests of the same minute.
    let mut minutes: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for result in results {
        let number = text(result, "Id").strip_prefix('m');
        let number = number.and_then(|number| number.parse::<usize>().ok());
        let Some((_, _, said)) = number.and_then(|number| asked.get(number)) else {
            continue;
        };
        let list = |name: &str| {
            result
                .get(name)
                .and_then(Value::as_list)
                .unwrap_or_default()
        };
        for (moment, value) in list("Timestamps").iter().zip(list("Values")) {
            let Some(value) = number_of(value) else {
                continue;
            };
            match said {
                Said::Requests => {
                    traffic.requests += value;
                    minutes.entry(moment.to_string()).or_default().0 += value;
                }
                Said::Errors => traffic.errors += value,
                Said::Percent => minutes.entry(moment.to_string()).or_default().1 = value,
                Said::Slowest => {
                    let slowest = traffic.slowest.unwrap_or_default().max(value * 1000.0);
                    traffic.slowest = Some(slowest);
                }
            }
        }
    }
    let shares = minutes.values();
    traffic.errors += shares
        .map(|(requests, percent)| requests * percent / 100.0)
        .sum::<f64>();
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    }

    /// A server that answers one request, and gives back what it was asked.
    fn server(answer: &'static str) -> (SocketAddr, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let serve = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 4096];
            let length = stream.read(&mut asked).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        (address, serve)
    }

    #[test]
    fn a_request_goes_to_the_door_and_bears_the_sites_name() {
        let (address, serve) = server("HTTP/1.1 503 Sorry\r\ncontent-length: 0\r\n\r\n");
        let url = format!("http://shop.example.com:{}/healthz", address.port());
        let answer = runtime().block_on(ask(&url, vec![address.ip()]));
        assert_eq!(answer, Answer::Status(503));
        let asked = serve.join().unwrap().to_lowercase();
        assert!(asked.starts_with("get /healthz http/1.1"), "{asked}");
        assert!(asked.contains("host: shop.example.com"), "{asked}");
    }

    #[test]
    fn a_server_that_does_not_speak_tls_has_not_answered() {
        let (address, serve) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        let url = format!("https://shop.example.com:{}/", address.port());
        let answer = runtime().block_on(ask(&url, vec![address.ip()]));
        assert!(matches!(answer, Answer::Nothing(_)), "{answer:?}");
        serve.join().unwrap();
    }

    #[test]
    fn errors_are_counted_or_reckoned_from_their_percentage() {
        let moments = json!(["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"]);
        let result = |id: &str, values: serde_json::Value| {
            input(json!({"Id": id, "Timestamps": moments.clone(), "Values": values}))
        };
        let mut balancer = Traffic::default();
        let counted = [
            result("m0", json!([100, 50])),
            result("m1", json!([2, 0])),
            result("m2", json!([0, 1.0])),
            result("m3", json!([0.25, 0.5])),
        ];
        add(&mut balancer, BALANCER, &counted);
        let wanted = Traffic {
            requests: 150.0,
            errors: 3.0,
            slowest: Some(500.0),
        };
        assert_eq!(balancer, wanted);
        let mut edge = Traffic::default();
        let counted = [
            result("m0", json!([200, 100])),
            result("m1", json!([1.5, 0])),
        ];
        add(&mut edge, DISTRIBUTION, &counted);
        assert_eq!((edge.requests, edge.errors), (300.0, 3.0));
    }
}
