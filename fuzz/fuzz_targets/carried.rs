//! Bodies of challenges that carry options for a passkey.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::carried(bytes));
