//! Requests of the SDK's own, each with a time limit.

use super::dom::{AbortController, fired, first, keys, time};
use super::host::{Host, get, object};
use super::js::{Object, Promise, items};
use super::task::settled;
use super::timer::Timeout;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::Target;
use crate::protocol::origin;
use crate::protocol::secret::Secret;
use crate::protocol::units::Millis;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    pub type Request;
    type Headers;

    #[wasm_bindgen(constructor, catch)]
    fn new(url: &str, init: &Object) -> Result<Request, JsValue>;
    #[wasm_bindgen(constructor, js_class = Headers)]
    fn new() -> Headers;
    // Throws at what no header can be called or carry.
    #[wasm_bindgen(method, catch)]
    fn set(this: &Headers, name: &str, value: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn get(this: &Headers, name: &str) -> Result<Option<String>, JsValue>;
    // The page's own, whoever has wrapped it.
    #[wasm_bindgen(catch)]
    fn fetch(request: &Request) -> Result<Promise, JsValue>;
}

/// The name of a target in events.
pub const fn name(target: Target) -> &'static str {
    match target {
        Target::Metadata => "metadata",
        Target::Jwks => "jwks",
        Target::Token => "token",
        Target::PasskeyOptions => "passkey_options",
        Target::PasskeyToken => "passkey_token",
        Target::AuthorizationChallenge => "authorization_challenge",
        Target::PushedAuthorization => "pushed_authorization",
    }
}

/// What is sent.
pub enum Body {
    /// Nothing: a GET.
    None,
    /// A form (RFC 6749, appendix B).
    Form(Secret),
    /// What the app's adapter, or the form of the passkey endpoints, says: `{ method, headers,
    /// body, credentials }`.
    Shaped(JsValue),
}

impl Body {
    /// The method that it is sent by.
    pub fn method(&self) -> String {
        match self {
            Self::None => "GET".into(),
            Self::Form(_) => "POST".into(),
            Self::Shaped(shape) => get(shape, "method").as_string().unwrap_or_default(),
        }
    }
}

/// An answer: its status, and its JSON where it is some.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Whether the status is a success.
    pub ok: bool,
    /// The nonce for the next proof, where there is one that may be read (RFC 9449 §8).
    pub nonce: Option<String>,
    /// The body.
    pub json: Option<JsValue>,
}

impl Answer {
    /// The JSON of a success.
    pub fn good(self) -> Option<JsValue> {
        self.json.filter(|_| self.ok)
    }
}

/// One request, and who may end it early.
pub struct Exchange<'a> {
    /// Where the `request` event goes.
    pub host: &'a Host,
    /// The step-up's name in events.
    pub flow: &'a str,
    /// What it is for.
    pub target: Target,
    /// How long it may take.
    pub limit: Millis,
    /// Ends it.
    pub abort: AbortController,
    /// A proof that a key is held (RFC 9449 §4.1).
    pub proof: Option<String>,
}

impl Exchange<'_> {
    /// Sends the request and reads its answer.
    ///
    /// Nothing is carried along that the server has not been configured for: no referrer, no
    /// redirect is followed, and no cookies but to the app's own backend. The limit is for all of it,
    /// the body included, and holds also where something in the page does not hear the signal.
    ///
    /// # Errors
    ///
    /// `timed_out` after the limit; `provider_unreachable` if there is no answer, or one that breaks
    /// off, is longer than `body.js` reads, or is not the JSON that it says it is.
    pub async fn send(&self, url: &str, body: &Body) -> Result<Answer, Error> {
        let began = time();
        let late = Rc::new(Cell::new(false));
        let (abort, told) = (self.abort.clone(), Rc::clone(&late));
        let _clock = Timeout::after(self.limit.0, move || {
            told.set(true);
            abort.abort();
        });
        let status = Cell::new(0_u16);
        let answer = self.exchange(url, body, &status).await;
        self.host.emit(
            "request",
            &object(&[
                ("flow", self.flow.into()),
                ("target", name(self.target).into()),
                ("method", body.method().into()),
                ("url", origin::without_query(url).into()),
                ("status", status.get().into()),
                ("duration", (time() - began).into()),
            ]),
        );
        if late.get() {
            return Err(Error::new(ErrorCode::TimedOut, name(self.target)));
        }
        answer.map_err(|()| Error::new(ErrorCode::ProviderUnreachable, name(self.target)))
    }

    /// What a promise comes to, unless the request is ended before. What comes later is dropped.
    async fn unless_ended(&self, ended: &Promise, promise: &Promise) -> Result<JsValue, ()> {
        let outcome = settled(&first(promise, ended)).await;
        outcome.ok().filter(|_| !self.abort.signal().aborted()).ok_or(())
    }

    async fn exchange(&self, url: &str, body: &Body, status: &Cell<u16>) -> Result<Answer, ()> {
        let signal = self.abort.signal();
        if signal.aborted() {
            return Err(());
        }
        let ended = fired(&signal);
        let request = self.request(url, body).map_err(drop)?;
        // Where the page's `fetch` is wrapped by us, this one is not for the app's APIs.
        self.host.own(&request);
        let promise = fetch(&request).map_err(drop)?;
        let response = self.unless_ended(&ended, &promise).await?;
        let number = |name: &str| get(&response, name).as_f64();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        status.set(number("status").ok_or(())? as u16);
        let headers: Headers = get(&response, "headers").unchecked_into();
        let nonce = headers.get("DPoP-Nonce").map_err(drop)?;
        let ok = get(&response, "ok").is_truthy();
        let json = self.unless_ended(&ended, &self.host.read_json(&response)).await?;
        let json = Some(json).filter(|json| !json.is_undefined());
        Ok(Answer { status: status.get(), ok, nonce, json })
    }

    fn request(&self, url: &str, body: &Body) -> Result<Request, JsValue> {
        let headers = Headers::new();
        headers.set("Accept", "application/json")?;
        if let Some(proof) = &self.proof {
            headers.set("DPoP", proof)?;
        }
        let (mut credentials, mut content) = ("omit", JsValue::UNDEFINED);
        match body {
            Body::None => {}
            Body::Form(form) => {
                headers.set("Content-Type", "application/x-www-form-urlencoded")?;
                content = form.expose().into();
            }
            // As the app's adapter wants it.
            Body::Shaped(shape) => {
                if get(shape, "credentials").is_truthy() {
                    credentials = "include";
                }
                let given = get(shape, "headers");
                for name in items(&keys(&given)).iter().filter_map(JsValue::as_string) {
                    if let Some(value) = get(&given, &name).as_string() {
                        headers.set(&name, &value)?;
                    }
                }
                content = get(shape, "body");
            }
        }
        let method = match body.method().as_str() {
            "GET" => "GET",
            "PUT" => "PUT",
            _ => "POST",
        };
        let init = object(&[
            ("method", method.into()),
            ("headers", headers.into()),
            ("body", content),
            ("credentials", credentials.into()),
            ("redirect", "error".into()),
            ("referrerPolicy", "no-referrer".into()),
            (
                "cache",
                match self.target {
                    Target::Metadata => "default",
                    // Keys are asked for again when the ones that are there will not do.
                    Target::Jwks => "no-cache",
                    _ => "no-store",
                }
                .into(),
            ),
            ("signal", self.abort.signal().into()),
        ]);
        Request::new(url, &init)
    }
}
