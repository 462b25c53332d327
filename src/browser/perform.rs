//! What a step-up wants done: the window, the gate, the passkey, and the app's own functions.

use super::dom::{AbortController, global, to_json};
use super::driver::Driver;
use super::host::{from_js, get, object, own_error};
use super::js::{Function, array, callback, parse_json};
use super::notice::{demanded, plain};
use super::running::Running;
use super::task::{settled, spawn};
use super::timer::Timeout;
use super::{passkey, popup, random};
use crate::protocol::claims::Source;
use crate::protocol::coordinator::{Event, Saved, WaiterId};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{Choice, FlowEffect, FlowEvent, FlowId, Question};
use crate::protocol::method::Method;
use crate::protocol::origin;
use crate::protocol::requirement::Requirement;
use crate::protocol::secret::Secret;
use crate::protocol::transaction::Secrets;
use crate::protocol::units::Seconds;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

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
                FlowEvent::MetadataRead(driver.read_metadata(Some(flow)).await)
            }),
            FlowEffect::DrawSecrets => {
                self.spawn(flow, async move |driver| match driver.draw_secrets(flow).await {
                    Ok((secrets, digest)) => FlowEvent::SecretsDrawn(secrets, digest),
                    // Without WebCrypto nothing else works either: the first that fails tells it.
                    Err(error) => FlowEvent::MetadataRead(Err(error)),
                })
            }
            FlowEffect::ReadKeys { jwks_uri } => {
                self.fetch_the_verifier();
                let driver = Rc::clone(self);
                spawn(async move {
                    // Where it fails now, it is tried again when it is needed.
                    let _ = driver.read_keys(Some(flow), &jwks_uri, false).await;
                });
            }
            FlowEffect::TakeTurn { patience } => self.take_turn(flow, patience),
            FlowEffect::ForceTurn => self.host.force_turn(),
            FlowEffect::OpenWindow => self.open_window(flow),
            FlowEffect::ShowGate { question, methods } => self.show_gate(flow, question, &methods),
            FlowEffect::HideGate => self.host.hide_gate(),
            FlowEffect::CheckGesture => {
                let event = FlowEvent::GestureRead(gesture_is_alive());
                self.dispatch(Event::Flow(flow, event));
            }
            FlowEffect::CheckLeave => {
                let event = FlowEvent::GestureRead(self.host.may_leave());
                self.dispatch(Event::Flow(flow, event));
            }
            FlowEffect::Assert { options } => self.assert(flow, &options),
            FlowEffect::EndCeremony => self.with_running(flow, Running::end_ceremony),
            FlowEffect::GoTo { url, state } => self.go_to(flow, url.expose(), &state),
            FlowEffect::AwaitQuiet => {
                let quiet = self.host.quiet();
                self.spawn(flow, async move |_| {
                    let _ = settled(&quiet).await;
                    FlowEvent::Quiet
                });
            }
            FlowEffect::Leave { url, .. } => self.host.leave(url.expose()),
            FlowEffect::FocusWindow => self.with_running(flow, |running| {
                if let Some(window) = &running.window {
                    let _ = window.focus();
                }
            }),
            FlowEffect::CloseWindow => self.with_running(flow, Running::close_window),
            FlowEffect::Send { target, post } => {
                self.spawn(flow, async move |driver| driver.post(flow, target, post).await);
            }
            FlowEffect::Verify { id_token, expectation, jwks_uri, fresh_keys } => {
                // The module is fetched while the keys are.
                let verifier = self.host.verifier();
                self.spawn(flow, async move |driver| {
                    let session = expectation.source == Source::Session;
                    let keys = driver.read_keys(Some(flow), &jwks_uri, fresh_keys).await;
                    let outcome = match keys {
                        Ok(keys) => driver.verified(verifier, &id_token, &keys, &expectation).await,
                        Err(error) => Err(error),
                    };
                    match session {
                        true => FlowEvent::SessionVerified(outcome),
                        false => FlowEvent::AnswerVerified(outcome),
                    }
                });
            }
            FlowEffect::Authenticate { mut requirement, scope, reason } => {
                requirement.scope = scope;
                self.authenticate(flow, &requirement, reason.as_deref());
            }
            // The coordinator adds who waits, and tells the end otherwise.
            FlowEffect::Save(_)
            | FlowEffect::Proved(_)
            | FlowEffect::Prepared(_)
            | FlowEffect::Looked
            | FlowEffect::Done(_) => {}
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn take_turn(self: &Rc<Self>, flow: FlowId, patience: Seconds) {
        let driver = Rc::downgrade(self);
        let tell = callback(move |what, handed| {
            let event = match what.as_string().unwrap_or_default().as_str() {
                "taken" => FlowEvent::TurnTaken,
                "awaited" => FlowEvent::TurnAwaited,
                "overdue" => FlowEvent::TurnOverdue,
                _ => match from_js(handed, ErrorCode::ConfigurationInvalid, "") {
                    Ok(handed) => FlowEvent::HandedOver(Box::new(handed)),
                    // Another version of this package may have written it.
                    Err(_) => return,
                },
            };
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, event));
            }
        });
        self.host.take_turn(patience.millis().0 as f64, tell.as_ref().unchecked_ref());
        self.with_running(flow, |running| running.turn = Some(tell));
    }

    async fn draw_secrets(self: &Rc<Self>, flow: FlowId) -> Result<(Secrets, [u8; 32]), Error> {
        let (mut secrets, digest) = random::draw().await?;
        let bound = self.core.borrow().binds_tokens();
        if bound {
            secrets.key = Some(self.key(flow).await?);
        }
        Ok((secrets, digest))
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
        let answered = move |query: String| {
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, FlowEvent::Responded(query.into())));
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
        self.fetch_the_verifier();
    }

    /// What checks ID tokens is fetched while the user is busy; if that fails now, it is tried again
    /// when it is needed. A backend gives none to check.
    fn fetch_the_verifier(&self) {
        if self.core.borrow().checks_id_tokens() {
            let early = self.host.verifier();
            spawn(async move {
                let _ = settled(&early).await;
            });
        }
    }

    fn assert(self: &Rc<Self>, flow: FlowId, options: &str) {
        let Ok(abort) = AbortController::new() else { return };
        let signal = abort.signal();
        self.with_running(flow, |running| running.ceremony = Some(abort));
        let settings = passkey::Settings {
            signal: Some(signal.clone()),
            mediation: None,
            before: self.host.before_ceremony(),
        };
        let options = parse_json(options).unwrap_or(JsValue::UNDEFINED);
        let driver = Rc::clone(self);
        spawn(async move {
            let outcome = passkey::get(&options, settings).await;
            let credential = match outcome {
                Ok(credential) => to_json(&credential)
                    .ok()
                    .flatten()
                    .map(Secret::new)
                    .ok_or_else(|| Error::from(ErrorCode::PasskeyRefused)),
                // Nobody waits for it any more.
                Err(passkey::Failure::Aborted) => return,
                Err(passkey::Failure::Failed(error, cause)) => {
                    driver.keep_cause(flow, cause);
                    Err(error)
                }
            };
            if !signal.aborted() {
                driver.dispatch(Event::Flow(flow, FlowEvent::Asserted(credential)));
            }
        });
        self.fetch_the_verifier();
    }

    /// Saves what must survive a redirect.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn save(self: &Rc<Self>, flow: FlowId, saved: &Saved, waiters: &[WaiterId]) {
        let state = saved.state().to_owned();
        let waiters = array(waiters.iter().map(|id| JsValue::from(id.0)));
        let until = saved.until().0 as f64;
        let outcome = self.host.save(&state, until, &plain(saved), &waiters);
        self.with_running(flow, |running| running.saved_as = Some(state));
        self.spawn(flow, async move |driver| {
            let saved = settled(&outcome).await.map_err(|thrown| {
                let error = own_error(&thrown, ErrorCode::StorageUnavailable, "");
                driver.keep_cause(flow, thrown);
                error
            });
            FlowEvent::Saved(saved.map(drop))
        });
    }

    fn show_gate(self: &Rc<Self>, flow: FlowId, question: Question, methods: &[Method]) {
        let driver = Rc::downgrade(self);
        let choose = callback(move |choice, _| {
            let choice = match choice.as_string().unwrap_or_default().as_str() {
                "passkey" => Choice::Use(Method::Passkey),
                "popup" => Choice::Use(Method::Popup),
                "redirect" => Choice::Use(Method::Redirect),
                "open" => Choice::Open,
                "continue" => Choice::Continue,
                "here" => Choice::Here,
                "retry" => Choice::Retry,
                "another" => Choice::Another,
                _ => Choice::Cancel,
            };
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, FlowEvent::Chosen(choice)));
            }
        });
        let driver = Rc::downgrade(self);
        let refuse = callback(move |code, detail| {
            let code = code.as_string().and_then(|code| ErrorCode::from_code(&code));
            let code = code.unwrap_or(ErrorCode::PopupBlocked);
            let detail = detail.as_string().unwrap_or_default();
            if let Some(driver) = driver.upgrade() {
                let event = FlowEvent::GateRefused(Error::new(code, detail));
                driver.dispatch(Event::Flow(flow, event));
            }
        });
        let (reason, leader) = {
            let core = self.core.borrow();
            (core.reason(), core.leader().map(|WaiterId(waiter)| waiter))
        };
        let (state, error) = match question {
            Question::Choose => ("choose", None),
            Question::Waiting => ("waiting", None),
            Question::Lost => ("lost", None),
            Question::Failed(code) => ("failed", Some(code.code())),
            Question::Busy => ("busy", None),
            Question::Elsewhere { overdue: false } => ("elsewhere", None),
            Question::Elsewhere { overdue: true } => ("overdue", None),
        };
        let methods = array(methods.iter().map(|method| JsValue::from_str(method.name())));
        let model = object(&[
            ("state", state.into()),
            ("reason", reason.map_or(JsValue::UNDEFINED, JsValue::from)),
            ("origin", origin::of(&self.shown).unwrap_or_default().into()),
            ("methods", methods.into()),
            ("error", error.map_or(JsValue::UNDEFINED, JsValue::from_str)),
        ]);
        let choices: &Function = choose.as_ref().unchecked_ref();
        let refusals: &Function = refuse.as_ref().unchecked_ref();
        self.host.show_gate(&model, leader, choices, refusals);
        self.with_running(flow, |running| running.gate = Some((choose, refuse)));
    }

    fn read_session(self: &Rc<Self>, flow: FlowId) {
        let session = self.host.session();
        self.spawn(flow, async move |driver| {
            let read = settled(&session).await.map_err(|thrown| {
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
            ("requirement", demanded(asked)),
            ("reason", reason.map_or(JsValue::UNDEFINED, JsValue::from_str)),
            ("signal", signal.into()),
            ("window", window.map_or(JsValue::UNDEFINED, JsValue::from)),
        ]);
        let answer = self.host.authenticate(&request);
        self.spawn(flow, async move |driver| {
            let answer = settled(&answer).await.map_err(|thrown| {
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

/// Whether the user's last gesture still counts (HTML §6.4.1). An engine that does not tell is old,
/// and asks for one itself where it wants it.
fn gesture_is_alive() -> bool {
    let activation = get(&get(&global(), "navigator"), "userActivation");
    get(&activation, "isActive").as_bool().unwrap_or(true)
}
