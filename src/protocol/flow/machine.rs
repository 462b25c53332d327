//! The states of one step-up, and what leads from one to the next.

use super::choose::{impossible, possible};
use super::effect::FlowEffect;
use super::event::{FlowEvent, Session};
use super::look::SessionProof;
use super::push::Push;
use super::subject::{User, Who};
use super::turn::Turn;
use super::verify::own_tokens;
use super::window::Visit;
use crate::protocol::assertion::Offer;
use crate::protocol::assurance::Subject;
use crate::protocol::border::record;
use crate::protocol::claims::{Claims, Source};
use crate::protocol::config::{Arrangement, Config, PasskeyServer};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::handover::HandOver;
use crate::protocol::metadata::Metadata;
use crate::protocol::method::Method;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenSet;
use crate::protocol::transaction::{Hint, Secrets, Transaction};
use crate::protocol::units::EpochMillis;

/// The number of a step-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowId(pub u32);

/// What a step-up is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goal {
    /// What must be proved.
    pub requirement: Requirement,
    /// Scopes that are held already and must not be lost (RFC 6750 §3.1 replaces, we unite).
    pub keep: Scope,
    /// The resource the token is for.
    pub resource: Option<String>,
    /// Whether it is for an API that discards a token after one use. What is obtained is for one
    /// request then, and not for another tab.
    pub single_use: bool,
    /// The app's reason.
    pub reason: Option<String>,
    /// Whether this is a sign-in, which adopts whoever comes.
    pub adopt: bool,
    /// The methods that the app admits for it; all where it does not say.
    pub methods: Option<Vec<Method>>,
    /// Options for a passkey that came with the challenge.
    pub offer: Option<Offer>,
    /// Whether what the session proves may be enough.
    pub look: bool,
}

record!(Goal {
    requirement: "requirement",
    keep: "keep",
    resource: "resource",
    single_use: "single_use" or Default::default(),
    reason: "reason",
    adopt: "adopt",
    methods: "methods";
    offer: Default::default(), look: Default::default(),
});

/// What a step-up is decided by, besides its own state.
#[derive(Debug)]
pub struct Context<'a> {
    /// The options.
    pub config: &'a Config,
    /// The user this page is known to belong to.
    pub user: Option<&'a User>,
    /// What the session's own ID token proves, as it was checked last.
    pub proof: Option<&'a SessionProof>,
    /// When the provider's keys were last fetched for the second time.
    pub keys_refetched: &'a mut Option<EpochMillis>,
    /// The time now.
    pub now: EpochMillis,
}

/// One step-up.
#[derive(Debug)]
pub struct Flow {
    pub(super) id: FlowId,
    pub(super) goal: Goal,
    /// What is possible here, in the app's order.
    pub(super) methods: Vec<Method>,
    /// How the user is asked now; none where the app's own `authenticate` does without a window.
    pub(super) method: Option<Method>,
    pub(super) window: Window,
    pub(super) session: Option<Session>,
    pub(super) metadata: Option<Metadata>,
    pub(super) secrets: Option<(Secrets, [u8; 32])>,
    pub(super) who: Option<Who>,
    pub(super) session_check: Check,
    pub(super) second_look: SecondLook,
    /// Who it was when the session was read first.
    pub(super) began_as: Option<Subject>,
    /// Whether the page has been left and come back to meanwhile.
    pub(super) resumed: bool,
    pub(super) turn: Turn,
    /// Whether the browser refused a window before the turn had come: it is asked for in its turn.
    pub(super) window_refused: bool,
    /// What another tab has handed over, as long as it is not known whose it must be.
    pub(super) handed: Option<Box<HandOver>>,
    pub(super) offered: Offered,
    /// What options that were fetched ahead were asked for with, until it is known that they serve.
    pub(super) prepared_for: Option<(Scope, Hint)>,
    /// Whether it only fetches options ahead, and asks nobody.
    pub(super) ahead: bool,
    /// Whether what is prepared was asked for by a click in the gate.
    pub(super) clicked: bool,
    /// Whether the gate is shown.
    pub(super) gate: bool,
    /// Whether the provider's challenge endpoint is asked.
    pub(super) first_party: bool,
    /// Whether an expired session of the challenge endpoint has been begun anew.
    pub(super) restarted: bool,
    /// How far a request is that the provider is to keep.
    pub(super) push: Push,
    /// Whether one has expired before it was used.
    pub(super) pushed_again: bool,
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

/// The app's session is read a second time before anything is believed: the user may have left, or
/// another may have come, while the prompt was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecondLook {
    /// It is not time yet.
    Due,
    /// The session is being read.
    Asked,
    /// It has been read.
    Taken,
}

/// How far options for a passkey are.
#[derive(Debug)]
pub(super) enum Offered {
    /// Not asked for, or used up.
    No,
    /// Asked for.
    Asked,
    /// Here.
    Here(Offer),
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
    /// What the session's own ID token proves is being found out.
    Looking,
    /// Everything that can be had before the user is asked.
    Preparing,
    /// The gate asks how to go on.
    Choosing { failed: Option<Error> },
    /// The user is in the window.
    Awaiting { visit: Visit, url: Secret },
    /// The code is being exchanged.
    Exchanging { transaction: Box<Transaction> },
    /// The authenticator is asked.
    Asserting,
    /// The page is to be left as soon as nothing is on the wire.
    Departing,
    /// What must survive is being saved.
    Leaving { url: Secret, state: String },
    /// The page is being left.
    Left,
    /// Its answer is on the way to the server.
    Submitting { scope: Scope },
    /// The app's own `authenticate` is running.
    Authenticating { scope: Scope },
    /// The ID token is being checked.
    Verifying { tokens: TokenSet, source: Source, check: Check },
    /// The answer is checked, as far as it can be; who must be compared with is not known yet.
    Comparing { tokens: TokenSet, claims: Option<Claims> },
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
    ) -> (Box<Self>, Vec<FlowEffect>) {
        let Context { config, .. } = context;
        let looks = goal.look && !goal.requirement.needs_a_token() && config.provider.is_some();
        let methods = match config.arrangement {
            Arrangement::Own => Vec::new(),
            Arrangement::OwnInWindow => vec![Method::Popup],
            _ => possible(config, &goal),
        };
        let method = match window {
            // What was opened inside the click is what the click was for.
            true if methods.contains(&Method::Popup) => Some(Method::Popup),
            _ => methods.first().copied(),
        };
        let mut flow = Box::new(Self {
            id,
            offered: goal.offer.clone().map_or(Offered::No, Offered::Here),
            goal,
            methods,
            method,
            window: match method {
                Some(Method::Popup) if window => Window::Open,
                Some(Method::Popup) => Window::Wanted,
                _ => Window::None,
            },
            session: None,
            metadata: None,
            secrets: None,
            who: None,
            session_check: Check::Due,
            second_look: SecondLook::Due,
            began_as: None,
            resumed: false,
            turn: Turn::Asked,
            window_refused: false,
            handed: None,
            prepared_for: None,
            ahead: false,
            clicked: false,
            gate: false,
            first_party: config
                .passkey
                .as_ref()
                .is_some_and(|passkey| passkey.server == PasskeyServer::FirstParty),
            restarted: false,
            push: Push::No,
            pushed_again: false,
            state: if looks { State::Looking } else { State::Preparing },
        });
        let own = flow.is_own(config);
        if !own && method.is_none() && !looks {
            flow.state = State::Ended;
            let error = impossible(config, &flow.goal);
            return (flow, vec![FlowEffect::Done(Err(error))]);
        }
        let mut effects = Vec::new();
        if flow.window == Window::Wanted && !looks {
            // First of all: the user's gesture, if there is one, does not survive anything slow.
            effects.push(FlowEffect::OpenWindow);
        }
        effects.push(FlowEffect::StartDeadline(config.prompt_timeout));
        if !looks {
            effects.push(FlowEffect::TakeTurn { patience: config.turn_timeout });
        }
        if config.arrangement == Arrangement::Backend {
            // Whose session it is, is the backend's business.
            flow.session = Some(Session::default());
            flow.who = Some(Who::Anyone);
        } else {
            effects.push(FlowEffect::ReadSession);
        }
        if config.provider.is_some() {
            effects.push(FlowEffect::ReadMetadata);
        }
        if !own {
            effects.push(FlowEffect::DrawSecrets);
        }
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
        self.window == Window::Wanted && !self.waits_for_its_turn()
    }

    /// Lets one answer serve this requirement too, if the provider has not been asked yet.
    pub fn widen(&mut self, other: &Requirement, config: &Config) -> bool {
        let asked = match self.method {
            // A challenge endpoint has been told what is demanded; the other servers are told when
            // they get the passkey's answer.
            Some(Method::Passkey) => self.first_party && !matches!(self.offered, Offered::No),
            // What the provider keeps, it has been told.
            _ => !matches!(self.push, Push::No),
        };
        // What has been handed over may be all that is needed.
        if asked
            || self.handed.is_some()
            || !matches!(
                self.state,
                State::Looking | State::Preparing | State::Choosing { .. } | State::Departing
            )
        {
            return false;
        }
        match self.goal.requirement.merge(other) {
            Some(merged) => {
                let before = core::mem::replace(&mut self.goal.requirement, merged);
                let own = self.is_own(config);
                let still = possible(config, &self.goal);
                // What is under way must be a way to the stronger demand as well.
                if !own && self.method.is_some_and(|method| !still.contains(&method)) {
                    self.goal.requirement = before;
                    return false;
                }
                if !own {
                    self.methods.retain(|method| still.contains(method));
                }
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
            (_, FlowEvent::Chosen(choice)) => return self.chosen(choice, context, effects),
            (_, FlowEvent::GateRefused(error)) => {
                return self.gate_refused(error, context, effects);
            }
            (
                State::Looking | State::Preparing | State::Choosing { .. },
                FlowEvent::SessionRead(session),
            ) if self.second_look == SecondLook::Due => {
                let session = session?;
                self.who = Some(self.expect(&session, context)?);
                self.session = Some(session);
                self.advance(context, effects);
                return self.look(context, effects);
            }
            (_, FlowEvent::SessionRead(session)) if self.second_look == SecondLook::Asked => {
                return self.session_read_again(session?, context, effects);
            }
            (State::Departing, FlowEvent::Quiet) => return self.save(context, effects),
            (_, FlowEvent::Quiet) => {}
            (_, FlowEvent::Saved(outcome)) => return self.saved(outcome, context, effects),
            (_, FlowEvent::TurnTaken) => return self.turn_taken(context, effects),
            (_, FlowEvent::TurnAwaited) => self.turn_awaited(effects),
            (_, FlowEvent::TurnOverdue) => self.turn_overdue(effects),
            (_, FlowEvent::HandedOver(handed)) => self.handed_over(*handed, context, effects),
            (_, FlowEvent::Pushed(answer)) => return self.pushed(answer, context, effects),
            (_, FlowEvent::MetadataRead(metadata)) => {
                let metadata = metadata?;
                if let Some(provider) = &context.config.provider {
                    metadata.check(&provider.issuer)?;
                }
                self.check_endpoints(&metadata, context.config)?;
                if self.ahead {
                    effects.push(FlowEffect::ReadKeys { jwks_uri: metadata.jwks_uri.clone() });
                }
                self.metadata = Some(metadata);
                self.advance(context, effects);
            }
            (
                State::Looking | State::Preparing | State::Choosing { .. },
                FlowEvent::SecretsDrawn(secrets, digest),
            ) => {
                // Options that were fetched ahead came with their own.
                self.secrets.get_or_insert((secrets, digest));
                self.advance(context, effects);
            }
            (_, FlowEvent::WindowOpened) => self.window_opened(context, effects),
            (_, FlowEvent::WindowBlocked) => return self.window_missing(true, effects),
            (_, FlowEvent::WindowLost) => return self.window_missing(false, effects),
            (_, FlowEvent::Responded(query)) => {
                return self.responded(query.expose(), context, effects);
            }
            (_, FlowEvent::GestureRead(alive)) => self.gesture_read(alive, effects),
            (_, FlowEvent::OptionsRead(options)) => {
                return self.options_read(options, context, effects);
            }
            (_, FlowEvent::Asserted(credential)) => {
                return self.asserted(credential, context, effects);
            }
            (_, FlowEvent::ChallengeAnswered(answer)) => {
                return self.challenge_answered(answer, context, effects);
            }
            (_, FlowEvent::BackendAnswered(answer)) => {
                return self.backend_answered(answer, context, effects);
            }
            (State::Submitting { .. }, FlowEvent::TokenAnswered(answer)) => {
                return self.passkey_traded(answer, context, effects);
            }
            (State::Exchanging { transaction }, FlowEvent::TokenAnswered(answer)) => {
                let key = transaction.secrets.key.as_ref();
                let tokens = answer?.tokens(&transaction.scope, key)?;
                let source = Source::Response {
                    nonce: transaction.secrets.nonce.clone(),
                    access_token: tokens.access_token.clone(),
                };
                return self.answered(tokens, source, context, effects);
            }
            (State::Authenticating { scope }, FlowEvent::OwnAnswered(answer)) => {
                let details = &self.goal.requirement.authorization_details;
                let tokens = own_tokens(answer?, scope, details)?;
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
                | FlowEvent::TokenAnswered(_)
                | FlowEvent::OwnAnswered(_)
                | FlowEvent::AnswerVerified(_),
            ) => {}
        }
        Ok(())
    }

    /// Goes on as far as what is known allows.
    pub(super) fn advance(&mut self, context: &mut Context<'_>, effects: &mut Vec<FlowEffect>) {
        self.try_handed(context, effects);
        if matches!(self.state, State::Ended) {
            return;
        }
        if matches!(self.state, State::Preparing) && self.may_ask() {
            match (context.config.arrangement, self.method) {
                (Arrangement::Own | Arrangement::OwnInWindow, _) => {
                    self.ask_the_app(context, effects);
                }
                (_, Some(Method::Passkey)) => self.ask_by_passkey(context, effects),
                (_, Some(Method::Redirect)) => self.ask_by_redirect(context, effects),
                _ => self.ask_in_a_window(context, effects),
            }
        }
        // While the user is busy there is time to check whom to expect.
        if self.session_check == Check::Due {
            self.verify_session(false, context, effects);
        }
        if matches!(self.state, State::Verifying { check: Check::Due, .. }) {
            self.verify_answer(false, context, effects);
        }
    }

    /// Whether the app's own `authenticate` asks.
    pub(super) const fn is_own(&self, config: &Config) -> bool {
        matches!(config.arrangement, Arrangement::Own | Arrangement::OwnInWindow)
    }

    /// The app's own `authenticate` asks the user.
    fn ask_the_app(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        let Some(scope) = self.asked_scope(context).filter(|_| self.window != Window::Wanted)
        else {
            return;
        };
        effects.push(FlowEffect::Authenticate {
            requirement: self.goal.requirement.as_asked(),
            scope: scope.clone(),
            reason: self.goal.reason.clone(),
        });
        self.state = State::Authenticating { scope };
    }

    /// All scopes that are asked for, once the session is read: RFC 6750 §3.1 replaces, we unite.
    pub(super) fn asked_scope(&self, context: &Context<'_>) -> Option<Scope> {
        let session = self.session.as_ref()?;
        let scope = context.config.scope.union(&session.scope).union(&self.goal.keep);
        Some(scope.union(&self.goal.requirement.scope))
    }

    /// The app wants to ask in a way of its own, so the provider must have the endpoint for it.
    fn check_endpoints(&self, metadata: &Metadata, config: &Config) -> Result<(), Error> {
        if config.par && metadata.pushed_authorization_request_endpoint.is_none() {
            let detail = "it has no pushed_authorization_request_endpoint";
            return Err(Error::new(ErrorCode::MetadataInvalid, detail));
        }
        if self.first_party
            && self.methods.contains(&Method::Passkey)
            && metadata.authorization_challenge_endpoint.is_none()
        {
            let detail = "it has no authorization_challenge_endpoint";
            return Err(Error::new(ErrorCode::MetadataInvalid, detail));
        }
        Ok(())
    }
}
