//! A module of the single-server blueprint, compiled.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scalectl::blueprint::{Library, compile};

const SPEC: &str = "app: shop\nstage: single-server\nservices: {web: {image: x}}\n";

fuzz_target!(|text: &str| {
    let Ok(spec) = scalectl::spec::load("scalectl.yaml", SPEC, None, None) else {
        return;
    };
    let library = Library::with(&[("modules/services.yaml", text)], &[]);
    let _ = library.and_then(|library| compile(&library, &spec));
});
