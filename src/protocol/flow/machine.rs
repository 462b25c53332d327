//! The state machine of one step-up.

use super::effect::{Button, FlowEffect, Success};
use super::event::{Choice, FlowEvent, OwnAnswer, Session};
use super::subject::{User, Who, hint};
use crate::protocol::assurance::{self, Subject};
use crate::protocol::claims::{Claims, Expectation, Source};
use crate::protocol::config::{Arrangement, Config, Provider};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::metadata::Metadata;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::response;
use crate::protocol::secret::Secret;
use crate::protocol::token::{DEFAULT_LIFETIME, TokenAnswer, TokenSet};
use crate::protocol::transaction::{Secrets, Transaction};
use crate::protocol::units::{EpochMillis, Seconds};

/// How long keys that were just fetched again are believed to be all there are.
const KEYS_COOL_DOWN: Seconds = Seconds(60);

/// The number of a step-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowId(pub u32);

/// What a step-up is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// What must be proved.
    pub requirement: Requirement,
    /// Scopes that are held already and must not be lost (RFC 6750 §3.1 replaces, we unite).
    pub keep: Scope,
    /// The resource the token is for.
    pub resource: Option<String>,
    /// The app's reason.
    pub reason: Option<String>,
    /// Whether this is a sign-in, which adopts whoever comes.
    pub adopt: bool,
}

/// What a step-up is decided by, besides its own state.
#[derive(Debug)]
pub struct Context<'a> {
    /// The options.
    pub config: &'a Config,
    /// The user this page is known to belong to.
    pub user: Option<&'a User>,
    /// When the provider's keys were last fetched for the second time.
    pub keys_refetched: &'a mut Option<EpochMillis>,
    /// The time now.
    pub now: EpochMillis,
}

/// One step-up.
#[derive(Debug)]
pub struct Flow {
    id: FlowId,
    goal: Goal,
    window: Window,
    session: Option<Session>,
    metadata: Option<Metadata>,
    secrets: Option<(Secrets, [u8; 32])>,
    who: Option<Who>,
    session_check: Check,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    /// None is needed.
    None,
    /// One is needed.
    Wanted,
    /// One was opened.
    Open,
}

/// How far the check of an ID token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// Not begun: the metadata is not here yet.
    Due,
    /// Under way, with the keys that are there or with ones fetched anew.
    Asked { fresh_keys: bool },
}

#[derive(Debug)]
enum State {
    /// Everything that can be had before the user is asked.
    Preparing,
    /// The user is at the provider.
    Awaiting { transaction: Transaction, url: String },
    /// The code is being exchanged.
    Exchanging { transaction: Transaction },
    /// The app's own `authenticate` is running.
    Authenticating { scope: Scope },
    /// The ID token is being checked.
    Verifying { tokens: TokenSet, source: Source, check: Check },
    /// The answer is checked; who must be compared with is not known yet.
    Comparing { tokens: TokenSet, claims: Claims },
    /// Over.
    Ended,
}

impl Flow {
    /// Begins a step-up. `window` tells whether one was already opened inside a click.
    #[must_use]
    pub fn start(
        id: FlowId,
        goal: Goal,
        window: bool,
        context: &Context<'_>,
    ) -> (Self, Vec<FlowEffect>) {
        let arrangement = context.config.arrangement;
        let wanted = match arrangement {
            Arrangement::Own => Window::None,
            Arrangement::Popup | Arrangement::OwnInWindow if window => Window::Open,
            Arrangement::Popup | Arrangement::OwnInWindow => Window::Wanted,
        };
        let mut effects = Vec::new();
        if wanted == Window::Wanted {
            // First of all: the user's gesture, if there is one, does not survive anything slow.
            effects.push(FlowEffect::OpenWindow);
        }
        effects.push(FlowEffect::StartDeadline(context.config.prompt_timeout));
        effects.push(FlowEffect::ReadSession);
        if context.config.provider.is_some() {
            effects.push(FlowEffect::ReadMetadata);
        }
        if arrangement == Arrangement::Popup {
            effects.push(FlowEffect::DrawSecrets);
        }
        let flow = Self {
            id,
            goal,
            window: wanted,
            session: None,
            metadata: None,
            secrets: None,
            who: None,
            session_check: Check::Due,
            state: State::Preparing,
        };
        (flow, effects)
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> FlowId {
        self.id
    }

    /// What it is for.
    #[must_use]
    pub const fn goal(&self) -> &Goal {
        &self.goal
    }

    /// Whether it still waits for a window, so that one opened elsewhere may serve it.
    #[must_use]
    pub fn wants_window(&self) -> bool {
        self.window == Window::Wanted
    }

    /// Lets one answer serve this requirement too, if the provider has not been asked yet.
    pub fn widen(&mut self, other: &Requirement) -> bool {
        if !matches!(self.state, State::Preparing) {
            return false;
        }
        match self.goal.requirement.merge(other) {
            Some(merged) => {
                self.goal.requirement = merged;
                true
            }
            None => false,
        }
    }

    /// Takes what happened, returns what is to be done.
    #[must_use]
    pub fn on(&mut self, event: FlowEvent, context: &mut Context<'_>) -> Vec<FlowEffect> {
        let mut effects = Vec::new();
        if matches!(self.state, State::Ended) {
            return effects;
        }
        if let Err(error) = self.step(event, context, &mut effects) {
            self.state = State::Ended;
            effects.push(FlowEffect::Done(Err(error)));
        }
        effects
    }

    fn step(
        &mut self,
        event: FlowEvent,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        match (&self.state, event) {
            (_, FlowEvent::DeadlinePassed) => return Err(ErrorCode::TimedOut.into()),
            (_, FlowEvent::Chosen(Choice::Cancel)) => return Err(ErrorCode::Cancelled.into()),
            (State::Preparing | State::Awaiting { .. }, FlowEvent::Chosen(Choice::Open)) => {
                effects.push(FlowEffect::OpenWindow);
            }
            (_, FlowEvent::Chosen(Choice::Continue)) => effects.push(FlowEffect::FocusWindow),
            (State::Preparing, FlowEvent::SessionRead(session)) => {
                let session = session?;
                let (config, user) = (context.config, context.user);
                self.who = Some(Who::decide(&session, user, config, self.goal.adopt)?);
                self.session = Some(session);
                self.advance(context, effects);
            }
            (_, FlowEvent::MetadataRead(metadata)) => {
                let metadata = metadata?;
                if let Some(provider) = &context.config.provider {
                    metadata.check(&provider.issuer)?;
                }
                self.metadata = Some(metadata);
                self.advance(context, effects);
            }
            (State::Preparing, FlowEvent::SecretsDrawn(secrets, digest)) => {
                self.secrets = Some((secrets, digest));
                self.advance(context, effects);
            }
            (State::Preparing, FlowEvent::WindowOpened) => {
                self.window = Window::Open;
                effects.push(FlowEffect::HideButton);
                self.advance(context, effects);
            }
            (State::Awaiting { transaction, url }, FlowEvent::WindowOpened) => {
                effects.push(FlowEffect::HideButton);
                effects.push(go_to(transaction, url));
            }
            (State::Preparing, FlowEvent::WindowBlocked | FlowEvent::WindowLost) => {
                self.window = Window::Wanted;
                effects.push(FlowEffect::ShowButton(Button::Open));
            }
            // Closed is advice, never a signal: under an opener policy it is read while the window
            // lives. The user is asked; only they, or the clock, end it.
            (State::Awaiting { .. }, FlowEvent::WindowBlocked | FlowEvent::WindowLost) => {
                effects.push(FlowEffect::ShowButton(Button::Lost));
            }
            (State::Awaiting { transaction, .. }, FlowEvent::Responded(query)) => {
                match response::read(&query, &transaction.expected()) {
                    // Not ours, or forged: it goes on waiting.
                    Err(error) if error.code == ErrorCode::StateMismatch => {}
                    Err(error) => return Err(error),
                    Ok(code) => {
                        effects.push(FlowEffect::CloseWindow);
                        effects.push(FlowEffect::HideButton);
                        effects.push(FlowEffect::Exchange {
                            endpoint: transaction.metadata.token_endpoint.clone(),
                            body: transaction.token_request(&code),
                        });
                        let transaction = transaction.clone();
                        self.state = State::Exchanging { transaction };
                    }
                }
            }
            (State::Exchanging { transaction }, FlowEvent::TokenAnswered(answer)) => {
                let tokens = answer?.tokens(&transaction.scope)?;
                let source = Source::Response {
                    nonce: transaction.secrets.nonce.clone(),
                    access_token: tokens.access_token.clone(),
                };
                return self.answered(tokens, source, context, effects);
            }
            (State::Authenticating { scope }, FlowEvent::OwnAnswered(answer)) => {
                let tokens = own_tokens(answer?, scope)?;
                let source = Source::Authenticate { access_token: tokens.access_token.clone() };
                return self.answered(tokens, source, context, effects);
            }
            (_, FlowEvent::SessionVerified(outcome)) => {
                return self.session_verified(outcome, context, effects);
            }
            (State::Verifying { .. }, FlowEvent::AnswerVerified(outcome)) => {
                return self.answer_verified(outcome, context, effects);
            }
            // Late or unasked: it changes nothing.
            (
                _,
                FlowEvent::SessionRead(_)
                | FlowEvent::SecretsDrawn(..)
                | FlowEvent::WindowOpened
                | FlowEvent::WindowBlocked
                | FlowEvent::WindowLost
                | FlowEvent::Chosen(Choice::Open)
                | FlowEvent::Responded(_)
                | FlowEvent::TokenAnswered(_)
                | FlowEvent::OwnAnswered(_)
                | FlowEvent::AnswerVerified(_),
            ) => {}
        }
        Ok(())
    }

    /// Goes on as far as what is known allows.
    fn advance(&mut self, context: &mut Context<'_>, effects: &mut Vec<FlowEffect>) {
        if matches!(self.state, State::Preparing) {
            self.ask_the_user(context, effects);
        }
        // While the user is busy there is time to check whom to expect.
        if self.session_check == Check::Due {
            self.verify_session(false, context, effects);
        }
        if matches!(self.state, State::Verifying { check: Check::Due, .. }) {
            self.verify_answer(false, context, effects);
        }
    }

    fn ask_the_user(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        let Some(session) = &self.session else { return };
        if self.window == Window::Wanted {
            return;
        }
        let scope = context
            .config
            .scope
            .union(&session.scope)
            .union(&self.goal.keep)
            .union(&self.goal.requirement.scope);
        if context.config.arrangement != Arrangement::Popup {
            effects.push(FlowEffect::Authenticate {
                requirement: self.goal.requirement.clone(),
                scope: scope.clone(),
                reason: self.goal.reason.clone(),
            });
            self.state = State::Authenticating { scope };
            return;
        }
        let (Some(metadata), Some((secrets, digest))) = (&self.metadata, &self.secrets) else {
            return;
        };
        let transaction = Transaction {
            secrets: secrets.clone(),
            provider: context.config.provider.clone(),
            metadata: metadata.clone(),
            requirement: self.goal.requirement.clone(),
            scope,
            resource: self.goal.resource.clone(),
        };
        let hint = hint(session, context.user);
        let url = transaction.authorization_url(context.config.acr_request, &hint, digest);
        effects.push(go_to(&transaction, &url));
        self.state = State::Awaiting { transaction, url };
    }

    fn verify_session(
        &mut self,
        fresh_keys: bool,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) {
        if let (Some(Who::Claimed(token)), Some(metadata), Some(provider)) =
            (&self.who, &self.metadata, &context.config.provider)
        {
            let expectation = expectation(provider, Source::Session, context);
            effects.push(verify(token, expectation, metadata, fresh_keys));
            self.session_check = Check::Asked { fresh_keys };
        }
    }

    fn session_verified(
        &mut self,
        outcome: Result<Claims, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let Check::Asked { fresh_keys } = self.session_check else { return Ok(()) };
        match outcome {
            Ok(claims) => {
                self.who = Some(Who::Known(Subject { iss: Some(claims.iss), sub: claims.sub }));
                if let State::Comparing { tokens, claims } = &self.state {
                    let (tokens, claims) = (tokens.clone(), claims.clone());
                    return self.finish(tokens, Some(claims), context, effects);
                }
                Ok(())
            }
            Err(error) if may_refetch(&error, fresh_keys, context) => {
                self.verify_session(true, context, effects);
                Ok(())
            }
            Err(error) => Err(match error.code {
                ErrorCode::ProviderUnreachable | ErrorCode::TimedOut => error,
                _ => Error::new(
                    ErrorCode::SubjectUnknown,
                    ["the session's ID token does not hold: ", error.code.code()].concat(),
                ),
            }),
        }
    }

    /// Tokens are here. What vouches for them?
    fn answered(
        &mut self,
        tokens: TokenSet,
        source: Source,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        if !tokens.scope.contains_all(&self.goal.requirement.scope) {
            return Err(Error::new(
                ErrorCode::ScopeRefused,
                "the provider did not grant the scope that the API demands",
            ));
        }
        let own = matches!(source, Source::Authenticate { .. });
        match (&tokens.id_token, &context.config.provider) {
            (Some(_), Some(_)) => {
                self.state = State::Verifying { tokens, source, check: Check::Due };
                self.verify_answer(false, context, effects);
                Ok(())
            }
            // Leaving the ID token out must not be a way around the comparison of subjects.
            _ if context.config.require_verified
                || (!own && !matches!(self.who, Some(Who::Anyone))) =>
            {
                Err(Error::new(ErrorCode::AssuranceUnverifiable, "there is no ID token to check"))
            }
            _ => self.finish(tokens, None, context, effects),
        }
    }

    fn verify_answer(
        &mut self,
        fresh_keys: bool,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) {
        if let (State::Verifying { tokens, source, check }, Some(metadata), Some(provider)) =
            (&mut self.state, &self.metadata, &context.config.provider)
            && let Some(token) = &tokens.id_token
        {
            let expectation = expectation(provider, source.clone(), context);
            effects.push(verify(token, expectation, metadata, fresh_keys));
            *check = Check::Asked { fresh_keys };
        }
    }

    fn answer_verified(
        &mut self,
        outcome: Result<Claims, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let State::Verifying { tokens, check: Check::Asked { fresh_keys }, .. } = &self.state
        else {
            return Ok(());
        };
        match outcome {
            Ok(claims) => {
                let tokens = tokens.clone();
                if matches!(self.who, Some(Who::Claimed(_))) {
                    self.state = State::Comparing { tokens, claims };
                    return Ok(());
                }
                self.finish(tokens, Some(claims), context, effects)
            }
            Err(error) if may_refetch(&error, *fresh_keys, context) => {
                self.verify_answer(true, context, effects);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The last comparison: the same user, strong enough, fresh enough.
    fn finish(
        &mut self,
        tokens: TokenSet,
        claims: Option<Claims>,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let mut user = context.user.cloned();
        if let Some(claims) = &claims {
            if let Some(Who::Known(subject)) = &self.who {
                subject.check(claims)?;
            }
            assurance::check(claims, &self.goal.requirement, context.now.seconds())?;
            user = Some(User {
                subject: Subject { iss: Some(claims.iss.clone()), sub: claims.sub.clone() },
                id_token: tokens.id_token.clone(),
                session_token: self.session.as_ref().and_then(|session| session.id_token.clone()),
            });
        }
        self.state = State::Ended;
        effects.push(FlowEffect::Done(Ok(Box::new(Success { tokens, claims, user }))));
        Ok(())
    }
}

/// Whether the keys are to be fetched once more: for an unknown key only, once per step-up, and not
/// again within the cool-down, so that forged key ids do not hammer the provider.
fn may_refetch(error: &Error, already: bool, context: &mut Context<'_>) -> bool {
    let cooled = context
        .keys_refetched
        .is_none_or(|last| context.now.since(last) >= KEYS_COOL_DOWN.millis());
    if error.code != ErrorCode::KeyUnknown || already || !cooled {
        return false;
    }
    *context.keys_refetched = Some(context.now);
    true
}

fn go_to(transaction: &Transaction, url: &str) -> FlowEffect {
    FlowEffect::GoTo { url: url.to_owned(), state: transaction.secrets.state.clone() }
}

fn expectation(provider: &Provider, source: Source, context: &Context<'_>) -> Expectation {
    Expectation {
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        source,
        now: context.now.seconds(),
    }
}

fn verify(
    token: &Secret,
    expectation: Expectation,
    metadata: &Metadata,
    fresh_keys: bool,
) -> FlowEffect {
    FlowEffect::Verify {
        id_token: token.clone(),
        expectation,
        jwks_uri: metadata.jwks_uri.clone(),
        fresh_keys,
    }
}

fn own_tokens(answer: OwnAnswer, asked: &Scope) -> Result<TokenSet, Error> {
    let answered = TokenAnswer {
        access_token: answer.access_token,
        token_type: answer.token_type.or_else(|| Some("Bearer".to_owned())),
        id_token: answer.id_token,
        ..TokenAnswer::default()
    };
    let mut tokens = answered.tokens(&answer.scope.unwrap_or_else(|| asked.clone()))?;
    tokens.lifetime = answer.expires_in.unwrap_or(DEFAULT_LIFETIME);
    Ok(tokens)
}
