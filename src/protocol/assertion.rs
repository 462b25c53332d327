//! Assertion endpoints: what is sent to get options for a passkey, and to trade its answer.

use super::config::PasskeyServer;
use super::dpop::Thumbprint;
use super::encode::{Form, concat, joined, json_string};
use super::error::{Error, ErrorCode};
use super::requirement::{Requirement, Scope};
use super::response::error_name;
use super::secret::Secret;
use super::transaction::Hint;

/// Options for one passkey ceremony, as a server offers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// A `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3 §5.1.9), as its JSON text.
    pub public_key: String,
    /// What the server knows the ceremony by; sent back as it came.
    pub auth_session: Option<Secret>,
}

/// Where something is posted, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The endpoint.
    pub endpoint: String,
    /// The body.
    pub body: Secret,
    /// Whether it is the app's own backend: JSON with cookies, instead of a form without.
    pub backend: bool,
    /// Whose possession is proved along (RFC 9449 §5); none where no bound token is asked for.
    pub key: Option<Thumbprint>,
}

/// What an OAuth error of a passkey endpoint means (RFC 6749 §5.2, RFC 9470 §5).
#[must_use]
pub fn refusal(error: &str) -> Error {
    match error {
        "unmet_authentication_requirements" => ErrorCode::AssuranceUnavailable.into(),
        // This user has no passkey, or the server wants more than one (OAuth 2.0 for First-Party
        // Applications, §5.2.2.1): another way leads on.
        "redirect_to_web" => ErrorCode::PasskeyUnavailable.into(),
        "subject_mismatch" => ErrorCode::SubjectMismatch.into(),
        "invalid_authorization_details" => ErrorCode::AuthorizationDetailsRefused.into(),
        _ => Error::new(ErrorCode::TokenRefused, error_name(error)),
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The client identifier.
    pub client_id: &'a str,
    /// Comes back in the ID token (OpenID Connect Core §3.1.2.1).
    pub nonce: &'a Secret,
    /// What must be proved.
    pub requirement: &'a Requirement,
    /// All scopes that are asked for.
    pub scope: &'a Scope,
    /// The resource the token is for (RFC 8707 §2).
    pub resource: Option<&'a str>,
    /// The key that the tokens are to be bound to, where they are.
    pub key: Option<&'a Thumbprint>,
}

impl Ask<'_> {
    /// The request for options; none where the server has no endpoint for them.
    #[must_use]
    pub fn options(&self, server: &PasskeyServer, hint: &Hint) -> Option<Post> {
        match server {
            PasskeyServer::Endpoints { options, .. } => Some(Post {
                endpoint: options.clone()?,
                body: Secret::new(hint.add_to(self.form(Form::default())).into_string()),
                backend: false,
                key: None,
            }),
            PasskeyServer::Backend { options, .. } => Some(Post {
                endpoint: options.clone()?,
                body: self.json(&[]),
                backend: true,
                key: None,
            }),
            PasskeyServer::FirstParty => None,
        }
    }

    /// The request that trades a credential: an `AuthenticationResponseJSON`, as its JSON text.
    #[must_use]
    pub fn token(
        &self,
        server: &PasskeyServer,
        credential: &Secret,
        auth_session: Option<&Secret>,
    ) -> Option<Post> {
        match server {
            PasskeyServer::Endpoints { token, grant_type, .. } => {
                let form = Form::default().with_some("grant_type", grant_type.as_deref());
                let form = self
                    .form(form)
                    .with_some("auth_session", auth_session.map(Secret::expose))
                    .with("credential", credential.expose());
                let body = Secret::new(form.into_string());
                let key = self.key.cloned();
                Some(Post { endpoint: token.clone(), body, backend: false, key })
            }
            PasskeyServer::Backend { verify, .. } => {
                let session = auth_session.map(|session| json_string(session.expose()));
                let mut members = vec![("credential", credential.expose())];
                members.extend(session.as_deref().map(|session| ("auth_session", session)));
                let body = self.json(&members);
                Some(Post { endpoint: verify.clone(), body, backend: true, key: None })
            }
            PasskeyServer::FirstParty => None,
        }
    }

    /// What is demanded, as the authorization request would say it (RFC 9470 §4).
    fn form(&self, form: Form) -> Form {
        let asked = self.requirement.as_asked();
        let acr_values = joined(&asked.acr_values, " ");
        let max_age = asked.max_age.map(|age| age.0.to_string());
        form.with("client_id", self.client_id)
            .with("nonce", self.nonce.expose())
            .with("scope", &self.scope.text())
            .with_some("acr_values", Some(acr_values.as_str()).filter(|acr| !acr.is_empty()))
            .with_some("max_age", max_age.as_deref())
            .with_some("claims", self.requirement.claims.text())
            .with_some("authorization_details", self.requirement.authorization_details.text())
            .with_some("resource", self.resource)
    }

    /// The same for a backend, which is the client itself; with members that are JSON already.
    fn json(&self, more: &[(&str, &str)]) -> Secret {
        let asked = self.requirement.as_asked();
        let mut members = Vec::new();
        let mut add =
            |name: &str, json: &str| members.push(concat(&[&json_string(name), ":", json]));
        if !asked.acr_values.is_empty() {
            add("acr_values", &json_string(&joined(&asked.acr_values, " ")));
        }
        if let Some(age) = asked.max_age {
            add("max_age", &age.0.to_string());
        }
        if !self.requirement.scope.is_empty() {
            add("scope", &json_string(&self.requirement.scope.text()));
        }
        if let Some(claims) = self.requirement.claims.text() {
            add("claims", claims);
        }
        if let Some(details) = self.requirement.authorization_details.text() {
            add("authorization_details", details);
        }
        for (name, json) in more {
            add(name, json);
        }
        Secret::new(concat(&["{", &joined(&members, ","), "}"]))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::details::Details;
    use super::super::encode::parse_form;
    use super::super::units::Seconds;
    use super::*;

    fn requirement() -> Requirement {
        Requirement {
            acr_values: vec!["AL3".into(), "phr".into()],
            max_age: Some(Seconds(60)),
            scope: Scope::parse("transfers:write"),
            ..Requirement::default()
        }
    }

    fn endpoints(grant_type: Option<&str>) -> PasskeyServer {
        PasskeyServer::Endpoints {
            options: Some("https://login.example/options".into()),
            token: "https://login.example/token".into(),
            grant_type: grant_type.map(str::to_owned),
            nonce: true,
        }
    }

    fn backend() -> PasskeyServer {
        PasskeyServer::Backend {
            options: Some("https://app.example/bff/options".into()),
            verify: "https://app.example/bff/verify".into(),
        }
    }

    #[track_caller]
    fn sent(post: Option<Post>, endpoint: &str, expect: &[(&str, &str)]) {
        let post = post.expect("something is sent");
        assert_eq!((post.endpoint.as_str(), post.backend), (endpoint, false));
        let expect: Vec<_> = expect.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        assert_eq!(parse_form(post.body.expose()), expect);
        assert_eq!(format!("{:?}", post.body), "[redacted]");
    }

    fn with<T>(then: impl FnOnce(Ask<'_>) -> T) -> T {
        let (requirement, scope) = (requirement(), Scope::parse("openid transfers:write"));
        let nonce = "n1".into();
        then(Ask {
            client_id: "spa",
            nonce: &nonce,
            requirement: &requirement,
            scope: &scope,
            resource: Some("https://api.example"),
            key: None,
        })
    }

    #[test]
    fn options_are_asked_for_by_a_form_that_says_what_is_demanded() {
        let hint = Hint::Login("alice".into());
        sent(
            with(|ask| ask.options(&endpoints(None), &hint)),
            "https://login.example/options",
            &[
                ("client_id", "spa"),
                ("nonce", "n1"),
                ("scope", "openid transfers:write"),
                ("acr_values", "AL3 phr"),
                ("max_age", "60"),
                ("resource", "https://api.example"),
                ("login_hint", "alice"),
            ],
        );
        let carried = PasskeyServer::Endpoints {
            options: None,
            token: String::new(),
            grant_type: None,
            nonce: true,
        };
        assert_eq!(with(|ask| ask.options(&carried, &hint)), None);
    }

    #[test]
    fn the_credential_goes_with_what_is_demanded_and_the_session_it_belongs_to() {
        let credential = Secret::new(r#"{"id":"c1"}"#);
        let session = Secret::new("s1");
        let post = with(|ask| ask.token(&endpoints(Some("urn:x")), &credential, Some(&session)));
        sent(
            post,
            "https://login.example/token",
            &[
                ("grant_type", "urn:x"),
                ("client_id", "spa"),
                ("nonce", "n1"),
                ("scope", "openid transfers:write"),
                ("acr_values", "AL3 phr"),
                ("max_age", "60"),
                ("resource", "https://api.example"),
                ("auth_session", "s1"),
                ("credential", r#"{"id":"c1"}"#),
            ],
        );
    }

    #[test]
    fn what_is_asked_for_in_particular_is_a_parameter_or_a_member() {
        let details = r#"[{"type":"transfer"}]"#;
        let requirement =
            Requirement { authorization_details: Details::new(details), ..Requirement::default() };
        let (form, json) = with(|ask| {
            let ask = Ask { requirement: &requirement, ..ask };
            let body = |server| ask.options(&server, &Hint::None).unwrap().body;
            (body(endpoints(None)), body(backend()))
        });
        let found =
            parse_form(form.expose()).into_iter().find(|(k, _)| k == "authorization_details");
        assert_eq!(found.map(|(_, value)| value).as_deref(), Some(details));
        assert_eq!(json.expose(), concat(&[r#"{"authorization_details":"#, details, "}"]));
    }

    #[test]
    fn only_what_gives_tokens_is_shown_that_the_key_is_held() {
        let key = Thumbprint("jkt-1".into());
        let (credential, hint) = (Secret::new("{}"), Hint::None);
        let keys = with(|ask| {
            let ask = Ask { key: Some(&key), ..ask };
            let all = [
                ask.token(&endpoints(None), &credential, None),
                ask.options(&endpoints(None), &hint),
                ask.options(&backend(), &hint),
                ask.token(&backend(), &credential, None),
            ];
            all.map(|post| post.unwrap().key)
        });
        assert_eq!(keys, [Some(key), None, None, None]);
    }

    #[test]
    fn a_backend_gets_json_and_neither_a_nonce_nor_a_client() {
        let post = with(|ask| ask.options(&backend(), &Hint::None)).unwrap();
        assert!(post.backend);
        let demand = r#"{"acr_values":"AL3 phr","max_age":60,"scope":"transfers:write"}"#;
        assert_eq!(post.body.expose(), demand);
        let (credential, session) = (Secret::new(r#"{"id":"c1"}"#), Secret::new("s\"1"));
        let post = with(|ask| ask.token(&backend(), &credential, Some(&session))).unwrap();
        assert_eq!(post.endpoint, "https://app.example/bff/verify");
        let body: serde_json::Value = serde_json::from_str(post.body.expose()).unwrap();
        assert_eq!(body["credential"]["id"], "c1");
        assert_eq!(body["auth_session"], "s\"1");
        assert_eq!(body["max_age"], 60);
    }

    #[test]
    fn a_refusal_says_whether_another_way_leads_on() {
        for (error, expect) in [
            ("unmet_authentication_requirements", ErrorCode::AssuranceUnavailable),
            ("redirect_to_web", ErrorCode::PasskeyUnavailable),
            ("subject_mismatch", ErrorCode::SubjectMismatch),
            ("invalid_authorization_details", ErrorCode::AuthorizationDetailsRefused),
            ("invalid_grant", ErrorCode::TokenRefused),
        ] {
            assert_eq!(refusal(error).code, expect, "{error}");
        }
    }

    #[test]
    fn a_level_is_asked_for_by_the_servers_own_values_and_with_its_time() {
        use super::super::level::{Level, Levels};
        let level = Level {
            name: "AL3".into(),
            acr: vec!["urn:a".into(), "urn:b".into()],
            amr: Vec::new(),
            max_age: Some(Seconds(30)),
            phishing_resistant: false,
        };
        let levels = Levels::from(vec![level]);
        let (scope, nonce) = (Scope::default(), "n1".into());
        let requirement = requirement().in_order(&levels);
        let ask = Ask {
            client_id: "spa",
            nonce: &nonce,
            requirement: &requirement,
            scope: &scope,
            resource: None,
            key: None,
        };
        let post = ask.options(&endpoints(None), &Hint::None).unwrap();
        let form = parse_form(post.body.expose());
        assert!(form.contains(&("acr_values".into(), "urn:a urn:b phr".into())), "{form:?}");
        assert!(form.contains(&("max_age".into(), "30".into())), "{form:?}");
        let post = ask.options(&backend(), &Hint::None).unwrap();
        let demand = r#"{"acr_values":"urn:a urn:b phr","max_age":30,"scope":"transfers:write"}"#;
        assert_eq!(post.body.expose(), demand);
    }

    #[test]
    fn nothing_is_said_about_what_is_not_demanded() {
        let (requirement, scope) = (Requirement::default(), Scope::parse("openid"));
        let nonce = "n1".into();
        let ask = Ask {
            client_id: "spa",
            nonce: &nonce,
            requirement: &requirement,
            scope: &scope,
            resource: None,
            key: None,
        };
        let options = "https://login.example/options";
        sent(
            ask.options(&endpoints(None), &Hint::None),
            options,
            &[("client_id", "spa"), ("nonce", "n1"), ("scope", "openid")],
        );
        let post = ask.options(&backend(), &Hint::None).unwrap();
        assert_eq!(post.body.expose(), "{}");
    }
}
