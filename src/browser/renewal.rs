//! What the renewal of a token wants done.

use super::driver::Driver;
use super::js::Function;
use super::network::Body;
use super::provider::read_tokens;
use super::task::{settled, spawn};
use crate::protocol::claims::{Claims, Expectation};
use crate::protocol::coordinator::{Event, RenewalEffect, RenewalEvent};
use crate::protocol::dpop::Thumbprint;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::Target;
use crate::protocol::held::Serial;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

impl Driver {
    /// Does what a renewal wants done. It belongs to no step-up, and is not ended with one: what is on
    /// its way may have made the old refresh token void.
    pub(super) fn renewal(self: &Rc<Self>, serial: Serial, effect: RenewalEffect) {
        let driver = Rc::clone(self);
        spawn(async move {
            let event = match effect {
                RenewalEffect::Ask { body, key } => {
                    RenewalEvent::Answered(driver.ask_for_renewal(serial, body, key.as_ref()).await)
                }
                RenewalEffect::Verify { id_token, expectation, fresh_keys } => {
                    let verdict = driver.verify_renewed(&id_token, &expectation, fresh_keys).await;
                    RenewalEvent::Verified(verdict)
                }
            };
            driver.dispatch(Event::Renewal(serial, event));
        });
    }

    async fn ask_for_renewal(
        self: &Rc<Self>,
        serial: Serial,
        body: Secret,
        key: Option<&Thumbprint>,
    ) -> Result<TokenAnswer, Error> {
        let late = |_| Error::new(ErrorCode::TimedOut, "another tab renews a token");
        let done = settled(&self.host.renewal_lock()).await.map_err(late)?;
        let answer = match self.ask(|core, _| core.is_renewing(serial)) {
            true => self.post_renewal(body, key).await,
            false => Err(ErrorCode::SessionChanged.into()),
        };
        let done: Function = done.unchecked_into();
        let _ = done.call0(&JsValue::UNDEFINED);
        answer
    }

    async fn post_renewal(
        self: &Rc<Self>,
        body: Secret,
        key: Option<&Thumbprint>,
    ) -> Result<TokenAnswer, Error> {
        let metadata = self.read_metadata(None).await?;
        let body = Body::Form(body);
        let endpoint = &metadata.token_endpoint;
        let answer = self.request(None, Target::Token, endpoint, body, key).await?;
        read_tokens(answer, Target::Token)
    }

    async fn verify_renewed(
        self: &Rc<Self>,
        id_token: &Secret,
        expectation: &Expectation,
        fresh_keys: bool,
    ) -> Result<Claims, Error> {
        let verifier = self.host.verifier();
        let metadata = self.read_metadata(None).await?;
        let keys = self.read_keys(None, &metadata.jwks_uri, fresh_keys).await?;
        self.verified(verifier, id_token, &keys, expectation).await
    }
}
