//! Links releases for Linux at a fixed address.
//!
//! Most of the program is the AWS SDK's, with a quarter of a million pointers in its tables. Moved to
//! a random address, the loader reads 6.5 MB of relocations at each start and writes to 3 MB of pages
//! that could otherwise be shared; docs/performance.md has what was measured. What that gives up is
//! one layer of defence against memory errors, in a program without unsafe code of its own.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
