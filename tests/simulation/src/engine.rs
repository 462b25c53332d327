//! The engine of a page: promises, and requests that are sent again. `engine.js` in all that matters.

use stepup::protocol::assertion::Offer;
use stepup::protocol::challenge;
use stepup::protocol::coordinator::{self, Event, WaiterId};
use stepup::protocol::details::Details;
use stepup::protocol::error::ErrorCode;
use stepup::protocol::flow::{FlowEvent, FlowId};
use stepup::protocol::held::Serial;
use stepup::protocol::requirement::Requirement;
use stepup::protocol::secret::Secret;
use stepup::protocol::units::EpochMillis;

use crate::api::{Answer, Send};
use crate::browser::{PageId, WindowId};
use crate::happening::{Happening, Task};
use crate::invariant::Invariant;
use crate::page::{Call, Engine, Leaving, PromiseId, Waiter};
use crate::world::{End, World};

/// How long a page that is to be left waits for what is on the wire.
const PATIENCE: u64 = 3_000;

impl World {
    pub fn engine(&mut self, page: PageId) -> Option<&mut Engine> {
        self.pages[page.0].engine.as_deref_mut()
    }

    /// Ends a wait, once.
    pub fn let_go(&mut self, page: PageId, id: u32) -> Option<Waiter> {
        self.engine(page)?.waiters.remove(&id)
    }

    /// Somebody waits from now on, unless the signal has fired.
    pub fn wait(&mut self, page: PageId, promise: PromiseId, call: Option<Call>) -> Option<u32> {
        if self.promises[promise.0].aborted {
            self.end(promise, End::Aborted);
            return None;
        }
        let engine = self.engine(page)?;
        engine.last += 1;
        let id = engine.last;
        engine.waiters.insert(id, Waiter { promise, call });
        Some(id)
    }

    /// A request was answered with what looks like a challenge.
    pub fn challenged(&mut self, page: PageId, call: Call, promise: PromiseId, answer: Answer) {
        let Some(clears) = self.engine(page).map(|engine| engine.clears) else { return };
        match self.reads_body(&call, &answer) {
            Some(delay) => {
                self.looks_on(page);
                let task = Task::OfferRead { call, promise, answer, clears };
                self.later(delay, Happening::Task(page, task));
            }
            None => self.offer_read(page, call, promise, answer, clears),
        }
    }

    fn looks_on(&mut self, page: PageId) {
        if let Some(engine) = self.engine(page) {
            engine.looking += 1;
        }
    }

    /// An answer has been looked at.
    pub fn looked(&mut self, page: PageId) {
        if let Some(engine) = self.engine(page) {
            engine.looking -= 1;
        }
    }

    /// How long it takes to read the body of an answer that may carry options; none if nobody reads it.
    fn reads_body(&mut self, call: &Call, answer: &Answer) -> Option<u64> {
        let at = self.requests[call.request.0].api?;
        let carries = self.plan.config.apis.get(at)?.passkey_server;
        match answer {
            Answer::Response { status: 400.., .. } if carries => Some(self.random.between(1, 40)),
            _ => None,
        }
    }

    pub fn offer_read(
        &mut self,
        page: PageId,
        call: Call,
        promise: PromiseId,
        answer: Answer,
        clears: u64,
    ) {
        let Some(engine) = self.engine(page) else { return };
        if engine.clears != clears {
            return self.end(promise, End::Error(ErrorCode::SessionChanged));
        }
        let Answer::Response { status, header, offer } = answer else { return };
        let Some(id) = self.wait(page, promise, Some(call.clone())) else { return };
        match demanded(status, header.as_deref()) {
            Ok(Demand::StepUp(requirement)) => {
                let sent_with = call.serial.map(Serial);
                let (waiter, offer) = (WaiterId(id), offer_in(offer));
                let call = self.as_told(call);
                let event =
                    Event::Challenged { waiter, call, status, requirement, sent_with, offer };
                self.dispatch(page, event);
            }
            Ok(_) => {
                self.let_go(page, id);
                self.end(promise, End::Response(status));
            }
            Err(code) => {
                self.let_go(page, id);
                self.end(promise, End::Error(code));
            }
        }
    }

    /// A request as the core is told of it.
    pub fn as_told(&self, call: Call) -> coordinator::Call {
        let request = &self.requests[call.request.0];
        coordinator::Call {
            url: request.url.clone(),
            method: request.method.to_owned(),
            replayable: request.replayable,
            reason: None,
            tag: None,
            methods: call.methods,
            sent_at: EpochMillis(call.sent_at),
            clicked_at: call.clicked_at.map(EpochMillis),
            authorization_details: Details::default(),
        }
    }

    /// A request that carried a held token was answered with a 401 that demands no step-up.
    pub fn refused(
        &mut self,
        page: PageId,
        call: Call,
        promise: PromiseId,
        header: Option<&str>,
        sent_with: Serial,
    ) {
        let Some(id) = self.wait(page, promise, Some(call.clone())) else { return };
        let invalid = matches!(demanded(401, header), Ok(Demand::ValidToken));
        let renews = invalid && self.driver(page).is_some_and(|it| it.core.may_renew(sent_with));
        if renews {
            let (waiter, call) = (WaiterId(id), self.as_told(call));
            return self.dispatch(page, Event::TokenInvalid { waiter, call, sent_with });
        }
        self.dispatch(page, Event::TokenRefused { serial: sent_with });
        if self.let_go(page, id).is_some() {
            self.end(promise, End::Response(401));
        }
    }

    /// A request is about to leave, with the window that it opened.
    pub fn demanded(
        &mut self,
        page: PageId,
        call: Call,
        promise: PromiseId,
        wanted: Vec<Requirement>,
        window: Option<WindowId>,
    ) {
        let Some(id) = self.wait(page, promise, Some(call.clone())) else {
            window.into_iter().for_each(|window| self.close_window(window));
            return;
        };
        let waiter = WaiterId(id);
        if let (Some(window), Some(engine)) = (window, self.engine(page)) {
            engine.driver.spare.push((waiter, window));
        }
        let (call, window) = (self.as_told(call), window.is_some());
        self.dispatch(page, Event::Demanded { waiter, call, wanted, window });
    }

    /// A request leaves as any other.
    pub fn lets_go(&mut self, page: PageId, id: u32, on_trial: bool) {
        if let Some(Waiter { promise, call: Some(call) }) = self.let_go(page, id) {
            self.seen.see(crate::coverage::Seen::LetGo);
            if on_trial {
                self.seen.see(crate::coverage::Seen::OnTrial);
            }
            let Some(clears) = self.engine(page).map(|engine| engine.clears) else { return };
            self.looks_on(page);
            let task = Task::LetGo { call: Call { on_trial, ..call }, promise, clears };
            self.later(0, Happening::Task(page, task));
        }
    }

    /// It leaves, unless there was a logout meanwhile.
    pub fn goes(&mut self, page: PageId, call: Call, promise: PromiseId, clears: u64) {
        self.looked(page);
        match self.engine(page).is_some_and(|engine| engine.clears == clears) {
            true => self.run(page, call, promise),
            false => self.end(promise, End::Error(ErrorCode::SessionChanged)),
        }
    }

    /// `ensure()`, with the window that it opened.
    pub fn ensured(
        &mut self,
        page: PageId,
        promise: PromiseId,
        requirement: Requirement,
        methods: Option<Vec<stepup::protocol::method::Method>>,
        window: Option<WindowId>,
    ) {
        let Some(id) = self.wait(page, promise, None) else {
            window.into_iter().for_each(|window| self.close_window(window));
            return;
        };
        let waiter = WaiterId(id);
        if let (Some(window), Some(engine)) = (window, self.engine(page)) {
            engine.driver.spare.push((waiter, window));
        }
        let window = window.is_some();
        let event = Event::Ensured { waiter, requirement, reason: None, methods, window };
        self.dispatch(page, event);
    }

    /// A request is sent again.
    pub fn retry(&mut self, page: PageId, leaving: Leaving) {
        let id = leaving.waiter.0;
        self.numbers += 1;
        let number = self.numbers;
        let Some(engine) = self.engine(page) else { return };
        let Some(waiter) = engine.waiters.get(&id) else { return };
        let (Some(call), promise) = (waiter.call.clone(), waiter.promise) else { return };
        engine.retrying += 1;
        engine.again.insert(number, id);
        let (began, cleared) = (self.promises[promise.0].begun, self.pages[page.0].cleared_at);
        if began < cleared {
            let detail = format!("{:?} in {page:?}", call.request);
            self.breach(Invariant::NotSentAfterLogout, detail);
        }
        self.watch_saved(page, &call);
        let token = leaving.token.map(|token| token.expose().to_owned());
        self.send(Send { page, request: call.request, token, number });
    }

    /// What came out of the store leaves for the first time.
    pub fn watch_saved(&mut self, page: PageId, call: &Call) {
        if let Some(state) = &call.saved_as {
            let before = self.saved_sent.insert((state.clone(), call.request), page);
            if let Some(before) = before.filter(|before| *before != page) {
                let detail = format!("{:?} by {before:?} and {page:?}", call.request);
                self.breach(Invariant::SavedSentOnce, detail);
            }
            if self.watch.expired.contains(state) {
                let detail = format!("{:?} in {page:?}", call.request);
                self.breach(Invariant::NotAfterExpiry, detail);
            }
        }
        if let Some(promise) = self.watch.ended.get(&call.request) {
            let detail = format!("{:?} in {page:?}, {promise:?} has ended", call.request);
            self.breach(Invariant::NotSentAfterEnd, detail);
        }
    }

    /// A request that was sent again is through.
    pub fn answered_again(&mut self, page: PageId, id: u32, answer: Answer) {
        let Some(engine) = self.engine(page) else { return };
        engine.retrying -= 1;
        let call = engine.waiters.get(&id).and_then(|waiter| waiter.call.clone());
        let Answer::Response { status, .. } = answer else {
            if let Some(waiter) = self.let_go(page, id) {
                self.end(waiter.promise, End::Network);
            }
            return self.dispatch(page, Event::Answered { waiter: WaiterId(id), status: None });
        };
        // First the app's own detector, then what the body carries.
        let read = call.and_then(|call| self.reads_body(&call, &answer)).unwrap_or(0);
        let detected = match self.plan.slow_detect && status >= 400 {
            true => self.random.between(0, 200),
            false => 0,
        };
        match read + detected {
            0 => self.judged(page, id, answer),
            delay => {
                self.looks_on(page);
                let task = Task::Judged { waiter: id, answer };
                self.later(delay, Happening::Task(page, task));
            }
        }
    }

    pub fn judged(&mut self, page: PageId, id: u32, answer: Answer) {
        let Some(engine) = self.engine(page) else { return };
        let Some(promise) = engine.waiters.get(&id).map(|waiter| waiter.promise) else { return };
        let Answer::Response { status, header, offer } = answer else { return };
        let waiter = WaiterId(id);
        let renews = engine.driver.core.may_renew_for(waiter);
        match demanded(status, header.as_deref()) {
            Ok(Demand::StepUp(requirement)) => {
                let offer = offer_in(offer);
                let event = Event::ChallengedAgain { waiter, status, requirement, offer };
                self.dispatch(page, event);
            }
            Ok(Demand::ValidToken) if renews => {
                self.dispatch(page, Event::TokenInvalidAgain { waiter });
            }
            Ok(Demand::ValidToken | Demand::Nothing) => {
                self.dispatch(page, Event::Answered { waiter, status: Some(status) });
                if self.let_go(page, id).is_some() {
                    self.end(promise, End::Response(status));
                }
            }
            Err(code) => {
                self.let_go(page, id);
                self.end(promise, End::Error(code));
            }
        }
    }

    /// The caller's own signal fires.
    pub fn abort(&mut self, page: PageId, promise: PromiseId) {
        if self.promises[promise.0].ends > 0 {
            return;
        }
        self.seen.see(crate::coverage::Seen::Aborts);
        self.promises[promise.0].aborted = true;
        self.note(format_args!("{promise:?} is aborted"));
        self.awaits_without(page, promise);
        let is_it = |waiter: &Waiter| waiter.promise == promise;
        let waiting = self.engine(page).and_then(|engine| {
            engine.waiters.iter().find(|(_, waiter)| is_it(waiter)).map(|(id, _)| *id)
        });
        if let Some(id) = waiting {
            self.let_go(page, id);
            self.end(promise, End::Aborted);
            // Its request, if it is on the wire, fails with the same signal.
            if let Some(engine) = self.engine(page) {
                let before = engine.again.len();
                engine.again.retain(|_, waiter| *waiter != id);
                engine.retrying -= (before - engine.again.len()) as u64;
            }
            return self.dispatch(page, Event::Aborted { waiter: WaiterId(id) });
        }
        let loader = &mut self.pages[page.0].loader;
        let sent = loader.first.iter().find(|(_, (_, of))| *of == promise);
        if let Some(number) = sent.map(|(number, _)| *number)
            && let Some((call, _)) = loader.first.remove(&number)
        {
            let counted = u64::from(self.requests[call.request.0].api.is_some());
            self.pages[page.0].loader.flying -= counted;
            self.end(promise, End::Aborted);
        }
        // Everything else looks at its signal when it goes on.
    }

    /// What is on the wire of a page that is frozen is lost.
    pub fn lose_requests(&mut self, page: PageId) {
        let first: Vec<u64> = self.pages[page.0].loader.first.keys().copied().collect();
        let again = self.pages[page.0].engine.iter().flat_map(|engine| engine.again.keys());
        let numbers: Vec<u64> = first.into_iter().chain(again.copied()).collect();
        for number in numbers {
            self.later(0, Happening::Task(page, Task::Answered(number, Answer::Failed)));
        }
    }

    /// The page came back from the browser's cache.
    pub fn page_shown(&mut self, page: PageId) {
        self.catch_up(page);
        self.dispatch(page, Event::Interrupted);
    }

    /// The step-up waits for the wire to be quiet.
    pub fn await_quiet(&mut self, page: PageId, flow: FlowId) {
        let until = self.now + PATIENCE;
        self.later(0, Happening::Task(page, Task::Poll(flow, until)));
    }

    pub fn poll(&mut self, page: PageId, flow: FlowId, until: u64) {
        let (flying, now) = (self.pages[page.0].loader.flying, self.now);
        let Some(engine) = self.engine(page) else { return };
        let under_way = flying + engine.retrying + engine.looking;
        engine.impatient = under_way > 0;
        if under_way > 0 && now < until {
            return self.later(20, Happening::Task(page, Task::Poll(flow, until)));
        }
        self.dispatch(page, Event::Flow(flow, FlowEvent::Quiet));
    }
}

/// What an answer demands.
enum Demand {
    StepUp(Requirement),
    ValidToken,
    Nothing,
}

fn demanded(status: u16, header: Option<&str>) -> Result<Demand, ErrorCode> {
    let reading =
        challenge::read(status, header.unwrap_or_default()).map_err(|error| error.code)?;
    Ok(match reading.requirement {
        Some(requirement) => Demand::StepUp(requirement),
        None if reading.invalid_token => Demand::ValidToken,
        None => Demand::Nothing,
    })
}

pub fn offer_in(carried: bool) -> Option<Offer> {
    carried.then(|| Offer {
        public_key: "{\"challenge\":\"carried\"}".to_owned(),
        auth_session: Some(Secret::new("carried")),
    })
}
