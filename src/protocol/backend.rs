//! A backend-for-frontend: the app's own server keeps the tokens, the page has a cookie
//! (RFC 10017 §6.1).

use super::border::record;
use super::encode::{Form, joined, parse_form};
use super::error::{Error, ErrorCode};
use super::requirement::Requirement;
use super::response::refusal;
use super::units::EpochSeconds;

/// The backend's pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Where a window is sent to sign in; none where only passkeys in the page are used.
    pub login: Option<String>,
    /// The callback page, as the backend is told to go back to it: a path on its own origin, else
    /// a URL.
    pub return_to: String,
}

record!(import Backend {
    login: "login",
    return_to: "returnTo"
});

/// The name of the state in the callback page's query, beside whatever the backend adds.
const STATE: &str = "stepup_state";

impl Backend {
    /// Where the window goes, if there is a page for it.
    #[must_use]
    pub fn login_url(&self, requirement: &Requirement, state: &str) -> Option<String> {
        let asked = requirement.as_asked();
        let acr_values = joined(&asked.acr_values, " ");
        let scope = asked.scope.text();
        let max_age = asked.max_age.map(|age| age.0.to_string());
        let return_to = Form::default().with(STATE, state).onto(&self.return_to);
        let form = Form::default()
            .with_some("acr_values", Some(acr_values.as_str()).filter(|acr| !acr.is_empty()))
            .with_some("max_age", max_age.as_deref())
            .with_some("scope", Some(scope.as_str()).filter(|scope| !scope.is_empty()))
            .with_some("claims", requirement.claims.text())
            .with_some("authorization_details", requirement.authorization_details.text())
            .with("return_to", &return_to);
        self.login.as_deref().map(|login| form.onto(login))
    }
}

/// Reads the callback page's query: did the backend succeed?
///
/// # Errors
///
/// `state_mismatch` for another state or none; `response_malformed` for a repeated parameter
/// (RFC 6749 §3.1); `subject_mismatch` where the backend says that another user came back; else what
/// its `error` means: see the authorization response.
pub fn read(query: &str, state: &str) -> Result<(), Error> {
    let parameters = parse_form(query);
    let mut states = parameters.iter().filter(|(name, _)| name == STATE);
    match (states.next(), states.next()) {
        (Some((_, given)), None) if given == state => {}
        _ => return Err(ErrorCode::StateMismatch.into()),
    }
    let mut errors = parameters.iter().filter(|(name, _)| name == "error");
    match (errors.next(), errors.next()) {
        (None, _) => Ok(()),
        (Some((_, error)), None) if error == "subject_mismatch" => {
            Err(ErrorCode::SubjectMismatch.into())
        }
        (Some((_, error)), None) => Err(refusal(error)),
        (Some(_), Some(_)) => Err(Error::new(ErrorCode::ResponseMalformed, "error is repeated")),
    }
}

/// What the backend tells about the user, if it does. Nothing is believed further than to spare the
/// user a second prompt: the API decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The authentication context.
    pub acr: Option<String>,
    /// The authentication methods (RFC 8176).
    pub amr: Option<Vec<String>>,
    /// When the user authenticated.
    pub auth_time: Option<EpochSeconds>,
}

record!(Told { acr: "acr", amr: "amr", auth_time: "auth_time" });

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::requirement::Scope;
    use super::super::units::Seconds;
    use super::*;

    fn backend() -> Backend {
        Backend {
            login: Some("https://app.example/bff/login?tenant=1".into()),
            return_to: "/stepup/callback.html".into(),
        }
    }

    #[test]
    fn the_window_is_sent_to_the_login_page_with_what_is_demanded() {
        let requirement = Requirement {
            acr_values: vec!["AL3".into()],
            max_age: Some(Seconds(0)),
            scope: Scope::parse("a b"),
            ..Requirement::default()
        };
        assert_eq!(
            backend().login_url(&requirement, "s1").unwrap(),
            "https://app.example/bff/login?tenant=1&acr_values=AL3&max_age=0&scope=a%20b\
             &return_to=%2Fstepup%2Fcallback.html%3Fstepup_state%3Ds1"
        );
        let bare = backend().login_url(&Requirement::default(), "s1").unwrap();
        assert!(!bare.contains("acr_values") && !bare.contains("scope") && !bare.contains("max"));
        let without = Backend { login: None, ..backend() };
        assert_eq!(without.login_url(&Requirement::default(), "s1"), None);
    }

    #[test]
    fn what_cannot_be_phished_is_demanded_by_its_acr() {
        let requirement = Requirement { phishing_resistant: true, ..Requirement::default() };
        let url = backend().login_url(&requirement, "s1").unwrap();
        assert!(url.contains("&acr_values=phr&"), "{url}");
    }

    #[test]
    fn what_comes_back_must_carry_the_state_once() {
        let code = |query: &str| read(query, "s1").map_err(|error| error.code);
        assert_eq!(code("?stepup_state=s1"), Ok(()));
        assert_eq!(code("?stepup_state=s1&lang=de"), Ok(()));
        for query in ["", "?stepup_state=s2", "?state=s1", "?stepup_state=s1&stepup_state=s1"] {
            assert_eq!(code(query), Err(ErrorCode::StateMismatch), "{query:?}");
        }
    }

    #[test]
    fn its_errors_mean_what_a_providers_mean() {
        let code = |query: &str| read(query, "s1").map_err(|error| error.code);
        for (error, expect) in [
            ("access_denied", ErrorCode::Cancelled),
            ("unmet_authentication_requirements", ErrorCode::AssuranceUnavailable),
            ("subject_mismatch", ErrorCode::SubjectMismatch),
            ("server_error", ErrorCode::AuthorizationRefused),
        ] {
            assert_eq!(code(&format!("?stepup_state=s1&error={error}")), Err(expect));
        }
        let twice = "?stepup_state=s1&error=a&error=b";
        assert_eq!(code(twice), Err(ErrorCode::ResponseMalformed));
    }
}
