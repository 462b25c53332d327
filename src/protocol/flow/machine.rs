//! The states of one step-up, and what leads from one to the next.

use super::effect::{Button, FlowEffect};
use super::event::{Choice, FlowEvent, Session};
use super::prepare::go_to;
use super::subject::{User, Who};
use super::verify::own_tokens;
use crate::protocol::claims::{Claims, Source};
use crate::protocol::config::{Arrangement, Config};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::metadata::Metadata;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::response;
use crate::protocol::token::TokenSet;
use crate::protocol::transaction::{Secrets, Transaction};
use crate::protocol::units::EpochMillis;

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
    pub(super) goal: Goal,
    pub(super) window: Window,
    pub(super) session: Option<Session>,
    pub(super) metadata: Option<Metadata>,
    pub(super) secrets: Option<(Secrets, [u8; 32])>,
    pub(super) who: Option<Who>,
    pub(super) session_check: Check,
    /// Whether the button in the page has been clicked.
    clicked: bool,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// None is needed.
    None,
    /// One is needed.
    Wanted,
    /// One was opened.
    Open,
}

/// How far the check of an ID token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Not begun: the metadata is not here yet.
    Due,
    /// Under way, with the keys that are there or with ones fetched anew.
    Asked { fresh_keys: bool },
}

#[derive(Debug)]
pub(super) enum State {
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
            clicked: false,
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
                self.clicked = true;
                effects.push(FlowEffect::OpenWindow);
            }
            (State::Preparing, FlowEvent::GateRefused(error)) => return Err(error),
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
            // Inside a click no browser blocks a window, unless it is told to block them all.
            (State::Preparing, FlowEvent::WindowBlocked) if self.clicked => {
                return Err(ErrorCode::PopupBlocked.into());
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
            // Late or unasked: it changes nothing. So does a refused dialog about a window that may
            // be gone: the window may as well be there, and its answer be on its way.
            (
                _,
                FlowEvent::SessionRead(_)
                | FlowEvent::SecretsDrawn(..)
                | FlowEvent::WindowOpened
                | FlowEvent::WindowBlocked
                | FlowEvent::WindowLost
                | FlowEvent::Chosen(Choice::Open)
                | FlowEvent::GateRefused(_)
                | FlowEvent::Responded(_)
                | FlowEvent::TokenAnswered(_)
                | FlowEvent::OwnAnswered(_)
                | FlowEvent::AnswerVerified(_),
            ) => {}
        }
        Ok(())
    }
}
