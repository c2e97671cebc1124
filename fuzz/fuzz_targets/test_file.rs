//! A file of tests.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = scalectl::testing::suite("a.test.yaml", text);
});
