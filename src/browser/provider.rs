//! What is fetched from the provider and kept, and what is checked with it.

use super::driver::Driver;
use super::host::{from_js, object};
use super::network::{Exchange, Target};
use super::notice::{flow_name, plain};
use crate::protocol::claims::{Claims, Expectation};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::FlowId;
use crate::protocol::metadata::{self, Metadata};
use crate::protocol::secret::Secret;
use js_sys::{Function, Promise};
use serde::Deserialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

impl Driver {
    /// The provider's metadata, read once per page.
    pub(super) async fn read_metadata(self: &Rc<Self>, flow: FlowId) -> Result<Metadata, Error> {
        if let Some(known) = self.metadata.borrow().clone() {
            return Ok(known);
        }
        let url = metadata::url(&self.issuer);
        let answer = self.request(flow, Target::Metadata, &url, None).await?;
        let read: Metadata = from_js(answer, ErrorCode::MetadataInvalid, "the metadata")?;
        // What does not hold is not kept: the next step-up reads it anew.
        read.check(&self.issuer)?;
        *self.metadata.borrow_mut() = Some(read.clone());
        Ok(read)
    }

    /// The provider's keys, as they are published.
    pub(super) async fn read_keys(
        self: &Rc<Self>,
        flow: FlowId,
        url: &str,
        fresh: bool,
    ) -> Result<JsValue, Error> {
        let known = self.keys.borrow().clone();
        match known.filter(|_| !fresh) {
            Some(keys) => Ok(keys),
            None => {
                let keys = self.request(flow, Target::Jwks, url, None).await?;
                *self.keys.borrow_mut() = Some(keys.clone());
                Ok(keys)
            }
        }
    }

    /// One request to the provider, which ends with its step-up.
    pub(super) async fn request(
        self: &Rc<Self>,
        flow: FlowId,
        target: Target,
        url: &str,
        form: Option<&Secret>,
    ) -> Result<JsValue, Error> {
        let abort = AbortController::new()
            .map_err(|_| Error::new(ErrorCode::ConfigurationInvalid, "no AbortController"))?;
        // Ends with its step-up, however that ends.
        if let Some(running) = self.running.borrow_mut().as_mut().filter(|it| it.flow == flow) {
            running.requests.push(abort.clone());
        }
        let name = flow_name(Some(flow));
        let exchange = Exchange { host: &self.host, flow: &name, target, limit: self.limit, abort };
        exchange.json(url, form).await
    }
}

/// What the second module answers.
#[derive(Deserialize)]
struct Verdict {
    claims: Option<Claims>,
    code: Option<String>,
    detail: Option<String>,
}

/// Has an ID token checked by the second module.
pub(super) async fn verified(
    verifier: Promise,
    id_token: &Secret,
    keys: &JsValue,
    expectation: &Expectation,
) -> Result<Claims, Error> {
    let unavailable = |_| Error::new(ErrorCode::WasmUnavailable, "what checks ID tokens");
    let verify = JsFuture::from(verifier).await.map_err(unavailable)?;
    let request = object(&[
        ("idToken", id_token.expose().into()),
        ("jwks", keys.clone()),
        ("expectation", plain(expectation)),
    ]);
    let verify: Function = verify.unchecked_into();
    let promise = verify.call1(&JsValue::UNDEFINED, &request).map_err(unavailable)?;
    let verdict = JsFuture::from(Promise::resolve(&promise)).await.map_err(unavailable)?;
    let verdict: Verdict = from_js(verdict, ErrorCode::IdTokenInvalid, "the verdict")?;
    match (verdict.claims, verdict.code.and_then(|code| ErrorCode::from_code(&code))) {
        (Some(claims), None) => Ok(claims),
        (_, code) => Err(Error::new(
            code.unwrap_or(ErrorCode::IdTokenInvalid),
            verdict.detail.unwrap_or_default(),
        )),
    }
}
