//! A file of policies.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = scalectl::policy::Policies::with(&[("own.yaml", text)]);
});
