//! Requests to the authorization server, each with a time limit.

use super::host::{Host, object};
use super::timer::Timeout;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::origin;
use crate::protocol::secret::Secret;
use crate::protocol::units::Millis;
use gloo_net::http::{Method, Request, RequestBuilder};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReferrerPolicy, RequestCache, RequestCredentials, RequestRedirect};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The provider's metadata.
    Metadata,
    /// The provider's keys.
    Jwks,
    /// The token endpoint.
    Token,
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Jwks => "jwks",
            Self::Token => "token",
        }
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
}

impl Exchange<'_> {
    /// Sends the request and reads the JSON of its answer; a POST if there is a form to send.
    ///
    /// Nothing is carried along that the server has not been configured for: no cookies, no
    /// referrer, and no redirect is followed.
    ///
    /// # Errors
    ///
    /// `timed_out` after the limit; `provider_unreachable` if there is no answer, if it is no JSON,
    /// or if its status is an error, save for the token endpoint, whose errors are JSON as well
    /// (RFC 6749 §5.2).
    pub async fn json(self, url: &str, form: Option<&Secret>) -> Result<JsValue, Error> {
        let late = Rc::new(Cell::new(false));
        let (abort, is_late) = (self.abort.clone(), Rc::clone(&late));
        let _clock = Timeout::after(self.limit.0, move || {
            is_late.set(true);
            abort.abort();
        });
        let began = js_sys::Date::now();
        let mut status = 0;
        let answer = self.send(url, form, &mut status).await;
        let method = if form.is_some() { "POST" } else { "GET" };
        self.host.emit(
            "request",
            &object(&[
                ("flow", self.flow.into()),
                ("target", self.target.name().into()),
                ("method", method.into()),
                ("url", origin::without_query(url).into()),
                ("status", status.into()),
                ("duration", (js_sys::Date::now() - began).into()),
            ]),
        );
        if late.get() {
            return Err(Error::new(ErrorCode::TimedOut, self.target.name()));
        }
        answer.map_err(|()| Error::new(ErrorCode::ProviderUnreachable, self.target.name()))
    }

    async fn send(
        &self,
        url: &str,
        form: Option<&Secret>,
        status: &mut u16,
    ) -> Result<JsValue, ()> {
        let request = RequestBuilder::new(url)
            .credentials(RequestCredentials::Omit)
            .redirect(RequestRedirect::Error)
            .referrer_policy(ReferrerPolicy::NoReferrer)
            .cache(match self.target {
                Target::Metadata => RequestCache::Default,
                // Keys are asked for again when the ones that are there will not do.
                Target::Jwks => RequestCache::NoCache,
                Target::Token => RequestCache::NoStore,
            })
            .header("Accept", "application/json")
            .abort_signal(Some(&self.abort.signal()));
        let request = match form {
            None => request.build(),
            Some(form) => request
                .method(Method::POST)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form.expose()),
        };
        let request: web_sys::Request = request.map_err(drop)?.into();
        // Where the page's `fetch` is wrapped by us, this one is not for the app's APIs.
        self.host.own(&request);
        let response = Request::from(request).send().await.map_err(drop)?;
        *status = response.status();
        if !response.ok() && self.target != Target::Token {
            return Err(());
        }
        let raw: web_sys::Response = response.into();
        JsFuture::from(raw.json().map_err(drop)?).await.map_err(drop)
    }
}
