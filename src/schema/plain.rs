//! Which values of a file's text may be quoted in a message: those that are plainly no secrets, by their form and by the
//! key above them. A slip of the pen in a word of the spec stays visible, because the message is about it.

use super::harmless::{is_harmless, is_host, is_path, is_suspect};
use super::is_secret;

/// Words that the spec's keys take, beside those that any variable may have.
const WORDS: &str = "\
all allkeys-lfu allkeys-lru allkeys-random aurora-mysql aurora-postgres aws aws-managed aws-owned binary bring-your-own \
cache-aside cdn column document enterprise express failover graph included key-value keys keys-only latency \
least-connections least-outstanding-requests load-balanced mariadb memcached multi-region mysql new-and-old-images new-image noeviction \
number old-image on-demand oracle per-zone postgres random read-through redis round-robin sim single single-server split-db \
sqlserver standard string valkey volatile-lfu volatile-lru volatile-random volatile-ttl web weighted-least-connections weighted-random weighted-round-robin worker write-back \
write-through true false null network security data compute edge cache error warn info deny create update replace delete \
adopt plan graph ascii bigint blob boolean counter date decimal double duration float frozen inet int list map set smallint \
text time timestamp timeuuid tinyint tuple uuid varchar varint sha256 template0 template1";

/// Keys of the spec, blueprints, policies and tests under which plain words in small letters are no secrets.
const KEYS: &str = "\
algorithm app artifact budget cidr class database domain edition engine env eviction expression hosts id image index \
instance kind license max min name nat network node path paths price_class profile project provider read region regions \
replicas role sends_to service services size sort stage storage stores strategy tier type username version window backup_window \
write writer_region zone zones email blueprint module use forEach includeWhen readyWhen after phase severity kinds rule \
address stage static_paths node nodes ttl every within times port protect ignoreChanges on expires variable columns attributes check from to hop steps action gate gates layer";

/// Keys of expressions.
const CODE: &str = "require where when expect expression includeWhen readyWhen forEach";

/// Keys of prose, which is quoted word by word.
const PROSE: &str = "title description message fix reason why help name error";

/// Digits of the longest number that is quoted: cards and account numbers have more.
const MOST_DIGITS: usize = 11;

/// The longest value that is quoted.
const LONGEST: usize = 200;

/// Whether the value under a key may be quoted.
pub fn is_plain(key: &str, value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if value.is_empty() || lower == "true" || lower == "false" || lower == "null" || value == "~" {
        return true;
    }
    if value.len() > LONGEST || is_suspect(key) || is_secret(key) {
        return false;
    }
    is_word(&lower)
        || is_harmless(key, value)
        || is_figure(value)
        || is_place(value)
        || is_size(value)
        || is_resource_type(value)
        || is_slip(value)
        || value.starts_with('/') && is_path(&value.replace('*', ""))
        || key == "allowed_accounts" && value.bytes().all(|b| b.is_ascii_digit())
        || is_host(value)
        || key == "domain" && is_domain(value)
        || key == "app"
            && value
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        || ["paths", "static_paths"].contains(&key)
            && is_name(&value.replace(['{', '}', ',', '%', '~', ' '], "/"))
        || key == "email"
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"@.,_+-".contains(&b))
        || has(KEYS, key) && value.len() <= MOST_DIGITS && value.bytes().all(|b| b.is_ascii_digit())
        || (has(KEYS, key) || key == "app") && is_name(value)
        || has(PROSE, key) && value.split(' ').all(is_prose)
        || is_property(key) && is_name(value)
}

/// Pieces of a value that are hidden where a message quotes them alone.
pub fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| !c.is_alphanumeric() && !"-_+".contains(c);
    value.split(ends).filter(|piece| {
        piece.len() >= 5 && !piece.bytes().all(|b| b.is_ascii_lowercase()) && !is_plain("", piece)
    })
}

fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

/// A word, or a type of several such as `map<text, int>`.
fn is_word(value: &str) -> bool {
    let mut parts = value.split(['<', '>', ',']).map(str::trim);
    parts.all(|part| part.is_empty() || has(WORDS, part))
}

/// Whether the value under a key is an expression, or has one in it.
pub fn is_code(key: &str, value: &str) -> bool {
    value.contains("${") || has(CODE, key)
}

/// The parts of an expression that may be secrets: its texts, and words that no name of ours or AWS's looks like.
pub fn secrets_of_code(code: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let (mut quote, mut start) = (None, 0);
    for (at, letter) in code.char_indices().chain([(code.len(), ' ')]) {
        let is_end = match quote {
            Some(open) => letter == open,
            None => !(letter.is_ascii_alphanumeric() || letter == '_'),
        };
        if !is_end && at < code.len() {
            continue;
        }
        let part = &code[start..at];
        let is_secret = match quote {
            Some(_) => !is_plain("", part) && !is_name(part) && !is_property(part),
            None => !code[..start].ends_with('.') && part != "base64gzip" && is_random(part),
        };
        if is_secret {
            found.push(start..at);
        }
        quote = match quote {
            None if "'\"".contains(letter) => Some(letter),
            _ => None,
        };
        start = (at + letter.len_utf8()).min(code.len());
    }
    found
}

/// A long word with digits between its letters, or of capitals only.
fn is_random(word: &str) -> bool {
    let bytes = word.as_bytes();
    let has_inner_digit = |pair: &[u8]| pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic();
    word.len() >= 6
        && (bytes.windows(2).any(has_inner_digit)
            || bytes
                .iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
}

/// A number, range, address, time or date: `10.0.0.0/16`, `sun:03:00-sun:04:00`.
fn is_figure(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    (1..=14).contains(&digits)
        && value.contains(['.', ':', '/', '-'])
        && value.split(['.', ':', '/', '-']).all(|part| {
            part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())
                || days.contains(&&*part.to_ascii_lowercase())
        })
}

/// A region or a zone, whether it exists or not: `us-est-1`.
fn is_place(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let is_name = |part: &&str| part.len() <= 10 && part.bytes().all(|b| b.is_ascii_lowercase());
    let Some((last, words)) = parts.split_last() else {
        return false;
    };
    let zone = last.trim_end_matches(|c: char| c.is_ascii_lowercase());
    (2..=3).contains(&words.len())
        && words[0].len() == 2
        && words.iter().all(is_name)
        && last.len() <= 2
        && zone.len() == 1
        && zone.bytes().all(|b| b.is_ascii_digit())
}

/// A name that might be a domain if its letters were others: `bücher.example`, `*.Example.com`.
fn is_domain(value: &str) -> bool {
    value.contains('.')
        && !value.chars().any(|c| c.is_ascii_digit())
        && (value.chars()).all(|c| c.is_alphabetic() || "-.*".contains(c))
}

/// The type of an instance, a database or a cache's node.
fn is_size(value: &str) -> bool {
    let rest = value
        .strip_prefix("db.")
        .or_else(|| value.strip_prefix("cache."));
    let Some((family, size)) = rest.unwrap_or(value).split_once('.') else {
        return false;
    };
    let size = size.trim_start_matches(|c: char| c.is_ascii_digit());
    family.len() <= 8
        && (family.bytes()).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && [
            "nano", "micro", "small", "medium", "large", "xlarge", "metal", "mega",
        ]
        .contains(&size)
}

fn is_resource_type(value: &str) -> bool {
    let mut parts = value.split("::");
    parts.next() == Some("AWS")
        && value.matches("::").count() == 2
        && parts.all(|part| part.len() <= 30 && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A word of the spec with up to two letters wrong.
fn is_slip(value: &str) -> bool {
    value.len() >= 4
        && value.len() <= 30
        && value.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && (WORDS.split(' ').filter(|word| word.len() >= 4))
            .any(|word| strsim::damerau_levenshtein(word, value) <= 2.min(value.len() / 3))
}

/// Words in small letters and short numbers, as names, images, paths and addresses of resources have them.
fn is_name(value: &str) -> bool {
    let is_part = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - letters.len();
        digits <= 5
            && letters.bytes().skip(1).all(|b| b.is_ascii_lowercase())
            && letters.bytes().take(1).all(|b| b.is_ascii_alphabetic())
            && (letters.len() <= 16 && digits == 0 || letters.len() <= 3)
    };
    !value.contains("://")
        && value
            .split(['/', '.', ':', '_', '-', '*', '[', ']'])
            .all(is_part)
}

/// A word of a sentence: no digits, no capitals inside it, but for short ones such as `VPC`.
fn is_prose(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| ".,;:()'`\"-".contains(c));
    let is_small = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_lowercase() || b"-'".contains(&b))
    };
    bare.len() <= 20
        && (is_small(bare.get(1..).unwrap_or_default()) && bare.is_ascii()
            || bare.len() <= 4 && bare.bytes().all(|b| b.is_ascii_uppercase()))
}

/// Whether a key is a property's name in AWS's spelling, whose value is not what people call by names of their own.
fn is_property(key: &str) -> bool {
    key.len() > 3
        && key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.bytes().all(|b| b.is_ascii_alphanumeric())
        && key.bytes().any(|b| b.is_ascii_lowercase())
        && ![
            "Value", "Text", "Command", "Args", "Body", "Content", "UserData",
        ]
        .contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistaken_words_of_the_spec_stay_visible() {
        for (key, value) in [
            ("engine", "postgress"),
            ("region", "us-est-1"),
            ("stage", "load-balancd"),
            ("instance", "t4g.smal"),
            ("class", "db.t4g.micro"),
            ("cidr", "10.0.0.0/99"),
            ("port", "99999"),
            ("window", "sun:03:00-sun:03:10"),
            ("image", "nginx:1"),
            ("domain", "shop.example.com"),
            ("domain", "bücher.example"),
            ("app", "an-application-of-many-letters1"),
            ("static_paths", "*.css"),
            ("paths", "/{id}"),
            ("paths", "/a,b"),
            ("email", "a@example.com,b@example.com"),
            ("max", "4000000000"),
            ("name", "template1"),
            ("", "sha256"),
            ("kind", "AWS::EC2::Vpc"),
            ("path", "/health/ready"),
            ("title", "Databases are encrypted"),
        ] {
            assert!(is_plain(key, value), "{key}: {value}");
        }
    }

    #[test]
    fn everything_else_is_hidden() {
        for (key, value) in [
            ("engine", "SEKRET"),
            ("password", "swordfish"),
            ("a", "swordfish"),
            ("API_KEY", "postgres1"),
            ("artifact", "https://u:SEKRET@x/a.tar"),
            ("image", "u:SEKRET@x/y"),
            ("path", "/h?token=SEKRET"),
            ("", "Authorization: SEKRET"),
            ("email", "u:SEKRET@x"),
            ("title", "N3wS3cr"),
            ("name", "hunter2"),
            ("secret_key", "abc"),
            ("cidr", "4111111111111111"),
        ] {
            assert!(!is_plain(key, value), "{key}: {value}");
        }
        let found: Vec<&str> = pieces("https://u:SEKRET@shop.example.com/a?b=N3wS3cr").collect();
        assert_eq!(found, ["SEKRET", "N3wS3cr"]);
    }
}
