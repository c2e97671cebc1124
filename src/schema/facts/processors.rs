//! Processor architectures of instance types.

/// The processor architecture of an instance type, as image names call it: `arm64` or `x86_64`.
///
/// Amazon's Arm processors carry a g behind the generation (t4g, m7gd, g5g, im4gn); a1 and Apple's later
/// ones are Arm without it (<https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>).
pub fn processor(instance: &str) -> &'static str {
    let family = instance.split('.').next().unwrap_or(instance);
    let behind = family.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let is_arm = family == "a1"
        || family.starts_with("mac2")
        || !family.starts_with("mac") && behind.contains('g');
    if is_arm { "arm64" } else { "x86_64" }
}
