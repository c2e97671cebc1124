//! scalectl.yaml, with its mistakes printed.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match scalectl::spec::load("scalectl.yaml", text, None, None) {
        Ok(spec) => drop(spec.normalized()),
        Err(found) => drop(scalectl::render::diagnostics::render(&found)),
    }
});
