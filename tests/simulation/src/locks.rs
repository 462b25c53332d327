//! Web Locks, as the browser keeps them for all tabs: one that a single turn holds, and one that all
//! who wait for it share.

use std::collections::{BTreeSet, VecDeque};

use crate::browser::PageId;
use crate::fault::Fault;
use crate::happening::{Happening, Task};
use crate::page::Life;
use crate::turn::TurnId;
use crate::world::World;

/// How a lock is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    IfAvailable,
    Queued,
    Steal,
}

/// The locks.
#[derive(Debug, Default)]
pub struct Locks {
    holder: Option<TurnId>,
    queue: VecDeque<TurnId>,
    waiting: BTreeSet<TurnId>,
}

impl World {
    /// Asks for the lock of the turn; the browser answers a little later.
    pub fn ask_lock(&mut self, turn: TurnId, how: How) {
        if !self.plan.locks {
            // Without Web Locks each tab is for itself.
            return self.answer_lock(turn, how, true);
        }
        let delay = self.random.between(0, 2);
        self.later(delay, Happening::LockAsked(turn, how));
    }

    pub fn lock_asked(&mut self, turn: TurnId, how: How) {
        let page = self.turns[turn.0].page;
        match self.pages[page.0].life {
            Life::Alive => {}
            // A page that asks for a lock is not kept.
            Life::Frozen => return self.kill(page),
            Life::Dead => return,
        }
        if self.fault == Some(Fault::MissingLock) && !self.honest {
            return self.answer_lock(turn, how, true);
        }
        match (how, self.locks.holder) {
            (_, None) | (How::Steal, _) => {
                let before = self.locks.holder.replace(turn);
                if let Some(before) = before.filter(|before| *before != turn) {
                    self.lock_stolen(before);
                }
                self.answer_lock(turn, how, true);
            }
            (How::IfAvailable, Some(_)) => self.answer_lock(turn, how, false),
            (How::Queued, Some(_)) if self.turns[turn.0].over => {}
            (How::Queued, Some(_)) => self.locks.queue.push_back(turn),
        }
    }

    fn answer_lock(&mut self, turn: TurnId, how: How, granted: bool) {
        let page = self.turns[turn.0].page;
        self.later(0, Happening::Task(page, Task::LockAnswered(turn, how, granted)));
    }

    /// A turn gives up what it holds and asks for.
    pub fn release(&mut self, turn: TurnId) {
        self.locks.waiting.remove(&turn);
        self.locks.queue.retain(|queued| *queued != turn);
        if self.locks.holder == Some(turn) {
            self.locks.holder = self.locks.queue.pop_front();
            if let Some(next) = self.locks.holder {
                self.answer_lock(next, How::Queued, true);
            }
        }
    }

    /// Locks die with their page.
    pub fn release_all(&mut self, page: PageId) {
        for at in 0..self.turns.len() {
            if self.turns[at].page == page {
                self.release(TurnId(at));
            }
        }
    }

    /// Whether a page holds a lock or asks for one, so that the browser does not keep it.
    pub fn is_locked(&self, page: PageId) -> bool {
        let locks = &self.locks;
        let mut all = locks.holder.iter().chain(&locks.queue).chain(&locks.waiting);
        all.any(|turn| self.turns[turn.0].page == page)
    }

    pub fn waits_with_others(&mut self, turn: TurnId) {
        if self.plan.locks {
            self.locks.waiting.insert(turn);
        }
    }

    pub fn waits_no_more(&mut self, turn: TurnId) {
        self.locks.waiting.remove(&turn);
    }

    /// Who waits, as far as a page can ask.
    pub fn all_who_wait(&self) -> impl Iterator<Item = TurnId> + '_ {
        self.locks.waiting.iter().copied()
    }
}
