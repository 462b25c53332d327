//! One authorization code flow: what is sent, and what must come back with it.

use super::base64::base64url;
use super::border::record;
use super::claims_request::ClaimsRequest;
use super::config::{AcrRequest, Provider};
use super::dpop::Thumbprint;
use super::encode::{Form, concat, joined, json_string};
use super::metadata::Metadata;
use super::requirement::{Requirement, Scope};
use super::response::Expected;
use super::secret::Secret;

/// Random bytes for one transaction: 256 bits each for state, nonce and verifier
/// (RFC 7636 §7.1, RFC 9700 §2.1.1).
#[derive(Clone, Copy)]
pub struct Entropy(pub [u8; 96]);

/// The secrets of a transaction, new each time and used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// Binds the response to this transaction (RFC 6749 §10.12).
    pub state: String,
    /// Binds the ID token to this transaction (OpenID Connect Core §3.1.2.1).
    pub nonce: Secret,
    /// The PKCE code verifier (RFC 7636 §4.1): 43 unreserved characters.
    pub verifier: Secret,
    /// The key that code and tokens are to be bound to (RFC 9449 §10), where they are; it outlives the
    /// transaction.
    pub key: Option<Thumbprint>,
}

record!(Secrets { state: "state", nonce: "nonce", verifier: "verifier", key: "key" });

impl Secrets {
    /// Turns random bytes into the three values.
    #[must_use]
    pub fn draw(entropy: &Entropy) -> Self {
        let (state, rest) = entropy.0.split_at(32);
        let (nonce, verifier) = rest.split_at(32);
        Self {
            state: base64url(state),
            nonce: Secret::new(base64url(nonce)),
            verifier: Secret::new(base64url(verifier)),
            key: None,
        }
    }
}

/// Who the provider should expect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    /// Nobody in particular.
    #[default]
    None,
    /// The ID token of the present session (OpenID Connect Core §3.1.2.1).
    IdToken(Secret),
    /// A login hint.
    Login(String),
}

impl Hint {
    /// Adds it to the parameters of a request.
    #[must_use]
    pub fn add_to(&self, form: Form) -> Form {
        match self {
            Self::None => form,
            Self::IdToken(token) => form.with("id_token_hint", token.expose()),
            Self::Login(login) => form.with("login_hint", login),
        }
    }
}

/// An authorization code flow that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// State, nonce and verifier.
    pub secrets: Secrets,
    /// The app's registration.
    pub provider: Option<Provider>,
    /// Where the provider is.
    pub metadata: Metadata,
    /// What is asked for.
    pub requirement: Requirement,
    /// All scopes that are asked for.
    pub scope: Scope,
    /// The resource the token is for.
    pub resource: Option<String>,
}

record!(Transaction {
    secrets: "secrets",
    metadata: "metadata",
    requirement: "requirement",
    scope: "scope",
    resource: "resource";
    provider: Default::default(),
});

impl Transaction {
    /// The URL of the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 9470 §4).
    ///
    /// `challenge` is the SHA-256 digest of the verifier.
    #[must_use]
    pub fn authorization_url(
        &self,
        acr_request: AcrRequest,
        hint: &Hint,
        challenge: &[u8; 32],
    ) -> String {
        self.authorization(acr_request, hint, challenge).onto(&self.metadata.authorization_endpoint)
    }

    /// The URL for a request that the server keeps already (RFC 9126 §4).
    #[must_use]
    pub fn kept_request_url(&self, request_uri: &str) -> String {
        Form::default()
            .with("client_id", self.registration().0)
            .with("request_uri", request_uri)
            .onto(&self.metadata.authorization_endpoint)
    }

    /// The body of the authorization challenge request: the authorization request, and what has come
    /// of it so far (OAuth 2.0 for First-Party Applications, §5.1).
    #[must_use]
    pub fn challenge_request(
        &self,
        acr_request: AcrRequest,
        hint: &Hint,
        challenge: &[u8; 32],
        auth_session: Option<&Secret>,
        credential: Option<&Secret>,
    ) -> Secret {
        let form = self
            .authorization(acr_request, hint, challenge)
            .with_some("auth_session", auth_session.map(Secret::expose))
            .with_some("credential", credential.map(Secret::expose));
        Secret::new(form.into_string())
    }

    /// The body by which the provider is to keep the request (RFC 9126 §2.1).
    #[must_use]
    pub fn pushed_request(
        &self,
        acr_request: AcrRequest,
        hint: &Hint,
        challenge: &[u8; 32],
    ) -> Secret {
        Secret::new(self.authorization(acr_request, hint, challenge).into_string())
    }

    fn authorization(&self, acr_request: AcrRequest, hint: &Hint, challenge: &[u8; 32]) -> Form {
        let (client_id, redirect_uri) = self.registration();
        let asked = self.requirement.as_asked();
        let acr_values = &asked.acr_values;
        let joined = joined(acr_values, " ");
        let (acr, essential) = match acr_request {
            _ if acr_values.is_empty() => (None, ClaimsRequest::default()),
            AcrRequest::AcrValues => (Some(joined.as_str()), ClaimsRequest::default()),
            AcrRequest::Claims => (None, ClaimsRequest::new(essential_acr(acr_values))),
        };
        // The API is the one who will judge by its claims; the acr is compared here in any case.
        let claims = self.requirement.claims.beside(&essential);
        let claims = self.provider.iter().fold(claims, |all, it| all.beside(&it.claims));
        let max_age = asked.max_age.map(|age| age.0.to_string());
        let form = Form::default()
            .with("response_type", "code")
            .with("client_id", client_id)
            .with_some("redirect_uri", Some(redirect_uri).filter(|uri| !uri.is_empty()))
            .with("scope", &self.scope.text())
            .with("state", &self.secrets.state)
            .with("nonce", self.secrets.nonce.expose())
            .with("code_challenge", &base64url(challenge))
            .with("code_challenge_method", "S256")
            .with_some("acr_values", acr)
            .with_some("claims", claims.text())
            .with_some("max_age", max_age.as_deref())
            .with_some("authorization_details", self.requirement.authorization_details.text())
            .with_some("resource", self.resource.as_deref())
            .with_some("dpop_jkt", self.secrets.key.as_ref().map(|key| key.0.as_str()));
        hint.add_to(form)
    }

    /// What the authorization response must match.
    #[must_use]
    pub fn expected(&self) -> Expected<'_> {
        Expected {
            state: &self.secrets.state,
            issuer: &self.metadata.issuer,
            iss_required: self.metadata.authorization_response_iss_parameter_supported,
        }
    }

    /// The body of the token request (RFC 6749 §4.1.3, RFC 7636 §4.5).
    #[must_use]
    pub fn token_request(&self, code: &Secret) -> Secret {
        let (_, redirect_uri) = self.registration();
        self.exchange(code, Some(redirect_uri))
    }

    /// The same for a code that no redirect has brought (OAuth 2.0 for First-Party Applications,
    /// §6.1).
    #[must_use]
    pub fn direct_token_request(&self, code: &Secret) -> Secret {
        self.exchange(code, None)
    }

    fn exchange(&self, code: &Secret, redirect_uri: Option<&str>) -> Secret {
        let (client_id, _) = self.registration();
        Secret::new(
            Form::default()
                .with("grant_type", "authorization_code")
                .with("code", code.expose())
                .with_some("redirect_uri", redirect_uri)
                .with("client_id", client_id)
                .with("code_verifier", self.secrets.verifier.expose())
                .with_some("resource", self.resource.as_deref())
                .into_string(),
        )
    }

    fn registration(&self) -> (&str, &str) {
        self.provider
            .as_ref()
            .map_or(("", ""), |provider| (&provider.client_id, &provider.redirect_uri))
    }
}

/// The `claims` parameter that makes acr essential (OpenID Connect Core §5.5.1.1).
fn essential_acr(acr_values: &[String]) -> String {
    let values: Vec<String> = acr_values.iter().map(|acr| json_string(acr)).collect();
    let wanted = match values.as_slice() {
        [one] => concat(&["\"value\":", one]),
        several => concat(&["\"values\":[", &joined(several, ","), "]"]),
    };
    concat(&["{\"id_token\":{\"acr\":{\"essential\":true,", &wanted, "}}}"])
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::config;
    use super::super::details::Details;
    use super::super::encode::parse_form;
    use super::super::units::Seconds;
    use super::*;

    fn transaction() -> Transaction {
        let mut bytes = [0; 96];
        bytes.iter_mut().zip(0..).for_each(|(byte, index)| *byte = index);
        Transaction {
            secrets: Secrets::draw(&Entropy(bytes)),
            provider: config().provider,
            metadata: Metadata {
                issuer: "https://login.example".into(),
                authorization_endpoint: "https://login.example/auth?tenant=1".into(),
                token_endpoint: "https://login.example/token".into(),
                jwks_uri: "https://login.example/jwks".into(),
                authorization_challenge_endpoint: None,
                pushed_authorization_request_endpoint: None,
                require_pushed_authorization_requests: false,
                authorization_response_iss_parameter_supported: true,
                code_challenge_methods_supported: Vec::new(),
            },
            requirement: Requirement {
                acr_values: vec!["AL3".into(), "urn:x".into()],
                max_age: Some(Seconds(60)),
                ..Requirement::default()
            },
            scope: Scope::parse("openid transfers:write"),
            resource: None,
        }
    }

    fn parameters(url: &str) -> Vec<(String, String)> {
        parse_form(url.split_once('?').map(|(_, query)| query).unwrap_or_default())
    }

    fn find<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
        parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_secrets_differ_and_the_verifier_is_43_unreserved_characters() {
        let secrets = transaction().secrets;
        let verifier = secrets.verifier.expose();
        assert_eq!(verifier.len(), 43);
        assert!(verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert!(secrets.state != secrets.nonce.expose() && secrets.nonce != secrets.verifier);
    }

    #[test]
    fn the_request_asks_by_acr_values_and_for_nothing_that_was_not_demanded() {
        let hint = Hint::IdToken(Secret::new("eyJ"));
        let url = transaction().authorization_url(AcrRequest::AcrValues, &hint, &[0; 32]);
        assert!(url.starts_with("https://login.example/auth?tenant=1&response_type=code&"));
        let sent = parameters(&url);
        for (name, value) in [
            ("client_id", Some("spa")),
            ("redirect_uri", Some("https://app.example/callback.html")),
            ("scope", Some("openid transfers:write")),
            ("code_challenge", Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
            ("code_challenge_method", Some("S256")),
            ("acr_values", Some("AL3 urn:x")),
            ("max_age", Some("60")),
            ("id_token_hint", Some("eyJ")),
            ("login_hint", None),
            ("claims", None),
            ("resource", None),
            ("authorization_details", None),
            ("dpop_jkt", None),
            ("prompt", None),
        ] {
            assert_eq!(find(&sent, name), value, "{name}");
        }
    }

    /// RFC 7636 §4.3, §4.5: who has only seen the first request cannot make the second.
    #[test]
    fn t27_a_code_is_bound_to_who_has_the_verifier() {
        let transaction = transaction();
        let url = transaction.authorization_url(AcrRequest::AcrValues, &Hint::None, &[7; 32]);
        let (asked, traded) = (parameters(&url), transaction.token_request(&Secret::new("c1")));
        assert_eq!(find(&asked, "code_challenge_method"), Some("S256"));
        assert_eq!(find(&asked, "code_challenge"), Some(base64url(&[7; 32]).as_str()));
        let verifier = transaction.secrets.verifier.expose();
        assert!(!url.contains(verifier));
        assert_eq!(find(&parse_form(traded.expose()), "code_verifier"), Some(verifier));
    }

    #[test]
    fn what_is_asked_for_in_particular_goes_along_as_it_is() {
        let details = r#"[{"type":"transfer","amount":"25.50"}]"#;
        let mut transaction = transaction();
        transaction.requirement.authorization_details = Details::new(details);
        let url = transaction.authorization_url(AcrRequest::AcrValues, &Hint::None, &[0; 32]);
        assert_eq!(find(&parameters(&url), "authorization_details"), Some(details));
    }

    #[test]
    fn the_code_is_bound_to_the_key_that_the_tokens_will_be_bound_to() {
        let mut transaction = transaction();
        transaction.secrets.key = Some(Thumbprint("jkt-1".into()));
        let url = transaction.authorization_url(AcrRequest::AcrValues, &Hint::None, &[0; 32]);
        assert_eq!(find(&parameters(&url), "dpop_jkt"), Some("jkt-1"));
    }

    #[test]
    fn essential_claims_replace_acr_values() {
        let mut transaction = transaction();
        let hint = Hint::Login("alice".into());
        let url = transaction.authorization_url(AcrRequest::Claims, &hint, &[0; 32]);
        let sent = parameters(&url);
        let several = r#"{"id_token":{"acr":{"essential":true,"values":["AL3","urn:x"]}}}"#;
        assert_eq!(find(&sent, "claims"), Some(several));
        assert_eq!(find(&sent, "acr_values"), None);
        assert_eq!(find(&sent, "login_hint"), Some("alice"));
        transaction.requirement.acr_values.truncate(1);
        let url = transaction.authorization_url(AcrRequest::Claims, &hint, &[0; 32]);
        let one = r#"{"id_token":{"acr":{"essential":true,"value":"AL3"}}}"#;
        assert_eq!(find(&parameters(&url), "claims"), Some(one));
    }

    #[test]
    fn claims_of_the_app_and_of_the_challenge_are_asked_for_in_one() {
        let mut transaction = transaction();
        let own = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
        let demanded = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
        transaction.provider.iter_mut().for_each(|it| it.claims = ClaimsRequest::new(own));
        transaction.requirement.claims = ClaimsRequest::new(demanded);
        transaction.requirement.acr_values.truncate(1);
        let url = transaction.authorization_url(AcrRequest::Claims, &Hint::None, &[0; 32]);
        let all = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}},"id_token":{"acr":{"essential":true,"value":"AL3"}}}"#;
        assert_eq!(find(&parameters(&url), "claims"), Some(all));
        let url = transaction.authorization_url(AcrRequest::AcrValues, &Hint::None, &[0; 32]);
        let sent = parameters(&url);
        assert_eq!(find(&sent, "acr_values"), Some("AL3"));
        assert!(find(&sent, "claims").is_some_and(|it| it.contains("c1") && !it.contains("AL3")));
    }

    #[test]
    fn the_token_request_carries_the_verifier_and_prints_as_redacted() {
        let transaction = transaction();
        let request = transaction.token_request(&Secret::new("c&1"));
        let sent = parse_form(request.expose());
        assert_eq!(find(&sent, "code"), Some("c&1"));
        assert_eq!(find(&sent, "code_verifier"), Some(transaction.secrets.verifier.expose()));
        assert_eq!(find(&sent, "grant_type"), Some("authorization_code"));
        assert_eq!(format!("{request:?}"), "[redacted]");
    }
}
