//! Base64 (RFC 4648 §4, §5), a letter at a time.
//!
//! The crate of this name reads and writes large texts at high speed, and is six times as long; what is
//! written here are hashes and keys. It is the oracle of the tests.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64url without padding (RFC 4648 §5).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    let mut put = |six: u32| {
        text.push(char::from(LETTERS.get((six & 63) as usize).copied().unwrap_or_default()));
    };
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 6 {
            bits -= 6;
            put(held >> bits);
        }
    }
    if bits > 0 {
        put(held << (6 - bits));
    }
    text
}

/// Reads base64url without padding. Bits that are left over at the end are let pass.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    decode(text, b"-_").map(|(bytes, _)| bytes)
}

/// Reads base64url without padding, of which each text has one spelling only: no bits may be left over
/// (RFC 4648 §3.5).
#[must_use]
pub fn strict_base64url(text: &str) -> Option<Vec<u8>> {
    decode(text, b"-_").filter(|(_, rest)| *rest == 0).map(|(bytes, _)| bytes)
}

/// Reads base64 of either alphabet, padded or not; no bits may be left over.
#[must_use]
pub fn from_either(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=');
    // As much padding as there may be makes the length a multiple of four.
    let padded = text.len() > letters.len();
    let last = if text.contains(['-', '_']) { b"-_" } else { b"+/" };
    let (bytes, rest) = decode(letters, last)?;
    let most = letters.len().next_multiple_of(4);
    (rest == 0 && (!padded || text.len() <= most)).then_some(bytes)
}

/// The bytes, and the bits that are left over.
fn decode(text: &str, last: &[u8; 2]) -> Option<(Vec<u8>, u32)> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            _ if letter == last[0] => 62,
            _ if letter == last[1] => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(six)) & 0x3fff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or_default());
        }
    }
    // One letter alone is no byte.
    (bits < 6).then_some((bytes, held & ((1 << bits) - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::alphabet::{STANDARD, URL_SAFE};
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    use proptest::prelude::*;

    fn oracle(text: &str) -> Option<Vec<u8>> {
        let lenient =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
        GeneralPurpose::new(&alphabet, lenient).decode(text).ok()
    }

    fn oracle_of_urls(text: &str) -> Option<Vec<u8>> {
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireNone)
            .with_decode_allow_trailing_bits(true);
        GeneralPurpose::new(&URL_SAFE, config).decode(text).ok()
    }

    #[test]
    fn the_examples_of_the_standard_hold() {
        // RFC 4648 §10.
        for (bytes, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")]
        {
            assert_eq!(base64url(bytes.as_bytes()), text);
            assert_eq!(from_base64url(text).as_deref(), Some(bytes.as_bytes()));
            assert_eq!(from_either(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    proptest! {
        #[test]
        fn bytes_are_written_as_the_crate_writes_them(bytes: Vec<u8>) {
            prop_assert_eq!(base64url(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert_eq!(from_base64url(&base64url(&bytes)), Some(bytes));
        }

        #[test]
        fn texts_are_read_as_the_crate_reads_them(text in "[A-Za-d0-3+/=_-]{0,9}|[AQgw]{0,7}={0,4}|.{0,5}") {
            prop_assert_eq!(from_base64url(&text), oracle_of_urls(&text));
            prop_assert_eq!(from_either(&text), oracle(&text));
            prop_assert_eq!(strict_base64url(&text), URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }
}
