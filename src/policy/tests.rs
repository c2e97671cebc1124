use super::matches;

#[test]
fn a_star_stands_for_any_characters() {
    for (pattern, text) in [
        ("*", ""),
        ("*", "us-east-1/db"),
        ("*/db", "us-east-1/db"),
        ("us-*/db_re*", "us-east-1/db_replica[1]"),
        ("a", "a"),
        ("a*b*c", "a-b-b-c"),
    ] {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [
        ("", "a"),
        ("a", "ab"),
        ("*/db", "us-east-1/db_x"),
        ("a*a", "a"),
    ] {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}
