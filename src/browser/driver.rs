//! The driver: feeds the core with what happens, and does what it wants done.

use super::clock::Clock;
use super::dom::{self, Window};
use super::host::{Host, object};
use super::js::array;
use super::notice::{flow_name, plain, tell};
use super::running::Running;
use super::shared::Shared;
use super::task::spawn;
use crate::protocol::coordinator::{Coordinator, Effect, Event, Published, WaiterId};
use crate::protocol::details::Details;
use crate::protocol::dpop::{Nonces, Thumbprint};
use crate::protocol::flow::{FlowEvent, FlowId};
use crate::protocol::list::take;
use crate::protocol::metadata::Metadata;
use crate::protocol::secret::Secret;
use crate::protocol::units::{EpochMillis, Millis};
use std::cell::Cell;
use std::collections::LinkedList;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A request that is to leave again.
struct Leaving {
    waiter: WaiterId,
    token: Option<Secret>,
    key: Option<Thumbprint>,
    flow: String,
}

/// The core, and everything around it that has state.
pub struct Driver {
    pub(super) core: Shared<Coordinator>,
    pub(super) host: Host,
    /// The provider's identifier, for its metadata.
    pub(super) issuer: String,
    /// Whose origin the gate shows.
    pub(super) shown: String,
    pub(super) limit: Millis,
    events: Shared<LinkedList<Event>>,
    busy: Cell<bool>,
    pub(super) running: Shared<Option<Running>>,
    /// Windows that came with an `ensure()` and have no step-up yet.
    spare: Shared<Vec<(WaiterId, Window)>>,
    pub(super) metadata: Shared<Option<Metadata>>,
    pub(super) keys: Shared<Option<JsValue>>,
    /// The nonces that servers want in proofs.
    pub(super) nonces: Shared<Nonces>,
    /// What the app's own function threw in the step-up that has just ended, for the errors'
    /// `cause`.
    cause: Shared<JsValue>,
    clock: Clock,
    /// Requests that are to leave again once everything that has happened is taken in.
    leaving: Shared<LinkedList<Leaving>>,
}

impl Driver {
    /// A driver for this core.
    pub fn new(
        core: Coordinator,
        host: Host,
        issuer: String,
        shown: String,
        limit: Millis,
    ) -> Rc<Self> {
        Rc::new(Self {
            core: Shared::new(core),
            host,
            issuer,
            shown,
            limit,
            events: Shared::default(),
            busy: Cell::new(false),
            running: Shared::default(),
            spare: Shared::default(),
            metadata: Shared::default(),
            keys: Shared::default(),
            nonces: Shared::default(),
            cause: Shared::new(JsValue::UNDEFINED),
            clock: Clock::new(),
            leaving: Shared::default(),
        })
    }

    /// Asks the core something.
    pub fn ask<T>(self: &Rc<Self>, question: impl FnOnce(&Coordinator, EpochMillis) -> T) -> T {
        self.look_at_the_clock();
        question(&self.core.borrow(), now())
    }

    fn look_at_the_clock(self: &Rc<Self>) {
        if let Some(by) = self.clock.set_back() {
            self.dispatch(Event::SetBack(by));
        }
    }

    /// The token that is held for what a request is about in particular; it is used once.
    pub fn take_narrow(&self, url: &str, details: &Details) -> JsValue {
        published(self.core.borrow_mut().take_narrow(url, details, now()))
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
            if let Some(event) = next {
                self.take_in(event);
                continue;
            }
            // A listener may have called `clear()` meanwhile: what has not left, stays.
            let Some(Leaving { waiter, token, key, flow }) = self.leaving.borrow_mut().pop_front()
            else {
                break;
            };
            let (token, key) = (token.as_ref().map(Secret::expose), key.as_ref());
            self.host.retry(waiter.0, token, key.map(|key| key.0.as_str()), &flow);
        }
        self.busy.set(false);
    }

    fn take_in(self: &Rc<Self>, event: Event) {
        if let Some(by) = self.clock.set_back() {
            self.take_in(Event::SetBack(by));
        }
        let over = match &event {
            Event::Cleared => true,
            Event::ClearedElsewhere { sub } => self.core.borrow().is_concerned(sub.as_deref()),
            _ => false,
        };
        if over {
            let staying = mem::take(&mut *self.leaving.borrow_mut());
            for Leaving { waiter, .. } in staying {
                self.take_in(Event::Stayed { waiter });
            }
        }
        let effects = self.core.borrow_mut().on(event, now());
        for effect in effects {
            self.perform(effect);
        }
        *self.cause.borrow_mut() = JsValue::UNDEFINED;
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
                self.host.hide_gate();
                self.host.end_turn();
                if let Some(ended) = &ended {
                    *self.cause.borrow_mut() = ended.cause.clone();
                    // It has ended in this very page: nobody is to come back to it.
                    if let Some(state) = &ended.saved_as {
                        self.host.forget(state);
                    }
                }
                drop(ended);
            }
            Effect::Retry { waiter, flow, access_token: token, key } => {
                let flow = flow_name(flow);
                self.leaving.borrow_mut().push_back(Leaving { waiter, token, key, flow });
            }
            Effect::LetGo { waiter, on_trial } => self.host.let_go(waiter.0, on_trial),
            Effect::Prepared { waiter, ready } => self.host.prepared(waiter.0, ready),
            Effect::Save { flow, saved, waiters } => self.save(flow, &saved, &waiters),
            Effect::HandOver { result, .. } => self.host.hand_over(&plain(&*result)),
            Effect::ClearOthers { sub } => self.host.clear_others(sub.as_deref()),
            Effect::GiveBack { waiter } => self.host.give_back(waiter.0),
            Effect::Renewal(serial, effect) => self.renewal(serial, effect),
            Effect::Settle { waiter, assurance } => {
                self.host.settle(waiter.0, &plain(&assurance));
            }
            Effect::Reject { waiter, error } => {
                let cause = self.cause.borrow().clone();
                self.host.reject(waiter.0, error.code.code(), &error.detail, &cause);
            }
            Effect::Publish(all) => {
                self.host.publish(&array(all.into_iter().map(published)));
            }
            Effect::Notice(notice) => tell(&self.host, notice),
        }
    }

    /// Starts something whose outcome is an event for the step-up.
    pub(super) fn spawn<F>(
        self: &Rc<Self>,
        flow: FlowId,
        task: impl FnOnce(Rc<Self>) -> F + 'static,
    ) where
        F: Future<Output = FlowEvent> + 'static,
    {
        let task: Pin<Box<dyn Future<Output = FlowEvent>>> = Box::pin(task(Rc::clone(self)));
        let driver = Rc::clone(self);
        spawn(async move {
            let event = task.await;
            driver.dispatch(Event::Flow(flow, event));
        });
    }

    /// A function that tells the core one thing.
    pub(super) fn teller(
        self: &Rc<Self>,
        flow: FlowId,
        event: fn() -> FlowEvent,
    ) -> impl Fn() + 'static {
        let driver = Rc::downgrade(self);
        move || {
            if let Some(driver) = driver.upgrade() {
                driver.dispatch(Event::Flow(flow, event()));
            }
        }
    }

    /// Keeps what the app's own function threw, as long as its step-up is under way.
    pub(super) fn keep_cause(&self, flow: FlowId, thrown: JsValue) {
        if let Some(running) = self.running.borrow_mut().as_mut().filter(|it| it.flow == flow) {
            running.cause = thrown;
        }
    }

    /// Changes what is running for the step-up that the core has just spoken of.
    pub(super) fn with_running(&self, flow: FlowId, change: impl FnOnce(&mut Running)) {
        let mut running = self.running.borrow_mut();
        let current = match running.take_if(|running| running.flow == flow) {
            Some(current) => running.insert(current),
            None => running.insert(Running::new(flow)),
        };
        change(current);
    }

    fn take_spare(&self, waiter: WaiterId) -> Option<Window> {
        let spare = take(&mut self.spare.borrow_mut(), |(of, _)| *of == waiter);
        spare.map(|(_, window)| window)
    }
}

/// The time now.
pub fn now() -> EpochMillis {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    EpochMillis(dom::time() as u64)
}

fn published(token: Option<Published>) -> JsValue {
    #[allow(clippy::cast_precision_loss)]
    token.map_or(JsValue::NULL, |token| {
        object(&[
            ("serial", token.serial.0.into()),
            ("token", token.access_token.expose().into()),
            ("key", token.key.map_or(JsValue::UNDEFINED, |key| key.0.into())),
            ("until", (token.until.0 as f64).into()),
            ("once", token.once.into()),
            ("renewable", token.renewable.into()),
        ])
        .into()
    })
}
