//! The storage that all tabs share: records with a time to live. `store.js` in all that matters.

use std::collections::BTreeMap;

use crate::api::RequestId;
use crate::browser::PageId;
use crate::fault::Fault;
use crate::happening::{Happening, Task};
use crate::page::PromiseId;
use crate::turn::TurnId;
use crate::world::World;
use stepup::protocol::flow::FlowId;

/// How long the storage may take.
const LIMIT: u64 = 5_000;

/// What is kept: the core's part as text, and the requests.
#[derive(Clone, Debug)]
pub struct Stored {
    pub core: String,
    /// In the core's order; nothing for one that was aborted before.
    pub calls: Vec<Option<Saved>>,
}

/// A request as it is kept.
#[derive(Clone, Debug)]
pub struct Saved {
    pub request: RequestId,
    pub sent_at: u64,
    /// Who waited for it in the page that saved it.
    pub promise: PromiseId,
}

/// A page takes a record.
#[derive(Clone, Debug)]
pub struct Taking {
    pub promise: PromiseId,
    pub state: String,
    pub query: String,
    /// The requests that were aborted after they had been saved.
    pub without: Vec<usize>,
    /// How often the page had been cleared.
    pub clears: u64,
    /// Whether a page of this tab has begun to take it, and died.
    pub died: bool,
}

/// What is found in the store.
#[derive(Clone, Debug)]
pub enum Found {
    Record(Stored),
    /// Another page has taken it.
    Taken,
    Nothing,
}

/// The records, by their state.
#[derive(Debug, Default)]
pub struct Store {
    /// Those that were taken stay, empty, as long as they would have been there.
    pub records: BTreeMap<String, (u64, Option<Stored>)>,
    /// What one tab has left for the others, in its text.
    pub result: Option<(u64, String)>,
}

/// Something that the store is to do, and whom it tells.
#[derive(Debug)]
pub enum Operation {
    Put {
        page: PageId,
        flow: FlowId,
        state: String,
        until: u64,
        stored: Stored,
    },
    Take {
        page: PageId,
        taking: Taking,
    },
    Remove(String),
    Clear,
    /// A result, for other tabs.
    Leave {
        page: PageId,
        until: u64,
        result: String,
    },
    Look {
        page: PageId,
        awaits: Option<TurnId>,
        then: Option<TurnId>,
    },
    Withdraw,
    Sweep,
    /// The browser needs the room.
    Evict,
}

impl World {
    /// Asks the store for something. What it does not do in time, it does not do.
    pub fn ask_store(&mut self, operation: Operation) {
        let slow = self.mishap(self.plan.trouble.store / 3);
        let delay =
            if slow { self.random.between(100, 2 * LIMIT) } else { self.random.between(0, 8) };
        let refuses = self.mishap(self.plan.trouble.store);
        if !refuses && delay < LIMIT {
            return self.later(delay, Happening::StoreDoes(operation));
        }
        let delay = delay.min(LIMIT);
        match operation {
            Operation::Put { page, flow, state, .. } => {
                let task = Task::Saved { flow, state, until: None };
                self.later(delay, Happening::Task(page, task));
            }
            Operation::Take { page, taking } => {
                // Where it may still be there, that is an error; it may be gone all the same.
                if let Some((_, stored)) = self.store.records.get_mut(&taking.state)
                    && self.random.chance(30)
                {
                    *stored = None;
                }
                let task = Task::Taken { taking, found: Err(()) };
                self.later(delay, Happening::Task(page, task));
            }
            Operation::Leave { page, .. } => {
                self.later(delay, Happening::Task(page, Task::Delivered(false)));
            }
            Operation::Look { page, awaits, then } => {
                let task = Task::ResultFound { awaits, then, found: None };
                self.later(delay, Happening::Task(page, task));
            }
            // What cannot be deleted now is swept when it is expired.
            Operation::Remove(_)
            | Operation::Clear
            | Operation::Withdraw
            | Operation::Sweep
            | Operation::Evict => {}
        }
    }

    pub fn store_does(&mut self, operation: Operation) {
        let now = self.now;
        let answer = self.random.between(0, 5);
        match operation {
            Operation::Put { page, flow, state, until, stored } => {
                // A page that dies meanwhile may take it along.
                if self.is_dead(page) && self.random.chance(50) {
                    return;
                }
                self.note(format_args!("the store keeps {state}"));
                self.store.records.retain(|_, (until, _)| *until > now);
                self.store.records.insert(state.clone(), (until, Some(stored)));
                let task = Task::Saved { flow, state, until: Some(until) };
                self.later(answer, Happening::Task(page, task));
            }
            Operation::Take { page, taking } => {
                let kept = self.fault == Some(Fault::ReplayWithoutConsuming);
                self.store.records.retain(|_, (until, _)| *until > now);
                let found = match self.store.records.get_mut(&taking.state) {
                    None => Found::Nothing,
                    Some((_, stored)) => {
                        let found = if kept { stored.clone() } else { stored.take() };
                        found.map_or(Found::Taken, Found::Record)
                    }
                };
                let what = match found {
                    Found::Record(_) => "gives",
                    Found::Taken => "has given",
                    Found::Nothing => "has no",
                };
                self.note(format_args!("the store {what} {}", taking.state));
                let task = Task::Taken { taking, found: Ok(found) };
                self.later(answer, Happening::Task(page, task));
            }
            Operation::Remove(state) => {
                self.note(format_args!("the store removes {state}"));
                self.store.records.remove(&state);
            }
            Operation::Leave { page, until, result } => {
                self.store.result = Some((until, result));
                self.later(answer, Happening::Task(page, Task::Delivered(true)));
            }
            Operation::Look { page, awaits, then } => {
                let found = self.store.result.clone().filter(|(until, _)| *until > now);
                let found = found.map(|(_, result)| result);
                let task = Task::ResultFound { awaits, then, found };
                self.later(answer, Happening::Task(page, task));
            }
            Operation::Withdraw => self.store.result = None,
            Operation::Sweep => {
                self.store.records.retain(|_, (until, _)| *until > now);
                self.store.result.take_if(|(until, _)| *until <= now);
            }
            Operation::Clear | Operation::Evict => {
                self.note(format_args!("the store is emptied"));
                self.store.records.clear();
                self.store.result = None;
            }
        }
    }
}
