//! Which values of environment variables may be shown: a short list of names and forms. All others are hidden, because
//! no list of names knows every secret.

/// Words that a variable may hold, in lower case: log levels, environments, modes and switches.
const WORDS: [&str; 47] = [
    "all",
    "auto",
    "canary",
    "critical",
    "debug",
    "default",
    "dev",
    "development",
    "disable",
    "disabled",
    "enable",
    "enabled",
    "error",
    "fatal",
    "http",
    "https",
    "info",
    "json",
    "lax",
    "local",
    "logfmt",
    "none",
    "notice",
    "null",
    "off",
    "on",
    "pre-production",
    "preview",
    "prod",
    "production",
    "qa",
    "sandbox",
    "silent",
    "staging",
    "stdout",
    "stderr",
    "strict",
    "test",
    "testing",
    "text",
    "trace",
    "uat",
    "utc",
    "verbose",
    "warn",
    "warning",
    "no",
];

/// What names of secrets hold, in lower case: whatever such a name holds is hidden unless it is a switch.
const SUSPECT: [&str; 34] = [
    "auth", "bearer", "cert", "code", "cookie", "cred", "crypt", "csrf", "dsn", "hash", "hook",
    "hmac", "jwt", "key", "license", "licence", "login", "nonce", "otp", "pass", "passwd", "pat",
    "phrase", "pin", "private", "pwd", "pw", "salt", "secret", "seed", "session", "sign", "token",
    "userinfo",
];

/// The parts of a name after which it is the name of an address, in lower case.
const ADDRESSES: [&str; 17] = [
    "addr", "address", "api", "base", "broker", "domain", "endpoint", "host", "hostname", "issuer",
    "origin", "proxy", "server", "service", "site", "uri", "url",
];

/// Units of numbers, in lower case.
const UNITS: [&str; 22] = [
    "", "%", "ms", "s", "sec", "m", "min", "h", "d", "w", "b", "k", "kb", "mb", "gb", "tb", "ki",
    "mi", "gi", "kib", "mib", "gib",
];

/// The most digits of a number that is shown: a longer one may be an account, a card or a key.
const DIGITS: usize = 7;

/// Whether the value of a variable of this name may be shown.
pub fn is_harmless(name: &str, value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if matches!(
        lower.as_str(),
        "" | "true" | "false" | "yes" | "no" | "on" | "off"
    ) {
        return true;
    }
    if value.len() > 200 || is_suspect(name) {
        return false;
    }
    WORDS.contains(&lower.as_str()) || is_number(&lower) || is_address(value, name)
}

/// Whether a part of the name is that of a secret: `API_KEY_LIST`, `githubPat`, `PGPASS`.
pub(super) fn is_suspect(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // Short ones are parts of plain words: `PATH`, `SHIPPING`, `DESIGN`.
    let is_long = |part: &&&str| part.len() > 4 || ["pass", "cred", "auth", "salt"].contains(*part);
    SUSPECT
        .iter()
        .filter(is_long)
        .any(|part| lower.contains(*part))
        || words(name).any(|word| {
            SUSPECT.iter().any(|part| {
                word == *part
                    || word.strip_suffix('s') == Some(part)
                    || part.len() > 2 && word.ends_with(part)
            })
        })
}

/// The words of a name, in lower case: `dbHost2_URL` is `db`, `host`, `url`.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut found = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_ascii_alphabetic() {
            found.push(String::new());
            was_lower = false;
            continue;
        }
        if letter.is_ascii_uppercase() && was_lower {
            found.push(String::new());
        }
        was_lower = letter.is_ascii_lowercase();
        if let Some(last) = found.last_mut() {
            last.push(letter.to_ascii_lowercase());
        }
    }
    found.into_iter().filter(|word| !word.is_empty())
}

/// A number with a unit, or a plain version such as `2.14.1`.
fn is_number(value: &str) -> bool {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(unsigned.len());
    let (number, unit) = unsigned.split_at(end);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    number.starts_with(|c: char| c.is_ascii_digit())
        && digits <= DIGITS
        && UNITS.contains(&unit.trim_start())
}

/// A host name with a port, or an HTTP address without login, query and fragment, whose path holds plain words only.
fn is_address(value: &str, name: &str) -> bool {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| value.strip_prefix(scheme));
    if rest.is_none() && !words(name).any(|word| ADDRESSES.contains(&word.as_str())) {
        return false;
    }
    let rest = rest.unwrap_or(value);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    // The path of a webhook is its password.
    let is_hook = host.split('.').any(|label| label.contains("hook"));
    port.parse::<u16>().is_ok() && is_host(host) && (path.is_empty() || !is_hook && is_path(path))
}

pub(super) fn is_host(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 40
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if host.split('.').all(|part| part.parse::<u8>().is_ok()) {
        return host.split('.').count() == 4;
    }
    host == "localhost"
        || host.contains('.')
            && host.split('.').all(is_label)
            && last.bytes().all(|b| b.is_ascii_lowercase())
}

/// Words in lower case and versions; what has digits among its letters may be a key.
pub(super) fn is_path(path: &str) -> bool {
    path.split('/').all(|segment| {
        let digits = segment.strip_prefix('v').unwrap_or(segment);
        segment.is_empty()
            || digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit())
            || segment.len() <= 40
                && segment
                    .split(['-', '_', '.'])
                    .all(|word| word.len() <= 16 && word.bytes().all(|b| b.is_ascii_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_settings_are_shown() {
        for (name, value) in [
            ("LOG_LEVEL", "info"),
            ("NODE_ENV", "production"),
            ("PORT", "8080"),
            ("TIMEOUT", "30s"),
            ("MEMORY", "512Mi"),
            ("RATIO", "-0.25"),
            ("VERSION", "2.14.1"),
            ("FEATURE", "true"),
            ("USE_TOKENS", "false"),
            ("EMPTY_TOKEN", ""),
            ("SMTP_HOST", "mail.example.com"),
            ("SMTP_HOST", "mail.example.com:587"),
            ("DB_HOST", "10.0.0.5"),
            (
                "UPSTREAM",
                "https://service-0.internal.example.com/api/v2/endpoint",
            ),
            ("BASE_URL", "http://localhost:8080/"),
        ] {
            assert!(is_harmless(name, value), "{name}={value}");
        }
    }

    #[test]
    fn everything_else_is_hidden() {
        for (name, value) in [
            ("MOOD", "hunter2"),
            ("PIN", "271828"),
            ("SESSION_KEYS", "4711"),
            ("ACCOUNT", "4111111111111111"),
            ("PGPASS", "staging"),
            ("signingSalt", "1234"),
            ("githubPat", "1234"),
            ("JWT", "eyj.abc"),
            ("X", "eyj.abc.def"),
            ("SENTRY", "https://4f3a2b@sentry.io/1"),
            ("SLACK", "https://hooks.slack.com/services/t/b/abc"),
            ("SLACK", "https://slack.com/services/T0/B0/abc"),
            ("CALLBACK", "https://x.example.com/?token=a"),
            ("CALLBACK", "https://x.example.com/a#b"),
            ("CALLBACK", "https://x.example.com/a8f3b2c9"),
            ("HOST", "abc"),
            ("HOST", "u:p@db.example.com"),
            ("URL", "amqp://queue"),
            ("GREETING", "Hello"),
        ] {
            assert!(!is_harmless(name, value), "{name}={value}");
        }
    }
}
