//! The query of a callback page: a provider's authorization response, or a backend's word.

use crate::text;
use stepup::protocol::backend;
use stepup::protocol::encode::{Form, parse_form};
use stepup::protocol::error::{Error, ErrorCode};
use stepup::protocol::response::{Expected, read};

const STATE: &str = "s1";
const ISSUER: &str = "https://login.example";

/// A query, or a fragment, with or without what introduces it.
pub fn response(bytes: &[u8]) {
    let query = text(bytes);
    is_bounded(&query);
    let of = |name: &str| values(&query, name);
    for iss_required in [true, false] {
        let outcome = read(&query, &Expected { state: STATE, issuer: ISSUER, iss_required });
        let (state, code, iss) = (of("state"), of("code"), of("iss"));
        match outcome {
            Ok(accepted) => {
                assert_eq!(state, [STATE], "{query:?}");
                assert_eq!(code, [accepted.expose()], "{query:?}");
                assert!(!accepted.expose().is_empty());
                assert!(of("error").is_empty(), "{query:?}");
                assert!(iss == [ISSUER] || (iss.is_empty() && !iss_required), "{query:?}");
            }
            Err(error) => {
                is_discreet(&error);
                let foreign = !state.iter().any(|given| given == STATE);
                assert_eq!(error.code == ErrorCode::StateMismatch, foreign, "{query:?}");
            }
        }
    }
    let state = of("stepup_state");
    match backend::read(&query, STATE) {
        Ok(()) => {
            assert_eq!(state, [STATE], "{query:?}");
            assert!(of("error").is_empty(), "{query:?}");
        }
        Err(error) => {
            is_discreet(&error);
            assert_eq!(error.code == ErrorCode::StateMismatch, state != [STATE], "{query:?}");
        }
    }
}

/// What is read is no longer than what was there, and is read the same when it is written again.
fn is_bounded(query: &str) {
    let parameters = parse_form(query);
    let size: usize = parameters.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(size <= query.len(), "{size} out of {query:?}");
    let form = parameters
        .iter()
        .fold(Form::default(), |form, (name, value)| form.with(name, value))
        .into_string();
    assert!(form.is_ascii());
    assert_eq!(parse_form(&form), parameters, "{form}");
}

/// An error tells a developer nothing that could be a code, and nothing that could be markup.
fn is_discreet(Error { code, detail, .. }: &Error) {
    assert!(detail.len() <= 64, "{detail:?}");
    let harmless = |char: char| char.is_ascii_alphanumeric() || "_-. ".contains(char);
    assert!(detail.chars().all(harmless), "{detail:?}");
    let expected = [
        ErrorCode::ResponseMalformed,
        ErrorCode::StateMismatch,
        ErrorCode::IssuerMismatch,
        ErrorCode::AssuranceUnavailable,
        ErrorCode::Cancelled,
        ErrorCode::AuthorizationRefused,
        ErrorCode::SubjectMismatch,
    ];
    assert!(expected.contains(code), "{code:?}");
}

/// All values of a parameter, by another reading of the form encoding than the product's own.
pub fn values(query: &str, name: &str) -> Vec<String> {
    let query = query.trim_start_matches(['?', '#']);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let split = pairs.map(|pair| match pair.find('=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, ""),
    });
    split.filter(|(held, _)| decoded(held) == name).map(|(_, value)| decoded(value)).collect()
}

fn decoded(text: &str) -> String {
    let octets = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        let digits = octets.get(at + 1..at + 3).filter(|it| it.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match (octet, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(octet),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
