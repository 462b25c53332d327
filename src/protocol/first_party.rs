//! First-party apps: the authorization challenge endpoint (OAuth 2.0 for First-Party Applications,
//! §5). The draft does not recommend it in browsers (§9.8): it is used only where the app says so.

use super::assertion::Offer;
use super::border::record;
use super::error::{Error, ErrorCode};
use super::response::error_name;
use super::secret::Secret;

/// The endpoint's answer as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChallengeAnswer {
    /// The authorization code (§5.2.1).
    pub authorization_code: Option<Secret>,
    /// Why there is none (§5.2.2).
    pub error: Option<String>,
    /// To be sent back with the next request; a new one on each answer (§5.3.1).
    pub auth_session: Option<Secret>,
    /// Where the user goes on in the web, if the server has kept the request (§5.2.2.1).
    pub request_uri: Option<Secret>,
    /// Options for a passkey: the JSON text of a `PublicKeyCredentialRequestOptionsJSON`, which
    /// comes as `publicKey`.
    pub public_key: Option<String>,
}

record!(import ChallengeAnswer {
    authorization_code: "authorization_code",
    error: "error",
    auth_session: "auth_session",
    request_uri: "request_uri";
    public_key: Default::default(),
});

/// What the answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The code is to be exchanged.
    Exchange(Secret),
    /// The user is to be asked for a passkey.
    Assert(Offer),
    /// Only the server's own pages lead on, by this request if it has kept one.
    Web(Option<Secret>),
    /// The session is not known any more.
    Restart,
}

impl ChallengeAnswer {
    /// What comes next. `last` is the session that was sent, which counts on where the answer
    /// names none.
    ///
    /// # Errors
    ///
    /// `assurance_unavailable` where the server cannot reach what was asked for (RFC 9470 §5);
    /// `cancelled` for `access_denied`; `authorization_details_refused` for
    /// `invalid_authorization_details`; `token_refused` for every other error, and for an answer that
    /// says neither.
    pub fn next(self, last: Option<&Secret>) -> Result<Next, Error> {
        if let (Some(code), None) = (&self.authorization_code, &self.error)
            && !code.expose().is_empty()
        {
            return Ok(Next::Exchange(code.clone()));
        }
        match (self.error.as_deref(), self.public_key) {
            (Some("insufficient_authorization"), Some(public_key)) => {
                let auth_session = self.auth_session.or_else(|| last.cloned());
                Ok(Next::Assert(Offer { public_key, auth_session }))
            }
            // It wants something that this client does not have: its own pages do.
            (Some("insufficient_authorization"), None) => Ok(Next::Web(None)),
            (Some("redirect_to_web"), _) => Ok(Next::Web(self.request_uri)),
            (Some("invalid_session"), _) => Ok(Next::Restart),
            (Some("unmet_authentication_requirements"), _) => {
                Err(ErrorCode::AssuranceUnavailable.into())
            }
            (Some("access_denied"), _) => Err(ErrorCode::Cancelled.into()),
            (Some("invalid_authorization_details"), _) => {
                Err(ErrorCode::AuthorizationDetailsRefused.into())
            }
            (Some(error), _) => Err(Error::new(ErrorCode::TokenRefused, error_name(error))),
            (None, _) => Err(Error::new(ErrorCode::TokenRefused, "neither a code nor an error")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::json;
    use super::*;

    fn answer(json: &str, public_key: Option<&str>) -> ChallengeAnswer {
        let answer: ChallengeAnswer = json::read(json).unwrap();
        ChallengeAnswer { public_key: public_key.map(str::to_owned), ..answer }
    }

    #[test]
    fn an_answer_leads_on_in_one_way() {
        let next = |json, public_key| {
            answer(json, public_key).next(Some(&Secret::new("old"))).map_err(|error| error.code)
        };
        let code = r#"{"authorization_code":"c1"}"#;
        assert_eq!(next(code, None), Ok(Next::Exchange(Secret::new("c1"))));
        let offer = |session| {
            let auth_session = Some(Secret::new(session));
            Ok(Next::Assert(Offer { public_key: "{}".into(), auth_session }))
        };
        let more = r#"{"error":"insufficient_authorization","auth_session":"new"}"#;
        assert_eq!(next(more, Some("{}")), offer("new"));
        let same = r#"{"error":"insufficient_authorization"}"#;
        assert_eq!(next(same, Some("{}")), offer("old"));
        assert_eq!(next(same, None), Ok(Next::Web(None)));
        let web = r#"{"error":"redirect_to_web","request_uri":"urn:r"}"#;
        assert_eq!(next(web, None), Ok(Next::Web(Some("urn:r".into()))));
        assert_eq!(next(r#"{"error":"invalid_session"}"#, None), Ok(Next::Restart));
    }

    #[test]
    fn what_leads_nowhere_is_an_error() {
        for (json, expect) in [
            (r#"{"error":"unmet_authentication_requirements"}"#, ErrorCode::AssuranceUnavailable),
            (r#"{"error":"access_denied"}"#, ErrorCode::Cancelled),
            (
                r#"{"error":"invalid_authorization_details"}"#,
                ErrorCode::AuthorizationDetailsRefused,
            ),
            (r#"{"error":"invalid_client"}"#, ErrorCode::TokenRefused),
            (r#"{"authorization_code":"c1","error":"invalid_request"}"#, ErrorCode::TokenRefused),
            (r#"{"authorization_code":""}"#, ErrorCode::TokenRefused),
            ("{}", ErrorCode::TokenRefused),
        ] {
            let code = answer(json, None).next(None).map_err(|error| error.code);
            assert_eq!(code, Err(expect), "{json}");
        }
    }
}
