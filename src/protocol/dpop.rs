//! Tokens that are bound to a key (RFC 9449): what is signed to prove its possession, and the nonces
//! that servers ask for. The key itself, its signatures, digests and random values are the browser's.

use super::base64::base64url;
use super::border::alike;
use super::challenge::grammar;
use super::encode::{concat, joined, json_string};
use super::list::take_at;
use super::origin;
use super::units::EpochSeconds;

/// The SHA-256 thumbprint of a public key (RFC 7638), by which codes and tokens are bound to it
/// (RFC 9449 §6.1, §10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbprint(pub String);

alike!(Thumbprint);

/// A public key on the curve P-256: its coordinates in base64url (RFC 7518 §6.2.1).
#[derive(Clone, Copy, Debug)]
pub struct PublicKey<'a> {
    /// The x coordinate.
    pub x: &'a str,
    /// The y coordinate.
    pub y: &'a str,
}

impl PublicKey<'_> {
    /// The header of all proofs of this key (RFC 9449 §4.2), in base64url: made once.
    #[must_use]
    pub fn header(&self) -> String {
        let jwk = object(&[
            ("kty", json_string("EC")),
            ("crv", json_string("P-256")),
            ("x", json_string(self.x)),
            ("y", json_string(self.y)),
        ]);
        let header = object(&[
            ("typ", json_string("dpop+jwt")),
            ("alg", json_string("ES256")),
            ("jwk", jwk),
        ]);
        base64url(header.as_bytes())
    }
}

/// What is proved to be whose request: made anew for each send (RFC 9449 §4.2).
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// A random value, used once.
    pub jti: &'a str,
    /// The method of the request.
    pub method: &'a str,
    /// The URL of the request.
    pub url: &'a str,
    /// Now.
    pub at: EpochSeconds,
    /// The SHA-256 digest of the access token that goes with it, in base64url.
    pub ath: Option<&'a str>,
    /// The newest nonce of the server that it is for.
    pub nonce: Option<&'a str>,
}

impl Proof<'_> {
    /// The claims in base64url: signed by ES256 after the header and a dot (RFC 7515 §5.1, step 5).
    #[must_use]
    pub fn claims(&self) -> String {
        let Self { jti, method, url, at, ath, nonce } = self;
        let mut claims = vec![
            ("jti", json_string(jti)),
            ("htm", json_string(method)),
            // RFC 9449 §4.2: without query and fragment.
            ("htu", json_string(origin::without_query(url))),
            ("iat", at.0.to_string()),
        ];
        for (name, value) in [("ath", ath), ("nonce", nonce)] {
            if let Some(value) = value {
                claims.push((name, json_string(value)));
            }
        }
        base64url(object(&claims).as_bytes())
    }
}

/// A JSON object of members that are JSON already.
fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, json)| concat(&[&json_string(name), ":", json])).collect();
    concat(&["{", &joined(&members, ","), "}"])
}

/// How a server says that it wants a nonce in the proof.
#[derive(Clone, Copy, Debug)]
pub enum Asking<'a> {
    /// The authorization server, by the `error` in its answer (RFC 9449 §8).
    Error(Option<&'a str>),
    /// An API, by its `WWW-Authenticate` header (RFC 9449 §9).
    Challenge(&'a str),
}

impl Asking<'_> {
    fn is_for_a_nonce(&self, status: u16) -> bool {
        match self {
            Self::Error(error) => matches!(status, 400 | 401) && *error == Some("use_dpop_nonce"),
            Self::Challenge(header) => {
                let wants = |challenge: &grammar::Challenge| {
                    challenge.is("DPoP") && challenge.get("error") == Some("use_dpop_nonce")
                };
                status == 401
                    && grammar::parse(header).is_ok_and(|it| it.challenges.iter().any(wants))
            }
        }
    }
}

/// What follows from the answer to a request with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It stands.
    Stands,
    /// The same request is to be sent once more, with a proof that has the nonce.
    Again,
    /// A nonce is asked for that the page may not read, or that is none.
    Unreadable,
}

/// The newest nonce of each server. Servers are told apart by their origin, and one is never told
/// the nonce of another (RFC 9449 §8, §9).
#[derive(Debug, Default)]
pub struct Nonces(Vec<(String, String)>);

/// Servers whose nonces are remembered at most: more than any app has.
const MOST: usize = 16;
/// The longest nonce that is taken.
const LONGEST: usize = 1024;

impl Nonces {
    /// The nonce that the next proof for this server must have.
    #[must_use]
    pub fn of(&self, url: &str) -> Option<&str> {
        let server = origin::of(url)?;
        self.0.iter().find(|(of, _)| of == server).map(|(_, nonce)| nonce.as_str())
    }

    /// Takes an answer in: whatever its status, its nonce is used next (RFC 9449 §8.2). `again` tells
    /// whether the request has been repeated for a nonce already, which happens once.
    pub fn answered(
        &mut self,
        url: &str,
        status: u16,
        asking: Asking<'_>,
        nonce: Option<&str>,
        again: bool,
    ) -> Next {
        let nonce = nonce.filter(|nonce| is_nonce(nonce));
        if let (Some(server), Some(nonce)) = (origin::of(url), nonce) {
            self.0.retain(|(of, _)| of != server);
            if self.0.len() >= MOST {
                take_at(&mut self.0, 0);
            }
            self.0.push((server.to_owned(), nonce.to_owned()));
        }
        match (asking.is_for_a_nonce(status), nonce) {
            (true, Some(_)) if !again => Next::Again,
            (true, None) => Next::Unreadable,
            _ => Next::Stands,
        }
    }
}

/// RFC 9449 §8.1: `nonce = 1*NQCHAR`.
fn is_nonce(text: &str) -> bool {
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(fits)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::protocol::base64::from_base64url;
    use serde_json::{Value, json};

    const TOKEN: &str = "https://login.example/token";
    const API: &str = "https://api.example/transfers";

    fn proof() -> Proof<'static> {
        Proof {
            jti: "j1",
            method: "POST",
            url: TOKEN,
            at: EpochSeconds(1_800_000_000),
            ath: None,
            nonce: None,
        }
    }

    /// A part of a proof, as a server reads it.
    fn read(part: &str) -> Value {
        serde_json::from_slice(&from_base64url(part).unwrap()).unwrap()
    }

    #[test]
    fn a_proof_names_its_key_and_its_request() {
        let header = read(&PublicKey { x: "the-x", y: "the-y" }.header());
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": "the-x", "y": "the-y" });
        assert_eq!(header, json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }));
        let expected =
            json!({ "jti": "j1", "htm": "POST", "htu": TOKEN, "iat": 1_800_000_000_u64 });
        assert_eq!(read(&proof().claims()), expected);
    }

    #[test]
    fn t56_a_proof_at_the_api_is_bound_to_its_token_and_nonce() {
        let bound = Proof { ath: Some("a\"1"), nonce: Some("n1"), ..proof() };
        let claims = read(&bound.claims());
        assert_eq!((&claims["ath"], &claims["nonce"]), (&json!("a\"1"), &json!("n1")));
    }

    #[test]
    fn a_proof_does_not_tell_the_query() {
        for url in ["https://api.example/a?to=bob#top", "https://api.example/a#?x"] {
            let claims = read(&Proof { url, ..proof() }.claims());
            assert_eq!(claims["htu"], "https://api.example/a", "{url}");
        }
    }

    const ASKS: Asking<'_> = Asking::Error(Some("use_dpop_nonce"));
    const SILENT: Asking<'_> = Asking::Error(None);
    const CHALLENGE: &str = r#"DPoP error="use_dpop_nonce", error_description="nonce wanted""#;

    #[test]
    fn t11_a_nonce_that_is_asked_for_leads_to_one_more_send_and_no_second() {
        let mut nonces = Nonces::default();
        assert_eq!(nonces.answered(TOKEN, 400, ASKS, Some("n1"), false), Next::Again);
        assert_eq!(nonces.of(TOKEN), Some("n1"));
        assert_eq!(nonces.answered(TOKEN, 400, ASKS, Some("n2"), true), Next::Stands);
        // The newest one is for the next request all the same.
        assert_eq!(nonces.of(TOKEN), Some("n2"));
        let challenge = Asking::Challenge(CHALLENGE);
        assert_eq!(nonces.answered(API, 401, challenge, Some("a1"), false), Next::Again);
        assert_eq!(nonces.answered(API, 401, challenge, Some("a2"), true), Next::Stands);
    }

    #[test]
    fn only_the_demand_for_a_nonce_is_one() {
        let stands = |status, asking| {
            let next = Nonces::default().answered(API, status, asking, Some("n1"), false);
            next == Next::Stands
        };
        for header in [
            "DPoP",
            r#"Bearer error="use_dpop_nonce""#,
            r#"DPoP error="invalid_token""#,
            r#"DPoP error="insufficient_user_authentication", acr_values="use_dpop_nonce""#,
            r#"DPoP error_description="error=use_dpop_nonce""#,
        ] {
            assert!(stands(401, Asking::Challenge(header)), "{header}");
        }
        for (status, asking) in [
            (200, SILENT),
            (200, ASKS),
            (400, Asking::Error(Some("invalid_grant"))),
            (400, Asking::Challenge(CHALLENGE)),
            (403, Asking::Challenge(CHALLENGE)),
        ] {
            assert!(stands(status, asking), "{status} {asking:?}");
        }
        let beside = concat(&[r#"Bearer realm="x", "#, CHALLENGE]);
        assert!(!stands(401, Asking::Challenge(&beside)));
        assert!(!stands(401, Asking::Challenge(r#"dpop ERROR=use_dpop_nonce"#)));
        assert!(!stands(401, ASKS));
    }

    #[test]
    fn a_nonce_that_cannot_be_read_is_told() {
        let asks = |nonce| Nonces::default().answered(API, 401, ASKS, nonce, false);
        let long = "x".repeat(LONGEST + 1);
        for nonce in
            [None, Some(""), Some("a b"), Some("a\"b"), Some("a\\b"), Some("ä"), Some(&long)]
        {
            assert_eq!(asks(nonce), Next::Unreadable, "{nonce:?}");
        }
        assert_eq!(asks(Some(&long[1..])), Next::Again);
    }

    #[test]
    fn the_newest_nonce_of_whatever_answer_is_used_next() {
        let mut nonces = Nonces::default();
        for (status, asking, nonce) in [
            (400, ASKS, "from 400"),
            (200, SILENT, "from 200"),
            (401, Asking::Challenge(CHALLENGE), "from 401"),
            (403, Asking::Challenge("DPoP"), "from 403"),
        ] {
            let nonce = nonce.replace(' ', "-");
            nonces.answered(TOKEN, status, asking, Some(&nonce), false);
            assert_eq!(nonces.of("https://login.example/par?x"), Some(nonce.as_str()));
        }
        nonces.answered(TOKEN, 200, SILENT, None, false);
        assert_eq!(nonces.of(TOKEN), Some("from-403"), "an answer without one changes nothing");
    }

    #[test]
    fn the_nonces_of_servers_are_never_mixed() {
        let mut nonces = Nonces::default();
        nonces.answered(TOKEN, 200, SILENT, Some("login"), false);
        nonces.answered(API, 200, SILENT, Some("api"), false);
        assert_eq!((nonces.of(TOKEN), nonces.of(API)), (Some("login"), Some("api")));
        for other in [
            "https://api.example:8443/transfers",
            "http://api.example/transfers",
            "https://api.example.evil.test/",
            "not a url",
        ] {
            assert_eq!(nonces.of(other), None, "{other}");
        }
        nonces.answered("not a url", 200, SILENT, Some("nobody"), false);
        assert_eq!(nonces.of("not a url"), None);
    }

    #[test]
    fn the_number_of_servers_is_bounded() {
        let mut nonces = Nonces::default();
        for number in 0..40 {
            let url = format!("https://s{number}.example/");
            nonces.answered(&url, 200, SILENT, Some("n"), false);
        }
        assert_eq!(nonces.0.len(), MOST);
        assert_eq!(nonces.of("https://s39.example/"), Some("n"));
    }
}
