//! Who asks the user at the moment, in the whole browser.

use stepup::protocol::flow::FlowId;

use crate::browser::PageId;
use crate::coverage::Seen;
use crate::invariant::Invariant;
use crate::page::Life;
use crate::scenario::Tells;
use crate::world::World;

/// How long a result serves whoever wants it, however young.
const FRESH: u64 = 4_000;

impl World {
    /// A step-up begins to ask the user, or asks in another way.
    pub fn prompts(&mut self, page: PageId, flow: FlowId) {
        self.watch.prompting.insert(page, flow);
        let promised = self.watch.promised.remove(&page);
        // What was proved may have to be very young.
        if promised.is_some_and(|(to, at)| to == flow && self.now < at + FRESH) {
            let detail = format!("{flow:?} in {page:?} was handed the result");
            self.breach(Invariant::OnePromptForEquals, detail);
        }
        if !self.plan.locks || self.is_overtaken(page) {
            return;
        }
        let tab = self.pages[page.0].tab;
        let asks = |(other, _): &(&PageId, &FlowId)| {
            **other != page
                && self.pages[other.0].life == Life::Alive
                && !self.is_overtaken(**other)
        };
        let beside = self.watch.prompting.iter().find(asks).map(|(other, _)| *other);
        let away = self.tabs.iter().enumerate().find(|(at, other)| {
            *at != tab.0 && other.open && other.asks_until.is_some_and(|until| until > self.now)
        });
        let detail = match (beside, away) {
            (Some(other), _) => format!("{page:?} asks, and so does {other:?}"),
            (_, Some((at, _))) => format!("{page:?} asks, and the user is away in tab {at}"),
            (None, None) => return,
        };
        self.breach(Invariant::OnePromptAtATime, detail);
    }

    /// Whether the user has gone on in another tab, whatever is asked here.
    fn is_overtaken(&self, page: PageId) -> bool {
        let turn = self.pages[page.0].engine.as_ref().and_then(|engine| engine.tabs.turn);
        turn.is_some_and(|turn| self.turns[turn.0].overtaken)
    }

    /// The user goes on in this page: what is asked elsewhere does not count any more.
    pub fn overtake(&mut self, page: PageId) {
        self.watch.promised.remove(&page);
        for turn in self.turns.iter_mut().filter(|turn| turn.page != page && !turn.over) {
            // Who only waits has taken nothing yet.
            turn.overtaken |= turn.is_taken() || turn.forced;
        }
        for (at, tab) in self.tabs.iter_mut().enumerate() {
            if at != self.pages[page.0].tab.0 {
                tab.asks_until = None;
            }
        }
        let left = |other: &PageId| {
            let engine = self.pages[other.0].engine.as_ref();
            engine.and_then(|engine| engine.tabs.turn).is_some_and(|turn| self.turns[turn.0].over)
        };
        let gone: Vec<_> = self.watch.prompting.keys().copied().filter(left).collect();
        for other in gone {
            self.watch.prompting.remove(&other);
        }
    }

    /// A result lies there for those that wait for the very same: they need not be asked any more.
    pub fn promise_result(&mut self, page: PageId) {
        let quiet = self.plan.trouble.store == 0
            && self.plan.trouble.provider == 0
            && self.plan.trouble.mischief == 0;
        let Some((need, resource)) = self.watch.handed.remove(&page) else { return };
        let user = self.pages[page.0].session.as_ref().map(|session| session.user);
        let waiting: Vec<_> = self.all_who_wait().collect();
        for turn in waiting {
            let turn = &self.turns[turn.0];
            let (other, flow) = (turn.page, turn.flow);
            let theirs = self.pages[other.0].session.as_ref().map(|session| session.user);
            let same = self.plan.is_backend()
                || (user.is_some() && user == theirs && self.plan.tells != Tells::Nothing);
            let equal = self.watch.demands_only(other, &need, resource.as_deref());
            let asks = self.watch.prompting.contains_key(&other);
            if self.watch.promised.remove(&other).is_some() {
                // One that came before is not kept beside this one.
                continue;
            }
            if quiet && same && equal && turn.waits && !turn.forced && !asks {
                self.watch.promised.insert(other, (flow, self.now));
            }
        }
    }

    /// The user is asked elsewhere from now on, for this tab.
    pub fn prompts_elsewhere(&mut self, page: PageId, until: u64) {
        self.watch.prompting.remove(&page);
        let overtaken = self.is_overtaken(page);
        let tab = self.pages[page.0].tab;
        if overtaken {
            // There is one place to write down who is away.
            self.tabs.iter_mut().for_each(|tab| tab.asks_until = None);
        } else {
            self.tabs[tab.0].asks_until = Some(until);
        }
    }

    /// A step-up of a page is over.
    pub fn prompt_ends(&mut self, page: PageId, flow: FlowId, succeeded: bool) {
        let tab = self.pages[page.0].tab;
        self.tabs[tab.0].asks_until = None;
        if self.watch.prompting.get(&page) == Some(&flow) {
            self.watch.prompting.remove(&page);
        }
        let promised = self.watch.promised.remove(&page);
        if promised.is_some_and(|(to, _)| to == flow) && succeeded {
            self.seen.see(Seen::HandedOver);
        }
    }
}
