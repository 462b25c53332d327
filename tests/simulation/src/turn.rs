//! The turn of one tab to ask the user, and users who are away: `turn.js` and `away.js`.

use stepup::protocol::coordinator::Event;
use stepup::protocol::flow::{FlowEvent, FlowId};

use crate::browser::PageId;
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::locks::How;
use crate::world::World;

/// The number of a turn, from its wish to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnId(pub usize);

/// A turn.
#[derive(Debug)]
pub struct Turn {
    pub page: PageId,
    pub flow: FlowId,
    patience: u64,
    stage: Stage,
    /// Nothing is waited for any longer.
    hurry: bool,
    /// Another tab is waited for.
    pub waits: bool,
    pub forced: bool,
    /// Its lock was taken away before it was told that it had it.
    stolen: bool,
    muted: bool,
    pub over: bool,
    /// A user has gone on in another tab.
    pub overtaken: bool,
}

/// How far a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The lock is asked for, if it is to be had at once.
    Trying,
    /// It is queued for.
    Queued,
    /// Somebody is away.
    Away,
    /// What another has left is looked for.
    Looking,
    Taken,
}

impl Turn {
    /// Whether it has been told that it is this tab's turn.
    pub fn is_taken(&self) -> bool {
        self.stage == Stage::Taken
    }
}

impl World {
    /// Asks for the turn, once the one before is over.
    pub fn take_turn(&mut self, page: PageId, flow: FlowId, patience: u64) -> TurnId {
        let turn = TurnId(self.turns.len());
        self.turns.push(Turn {
            page,
            flow,
            patience,
            stage: Stage::Trying,
            hurry: false,
            waits: false,
            forced: false,
            stolen: false,
            muted: false,
            over: false,
            overtaken: false,
        });
        turn
    }

    pub fn turn_begins(&mut self, turn: TurnId) {
        if !self.turns[turn.0].hurry {
            self.ask_lock(turn, How::IfAvailable);
        }
    }

    pub fn lock_answered(&mut self, turn: TurnId, how: How, granted: bool) {
        let state = &mut self.turns[turn.0];
        if state.over {
            return self.release(turn);
        }
        match state.stage {
            _ if how == How::Steal => self.turn_taken(turn),
            Stage::Trying if !granted => {
                state.stage = Stage::Queued;
                self.turn_waits(turn);
                self.ask_lock(turn, How::Queued);
            }
            Stage::Trying | Stage::Queued => self.turn_looks_around(turn),
            Stage::Away | Stage::Looking | Stage::Taken => {}
        }
    }

    /// The lock is there. Is a user away from another tab?
    fn turn_looks_around(&mut self, turn: TurnId) {
        let page = self.turns[turn.0].page;
        if self.turns[turn.0].hurry {
            return;
        }
        if let Some(until) = self.away_until(page) {
            self.turns[turn.0].stage = Stage::Away;
            self.turn_waits(turn);
            let left = until - self.now;
            return self.later(left, Happening::Task(page, Task::StorageChanged(Some(turn))));
        }
        self.turns[turn.0].stage = Stage::Looking;
        match self.turns[turn.0].waits {
            true => self.look_for_result(page, Some(turn)),
            false => self.turn_goes_on(turn),
        }
    }

    /// What was left for it has been looked for.
    pub fn turn_goes_on(&mut self, turn: TurnId) {
        let state = &mut self.turns[turn.0];
        if state.hurry || state.stage != Stage::Looking {
            return;
        }
        if std::mem::take(&mut state.stolen) {
            // A user has gone on elsewhere: it is that tab's turn.
            state.stage = Stage::Queued;
            self.turn_waits(turn);
            return self.ask_lock(turn, How::Queued);
        }
        self.turn_taken(turn);
    }

    /// Another tab takes the lock of this one.
    pub fn lock_stolen(&mut self, turn: TurnId) {
        let state = &mut self.turns[turn.0];
        state.stolen = true;
        if state.forced || state.stage == Stage::Taken {
            state.overtaken = true;
            if !state.muted {
                // Who succeeds in the other tab is to know that something is waited for here.
                state.waits = true;
                self.waits_with_others(turn);
            }
        }
    }

    /// Something in `localStorage` has changed, or its time is over.
    pub fn storage_changed(&mut self, page: PageId, timer: Option<TurnId>) {
        let turn = timer.or_else(|| self.engine(page).and_then(|engine| engine.tabs.turn));
        let Some(turn) = turn else { return };
        if self.turns[turn.0].stage == Stage::Away {
            self.turn_looks_around(turn);
        }
    }

    fn turn_waits(&mut self, turn: TurnId) {
        let state = &mut self.turns[turn.0];
        if state.waits || state.muted {
            return;
        }
        state.waits = true;
        self.seen.see(Seen::Waits);
        let (page, patience) = (state.page, state.patience);
        self.say(turn, FlowEvent::TurnAwaited);
        self.later(patience, Happening::Task(page, Task::Overdue(turn)));
        self.waits_with_others(turn);
    }

    pub fn overdue(&mut self, turn: TurnId) {
        if self.turns[turn.0].waits {
            self.say(turn, FlowEvent::TurnOverdue);
        }
    }

    fn turn_taken(&mut self, turn: TurnId) {
        self.turns[turn.0].stage = Stage::Taken;
        self.turn_stops_waiting(turn);
        self.say(turn, FlowEvent::TurnTaken);
    }

    fn turn_stops_waiting(&mut self, turn: TurnId) {
        self.turns[turn.0].waits = false;
        self.waits_no_more(turn);
    }

    fn say(&mut self, turn: TurnId, what: FlowEvent) {
        let Turn { page, flow, muted, .. } = self.turns[turn.0];
        if !muted {
            self.dispatch(page, Event::Flow(flow, what));
        }
    }

    /// The user goes on in this tab: whoever has the turn loses it.
    pub fn force_turn(&mut self, turn: TurnId) {
        let state = &mut self.turns[turn.0];
        if state.forced || state.muted {
            return;
        }
        state.forced = true;
        state.hurry = true;
        let page = state.page;
        self.seen.see(Seen::Forced);
        self.overtake(page);
        self.forget_away(page);
        self.ask_lock(turn, How::Steal);
    }

    /// Nobody listens any more.
    pub fn mute_turn(&mut self, turn: TurnId) {
        let state = &mut self.turns[turn.0];
        state.muted = true;
        state.hurry = true;
        self.turn_stops_waiting(turn);
    }

    /// It is over: the next tab's turn.
    pub fn end_turn(&mut self, turn: TurnId) {
        let state = &mut self.turns[turn.0];
        state.hurry = true;
        state.over = true;
        self.turn_stops_waiting(turn);
        self.release(turn);
    }

    /// Until when a user counts as away from another tab, if one does.
    fn away_until(&self, page: PageId) -> Option<u64> {
        let (id, until) = self.away?;
        let ours = self.tabs[self.pages[page.0].tab.0].away;
        (until > self.now && Some(id) != ours).then_some(until)
    }

    /// The user leaves a tab.
    pub fn away_begins(&mut self, page: PageId, until: u64) {
        self.numbers += 1;
        let id = self.numbers;
        self.tabs[self.pages[page.0].tab.0].away = Some(id);
        self.away = Some((id, until));
        self.note(format_args!("a user is away from {page:?}"));
        self.storage_event(page);
    }

    /// Nobody is away from this tab any more.
    pub fn away_ends(&mut self, page: PageId) {
        let Some(id) = self.tabs[self.pages[page.0].tab.0].away.take() else { return };
        if self.away.is_some_and(|(of, _)| of == id) {
            self.forget_away(page);
        }
    }

    fn forget_away(&mut self, page: PageId) {
        if self.away.take().is_some() {
            self.note(format_args!("nobody is away, says {page:?}"));
            self.storage_event(page);
        }
    }

    /// The other pages learn that `localStorage` has changed.
    pub fn storage_event(&mut self, by: PageId) {
        for page in self.living() {
            if page != by {
                let delay = self.random.between(0, 10);
                self.later(delay, Happening::Task(page, Task::StorageChanged(None)));
            }
        }
    }
}
