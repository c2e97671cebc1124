//! The HTTP client that all of AWS's clients share, whatever their service and region.
//!
//! The SDK has each client that it makes try out its HTTP client by getting ready for TLS, which parses
//! all of the machine's root certificates. This one has nothing to try: it gets ready once, when
//! the first call needs TLS, and never where all endpoints are plain HTTP.

use std::fmt;

use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The client.
pub fn client() -> SharedHttpClient {
    let plain = Builder::new().build_http();
    let tls = Builder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https();
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(ByScheme {
            plain: plain.http_connector(settings, components),
            tls: tls.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    })
}

/// What a request's URL asks for.
struct ByScheme {
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
        match request.uri().starts_with("http:") {
            true => self.plain.call(request),
            false => {
                let tls = self.tls.http_connector(&self.settings, &self.components);
                tls.call(request)
            }
        }
    }
}
