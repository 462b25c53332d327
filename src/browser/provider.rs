//! What is fetched from the provider and sent to it, and what is checked with it.

use super::dom::{AbortController, to_json};
use super::driver::Driver;
use super::host::{from_js, get, object, own_error};
use super::js::{Function, Promise, items};
use super::network::{self, Answer, Body, Exchange};
use super::notice::{flow_name, plain};
use super::task::{settled, spawn};
use crate::protocol::assertion::{self, Offer, Post};
use crate::protocol::backend::Told;
use crate::protocol::border::{Import, record};
use crate::protocol::claims::{Claims, Expectation};
use crate::protocol::coordinator::WaiterId;
use crate::protocol::details::Details;
use crate::protocol::dpop::Thumbprint;
use crate::protocol::encode::concat;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::first_party::ChallengeAnswer;
use crate::protocol::flow::{FlowEvent, FlowId, Target};
use crate::protocol::metadata::{self, Metadata};
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

impl Driver {
    /// The provider's metadata, read once per page.
    pub(super) async fn read_metadata(
        self: &Rc<Self>,
        flow: Option<FlowId>,
    ) -> Result<Metadata, Error> {
        if let Some(known) = self.metadata.borrow().clone() {
            return Ok(known);
        }
        let url = metadata::url(&self.issuer);
        let answer = self.read(flow, Target::Metadata, &url).await?;
        let read: Metadata = from_js(answer, ErrorCode::MetadataInvalid, "the metadata")?;
        // What does not hold is not kept: the next step-up reads it anew.
        read.check(&self.issuer)?;
        *self.metadata.borrow_mut() = Some(read.clone());
        Ok(read)
    }

    /// Reads what the provider publishes before anybody asks for it. What cannot be read is read anew
    /// when it is needed: then it is said why not.
    pub(super) fn look_ahead(self: &Rc<Self>, waiter: WaiterId) {
        let driver = Rc::clone(self);
        spawn(async move {
            if !driver.issuer.is_empty()
                && let Ok(metadata) = driver.read_metadata(None).await
            {
                let _ = driver.read_keys(None, &metadata.jwks_uri, false).await;
            }
            driver.host.prepared(waiter.0, true);
        });
    }

    /// The provider's keys, as they are published.
    pub(super) async fn read_keys(
        self: &Rc<Self>,
        flow: Option<FlowId>,
        url: &str,
        fresh: bool,
    ) -> Result<JsValue, Error> {
        let known = self.keys.borrow().clone();
        match known.filter(|_| !fresh) {
            Some(keys) => Ok(keys),
            None => {
                let keys = self.read(flow, Target::Jwks, url).await?;
                // RFC 7517 §5. Anything else is not kept: the next step-up reads it anew.
                let list = get(&keys, "keys");
                if !list.is_array() || items(&list).is_empty() {
                    let what = "the answer has no keys";
                    return Err(Error::new(ErrorCode::ProviderUnreachable, what));
                }
                *self.keys.borrow_mut() = Some(keys.clone());
                Ok(keys)
            }
        }
    }

    /// POSTs what a step-up wants sent, and tells it the answer.
    pub(super) async fn post(
        self: &Rc<Self>,
        flow: FlowId,
        target: Target,
        post: Post,
    ) -> FlowEvent {
        match target {
            Target::PasskeyOptions | Target::PasskeyToken => {
                let answer = self.passkey_request(flow, target, &post).await;
                match (target, post.backend) {
                    (Target::PasskeyOptions, _) => {
                        FlowEvent::OptionsRead(answer.and_then(|answer| read_offer(&answer)))
                    }
                    (_, true) => {
                        FlowEvent::BackendAnswered(answer.and_then(|answer| read_told(&answer)))
                    }
                    (_, false) => FlowEvent::TokenAnswered(
                        answer.and_then(|answer| read_tokens(answer, target)),
                    ),
                }
            }
            Target::AuthorizationChallenge => {
                let answer = self.form(flow, target, post).await;
                FlowEvent::ChallengeAnswered(answer.and_then(|answer| {
                    let public_key = answer.json.as_ref().and_then(public_key_in);
                    let mut read: ChallengeAnswer = read_said(answer, target)?;
                    read.public_key = public_key;
                    Ok(read)
                }))
            }
            Target::PushedAuthorization => {
                let answer = self.form(flow, target, post).await;
                FlowEvent::Pushed(answer.and_then(|answer| read_said(answer, target)))
            }
            Target::Metadata | Target::Jwks | Target::Token => {
                let answer = self.form(flow, target, post).await;
                FlowEvent::TokenAnswered(answer.and_then(|answer| read_tokens(answer, target)))
            }
        }
    }

    /// A request to a passkey endpoint, in the shape that the app's adapter gives it.
    async fn passkey_request(
        self: &Rc<Self>,
        flow: FlowId,
        target: Target,
        post: &Post,
    ) -> Result<Answer, Error> {
        let Post { endpoint, body, backend, key } = post;
        let adapted = |thrown: JsValue| {
            let what = "the passkey adapter failed";
            let error = own_error(&thrown, ErrorCode::ConfigurationInvalid, what);
            self.keep_cause(flow, thrown);
            error
        };
        let name = network::name(target);
        let shape = self.host.shape_request(name, body.expose(), *backend);
        let shape = Body::Shaped(settled(&shape).await.map_err(adapted)?);
        let mut answer = self.request(Some(flow), target, endpoint, shape, key.as_ref()).await?;
        if let Some(json) = answer.json.take() {
            let read = self.host.read_answer(name, &json, answer.ok);
            answer.json = Some(settled(&read).await.map_err(adapted)?);
        }
        Ok(answer)
    }

    async fn form(
        self: &Rc<Self>,
        flow: FlowId,
        target: Target,
        post: Post,
    ) -> Result<Answer, Error> {
        let body = Body::Form(post.body);
        self.request(Some(flow), target, &post.endpoint, body, post.key.as_ref()).await
    }

    /// A GET whose answer must be JSON.
    async fn read(
        self: &Rc<Self>,
        flow: Option<FlowId>,
        target: Target,
        url: &str,
    ) -> Result<JsValue, Error> {
        let answer = self.request(flow, target, url, Body::None, None).await?;
        answer
            .good()
            .ok_or_else(|| Error::new(ErrorCode::ProviderUnreachable, network::name(target)))
    }

    /// One request, which ends with its step-up, if it belongs to one. With a key it is proved that it
    /// is held, and the request is repeated once where the server wants a nonce in the proof.
    pub(super) async fn request(
        self: &Rc<Self>,
        flow: Option<FlowId>,
        target: Target,
        url: &str,
        body: Body,
        key: Option<&Thumbprint>,
    ) -> Result<Answer, Error> {
        let abort = AbortController::new()
            .map_err(|_| Error::new(ErrorCode::ConfigurationInvalid, "no AbortController"))?;
        // Ends with its step-up, however that ends.
        if let Some(running) = self.running.borrow_mut().as_mut().filter(|it| Some(it.flow) == flow)
        {
            running.requests.push(abort.clone());
        }
        let name = flow_name(flow);
        let (host, limit) = (&self.host, self.limit);
        let mut exchange = Exchange { host, flow: &name, target, limit, abort, proof: None };
        let mut again = false;
        loop {
            if let Some(key) = key {
                exchange.proof = Some(self.prove(flow, key, &body.method(), url).await?);
            }
            let answer = exchange.send(url, &body).await?;
            if key.is_none() || !self.wants_nonce(url, &answer, again) {
                return Ok(answer);
            }
            again = true;
        }
    }
}

/// An object as its JSON text.
fn text_of(value: &JsValue) -> Option<String> {
    to_json(value).ok().flatten().filter(|_| value.is_object())
}

/// Options for a passkey as JSON text: without a `challenge` they are none (WebAuthn Level 3 §5.1.9).
fn options_in(json: &JsValue) -> Option<String> {
    get(json, "challenge").is_string().then(|| text_of(json)).flatten()
}

fn public_key_in(json: &JsValue) -> Option<String> {
    options_in(&get(json, "publicKey"))
}

/// Options for a passkey: bare, or as `publicKey` beside an `auth_session`.
pub(super) fn offer_in(json: &JsValue) -> Option<Offer> {
    let public_key = options_in(json).or_else(|| public_key_in(json))?;
    let auth_session = get(json, "auth_session").as_string().map(Secret::new);
    Some(Offer { public_key, auth_session })
}

/// What a token endpoint answers. The core compares details as text.
pub(super) fn read_tokens(answer: Answer, target: Target) -> Result<TokenAnswer, Error> {
    let details = answer.json.as_ref().map(|json| get(json, "authorization_details"));
    let details = Details::new(details.as_ref().and_then(text_of).unwrap_or_default());
    let mut read: TokenAnswer = read_said(answer, target)?;
    read.authorization_details = details;
    Ok(read)
}

/// What an OAuth endpoint says: what was asked for with a success (RFC 6749 §5.1), else an `error`
/// (§5.2). What stands before the server may answer in JSON too, which is neither.
fn read_said<T: Import>(answer: Answer, target: Target) -> Result<T, Error> {
    let what = network::name(target);
    match answer.json {
        Some(json) if answer.ok || says_error(&json) => {
            from_js(json, ErrorCode::ProviderUnreachable, what)
        }
        // What this one says is the adapter's, which may know other refusals.
        Some(json) if target == Target::PasskeyToken => Err(refusal(&json, false)),
        _ => Err(Error::new(ErrorCode::ProviderUnreachable, concat(&[what, "'s answer"]))),
    }
}

fn read_offer(answer: &Answer) -> Result<Offer, Error> {
    let json = answer.json.clone().unwrap_or(JsValue::UNDEFINED);
    match offer_in(&json) {
        Some(offer) if answer.ok && !says_error(&json) => Ok(offer),
        _ => Err(refusal(&json, answer.ok)),
    }
}

fn read_told(answer: &Answer) -> Result<Told, Error> {
    let json = answer.json.clone().unwrap_or(JsValue::UNDEFINED);
    match answer.ok && !says_error(&json) {
        // What it tells besides its status is its own affair, as long as that is no error.
        true => Ok(from_js(json, ErrorCode::ProviderUnreachable, "").unwrap_or_default()),
        false => Err(refusal(&json, answer.ok)),
    }
}

fn says_error(json: &JsValue) -> bool {
    get(json, "error").is_string()
}

/// Why a passkey endpoint did not give what was asked for.
fn refusal(json: &JsValue, ok: bool) -> Error {
    match get(json, "error").as_string() {
        Some(error) => assertion::refusal(&error),
        None if ok => Error::new(ErrorCode::ProviderUnreachable, "the answer has no options"),
        None => Error::new(ErrorCode::TokenRefused, "the passkey endpoint refused"),
    }
}

/// What the second module answers.
struct Verdict {
    claims: Option<Claims>,
    code: Option<String>,
    detail: Option<String>,
}

record!(import Verdict { claims: "claims", code: "code", detail: "detail" });

impl Driver {
    /// Has an ID token checked by the second module. Keys by which one does not hold are not kept: they
    /// may be another's, by the same names. Whether unknown ones are asked for again the core decides.
    pub(super) async fn verified(
        self: &Rc<Self>,
        verifier: Promise,
        id_token: &Secret,
        keys: &JsValue,
        expectation: &Expectation,
    ) -> Result<Claims, Error> {
        let outcome = verdict(verifier, id_token, keys, expectation).await;
        if outcome.as_ref().is_err_and(|error| error.code == ErrorCode::IdTokenInvalid) {
            *self.keys.borrow_mut() = None;
        }
        outcome
    }
}

async fn verdict(
    verifier: Promise,
    id_token: &Secret,
    keys: &JsValue,
    expectation: &Expectation,
) -> Result<Claims, Error> {
    let unavailable = |_| Error::new(ErrorCode::WasmUnavailable, "what checks ID tokens");
    let verify = settled(&verifier).await.map_err(unavailable)?;
    let request = object(&[
        ("idToken", id_token.expose().into()),
        ("jwks", keys.clone()),
        ("expectation", plain(expectation)),
    ]);
    let verify: Function = verify.unchecked_into();
    let promise = verify.call1(&JsValue::UNDEFINED, &request).map_err(unavailable)?;
    let verdict = settled(&Promise::resolve(&promise)).await.map_err(unavailable)?;
    let verdict: Verdict = from_js(verdict, ErrorCode::IdTokenInvalid, "the verdict")?;
    match (verdict.claims, verdict.code.and_then(|code| ErrorCode::from_code(&code))) {
        (Some(claims), None) => Ok(claims),
        (_, code) => Err(Error::new(
            code.unwrap_or(ErrorCode::IdTokenInvalid),
            verdict.detail.unwrap_or_default(),
        )),
    }
}
