//! A saved plan and a snapshot.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = serde_json::from_str::<scalectl::plan::saved::SavedPlan>(text);
    let _ = scalectl::snapshot::Snapshot::parse(text);
});
