//! Whether services' images exist for the processors of their servers, by what their registries say.
//!
//! A registry lists an image's platforms in its index; of an image for one platform the configuration names it
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>). Public images are read with a token that
//! anybody gets; what needs a login is not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::web::{Request, Response, encoded};
use super::{Check, Verdict};
use crate::spec::{Spec, processor, split_tag};

/// What the check is called.
const CHECK: &str = "images";

/// What a manifest may be: a list of platforms, or one image, each as Docker and as the OCI call it.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
                      application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// An image, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    host: String,
    repository: String,
    /// A tag or a digest.
    reference: String,
}

impl Image {
    /// An image's name as Docker reads it: without a registry it is Docker Hub's.
    pub fn parse(name: &str) -> Self {
        let (path, reference) = match name.split_once('@') {
            // A tag before a digest says nothing more.
            Some((path, digest)) => (split_tag(path).0, digest),
            None => {
                let (path, tag) = split_tag(name);
                (path, tag.unwrap_or("latest"))
            }
        };
        let is_host = |first: &str| first.contains(['.', ':']) || first == "localhost";
        let (host, repository) = match path.split_once('/') {
            Some((first, rest)) if is_host(first) => (first, rest.to_owned()),
            Some(_) => ("docker.io", path.to_owned()),
            None => ("docker.io", format!("library/{path}")),
        };
        Self {
            host: match host {
                "docker.io" | "index.docker.io" => "registry-1.docker.io".to_owned(),
                other => other.to_owned(),
            },
            repository,
            reference: reference.to_owned(),
        }
    }

    /// Whether servers log in to its registry: to ECR, with their role.
    fn has_login(&self) -> bool {
        self.host.contains(".dkr.ecr.")
    }

    fn manifest(&self, reference: &str) -> Request {
        let (host, repository) = (&self.host, &self.repository);
        Request::new(format!(
            "https://{host}/v2/{repository}/manifests/{reference}"
        ))
        .with("accept", ACCEPT)
    }

    fn blob(&self, digest: &str) -> Request {
        let (host, repository) = (&self.host, &self.repository);
        Request::new(format!("https://{host}/v2/{repository}/blobs/{digest}"))
    }
}

/// An image and the servers that run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name, as the spec has it.
    pub image: Arc<str>,
    /// A processor as registries call it, with what runs the image on it.
    processors: BTreeMap<&'static str, BTreeSet<Runner>>,
    /// The secret with which servers log in to its registry, if the spec names one.
    login: Option<Arc<str>>,
}

/// A service and its instance type.
type Runner = (Arc<str>, Arc<str>);

/// The images of a spec's services, each once.
pub fn wanted(spec: &Spec) -> Vec<Wanted> {
    let mut found: BTreeMap<Arc<str>, Wanted> = BTreeMap::new();
    for (name, service) in &spec.services {
        let Some(image) = &service.image else {
            continue;
        };
        let image: Arc<str> = image.as_str().into();
        let one = found.entry(image.clone()).or_insert(Wanted {
            image,
            processors: BTreeMap::new(),
            login: spec
                .registry_of(service)
                .map(|(_, login)| login.password.as_str().into()),
        });
        let architecture = match processor(&service.instance) {
            "arm64" => "arm64",
            _ => "amd64",
        };
        let runs = (name.as_str().into(), service.instance.as_str().into());
        one.processors.entry(architecture).or_default().insert(runs);
    }
    found.into_values().collect()
}

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It exists, for these processors under Linux.
    For(BTreeSet<String>),
    /// Nobody gets it without a login, or it does not exist: registries do not tell which.
    Closed,
    /// There is no such tag.
    Missing,
}

/// Reads what a registry says of an image, by requests that `get` sends.
///
/// # Errors
/// Why it could not be read.
pub async fn read(
    image: &Image,
    get: &impl AsyncFn(Request) -> Result<Response, String>,
) -> Result<Seen, String> {
    let mut token = None;
    let manifest = match asked(image, image.manifest(&image.reference), &mut token, get).await? {
        Answer::Body(body) => json(&body)?,
        Answer::Closed => return Ok(Seen::Closed),
        Answer::Missing => return Ok(Seen::Missing),
    };
    if let Some(list) = manifest.get("manifests").and_then(Value::as_array) {
        let linux = list.iter().filter_map(|one| {
            let platform = one.get("platform")?;
            (platform.get("os")?.as_str()? == "linux")
                .then(|| platform.get("architecture")?.as_str().map(str::to_owned))?
        });
        return Ok(Seen::For(linux.collect()));
    }
    let digest = manifest.pointer("/config/digest").and_then(Value::as_str);
    let digest = digest.ok_or("its registry did not return an image manifest")?;
    let settings = match asked(image, image.blob(digest), &mut token, get).await? {
        Answer::Body(body) => json(&body)?,
        Answer::Closed | Answer::Missing => return Ok(Seen::Closed),
    };
    let architecture = settings.get("architecture").and_then(Value::as_str);
    let architecture = architecture.ok_or("its configuration has no architecture")?;
    Ok(Seen::For([architecture.to_owned()].into()))
}

/// An image's name with the digest of what it stands for now, so that it stays the same whatever becomes of its tag. `None`
/// where nobody gets it without a login, or where it has a digest already.
///
/// # Errors
/// Why it could not be read.
pub async fn pinned(
    name: &str,
    get: &impl AsyncFn(Request) -> Result<Response, String>,
) -> Result<Option<String>, String> {
    if name.contains('@') {
        return Ok(None);
    }
    let image = Image::parse(name);
    let manifest = asked(&image, image.manifest(&image.reference), &mut None, get).await?;
    Ok(match manifest {
        // A manifest's digest is that of its bytes
        // (https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests).
        Answer::Body(body) => {
            let digest = hex::encode(Sha256::digest(body.as_bytes()));
            Some(format!("{name}@sha256:{digest}"))
        }
        Answer::Closed | Answer::Missing => None,
    })
}

enum Answer {
    Body(String),
    Closed,
    Missing,
}

/// Sends a request, with the token that the registry asks for and with the one redirect that it may answer.
async fn asked(
    image: &Image,
    request: Request,
    token: &mut Option<String>,
    get: &impl AsyncFn(Request) -> Result<Response, String>,
) -> Result<Answer, String> {
    let bearing = |request: Request, token: &Option<String>| match token {
        Some(token) => request.with("authorization", format!("Bearer {token}")),
        None => request,
    };
    let mut answer = get(bearing(request.clone(), token)).await?;
    if answer.status == 401 && token.is_none() {
        let challenge = answer.challenge.as_deref().unwrap_or_default();
        let Some(url) = token_url(challenge, image) else {
            return Ok(Answer::Closed);
        };
        let granted = get(Request::new(url)).await?;
        if granted.status != 200 {
            return Ok(Answer::Closed);
        }
        let granted = json(&granted.body)?;
        let given = ["token", "access_token"].into_iter();
        *token = given
            .filter_map(|name| granted.get(name)?.as_str())
            .next()
            .map(str::to_owned);
        answer = get(bearing(request, token)).await?;
    }
    if let (301 | 302 | 307 | 308, Some(to)) = (answer.status, &answer.location) {
        // To where the registry stores its blobs, which is not to see the token.
        if !to.starts_with("https://") {
            return Err("its registry redirects to a URL without TLS".to_owned());
        }
        answer = get(Request::new(to.clone())).await?;
    }
    match answer.status {
        200 => Ok(Answer::Body(answer.body)),
        401 | 403 => Ok(Answer::Closed),
        404 => Ok(Answer::Missing),
        429 => Err("its registry's rate limit is exceeded".to_owned()),
        status => Err(format!("its registry returned status {status}")),
    }
}

/// Where anybody gets a token to read an image: what the registry's challenge names
/// (<https://distribution.github.io/distribution/spec/auth/token/>).
fn token_url(challenge: &str, image: &Image) -> Option<String> {
    let (scheme, rest) = challenge.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let field = |name: &str| {
        let start = rest.find(&format!("{name}=\""))? + name.len() + 2;
        let end = rest[start..].find('"')?;
        Some(&rest[start..start + end])
    };
    let realm = field("realm").filter(|realm| realm.starts_with("https://"))?;
    let scope = match field("scope") {
        Some(scope) => scope.to_owned(),
        None => format!("repository:{}:pull", image.repository),
    };
    let service = field("service").map(|service| format!("service={}&", encoded(service)));
    let begins = if realm.contains('?') { '&' } else { '?' };
    Some(format!(
        "{realm}{begins}{}scope={}",
        service.unwrap_or_default(),
        encoded(&scope)
    ))
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|_| "its registry's response is not JSON".to_owned())
}

/// What it means for the servers that are to run an image.
pub fn judge(wanted: &Wanted, seen: &Result<Seen, String>) -> Check {
    let image = &wanted.image;
    match seen {
        Ok(Seen::For(found)) => {
            let lacking = wanted.processors.iter();
            let mut lacking = lacking.filter(|(processor, _)| !found.contains(**processor));
            let Some((processor, services)) = lacking.next() else {
                let all: Vec<&str> = wanted.processors.keys().copied().collect();
                return Check::ok(CHECK, format!("{image} exists for {}", all.join(" and ")));
            };
            let runs: Vec<String> = services
                .iter()
                .map(|(service, instance)| format!("{service} on {instance}"))
                .collect();
            let has: Vec<&str> = found.iter().map(String::as_str).collect();
            let other = match *processor {
                "arm64" => "t3.small",
                _ => "t4g.small",
            };
            Check::fails(
                CHECK,
                format!(
                    "{image} exists for {} but not for {processor}, which {} needs: its containers would fail with `exec format error`",
                    if has.is_empty() {
                        "no architecture".to_owned()
                    } else {
                        has.join(", ")
                    },
                    runs.join(", ")
                ),
                format!(
                    "build it with `docker buildx build --platform linux/{processor}`, or set an instance type of the other architecture, such as {other}"
                ),
            )
        }
        Ok(Seen::Missing) => Check::fails(
            CHECK,
            format!("{image} does not exist in its registry"),
            "push it, or correct the tag",
        ),
        Ok(Seen::Closed) if Image::parse(image).has_login() => Check::ok(
            CHECK,
            format!(
                "{image} is in ECR; its architectures were not checked, because that needs a login"
            ),
        ),
        Ok(Seen::Closed) if wanted.login.is_some() => Check::ok(
            CHECK,
            format!(
                "{image} is not public, and servers log in with the secret {}; its architectures were not checked",
                wanted.login.as_deref().unwrap_or_default()
            ),
        ),
        Ok(Seen::Closed) => Check::warning(
            CHECK,
            format!("{image} does not exist, or is not public"),
            "name a login in `registries` of the spec, make the image public, or push it to ECR",
        ),
        Err(why) => Check {
            verdict: Verdict::Warning,
            ..Check::ok(CHECK, format!("{image} could not be checked: {why}"))
        },
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A registry that answers from a list, and what it was asked.
    struct Registry {
        answers: Vec<(&'static str, Response)>,
        asked: RefCell<Vec<Request>>,
    }

    impl Registry {
        fn new(answers: Vec<(&'static str, Response)>) -> Self {
            Self {
                answers,
                asked: RefCell::default(),
            }
        }

        fn read(&self, image: &str) -> Result<Seen, String> {
            let image = Image::parse(image);
            Self::run(read(&image, &async |request| self.get(request)))
        }

        fn pinned(&self, image: &str) -> Result<Option<String>, String> {
            Self::run(pinned(image, &async |request| self.get(request)))
        }

        fn run<T>(reading: impl Future<Output = T>) -> T {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(reading)
        }

        fn get(&self, request: Request) -> Result<Response, String> {
            {
                let has_token = request
                    .headers
                    .iter()
                    .any(|(name, _)| *name == "authorization");
                self.asked.borrow_mut().push(request.clone());
                let mut answers = self.answers.iter();
                let found = answers.find(|(url, answer)| {
                    *url == request.url && (answer.status != 401 || !has_token)
                });
                let found = found.map(|(_, answer)| answer.clone());
                found.ok_or(format!("nobody answers at {}", request.url))
            }
        }
    }

    fn body(text: &str) -> Response {
        Response {
            status: 200,
            body: text.to_owned(),
            ..Response::default()
        }
    }

    fn status(status: u16) -> Response {
        Response {
            status,
            ..Response::default()
        }
    }

    fn login(challenge: &str) -> Response {
        Response {
            challenge: Some(challenge.to_owned()),
            ..status(401)
        }
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What Docker Hub answers, shortened.
    const HUB: &str = r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"digest": "sha256:1", "platform": {"architecture": "amd64", "os": "linux"}},
        {"digest": "sha256:2", "platform": {"architecture": "unknown", "os": "unknown"}},
        {"digest": "sha256:3", "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"}},
        {"digest": "sha256:4", "platform": {"architecture": "amd64", "os": "windows"}}]}"#;

    #[test]
    fn names_are_read_as_docker_reads_them() {
        let cases = [
            ("nginx", "registry-1.docker.io", "library/nginx", "latest"),
            (
                "nginx:1.29",
                "registry-1.docker.io",
                "library/nginx",
                "1.29",
            ),
            ("acme/shop:2", "registry-1.docker.io", "acme/shop", "2"),
            ("ghcr.io/acme/shop:1.4.2", "ghcr.io", "acme/shop", "1.4.2"),
            ("localhost:5000/shop", "localhost:5000", "shop", "latest"),
            ("ghcr.io/a/b:1@sha256:abc", "ghcr.io", "a/b", "sha256:abc"),
            (
                "docker.io/library/redis:7",
                "registry-1.docker.io",
                "library/redis",
                "7",
            ),
        ];
        for (name, host, repository, reference) in cases {
            let image = Image::parse(name);
            let found = (&*image.host, &*image.repository, &*image.reference);
            assert_eq!(found, (host, repository, reference), "{name}");
        }
    }

    #[test]
    fn an_index_is_read_with_the_token_that_anybody_gets() {
        let hub = "https://registry-1.docker.io/v2/library/nginx/manifests/1";
        let token = "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull";
        let registry = Registry::new(vec![
            (
                hub,
                login(
                    r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#,
                ),
            ),
            (token, body(r#"{"token": "for-anybody"}"#)),
            (hub, body(HUB)),
        ]);
        assert_eq!(
            registry.read("nginx:1"),
            Ok(Seen::For(set(&["amd64", "arm64"])))
        );
        let asked = registry.asked.borrow();
        let last = asked.last().unwrap();
        let bearer = ("authorization", "Bearer for-anybody".to_owned());
        assert!(last.headers.contains(&bearer), "{last:?}");
        assert!(last.headers.iter().any(|(name, _)| *name == "accept"));
    }

    #[test]
    fn an_image_is_pinned_by_the_digest_of_its_manifest() {
        let at = "https://ghcr.io/v2/acme/shop/manifests/2";
        let registry = Registry::new(vec![(at, body("{}"))]);
        // `printf '{}' | sha256sum`
        let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(
            registry.pinned("ghcr.io/acme/shop:2"),
            Ok(Some(format!("ghcr.io/acme/shop:2@sha256:{digest}")))
        );
        assert_eq!(registry.pinned("ghcr.io/acme/shop:2@sha256:abc"), Ok(None));
        let closed = Registry::new(vec![(at, status(403))]);
        assert_eq!(closed.pinned("ghcr.io/acme/shop:2"), Ok(None));
    }

    #[test]
    fn of_an_image_for_one_platform_the_configuration_is_read() {
        let at = |path: &str| &*format!("https://ghcr.io/v2/acme/shop/{path}").leak();
        let moved = Response {
            location: Some("https://storage.example/blob".to_owned()),
            ..status(307)
        };
        let registry = Registry::new(vec![
            (
                at("manifests/2"),
                login(r#"Bearer realm="https://ghcr.io/token",service="ghcr.io""#),
            ),
            (
                "https://ghcr.io/token?service=ghcr.io&scope=repository%3Aacme%2Fshop%3Apull",
                body(r#"{"token": "t"}"#),
            ),
            (
                at("manifests/2"),
                body(r#"{"config": {"digest": "sha256:c"}, "layers": []}"#),
            ),
            (at("blobs/sha256:c"), moved),
            (
                "https://storage.example/blob",
                body(r#"{"architecture": "amd64", "os": "linux"}"#),
            ),
        ]);
        assert_eq!(
            registry.read("ghcr.io/acme/shop:2"),
            Ok(Seen::For(set(&["amd64"])))
        );
        // Whoever stores the blobs does not see the token.
        let asked = registry.asked.borrow();
        assert_eq!(asked.last().unwrap().headers, []);
    }

    #[test]
    fn what_needs_a_login_is_not_asked_for_further() {
        let ecr = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/shop/manifests/1";
        let basic = login(r#"Basic realm="https://123456789012.dkr.ecr.us-east-1.amazonaws.com/""#);
        let registry = Registry::new(vec![(ecr, basic)]);
        let image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1";
        assert_eq!(registry.read(image), Ok(Seen::Closed));
        // A token is asked of nobody who has no certificate.
        let plain = "https://registry.example/v2/shop/manifests/1";
        let registry = Registry::new(vec![(
            plain,
            login(r#"Bearer realm="http://registry.example/token""#),
        )]);
        assert_eq!(registry.read("registry.example/shop:1"), Ok(Seen::Closed));
        assert_eq!(registry.asked.borrow().len(), 1);
    }

    #[test]
    fn an_unreachable_registry_or_a_strange_answer_is_a_warning() {
        let url = "https://registry.example/v2/shop/manifests/1";
        let strange = [
            status(429),
            status(500),
            body("<html>"),
            body("{}"),
            body("[]"),
        ];
        let all = strange.into_iter().map(|one| vec![(url, one)]);
        for answers in all.chain([Vec::new()]) {
            let seen = Registry::new(answers.clone()).read("registry.example/shop:1");
            assert!(seen.is_err(), "{answers:?}: {seen:?}");
            let check = judge(&of("{image: registry.example/shop:1}"), &seen);
            assert_eq!(check.verdict, Verdict::Warning, "{check:?}");
        }
    }

    /// The image of the one service of a spec.
    fn of(service: &str) -> Wanted {
        let text = format!("app: shop\nstage: single-server\nservices:\n  web: {service}\n");
        let spec = crate::spec::load("scalectl.yaml", &text, None, None).unwrap();
        wanted(&spec).remove(0)
    }

    #[test]
    fn an_image_without_the_servers_processor_fails() {
        let amd = Ok(Seen::For(set(&["amd64"])));
        let arm = of("{image: ghcr.io/acme/shop:2, instance: t4g.small}");
        let check = judge(&arm, &amd);
        assert_eq!(check.verdict, Verdict::Fails);
        assert!(
            check
                .found
                .contains("not for arm64, which web on t4g.small needs"),
            "{check:?}"
        );
        assert!(
            check.mend.as_deref().unwrap().contains("t3.small"),
            "{check:?}"
        );
        let intel = of("{image: ghcr.io/acme/shop:2, instance: t3.small}");
        assert_eq!(judge(&intel, &amd).verdict, Verdict::Ok);
        let both = Ok(Seen::For(set(&["amd64", "arm64"])));
        assert_eq!(judge(&arm, &both).verdict, Verdict::Ok);
        assert_eq!(judge(&arm, &Ok(Seen::Missing)).verdict, Verdict::Fails);
        assert_eq!(judge(&arm, &Ok(Seen::Closed)).verdict, Verdict::Warning);
        let ecr = of("{image: \"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1\"}");
        assert_eq!(judge(&ecr, &Ok(Seen::Closed)).verdict, Verdict::Ok);
        let login = of(
            "{image: ghcr.io/acme/shop:2}\nregistries:\n  ghcr.io: {username: acme, password: shop/ghcr}",
        );
        let check = judge(&login, &Ok(Seen::Closed));
        assert!(
            check.verdict == Verdict::Ok && check.found.contains("the secret shop/ghcr"),
            "{check:?}"
        );
    }
}
