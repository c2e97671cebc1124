//! The HTTP client that all of AWS's clients share, whatever their service and region.
//!
//! The SDK has each client that it makes try out its HTTP client by getting ready for TLS, which parses
//! all of the machine's root certificates. This one has nothing to try: it gets ready once, when
//! the first call needs TLS, and never where all endpoints are plain HTTP. Where `HTTPS_PROXY`,
//! `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say so, calls go through a proxy; not those to this machine and
//! to the link-local addresses at which EC2 and ECS hand out credentials, which no proxy reaches.

use std::fmt;
use std::net::IpAddr;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The client.
pub fn client() -> SharedHttpClient {
    let near = Builder::new().build_http();
    let plain = Builder::new()
        .build_with_connector_fn(|settings, parts| proxied(settings, parts).build_http());
    let tls = Builder::new().build_with_connector_fn(|settings, parts| {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        proxied(settings, parts).tls_provider(provider).build()
    });
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(ByScheme {
            near: near.http_connector(settings, components),
            plain: plain.http_connector(settings, components),
            tls: tls.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    })
}

/// What leads to a server, by way of the proxy that the environment names, if it names one.
fn proxied(
    settings: Option<&HttpConnectorSettings>,
    parts: Option<&RuntimeComponents>,
) -> ConnectorBuilder {
    let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
    connector.set_connector_settings(settings.cloned());
    connector.set_sleep_impl(parts.and_then(RuntimeComponents::sleep_impl));
    connector
}

/// What a request's URL asks for.
struct ByScheme {
    near: SharedHttpConnector,
    plain: SharedHttpConnector,
    /// It keeps what it makes, connections too.
    tls: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl fmt::Debug for ByScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByScheme")
    }
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match request.uri().strip_prefix("http://") {
            Some(rest) if is_near(rest) => self.near.call(request),
            Some(_) => self.plain.call(request),
            None => {
                let tls = self.tls.http_connector(&self.settings, &self.components);
                tls.call(request)
            }
        }
    }
}

/// Whether what follows a URL's scheme is this machine, or an address that is not routed.
fn is_near(rest: &str) -> bool {
    let host = match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => rest.split(['/', '?', ':']).next(),
    };
    let host = host.unwrap_or_default();
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        // EC2's metadata is at a unique local one.
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_stands_before_this_machine_and_before_metadata() {
        for near in [
            "127.0.0.1:4566/",
            "localhost:5000",
            "169.254.169.254/latest/meta-data/",
            "[::1]:80/",
            "[fd00:ec2::254]/latest",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in ["10.0.0.7:4566/", "localhost.example.com/", "[2001:db8::1]/"] {
            assert!(!is_near(far), "{far}");
        }
    }
}
