//! The driver: feeds the core with what happens, and does what it wants done.

use super::host::{Host, object, own_error};
use super::network::{Exchange, Target};
use super::notice::{flow_name, plain, tell};
use super::running::Running;
use super::timer::Timeout;
use super::{popup, random};
use crate::protocol::claims::{Claims, Expectation, Source};
use crate::protocol::coordinator::{Coordinator, Effect, Event, Published, WaiterId};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{Button, Choice, FlowEffect, FlowEvent, FlowId};
use crate::protocol::metadata::{self, Metadata};
use crate::protocol::origin;
use crate::protocol::secret::Secret;
use crate::protocol::units::{EpochMillis, Millis};
use js_sys::{Array, Function};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, Window};

/// The core, and everything around it that has state.
pub struct Driver {
    core: RefCell<Coordinator>,
    pub(super) host: Host,
    /// The provider's identifier, for its metadata and to be shown.
    issuer: String,
    limit: Millis,
    events: RefCell<VecDeque<Event>>,
    busy: Cell<bool>,
    running: RefCell<Option<Running>>,
    /// Windows that came with an `ensure()` and have no step-up yet.
    spare: RefCell<Vec<(WaiterId, Window)>>,
    metadata: RefCell<Option<Metadata>>,
    keys: RefCell<Option<JsValue>>,
    /// What the app's own function or the network threw last, for the error's `cause`.
    cause: RefCell<JsValue>,
}

impl Driver {
    /// A driver for this core.
    pub fn new(core: Coordinator, host: Host, issuer: String, limit: Millis) -> Rc<Self> {
        Rc::new(Self {
            core: RefCell::new(core),
            host,
            issuer,
            limit,
            events: RefCell::default(),
            busy: Cell::new(false),
            running: RefCell::default(),
            spare: RefCell::default(),
            metadata: RefCell::default(),
            keys: RefCell::default(),
            cause: RefCell::new(JsValue::UNDEFINED),
        })
    }

    /// Asks the core something.
    pub fn ask<T>(&self, question: impl FnOnce(&Coordinator, EpochMillis) -> T) -> T {
        question(&self.core.borrow(), now())
    }

    /// Keeps a window that was opened inside a click until the core has decided about it.
    pub fn keep_window(&self, waiter: WaiterId, window: Window) {
        self.spare.borrow_mut().push((waiter, window));
    }

    /// Something happened. What it leads to is done before this returns, as far as it can be: a
    /// window must open within the click.
    pub fn dispatch(self: &Rc<Self>, event: Event) {
        self.events.borrow_mut().push_back(event);
        if self.busy.replace(true) {
            return;
        }
        loop {
            let next = self.events.borrow_mut().pop_front();
            let Some(event) = next else { break };
            let effects = self.core.borrow_mut().on(event, now());
            for effect in effects {
                self.perform(effect);
            }
        }
        self.busy.set(false);
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Flow(flow, effect) => self.perform_for(flow, effect),
            Effect::AdoptWindow { waiter, flow } => {
                let window = self.take_spare(waiter);
                self.with_running(flow, |running| running.window = window);
            }
            Effect::DropWindow { waiter } => {
                if let Some(window) = self.take_spare(waiter) {
                    let _ = window.close();
                }
            }
            Effect::EndFlow(flow) => {
                let ended = self.running.borrow_mut().take_if(|running| running.flow == flow);
                self.host.hide_button();
                drop(ended);
            }
            Effect::Retry { waiter, flow, access_token } => {
                self.host.retry(waiter.0, access_token.expose(), &flow_name(flow));
            }
            Effect::Settle { waiter, assurance } => {
                self.host.settle(waiter.0, &plain(&assurance));
            }
            Effect::Reject { waiter, error } => {
                let cause = self.cause.borrow().clone();
                self.host.reject(waiter.0, error.code.code(), &error.detail, &cause);
            }
            Effect::Publish(all) => {
                let all: Array = all.into_iter().map(published).collect();
                self.host.publish(&all);
            }
            Effect::Notice(notice) => tell(&self.host, notice),
        }
    }

    fn perform_for(self: &Rc<Self>, flow: FlowId, effect: FlowEffect) {
        match effect {
            FlowEffect::StartDeadline(limit) => {
                *self.cause.borrow_mut() = JsValue::UNDEFINED;
                let then = self.teller(flow, || FlowEvent::DeadlinePassed);
                let clock = Timeout::after(limit.millis().0, then);
                self.with_running(flow, |running| running.deadline = Some(clock));
            }
            FlowEffect::ReadSession => {
                let session = self.host.session();
                self.spawn(flow, async move |driver| {
                    let read = JsFuture::from(session).await.map_err(|thrown| {
                        let error =
                            own_error(&thrown, ErrorCode::ConfigurationInvalid, "session() failed");
                        *driver.cause.borrow_mut() = thrown;
                        error
                    });
                    FlowEvent::SessionRead(read.and_then(|session| {
                        from_js(session, ErrorCode::ConfigurationInvalid, "session()")
                    }))
                });
            }
            FlowEffect::ReadMetadata => self.spawn(flow, async move |driver| {
                FlowEvent::MetadataRead(driver.read_metadata(flow).await)
            }),
            FlowEffect::DrawSecrets => {
                self.spawn(flow, async move |_| match random::draw().await {
                    Ok((secrets, digest)) => FlowEvent::SecretsDrawn(secrets, digest),
                    // Without WebCrypto nothing else works either: the first that fails tells it.
                    Err(error) => FlowEvent::MetadataRead(Err(error)),
                })
            }
            FlowEffect::OpenWindow => self.open_window(flow),
            FlowEffect::ShowButton(button) => self.show_button(flow, button),
            FlowEffect::HideButton => self.host.hide_button(),
            FlowEffect::GoTo { url, state } => self.go_to(flow, &url, &state),
            FlowEffect::FocusWindow => self.with_running(flow, |running| {
                if let Some(window) = &running.window {
                    let _ = window.focus();
                }
            }),
            FlowEffect::CloseWindow => self.with_running(flow, Running::close_window),
            FlowEffect::Exchange { endpoint, body } => self.spawn(flow, async move |driver| {
                let answer = driver.request(flow, Target::Token, &endpoint, Some(&body)).await;
                FlowEvent::TokenAnswered(answer.and_then(|answer| {
                    from_js(answer, ErrorCode::ProviderUnreachable, "the token endpoint's answer")
                }))
            }),
            FlowEffect::Verify { id_token, expectation, jwks_uri, fresh_keys } => {
                // The module is fetched while the keys are.
                let verifier = self.host.verifier();
                self.spawn(flow, async move |driver| {
                    let session = expectation.source == Source::Session;
                    let keys = driver.read_keys(flow, &jwks_uri, fresh_keys).await;
                    let outcome = match keys {
                        Ok(keys) => verified(verifier, &id_token, &keys, &expectation).await,
                        Err(error) => Err(error),
                    };
                    match session {
                        true => FlowEvent::SessionVerified(outcome),
                        false => FlowEvent::AnswerVerified(outcome),
                    }
                });
            }
            FlowEffect::Authenticate { requirement, scope, reason } => {
                let mut asked = requirement;
                asked.scope = scope;
                let mut request = None;
                self.with_running(flow, |running| {
                    let abort = AbortController::new().ok();
                    let signal = abort.as_ref().map(AbortController::signal);
                    running.requests.extend(abort);
                    let signal = signal.map_or(JsValue::UNDEFINED, JsValue::from);
                    let window = running.window.as_ref();
                    request = Some(popup::request_object(
                        plain(&asked),
                        reason.as_deref(),
                        &signal,
                        window,
                    ));
                });
                let Some(answer) = request.map(|request| self.host.authenticate(&request)) else {
                    return;
                };
                self.spawn(flow, async move |driver| {
                    let answer = JsFuture::from(answer).await.map_err(|thrown| {
                        let error = own_error(
                            &thrown,
                            ErrorCode::AuthenticateFailed,
                            "the app's authenticate failed",
                        );
                        *driver.cause.borrow_mut() = thrown;
                        error
                    });
                    FlowEvent::OwnAnswered(answer.and_then(|answer| {
                        from_js(answer, ErrorCode::AuthenticateFailed, "authenticate's result")
                    }))
                });
            }
            FlowEffect::Done(_) => {}
        }
    }

    fn open_window(self: &Rc<Self>, flow: FlowId) {
        let opened = popup::open();
        let event = match &opened {
            Some(_) => FlowEvent::WindowOpened,
            None => FlowEvent::WindowBlocked,
        };
        if opened.is_some() {
            self.with_running(flow, |running| {
                running.watch = None;
                running.window = opened;
            });
            self.watch(flow);
        }
        self.dispatch(Event::Flow(flow, event));
    }

    /// Looks after the window from now on.
    fn watch(self: &Rc<Self>, flow: FlowId) {
        let lost = self.teller(flow, || FlowEvent::WindowLost);
        self.with_running(flow, |running| {
            running.watch = running.window.clone().map(|window| popup::watch(window, lost));
        });
    }

    fn go_to(self: &Rc<Self>, flow: FlowId, url: &str, state: &str) {
        let driver = Rc::downgrade(self);
        let answered = move |query| {
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, FlowEvent::Responded(query)));
            }
        };
        self.with_running(flow, |running| {
            if let Some(window) = &running.window {
                // First the listener, then the navigation that leads to what it listens for.
                running.listener = popup::Listener::new(state, window.clone(), answered);
                popup::navigate(window, url);
            }
        });
        self.watch(flow);
        // What checks ID tokens is fetched while the user is busy; if that fails now, it is tried
        // again when it is needed.
        let early = self.host.verifier();
        spawn_local(async move {
            let _ = JsFuture::from(early).await;
        });
    }

    fn show_button(self: &Rc<Self>, flow: FlowId, button: Button) {
        let driver = Rc::downgrade(self);
        let choose = Closure::<dyn FnMut(String)>::new(move |choice: String| {
            let choice = match choice.as_str() {
                "open" => Choice::Open,
                "continue" => Choice::Continue,
                _ => Choice::Cancel,
            };
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, FlowEvent::Chosen(choice)));
            }
        });
        let reason = self.core.borrow().reason();
        let kind = match button {
            Button::Open => "open",
            Button::Lost => "lost",
        };
        let provider = origin::of(&self.issuer).unwrap_or_default();
        let function: &Function = choose.as_ref().unchecked_ref();
        self.host.show_button(kind, reason.as_deref(), provider, function);
        self.with_running(flow, |running| running.choose = Some(choose));
    }

    async fn read_metadata(self: &Rc<Self>, flow: FlowId) -> Result<Metadata, Error> {
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

    async fn read_keys(
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

    async fn request(
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

    /// Starts something whose outcome is an event for the step-up.
    fn spawn<F>(self: &Rc<Self>, flow: FlowId, task: impl FnOnce(Rc<Self>) -> F + 'static)
    where
        F: Future<Output = FlowEvent> + 'static,
    {
        let driver = Rc::clone(self);
        spawn_local(async move {
            let event = task(Rc::clone(&driver)).await;
            driver.dispatch(Event::Flow(flow, event));
        });
    }

    /// A function that tells the core one thing.
    fn teller(self: &Rc<Self>, flow: FlowId, event: fn() -> FlowEvent) -> impl Fn() + 'static {
        let driver = Rc::downgrade(self);
        move || {
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, event()));
            }
        }
    }

    /// Changes what is running for the step-up that the core has just spoken of.
    fn with_running(&self, flow: FlowId, change: impl FnOnce(&mut Running)) {
        let mut running = self.running.borrow_mut();
        let current = match running.take_if(|running| running.flow == flow) {
            Some(current) => running.insert(current),
            None => running.insert(Running::new(flow)),
        };
        change(current);
    }

    fn take_spare(&self, waiter: WaiterId) -> Option<Window> {
        let mut spare = self.spare.borrow_mut();
        let at = spare.iter().position(|(of, _)| *of == waiter)?;
        Some(spare.swap_remove(at).1)
    }
}

fn now() -> EpochMillis {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    EpochMillis(js_sys::Date::now() as u64)
}

/// A JavaScript value as one of the core's types.
///
/// # Errors
///
/// `code`, with what it was that could not be read.
pub fn from_js<T: DeserializeOwned>(
    value: JsValue,
    code: ErrorCode,
    what: &str,
) -> Result<T, Error> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|_| Error::new(code, [what, " does not have the expected form"].concat()))
}

fn published(token: Option<Published>) -> JsValue {
    #[allow(clippy::cast_precision_loss)]
    token.map_or(JsValue::NULL, |token| {
        object(&[
            ("serial", token.serial.0.into()),
            ("token", token.access_token.expose().into()),
            ("until", (token.until.0 as f64).into()),
            ("once", token.once.into()),
        ])
        .into()
    })
}

/// What the second module answers.
#[derive(Deserialize)]
struct Verdict {
    claims: Option<Claims>,
    code: Option<String>,
    detail: Option<String>,
}

/// Has an ID token checked by the second module.
async fn verified(
    verifier: js_sys::Promise,
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
    let verdict = JsFuture::from(js_sys::Promise::resolve(&promise)).await.map_err(unavailable)?;
    let verdict: Verdict = from_js(verdict, ErrorCode::IdTokenInvalid, "the verdict")?;
    match (verdict.claims, verdict.code.and_then(|code| ErrorCode::from_code(&code))) {
        (Some(claims), None) => Ok(claims),
        (_, code) => Err(Error::new(
            code.unwrap_or(ErrorCode::IdTokenInvalid),
            verdict.detail.unwrap_or_default(),
        )),
    }
}
