//! The order in which servers take a new version.

use std::sync::Arc;

use crate::spec::{Deploy, Strategy};

/// Those of a region's servers whose turn comes next; none when all have it.
pub fn next(how: &Deploy, all: &[Arc<str>], done: &[Arc<str>]) -> Vec<Arc<str>> {
    let left = all.iter().filter(|one| !done.contains(one)).cloned();
    let is_first = !all.iter().any(|one| done.contains(one));
    let size = match how.strategy {
        Strategy::Rolling => share(how, all.len()),
        Strategy::Canary if is_first => share(how, all.len()),
        Strategy::Canary | Strategy::BlueGreen => all.len(),
    };
    left.take(size).collect()
}

/// Seconds for which a version is watched once so many of a region's servers have it.
pub fn watched(how: &Deploy, all: usize, done: usize) -> u32 {
    let is_canary = how.strategy == Strategy::Canary && done <= share(how, all);
    if done >= all || is_canary {
        how.bake
    } else {
        0
    }
}

fn share(how: &Deploy, all: usize) -> usize {
    (all * usize::from(how.share)).div_ceil(100).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(strategy: Strategy, share: u8, servers: usize) -> Vec<(usize, u32)> {
        let how = Deploy {
            strategy,
            share,
            bake: 60,
            ..Deploy::default()
        };
        let all: Vec<Arc<str>> = (0..servers)
            .map(|number| format!("i-{number}").into())
            .collect();
        let (mut done, mut sizes) = (Vec::new(), Vec::new());
        loop {
            let wave = next(&how, &all, &done);
            if wave.is_empty() {
                assert_eq!(done.len(), servers);
                return sizes;
            }
            let size = wave.len();
            done.extend(wave);
            sizes.push((size, watched(&how, servers, done.len())));
        }
    }

    #[test]
    fn rolling_takes_a_share_after_the_other_and_is_watched_at_the_end() {
        assert_eq!(sizes(Strategy::Rolling, 25, 2), [(1, 0), (1, 60)]);
        assert_eq!(
            sizes(Strategy::Rolling, 25, 10),
            [(3, 0), (3, 0), (3, 0), (1, 60)]
        );
        assert_eq!(sizes(Strategy::Rolling, 100, 3), [(3, 60)]);
        assert_eq!(sizes(Strategy::Rolling, 1, 1), [(1, 60)]);
    }

    #[test]
    fn a_canary_is_watched_before_all_others_follow() {
        assert_eq!(sizes(Strategy::Canary, 10, 12), [(2, 60), (10, 60)]);
        assert_eq!(sizes(Strategy::Canary, 10, 2), [(1, 60), (1, 60)]);
        assert_eq!(sizes(Strategy::Canary, 10, 1), [(1, 60)]);
    }

    #[test]
    fn blue_green_takes_all_at_once() {
        assert_eq!(sizes(Strategy::BlueGreen, 10, 12), [(12, 60)]);
    }

    #[test]
    fn a_server_that_is_gone_or_new_does_not_confuse_the_order() {
        let how = Deploy::default();
        let all: Vec<Arc<str>> = vec!["i-2".into(), "i-3".into()];
        assert_eq!(
            next(&how, &all, &["i-1".into()]),
            ["i-2".into()] as [Arc<str>; 1]
        );
    }
}
