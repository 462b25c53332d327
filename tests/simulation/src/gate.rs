//! The dialog in the page, and the passkey ceremony: what `prompt.js` and the browser show.

use stepup::protocol::coordinator::Event;
use stepup::protocol::error::{Error, ErrorCode};
use stepup::protocol::flow::{Choice, FlowEvent, FlowId, Question};
use stepup::protocol::method::Method;
use stepup::protocol::secret::Secret;

use crate::browser::PageId;
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::page::{Asked, GateState};
use crate::scenario::Gate;
use crate::world::World;

/// How long a gesture counts.
pub const GESTURE: u64 = 5_000;

impl World {
    /// Asks, or changes the question.
    pub fn show_gate(
        &mut self,
        page: PageId,
        flow: FlowId,
        question: Question,
        methods: Vec<Method>,
    ) {
        let gate = self.plan.gate;
        let delay = self.random.between(1, 120);
        let Some(engine) = self.engine(page) else { return };
        engine.questions += 1;
        let number = engine.questions;
        engine.asked = Some(Asked { flow, question, methods, number });
        match (engine.gate, gate) {
            (GateState::Shown, _) => self.user_reads(page),
            (GateState::Opening, _) => {}
            (_, Gate::None) => self.gate_refused(page, flow, ErrorCode::PopupBlocked),
            (_, Gate::Own) => {
                engine.gate = GateState::Shown;
                self.seen.see(Seen::Gates);
                self.user_reads(page);
            }
            (_, Gate::BuiltIn | Gate::Refused) => {
                engine.gate = GateState::Opening;
                self.later(delay, Happening::Task(page, Task::GateLoaded));
            }
        }
    }

    pub fn gate_loaded(&mut self, page: PageId) {
        let refused = self.plan.gate == Gate::Refused && !self.honest;
        let Some(engine) = self.engine(page) else { return };
        engine.gate = GateState::Absent;
        let Some(asked) = &engine.asked else { return };
        let flow = asked.flow;
        if refused {
            return self.gate_refused(page, flow, ErrorCode::EmbeddingBlocked);
        }
        engine.gate = GateState::Shown;
        self.seen.see(Seen::Gates);
        self.user_reads(page);
    }

    fn gate_refused(&mut self, page: PageId, flow: FlowId, code: ErrorCode) {
        self.seen.see(Seen::GatesRefused);
        self.dispatch(page, Event::Flow(flow, FlowEvent::GateRefused(code.into())));
    }

    pub fn hide_gate(&mut self, page: PageId) {
        let Some(engine) = self.engine(page) else { return };
        engine.asked = None;
        // One that is loading finds nobody who asks.
        if engine.gate == GateState::Shown {
            engine.gate = GateState::Absent;
        }
    }

    /// The user reads the question of now, and will answer it or not.
    fn user_reads(&mut self, page: PageId) {
        let Some(engine) = self.engine(page) else { return };
        let Some(asked) = &engine.asked else { return };
        let (number, question, methods) = (asked.number, asked.question, asked.methods.clone());
        let Some(choice) = self.chooses(question, &methods) else { return };
        let delay = self.think();
        self.later(delay, Happening::Task(page, Task::Chosen(number, choice)));
    }

    /// A click in the gate, if it still asks this.
    pub fn chosen(&mut self, page: PageId, number: u64, choice: Choice) {
        let own = self.plan.gate == Gate::Own;
        let now = self.now;
        let Some(engine) = self.engine(page) else { return };
        let shown = engine.gate == GateState::Shown;
        let Some(asked) = engine.asked.as_ref().filter(|asked| shown && asked.number == number)
        else {
            return;
        };
        let flow = asked.flow;
        if choice == Choice::Cancel {
            self.seen.see(Seen::Cancels);
        }
        let here = &mut self.pages[page.0];
        here.active_until = now + GESTURE;
        if own && here.engine.is_some() {
            here.clicked_at = Some(now);
        }
        self.dispatch(page, Event::Flow(flow, FlowEvent::Chosen(choice)));
    }

    /// Asks the authenticator.
    pub fn assert(&mut self, page: PageId, flow: FlowId) {
        self.seen.see(Seen::Ceremonies);
        self.numbers += 1;
        let number = self.numbers;
        self.with_running(page, flow, |running| running.ceremony = Some(number));
        if self.ceremony.is_some() {
            // One at a time in the whole browser.
            return self.later(300, Happening::Task(page, Task::CeremonyOver(number, false)));
        }
        self.ceremony = Some((page, number));
        let (delay, used) = self.uses_passkey();
        self.later(delay, Happening::Task(page, Task::CeremonyOver(number, used)));
    }

    pub fn end_ceremony(&mut self, page: PageId, ceremony: Option<u64>) {
        if self.ceremony == ceremony.map(|number| (page, number)) {
            self.ceremony = None;
        }
    }

    pub fn ceremony_over(&mut self, page: PageId, number: u64, used: bool) {
        self.end_ceremony(page, Some(number));
        let running = self.driver(page).and_then(|driver| driver.running.as_mut());
        let Some(running) = running.filter(|running| running.ceremony == Some(number)) else {
            return;
        };
        running.ceremony = None;
        let flow = running.flow;
        let credential = match used {
            true => Ok(Secret::new(format!("{{\"id\":\"{number}\"}}"))),
            false => Err(Error::from(ErrorCode::PasskeyRefused)),
        };
        self.dispatch(page, Event::Flow(flow, FlowEvent::Asserted(credential)));
    }
}
