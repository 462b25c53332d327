//! Everything that fuzzing has kept is looked at again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use inputs::TARGETS;
use std::fs;
use std::path::Path;

/// Each input of a target's corpus.
fn holds(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(held, _)| *held == name).expect("a target");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut inputs = 0;
    for entry in fs::read_dir(&folder).expect("each target has a corpus") {
        let file = entry.expect("it can be listed").path();
        // Captured unless the test fails; the last line is the input that did it.
        println!("{}", file.display());
        target(&fs::read(&file).expect("it can be read"));
        inputs += 1;
    }
    assert!((8..=64).contains(&inputs), "{inputs} inputs for {name}");
}

#[test]
fn every_body_with_carried_options_is_handled() {
    holds("carried");
}

#[test]
fn every_challenge_is_read() {
    holds("challenge");
}

#[test]
fn every_id_token_is_checked() {
    holds("id_token");
}

#[test]
fn every_pending_record_is_restored() {
    holds("pending");
}

#[test]
fn every_response_is_read() {
    holds("response");
}
