//! What the app has configured, as far as decisions depend on it.

use super::error::{Error, ErrorCode};
use super::origin;
use super::requirement::Scope;
use super::units::Seconds;
use serde::Deserialize;

/// An API of the app.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    /// Its exact origin.
    pub origin: String,
    /// Only URLs below this path belong to it.
    pub path_prefix: Option<String>,
    /// Its resource indicator (RFC 8707 §2).
    pub resource: Option<String>,
}

/// How an authentication context is asked for. One of them: sending both is unspecified
/// (OpenID Connect Core §5.5.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcrRequest {
    /// `acr_values`: voluntary, a server may answer lower.
    #[default]
    AcrValues,
    /// An essential `acr` claim: the server must reach it or fail.
    Claims,
}

/// The authorization server and this app's registration there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// The issuer identifier.
    pub issuer: String,
    /// The client identifier of the app.
    pub client_id: String,
    /// The callback page, absolute.
    pub redirect_uri: String,
}

/// How a token of higher assurance is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Arrangement {
    /// The authorization code flow in a popup window.
    Popup,
    /// The app's own `authenticate`.
    Own,
    /// The app's own `authenticate`, handed a window that was opened inside the click.
    OwnInWindow,
}

/// The options that the core decides by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// The APIs whose challenges count.
    pub apis: Vec<Api>,
    /// The provider; none where only the app's own `authenticate` is used.
    pub provider: Option<Provider>,
    /// How a token is obtained.
    pub arrangement: Arrangement,
    /// Scopes asked for each time.
    pub scope: Scope,
    /// How acr is asked for.
    #[serde(default)]
    pub acr_request: AcrRequest,
    /// Whether the first subject is adopted where none is known.
    pub adopt_first_subject: bool,
    /// Whether an answer without an ID token is refused.
    pub require_verified: bool,
    /// Step-ups for one request at most.
    pub max_rounds: usize,
    /// How long the user may take.
    pub prompt_timeout: Seconds,
}

impl Config {
    /// Whether a step-up can work with these options at all.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` naming the option.
    pub fn check(&self) -> Result<(), Error> {
        let invalid = |what: &str| Err(Error::new(ErrorCode::ConfigurationInvalid, what));
        match (&self.provider, self.arrangement) {
            (None, Arrangement::Popup) => {
                return invalid("issuer, clientId and redirectUri are needed, or authenticate");
            }
            (Some(provider), arrangement) => {
                if provider.issuer.contains(['?', '#']) || !origin::is_trustworthy(&provider.issuer)
                {
                    return invalid("issuer is not an https URL without query and fragment");
                }
                if provider.client_id.is_empty() {
                    return invalid("clientId is empty");
                }
                if arrangement == Arrangement::Popup
                    && !origin::is_trustworthy(&provider.redirect_uri)
                {
                    return invalid("redirectUri is not an https URL");
                }
            }
            (None, _) => {}
        }
        if self.max_rounds == 0 {
            return invalid("maxRounds is 0");
        }
        Ok(())
    }

    /// The API a URL belongs to.
    #[must_use]
    pub fn api_of(&self, url: &str) -> Option<&Api> {
        self.apis.iter().find(|api| origin::matches(url, &api.origin, api.path_prefix.as_deref()))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn config() -> Config {
        Config {
            apis: vec![
                Api { origin: "https://api.example".into(), path_prefix: None, resource: None },
                Api {
                    origin: "https://files.example".into(),
                    path_prefix: Some("/v1".into()),
                    resource: Some("https://files.example/v1".into()),
                },
            ],
            provider: Some(Provider {
                issuer: "https://login.example".into(),
                client_id: "spa".into(),
                redirect_uri: "https://app.example/callback.html".into(),
            }),
            arrangement: Arrangement::Popup,
            scope: Scope::parse("openid"),
            acr_request: AcrRequest::AcrValues,
            adopt_first_subject: false,
            require_verified: true,
            max_rounds: 2,
            prompt_timeout: Seconds(300),
        }
    }

    #[test]
    fn options_that_cannot_work_are_named() {
        type Change = fn(&mut Config);
        let changes: [(Change, bool); 7] = [
            (|_| {}, true),
            (|it| it.provider = None, false),
            (|it| (it.provider, it.arrangement) = (None, Arrangement::Own), true),
            (|it| it.provider.iter_mut().for_each(|it| it.issuer = "http://x.test".into()), false),
            (|it| it.provider.iter_mut().for_each(|it| it.client_id.clear()), false),
            (|it| it.provider.iter_mut().for_each(|it| it.redirect_uri.clear()), false),
            (|it| it.max_rounds = 0, false),
        ];
        for (index, (change, fine)) in changes.into_iter().enumerate() {
            let mut changed = config();
            change(&mut changed);
            assert_eq!(changed.check().is_ok(), fine, "{index}");
        }
    }

    #[test]
    fn t13_a_url_off_the_list_belongs_to_no_api() {
        let config = config();
        assert!(config.api_of("https://api.example/transfers").is_some());
        assert!(config.api_of("https://files.example/v1/x").is_some());
        assert_eq!(config.api_of("https://files.example/v2/x"), None);
        assert_eq!(config.api_of("https://api.example.evil.test/transfers"), None);
    }
}
