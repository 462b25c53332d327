//! How the user is asked: by the app's order, and by what they choose in the gate.

use super::effect::{FlowEffect, Question};
use super::event::Choice;
use super::machine::{Context, Flow, Offered, State, Window};
use crate::protocol::config::Config;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::method::{self, Method, Passkeys};

/// The methods that are possible for this demand on this page.
pub(super) fn possible(config: &Config, goal: &super::Goal) -> Vec<Method> {
    let passkey = config.passkey.as_ref();
    let offered = goal.offer.is_some() || passkey.is_some_and(|it| it.server.gives_options());
    let choice = method::Choice {
        order: &config.methods,
        admitted: goal.methods.as_deref(),
        passkeys: config.passkeys,
        passkey_acr: passkey.and_then(|passkey| passkey.acr_values.as_deref()),
        requirement: &goal.requirement,
    };
    let mut possible = choice.possible();
    // Where only challenges carry options, and none has, there is nothing to sign.
    possible.retain(|method| *method != Method::Passkey || offered);
    possible
}

/// Why no method is possible.
pub(super) fn impossible(config: &Config, goal: &super::Goal) -> Error {
    let only_passkeys = goal.methods.as_deref().unwrap_or(&config.methods) == [Method::Passkey];
    match config.passkeys {
        Passkeys::Blocked if only_passkeys => {
            let detail = "the page around this one does not permit passkeys";
            Error::new(ErrorCode::EmbeddingBlocked, detail)
        }
        Passkeys::Absent if only_passkeys => ErrorCode::PasskeyUnavailable.into(),
        _ if only_passkeys => {
            let detail = "a passkey in the page does not reach what is demanded, or has no options";
            Error::new(ErrorCode::PasskeyUnavailable, detail)
        }
        _ => Error::new(ErrorCode::ConfigurationInvalid, "no method is left for this request"),
    }
}

impl Flow {
    /// Shows something in the gate.
    pub(super) fn show(&mut self, question: Question, effects: &mut Vec<FlowEffect>) {
        self.gate = true;
        effects.push(FlowEffect::ShowGate { question, methods: self.methods.clone() });
    }

    /// Changes what the gate shows, if it is shown.
    pub(super) fn change_gate(&mut self, question: Question, effects: &mut Vec<FlowEffect>) {
        if self.gate {
            self.show(question, effects);
        }
    }

    pub(super) fn hide_gate(&mut self, effects: &mut Vec<FlowEffect>) {
        self.gate = false;
        effects.push(FlowEffect::HideGate);
    }

    /// The user chose. A choice that what is shown now does not offer changes nothing.
    pub(super) fn chosen(
        &mut self,
        choice: Choice,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        match (choice, &self.state) {
            (Choice::Here, _) => self.go_on_here(effects),
            // What is shown while another tab asks offers nothing else.
            (choice, _) if self.waits_for_its_turn() && choice != Choice::Cancel => {}
            // Why it came to this says more than that it was not tried again.
            (Choice::Cancel, State::Choosing { failed: Some(error) }) => return Err(error.clone()),
            (Choice::Cancel, _) => return Err(ErrorCode::Cancelled.into()),
            (Choice::Continue, _) => effects.push(FlowEffect::FocusWindow),
            (Choice::Open | Choice::Use(Method::Popup), State::Awaiting { .. }) => {
                self.clicked = true;
                effects.push(FlowEffect::OpenWindow);
            }
            (Choice::Open, State::Preparing | State::Choosing { .. }) => {
                self.go_by(Method::Popup, context, effects);
            }
            (Choice::Use(method), State::Preparing | State::Choosing { .. }) => {
                self.go_by(method, context, effects);
            }
            (Choice::Retry, State::Choosing { failed: Some(_) }) => {
                if let Some(method) = self.method {
                    self.go_by(method, context, effects);
                }
            }
            (Choice::Another, State::Choosing { .. }) => self.show(Question::Choose, effects),
            (Choice::Another, State::Asserting) => {
                effects.push(FlowEffect::EndCeremony);
                self.state = State::Choosing { failed: None };
                self.show(Question::Choose, effects);
            }
            _ => {}
        }
        Ok(())
    }

    /// Goes on by this method, inside the click that chose it.
    fn go_by(&mut self, method: Method, context: &mut Context<'_>, effects: &mut Vec<FlowEffect>) {
        if !self.methods.contains(&method) {
            return;
        }
        self.method = Some(method);
        self.clicked = true;
        self.state = State::Preparing;
        match method {
            Method::Popup => {
                self.window = Window::Wanted;
                effects.push(FlowEffect::OpenWindow);
            }
            Method::Passkey | Method::Redirect => {
                self.window = Window::None;
                if method == Method::Passkey && !matches!(self.offered, Offered::Here(_)) {
                    self.change_gate(Question::Busy, effects);
                }
                self.advance(context, effects);
            }
        }
    }

    /// Whether the user's last gesture still counts for the method that was to be used.
    pub(super) fn gesture_read(&mut self, alive: bool, effects: &mut Vec<FlowEffect>) {
        match (&self.state, self.method) {
            (State::Preparing, Some(Method::Passkey)) if alive => {
                self.ask_the_authenticator(effects)
            }
            (State::Preparing, Some(Method::Redirect)) if alive => self.depart(effects),
            (State::Preparing, Some(Method::Passkey | Method::Redirect)) => {
                self.state = State::Choosing { failed: None };
                self.show(Question::Choose, effects);
            }
            _ => {}
        }
    }

    /// A passkey came to nothing. The user may try again or choose another way; nothing does so by
    /// itself.
    pub(super) fn failed(
        &mut self,
        error: Error,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        if self.ahead {
            return Err(error);
        }
        let gives_options =
            context.config.passkey.as_ref().is_some_and(|it| it.server.gives_options());
        if gives_options {
            self.offered = Offered::No;
        }
        let cannot = matches!(
            error.code,
            ErrorCode::PasskeyUnavailable
                | ErrorCode::EmbeddingBlocked
                | ErrorCode::ConfigurationInvalid
        );
        let question = if cannot || (!gives_options && matches!(self.offered, Offered::No)) {
            self.methods.retain(|method| *method != Method::Passkey);
            self.method = self.methods.first().copied();
            Question::Choose
        } else {
            Question::Failed(error.code)
        };
        if self.methods.is_empty() {
            return Err(error);
        }
        self.state = State::Choosing { failed: Some(error) };
        self.show(question, effects);
        Ok(())
    }

    /// The page does not show the gate.
    pub(super) fn gate_refused(
        &mut self,
        error: Error,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        if self.waits_for_its_turn() {
            self.gate_refused_while_waiting(effects);
            return Ok(());
        }
        self.gate = false;
        match &self.state {
            State::Choosing { failed: Some(failed) } => Err(failed.clone()),
            // A passkey needs no dialog of ours, and in most engines no click either.
            State::Choosing { failed: None }
                if self.method == Some(Method::Passkey)
                    && error.code == ErrorCode::PopupBlocked =>
            {
                self.clicked = true;
                self.state = State::Preparing;
                self.advance(context, effects);
                Ok(())
            }
            State::Choosing { failed: None } => Err(error),
            State::Preparing if self.window == Window::Wanted => Err(error),
            // The question was about a window that may be gone: it may as well be there, and its
            // answer be on its way.
            _ => Ok(()),
        }
    }
}
