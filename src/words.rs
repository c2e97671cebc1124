//! Numbers in words, as people read them.

/// Seconds in words: `8 s`, `2 m 05 s`, `1 h 20 m`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        0 if seconds >= 0.05 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} m {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} m", whole / 3600, whole % 3600 / 60),
    }
}

/// `1 resource`, `2 resources`.
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        let told: Vec<String> = [0.0, 0.4, 8.2, 125.0, 4800.0].map(duration).to_vec();
        assert_eq!(told, ["0 s", "0.4 s", "8 s", "2 m 05 s", "1 h 20 m"]);
    }
}
