//! The authorization server's metadata (OpenID Connect Discovery §3–4, RFC 8414 §2).

use super::border::record;
use super::encode::concat;
use super::error::{Error, ErrorCode};
use super::origin;

/// The part of the metadata that a step-up needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer identifier; must equal the configured one.
    pub issuer: String,
    /// Where the user is sent.
    pub authorization_endpoint: String,
    /// Where the code is exchanged.
    pub token_endpoint: String,
    /// Where the keys of ID tokens are published.
    pub jwks_uri: String,
    /// Where a first-party app asks without the web (OAuth 2.0 for First-Party Applications, §4.1).
    pub authorization_challenge_endpoint: Option<String>,
    /// Where authorization requests are pushed to (RFC 9126 §5).
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Whether they must be.
    pub require_pushed_authorization_requests: bool,
    /// Whether every authorization response carries `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
    /// The PKCE methods; an empty list means that the server does not say.
    pub code_challenge_methods_supported: Vec<String>,
}

record!(Metadata {
    issuer: "issuer",
    authorization_endpoint: "authorization_endpoint" or Default::default(),
    token_endpoint: "token_endpoint" or Default::default(),
    jwks_uri: "jwks_uri" or Default::default(),
    authorization_challenge_endpoint: "authorization_challenge_endpoint",
    pushed_authorization_request_endpoint: "pushed_authorization_request_endpoint",
    require_pushed_authorization_requests: "require_pushed_authorization_requests" or Default::default(),
    authorization_response_iss_parameter_supported: "authorization_response_iss_parameter_supported" or Default::default(),
    code_challenge_methods_supported: "code_challenge_methods_supported" or Default::default()
});

/// Where the metadata of an issuer is found (OpenID Connect Discovery §4: the well-known path is
/// appended to the issuer).
#[must_use]
pub fn url(issuer: &str) -> String {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    concat(&[issuer, "/.well-known/openid-configuration"])
}

impl Metadata {
    /// Whether this is what the configured issuer may publish.
    ///
    /// # Errors
    ///
    /// `metadata_invalid` if the issuer differs (RFC 8414 §3.3), an endpoint is missing or would be
    /// reached in the clear, or the server names its PKCE methods and S256 is not among them.
    pub fn check(&self, issuer: &str) -> Result<(), Error> {
        let invalid = |what: &str| Err(Error::new(ErrorCode::MetadataInvalid, what));
        if self.issuer != issuer {
            return invalid("its issuer is not the configured one");
        }
        for endpoint in [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri] {
            if !origin::is_trustworthy(endpoint) {
                return invalid("an endpoint is missing or not https");
            }
        }
        let pushed = &self.pushed_authorization_request_endpoint;
        for endpoint in self.authorization_challenge_endpoint.iter().chain(pushed) {
            if !origin::is_trustworthy(endpoint) {
                return invalid("an endpoint is missing or not https");
            }
        }
        if self.require_pushed_authorization_requests && pushed.is_none() {
            return invalid("it wants pushed requests and has no endpoint for them");
        }
        let methods = &self.code_challenge_methods_supported;
        if !methods.is_empty() && !methods.iter().any(|method| method == "S256") {
            return invalid("it does not support PKCE with S256");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Metadata {
        Metadata {
            issuer: "https://login.example".into(),
            authorization_endpoint: "https://login.example/auth".into(),
            token_endpoint: "https://login.example/token".into(),
            jwks_uri: "https://login.example/jwks".into(),
            authorization_challenge_endpoint: None,
            pushed_authorization_request_endpoint: None,
            require_pushed_authorization_requests: false,
            authorization_response_iss_parameter_supported: true,
            code_challenge_methods_supported: vec!["S256".into()],
        }
    }

    #[test]
    fn the_well_known_path_is_appended() {
        assert_eq!(url("https://a.test/"), "https://a.test/.well-known/openid-configuration");
        assert_eq!(url("https://a.test/b"), "https://a.test/b/.well-known/openid-configuration");
    }

    #[test]
    fn t33_metadata_of_another_issuer_or_in_the_clear_is_refused() {
        type Change = fn(&mut Metadata);
        let changes: [(Change, bool); 11] = [
            (|_| {}, true),
            (|it| it.authorization_endpoint = "http://auth.localhost:9/auth".into(), true),
            (|it| it.code_challenge_methods_supported.clear(), true),
            (|it| it.issuer.push('/'), false),
            (|it| it.token_endpoint = "http://login.example/token".into(), false),
            (|it| it.authorization_endpoint = "javascript:alert(1)".into(), false),
            (|it| it.jwks_uri.clear(), false),
            (|it| it.code_challenge_methods_supported = vec!["plain".into()], false),
            (
                |it| {
                    let endpoint = "https://login.example/par".to_owned();
                    it.pushed_authorization_request_endpoint = Some(endpoint);
                    it.require_pushed_authorization_requests = true;
                },
                true,
            ),
            (|it| it.require_pushed_authorization_requests = true, false),
            (|it| it.pushed_authorization_request_endpoint = Some("http://x.y".into()), false),
        ];
        for (index, (change, fine)) in changes.into_iter().enumerate() {
            let mut changed = metadata();
            change(&mut changed);
            let checked = changed.check("https://login.example").map_err(|error| error.code);
            assert_eq!(
                checked,
                if fine { Ok(()) } else { Err(ErrorCode::MetadataInvalid) },
                "{index}"
            );
        }
    }
}
