//! Texts in the form in which AWS takes them: user data as Base64, compressed or not, and settings as JSON.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// What a script may unpack to; user data has room for 16 KB before it.
const MOST_BYTES: u64 = 1024 * 1024;

/// Base64 of `text`, compressed with gzip. The same text always gives the same result: gzip's header has no time.
pub fn base64_gzip(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let packed = encoder
        .write_all(text.as_bytes())
        .and_then(|()| encoder.finish());
    STANDARD.encode(packed.unwrap_or_default())
}

/// JSON as the value of a parameter. SSM refuses `{{name}}` in one, which refers to another parameter, so of two braces
/// in a text the second is written as its code; a dynamic reference stays
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>).
pub fn settings(json: &serde_json::Value) -> String {
    let text = json.to_string();
    let mut written = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        written.push_str(before);
        written.push_str(if after.starts_with("resolve:") {
            "{{"
        } else {
            "{\\u007b"
        });
        rest = after;
    }
    written + rest
}

/// The text of Base64, unpacked if gzip made it; `None` for anything else.
pub fn decoded_text(encoded: &str) -> Option<String> {
    let bytes = STANDARD.decode(encoded).ok()?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return String::from_utf8(bytes).ok();
    }
    let mut text = String::new();
    let mut unpacked = GzDecoder::new(&*bytes).take(MOST_BYTES);
    unpacked.read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_no_braces_that_ssm_would_read() {
        for text in ["Hello {{ name }}", "{{{raw}}}", "{{{{x}}}}", "{ {", "plain"] {
            let json = serde_json::json!({"env": {"A": text}});
            let written = settings(&json);
            assert!(!written.contains("{{"), "{written}");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&written).unwrap(),
                json
            );
        }
        let dynamic = serde_json::json!(["{{resolve:ssm:/a}}"]);
        assert_eq!(settings(&dynamic), dynamic.to_string());
    }

    #[test]
    fn gzip_gives_equal_texts_equal_bytes() {
        let text = "#!/bin/sh\necho one\n".repeat(100);
        let encoded = base64_gzip(&text);
        let bytes = STANDARD.decode(&encoded).unwrap();
        assert_eq!(bytes[4..8], [0, 0, 0, 0], "no time in the header");
        assert_eq!(decoded_text(&encoded), Some(text.clone()));
        assert_eq!(decoded_text(&STANDARD.encode(&text)), Some(text));
        assert_eq!(decoded_text("no Base64"), None);
    }
}
