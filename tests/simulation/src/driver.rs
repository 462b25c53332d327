//! The driver of a page: feeds the core with what happens, and does what it wants done. `driver.rs` of
//! the product in all that matters.

use stepup::protocol::coordinator::{Effect, Event, WaiterId};
use stepup::protocol::flow::{FlowEvent, FlowId};
use stepup::protocol::units::EpochMillis;

use crate::browser::{PageId, WindowId};
use crate::coverage::Seen;
use crate::fault::Fault;
use crate::happening::Task;
use crate::page::{Driver, Leaving, Running};
use crate::words;
use crate::world::{End, World};

impl World {
    pub fn driver(&mut self, page: PageId) -> Option<&mut Driver> {
        self.engine(page).map(|engine| &mut engine.driver)
    }

    /// Something happened. What it leads to is done before this returns, as far as it can be.
    pub fn dispatch(&mut self, page: PageId, event: Event) {
        let Some(driver) = self.driver(page) else { return };
        driver.events.push_back(event);
        if std::mem::replace(&mut driver.busy, true) {
            return;
        }
        loop {
            let Some(driver) = self.driver(page) else { return };
            if let Some(event) = driver.events.pop_front() {
                self.take_in(page, event);
                continue;
            }
            let Some(leaving) = driver.leaving.pop() else { break };
            self.retry(page, leaving);
        }
        if let Some(driver) = self.driver(page) {
            driver.busy = false;
        }
    }

    fn take_in(&mut self, page: PageId, event: Event) {
        let Some(driver) = self.driver(page) else { return };
        let over = match &event {
            Event::Cleared => true,
            Event::ClearedElsewhere { sub } => driver.core.is_concerned(sub.as_deref()),
            _ => false,
        };
        if over {
            for Leaving { waiter, .. } in std::mem::take(&mut driver.leaving) {
                self.take_in(page, Event::Stayed { waiter });
            }
        }
        let now = EpochMillis(self.now);
        self.watch_event(page, &event);
        self.note(format_args!("{page:?} < {}", words::event(&event)));
        let Some(driver) = self.driver(page) else { return };
        let effects = driver.core.on(event, now);
        for effect in &effects {
            self.note(format_args!("{page:?} > {}", words::effect(effect)));
        }
        self.watch_effects(page, &effects);
        for effect in effects {
            self.perform(page, effect);
        }
    }

    fn perform(&mut self, page: PageId, effect: Effect) {
        match effect {
            Effect::Flow(flow, effect) => self.perform_for(page, flow, effect),
            Effect::AdoptWindow { waiter, flow } => {
                let window = self.take_spare(page, waiter);
                self.with_running(page, flow, |running| running.window = window);
            }
            Effect::DropWindow { waiter } => {
                if let Some(window) = self.take_spare(page, waiter) {
                    self.close_from_page(window);
                }
            }
            Effect::EndFlow(flow) => {
                let ended = self
                    .driver(page)
                    .and_then(|driver| driver.running.take_if(|running| running.flow == flow));
                self.hide_gate(page);
                self.ends_turn(page);
                if let Some(mut ended) = ended {
                    // It has ended in this very page: nobody is to come back to it.
                    if let Some(state) = ended.saved_as.take() {
                        self.is_to_be_forgotten(page, state);
                    }
                    self.drop_running(page, ended);
                }
            }
            Effect::Retry { waiter, access_token, .. } => {
                if let Some(driver) = self.driver(page) {
                    driver.leaving.insert(0, Leaving { waiter, token: access_token });
                }
            }
            Effect::Save { flow, saved, waiters } => {
                self.watch_save(page, &waiters);
                let state = saved.state().to_owned();
                self.save(page, flow, &saved, &waiters);
                self.with_running(page, flow, |running| running.saved_as = Some(state));
            }
            Effect::HandOver { result, .. } => self.hands_over(page, &result),
            Effect::ClearOthers { sub } => self.tell_cleared(page, sub),
            Effect::GiveBack { waiter } => {
                self.seen.see(Seen::GivenBack);
                self.settle(page, waiter, End::Response(401));
            }
            Effect::Renewal(serial, effect) => self.renewal(page, serial, effect),
            Effect::LetGo { waiter, on_trial } => self.lets_go(page, waiter.0, on_trial),
            // Nobody prepares anything here.
            Effect::Prepared { .. } => {}
            Effect::Settle { waiter, .. } => self.settle(page, waiter, End::Assurance),
            Effect::Reject { waiter, error } => self.settle(page, waiter, End::Error(error.code)),
            Effect::Publish(all) => self.pages[page.0].loader.published = all,
            Effect::Notice(_) => {}
        }
    }

    fn settle(&mut self, page: PageId, waiter: WaiterId, how: End) {
        if self.fault == Some(Fault::LostWaiter) && !self.honest && self.random.chance(20) {
            return;
        }
        if let Some(waiter) = self.let_go(page, waiter.0) {
            self.end(waiter.promise, how);
        }
    }

    /// Changes what is running for the step-up that the core has just spoken of.
    pub fn with_running(&mut self, page: PageId, flow: FlowId, change: impl FnOnce(&mut Running)) {
        let Some(driver) = self.driver(page) else { return };
        let mut before = None;
        if driver.running.as_ref().is_none_or(|running| running.flow != flow) {
            before = driver.running.replace(Running::new(flow));
        }
        if let Some(running) = &mut driver.running {
            change(running);
        }
        if let Some(before) = before {
            self.drop_running(page, before);
        }
    }

    /// Everything that was started for a step-up ends with it.
    fn drop_running(&mut self, page: PageId, mut ended: Running) {
        if let Some(window) = ended.window.take() {
            self.close_callback(window, ended.listener.is_some());
            self.close_from_page(window);
        }
        self.end_ceremony(page, ended.ceremony);
    }

    /// The callback is through: nobody waits for it, and its window may close.
    pub fn callback_is_through(&mut self, page: PageId, flow: FlowId) {
        let mut through = (None, None);
        self.with_running(page, flow, |running| {
            running.watched = false;
            through = (running.window.take(), running.listener.take());
        });
        if let (Some(window), listener) = through {
            self.close_callback(window, listener.is_some());
            self.close_from_page(window);
        }
    }

    /// A callback page that hears it is through closes its own window: also a severed one.
    fn close_callback(&mut self, window: WindowId, heard: bool) {
        if heard && self.windows[window.0].showing.is_none() {
            self.windows[window.0].closed = true;
        }
    }

    fn close_from_page(&mut self, window: WindowId) {
        if !self.windows[window.0].severed {
            self.windows[window.0].closed = true;
        }
    }

    fn take_spare(&mut self, page: PageId, waiter: WaiterId) -> Option<WindowId> {
        let spare = &mut self.driver(page)?.spare;
        let at = spare.iter().position(|(of, _)| *of == waiter)?;
        Some(spare.swap_remove(at).1)
    }

    /// The step-up that this window serves.
    pub fn flow_of_window(&mut self, page: PageId, window: WindowId) -> Option<FlowId> {
        let running = self.driver(page)?.running.as_ref()?;
        (running.window == Some(window)).then_some(running.flow)
    }

    /// The driver looks after a window from now on.
    pub fn watch_window(&mut self, page: PageId, flow: FlowId) {
        self.with_running(page, flow, |running| running.watched = running.window.is_some());
        self.later(400, crate::happening::Happening::Task(page, Task::Look(flow)));
    }

    pub fn look(&mut self, page: PageId, flow: FlowId) {
        let Some(running) = self.driver(page).and_then(|driver| driver.running.as_ref()) else {
            return;
        };
        let Some(window) = running.window.filter(|_| running.flow == flow && running.watched)
        else {
            return;
        };
        let window = &self.windows[window.0];
        if window.closed || window.severed {
            self.with_running(page, flow, |running| running.watched = false);
            self.dispatch(page, Event::Flow(flow, FlowEvent::WindowLost));
        }
    }

    pub fn deadline(&mut self, page: PageId, flow: FlowId) {
        let running = self.driver(page).and_then(|driver| driver.running.as_ref());
        if running.is_some_and(|running| running.flow == flow && running.deadline) {
            self.dispatch(page, Event::Flow(flow, FlowEvent::DeadlinePassed));
        }
    }

    pub fn heard(&mut self, page: PageId, state: &str, query: String) {
        let running = self.driver(page).and_then(|driver| driver.running.as_ref());
        let Some(running) = running else { return };
        if running.listener.as_deref() == Some(state) {
            let flow = running.flow;
            self.dispatch(page, Event::Flow(flow, FlowEvent::Responded(query.into())));
        }
    }
}
