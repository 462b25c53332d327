//! Proofs that the key of a token is held: the core's part of what `dpop.js` does, and what is done
//! with them in requests to the provider.

use super::client::Client;
use super::driver::{Driver, now};
use super::host::{get, own_error};
use super::network::Answer;
use super::task::settled;
use crate::protocol::dpop::{Asking, Next, Proof, PublicKey, Thumbprint};
use crate::protocol::encode::concat;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::FlowId;
use crate::protocol::origin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Client {
    /// What each proof of this key begins with; the claims and the signature follow, each after a dot.
    pub fn proof_header(&self, x: &str, y: &str) -> String {
        PublicKey { x, y }.header()
    }

    /// What is claimed by one send of a request, with the newest nonce of its server. `ath` is the digest
    /// of the access token that goes along.
    pub fn proof(&self, jti: &str, method: &str, url: &str, ath: Option<String>) -> String {
        let nonces = self.driver.nonces.borrow();
        let (at, ath, nonce) = (now().seconds(), ath.as_deref(), nonces.of(url));
        Proof { jti, method, url, at, ath, nonce }.claims()
    }

    /// An API has answered a request with a proof. True if that is to be sent once more, with a nonce.
    pub fn proved(
        &self,
        url: &str,
        status: u16,
        header: Option<String>,
        nonce: Option<String>,
        again: bool,
    ) -> bool {
        let asking = Asking::Challenge(header.as_deref().unwrap_or_default());
        self.driver.wants_again(url, status, asking, nonce.as_deref(), again)
    }
}

impl Driver {
    /// The key that tokens are to be bound to from now on.
    pub(super) async fn key(self: &Rc<Self>, flow: FlowId) -> Result<Thumbprint, Error> {
        let key = settled(&self.host.key()).await;
        key.map(|key| Thumbprint(key.as_string().unwrap_or_default())).map_err(|thrown| {
            let error = own_error(&thrown, ErrorCode::ConfigurationInvalid, "no key for dpop");
            self.keep_cause(flow, thrown);
            error
        })
    }

    /// A proof for a request to the provider.
    pub(super) async fn prove(
        self: &Rc<Self>,
        flow: Option<FlowId>,
        key: &Thumbprint,
        method: &str,
        url: &str,
    ) -> Result<String, Error> {
        let proof = settled(&self.host.prove(&key.0, method, url)).await;
        proof.map(|proof| proof.as_string().unwrap_or_default()).map_err(|thrown| {
            let error = own_error(&thrown, ErrorCode::ConfigurationInvalid, "no proof for dpop");
            if let Some(flow) = flow {
                self.keep_cause(flow, thrown);
            }
            error
        })
    }

    /// Whether a request to the provider is to be sent once more, now that it has been answered.
    pub(super) fn wants_nonce(&self, url: &str, answer: &Answer, again: bool) -> bool {
        let error = answer.json.as_ref().and_then(|json| get(json, "error").as_string());
        let asking = Asking::Error(error.as_deref());
        self.wants_again(url, answer.status, asking, answer.nonce.as_deref(), again)
    }

    fn wants_again(
        &self,
        url: &str,
        status: u16,
        asking: Asking<'_>,
        nonce: Option<&str>,
        again: bool,
    ) -> bool {
        let next = self.nonces.borrow_mut().answered(url, status, asking, nonce, again);
        if next == Next::Unreadable {
            let server = origin::of(url).unwrap_or_default();
            let why = " wants a nonce that this page cannot read; \
                list DPoP-Nonce in Access-Control-Expose-Headers";
            self.host.diagnose("nonce_unreadable", &concat(&[server, why]));
        }
        next == Next::Again
    }
}
