//! A step-up at the authorization challenge endpoint, for apps of the provider's own.

use super::effect::{FlowEffect, Target};
use super::machine::{Context, Flow, Offered, State, Window};
use super::push::Push;
use super::subject::hint;
use crate::protocol::assertion::Post;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::first_party::{ChallengeAnswer, Next};
use crate::protocol::method::Method;
use crate::protocol::pushed::Kept;
use crate::protocol::secret::Secret;

impl Flow {
    /// Asks for a code: first without anything, then with what a passkey has answered.
    pub(super) fn ask_as_first_party(
        &mut self,
        auth_session: Option<&Secret>,
        credential: Option<&Secret>,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) {
        let (Some(transaction), Some((_, digest)), Some(session)) =
            (self.transaction(context), &self.secrets, &self.session)
        else {
            return;
        };
        let hint = hint(session, context.user);
        let body = transaction.challenge_request(
            context.config.acr_request,
            &hint,
            digest,
            auth_session,
            credential,
        );
        if credential.is_none() {
            self.offered = Offered::Asked;
        }
        let endpoint = transaction.metadata.authorization_challenge_endpoint.unwrap_or_default();
        let post = Post { endpoint, body, backend: false, key: None };
        effects.push(FlowEffect::Send { target: Target::AuthorizationChallenge, post });
    }

    /// The endpoint has answered.
    pub(super) fn challenge_answered(
        &mut self,
        answer: Result<ChallengeAnswer, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let submitting = matches!(self.state, State::Submitting { .. });
        if !self.first_party || (!submitting && !matches!(self.offered, Offered::Asked)) {
            return Ok(());
        }
        let next = answer.and_then(|answer| answer.next(None));
        match next {
            // Whatever else it means, nobody is asked now.
            Ok(Next::Exchange(_) | Next::Web(_) | Next::Restart) if self.ahead => {
                return Err(ErrorCode::PasskeyUnavailable.into());
            }
            Ok(Next::Assert(offer)) if !submitting => {
                return self.options_read(Ok(offer), context, effects);
            }
            Ok(_) if !self.is_by_passkey() => self.offered = Offered::No,
            Ok(Next::Assert(_)) => {
                let error = Error::new(ErrorCode::TokenRefused, "the passkey was not enough");
                return self.failed(error, context, effects);
            }
            Ok(Next::Exchange(code)) => {
                if let Some(transaction) = self.transaction(context) {
                    let body = transaction.direct_token_request(&code);
                    self.exchange(transaction, body, effects);
                }
            }
            Ok(Next::Web(kept_request)) => {
                self.offered = Offered::No;
                return self.go_to_the_web(kept_request, context, effects);
            }
            // Once, and from the beginning.
            Ok(Next::Restart) if !self.restarted => {
                self.restarted = true;
                self.offered = Offered::No;
                self.state = State::Preparing;
                self.advance(context, effects);
            }
            Ok(Next::Restart) => {
                let error = Error::new(ErrorCode::TokenRefused, "invalid_session");
                return self.failed(error, context, effects);
            }
            Err(error) if submitting => return self.failed(error, context, effects),
            Err(error) => return self.options_read(Err(error), context, effects),
        }
        Ok(())
    }

    fn is_by_passkey(&self) -> bool {
        self.method == Some(Method::Passkey)
            && matches!(self.state, State::Preparing | State::Submitting { .. })
    }

    /// Only the provider's own pages lead on.
    fn go_to_the_web(
        &mut self,
        kept_request: Option<Secret>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        self.methods.retain(|method| *method != Method::Passkey);
        // Both others lead there; the app's order decides.
        let Some(method) = self.methods.first().copied() else {
            let detail = "redirect_to_web, and no method leads there";
            return Err(Error::new(ErrorCode::AuthorizationRefused, detail));
        };
        self.push = kept_request
            .map_or(Push::No, |request_uri| Push::Kept(Kept { request_uri, until: None }));
        self.method = Some(method);
        self.clicked = false;
        self.state = State::Preparing;
        if method == Method::Popup {
            self.window = Window::Wanted;
            effects.push(FlowEffect::OpenWindow);
        } else {
            self.window = Window::None;
            self.advance(context, effects);
        }
        Ok(())
    }
}
