//! Before a page is left, and when the user is back: `redirect.js`, `return.js` and `callback.js`.

use stepup::protocol::coordinator::{self, Event, WaiterId};
use stepup::protocol::encode::parse_form;
use stepup::protocol::error::ErrorCode;
use stepup::protocol::flow::{FlowEvent, FlowId};
use stepup::protocol::json;

use crate::browser::{Awaited, PageId, Place, TabId};
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::invariant::Invariant;
use crate::page::{Call, PromiseId};
use crate::scenario::Replay;
use crate::store::{Found, Operation, Saved, Stored, Taking};
use crate::world::{End, What, World};

/// Requests that are saved at most.
const MOST_REQUESTS: usize = 20;
/// How long after the end of a step-up its record may still be there.
const FORGETTING: u64 = 12_000;

impl World {
    /// Saves what the core and the requests need to go on.
    pub fn save(
        &mut self,
        page: PageId,
        flow: FlowId,
        saved: &coordinator::Saved,
        waiters: &[WaiterId],
    ) {
        let state = saved.state().to_owned();
        let Some(engine) = self.engine(page) else { return };
        let calls: Vec<_> = waiters
            .iter()
            .map(|id| {
                let waiter = engine.waiters.get(&id.0)?;
                let call = waiter.call.as_ref()?;
                let (request, sent_at) = (call.request, call.sent_at);
                Some(Saved { request, sent_at, promise: waiter.promise })
            })
            .collect();
        engine.saving.insert(state.clone());
        self.note(format_args!("{page:?} saves {} requests as {state}", calls.len()));
        if calls.len() > MOST_REQUESTS {
            let task = Task::Saved { flow, state, until: None };
            return self.later(0, Happening::Task(page, task));
        }
        let core = json::write(saved);
        let (until, stored) = (saved.until().0, Stored { core, calls });
        self.ask_store(Operation::Put { page, flow, state, until, stored });
    }

    /// The record is kept, or not; then the tab awaits the user.
    pub fn saved(&mut self, page: PageId, flow: FlowId, state: String, until: Option<u64>) {
        let Some(engine) = self.engine(page) else { return };
        // A logout meanwhile has found nothing to delete yet.
        let wanted = engine.saving.remove(&state);
        let outcome = match until.filter(|_| wanted && !self.plan.no_session_storage) {
            Some(until) => {
                self.awaits(page, state, until);
                Ok(())
            }
            None => {
                self.ask_store(Operation::Remove(state));
                Err(ErrorCode::StorageUnavailable.into())
            }
        };
        self.dispatch(page, Event::Flow(flow, FlowEvent::Saved(outcome)));
    }

    /// From now on the tab awaits the user.
    fn awaits(&mut self, page: PageId, state: String, until: u64) {
        if let Some(engine) = self.engine(page) {
            engine.tabs.saved_until = until;
        }
        let stored = self.store.records.get(&state).and_then(|(_, stored)| stored.clone());
        let calls: Vec<_> = stored.map(|stored| stored.calls).unwrap_or_default();
        let promises = calls.iter().map(|saved| saved.as_ref().map(|saved| saved.promise));
        let promises: Vec<_> = promises.collect();
        let aborted = |at: &usize| promises[*at].is_some_and(|it| self.promises[it.0].aborted);
        let without = (0..promises.len()).filter(aborted).collect();
        let returns_to = self.pages[page.0].path.clone();
        let awaited = Awaited { state: state.clone(), returns_to, until, without, given_up: false };
        let tab = self.tab_of(page);
        tab.response = None;
        let before = tab.awaited.replace(awaited);
        if let Some(before) = before.filter(|before| before.state != state) {
            // Nobody can come back to that any more.
            self.ask_store(Operation::Remove(before.state));
        }
        if let Some(engine) = self.engine(page) {
            engine.saved_calls = (state, promises);
        }
    }

    /// As long as the page is there, its requests can be given up.
    pub fn awaits_without(&mut self, page: PageId, promise: PromiseId) {
        let Some(engine) = self.engine(page) else { return };
        let (state, promises) = &engine.saved_calls;
        let at = promises.iter().position(|saved| *saved == Some(promise));
        let (state, Some(at)) = (state.clone(), at) else { return };
        if let Some(awaited) = &mut self.tab_of(page).awaited
            && awaited.state == state
        {
            awaited.without.push(at);
        }
    }

    fn tab_of(&mut self, page: PageId) -> &mut crate::browser::Tab {
        let tab = self.pages[page.0].tab;
        &mut self.tabs[tab.0]
    }

    /// It is given up. Who comes back all the same finds the way, and nothing there.
    pub fn forget(&mut self, page: PageId, state: String) {
        if let Some(engine) = self.engine(page) {
            engine.saving.remove(&state);
        }
        let awaited = self.tab_of(page).awaited.as_mut();
        if let Some(awaited) = awaited.filter(|awaited| awaited.state == state) {
            // Its record may outlive a storage that refuses.
            awaited.given_up = true;
        }
        self.ask_store(Operation::Remove(state));
    }

    /// Nobody is to come back to anything: logout.
    pub fn forget_all(&mut self, page: PageId) {
        if let Some(engine) = self.engine(page) {
            engine.saving.clear();
        }
        self.stops_awaiting(page);
        self.ask_store(Operation::Clear);
    }

    fn stops_awaiting(&mut self, page: PageId) {
        let tab = self.tab_of(page);
        tab.awaited = None;
        tab.response = None;
        tab.taking = None;
    }

    /// The response to what this tab awaits, if there is one.
    fn response(&mut self, page: PageId) -> Option<String> {
        let awaited = self.tab_of(page).awaited.clone()?.state;
        if let Some(aside) = self.tab_of(page).response.clone() {
            return Some(aside);
        }
        let here = &self.pages[page.0];
        if !self.plan.callback_is_app || here.path != CALLBACK {
            return None;
        }
        let search = here.search.clone();
        let state = state_in(&search);
        if state.as_ref() == Some(&awaited) {
            self.pages[page.0].search.clear();
            self.tab_of(page).response = Some(search.clone());
            return Some(search);
        }
        let parameters = parse_form(&search);
        let says = parameters.iter().any(|(name, _)| name == "code" || name == "error");
        (state.is_some() || says).then_some(search)
    }

    /// The engine's part of `resume()`.
    pub fn take_up(&mut self, page: PageId, promise: PromiseId) {
        let awaited = self.tab_of(page).awaited.clone();
        let (Some(Awaited { state, without, given_up, .. }), Some(search)) =
            (awaited.clone(), self.response(page))
        else {
            if awaited.is_some_and(|awaited| awaited.until <= self.now) {
                self.stops_awaiting(page);
            }
            // The user is here, and not away.
            self.is_back(page);
            return self.end(promise, End::Nothing);
        };
        if state_in(&search).as_ref() != Some(&state) {
            return self.resume_fails(page, promise, ErrorCode::StateMismatch);
        }
        if given_up {
            self.stops_awaiting(page);
            return self.resume_fails(page, promise, ErrorCode::PendingExpired);
        }
        let clears = self.engine(page).map_or(0, |engine| engine.clears);
        let tab = self.tab_of(page);
        let died = tab.taking.replace(state.clone()).is_some_and(|taking| taking == state);
        let taking = Taking { promise, state, query: search, without, clears, died };
        self.ask_store(Operation::Take { page, taking });
    }

    fn resume_fails(&mut self, page: PageId, promise: PromiseId, code: ErrorCode) {
        self.is_back(page);
        self.end(promise, End::Error(code));
        let again = matches!(code, ErrorCode::StorageUnavailable | ErrorCode::WasmUnavailable);
        if again {
            // What was saved is still there, and some apps ask again.
            self.pages[page.0].loader.resuming = false;
            if self.random.chance(30) {
                self.later(1_000, Happening::Task(page, Task::Resume));
            }
        }
    }

    pub fn taken(&mut self, page: PageId, taking: Taking, found: Result<Found, ()>) {
        let Taking { promise, state, query, without, clears, died } = taking;
        let Ok(found) = found else {
            return self.resume_fails(page, promise, ErrorCode::StorageUnavailable);
        };
        let awaits = self.tab_of(page).awaited.as_ref();
        if awaits.is_some_and(|awaited| awaited.state == state) {
            self.stops_awaiting(page);
        }
        let stored = match found {
            Found::Record(stored) => stored,
            Found::Taken if died => {
                return self.resume_fails(page, promise, ErrorCode::Interrupted);
            }
            Found::Taken => {
                self.is_back(page);
                return self.end(promise, End::Nothing);
            }
            Found::Nothing => return self.resume_fails(page, promise, ErrorCode::PendingExpired),
        };
        if self.engine(page).is_some_and(|engine| engine.clears != clears) {
            return self.resume_fails(page, promise, ErrorCode::SessionChanged);
        }
        let Some(core) = json::read::<coordinator::Saved>(&stored.core) else {
            return self.resume_fails(page, promise, ErrorCode::PendingExpired);
        };
        if core.until().0 <= self.now {
            self.watch.expired.insert(state.clone());
        }
        for (at, saved) in stored.calls.iter().enumerate() {
            let Some(saved) = saved.as_ref().filter(|_| without.contains(&at)) else { continue };
            if !self.promises[saved.promise.0].aborted {
                let detail = format!("{:?} was saved, and nobody aborted it", saved.request);
                self.breach(Invariant::NothingLeftBehind, detail);
            }
        }
        let began = self.promises[promise.0].begun;
        let until = core.until().0;
        let ids: Vec<_> = stored
            .calls
            .iter()
            .enumerate()
            .map(|(at, saved)| {
                let saved = saved.as_ref().filter(|_| !without.contains(&at))?;
                self.wait_for_saved(page, saved, &state, began, until)
            })
            .collect();
        let Some(id) = self.wait(page, promise, None) else { return };
        let waiter = WaiterId(id);
        let event =
            Event::Resumed { waiter, saved: Box::new(core), query: query.into(), waiters: ids };
        self.dispatch(page, event);
    }

    /// Somebody waits for a request that comes out of the store, if it is to be sent.
    fn wait_for_saved(
        &mut self,
        page: PageId,
        saved: &Saved,
        state: &str,
        began: u64,
        until: u64,
    ) -> Option<WaiterId> {
        let call = Call {
            on_trial: false,
            request: saved.request,
            serial: None,
            sent_at: saved.sent_at,
            clicked_at: None,
            methods: None,
            epoch: 0,
            saved_as: Some(state.to_owned()),
        };
        let safe = self.requests[saved.request.0].method == "GET";
        let sends = match self.plan.replay {
            Replay::All => true,
            Replay::Safe => safe,
            Replay::Ask => false,
        };
        if sends {
            self.seen.see(Seen::Sent);
            let promise = self.promise(page, What::Resumed(saved.request));
            self.promises[promise.0].begun = began;
            return self.wait(page, promise, Some(call)).map(WaiterId);
        }
        self.seen.see(Seen::Discarded);
        // The app asks its user, who says yes or no.
        if self.random.chance(50) {
            let clears = self.engine(page).map_or(0, |engine| engine.clears);
            let delay = self.random.weighted(&[(1, 0), (2, 5_000), (1, 200_000)]);
            self.later(delay, Happening::Task(page, Task::SendSaved { call, clears, until }));
        }
        None
    }

    /// The user has said that it is to be sent.
    pub fn sends_saved(&mut self, page: PageId, call: Call, clears: u64, until: u64) {
        let promise = self.promise(page, What::Fetch(call.request));
        if self.engine(page).is_some_and(|engine| engine.clears != clears) {
            // What one user has left is not sent as another.
            return self.end(promise, End::Error(ErrorCode::SessionChanged));
        }
        if until <= self.now {
            return self.end(promise, End::Error(ErrorCode::PendingExpired));
        }
        // A new send, by the user's own word: it may have a renewal of its own.
        let request = &mut self.requests[call.request.0];
        request.challenges += u64::from(std::mem::take(&mut request.invalid));
        self.run(page, call, promise);
    }

    /// A callback page.
    pub fn calls_back(&mut self, place: Place, query: String) {
        self.note(format_args!("callback in {place:?}: {query}"));
        match place {
            Place::Tab(tab) => self.calls_back_in_tab(tab, query),
            Place::Window(window) => {
                if self.windows[window.0].closed {
                    return;
                }
                let Some(state) = state_in(&query) else { return };
                self.broadcast(&state, &query);
                // Where broadcasts do not arrive, the opener may still be reached.
                let opener = self.windows[window.0].opener;
                if !self.windows[window.0].severed {
                    let task = Task::Heard { state, query };
                    self.later(300, Happening::Task(opener, task));
                }
            }
        }
    }

    fn calls_back_in_tab(&mut self, tab: TabId, query: String) {
        if !self.tabs[tab.0].open {
            return;
        }
        self.seen.see(Seen::Returns);
        if self.mishap(self.plan.trouble.mischief / 3) {
            self.seen.see(Seen::LinksTwice);
            self.link_twice(tab, &query);
        }
        if self.plan.callback_is_app {
            return self.later(1, Happening::Loads { tab, path: CALLBACK.into(), search: query });
        }
        let shown = &mut self.tabs[tab.0];
        let state = state_in(&query);
        let back = shown.awaited.clone().filter(|awaited| Some(&awaited.state) == state.as_ref());
        match (back, state) {
            (Some(Awaited { returns_to: path, .. }), _) => {
                shown.response = Some(query);
                let delay = self.random.between(1, 300);
                self.later(delay, Happening::Loads { tab, path, search: String::new() });
            }
            (None, Some(state)) => {
                self.broadcast(&state, &query);
                self.user_goes_home(tab);
            }
            (None, None) => self.user_goes_home(tab),
        }
    }

    /// The link of the callback is opened once more: in a tab of its own, or in a copy of this one.
    fn link_twice(&mut self, tab: TabId, query: &str) {
        match self.random.chance(50) {
            true => {
                let other = self.open_tab();
                self.later(5, Happening::CallsBack(Place::Tab(other), query.to_owned()));
            }
            false if self.plan.callback_is_app => {
                self.copy_tab(tab, CALLBACK.to_owned(), query.to_owned());
            }
            false => {
                let other = self.open_tab();
                self.tabs[other.0].awaited = self.tabs[tab.0].awaited.clone();
                self.later(5, Happening::CallsBack(Place::Tab(other), query.to_owned()));
            }
        }
    }

    /// Somebody stranded on a page that leads nowhere opens the app again.
    fn user_goes_home(&mut self, tab: TabId) {
        let delay = self.random.between(1_000, 30_000);
        self.later(delay, Happening::Loads { tab, path: "/".into(), search: String::new() });
    }

    /// A step-up that saved something has ended in its own page, which lives on.
    pub fn is_to_be_forgotten(&mut self, page: PageId, state: String) {
        self.forget(page, state.clone());
        self.later(FORGETTING, Happening::Task(page, Task::Forgotten(state)));
    }

    /// By now the record of a step-up that ended in its own page must be gone.
    pub fn forgotten(&mut self, page: PageId, state: &str) {
        let kept = self.store.records.get(state).is_some_and(|(_, stored)| stored.is_some());
        if kept && self.plan.trouble.store == 0 {
            let detail = format!("{state} of {page:?}");
            self.breach(Invariant::Forgotten, detail);
        }
    }
}

/// The redirect URI's path.
pub const CALLBACK: &str = "/callback.html";

/// The state in a callback page's query.
pub fn state_in(query: &str) -> Option<String> {
    let parameters = parse_form(query);
    let of = |name: &str| parameters.iter().find(|(key, _)| key == name);
    of("stepup_state").or_else(|| of("state")).map(|(_, value)| value.clone())
}
