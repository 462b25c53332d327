//! Queries of callback pages.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inputs::response(bytes));
