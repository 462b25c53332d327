//! Records of step-ups for which the page was left.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::pending(bytes));
