//! The authorization response: is it ours, and what does it say?

use super::encode::{concat, parse_form};
use super::error::{Error, ErrorCode};
use super::secret::Secret;

/// What an authorization response must match.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The state of the transaction.
    pub state: &'a str,
    /// The issuer that was asked.
    pub issuer: &'a str,
    /// Whether that issuer always says who it is (RFC 9207 §3).
    pub iss_required: bool,
}

/// Reads the query of the redirect URI and returns the code.
///
/// # Errors
///
/// `response_malformed` for a repeated parameter (RFC 6749 §3.1), a code beside an error, or
/// neither; `state_mismatch` for another state or none; `issuer_mismatch` for another issuer, also
/// on an error response (RFC 9207 §2.4); `assurance_unavailable` where the provider cannot reach
/// what was asked for (RFC 9470 §5); `cancelled` for `access_denied`; `request_expired` for
/// `invalid_request_uri`; `authorization_details_refused` for `invalid_authorization_details`;
/// `authorization_refused` for every other error.
pub fn read(query: &str, expected: &Expected<'_>) -> Result<Secret, Error> {
    let parameters = parse_form(query);
    // Nothing else is looked at before the response is known to belong to this transaction.
    if !parameters.iter().any(|(name, value)| name == "state" && value == expected.state) {
        return Err(ErrorCode::StateMismatch.into());
    }
    let known = |name: &str| -> Result<Option<&str>, Error> {
        let mut found = parameters.iter().filter(|(key, _)| key == name);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => {
                Err(Error::new(ErrorCode::ResponseMalformed, concat(&[name, " is repeated"])))
            }
            (first, _) => Ok(first.map(|(_, value)| value.as_str())),
        }
    };
    let (_, code, error, iss) = (known("state")?, known("code")?, known("error")?, known("iss")?);
    // RFC 9207 §2.4: simple string comparison, on success and on error.
    match iss {
        Some(iss) if iss != expected.issuer => return Err(ErrorCode::IssuerMismatch.into()),
        None if expected.iss_required => {
            return Err(Error::new(ErrorCode::IssuerMismatch, "iss is missing"));
        }
        _ => {}
    }
    match (code, error) {
        (Some(code), None) if !code.is_empty() => Ok(Secret::new(code)),
        (None, Some(error)) => Err(refusal(error)),
        _ => Err(Error::new(ErrorCode::ResponseMalformed, "neither a code nor an error alone")),
    }
}

/// What an error of the authorization response means.
pub(super) fn refusal(error: &str) -> Error {
    match error {
        "unmet_authentication_requirements" => ErrorCode::AssuranceUnavailable.into(),
        "access_denied" => ErrorCode::Cancelled.into(),
        // RFC 9396 §5.
        "invalid_authorization_details" => ErrorCode::AuthorizationDetailsRefused.into(),
        // OpenID Connect Core §3.1.2.6: what was pushed is not kept any more.
        "invalid_request_uri" => ErrorCode::RequestExpired.into(),
        _ => Error::new(ErrorCode::AuthorizationRefused, error_name(error)),
    }
}

/// An OAuth error name fit to be shown to a developer: its own characters (RFC 6749 §4.1.2.1), cut.
pub(super) fn error_name(error: &str) -> String {
    error
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISS: &str = "iss=https%3A%2F%2Flogin.example";

    #[track_caller]
    fn check(query: &str, expect: Result<&str, ErrorCode>) {
        let expected =
            Expected { state: "s1", issuer: "https://login.example", iss_required: true };
        let outcome = read(query, &expected);
        let outcome = outcome.as_ref().map(Secret::expose).map_err(|error| error.code);
        assert_eq!(outcome, expect, "{query}");
    }

    #[test]
    fn a_good_response_gives_the_code() {
        check(&format!("?code=c1&state=s1&{ISS}"), Ok("c1"));
        check(&format!("code=c%2B1&{ISS}&state=s1&session_state=x&session_state=y"), Ok("c+1"));
    }

    #[test]
    fn t25_a_wrong_or_missing_state_is_a_state_mismatch() {
        check(&format!("code=c1&state=s2&{ISS}"), Err(ErrorCode::StateMismatch));
        check(&format!("code=c1&state=S1&{ISS}"), Err(ErrorCode::StateMismatch));
        check(&format!("code=c1&{ISS}"), Err(ErrorCode::StateMismatch));
        check(&format!("code=c1&state=&{ISS}"), Err(ErrorCode::StateMismatch));
        check("error=access_denied", Err(ErrorCode::StateMismatch));
        check("code=c1&code=c2&state=s2&state=s3", Err(ErrorCode::StateMismatch));
        check("", Err(ErrorCode::StateMismatch));
    }

    #[test]
    fn t28_another_issuer_is_refused_on_success_and_on_error() {
        let evil = "iss=https%3A%2F%2Fevil.example";
        check(&format!("code=c1&state=s1&{evil}"), Err(ErrorCode::IssuerMismatch));
        check(&format!("error=access_denied&state=s1&{evil}"), Err(ErrorCode::IssuerMismatch));
        check(&format!("code=c1&state=s1&{ISS}%2F"), Err(ErrorCode::IssuerMismatch));
        check("code=c1&state=s1", Err(ErrorCode::IssuerMismatch));
        check("error=access_denied&state=s1", Err(ErrorCode::IssuerMismatch));
    }

    #[test]
    fn an_issuer_that_never_says_so_may_stay_silent() {
        let expected =
            Expected { state: "s1", issuer: "https://login.example", iss_required: false };
        assert!(read("code=c1&state=s1", &expected).is_ok());
        assert!(read("code=c1&state=s1&iss=https://evil.example", &expected).is_err());
    }

    #[test]
    fn t29_repeated_parameters_and_a_code_beside_an_error_are_malformed() {
        let malformed = Err(ErrorCode::ResponseMalformed);
        check(&format!("code=c1&code=c1&state=s1&{ISS}"), malformed);
        check(&format!("code=c1&state=s1&state=s1&{ISS}"), malformed);
        check(&format!("code=c1&state=s1&{ISS}&{ISS}"), malformed);
        check(&format!("code=c1&error=access_denied&state=s1&{ISS}"), malformed);
        check(&format!("error=a&error=b&state=s1&{ISS}"), malformed);
        check(&format!("state=s1&{ISS}"), malformed);
        check(&format!("code=&state=s1&{ISS}"), malformed);
    }

    #[test]
    fn t06_unmet_authentication_requirements_is_assurance_unavailable() {
        let query = format!("error=unmet_authentication_requirements&state=s1&{ISS}");
        check(&query, Err(ErrorCode::AssuranceUnavailable));
    }

    #[test]
    fn other_errors_tell_whether_the_user_or_the_provider_refused() {
        check(&format!("error=access_denied&state=s1&{ISS}"), Err(ErrorCode::Cancelled));
        let details = Err(ErrorCode::AuthorizationDetailsRefused);
        check(&format!("error=invalid_authorization_details&state=s1&{ISS}"), details);
        check(&format!("error=server_error&state=s1&{ISS}"), Err(ErrorCode::AuthorizationRefused));
        assert_eq!(error_name("<b>bad</b>\u{0}_x"), "bbadb_x");
    }
}
