//! A step-up for which the page is left: what is saved before, and how it goes on afterwards.

use super::effect::{FlowEffect, Question};
use super::event::Session;
use super::machine::{Check, Context, Flow, FlowId, Goal, Offered, SecondLook, State, Window};
use super::push::Push;
use super::subject::Who;
use super::turn::Turn;
use super::window::Visit;
use crate::protocol::border::record;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::method::Method;
use crate::protocol::units::EpochMillis;

/// A step-up as it is saved before the page is left. It is kept encrypted: it holds the verifier.
#[derive(Clone, Debug)]
pub struct Pending {
    pub(super) visit: Visit,
    /// What it is for.
    pub goal: Goal,
    pub(super) session: Session,
    pub(super) who: Who,
    /// When it is too late to go on.
    pub until: EpochMillis,
}

record!(Pending { visit: "visit", goal: "goal", session: "session", who: "who", until: "until" });

impl Pending {
    /// The state that its response will carry.
    #[must_use]
    pub fn state(&self) -> &str {
        self.visit.state()
    }
}

impl Flow {
    /// Leaves the page, once all is known that goes with it: at once while the user's gesture counts
    /// and they are not writing, else after a click in the gate, since there may be unsaved work.
    pub(super) fn ask_by_redirect(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        // Who comes back is compared with who left, so that must be known for certain.
        let known = self.who.as_ref().is_some_and(|who| !matches!(who, Who::Claimed(_)));
        if !known || !self.is_ready(context) {
            return;
        }
        match self.clicked {
            true => self.depart(effects),
            false => effects.push(FlowEffect::CheckLeave),
        }
    }

    pub(super) fn depart(&mut self, effects: &mut Vec<FlowEffect>) {
        self.change_gate(Question::Busy, effects);
        effects.push(FlowEffect::AwaitQuiet);
        self.state = State::Departing;
    }

    /// Nothing is on the wire: what must survive is saved.
    ///
    /// # Errors
    ///
    /// `request_expired` where the provider does not keep a request until then.
    pub(super) fn save(
        &mut self,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        // As late as possible: what the provider keeps, it does not keep for long.
        if matches!(&self.push, Push::Kept(kept) if !kept.is_there(context.now)) {
            return self.push_again(context, effects);
        }
        if !self.is_pushed(context, effects) {
            return Ok(());
        }
        let (Some((visit, url)), Some(session), Some(who)) =
            (self.visit(context), &self.session, &self.who)
        else {
            return Ok(());
        };
        let pending = Pending {
            visit,
            goal: self.goal.clone(),
            session: session.clone(),
            who: who.clone(),
            until: context.now.plus(context.config.pending_ttl.millis()),
        };
        let state = pending.state().to_owned();
        effects.push(FlowEffect::Save(Box::new(pending)));
        self.state = State::Leaving { url, state };
        Ok(())
    }

    /// More requests wait now than have been saved: it is saved once more before the page is left.
    #[must_use]
    pub fn save_again(&mut self) -> Vec<FlowEffect> {
        if !matches!(self.state, State::Leaving { .. }) {
            return Vec::new();
        }
        self.state = State::Departing;
        vec![FlowEffect::AwaitQuiet]
    }

    /// What must survive is saved, or cannot be: then the page is not left.
    pub(super) fn saved(
        &mut self,
        outcome: Result<(), Error>,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let State::Leaving { .. } = &self.state else { return Ok(()) };
        outcome?;
        match &self.push {
            Push::Kept(kept) if !kept.is_there(context.now) => self.push_again(context, effects),
            _ => {
                self.leave(context, effects);
                Ok(())
            }
        }
    }

    /// Leaves for the provider, everything being saved.
    pub(super) fn leave(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        let State::Leaving { url, state } = &self.state else { return };
        // What is kept there now may be another one than when it was saved.
        let url = self.visit(context).map_or_else(|| url.clone(), |(_, url)| url);
        effects.push(FlowEffect::Leave { url, state: state.clone() });
        self.state = State::Left;
    }

    /// Goes on with what was saved, the user being back with this query.
    ///
    /// The app's session is read anew: who is signed in now must be who left.
    #[must_use]
    pub fn resume(
        id: FlowId,
        pending: Pending,
        query: &str,
        context: &mut Context<'_>,
    ) -> (Box<Self>, Vec<FlowEffect>) {
        let Pending { mut visit, goal, session, who, .. } = pending;
        let mut metadata = None;
        if let Visit::Provider(transaction) = &mut visit {
            transaction.provider.clone_from(&context.config.provider);
            metadata = Some(transaction.metadata.clone());
        }
        let mut flow = Box::new(Self {
            id,
            goal,
            methods: Vec::new(),
            method: Some(Method::Redirect),
            window: Window::None,
            session: Some(session),
            metadata,
            secrets: None,
            who: Some(who),
            session_check: Check::Due,
            second_look: SecondLook::Asked,
            began_as: None,
            resumed: true,
            // What is left to do asks nobody anything.
            turn: Turn::Ours,
            window_refused: false,
            handed: None,
            offered: Offered::No,
            prepared_for: None,
            ahead: false,
            clicked: false,
            gate: false,
            first_party: false,
            restarted: false,
            push: Push::No,
            pushed_again: false,
            state: State::Awaiting { visit, url: "".into() },
        });
        let mut effects = vec![FlowEffect::StartDeadline(context.config.prompt_timeout)];
        let outcome = flow.check_issuer(context).and_then(|()| {
            effects.push(FlowEffect::ReadSession);
            flow.responded(query, context, &mut effects)
        });
        let outcome = outcome.and_then(|()| match flow.state {
            // It is this transaction's record, and its response must be this transaction's too.
            State::Awaiting { .. } => Err(ErrorCode::StateMismatch.into()),
            _ => Ok(()),
        });
        if let Err(error) = outcome {
            flow.state = State::Ended;
            effects.push(FlowEffect::Done(Err(error)));
        }
        (flow, effects)
    }

    /// The app may have been given another provider meanwhile.
    fn check_issuer(&self, context: &Context<'_>) -> Result<(), Error> {
        let configured = context.config.provider.as_ref().map(|provider| &provider.issuer);
        match &self.metadata {
            Some(metadata) if Some(&metadata.issuer) != configured => {
                Err(Error::new(ErrorCode::IssuerMismatch, "the app has another issuer now"))
            }
            _ => Ok(()),
        }
    }
}
