//! What a step-up wants done: the window, the button, and the app's own functions.

use super::driver::Driver;
use super::host::{from_js, object, own_error};
use super::network::Target;
use super::notice::plain;
use super::running::Running;
use super::timer::Timeout;
use super::{popup, random};
use crate::protocol::claims::Source;
use crate::protocol::coordinator::Event;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{Button, Choice, FlowEffect, FlowEvent, FlowId};
use crate::protocol::origin;
use crate::protocol::requirement::Requirement;
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

impl Driver {
    /// Does what a step-up wants done.
    pub(super) fn perform_for(self: &Rc<Self>, flow: FlowId, effect: FlowEffect) {
        match effect {
            FlowEffect::StartDeadline(limit) => {
                let then = self.teller(flow, || FlowEvent::DeadlinePassed);
                let clock = Timeout::after(limit.millis().0, then);
                self.with_running(flow, |running| running.deadline = Some(clock));
            }
            FlowEffect::ReadSession => self.read_session(flow),
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
            FlowEffect::ShowButton(button) => self.show_gate(flow, button),
            FlowEffect::HideButton => self.host.hide_gate(),
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
                        Ok(keys) => {
                            super::provider::verified(verifier, &id_token, &keys, &expectation)
                                .await
                        }
                        Err(error) => Err(error),
                    };
                    match session {
                        true => FlowEvent::SessionVerified(outcome),
                        false => FlowEvent::AnswerVerified(outcome),
                    }
                });
            }
            FlowEffect::Authenticate { requirement, scope, reason } => {
                let asked = Requirement { scope, ..requirement };
                self.authenticate(flow, &asked, reason.as_deref());
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

    fn show_gate(self: &Rc<Self>, flow: FlowId, button: Button) {
        let driver = Rc::downgrade(self);
        let choose = Closure::<dyn FnMut(String)>::new(move |choice: String| {
            let choice = match choice.as_str() {
                "open" | "popup" => Choice::Open,
                "continue" => Choice::Continue,
                _ => Choice::Cancel,
            };
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, FlowEvent::Chosen(choice)));
            }
        });
        let driver = Rc::downgrade(self);
        let refuse =
            Closure::<dyn FnMut(String, String)>::new(move |code: String, detail: String| {
                let code = ErrorCode::from_code(&code).unwrap_or(ErrorCode::PopupBlocked);
                if let Some(driver) = driver.upgrade() {
                    let event = FlowEvent::GateRefused(Error::new(code, detail));
                    driver.dispatch(Event::Flow(flow, event));
                }
            });
        let reason = self.core.borrow().reason();
        let kind = match button {
            Button::Open => "open",
            Button::Lost => "lost",
        };
        let provider = origin::of(&self.issuer).unwrap_or_default();
        let choices: &Function = choose.as_ref().unchecked_ref();
        let refusals: &Function = refuse.as_ref().unchecked_ref();
        self.host.show_gate(kind, reason.as_deref(), provider, choices, refusals);
        self.with_running(flow, |running| running.gate = Some((choose, refuse)));
    }

    fn read_session(self: &Rc<Self>, flow: FlowId) {
        let session = self.host.session();
        self.spawn(flow, async move |driver| {
            let read = JsFuture::from(session).await.map_err(|thrown| {
                let error = own_error(&thrown, ErrorCode::ConfigurationInvalid, "session() failed");
                driver.keep_cause(flow, thrown);
                error
            });
            FlowEvent::SessionRead(
                read.and_then(|session| {
                    from_js(session, ErrorCode::ConfigurationInvalid, "session()")
                }),
            )
        });
    }

    fn authenticate(self: &Rc<Self>, flow: FlowId, asked: &Requirement, reason: Option<&str>) {
        let Ok(abort) = AbortController::new() else { return };
        let signal = abort.signal();
        let mut window = None;
        self.with_running(flow, |running| {
            running.requests.push(abort);
            window = running.window.clone();
        });
        let request = object(&[
            ("requirement", plain(asked)),
            ("reason", reason.map_or(JsValue::UNDEFINED, JsValue::from_str)),
            ("signal", signal.into()),
            ("window", window.map_or(JsValue::UNDEFINED, JsValue::from)),
        ]);
        let answer = self.host.authenticate(&request);
        self.spawn(flow, async move |driver| {
            let answer = JsFuture::from(answer).await.map_err(|thrown| {
                let what = "the app's authenticate failed";
                let error = own_error(&thrown, ErrorCode::AuthenticateFailed, what);
                driver.keep_cause(flow, thrown);
                error
            });
            FlowEvent::OwnAnswered(answer.and_then(|answer| {
                from_js(answer, ErrorCode::AuthenticateFailed, "authenticate's result")
            }))
        });
    }
}
