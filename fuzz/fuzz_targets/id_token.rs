//! ID tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::id_token(bytes));
