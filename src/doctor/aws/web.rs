//! Requests to registries and public resolvers, and the checks that they answer. No credentials of AWS's take part.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use futures_util::future::join_all;

use crate::doctor::Check;
use crate::doctor::delegation::{self, Zone};
use crate::doctor::images::{self, Image, Wanted};
use crate::doctor::web::{Request, Response};
use crate::provider::aws::chain;

/// Until a connection exists, and between two pieces of an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// For all that one check asks.
const WHOLE: Duration = Duration::from_secs(15);

/// Manifests and configurations of images are below 4 MB
/// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>).
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Whether images exist for the processors of their servers.
pub async fn check_images(wanted: &[Wanted]) -> Vec<Check> {
    join_all(wanted.iter().map(async |one| {
        let image = Image::parse(&one.image);
        images::judge(one, &in_time(images::read(&image, &get)).await)
    }))
    .await
}

/// An image's name with the digest of what it stands for now; as it is where its registry does not tell.
pub async fn pinned(image: &str) -> Result<String, String> {
    let found = in_time(images::pinned(image, &get)).await?;
    Ok(found.unwrap_or_else(|| image.to_owned()))
}

/// Whether the world asks the name servers of these zones.
pub async fn check_delegation(zones: &[Zone]) -> Vec<Check> {
    join_all(zones.iter().map(async |zone| {
        let seen: Result<BTreeSet<String>, String> = in_time(delegation::read(zone, &get)).await;
        delegation::judge(zone, &seen)
    }))
    .await
}

async fn in_time<T>(reading: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || format!("no response within {} s", WHOLE.as_secs());
    let read = tokio::time::timeout(WHOLE, reading).await;
    read.unwrap_or_else(|_| Err(late()))
}

/// Sends a request over TLS, by way of the proxy that the environment names.
async fn get(request: Request) -> Result<Response, String> {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .build();
    let connector = Connector::builder()
        .proxy_config(ProxyConfig::from_env())
        .connector_settings(settings)
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build();
    let mut question = HttpRequest::empty();
    question
        .set_uri(request.url.clone())
        .map_err(|error| chain(&error))?;
    question.headers_mut().insert("user-agent", "scalectl");
    for (name, value) in request.headers {
        // A registry's token may hold what no header does.
        let set = question.headers_mut().try_insert(name, value);
        set.map_err(|error| chain(&error))?;
    }
    let answer = connector.call(question).await;
    let answer = answer.map_err(|error| chain(&error))?;
    let header = |name: &str| answer.headers().get(name).map(str::to_owned);
    let length = header("content-length").and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST_BYTES) {
        return Err("the response exceeds the size limit of a manifest".to_owned());
    }
    let mut read = Response {
        status: answer.status().as_u16(),
        challenge: header("www-authenticate"),
        location: header("location"),
        body: String::new(),
    };
    let mut body = ByteStream::new(answer.into_body());
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| chain(&error))?);
        if bytes.len() > MOST_BYTES {
            return Err("the response exceeds the size limit of a manifest".to_owned());
        }
    }
    read.body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(read)
}
