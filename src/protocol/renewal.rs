//! Renewal by a refresh token (RFC 6749 §6): what is sent, and what may have changed in the answer.
//!
//! Nothing is proved by a renewal (RFC 9470 §6.1). What was proved stays as it was, age and all, or
//! becomes less; so a renewal answers a token that is refused as invalid, and never a challenge.

use super::claims::Claims;
use super::dpop::Thumbprint;
use super::encode::Form;
use super::error::{Error, ErrorCode};
use super::requirement::Scope;
use super::secret::Secret;
use super::token::{TokenAnswer, TokenSet};

/// A refresh token, and what its answers are judged by. It cannot be serialised: no other page, and
/// no other tab, ever gets one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The refresh token.
    pub token: Secret,
    /// The nonce with which the user authenticated, where it is known.
    pub nonce: Option<Secret>,
}

/// Why there is no renewed token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server could not be asked, or could not answer: the refresh token is as good as before.
    Passing,
    /// It refuses, or gives what cannot be used.
    Final,
}

impl Refresh {
    /// One whose authentication has no nonce that is known.
    #[must_use]
    pub const fn new(token: Secret) -> Self {
        Self { token, nonce: None }
    }

    /// The body of the request (RFC 6749 §6, RFC 8707 §2.2). Without `scope` it is for all that was
    /// granted.
    #[must_use]
    pub fn request(&self, client_id: &str, resource: Option<&str>) -> Secret {
        Secret::new(
            Form::default()
                .with("grant_type", "refresh_token")
                .with("refresh_token", self.token.expose())
                .with("client_id", client_id)
                .with_some("resource", resource)
                .into_string(),
        )
    }
}

/// The tokens of an answer. Nothing can be granted that had not been before (RFC 6749 §6), and a token
/// that was bound to a key stays bound to it (RFC 9449 §5).
///
/// # Errors
///
/// How it has failed.
pub fn read(
    answer: Result<TokenAnswer, Error>,
    granted: &Scope,
    key: Option<&Thumbprint>,
) -> Result<TokenSet, Failure> {
    let answer = answer.map_err(|error| after(&error))?;
    // RFC 6749 §5.2 has no code for a server that is busy; those of §4.1.2.1 are in use here too.
    if let Some("temporarily_unavailable" | "server_error") = answer.error.as_deref() {
        return Err(Failure::Passing);
    }
    let mut tokens = answer.tokens(granted, key).map_err(|_| Failure::Final)?;
    tokens.scope = granted.intersection(&tokens.scope);
    Ok(tokens)
}

/// What an error means for the refresh token.
#[must_use]
pub const fn after(error: &Error) -> Failure {
    match error.code {
        ErrorCode::ProviderUnreachable | ErrorCode::TimedOut | ErrorCode::WasmUnavailable => {
            Failure::Passing
        }
        _ => Failure::Final,
    }
}

/// What is proved for the renewed token: what was proved for the old one, unless its ID token says
/// less (OpenID Connect Core §12.2).
///
/// # Errors
///
/// `issuer_mismatch`, `subject_mismatch`, or `id_token_invalid` for another time of authentication.
pub fn inherit(proved: &Claims, renewed: &Claims) -> Result<Claims, Error> {
    if proved.iss != renewed.iss {
        return Err(ErrorCode::IssuerMismatch.into());
    }
    if proved.sub != renewed.sub {
        return Err(ErrorCode::SubjectMismatch.into());
    }
    if let (Some(then), Some(now)) = (proved.auth_time, renewed.auth_time)
        && then != now
    {
        return Err(Error::new(ErrorCode::IdTokenInvalid, "auth_time is not that of the original"));
    }
    let mut claims = proved.clone();
    if !renewed.acr.is_empty() {
        claims.acr.retain(|acr| renewed.acr.contains(acr));
        if claims.acr.is_empty() {
            // None at all would mean that amr tells. This says that nothing is proved.
            claims.acr.push("0".to_owned());
        }
    }
    if !renewed.amr.is_empty() {
        claims.amr.retain(|amr| renewed.amr.contains(amr));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::super::encode::parse_form;
    use super::super::json;
    use super::super::units::EpochSeconds;
    use super::*;

    fn proved() -> Claims {
        Claims {
            iss: "https://login.example".into(),
            sub: "alice".into(),
            acr: vec!["AL2".into(), "AL3".into()],
            amr: vec!["hwk".into()],
            auth_time: Some(1_799_999_990),
            iat: EpochSeconds(1_800_000_000),
            exp: EpochSeconds(1_800_000_300),
        }
    }

    #[test]
    fn the_request_is_of_a_public_client_and_prints_as_redacted() {
        let refresh = Refresh::new(Secret::new("r 1&"));
        let body = refresh.request("spa", Some("https://files.example"));
        let sent = parse_form(body.expose());
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            sent,
            [
                pair("grant_type", "refresh_token"),
                pair("refresh_token", "r 1&"),
                pair("client_id", "spa"),
                pair("resource", "https://files.example"),
            ]
        );
        assert_eq!(format!("{body:?}"), "[redacted]");
        assert!(format!("{refresh:?}").contains("[redacted]"));
    }

    #[track_caller]
    fn check(json: &str, expect: Result<&str, Failure>) {
        let answer: TokenAnswer = json::read(json).unwrap_or_default();
        let scope =
            read(Ok(answer), &Scope::parse("a b"), None).map(|tokens| tokens.scope.to_string());
        assert_eq!(scope, expect.map(str::to_owned));
    }

    #[test]
    fn a_narrower_scope_is_honoured_and_a_wider_one_is_not() {
        check(r#"{"access_token":"t","token_type":"Bearer"}"#, Ok("a b"));
        check(r#"{"access_token":"t","token_type":"Bearer","scope":"b"}"#, Ok("b"));
        check(r#"{"access_token":"t","token_type":"Bearer","scope":"b admin"}"#, Ok("b"));
    }

    #[test]
    fn only_a_server_that_could_not_answer_is_asked_again() {
        check(r#"{"error":"invalid_grant"}"#, Err(Failure::Final));
        check(r#"{"error":"unauthorized_client"}"#, Err(Failure::Final));
        check(r#"{"access_token":"t","token_type":"mac"}"#, Err(Failure::Final));
        check("{}", Err(Failure::Final));
        check(r#"{"error":"temporarily_unavailable"}"#, Err(Failure::Passing));
        check(r#"{"error":"server_error"}"#, Err(Failure::Passing));
        for (code, failure) in [
            (ErrorCode::ProviderUnreachable, Failure::Passing),
            (ErrorCode::TimedOut, Failure::Passing),
            (ErrorCode::IdTokenInvalid, Failure::Final),
            (ErrorCode::SubjectMismatch, Failure::Final),
        ] {
            assert_eq!(read(Err(code.into()), &Scope::default(), None).map(drop), Err(failure));
        }
    }

    #[test]
    fn t10_a_renewal_does_not_take_a_token_off_its_key() {
        let key = Thumbprint("jkt-1".into());
        let renewed = |kind: &str| {
            let answer = TokenAnswer {
                access_token: Some(Secret::new("t")),
                token_type: Some(kind.into()),
                ..TokenAnswer::default()
            };
            read(Ok(answer), &Scope::default(), Some(&key)).map(|tokens| tokens.key)
        };
        assert_eq!(renewed("DPoP"), Ok(Some(key.clone())));
        assert_eq!(renewed("Bearer"), Err(Failure::Final));
    }

    #[test]
    fn what_was_proved_is_inherited_and_never_becomes_more() {
        let renewed = |acr: &[&str]| Claims {
            acr: acr.iter().map(|&acr| acr.to_owned()).collect(),
            amr: vec!["pwd".into(), "hwk".into()],
            iat: EpochSeconds(1_800_000_900),
            exp: EpochSeconds(1_800_001_200),
            ..proved()
        };
        let acr = |acr: &[&str]| inherit(&proved(), &renewed(acr)).map(|claims| claims.acr);
        assert_eq!(inherit(&proved(), &renewed(&["AL2", "AL3"])), Ok(proved()));
        assert_eq!(acr(&[]), Ok(proved().acr));
        assert_eq!(acr(&["AL2"]), Ok(vec!["AL2".to_owned()]));
        assert_eq!(acr(&["AL3", "AL4"]), Ok(vec!["AL3".to_owned()]));
        // Without any acr its amr would tell, and that may be of a higher level.
        assert_eq!(acr(&["AL1"]), Ok(vec!["0".to_owned()]));
        let less = Claims { amr: vec!["pwd".into()], ..renewed(&["AL2"]) };
        assert_eq!(inherit(&proved(), &less).map(|claims| claims.amr), Ok(Vec::new()));
        let silent = Claims { amr: Vec::new(), ..renewed(&["AL2"]) };
        assert_eq!(inherit(&proved(), &silent).map(|claims| claims.amr), Ok(proved().amr));
    }

    #[test]
    fn an_id_token_about_something_else_is_refused() {
        let check = |renewed: Claims, expect: Result<(), ErrorCode>| {
            let outcome = inherit(&proved(), &renewed).map(drop).map_err(|error| error.code);
            assert_eq!(outcome, expect);
        };
        let (iss, sub) = ("https://evil.example".to_owned(), "bob".to_owned());
        check(Claims { iss, ..proved() }, Err(ErrorCode::IssuerMismatch));
        check(Claims { sub, ..proved() }, Err(ErrorCode::SubjectMismatch));
        let at = |auth_time| Claims { auth_time, ..proved() };
        check(at(Some(1_800_000_000)), Err(ErrorCode::IdTokenInvalid));
        check(at(None), Ok(()));
        let untimed = Claims { auth_time: None, ..proved() };
        let outcome = inherit(&untimed, &proved()).map(|claims| claims.auth_time);
        assert_eq!(outcome, Ok(None), "a time that was not proved is not believed later");
    }
}
