//! Authorization requests that the provider keeps: the answer of its endpoint for them (RFC 9126 §2).

use super::border::record;
use super::error::{Error, ErrorCode};
use super::response::refusal;
use super::secret::Secret;
use super::token::Lifetime;
use super::units::EpochMillis;

/// The answer as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushAnswer {
    /// What the request is known by from now on (§2.2).
    pub request_uri: Option<Secret>,
    /// How long it is kept.
    pub expires_in: Option<Lifetime>,
    /// Why it is not kept (§2.3).
    pub error: Option<String>,
}

record!(import PushAnswer {
    request_uri: "request_uri",
    expires_in: "expires_in",
    error: "error"
});

/// A request that the provider keeps, for one visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What it is known by.
    pub request_uri: Secret,
    /// When it is forgotten, where that is known.
    pub until: Option<EpochMillis>,
}

impl PushAnswer {
    /// The request that is kept.
    ///
    /// # Errors
    ///
    /// What an error of the authorization response means, and `authorization_refused` for an answer
    /// that names neither.
    pub fn kept(self, now: EpochMillis) -> Result<Kept, Error> {
        match (self.error, self.request_uri) {
            (Some(error), _) => Err(refusal(&error)),
            (None, Some(request_uri)) if !request_uri.expose().is_empty() => {
                let until = self.expires_in.map(|life| now.plus(life.seconds().millis()));
                Ok(Kept { request_uri, until })
            }
            _ => Err(Error::new(ErrorCode::AuthorizationRefused, "the answer has no request_uri")),
        }
    }
}

impl Kept {
    /// Whether it can still be visited.
    #[must_use]
    pub fn is_there(&self, now: EpochMillis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    const NOW: EpochMillis = EpochMillis(1_800_000_000_000);

    #[track_caller]
    fn check(json: &str, expect: Result<(&str, Option<u64>), ErrorCode>) {
        let answer: PushAnswer = json::read(json).unwrap_or_default();
        let kept = answer.kept(NOW);
        let kept = kept
            .as_ref()
            .map(|kept| (kept.request_uri.expose(), kept.until.map(|until| until.since(NOW).0)))
            .map_err(|error| error.code);
        assert_eq!(kept, expect, "{json}");
    }

    #[test]
    fn an_answer_names_what_is_kept_or_why_it_is_not() {
        check(r#"{"request_uri":"urn:r:1","expires_in":60}"#, Ok(("urn:r:1", Some(60_000))));
        check(r#"{"request_uri":"urn:r:1"}"#, Ok(("urn:r:1", None)));
        check(r#"{"request_uri":"urn:r:1","expires_in":-1}"#, Ok(("urn:r:1", Some(0))));
        let refused = Err(ErrorCode::AuthorizationRefused);
        check(r#"{"error":"invalid_request"}"#, refused);
        check(r#"{"error":"invalid_request","request_uri":"urn:r:1"}"#, refused);
        check(r#"{"request_uri":""}"#, refused);
        check("{}", refused);
        let unmet = r#"{"error":"unmet_authentication_requirements"}"#;
        check(unmet, Err(ErrorCode::AssuranceUnavailable));
    }

    #[test]
    fn what_is_kept_is_kept_for_as_long_as_was_said() {
        let kept = Kept { request_uri: Secret::new(""), until: Some(NOW) };
        assert!(kept.is_there(EpochMillis(NOW.0 - 1)) && !kept.is_there(NOW));
        assert!(Kept { until: None, ..kept }.is_there(EpochMillis(u64::MAX)));
    }
}
