//! Gathering what the question needs, and asking the user.

use super::effect::FlowEffect;
use super::machine::{Check, Context, Flow, State, Window};
use super::subject::hint;
use crate::protocol::config::Arrangement;
use crate::protocol::transaction::Transaction;

impl Flow {
    /// Goes on as far as what is known allows.
    pub(super) fn advance(&mut self, context: &mut Context<'_>, effects: &mut Vec<FlowEffect>) {
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
}

/// Sends the window to the provider, for the first time or again.
pub(super) fn go_to(transaction: &Transaction, url: &str) -> FlowEffect {
    FlowEffect::GoTo { url: url.to_owned(), state: transaction.secrets.state.clone() }
}
