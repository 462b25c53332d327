//! A world: virtual time, and everything that takes part.

use std::collections::BTreeMap;
use std::fmt;

use stepup::protocol::error::ErrorCode;

use crate::api::{Request, RequestId};
use crate::browser::{PageId, Tab, TabId, Window};
use crate::coverage::{Coverage, Seen};
use crate::fault::Fault;
use crate::happening::Happening;
use crate::invariant::{Breach, Invariant};
use crate::locks::Locks;
use crate::mint::Mint;
use crate::page::{Life, Page, PromiseId, Session};
use crate::provider::{Cookie, Provider};
use crate::queue::Queue;
use crate::random::Random;
use crate::renewal::Renewals;
use crate::scenario::Scenario;
use crate::store::Store;
use crate::trace::Trace;
use crate::turn::Turn;
use crate::watch::Watch;

/// When every world begins, in milliseconds since the epoch.
const BEGINNING: u64 = 1_800_000_000_000;
/// What is longer than any time to live.
const LONGEST: u64 = 400_000;
/// More events than any life needs.
const MOST_EVENTS: u64 = 20_000;
/// More than can happen in one millisecond.
const MOST_AT_ONCE: u64 = 1_000;

/// What the app's promise is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Fetch(RequestId),
    Ensure,
    Resume,
    Resumed(RequestId),
}

/// A promise that the app holds.
#[derive(Debug)]
pub struct Promise {
    pub page: PageId,
    pub what: What,
    pub begun: u64,
    /// Whether the app has a signal for it that has fired.
    pub aborted: bool,
    pub ends: u64,
    pub how: Option<End>,
}

/// How a promise ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Response(u16),
    Assurance,
    Nothing,
    Network,
    Aborted,
    Error(ErrorCode),
}

/// Everything there is.
pub struct World {
    pub now: u64,
    pub random: Random,
    pub plan: Scenario,
    /// Nobody fails, lies or meddles any more.
    pub honest: bool,
    pub fault: Option<Fault>,
    pub queue: Queue<Happening>,
    pub trace: Trace,
    pub seen: Coverage,
    pub watch: Watch,
    pub breach: Option<Breach>,
    pub numbers: u64,
    pub tabs: Vec<Tab>,
    pub pages: Vec<Page>,
    pub windows: Vec<Window>,
    pub promises: Vec<Promise>,
    pub requests: Vec<Request>,
    pub store: Store,
    pub mint: Mint,
    pub provider: Provider,
    /// The backend's session with this browser.
    pub cookie: Option<Cookie>,
    /// The app's sign-in, as the browser keeps it for all tabs.
    pub session: Option<Session>,
    /// Which passkey ceremony the browser shows: one at a time.
    pub ceremony: Option<(PageId, u64)>,
    /// Which page has sent what was saved.
    pub saved_sent: BTreeMap<(String, RequestId), PageId>,
    pub locks: Locks,
    pub renewals: Renewals,
    pub turns: Vec<Turn>,
    /// `localStorage`: who is away, and until when.
    pub away: Option<(u64, u64)>,
    /// `localStorage`: that a result was left for those that wait.
    pub marked: bool,
    /// `localStorage`: when it was last said that all is over.
    pub cleared_at: Option<u64>,
    pub mischief_left: u64,
    /// What the apps will still do.
    pub acts_left: u64,
}

impl World {
    pub fn new(seed: u64, fault: Option<Fault>, traced: bool) -> Self {
        let mut random = Random::new(seed);
        let plan = Scenario::draw(&mut random);
        let mischief_left = if plan.trouble.mischief > 0 { random.between(1, 6) } else { 0 };
        let acts_left = plan.acts * plan.tabs;
        Self {
            now: BEGINNING,
            provider: Provider::new(),
            random,
            plan,
            honest: false,
            fault,
            queue: Queue::new(),
            trace: Trace::new(traced),
            seen: Coverage::default(),
            watch: Watch::default(),
            breach: None,
            numbers: 0,
            tabs: Vec::new(),
            pages: Vec::new(),
            windows: Vec::new(),
            promises: Vec::new(),
            requests: Vec::new(),
            store: Store::default(),
            mint: Mint::default(),
            cookie: None,
            session: None,
            ceremony: None,
            saved_sent: BTreeMap::new(),
            locks: Locks::default(),
            renewals: Renewals::default(),
            turns: Vec::new(),
            away: None,
            marked: false,
            cleared_at: None,
            mischief_left,
            acts_left,
        }
    }

    /// Lives from the beginning to the end.
    pub fn live(&mut self) {
        let config = format!("{:?}", self.plan);
        self.note(format_args!("{config}"));
        self.begin();
        self.go_on();
        self.all_have_ended();
        if self.breach.is_none() {
            self.honest = true;
            // Everything that was left behind has had its time.
            self.now += LONGEST;
            let fresh = self.begin_finale();
            self.go_on();
            self.all_have_ended();
            self.end_finale(fresh);
        }
    }

    /// Lets happen what is going to happen, until nothing is.
    fn go_on(&mut self) {
        let (mut at_once, mut since) = (0, 0);
        while let Some((at, what)) = self.queue.pop() {
            // What was due while the machine slept happens when it wakes.
            self.now = self.now.max(at);
            at_once = if since == self.now { at_once + 1 } else { 0 };
            since = self.now;
            self.seen.see(Seen::Events);
            let events = self.seen.count(Seen::Events);
            if events > MOST_EVENTS || at_once > MOST_AT_ONCE {
                let detail = format!("{events} events, {at_once} at once");
                self.breach(Invariant::NoLivelock, detail);
            }
            self.happens(what);
            if self.plan.death_at == Some(events) && !self.honest {
                self.somebody_dies();
            }
            if self.breach.is_some() {
                return;
            }
        }
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::Task(page, task) => match self.pages[page.0].life {
                Life::Alive => self.task(page, task),
                Life::Frozen => self.pages[page.0].backlog.push(task),
                Life::Dead => {}
            },
            Happening::ApiGets(send) => self.api_gets(send),
            Happening::RenewalGets(asking) => self.renewal_gets(asking),
            Happening::LockAsked(turn, how) => self.lock_asked(turn, how),
            Happening::ServerGets { page, flow, target, post } => {
                self.server_gets(page, flow, target, &post);
            }
            Happening::StoreDoes(operation) => self.store_does(operation),
            Happening::Commits { tab, navigation, visit } => self.commits(tab, navigation, visit),
            Happening::Arrives(place, visit) => self.arrives(place, visit),
            Happening::UserActs(place, visit) => self.user_acts(place, visit),
            Happening::CallsBack(place, query) => self.calls_back(place, query),
            Happening::Loads { tab, path, search } => self.load(tab, path, search),
            Happening::Duplicate(tab) => self.duplicate(tab),
            Happening::Forward(tab) => self.forward(tab),
            Happening::Mischief => self.mischief(),
        }
    }

    pub fn later(&mut self, delay: u64, what: Happening) {
        self.queue.push(self.now + delay, what);
    }

    pub fn note(&mut self, what: fmt::Arguments<'_>) {
        self.trace.note(self.now - BEGINNING, what);
    }

    /// The first broken invariant ends the life.
    pub fn breach(&mut self, invariant: Invariant, detail: String) {
        self.note(format_args!("{invariant:?} is broken: {detail}"));
        if self.breach.is_none() {
            self.breach = Some(Breach { invariant, detail });
        }
    }

    /// Whether something goes wrong on this occasion.
    pub fn mishap(&mut self, percent: u64) -> bool {
        percent > 0 && !self.honest && self.random.chance(percent)
    }

    pub const fn seconds(&self) -> u64 {
        self.now / 1000
    }

    /// How long something takes on the wire.
    pub fn lag(&mut self) -> u64 {
        match self.mishap(self.plan.trouble.slowness) {
            true => self.random.weighted(&[(6, 300), (3, 4_000), (1, 20_000)]),
            false => self.random.between(1, 60),
        }
    }

    pub fn promise(&mut self, page: PageId, what: What) -> PromiseId {
        let begun = self.now;
        self.promises.push(Promise { page, what, begun, aborted: false, ends: 0, how: None });
        PromiseId(self.promises.len() - 1)
    }

    pub fn end(&mut self, id: PromiseId, how: End) {
        self.note(format_args!("{id:?} ends: {how:?}"));
        let promise = &mut self.promises[id.0];
        promise.ends += 1;
        promise.how = Some(how);
        let what = promise.what;
        if promise.ends > 1 {
            self.breach(Invariant::EndsOnce, format!("{id:?}, {what:?}"));
        }
        match how {
            End::Assurance => self.seen.see(Seen::Successes),
            End::Error(ErrorCode::LoopDetected) => self.seen.see(Seen::Loops),
            End::Error(ErrorCode::PromptSuppressed) => self.seen.see(Seen::Suppressed),
            End::Error(ErrorCode::PendingExpired) => self.seen.see(Seen::Expiries),
            End::Error(ErrorCode::StorageUnavailable) => self.seen.see(Seen::StoreFailures),
            _ => {}
        }
        if let (What::Fetch(request) | What::Resumed(request), true) =
            (what, !matches!(how, End::Response(_)))
        {
            self.watch.ended.insert(request, id);
        }
    }

    /// Time has run on, and nothing is going to happen any more.
    fn all_have_ended(&mut self) {
        if self.breach.is_some() {
            return;
        }
        let waits = |(_, promise): &(usize, &Promise)| {
            promise.ends == 0 && self.pages[promise.page.0].life == Life::Alive
        };
        if let Some((at, promise)) = self.promises.iter().enumerate().find(waits) {
            let detail = format!("{:?} of {:?}, {:?}", PromiseId(at), promise.page, promise.what);
            self.breach(Invariant::WaiterEnds, detail);
        }
    }

    fn somebody_dies(&mut self) {
        let open: Vec<_> = (0..self.tabs.len()).filter(|at| self.tabs[*at].open).collect();
        if open.is_empty() {
            return;
        }
        let tab = TabId(self.random.pick(&open));
        self.seen.see(Seen::Deaths);
        self.note(format_args!("{tab:?} is killed"));
        self.close_tab(tab);
    }
}
