//! Lives by the thousand: the invariants hold, everything is tried, and a seed is one life.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use simulation::{live, live_many};

#[test]
fn a_seed_is_one_life_however_often_it_is_lived() {
    for seed in 0..200 {
        let (first, again) = (live(seed, None, false), live(seed, None, true));
        assert_eq!(first.hash, again.hash, "seed {seed}");
        assert_eq!(first.coverage, again.coverage, "seed {seed}");
        assert_eq!(first.breach, again.breach, "seed {seed}");
    }
}

#[test]
fn another_seed_is_another_life() {
    let mut hashes: Vec<u64> = (0..200).map(|seed| live(seed, None, false).hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 200);
}

#[test]
fn many_lives_are_the_sum_of_each() {
    let mut coverage = simulation::Coverage::default();
    for seed in 40..340 {
        coverage.add(&live(seed, None, false).coverage);
    }
    assert_eq!(live_many(40..340, None).coverage, coverage);
}

#[test]
fn everything_that_is_counted_happens() {
    let lives = live_many(0..4_000, None);
    let never: Vec<_> = lives.coverage.all().filter(|(_, count)| *count == 0).collect();
    assert!(never.is_empty(), "{never:?}");
}
