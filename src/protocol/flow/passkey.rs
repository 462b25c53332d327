//! A step-up by a passkey in the page: options, the ceremony, and what becomes of its answer.

use super::effect::{FlowEffect, Obtained, Question, Target};
use super::machine::{Context, Flow, Offered, State};
use super::subject::hint;
use crate::protocol::assertion::{Ask, Offer};
use crate::protocol::backend::Told;
use crate::protocol::claims::Source;
use crate::protocol::config::{Arrangement, PasskeyServer};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::method::Method;
use crate::protocol::requirement::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;

impl Flow {
    /// Gets options, then asks the authenticator: at once while the user's gesture counts, else
    /// after a click in the gate.
    pub(super) fn ask_by_passkey(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        match &self.offered {
            _ if self.secrets.is_none() || self.session.is_none() => {}
            // Its endpoint must be known before options are used up.
            _ if self.first_party && self.metadata.is_none() => {}
            Offered::Here(_) if self.clicked => self.ask_the_authenticator(effects),
            Offered::Here(_) => effects.push(FlowEffect::CheckGesture),
            Offered::Asked => {}
            Offered::No => self.ask_for_options(context, effects),
        }
    }

    fn ask_for_options(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        let Some(passkey) = &context.config.passkey else { return };
        if passkey.server == PasskeyServer::FirstParty {
            self.ask_as_first_party(None, None, context, effects);
            return;
        }
        let (Some(session), Some(scope)) = (&self.session, self.asked_scope(context)) else {
            return;
        };
        let hint = hint(session, context.user);
        if let Some(post) =
            self.ask(&scope, context).and_then(|ask| ask.options(&passkey.server, &hint))
        {
            self.offered = Offered::Asked;
            effects.push(FlowEffect::Send { target: Target::PasskeyOptions, post });
        }
    }

    fn ask<'a>(&'a self, scope: &'a Scope, context: &'a Context<'_>) -> Option<Ask<'a>> {
        let (secrets, _) = self.secrets.as_ref()?;
        Some(Ask {
            client_id: context.config.provider.as_ref().map_or("", |it| &it.client_id),
            nonce: &secrets.nonce,
            requirement: &self.goal.requirement,
            scope,
            resource: self.goal.resource.as_deref(),
            key: secrets.key.as_ref(),
        })
    }

    /// Options are here, or not. They count also where the user has turned to something else
    /// meanwhile: they may come back to it.
    pub(super) fn options_read(
        &mut self,
        options: Result<Offer, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        if !matches!(self.offered, Offered::Asked) {
            return Ok(());
        }
        let waits = matches!(self.state, State::Preparing) && self.method == Some(Method::Passkey);
        match options {
            Ok(offer) => {
                self.offered = Offered::Here(offer);
                if waits {
                    self.advance(context, effects);
                }
                Ok(())
            }
            Err(error) => {
                self.offered = Offered::No;
                if waits { self.failed(error, context, effects) } else { Ok(()) }
            }
        }
    }

    pub(super) fn ask_the_authenticator(&mut self, effects: &mut Vec<FlowEffect>) {
        let Offered::Here(offer) = &self.offered else { return };
        let options = offer.public_key.clone();
        self.clicked = false;
        self.state = State::Asserting;
        self.change_gate(Question::Waiting, effects);
        effects.push(FlowEffect::Assert { options });
    }

    /// The authenticator has answered. What arrives when it is no longer asked is dropped.
    pub(super) fn asserted(
        &mut self,
        credential: Result<Secret, Error>,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let (State::Asserting, Some(passkey)) = (&self.state, &context.config.passkey) else {
            return Ok(());
        };
        let credential = match credential {
            Ok(credential) => credential,
            Err(error) => return self.failed(error, context, effects),
        };
        // Options are good for one answer.
        let offered = core::mem::replace(&mut self.offered, Offered::No);
        let Offered::Here(offer) = offered else { return Ok(()) };
        let session = offer.auth_session.as_ref();
        let Some(scope) = self.asked_scope(context) else { return Ok(()) };
        self.change_gate(Question::Busy, effects);
        self.state = State::Submitting { scope: scope.clone() };
        if passkey.server == PasskeyServer::FirstParty {
            self.ask_as_first_party(session, Some(&credential), context, effects);
        } else if let Some(post) = self
            .ask(&scope, context)
            .and_then(|ask| ask.token(&passkey.server, &credential, session))
        {
            effects.push(FlowEffect::Send { target: Target::PasskeyToken, post });
        }
        Ok(())
    }

    /// The passkey server has given tokens, or refused.
    pub(super) fn passkey_traded(
        &mut self,
        answer: Result<TokenAnswer, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let (State::Submitting { scope }, Some((secrets, _))) = (&self.state, &self.secrets) else {
            return Ok(());
        };
        let server = context.config.passkey.as_ref().map(|passkey| &passkey.server);
        let Some(PasskeyServer::Endpoints { nonce, .. }) = server else { return Ok(()) };
        let key = secrets.key.as_ref();
        let tokens = match answer.and_then(|answer| answer.tokens(scope, key)) {
            Ok(tokens) => tokens,
            // Nothing that another try would change.
            Err(error) if error.code == ErrorCode::DowngradeRefused => return Err(error),
            Err(error) => return self.failed(error, context, effects),
        };
        let access_token = tokens.access_token.clone();
        let source = match nonce {
            true => Source::Response { nonce: secrets.nonce.clone(), access_token },
            // Nothing says that its ID token is new, but when it was issued.
            false => Source::Authenticate { access_token },
        };
        self.answered(tokens, source, context, effects)
    }

    /// The backend has raised the session, or refused.
    pub(super) fn backend_answered(
        &mut self,
        answer: Result<Told, Error>,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let awaited = context.config.arrangement == Arrangement::Backend
            && matches!(self.state, State::Submitting { .. });
        match answer {
            Ok(told) if awaited => self.raised(told, context, effects),
            Err(error) if awaited => self.failed(error, context, effects),
            _ => Ok(()),
        }
    }

    /// The session that a cookie stands for is raised. That the user is the same is the backend's to
    /// see to, and what was proved is the API's to judge.
    pub(super) fn raised(
        &mut self,
        told: Told,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let scope = self.asked_scope(context).unwrap_or_default();
        self.done(Obtained::Session { told, scope }, None, None, effects);
        Ok(())
    }
}
