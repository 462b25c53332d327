//! A step-up on other pages, in a window of their own: at the provider, or at the app's own backend.

use super::effect::{FlowEffect, Question, Target};
use super::machine::{Context, Flow, State, Window};
use super::push::Push;
use super::subject::hint;
use crate::protocol::assertion::Post;
use crate::protocol::backend;
use crate::protocol::border::{Export, Foreign, Import, import, put, tagged};
use crate::protocol::config::Arrangement;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::method::Method;
use crate::protocol::response;
use crate::protocol::secret::Secret;
use crate::protocol::transaction::Transaction;

/// What the window is waited for.
#[derive(Clone, Debug)]
pub(super) enum Visit {
    /// An authorization code.
    Provider(Box<Transaction>),
    /// The backend's word that it is done, with this state.
    Backend(String),
}

impl Import for Visit {
    fn blank() -> Self {
        Self::Backend(String::new())
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        let provider = import(&from.get("Provider")).map(Self::Provider);
        put(self, provider.or_else(|| import(&from.get("Backend")).map(Self::Backend)))
    }
}

impl Export for Visit {
    fn export<F: Foreign>(&self) -> F {
        match self {
            Self::Provider(transaction) => tagged("Provider", transaction),
            Self::Backend(state) => tagged("Backend", state),
        }
    }
}

impl Visit {
    pub(super) fn state(&self) -> &str {
        match self {
            Self::Provider(transaction) => &transaction.secrets.state,
            Self::Backend(state) => state,
        }
    }
}

impl Flow {
    /// Sends the window on its way, once there is one and all is known that goes with it.
    pub(super) fn ask_in_a_window(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        // The window first: to push the request takes a while, which the user's gesture does not last.
        if self.window != Window::Open
            || !self.is_ready(context)
            || !self.is_pushed(context, effects)
        {
            return;
        }
        let Some((visit, url)) = self.visit(context) else { return };
        effects.push(go_to(&visit, &url));
        self.state = State::Awaiting { visit, url };
    }

    /// Whether all is known that belongs to a visit.
    pub(super) fn is_ready(&self, context: &Context<'_>) -> bool {
        self.visit(context).is_some()
    }

    pub(super) fn visit(&self, context: &Context<'_>) -> Option<(Visit, Secret)> {
        let (secrets, digest) = self.secrets.as_ref()?;
        if context.config.arrangement == Arrangement::Backend {
            let state = secrets.state.clone();
            let backend = context.config.backend.as_ref()?;
            let url = backend.login_url(&self.goal.requirement, &state)?;
            return Some((Visit::Backend(state), url.into()));
        }
        let transaction = self.transaction(context)?;
        let url = match &self.push {
            Push::Kept(kept) => transaction.kept_request_url(kept.request_uri.expose()),
            _ => {
                let hint = hint(self.session.as_ref()?, context.user);
                transaction.authorization_url(context.config.acr_request, &hint, digest)
            }
        };
        Some((Visit::Provider(Box::new(transaction)), url.into()))
    }

    /// The authorization code flow as it stands, once all is known that belongs to it.
    pub(super) fn transaction(&self, context: &Context<'_>) -> Option<Transaction> {
        let (secrets, _) = self.secrets.as_ref()?;
        Some(Transaction {
            secrets: secrets.clone(),
            provider: context.config.provider.clone(),
            metadata: self.metadata.clone()?,
            requirement: self.goal.requirement.clone(),
            scope: self.asked_scope(context)?,
            resource: self.goal.resource.clone(),
        })
    }

    pub(super) fn window_opened(
        &mut self,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) {
        match &self.state {
            State::Looking if self.window == Window::Wanted => self.window = Window::Open,
            State::Preparing if self.window == Window::Wanted => {
                self.window = Window::Open;
                self.hide_gate(effects);
                self.advance(context, effects);
            }
            // What is kept is good for one visit (RFC 9126 §2.2).
            State::Awaiting { .. } if self.pushes(context) => {
                self.hide_gate(effects);
                self.push(context, effects);
            }
            State::Awaiting { visit, url } => {
                let going = go_to(visit, url);
                self.hide_gate(effects);
                effects.push(going);
            }
            _ => {}
        }
    }

    /// The browser opened no window, or the window reads as closed.
    pub(super) fn window_missing(
        &mut self,
        blocked: bool,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        match &self.state {
            State::Preparing if self.window == Window::None => Ok(()),
            // It is wanted when the turn has come; nor is the user asked for a click before.
            State::Preparing if !self.is_its_turn() => {
                self.window_refused = blocked && !self.waits_for_its_turn();
                Ok(())
            }
            // Inside a click no browser blocks a window, unless it is told to block them all.
            State::Preparing if blocked && self.clicked => {
                self.methods.retain(|method| *method != Method::Popup);
                let error = Error::from(ErrorCode::PopupBlocked);
                if self.methods.is_empty() {
                    return Err(error);
                }
                self.method = self.methods.first().copied();
                self.window = Window::None;
                self.state = State::Choosing { failed: Some(error) };
                self.show(Question::Choose, effects);
                Ok(())
            }
            State::Preparing => {
                self.window = Window::Wanted;
                self.show(Question::Choose, effects);
                Ok(())
            }
            // Closed is advice, never a signal: under an opener policy it is read while the window
            // lives. The user is asked; only they, or the clock, end it.
            State::Awaiting { .. } => {
                self.show(Question::Lost, effects);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A callback page told its query.
    pub(super) fn responded(
        &mut self,
        query: &str,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let State::Awaiting { visit, .. } = &self.state else { return Ok(()) };
        let answer = match visit {
            Visit::Provider(transaction) => {
                response::read(query, &transaction.expected()).map(Some)
            }
            Visit::Backend(state) => backend::read(query, state).map(|()| None),
        };
        // Not ours, or forged: it goes on waiting.
        let code = match answer {
            Err(error) if error.code == ErrorCode::StateMismatch => return Ok(()),
            Err(error)
                if error.code == ErrorCode::RequestExpired && self.window == Window::Open =>
            {
                return self.push_again(context, effects);
            }
            answer => answer?,
        };
        let visit = visit.clone();
        effects.push(FlowEffect::CloseWindow);
        self.hide_gate(effects);
        match (visit, code) {
            (Visit::Provider(transaction), Some(code)) => {
                let body = transaction.token_request(&code);
                self.exchange(*transaction, body, effects);
                Ok(())
            }
            _ => self.raised(backend::Told::default(), context, effects),
        }
    }

    /// Trades a code for tokens.
    pub(super) fn exchange(
        &mut self,
        transaction: Transaction,
        body: Secret,
        effects: &mut Vec<FlowEffect>,
    ) {
        let endpoint = transaction.metadata.token_endpoint.clone();
        let key = transaction.secrets.key.clone();
        let post = Post { endpoint, body, backend: false, key };
        effects.push(FlowEffect::Send { target: Target::Token, post });
        self.state = State::Exchanging { transaction: Box::new(transaction) };
    }
}

/// Sends the window to where the user is asked, for the first time or again.
pub(super) fn go_to(visit: &Visit, url: &Secret) -> FlowEffect {
    FlowEffect::GoTo { url: url.clone(), state: visit.state().to_owned() }
}
