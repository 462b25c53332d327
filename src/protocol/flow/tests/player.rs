//! Plays a journey: feeds events in and compares, word for word, what comes out.

use super::super::{Choice, Context, Flow, FlowEffect, FlowEvent, FlowId, Goal};
use super::super::{Obtained, OwnAnswer, Question, Session, SessionProof, Target, User};
use crate::protocol::assertion::Offer;
use crate::protocol::claims::Claims;
use crate::protocol::config::Config;
use crate::protocol::dpop::Thumbprint;
use crate::protocol::encode::parse_form;
use crate::protocol::error::ErrorCode;
use crate::protocol::metadata::Metadata;
use crate::protocol::method::Method;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;
use crate::protocol::transaction::Secrets;
use crate::protocol::units::{EpochMillis, EpochSeconds, Seconds};

pub const NOW: EpochMillis = EpochMillis(1_800_000_000_000);
pub const ISSUER: &str = "https://login.example";

/// One step-up on a page of its own.
pub struct Journey {
    pub flow: Box<Flow>,
    pub config: Config,
    pub user: Option<User>,
    /// What the session was found to prove last.
    pub proof: Option<SessionProof>,
    pub keys_refetched: Option<EpochMillis>,
    pub now: EpochMillis,
    /// Where the window was sent last.
    pub url: String,
    /// What the app's session said last: it says so again, where it is asked again.
    pub session: Option<FlowEvent>,
}

impl Journey {
    /// Starts one without a window and expects these effects.
    #[track_caller]
    pub fn starts(config: Config, goal: Goal, effects: &str) -> Self {
        Self::starts_with(false, config, goal, effects)
    }

    #[track_caller]
    pub fn starts_with(window: bool, config: Config, goal: Goal, effects: &str) -> Self {
        let mut journey = Self::among_others(window, config, goal, effects);
        journey.plays([(FlowEvent::TurnTaken, "")]);
        journey
    }

    /// The same where other tabs may have the turn.
    #[track_caller]
    pub fn among_others(window: bool, config: Config, goal: Goal, effects: &str) -> Self {
        let (user, mut keys_refetched, now) = (None, None, NOW);
        let context = Context {
            config: &config,
            user: None,
            proof: None,
            keys_refetched: &mut keys_refetched,
            now,
        };
        let (flow, started) = Flow::start(FlowId(1), goal, window, &context);
        assert_eq!(said_all(&started), effects, "at the start");
        let url = String::new();
        Self { flow, config, user, proof: None, keys_refetched, now, url, session: None }
    }

    /// One for AL3 whose user is at the provider: the session tells that it must be Alice.
    #[track_caller]
    pub fn at_the_provider(config: Config) -> Self {
        let mut journey = Self::starts_with(true, config, goal("AL3"), GATHERS);
        journey.plays([(session_of("alice"), ""), (metadata(), ""), (secrets(), "go to provider")]);
        journey
    }

    #[track_caller]
    pub fn plays<const N: usize>(&mut self, steps: [(FlowEvent, &str); N]) -> &mut Self {
        for (step, (event, effects)) in steps.into_iter().enumerate() {
            let shown = format!("step {step}: {event:?}");
            if matches!(event, FlowEvent::SessionRead(Ok(_))) {
                self.session = Some(event.clone());
            }
            let mut done = self.on(event);
            let again = |effect: &FlowEffect| matches!(effect, FlowEffect::ReadSession);
            if let (Some(at), Some(session)) = (done.iter().position(again), self.session.clone()) {
                done.remove(at);
                done.extend(self.on(session));
            }
            for effect in &done {
                match effect {
                    FlowEffect::GoTo { url, .. } => url.expose().clone_into(&mut self.url),
                    FlowEffect::Proved(proof) => self.proof = Some((**proof).clone()),
                    _ => {}
                }
            }
            assert_eq!(said_all(&done), effects, "{shown}");
        }
        self
    }

    fn on(&mut self, event: FlowEvent) -> Vec<FlowEffect> {
        let mut context = Context {
            config: &self.config,
            user: self.user.as_ref(),
            proof: self.proof.as_ref(),
            keys_refetched: &mut self.keys_refetched,
            now: self.now,
        };
        self.flow.on(event, &mut context)
    }

    /// The app's session says something else from now on, when it is asked again.
    pub fn session_becomes(&mut self, session: FlowEvent) -> &mut Self {
        self.session = Some(session);
        self
    }

    /// A parameter of the authorization request.
    pub fn sent(&self, name: &str) -> Option<String> {
        let query = self.url.split_once('?').map(|(_, query)| query).unwrap_or_default();
        parse_form(query).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// What a popup step-up gathers, its window being open already.
pub const GATHERS: &str = "start clock, read session, read metadata, draw secrets";

fn said_all(effects: &[FlowEffect]) -> String {
    // That a turn is taken first goes without saying.
    let told = effects
        .iter()
        .filter(|effect| !matches!(effect, FlowEffect::TakeTurn { .. } | FlowEffect::Proved(_)));
    told.map(said).collect::<Vec<_>>().join(", ")
}

/// An effect in words.
pub fn said(effect: &FlowEffect) -> String {
    match effect {
        FlowEffect::ReadSession => "read session".into(),
        FlowEffect::ReadMetadata => "read metadata".into(),
        FlowEffect::ReadKeys { jwks_uri } => format!("read keys at {jwks_uri}"),
        FlowEffect::Prepared(_) => "prepared".into(),
        FlowEffect::TakeTurn { .. } => "take turn".into(),
        FlowEffect::ForceTurn => "force turn".into(),
        FlowEffect::DrawSecrets => "draw secrets".into(),
        FlowEffect::OpenWindow => "open window".into(),
        FlowEffect::ShowGate { question, methods } => {
            let methods: Vec<_> = methods.iter().map(|method| method.name()).collect();
            match question {
                Question::Choose if methods == ["popup"] => "show open".into(),
                Question::Choose => format!("show {}", methods.join(" or ")),
                Question::Waiting => "show waiting".into(),
                Question::Lost => "show lost".into(),
                Question::Failed(code) => format!("show {}", code.code()),
                Question::Busy => "show busy".into(),
                Question::Elsewhere { overdue: false } => "show elsewhere".into(),
                Question::Elsewhere { overdue: true } => "show continue here".into(),
            }
        }
        FlowEffect::HideGate => "hide gate".into(),
        FlowEffect::CheckGesture => "check gesture".into(),
        FlowEffect::CheckLeave => "check leave".into(),
        FlowEffect::Assert { options } => format!("assert {options}"),
        FlowEffect::EndCeremony => "end ceremony".into(),
        FlowEffect::GoTo { state, url } => {
            let url = url.expose();
            let backend = url.ends_with(&format!("%3Fstepup_state%3D{state}"));
            if let Some((_, kept)) = url.split_once("request_uri=") {
                return format!("go to {kept}");
            }
            assert!(backend || url.contains(&format!("state={state}&")), "{url}");
            "go to provider".into()
        }
        FlowEffect::AwaitQuiet => "await quiet".into(),
        FlowEffect::Save(pending) => format!("save {}", pending.state()),
        FlowEffect::Leave { .. } => "leave".into(),
        FlowEffect::FocusWindow => "focus window".into(),
        FlowEffect::CloseWindow => "close window".into(),
        FlowEffect::Send { target, post } => {
            let key = post.key.as_ref().map(|key| format!(" holding {}", key.0));
            sent(*target, &post.endpoint, post.body.expose()) + &key.unwrap_or_default()
        }
        FlowEffect::Verify { id_token, fresh_keys, .. } => {
            let keys = if *fresh_keys { " with fresh keys" } else { "" };
            format!("verify {}{keys}", id_token.expose())
        }
        FlowEffect::Authenticate { .. } => "authenticate".into(),
        // What is remembered is looked at apart.
        FlowEffect::Proved(_) => String::new(),
        FlowEffect::Looked => "looked".into(),
        FlowEffect::StartDeadline(_) => "start clock".into(),
        FlowEffect::Done(Ok(success)) => {
            let verified = if success.claims.is_some() { "" } else { " unverified" };
            let handed = if success.handed_over.is_some() { " handed over" } else { "" };
            match &success.obtained {
                Obtained::Tokens(tokens) => {
                    format!("done {}{verified}{handed}", tokens.access_token.expose())
                }
                Obtained::Session { .. } => format!("done session{handed}"),
            }
        }
        FlowEffect::Done(Err(error)) => format!("done {}", error.code.code()),
    }
}

/// A request in words.
fn sent(target: Target, endpoint: &str, body: &str) -> String {
    let form = parse_form(body);
    let of = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match target {
        Target::Token => {
            assert_eq!(endpoint, "https://login.example/token");
            assert_eq!(of("code_verifier"), Some("the-verifier"));
            let redirect = if of("redirect_uri").is_some() { "" } else { " directly" };
            format!("exchange {}{redirect}", of("code").unwrap())
        }
        Target::PasskeyOptions => format!("ask {endpoint} for options"),
        Target::PasskeyToken if of("credential").is_none() => format!("send {body} to {endpoint}"),
        Target::PasskeyToken => {
            assert_eq!(of("nonce"), Some("the-nonce"));
            let session = of("auth_session").map(|it| format!(" with {it}")).unwrap_or_default();
            format!("send {}{session} to {endpoint}", of("credential").unwrap())
        }
        Target::AuthorizationChallenge => {
            let and = |name: &str| of(name).map(|it| format!(" with {it}")).unwrap_or_default();
            format!("ask as first party{}{}", and("auth_session"), and("credential"))
        }
        Target::PushedAuthorization => format!("push to {endpoint}"),
        Target::Metadata | Target::Jwks => panic!("the core asks for these otherwise"),
    }
}

pub fn wants(acr_values: &str) -> Requirement {
    Requirement {
        acr_values: acr_values.split_whitespace().map(str::to_owned).collect(),
        ..Requirement::default()
    }
}

pub fn wants_within(acr_values: &str, max_age: u64) -> Requirement {
    Requirement { max_age: Some(Seconds(max_age)), ..wants(acr_values) }
}

pub fn wants_scope(acr_values: &str, scope: &str) -> Requirement {
    Requirement { scope: Scope::parse(scope), ..wants(acr_values) }
}

pub fn goal(acr_values: &str) -> Goal {
    Goal { requirement: wants(acr_values), ..Goal::default() }
}

pub fn user(sub: &str, session_token: Option<&str>) -> User {
    use crate::protocol::assurance::Subject;
    User {
        subject: Subject { iss: Some(ISSUER.into()), sub: sub.into() },
        id_token: Some(Secret::new("id-held")),
        session_token: session_token.map(Secret::new),
    }
}

/// What a checked ID token says; the user has authenticated ten seconds ago.
pub fn claims(sub: &str, acr: &str) -> Claims {
    Claims {
        iss: ISSUER.into(),
        sub: sub.into(),
        acr: acr.split_whitespace().map(str::to_owned).collect(),
        amr: vec!["hwk".into()],
        auth_time: Some(1_799_999_990),
        iat: EpochSeconds(1_800_000_000),
        exp: EpochSeconds(1_800_000_300),
    }
}

/// The session names its subject.
pub fn session_of(sub: &str) -> FlowEvent {
    FlowEvent::SessionRead(Ok(Session { sub: Some(sub.into()), ..Session::default() }))
}

/// The session has an ID token.
pub fn session_with(id_token: &str) -> FlowEvent {
    let id_token = Some(Secret::new(id_token));
    FlowEvent::SessionRead(Ok(Session { id_token, ..Session::default() }))
}

pub fn no_session() -> FlowEvent {
    FlowEvent::SessionRead(Ok(Session::default()))
}

pub fn session_is(sub: &str) -> FlowEvent {
    FlowEvent::SessionVerified(Ok(claims(sub, "AL1")))
}

pub fn session_fails(code: ErrorCode) -> FlowEvent {
    FlowEvent::SessionVerified(Err(code.into()))
}

pub fn metadata() -> FlowEvent {
    FlowEvent::MetadataRead(Ok(Metadata {
        issuer: ISSUER.into(),
        authorization_endpoint: "https://login.example/auth".into(),
        token_endpoint: "https://login.example/token".into(),
        jwks_uri: "https://login.example/jwks".into(),
        authorization_challenge_endpoint: Some("https://login.example/challenge".into()),
        pushed_authorization_request_endpoint: None,
        require_pushed_authorization_requests: false,
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: vec!["S256".into()],
    }))
}

pub fn secrets() -> FlowEvent {
    let secrets = Secrets {
        state: "the-state".into(),
        nonce: "the-nonce".into(),
        verifier: Secret::new("the-verifier"),
        key: None,
    };
    FlowEvent::SecretsDrawn(secrets, [0; 32])
}

/// The same, with a key that tokens are to be bound to.
pub fn secrets_with(key: &str) -> FlowEvent {
    let FlowEvent::SecretsDrawn(mut secrets, digest) = secrets() else { panic!("no secrets") };
    secrets.key = Some(Thumbprint(key.into()));
    FlowEvent::SecretsDrawn(secrets, digest)
}

/// Options for a passkey, by a name.
pub fn offer(name: &str) -> Offer {
    Offer { public_key: name.into(), auth_session: None }
}

pub fn options(name: &str) -> FlowEvent {
    FlowEvent::OptionsRead(Ok(offer(name)))
}

pub fn asserted(credential: &str) -> FlowEvent {
    FlowEvent::Asserted(Ok(Secret::new(credential)))
}

pub fn refused(code: ErrorCode) -> FlowEvent {
    FlowEvent::Asserted(Err(code.into()))
}

pub fn uses(method: Method) -> FlowEvent {
    FlowEvent::Chosen(Choice::Use(method))
}

/// The query of a callback, `iss` as the provider adds it.
pub fn query(parameters: &str) -> FlowEvent {
    FlowEvent::Responded(format!("?{parameters}&iss=https%3A%2F%2Flogin.example").into())
}

/// The callback that is waited for.
pub fn code(code: &str) -> FlowEvent {
    query(&format!("code={code}&state=the-state"))
}

pub fn answer(access_token: &str) -> TokenAnswer {
    TokenAnswer {
        access_token: Some(Secret::new(access_token)),
        token_type: Some("Bearer".into()),
        id_token: Some(Secret::new(format!("id-{access_token}"))),
        ..TokenAnswer::default()
    }
}

/// A token of another type.
pub fn tokens_of(token_type: &str, access_token: &str) -> FlowEvent {
    let token_type = Some(token_type.to_owned());
    FlowEvent::TokenAnswered(Ok(TokenAnswer { token_type, ..answer(access_token) }))
}

pub fn tokens(access_token: &str) -> FlowEvent {
    FlowEvent::TokenAnswered(Ok(answer(access_token)))
}

pub fn proves(sub: &str, acr: &str) -> FlowEvent {
    FlowEvent::AnswerVerified(Ok(claims(sub, acr)))
}

pub fn fails(code: ErrorCode) -> FlowEvent {
    FlowEvent::AnswerVerified(Err(code.into()))
}

/// What the app's own `authenticate` gives.
pub fn own(access_token: &str, id_token: Option<&str>) -> FlowEvent {
    FlowEvent::OwnAnswered(Ok(OwnAnswer {
        access_token: Some(Secret::new(access_token)),
        id_token: id_token.map(Secret::new),
        expires_in: None,
        scope: None,
        token_type: None,
        authorization_details: None,
    }))
}

pub fn cancel() -> FlowEvent {
    FlowEvent::Chosen(Choice::Cancel)
}
