//! The name of a container image, by the grammar of registries
//! (<https://github.com/distribution/reference/blob/main/reference.go>). It is a word of `docker run` on the server, so
//! that nothing that could be read as an option may pass.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::schema::split_tag;

/// The most characters of a name without its tag and digest.
const LONGEST: usize = 255;

static HOST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const PART: &str = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
    let name = format!(r"{PART}(?:\.{PART})*");
    Regex::new(&format!(
        r"^(?:{name}|\[[a-fA-F0-9:]+\])(?::(?P<port>[0-9]{{1,5}}))?$"
    ))
    .ok()
});

static COMPONENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$").ok());

static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$").ok());

fn fits(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// What is wrong with an image's name, and what to write instead. Neither repeats the name: it may hold a login.
pub fn mistake(image: &str) -> Option<(&'static str, &'static str)> {
    const LIKE: &str = "write it like REGISTRY/NAME:TAG, such as ghcr.io/acme/shop:1.4.2";
    if image.is_empty() {
        return Some(("is empty", LIKE));
    }
    if let Some((before, after)) = image.rsplit_once('@')
        && !is_digest_begun(after)
        && (before.contains(':') || after.contains(['/', '.']))
    {
        return Some((
            "holds a login; everybody who reads the spec would know it",
            "credentials do not belong here: leave out what is before `@`; servers log in to ECR by their role",
        ));
    }
    if image.contains("://") {
        return Some(("is a URL", "leave out the scheme, such as https://"));
    }
    if image.contains(['?', '#']) {
        return Some((
            "has a query, which no registry takes",
            "leave out `?` or `#` and what follows; credentials do not belong here",
        ));
    }
    if image.starts_with('-') {
        return Some(("begins like an option of `docker run`", LIKE));
    }
    if image.contains(char::is_whitespace) {
        return Some(("has a space", LIKE));
    }
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    if let Some(digest) = digest
        && !is_digest(digest)
    {
        return Some((
            "has a digest that is none",
            "a digest is `sha256:` and 64 digits of 0-9 and a-f, as `docker images --digests` shows it",
        ));
    }
    let (name, tag) = split_tag(rest);
    if let Some(tag) = tag
        && !fits(&TAG, tag)
    {
        return Some((
            "has a tag that is none",
            "a tag has 1 to 128 letters, digits and _ . -, and begins with none of . and -",
        ));
    }
    named(name)
}

/// What is wrong with a registry and a repository in it.
fn named(name: &str) -> Option<(&'static str, &'static str)> {
    let is_host = |first: &str| first.contains(['.', ':']) || first == "localhost";
    let (host, path) = match name.split_once('/') {
        Some((first, path)) if is_host(first) && !first.starts_with('.') => (Some(first), path),
        _ => (None, name),
    };
    if let Some(host) = host
        && !is_registry(host)
    {
        return Some((
            "has a registry that is not a host's name",
            "write the registry like ghcr.io or registry.example.com:5000",
        ));
    }
    if name.len() > LONGEST {
        return Some((
            "has a name of more than 255 characters",
            "use a shorter repository name",
        ));
    }
    if path.split('/').any(str::is_empty) {
        return Some((
            "has an empty part in its name",
            "write REGISTRY/NAME:TAG with one `/` between two names",
        ));
    }
    if path.split('/').all(|part| fits(&COMPONENT, part)) {
        // Docker takes such a name for the id of an image that is on the server already.
        let is_id = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        return is_id.then_some((
            "is the id of an image, which no registry knows",
            "name the repository: NAME@sha256:DIGEST",
        ));
    }
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some((
            "has capital letters in its name",
            "write the name in lower case; only tags have capital letters",
        ));
    }
    Some((
        "is not the name of an image",
        "a name has lower-case letters and digits, with single `.`, `_` or `-` between them: ghcr.io/acme/shop:1.4.2",
    ))
}

/// Whether a text is the host of a registry, with a port or without.
pub fn is_registry(host: &str) -> bool {
    let captures = HOST.as_ref().and_then(|regex| regex.captures(host));
    captures.is_some_and(|found| {
        (found.name("port")).is_none_or(|port| port.as_str().parse::<u16>().is_ok_and(|n| n > 0))
    })
}

fn is_digest_begun(text: &str) -> bool {
    text.starts_with("sha256:") || text.starts_with("sha512:")
}

fn is_digest(digest: &str) -> bool {
    let is_hex = |hex: &str| {
        hex.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    match digest.split_once(':') {
        Some(("sha256", hex)) => hex.len() == 64 && is_hex(hex),
        Some(("sha512", hex)) => hex.len() == 128 && is_hex(hex),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_registries_take_are_valid() {
        let digest = "0123456789abcdef".repeat(4);
        for image in [
            "x",
            "nginx",
            "nginx:1",
            "library/nginx:1.27-alpine",
            "ghcr.io/acme/shop:1.4.2",
            "localhost/shop",
            "localhost:5000/shop:V1_2.x-3",
            "registry.example.com:5000/a/b/c",
            "[::1]:5000/shop:1",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.4.2",
            "a.b/c__d/e---f.g_h:_",
            &format!("nginx@sha256:{digest}"),
            &format!("ghcr.io/a/b:1@sha256:{digest}"),
            &format!("nginx:{}", "t".repeat(128)),
        ] {
            assert_eq!(mistake(image), None, "{image}");
        }
    }

    #[test]
    fn names_that_registries_refuse_get_a_hint() {
        for (image, what, help) in [
            ("", "empty", "REGISTRY/NAME:TAG"),
            ("--privileged", "option", "REGISTRY/NAME:TAG"),
            ("-v", "option", "REGISTRY/NAME:TAG"),
            ("a b", "space", "REGISTRY/NAME:TAG"),
            ("$(id)", "not the name", "lower-case"),
            ("a'b", "not the name", "lower-case"),
            ("a\0b", "not the name", "lower-case"),
            ("../x", "not the name", "lower-case"),
            ("nginx:1:2", "not the name", "lower-case"),
            ("a___b", "not the name", "lower-case"),
            ("NGINX:1", "capital", "lower case"),
            ("ghcr.io/A/b:1", "capital", "lower case"),
            ("nginx:", "tag", "1 to 128"),
            ("nginx:.1", "tag", "1 to 128"),
            (":1", "empty part", "one `/`"),
            ("/nginx", "empty part", "one `/`"),
            ("a//b", "empty part", "one `/`"),
            ("ghcr.io/", "empty part", "one `/`"),
            ("-a.io/b", "option", "REGISTRY/NAME:TAG"),
            ("a..io/b", "registry", "ghcr.io"),
            ("ghcr.io:99999/b", "registry", "ghcr.io"),
            ("nginx@sha256:abc", "digest", "64"),
            ("nginx@abc", "digest", "64"),
            ("https://ghcr.io/a/b:1", "URL", "leave out the scheme"),
            ("user:pass@ghcr.io/a/b:1", "login", "credentials"),
            ("token@ghcr.io/a/b:1", "login", "credentials"),
            ("https://user:pass@ghcr.io/a:1", "login", "credentials"),
            ("ghcr.io/a/b:1?token=x", "query", "credentials"),
        ] {
            let (told, hint) = mistake(image).unwrap_or_else(|| panic!("{image} is valid"));
            assert!(
                told.contains(what) && hint.contains(help),
                "{image}: {told}; {hint}"
            );
        }
        for image in [
            format!("nginx:{}", "t".repeat(129)),
            "a".repeat(256),
            "ab".repeat(32),
        ] {
            assert!(mistake(&image).is_some(), "{image}");
        }
    }
}
