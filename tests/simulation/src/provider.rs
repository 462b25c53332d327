//! The provider and the app's backend: what they do with a user, and what they answer.

use std::collections::BTreeMap;

use stepup::protocol::assertion::{self, Offer, Post};
use stepup::protocol::backend::Told;
use stepup::protocol::details::Details;
use stepup::protocol::encode::{Form, parse_form};
use stepup::protocol::error::{Error, ErrorCode};
use stepup::protocol::first_party::ChallengeAnswer;
use stepup::protocol::flow::{FlowEvent, FlowId, Target};
use stepup::protocol::json;
use stepup::protocol::metadata::Metadata;
use stepup::protocol::pushed::PushAnswer;
use stepup::protocol::requirement::Scope;
use stepup::protocol::secret::Secret;
use stepup::protocol::token::{Lifetime, TokenAnswer};

use crate::browser::{PageId, Place, Visit};
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::invariant::Invariant;
use crate::lie::Lie;
use crate::mint::{Access, Identity, User, level_name, level_of};
use crate::scenario::ISSUER;
use crate::world::World;

/// The backend's session with this browser.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    pub level: usize,
    pub auth_time: u64,
}

/// What a code stands for.
#[derive(Clone, Debug)]
struct Grant {
    asked: Asked,
    user: User,
    lie: Option<Lie>,
    used: bool,
}

/// By this and a number a request is known that is kept.
const KEPT: &str = "urn:ietf:params:oauth:request_uri:";

/// What a step-up asks for.
#[derive(Clone, Debug, Default)]
struct Asked {
    acr_values: Vec<String>,
    max_age: Option<u64>,
    scope: Scope,
    nonce: Option<String>,
    challenge: Option<String>,
    resource: Option<String>,
}

/// The provider.
#[derive(Debug)]
pub struct Provider {
    codes: BTreeMap<String, Grant>,
    /// The requests that it keeps, each for one visit: the number is what they are known by.
    pushed: Vec<Option<Vec<(String, String)>>>,
    metadata: Option<Metadata>,
    /// The number of the key that signs now; those before are still published.
    pub newest_key: u64,
}

impl Provider {
    pub const fn new() -> Self {
        Self { codes: BTreeMap::new(), pushed: Vec::new(), metadata: None, newest_key: 1 }
    }

    pub fn metadata(&mut self) -> Metadata {
        let make = || {
            let metadata = serde_json::json!({
                "issuer": ISSUER,
                "authorization_endpoint": "https://login.example/auth",
                "token_endpoint": "https://login.example/token",
                "jwks_uri": "https://login.example/jwks",
                "authorization_challenge_endpoint": "https://login.example/challenge",
                "pushed_authorization_request_endpoint": "https://login.example/par",
                "authorization_response_iss_parameter_supported": true,
                "code_challenge_methods_supported": ["S256"],
            });
            json::read(&metadata.to_string()).expect("this is metadata that the core reads")
        };
        self.metadata.get_or_insert_with(make).clone()
    }
}

impl Asked {
    fn read(form: &[(String, String)]) -> Self {
        let of =
            |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let essential = of("claims").map(|claims| {
            LEVELS_QUOTED
                .iter()
                .filter(|(quoted, _)| claims.contains(quoted))
                .map(|(_, it)| *it)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        let words = |text: String| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        Self {
            acr_values: of("acr_values").map(words).or(essential).unwrap_or_default(),
            max_age: of("max_age").and_then(|age| age.parse().ok()),
            scope: Scope::parse(&of("scope").unwrap_or_default()),
            nonce: of("nonce"),
            challenge: of("code_challenge"),
            resource: of("resource"),
        }
    }
}

const LEVELS_QUOTED: [(&str, &str); 3] =
    [("\"AL1\"", "AL1"), ("\"AL2\"", "AL2"), ("\"AL3\"", "AL3")];

/// The level that an honest server reaches for these, the first of which is preferred.
pub fn level_for(acr_values: &[String]) -> usize {
    acr_values.iter().find_map(|acr| level_of(acr)).unwrap_or(2)
}

/// What a driver tells of an answer, or of none.
pub fn told(target: Target, backend: bool, answer: Result<Reply, Error>) -> FlowEvent {
    match target {
        Target::PasskeyOptions => FlowEvent::OptionsRead(answer.and_then(|reply| match reply {
            Reply::Offer(offer) => Ok(offer),
            Reply::Refused(error) => Err(assertion::refusal(error)),
            _ => Err(ErrorCode::ProviderUnreachable.into()),
        })),
        Target::PasskeyToken if backend => {
            FlowEvent::BackendAnswered(answer.and_then(|reply| match reply {
                Reply::Told(told) => Ok(told),
                Reply::Refused(error) => Err(assertion::refusal(error)),
                _ => Err(ErrorCode::TokenRefused.into()),
            }))
        }
        Target::AuthorizationChallenge => {
            FlowEvent::ChallengeAnswered(answer.and_then(|reply| match reply {
                Reply::Challenge(answer) => Ok(answer),
                _ => Err(ErrorCode::ProviderUnreachable.into()),
            }))
        }
        Target::PushedAuthorization => FlowEvent::Pushed(answer.and_then(|reply| match reply {
            Reply::Kept(answer) => Ok(answer),
            Reply::Refused(error) => {
                Ok(PushAnswer { error: Some(error.to_owned()), ..PushAnswer::default() })
            }
            _ => Err(ErrorCode::ProviderUnreachable.into()),
        })),
        Target::PasskeyToken | Target::Token | Target::Metadata | Target::Jwks => {
            FlowEvent::TokenAnswered(answer.and_then(|reply| match reply {
                Reply::Tokens(answer) => Ok(answer),
                Reply::Refused(error) => {
                    Ok(TokenAnswer { error: Some(error.to_owned()), ..TokenAnswer::default() })
                }
                _ => Err(ErrorCode::ProviderUnreachable.into()),
            }))
        }
    }
}

/// What an endpoint replies.
pub enum Reply {
    Offer(Offer),
    Tokens(TokenAnswer),
    Told(Told),
    Challenge(ChallengeAnswer),
    Kept(PushAnswer),
    Refused(&'static str),
}

impl World {
    /// Something that a driver has posted arrives.
    pub fn server_gets(&mut self, page: PageId, flow: FlowId, target: Target, post: &Post) {
        if self.is_dead(page) && self.random.chance(50) {
            return;
        }
        let reply = self.reply(target, post);
        let lost = self.mishap(self.plan.trouble.network / 2);
        let answer = if lost { Err(ErrorCode::ProviderUnreachable.into()) } else { Ok(reply) };
        let event = told(target, post.backend, answer);
        let delay = self.lag();
        self.later(delay, Happening::Task(page, Task::Tell(flow, event)));
    }

    fn reply(&mut self, target: Target, post: &Post) -> Reply {
        let refuses = self.mishap(self.plan.trouble.provider / 3);
        if refuses {
            self.seen.see(Seen::Refusals);
            let error = self.random.pick(&[
                "invalid_grant",
                "unmet_authentication_requirements",
                "redirect_to_web",
                "server_error",
            ]);
            return match target {
                Target::AuthorizationChallenge => challenge(Some(error), None),
                _ => Reply::Refused(error),
            };
        }
        let form = parse_form(post.body.expose());
        match target {
            Target::PasskeyOptions => Reply::Offer(Offer {
                public_key: "{\"challenge\":\"asked for\"}".to_owned(),
                auth_session: Some(Secret::new("session")),
            }),
            Target::PasskeyToken if post.backend => self.raises(post.body.expose()),
            Target::PasskeyToken => {
                let lie = self.lies(false);
                let user = self.signed_in_user();
                Reply::Tokens(self.tokens(&Asked::read(&form), user, lie))
            }
            Target::AuthorizationChallenge => self.first_party(&form),
            Target::Token => self.exchanges(&form),
            Target::PushedAuthorization => Reply::Kept(self.keeps(form)),
            Target::Metadata | Target::Jwks => Reply::Refused("invalid_request"),
        }
    }

    /// RFC 9126: the request is kept for one visit, and sometimes not for long.
    fn keeps(&mut self, form: Vec<(String, String)>) -> PushAnswer {
        self.seen.see(Seen::Pushes);
        let number = self.provider.pushed.len();
        self.provider.pushed.push(Some(form));
        let brief = self.mishap(10);
        let life = if brief { self.random.pick(&[0.0, 1.0, 5.0]) } else { 60.0 };
        PushAnswer {
            request_uri: Some(format!("{KEPT}{number}").into()),
            expires_in: Some(Lifetime(life)),
            error: None,
        }
    }

    /// The address of a visit with all that it asks for: what was kept for it is forgotten then.
    pub fn in_full(&mut self, url: &str) -> String {
        let form = parse_form(query_of(url));
        let Some((_, uri)) = form.iter().find(|(name, _)| name == "request_uri") else {
            return url.to_owned();
        };
        let number = uri.strip_prefix(KEPT).and_then(|number| number.parse::<usize>().ok());
        let kept = number.and_then(|number| self.provider.pushed.get_mut(number));
        let Some(kept) = kept.and_then(Option::take) else {
            self.breach(Invariant::KeptOnce, format!("{uri} is visited again"));
            return url.to_owned();
        };
        let query = kept.iter().fold(Form::default(), |form, (name, value)| form.with(name, value));
        format!("https://login.example/auth?{}", query.into_string())
    }

    /// Who is signed in to the provider: whoever is signed in to the app.
    fn signed_in_user(&self) -> User {
        self.session.as_ref().map_or(User::Alice, |session| session.user)
    }

    fn raises(&mut self, body: &str) -> Reply {
        if self.cookie.is_none() {
            return Reply::Refused("invalid_grant");
        }
        let acr = LEVELS_QUOTED.iter().map(|(_, level)| *level).filter(|it| body.contains(it));
        let acr: Vec<String> = acr.map(str::to_owned).collect();
        let level = if acr.is_empty() { 3 } else { level_for(&acr) };
        let auth_time = self.seconds();
        self.cookie = Some(Cookie { level, auth_time });
        Reply::Told(Told { acr: Some(level_name(level).to_owned()), ..Told::default() })
    }

    fn first_party(&mut self, form: &[(String, String)]) -> Reply {
        let used = form.iter().any(|(name, _)| name == "credential");
        if self.mishap(self.plan.trouble.provider / 4) {
            self.seen.see(Seen::Refusals);
            return challenge(Some("invalid_session"), None);
        }
        if !used {
            return challenge(Some("insufficient_authorization"), None);
        }
        let (lie, user) = (self.lies(false), self.signed_in_user());
        challenge(None, Some(self.grant(Asked::read(form), user, lie)))
    }

    fn grant(&mut self, asked: Asked, user: User, lie: Option<Lie>) -> String {
        self.numbers += 1;
        let code = format!("code-{}", self.numbers);
        self.provider.codes.insert(code.clone(), Grant { asked, user, lie, used: false });
        code
    }

    fn exchanges(&mut self, form: &[(String, String)]) -> Reply {
        let of = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let Some(grant) = of("code").and_then(|code| self.provider.codes.get_mut(code)) else {
            return Reply::Refused("invalid_grant");
        };
        // RFC 6749 §4.1.2: once. RFC 7636 §4.6: by whoever has begun.
        if std::mem::replace(&mut grant.used, true)
            || of("code_verifier") != grant.asked.challenge.as_ref()
        {
            return Reply::Refused("invalid_grant");
        }
        let Grant { asked, user, lie, .. } = grant.clone();
        Reply::Tokens(self.tokens(&asked, user, lie))
    }

    /// Whether the provider does not tell the truth this time, and how.
    fn lies(&mut self, by_callback: bool) -> Option<Lie> {
        if !self.mishap(self.plan.trouble.provider) {
            return None;
        }
        let lie = self.random.pick(&Lie::ALL);
        if lie.is_in_callback() && !by_callback {
            return None;
        }
        self.seen.see(match lie {
            Lie::Lower => Seen::Lower,
            Lie::KeyRotated => Seen::KeysRotated,
            _ => Seen::Lies,
        });
        self.note(format_args!("the provider lies: {lie:?}"));
        Some(lie)
    }

    fn tokens(&mut self, asked: &Asked, user: User, lie: Option<Lie>) -> TokenAnswer {
        let honest = level_for(&asked.acr_values);
        let level = if lie == Some(Lie::Lower) { 1 } else { honest };
        let demanded = asked.acr_values.is_empty() || honest == level;
        let scope = match lie {
            Some(Lie::Narrower) => Scope::parse("openid"),
            _ => asked.scope.clone(),
        };
        let stays = Some("it proves less than was demanded").filter(|_| !demanded);
        let sub = if lie == Some(Lie::Subject) { user.other() } else { user };
        let auth_time =
            if lie == Some(Lie::Stale) { self.seconds() - 86_400 } else { self.seconds() };
        let aged = asked.max_age.is_some_and(|most| most < 80_000);
        let no_acr = lie == Some(Lie::NoAcr) && !asked.acr_values.is_empty();
        let stays = stays.or(Some("it proves nothing that was demanded").filter(|_| no_acr));
        let bad = lie.and_then(|lie| lie.spoils(aged)).or(stays);
        // Where nobody is signed in and the app adopts whoever comes, there is nobody to compare with.
        let compared = self.plan.config.require_verified || self.session.is_some();
        let checked = self.plan.is_checked() && compared;
        let bad = bad.filter(|_| lie != Some(Lie::NoIdentity) || checked);
        let now = self.now;
        let access = Access {
            user: sub,
            level,
            auth_time,
            scope: scope.clone(),
            resource: asked.resource.clone(),
            minted: now,
            until: now + self.plan.lifetime * 1000,
            session: false,
            bad,
            uses: 0,
            sent: 0,
        };
        let refresh_token = self.refresh_token(&access, asked.nonce.clone()).map(Secret::new);
        let token = self.mint.issue(access);
        let identity = self.identity_for(asked, sub, level, lie);
        TokenAnswer {
            access_token: Some(Secret::new(token)),
            token_type: Some(if lie == Some(Lie::Type) { "mac" } else { "Bearer" }.to_owned()),
            expires_in: Some(Lifetime(self.plan.lifetime as f64)),
            scope: Some(scope.to_string()),
            id_token: identity.map(Secret::new),
            refresh_token,
            authorization_details: Details::default(),
            error: None,
        }
    }

    fn identity_for(
        &mut self,
        asked: &Asked,
        user: User,
        level: usize,
        lie: Option<Lie>,
    ) -> Option<String> {
        if lie == Some(Lie::NoIdentity) {
            return None;
        }
        let mut nonce = asked.nonce.clone();
        let mut iss = ISSUER;
        match lie {
            Some(Lie::Nonce) => nonce = Some("another".to_owned()),
            Some(Lie::IdentityIssuer) => iss = "https://evil.example",
            Some(Lie::KeyRotated) => self.provider.newest_key += 1,
            _ => {}
        }
        let name = self.identify(user.sub(), level, nonce, iss);
        if let Some(identity) = self.mint.identity_mut(&name) {
            let now = identity.iat as i64;
            match lie {
                Some(Lie::Stale) => identity.auth_time = Some(now - 86_400),
                Some(Lie::NoAuthTime) => identity.auth_time = None,
                Some(Lie::Future) => identity.auth_time = Some(now + 10_000),
                Some(Lie::NoAcr) => identity.acr = None,
                Some(Lie::KeyUnknown) => identity.key = u64::MAX,
                _ => {}
            }
        }
        Some(name)
    }

    /// An ID token about a user who has just authenticated, by the provider's clock.
    pub fn identify(
        &mut self,
        sub: &str,
        level: usize,
        nonce: Option<String>,
        iss: &str,
    ) -> String {
        let now = self.seconds().saturating_add_signed(self.plan.skew);
        self.mint.identify(Identity {
            iss: iss.to_owned(),
            sub: sub.to_owned(),
            aud: "spa".to_owned(),
            nonce,
            acr: Some(level_name(level).to_owned()),
            auth_time: i64::try_from(now).ok(),
            iat: now,
            exp: now + 3_600,
            key: self.provider.newest_key,
        })
    }

    /// The user signs in at the provider's or the backend's page, and is sent back.
    pub fn user_signs_in(&mut self, place: Place, visit: &Visit, wrong: bool) {
        if self.plan.is_backend() {
            return self.backend_signs_in(place, visit, wrong);
        }
        let asked = Asked::read(&parse_form(query_of(&visit.url)));
        let lie = self.lies(true);
        let unmet = self.mishap(self.plan.trouble.provider / 5);
        if unmet {
            self.seen.see(Seen::Refusals);
            let error = self.random.pick(&["unmet_authentication_requirements", "server_error"]);
            return self.visit_ends(place, visit, Err(error));
        }
        let mut user = self.signed_in_user();
        if wrong {
            user = user.other();
        }
        let code = self.grant(asked, user, lie);
        self.visit_ends_with(place, visit, Ok(code), lie);
    }

    fn backend_signs_in(&mut self, place: Place, visit: &Visit, wrong: bool) {
        let asked = Asked::read(&parse_form(query_of(&visit.url)));
        if wrong || self.cookie.is_none() {
            return self.visit_ends(place, visit, Err("subject_mismatch"));
        }
        if self.mishap(self.plan.trouble.provider / 4) {
            self.seen.see(Seen::Refusals);
            return self.visit_ends(place, visit, Err("unmet_authentication_requirements"));
        }
        let (level, auth_time) = (level_for(&asked.acr_values), self.seconds());
        self.cookie = Some(Cookie { level, auth_time });
        self.visit_ends(place, visit, Ok(String::new()));
    }

    pub fn visit_ends(&mut self, place: Place, visit: &Visit, outcome: Result<String, &str>) {
        self.visit_ends_with(place, visit, outcome, None);
    }

    /// The user is sent to the callback page.
    fn visit_ends_with(
        &mut self,
        place: Place,
        visit: &Visit,
        outcome: Result<String, &str>,
        lie: Option<Lie>,
    ) {
        let asked = parse_form(query_of(&visit.url));
        let of = |name: &str| asked.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let query = match of("return_to") {
            Some(return_to) => {
                let query = query_of(return_to).to_owned();
                match outcome {
                    Ok(_) => query,
                    Err(error) => format!("{query}&error={error}"),
                }
            }
            None => {
                let state = of("state").cloned().unwrap_or_default();
                let state = if lie == Some(Lie::State) { "guessed".to_owned() } else { state };
                let iss = match lie {
                    Some(Lie::Issuer) => Some("https://evil.example"),
                    Some(Lie::NoIssuer) => None,
                    _ => Some(ISSUER),
                };
                let form = Form::default().with("state", &state).with_some("iss", iss);
                let form = match &outcome {
                    Ok(code) => form.with("code", code),
                    Err(error) => form.with("error", error),
                };
                let form =
                    if lie == Some(Lie::Twice) { form.with("code", "another") } else { form };
                form.into_string()
            }
        };
        match place {
            Place::Tab(tab) => {
                let tab = &mut self.tabs[tab.0];
                tab.showing = crate::browser::Showing::Nothing;
            }
            Place::Window(window) => self.windows[window.0].showing = None,
        }
        let delay = self.lag();
        self.later(delay, Happening::CallsBack(place, format!("?{query}")));
    }
}

fn challenge(error: Option<&str>, code: Option<String>) -> Reply {
    Reply::Challenge(ChallengeAnswer {
        authorization_code: code.map(Secret::new),
        error: error.map(str::to_owned),
        auth_session: Some(Secret::new("session")),
        public_key: (error == Some("insufficient_authorization"))
            .then(|| "{\"challenge\":\"first party\"}".to_owned()),
        ..ChallengeAnswer::default()
    })
}

fn query_of(url: &str) -> &str {
    url.split_once('?').map_or("", |(_, query)| query)
}
