//! What the app has configured, as far as decisions depend on it.

use super::backend::Backend;
use super::border::{Foreign, Import, member, record, words};
use super::claims_request::ClaimsRequest;
use super::error::{Error, ErrorCode};
use super::level::Levels;
use super::method::{Method, Passkeys};
use super::origin;
use super::requirement::Scope;
use super::units::Seconds;

/// An API of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Its exact origin.
    pub origin: String,
    /// Only URLs below this path belong to it.
    pub path_prefix: Option<String>,
    /// Its resource indicator (RFC 8707 §2).
    pub resource: Option<String>,
    /// Whether it is the passkey server, so that its challenges may carry options for a passkey.
    pub passkey_server: bool,
    /// How often it takes a token; as long as it lives where the app does not say.
    pub token_use: Option<TokenUse>,
    /// The scopes that its challenges may demand; none named means any.
    pub scopes: Option<Scope>,
}

record!(import Api {
    origin: "origin",
    path_prefix: "pathPrefix",
    resource: "resource",
    passkey_server: "passkeyServer" or Default::default(),
    token_use: "tokenUse",
    scopes: "scopes"
});

impl Api {
    /// Whether it discards a token after one use.
    #[must_use]
    pub const fn is_single_use(&self) -> bool {
        matches!(self.token_use, Some(TokenUse::Once))
    }
}

/// How often an API takes a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// Once: a token serves one request, sent once.
    Once,
}

words!(import TokenUse {
    Once: "once"
});

/// How an authentication context is asked for. One of them: sending both is unspecified
/// (OpenID Connect Core §5.5.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcrRequest {
    /// `acr_values`: voluntary, a server may answer lower.
    #[default]
    AcrValues,
    /// An essential `acr` claim: the server must reach it or fail.
    Claims,
}

words!(import AcrRequest {
    AcrValues: "acr_values",
    Claims: "claims"
});

/// The authorization server and this app's registration there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The issuer identifier.
    pub issuer: String,
    /// The client identifier of the app.
    pub client_id: String,
    /// The callback page, absolute.
    pub redirect_uri: String,
    /// Claims that it is asked for at all times.
    pub claims: ClaimsRequest,
}

record!(import Provider {
    issuer: "issuer",
    client_id: "clientId",
    redirect_uri: "redirectUri",
    claims: "claims" or Default::default()
});

/// How higher assurance is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// OpenID Connect: a token from the provider.
    OpenIdConnect,
    /// A backend-for-frontend: a cookie, no token in the page.
    Backend,
    /// The app's own `authenticate`.
    Own,
    /// The app's own `authenticate`, handed a window that was opened inside the click.
    OwnInWindow,
}

words!(import Arrangement {
    OpenIdConnect: "openIdConnect",
    Backend: "backend",
    Own: "own",
    OwnInWindow: "ownInWindow"
});

/// Who makes the options for a passkey in the page, and takes its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeyServer {
    /// A pair of endpoints that gives tokens.
    Endpoints {
        /// Where options come from; none where the APIs' challenges carry them.
        options: Option<String>,
        /// Where an answer becomes a token.
        token: String,
        /// The `grant_type` that the token endpoint knows this by.
        grant_type: Option<String>,
        /// Whether the ID token carries the nonce that was sent.
        nonce: bool,
    },
    /// The authorization challenge endpoint of the provider's metadata.
    FirstParty,
    /// The app's own backend.
    Backend {
        /// Where options come from; none where the APIs' challenges carry them.
        options: Option<String>,
        /// Where an answer raises the session.
        verify: String,
    },
}

impl Import for PasskeyServer {
    fn blank() -> Self {
        Self::FirstParty
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        let (mut options, mut url) = (None, String::new());
        let (mut grant_type, mut nonce) = (None, false);
        let mut fine = member(from, "options", &mut options);
        match from.get("kind").text().unwrap_or_default().as_str() {
            "endpoints" => {
                fine &= member(from, "token", &mut url);
                fine &= member(from, "grantType", &mut grant_type);
                fine &= member(from, "nonce", &mut nonce);
                *self = Self::Endpoints { options, token: url, grant_type, nonce };
            }
            "firstParty" => {}
            "backend" => {
                fine &= member(from, "verify", &mut url);
                *self = Self::Backend { options, verify: url };
            }
            _ => return false,
        }
        fine
    }
}

impl PasskeyServer {
    /// Whether options can be asked for, besides those that a challenge carries.
    #[must_use]
    pub const fn gives_options(&self) -> bool {
        match self {
            Self::Endpoints { options, .. } | Self::Backend { options, .. } => options.is_some(),
            Self::FirstParty => true,
        }
    }

    fn endpoints(&self) -> impl Iterator<Item = &str> {
        let (options, answers) = match self {
            Self::Endpoints { options, token, .. } => (options.as_deref(), Some(token.as_str())),
            Self::Backend { options, verify } => (options.as_deref(), Some(verify.as_str())),
            Self::FirstParty => (None, None),
        };
        options.into_iter().chain(answers)
    }
}

/// Passkeys in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Where options come from and answers go.
    pub server: PasskeyServer,
    /// The acr values, or levels, that a passkey here reaches; none named means any.
    pub acr_values: Option<Vec<String>>,
}

record!(import Passkey {
    server: "server",
    acr_values: "acrValues"
});

/// The options that the core decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The APIs whose challenges count.
    pub apis: Vec<Api>,
    /// The provider; none where only the app's own `authenticate` is used.
    pub provider: Option<Provider>,
    /// How higher assurance is obtained.
    pub arrangement: Arrangement,
    /// How the user is asked, in order of preference.
    pub methods: Vec<Method>,
    /// The app's order of levels.
    pub levels: Levels,
    /// Passkeys in the page.
    pub passkey: Option<Passkey>,
    /// Whether this page can use them.
    pub passkeys: Passkeys,
    /// The app's own backend.
    pub backend: Option<Backend>,
    /// Scopes asked for each time.
    pub scope: Scope,
    /// How acr is asked for.
    pub acr_request: AcrRequest,
    /// The signature algorithms that an ID token may have; any that can be checked, where none are
    /// named.
    pub id_token_algs: Option<Vec<String>>,
    /// Whether the first subject is adopted where none is known.
    pub adopt_first_subject: bool,
    /// Whether an answer without an ID token is refused.
    pub require_verified: bool,
    /// Step-ups for one request at most.
    pub max_rounds: usize,
    /// How long the user may take.
    pub prompt_timeout: Seconds,
    /// How long another tab may ask the user before they may go on in this one.
    pub turn_timeout: Seconds,
    /// How long a saved request may wait for the user to come back.
    pub pending_ttl: Seconds,
    /// Whether a token that an API takes no more is renewed by its refresh token.
    pub renew: bool,
    /// Whether tokens must be bound to a key of this browser (RFC 9449).
    pub dpop: bool,
    /// Whether authorization requests are pushed also where the provider does not demand it
    /// (RFC 9126).
    pub par: bool,
    /// Whether what challenges demand is remembered for the next request of the kind.
    pub remember: bool,
    /// How long options for a passkey that are fetched ahead may lie about.
    pub prepare_ttl: Seconds,
}

record!(import Config {
    apis: "apis",
    provider: "provider",
    arrangement: "arrangement",
    methods: "methods",
    levels: "levels" or Default::default(),
    passkey: "passkey",
    passkeys: "passkeys" or Default::default(),
    backend: "backend",
    scope: "scope",
    acr_request: "acrRequest" or Default::default(),
    id_token_algs: "idTokenAlgs",
    adopt_first_subject: "adoptFirstSubject",
    require_verified: "requireVerified",
    max_rounds: "maxRounds",
    prompt_timeout: "promptTimeout",
    turn_timeout: "turnTimeout",
    pending_ttl: "pendingTtl",
    renew: "renew" or Default::default(),
    dpop: "dpop" or Default::default(),
    par: "par" or Default::default(),
    remember: "remember" or Default::default(),
    prepare_ttl: "prepareTtl" or prepare_ttl()
});

const fn prepare_ttl() -> Seconds {
    Seconds(120)
}

impl Config {
    /// Whether a step-up can work with these options at all.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` naming the option.
    pub fn check(&self) -> Result<(), Error> {
        let invalid = |what: &str| Err(Error::new(ErrorCode::ConfigurationInvalid, what));
        let leads_away = |method: &Method| matches!(method, Method::Popup | Method::Redirect);
        let popup = self.methods.iter().any(leads_away);
        match (&self.provider, self.arrangement) {
            (None, Arrangement::OpenIdConnect) => {
                return invalid("issuer, clientId and redirectUri are needed, or authenticate");
            }
            (Some(provider), arrangement) => {
                if provider.issuer.contains(['?', '#']) || !origin::is_trustworthy(&provider.issuer)
                {
                    return invalid("issuer is not an https URL without query and fragment");
                }
                provider.claims.checked()?;
                if provider.client_id.is_empty() {
                    return invalid("clientId is empty");
                }
                if arrangement == Arrangement::OpenIdConnect
                    && popup
                    && !origin::is_trustworthy(&provider.redirect_uri)
                {
                    return invalid("redirectUri is not an https URL");
                }
            }
            (None, _) => {}
        }
        if self.arrangement == Arrangement::Backend && popup {
            match self.backend.as_ref().and_then(|backend| backend.login.as_deref()) {
                Some(login) if origin::is_trustworthy(login) => {}
                Some(_) => return invalid("bff.login is not an https URL"),
                None => return invalid("bff.login is needed for the methods popup and redirect"),
            }
            if self.backend.as_ref().is_none_or(|backend| backend.return_to.is_empty()) {
                return invalid("redirectUri is needed for the methods popup and redirect");
            }
        }
        let own = matches!(self.arrangement, Arrangement::Own | Arrangement::OwnInWindow);
        if self.methods.is_empty() && !own {
            return invalid("methods is empty");
        }
        match &self.passkey {
            None if self.methods.contains(&Method::Passkey) => {
                return invalid("the method passkey needs passkey, bff.passkey or firstPartyApps");
            }
            Some(passkey) if !passkey.server.endpoints().all(origin::is_trustworthy) => {
                return invalid("a passkey endpoint is not an https URL");
            }
            _ => {}
        }
        if self.renew && self.arrangement != Arrangement::OpenIdConnect {
            return invalid(
                "renew is for the built-in OpenID Connect flow: a backend, and the app's own authenticate, renew their tokens themselves",
            );
        }
        if self.par && self.arrangement != Arrangement::OpenIdConnect {
            return invalid("par is for the built-in flow, without bff and authenticate");
        }
        // Nobody else's tokens can be bound to the key that is in this page.
        if self.dpop && self.arrangement != Arrangement::OpenIdConnect {
            return invalid("dpop is for the built-in flow, without bff and authenticate");
        }
        if self.max_rounds == 0 {
            return invalid("maxRounds is 0");
        }
        self.levels.check()
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
                Api {
                    origin: "https://api.example".into(),
                    path_prefix: None,
                    resource: None,
                    passkey_server: false,
                    token_use: None,
                    scopes: None,
                },
                Api {
                    origin: "https://files.example".into(),
                    path_prefix: Some("/v1".into()),
                    resource: Some("https://files.example/v1".into()),
                    passkey_server: false,
                    token_use: None,
                    scopes: None,
                },
            ],
            provider: Some(Provider {
                issuer: "https://login.example".into(),
                client_id: "spa".into(),
                redirect_uri: "https://app.example/callback.html".into(),
                claims: ClaimsRequest::default(),
            }),
            arrangement: Arrangement::OpenIdConnect,
            methods: vec![Method::Popup],
            levels: Levels::default(),
            passkey: None,
            passkeys: Passkeys::Usable,
            backend: None,
            scope: Scope::parse("openid"),
            acr_request: AcrRequest::AcrValues,
            id_token_algs: None,
            adopt_first_subject: false,
            require_verified: true,
            max_rounds: 2,
            prompt_timeout: Seconds(300),
            turn_timeout: Seconds(30),
            pending_ttl: Seconds(300),
            renew: false,
            dpop: false,
            par: false,
            remember: false,
            prepare_ttl: Seconds(120),
        }
    }

    /// Passkeys by endpoints of the provider, then the popup.
    pub(in super::super) fn with_passkeys() -> Config {
        let server = PasskeyServer::Endpoints {
            options: Some("https://login.example/passkey/options".into()),
            token: "https://login.example/passkey/token".into(),
            grant_type: None,
            nonce: true,
        };
        Config {
            methods: vec![Method::Passkey, Method::Popup],
            passkey: Some(Passkey { server, acr_values: None }),
            ..config()
        }
    }

    /// A backend that takes passkeys and has a login page.
    pub(in super::super) fn with_backend() -> Config {
        let server = PasskeyServer::Backend {
            options: Some("https://app.example/bff/options".into()),
            verify: "https://app.example/bff/verify".into(),
        };
        Config {
            provider: None,
            arrangement: Arrangement::Backend,
            methods: vec![Method::Passkey, Method::Popup],
            passkey: Some(Passkey { server, acr_values: None }),
            backend: Some(Backend {
                login: Some("https://app.example/bff/login".into()),
                return_to: "/callback.html".into(),
            }),
            require_verified: false,
            ..config()
        }
    }

    #[test]
    fn options_that_cannot_work_are_named() {
        type Change = fn(&mut Config);
        #[track_caller]
        fn check<const N: usize>(make: fn() -> Config, changes: [(Change, bool); N]) {
            assert!(make().check().is_ok());
            for (index, (change, fine)) in changes.into_iter().enumerate() {
                let mut changed = make();
                change(&mut changed);
                assert_eq!(changed.check().is_ok(), fine, "{index}");
            }
        }
        check(
            config,
            [
                (|it| it.provider = None, false),
                (|it| (it.provider, it.arrangement) = (None, Arrangement::Own), true),
                (
                    |it| it.provider.iter_mut().for_each(|it| it.issuer = "http://x.test".into()),
                    false,
                ),
                (|it| it.provider.iter_mut().for_each(|it| it.client_id.clear()), false),
                (|it| it.provider.iter_mut().for_each(|it| it.redirect_uri.clear()), false),
                (|it| it.max_rounds = 0, false),
                (|it| it.renew = true, true),
                (
                    |it| it.provider.iter_mut().for_each(|it| it.claims = ClaimsRequest::new("{}")),
                    true,
                ),
                (
                    |it| it.provider.iter_mut().for_each(|it| it.claims = ClaimsRequest::new("[]")),
                    false,
                ),
                (|it| (it.renew, it.arrangement) = (true, Arrangement::Own), false),
                (|it| (it.renew, it.arrangement) = (true, Arrangement::OwnInWindow), false),
                (|it| it.dpop = true, true),
                (|it| it.par = true, true),
                (|it| (it.par, it.arrangement) = (true, Arrangement::Own), false),
                (|it| (it.dpop, it.arrangement) = (true, Arrangement::Own), false),
                (|it| it.methods.clear(), false),
                (|it| it.methods = vec![Method::Passkey], false),
            ],
        );
        check(
            with_passkeys,
            [
                (|it| it.passkey = None, false),
                (|it| it.methods = vec![Method::Passkey], true),
                (
                    |it| {
                        it.methods = vec![Method::Passkey];
                        it.provider.iter_mut().for_each(|it| it.redirect_uri.clear());
                    },
                    true,
                ),
                (
                    |it| {
                        let server = PasskeyServer::Endpoints {
                            options: None,
                            token: "http://login.example/token".into(),
                            grant_type: None,
                            nonce: true,
                        };
                        it.passkey = Some(Passkey { server, acr_values: None });
                    },
                    false,
                ),
            ],
        );
        check(
            with_backend,
            [
                (|it| it.backend = None, false),
                (|it| it.renew = true, false),
                (|it| it.dpop = true, false),
                (|it| it.par = true, false),
                (|it| it.backend.iter_mut().for_each(|it| it.login = None), false),
                (
                    |it| it.backend.iter_mut().for_each(|it| it.login = Some("http://x.y".into())),
                    false,
                ),
                (|it| (it.backend, it.methods) = (None, vec![Method::Passkey]), true),
            ],
        );
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
