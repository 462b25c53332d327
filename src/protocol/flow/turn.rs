//! Turns: of all the tabs of a browser, one asks the user at a time, and hands its result to the others.

use super::effect::{FlowEffect, Obtained, Question, Success};
use super::machine::{Context, Flow, Goal, State, Window};
use super::subject::Who;
use crate::protocol::error::Error;
use crate::protocol::handover::HandOver;

/// Whose turn it is to ask the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It has been asked for.
    Asked,
    /// Another tab has it.
    Elsewhere {
        /// Whether it has had it for so long that the user may go on here.
        overdue: bool,
    },
    /// This one's.
    Ours,
}

impl Flow {
    /// Whether this tab may ask the user: it is its turn, and nothing is at hand that another has
    /// left for it.
    pub(super) fn may_ask(&self) -> bool {
        self.turn == Turn::Ours && self.handed.is_none()
    }

    pub(super) fn is_its_turn(&self) -> bool {
        self.turn == Turn::Ours
    }

    pub(super) fn waits_for_its_turn(&self) -> bool {
        matches!(self.turn, Turn::Elsewhere { .. })
    }

    /// Another tab asks the user already: a window that was opened here would stay empty.
    pub(super) fn turn_awaited(&mut self, effects: &mut Vec<FlowEffect>) {
        if self.turn != Turn::Asked
            || !matches!(self.state, State::Preparing | State::Choosing { .. })
        {
            return;
        }
        self.turn = Turn::Elsewhere { overdue: false };
        self.window_refused = false;
        if self.window == Window::Open {
            self.window = Window::Wanted;
            effects.push(FlowEffect::CloseWindow);
        }
        self.show(Question::Elsewhere { overdue: false }, effects);
    }

    pub(super) fn turn_overdue(&mut self, effects: &mut Vec<FlowEffect>) {
        if !self.waits_for_its_turn() {
            return;
        }
        self.turn = Turn::Elsewhere { overdue: true };
        self.show(Question::Elsewhere { overdue: true }, effects);
    }

    pub(super) fn turn_taken(
        &mut self,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let waited = self.waits_for_its_turn();
        self.turn = Turn::Ours;
        if waited {
            // The other's prompt has taken its time: the user's last click was not for this one.
            self.clicked = false;
            self.start_over(effects);
            self.want_window(effects);
        }
        self.advance(context, effects);
        match core::mem::take(&mut self.window_refused) {
            true => self.window_missing(true, effects),
            false => Ok(()),
        }
    }

    /// The user goes on in this tab, whatever the other one is doing.
    pub(super) fn go_on_here(&mut self, effects: &mut Vec<FlowEffect>) {
        if self.turn != (Turn::Elsewhere { overdue: true }) {
            return;
        }
        self.turn = Turn::Asked;
        self.clicked = true;
        self.start_over(effects);
        if self.window == Window::Wanted {
            // First of all, as at the start: it must be in the click itself.
            effects.push(FlowEffect::OpenWindow);
        }
        effects.push(FlowEffect::ForceTurn);
    }

    /// Nobody can be asked whether to go on here: that is done when the time has come.
    pub(super) fn gate_refused_while_waiting(&mut self, effects: &mut Vec<FlowEffect>) {
        self.gate = false;
        if self.turn == (Turn::Elsewhere { overdue: true }) {
            self.go_on_here(effects);
            self.clicked = false;
        }
    }

    fn start_over(&mut self, effects: &mut Vec<FlowEffect>) {
        self.hide_gate(effects);
        if matches!(self.state, State::Choosing { .. }) {
            self.state = State::Preparing;
        }
    }

    fn want_window(&self, effects: &mut Vec<FlowEffect>) {
        if self.window == Window::Wanted && self.may_ask() && matches!(self.state, State::Preparing)
        {
            effects.push(FlowEffect::OpenWindow);
        }
    }

    /// Another tab hands over what it has obtained. It may come while this one asks as well, where the
    /// user went on here.
    pub(super) fn handed_over(
        &mut self,
        handed: HandOver,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) {
        let asks = matches!(
            self.state,
            State::Preparing
                | State::Choosing { .. }
                | State::Awaiting { .. }
                | State::Asserting
                | State::Authenticating { .. }
        );
        if asks {
            self.handed = Some(Box::new(handed));
            self.advance(context, effects);
        }
    }

    /// Takes what was handed over, once it is known whose it must be; or asks after all.
    pub(super) fn try_handed(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        let subject = match &self.who {
            Some(Who::Known(subject)) => Some(subject),
            Some(Who::Anyone) => None,
            Some(Who::Claimed(_)) | None => return,
        };
        let bound = self.secrets.as_ref().map(|(secrets, _)| secrets.key.as_ref());
        if context.config.dpop && bound.is_none() {
            return;
        }
        let Some(handed) = self.handed.take() else { return };
        // A token that is bound to another key, or to none, is none that this tab may use.
        let fits = match &handed.obtained {
            Obtained::Tokens(tokens) => tokens.key.as_ref() == bound.flatten(),
            Obtained::Session { .. } => true,
        };
        let Goal { requirement, resource, single_use, .. } = &self.goal;
        // What is good for one use has had it.
        let serves = handed.serves(requirement, resource.as_deref(), subject, context.now);
        if *single_use || !fits || !serves {
            self.look_again_later();
            self.want_window(effects);
            return;
        }
        // It may have waited for long, and its user have left meanwhile.
        if !self.has_looked_again(context, effects) {
            self.handed = Some(handed);
            return;
        }
        let HandOver { obtained, claims, received, .. } = *handed;
        let id_token = match &obtained {
            Obtained::Tokens(tokens) => tokens.id_token.clone(),
            Obtained::Session { .. } => None,
        };
        let user = claims.as_ref().map(|claims| self.user_of(claims, id_token));
        self.state = State::Ended;
        let success = Success { obtained, claims, user, handed_over: Some(received) };
        effects.push(FlowEffect::Done(Ok(Box::new(success))));
    }
}
