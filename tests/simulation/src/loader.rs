//! The loader of a page: `index.js` and `loader.js` in all that matters, from when both are there.

use stepup::protocol::coordinator::{Event, Published};
use stepup::protocol::error::ErrorCode;
use stepup::protocol::held::Serial;
use stepup::protocol::method::Method;
use stepup::protocol::requirement::Requirement;
use stepup::protocol::units::{EpochMillis, Seconds};

use crate::api::{Answer, RequestId, Send};
use crate::browser::PageId;
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::page::{Call, Engine, PromiseId, Waiting, Wanted};
use crate::scenario::Tells;
use crate::world::{End, What, World};

impl World {
    /// `fetch()`.
    pub fn fetch(&mut self, page: PageId, request: RequestId, methods: Option<Vec<Method>>) {
        self.seen.see(Seen::Requests);
        let promise = self.promise(page, What::Fetch(request));
        self.note(format_args!("{page:?} fetches {request:?} for {promise:?}"));
        let call = Call {
            request,
            serial: None,
            sent_at: self.now,
            clicked_at: self.pages[page.0].clicked_at,
            methods,
            epoch: 0,
            saved_as: None,
            on_trial: false,
        };
        self.by_rules(page, call, promise);
    }

    /// Lets the app's rules ask first: `rules.js`.
    fn by_rules(&mut self, page: PageId, call: Call, promise: PromiseId) {
        let concerned = self.requests[call.request.0].api.is_some();
        let mut wanted = Vec::new();
        while concerned && wanted.len() < 3 && self.random.chance(self.plan.rules) {
            wanted.push(self.some_need());
        }
        let loaded = self.pages[page.0].engine.is_some();
        let remembers = concerned && self.plan.config.remember && loaded;
        if wanted.is_empty() && !remembers {
            return self.run(page, call, promise);
        }
        self.seen.see(Seen::AskFirst);
        let told = self.as_told(call.clone());
        let now = EpochMillis(self.now);
        let wants = match &self.pages[page.0].engine {
            Some(engine) => engine.driver.core.wants_window_for(told, wanted.clone(), now),
            None => self.pages[page.0].loader.opening.is_none(),
        };
        let methods = call.methods.as_deref();
        let popup = wanted.iter().any(|it| self.first_method(it, methods) == Some(Method::Popup));
        let enough = wanted.iter().all(|it| self.seems_enough(page, it));
        let active = self.now < self.pages[page.0].active_until;
        let opens = active && wants && popup && !enough;
        let window = if opens { self.open_window(page) } else { None };
        let loader = &mut self.pages[page.0].loader;
        loader.opening = loader.opening.or(window);
        let epoch = loader.epoch;
        self.engine_for(page, epoch, promise, Wanted::Demanded { call, wanted, window });
    }

    /// Sends a request, and steps up if it is challenged.
    pub fn run(&mut self, page: PageId, mut call: Call, promise: PromiseId) {
        call.epoch = self.pages[page.0].loader.epoch;
        let Some(index) = self.requests[call.request.0].api else {
            return self.send_first(page, call, promise, None);
        };
        let now = EpochMillis(self.now);
        let backend = self.plan.is_backend();
        let loader = &mut self.pages[page.0].loader;
        loader.flying += 1;
        if backend {
            return self.send_first(page, call, promise, None);
        }
        let held =
            |world: &Self| world.pages[page.0].loader.published.get(index).cloned().flatten();
        let mut slot = held(self);
        if slot.as_ref().is_some_and(|held| held.until <= now) {
            // There may be another one beside it.
            self.dispatch(page, Event::TokenExpired);
            slot = held(self);
        }
        let replayable = self.requests[call.request.0].replayable;
        // Only the API's word leads to a renewal, so what has expired is sent to get it.
        let sent = |held: &Published| held.until > now || (held.renewable && replayable);
        if let Some(held) = slot.filter(sent) {
            call.serial = Some(held.serial.0);
            if held.once {
                self.dispatch(page, Event::TokenSpent { serial: held.serial });
            }
            let token = held.access_token.expose().to_owned();
            return self.send_first(page, call, promise, Some(token));
        }
        let delay = self.random.weighted(&[(4, 0), (2, 5), (1, 200)]);
        self.later(delay, Happening::Task(page, Task::SessionTold(call, promise)));
    }

    pub fn session_told(&mut self, page: PageId, call: Call, promise: PromiseId) {
        if self.promises[promise.0].aborted {
            self.pages[page.0].loader.flying -= 1;
            return self.end(promise, End::Aborted);
        }
        let token = self.pages[page.0].session.as_ref().map(|session| session.access.clone());
        self.send_first(page, call, promise, token);
    }

    fn send_first(&mut self, page: PageId, call: Call, promise: PromiseId, token: Option<String>) {
        self.numbers += 1;
        let (number, request) = (self.numbers, call.request);
        if call.saved_as.is_some() {
            self.watch_saved(page, &call);
        }
        self.pages[page.0].loader.first.insert(number, (call, promise));
        self.send(Send { page, request, token, number });
    }

    /// A request is through.
    pub fn answered(&mut self, page: PageId, number: u64, answer: Answer) {
        if let Some(id) = self.engine(page).and_then(|engine| engine.again.remove(&number)) {
            return self.answered_again(page, id, answer);
        }
        let loader = &mut self.pages[page.0].loader;
        let Some((call, promise)) = loader.first.remove(&number) else { return };
        if self.requests[call.request.0].api.is_none() {
            return self.end(promise, plain(&answer));
        }
        let smells = match &answer {
            Answer::Response { status: 401 | 403, header, .. } => {
                header.as_deref().is_some_and(|header| header.contains("insufficient_"))
            }
            _ => false,
        };
        if smells {
            let epoch = call.epoch;
            return self.engine_for(page, epoch, promise, Wanted::Challenged(call, answer));
        }
        if call.on_trial && matches!(answer, Answer::Response { status: 200..300, .. }) {
            let request = &self.requests[call.request.0];
            let (method, url) = (request.method.to_owned(), request.url.clone());
            self.dispatch(page, Event::WentThrough { method, url });
        }
        self.pages[page.0].loader.flying -= 1;
        // A held token that the API does not take any more is renewed, or hides the session's newer one.
        if let (Answer::Response { status: 401, header, .. }, Some(serial)) = (&answer, call.serial)
            && self.pages[page.0].engine.is_some()
        {
            let header = header.clone();
            return self.refused(page, call, promise, header.as_deref(), Serial(serial));
        }
        self.end(promise, plain(&answer));
    }

    /// The engine, for what began in this epoch.
    fn engine_for(&mut self, page: PageId, epoch: u64, promise: PromiseId, what: Wanted) {
        let waiting = Waiting { epoch, promise, what };
        if self.pages[page.0].engine.is_some() {
            return self.with_engine(page, waiting);
        }
        let loader = &mut self.pages[page.0].loader;
        loader.waiting.push(waiting);
        if std::mem::replace(&mut loader.loading, true) {
            return;
        }
        let loads = !self.mishap(self.plan.trouble.network / 4);
        let delay = self.lag();
        self.later(delay, Happening::Task(page, Task::EngineLoaded(loads)));
    }

    pub fn engine_loaded(&mut self, page: PageId, loaded: bool) {
        let config = self.plan.config.clone();
        let here = &mut self.pages[page.0];
        here.loader.loading = false;
        if loaded {
            here.engine = Engine::start(config);
        }
        for waiting in std::mem::take(&mut here.loader.waiting) {
            match loaded {
                true => self.with_engine(page, waiting),
                false => self.without_engine(page, waiting, ErrorCode::WasmUnavailable),
            }
        }
    }

    fn with_engine(&mut self, page: PageId, waiting: Waiting) {
        if waiting.epoch != self.pages[page.0].loader.epoch {
            return self.without_engine(page, waiting, ErrorCode::SessionChanged);
        }
        let Waiting { promise, what, .. } = waiting;
        match what {
            Wanted::Challenged(call, answer) => {
                self.challenged(page, call, promise, answer);
                // It is waited for elsewhere from now on.
                self.pages[page.0].loader.flying -= 1;
            }
            Wanted::Demanded { call, wanted, window } => {
                if window.is_some() {
                    self.pages[page.0].loader.opening = None;
                }
                self.demanded(page, call, promise, wanted, window);
            }
            Wanted::Ensured { requirement, methods, window } => {
                self.pages[page.0].loader.opening = None;
                self.ensured(page, promise, requirement, methods, window);
            }
            Wanted::Resumed => self.take_up(page, promise),
        }
    }

    fn without_engine(&mut self, page: PageId, waiting: Waiting, code: ErrorCode) {
        match waiting.what {
            Wanted::Challenged(..) => self.pages[page.0].loader.flying -= 1,
            Wanted::Ensured { window, .. } | Wanted::Demanded { window, .. } => {
                self.pages[page.0].loader.opening = None;
                window.into_iter().for_each(|window| self.close_window(window));
            }
            Wanted::Resumed if code == ErrorCode::WasmUnavailable => {
                // What was saved is still there.
                self.pages[page.0].loader.resuming = false;
            }
            Wanted::Resumed => {}
        }
        self.end(waiting.promise, End::Error(code));
    }

    /// `ensure()`.
    pub fn ensure(&mut self, page: PageId, requirement: Requirement, methods: Option<Vec<Method>>) {
        let promise = self.promise(page, What::Ensure);
        self.note(format_args!("{page:?} ensures for {promise:?}: {requirement:?}"));
        let now = EpochMillis(self.now);
        let wanted = match &self.pages[page.0].engine {
            Some(engine) => engine.driver.core.wants_window(&requirement, now),
            None => self.pages[page.0].loader.opening.is_none(),
        };
        let popup = self.first_method(&requirement, methods.as_deref()) == Some(Method::Popup);
        let active = self.now < self.pages[page.0].active_until;
        let opens = active && wanted && popup && !self.seems_enough(page, &requirement);
        let window = if opens { self.open_window(page) } else { None };
        let loader = &mut self.pages[page.0].loader;
        loader.opening = loader.opening.or(window);
        let epoch = loader.epoch;
        let what = Wanted::Ensured { requirement, methods, window };
        self.engine_for(page, epoch, promise, what);
    }

    /// Whether what the session's ID token says is likely to be enough: `peek.js`.
    fn seems_enough(&self, page: PageId, need: &Requirement) -> bool {
        let told = self.plan.tells == Tells::IdToken && !self.plan.is_backend();
        let identity = self.pages[page.0].session.as_ref().map(|session| &session.identity);
        let identity = identity.and_then(|identity| self.mint.identity(identity));
        let Some(identity) = identity.filter(|_| told && need.scope.is_empty()) else {
            return false;
        };
        let now = self.seconds();
        let acr = &need.acr_values;
        let young = |most: Seconds| {
            let age = identity.auth_time.and_then(|at| u64::try_from(at).ok());
            age.is_some_and(|at| now.saturating_sub(at) < most.0)
        };
        now < identity.exp
            && (acr.is_empty() || identity.acr.as_ref().is_some_and(|it| acr.contains(it)))
            && need.max_age.is_none_or(young)
    }

    /// The method that an `ensure()` begins with, as `methods.js` finds it.
    fn first_method(&self, need: &Requirement, admitted: Option<&[Method]>) -> Option<Method> {
        let config = &self.plan.config;
        let reaches = |passkey: &stepup::protocol::config::Passkey| {
            let reached = passkey.acr_values.as_ref();
            passkey.server.gives_options()
                && reached.is_none_or(|reached| {
                    need.acr_values.is_empty()
                        || need.acr_values.iter().any(|acr| reached.contains(acr))
                })
        };
        let usable = config.passkeys == stepup::protocol::method::Passkeys::Usable;
        let can = usable && config.passkey.as_ref().is_some_and(reaches);
        let fits = |method: &&Method| {
            admitted.is_none_or(|all| all.contains(method)) && (**method != Method::Passkey || can)
        };
        config.methods.iter().find(fits).copied()
    }

    /// `resume()`.
    pub fn resume(&mut self, page: PageId) {
        if std::mem::replace(&mut self.pages[page.0].loader.resuming, true) {
            return;
        }
        let awaits = self.tabs[self.pages[page.0].tab.0].awaited.is_some();
        if awaits {
            let promise = self.promise(page, What::Resume);
            let epoch = self.pages[page.0].loader.epoch;
            self.engine_for(page, epoch, promise, Wanted::Resumed);
        }
    }

    /// `clear()`.
    pub fn clear(&mut self, page: PageId) {
        self.note(format_args!("{page:?} clears"));
        let here = &mut self.pages[page.0];
        here.cleared_at = self.now;
        here.told_user = true;
        here.loader.epoch += 1;
        here.loader.published.clear();
        if let Some(engine) = &mut here.engine {
            engine.clears += 1;
        }
        self.withdraw(page);
        self.dispatch(page, Event::Cleared);
        self.tell_cleared(page, None);
        if self.plan.config.methods.contains(&Method::Redirect) {
            self.forget_all(page);
        }
    }
}

fn plain(answer: &Answer) -> End {
    match answer {
        Answer::Response { status, .. } => End::Response(*status),
        Answer::Failed => End::Network,
    }
}
