//! An expression, evaluated without variables.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = scalectl::blueprint::holds(text, &scalectl::value::Map::new());
});
