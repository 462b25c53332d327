//! `WWW-Authenticate` headers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::challenge(bytes));
