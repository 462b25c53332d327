//! Pushing the authorization request to the provider, which keeps it for one visit (RFC 9126).

use super::effect::{FlowEffect, Question, Target};
use super::machine::{Context, Flow, State};
use super::subject::hint;
use super::window::go_to;
use crate::protocol::assertion::Post;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::method::Method;
use crate::protocol::pushed::{Kept, PushAnswer};

/// How far a request is that the provider is to keep.
#[derive(Debug)]
pub(super) enum Push {
    /// Nothing is kept, or what was is used up.
    No,
    /// It is on the way.
    Asked,
    /// It is kept.
    Kept(Kept),
}

impl Flow {
    /// Whether the user can be sent to the provider by now: the request is kept there, or goes along.
    /// Else it is pushed.
    pub(super) fn is_pushed(
        &mut self,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> bool {
        match &self.push {
            Push::Kept(kept) if kept.is_there(context.now) => return true,
            Push::Asked => return false,
            Push::Kept(_) | Push::No if !self.pushes(context) => {
                self.push = Push::No;
                return true;
            }
            Push::Kept(_) | Push::No => {}
        }
        self.push(context, effects);
        false
    }

    /// Whether requests are pushed: the provider wants it, or the app does.
    pub(super) fn pushes(&self, context: &Context<'_>) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| {
            metadata.pushed_authorization_request_endpoint.is_some()
                && (metadata.require_pushed_authorization_requests || context.config.par)
        })
    }

    /// A request has expired before it was used: once, another one takes its place.
    ///
    /// # Errors
    ///
    /// `request_expired` for the second one.
    pub(super) fn push_again(
        &mut self,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        if core::mem::replace(&mut self.pushed_again, true) || !self.pushes(context) {
            return Err(ErrorCode::RequestExpired.into());
        }
        self.push(context, effects);
        Ok(())
    }

    /// Pushes the request, once all is known that belongs to it.
    pub(super) fn push(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        let (Some(transaction), Some((_, digest)), Some(session)) =
            (self.transaction(context), &self.secrets, &self.session)
        else {
            return;
        };
        let hint = hint(session, context.user);
        let body = transaction.pushed_request(context.config.acr_request, &hint, digest);
        let endpoint = transaction.metadata.pushed_authorization_request_endpoint;
        let (endpoint, key) = (endpoint.unwrap_or_default(), transaction.secrets.key);
        let post = Post { endpoint, body, backend: false, key };
        effects.push(FlowEffect::Send { target: Target::PushedAuthorization, post });
        self.push = Push::Asked;
    }

    /// The provider keeps the request, or says why it does not.
    pub(super) fn pushed(
        &mut self,
        answer: Result<PushAnswer, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        if !matches!(self.push, Push::Asked) {
            return Ok(());
        }
        let kept = match answer.and_then(|answer| answer.kept(context.now)) {
            Ok(kept) => kept,
            // The user has turned to a passkey meanwhile.
            Err(_) if self.method == Some(Method::Passkey) => {
                self.push = Push::No;
                return Ok(());
            }
            // A window is on its way already: its answer still counts.
            Err(_) if matches!(self.state, State::Awaiting { .. }) && !self.pushed_again => {
                self.push = Push::No;
                self.show(Question::Lost, effects);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if !kept.is_there(context.now) {
            return self.push_again(context, effects);
        }
        self.push = Push::Kept(kept);
        match &self.state {
            State::Preparing => self.advance(context, effects),
            // Meanwhile others may have begun to ask, who are not left behind.
            State::Departing => effects.push(FlowEffect::AwaitQuiet),
            State::Leaving { .. } => self.leave(context, effects),
            // The window was opened again, or what it was sent to had expired.
            State::Awaiting { .. } => {
                if let Some((visit, url)) = self.visit(context) {
                    effects.push(go_to(&visit, &url));
                    self.state = State::Awaiting { visit, url };
                }
            }
            _ => {}
        }
        Ok(())
    }
}
