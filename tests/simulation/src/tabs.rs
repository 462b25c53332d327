//! A page among the tabs of its app: `tabs.js` and `channel.js`.

use stepup::protocol::coordinator::Event;
use stepup::protocol::flow::{FlowEvent, FlowId};
use stepup::protocol::handover::HandOver;
use stepup::protocol::json;

use crate::browser::PageId;
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::store::Operation;
use crate::turn::TurnId;
use crate::world::World;

/// How long a result is there for those that wait.
const HANDED: u64 = 30_000;

/// What a page knows of the tabs around it.
#[derive(Debug, Default)]
pub struct Tabs {
    pub turn: Option<TurnId>,
    /// Whether a result is on its way to those that wait.
    handing: bool,
    /// The turns that end after it.
    ending: Vec<Option<TurnId>>,
    /// The turns that begin after those have ended.
    beginning: Vec<TurnId>,
    /// Whether it is to be withdrawn when it is there.
    withdraws: bool,
    /// Whether the page is on its way to the provider.
    leaving: bool,
    /// Until when the page may be left, as it was saved last.
    pub saved_until: u64,
}

/// What tabs tell each other.
#[derive(Clone, Debug)]
pub enum Message {
    Cleared(Option<String>),
    Handed,
}

impl World {
    fn tabs_of(&mut self, page: PageId) -> Option<&mut Tabs> {
        self.engine(page).map(|engine| &mut engine.tabs)
    }

    pub fn asks_for_turn(&mut self, page: PageId, flow: FlowId, patience: u64) {
        let turn = self.take_turn(page, flow, patience);
        let Some(tabs) = self.tabs_of(page) else { return };
        tabs.turn = Some(turn);
        match tabs.ending.is_empty() {
            true => self.later(0, Happening::Task(page, Task::TurnBegins(turn))),
            false => tabs.beginning.push(turn),
        }
    }

    pub fn forces_turn(&mut self, page: PageId) {
        if let Some(turn) = self.tabs_of(page).and_then(|tabs| tabs.turn) {
            self.force_turn(turn);
        }
    }

    /// The step-up is over, here or with the user being back.
    pub fn ends_turn(&mut self, page: PageId) {
        let Some(tabs) = self.tabs_of(page) else { return };
        let mine = tabs.turn.take();
        tabs.ending.push(mine);
        if let Some(mine) = mine {
            self.mute_turn(mine);
        }
        self.later(0, Happening::Task(page, Task::TurnsEnd));
    }

    /// What is handed over in this very moment goes first.
    pub fn turns_end(&mut self, page: PageId) {
        let Some(tabs) = self.tabs_of(page).filter(|tabs| !tabs.handing) else { return };
        let ending = std::mem::take(&mut tabs.ending);
        let beginning = std::mem::take(&mut tabs.beginning);
        if !ending.is_empty() {
            tabs.leaving = false;
        }
        for turn in ending {
            self.away_ends(page);
            if let Some(turn) = turn {
                self.end_turn(turn);
            }
        }
        for turn in beginning {
            self.turn_begins(turn);
        }
    }

    /// The user is here again: whatever goes on in this page goes on, and may be on its way out.
    pub fn is_back(&mut self, page: PageId) {
        if self.tabs_of(page).is_some_and(|tabs| !tabs.leaving) {
            self.away_ends(page);
        }
    }

    /// The user leaves this tab for the provider.
    pub fn leaves_tab(&mut self, page: PageId) {
        let Some(tabs) = self.tabs_of(page) else { return };
        tabs.leaving = true;
        let (until, turn) = (tabs.saved_until, tabs.turn);
        self.away_begins(page, until);
        self.prompts_elsewhere(page, until);
        if let Some(turn) = turn {
            // A page that holds a lock is kept out of the browser's cache.
            self.end_turn(turn);
        }
    }

    /// Leaves a result for those that wait, if somebody does.
    pub fn hands_over(&mut self, page: PageId, result: &HandOver) {
        let text = json::write(result);
        if let Some(tabs) = self.tabs_of(page) {
            tabs.handing = true;
        }
        let delay = self.random.between(0, 2);
        self.later(delay, Happening::Task(page, Task::Deliver(text)));
    }

    pub fn delivers(&mut self, page: PageId, result: String) {
        if !self.plan.locks || self.all_who_wait().next().is_none() {
            return self.delivered(page, None);
        }
        let until = self.now + HANDED;
        self.ask_store(Operation::Leave { page, until, result });
    }

    /// A result is there for the others, or cannot be.
    pub fn delivered(&mut self, page: PageId, done: Option<bool>) {
        let Some(tabs) = self.tabs_of(page) else { return };
        tabs.handing = false;
        let withdraws = std::mem::take(&mut tabs.withdraws);
        if done == Some(true) {
            self.marked = true;
            self.seen.see(Seen::Deliveries);
            self.note(format_args!("{page:?} has left a result"));
            self.promise_result(page);
            self.tell_tabs(page, &Message::Handed);
            self.later(HANDED + 100, Happening::Task(page, Task::Sweep));
        }
        if withdraws {
            self.withdraw(page);
        }
        self.turns_end(page);
    }

    /// Deletes what is there for those that wait, and what is on its way to them.
    pub fn withdraw(&mut self, page: PageId) {
        let Some(tabs) = self.tabs_of(page) else { return };
        if tabs.handing {
            tabs.withdraws = true;
        } else if std::mem::take(&mut self.marked) {
            self.ask_store(Operation::Withdraw);
        }
    }

    /// Looks for what another tab has left for those that wait.
    pub fn look_for_result(&mut self, page: PageId, then: Option<TurnId>) {
        let awaits = self.tabs_of(page).and_then(|tabs| tabs.turn);
        self.ask_store(Operation::Look { page, awaits, then });
    }

    pub fn result_found(
        &mut self,
        page: PageId,
        awaits: Option<TurnId>,
        then: Option<TurnId>,
        found: Option<String>,
    ) {
        let turn = self.tabs_of(page).and_then(|tabs| tabs.turn);
        if let (Some(found), Some(turn)) = (found, turn.filter(|_| turn == awaits))
            && let Some(handed) = json::read::<HandOver>(&found)
            && self.cleared_at.is_none_or(|at| handed.received.0 > at)
        {
            let flow = self.turns[turn.0].flow;
            self.seen.see(Seen::HandOvers);
            self.dispatch(page, Event::Flow(flow, FlowEvent::HandedOver(Box::new(handed))));
        }
        if let Some(then) = then {
            self.turn_goes_on(then);
        }
    }

    /// Tells every other page that listens.
    fn tell_tabs(&mut self, from: PageId, message: &Message) {
        for page in self.living() {
            if page != from {
                let delay = self.random.between(0, 20);
                let task = Task::Told(message.clone());
                self.later(delay, Happening::Task(page, task));
            }
        }
    }

    pub fn told(&mut self, page: PageId, message: Message) {
        if self.engine(page).is_none() {
            return;
        }
        match message {
            Message::Cleared(sub) => {
                self.withdraw(page);
                self.cleared_elsewhere(page, sub);
            }
            Message::Handed => {
                let awaits = self.tabs_of(page).and_then(|tabs| tabs.turn);
                if awaits.is_some() {
                    self.look_for_result(page, None);
                }
            }
        }
    }

    /// Tells the other tabs that what they hold is not to be used any more.
    pub fn tell_cleared(&mut self, page: PageId, sub: Option<String>) {
        self.cleared_at = Some(self.now);
        self.watch.promised.clear();
        self.storage_event(page);
        self.tell_tabs(page, &Message::Cleared(sub));
    }

    /// A page that the browser kept frozen has heard nothing.
    pub fn catch_up(&mut self, page: PageId) {
        let left = self.pages[page.0].hidden_at;
        if self.cleared_at.is_some_and(|at| at >= left) && self.engine(page).is_some() {
            self.cleared_elsewhere(page, None);
        }
    }

    fn cleared_elsewhere(&mut self, page: PageId, sub: Option<String>) {
        let Some(engine) = self.engine(page) else { return };
        let concerned = engine.driver.core.is_concerned(sub.as_deref());
        if concerned {
            self.seen.see(Seen::ClearedElsewhere);
            self.pages[page.0].cleared_at = self.now;
        }
        self.dispatch(page, Event::ClearedElsewhere { sub });
        if concerned {
            if let Some(engine) = self.engine(page) {
                engine.clears += 1;
            }
            self.pages[page.0].loader.epoch += 1;
        }
    }
}
