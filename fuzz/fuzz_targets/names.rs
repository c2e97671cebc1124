//! Addresses, and texts with secrets in them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = text.parse::<scalectl::address::Address>();
    let value = scalectl::value::Value::str(text);
    let _ = scalectl::schema::without_secrets(&value);
});
