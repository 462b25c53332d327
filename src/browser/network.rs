//! Requests of the SDK's own, each with a time limit.

use super::host::{Host, get, object};
use super::timer::Timeout;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::Target;
use crate::protocol::origin;
use crate::protocol::secret::Secret;
use crate::protocol::units::Millis;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use gloo_net::http::{Method, Request, RequestBuilder};
use js_sys::Promise;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReferrerPolicy, RequestCache, RequestCredentials, RequestRedirect};

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
        let began = js_sys::Date::now();
        let late = Rc::new(Cell::new(false));
        let (abort, told) = (self.abort.clone(), Rc::clone(&late));
        let _clock = Timeout::after(self.limit.0, move || {
            told.set(true);
            abort.abort();
        });
        let status = Cell::new(0_u16);
        let answer = self.until_ended(self.exchange(url, body, &status)).await;
        self.host.emit(
            "request",
            &object(&[
                ("flow", self.flow.into()),
                ("target", name(self.target).into()),
                ("method", body.method().into()),
                ("url", origin::without_query(url).into()),
                ("status", status.get().into()),
                ("duration", (js_sys::Date::now() - began).into()),
            ]),
        );
        if late.get() {
            return Err(Error::new(ErrorCode::TimedOut, name(self.target)));
        }
        answer.map_err(|()| Error::new(ErrorCode::ProviderUnreachable, name(self.target)))
    }

    /// What comes of it, unless it is ended before. What comes later is dropped.
    async fn until_ended<T>(&self, work: impl Future<Output = Result<T, ()>>) -> Result<T, ()> {
        let signal = self.abort.signal();
        if signal.aborted() {
            return Err(());
        }
        let ended = Promise::new(&mut |end, _| {
            // Every signal takes a listener.
            let _ = signal.add_event_listener_with_callback("abort", &end);
        });
        let (mut ended, mut work) = (pin!(JsFuture::from(ended)), pin!(work));
        poll_fn(|context| match ended.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(Err(())),
            Poll::Pending => work.as_mut().poll(context),
        })
        .await
    }

    async fn exchange(&self, url: &str, body: &Body, status: &Cell<u16>) -> Result<Answer, ()> {
        let credentials = match body {
            Body::Shaped(shape) if get(shape, "credentials").is_truthy() => {
                RequestCredentials::Include
            }
            _ => RequestCredentials::Omit,
        };
        let request = RequestBuilder::new(url)
            .credentials(credentials)
            .redirect(RequestRedirect::Error)
            .referrer_policy(ReferrerPolicy::NoReferrer)
            .cache(match self.target {
                Target::Metadata => RequestCache::Default,
                // Keys are asked for again when the ones that are there will not do.
                Target::Jwks => RequestCache::NoCache,
                _ => RequestCache::NoStore,
            })
            .header("Accept", "application/json")
            .abort_signal(Some(&self.abort.signal()));
        let request = match &self.proof {
            Some(proof) => request.header("DPoP", proof),
            None => request,
        };
        let request = match body {
            Body::None => request.build(),
            Body::Form(form) => request
                .method(Method::POST)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form.expose()),
            Body::Shaped(shape) => shaped(request, shape),
        };
        let request: web_sys::Request = request.map_err(drop)?.into();
        // Where the page's `fetch` is wrapped by us, this one is not for the app's APIs.
        self.host.own(&request);
        let response = Request::from(request).send().await.map_err(drop)?;
        status.set(response.status());
        let (ok, nonce) = (response.ok(), response.headers().get("DPoP-Nonce"));
        let json = JsFuture::from(self.host.read_json(&response.into())).await.map_err(drop)?;
        let json = Some(json).filter(|json| !json.is_undefined());
        Ok(Answer { status: status.get(), ok, nonce, json })
    }
}

/// A request as the app's adapter wants it.
fn shaped(request: RequestBuilder, shape: &JsValue) -> Result<Request, gloo_net::Error> {
    let method = match get(shape, "method").as_string().as_deref() {
        Some("GET") => Method::GET,
        Some("PUT") => Method::PUT,
        _ => Method::POST,
    };
    let mut request = request.method(method);
    let headers = get(shape, "headers");
    for entry in js_sys::Object::entries(headers.unchecked_ref()).iter() {
        let entry: js_sys::Array = entry.unchecked_into();
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
            request = request.header(&name, &value);
        }
    }
    match get(shape, "body") {
        body if body.is_undefined() => request.build(),
        body => request.body(body),
    }
}
