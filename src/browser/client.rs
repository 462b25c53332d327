//! What `engine.js` calls.

use super::dom::{Window, assign};
use super::driver::Driver;
use super::host::{Host, from_js, get, object, thrown};
use super::js::{Function, array};
use super::notice::{demanded, plain};
use super::provider::offer_in;
use crate::protocol::challenge;
use crate::protocol::config::Config;
use crate::protocol::coordinator::{Call, Coordinator, Event, WaiterId};
use crate::protocol::details::Details;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::held::Serial;
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;
use crate::protocol::units::{EpochMillis, Millis};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// One configured SDK.
#[wasm_bindgen]
pub struct Client {
    pub(super) driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Client {
    /// Takes the options, already in the core's form.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: JsValue, host: Host) -> Result<Client, JsValue> {
        let limit = get(&settings, "requestTimeout").as_f64().unwrap_or(15.0);
        let config: Config = from_js(settings, ErrorCode::ConfigurationInvalid, "the options")
            .map_err(|error| thrown(&error))?;
        let issuer = config.provider.as_ref().map(|it| it.issuer.clone()).unwrap_or_default();
        let backend = config.backend.as_ref().and_then(|backend| backend.login.clone());
        let shown = backend.unwrap_or_else(|| issuer.clone());
        if limit.is_nan() || limit <= 0.0 {
            let error = Error::new(ErrorCode::ConfigurationInvalid, "requestTimeout is no time");
            return Err(thrown(&error));
        }
        // A fraction of a second counts. The cast saturates.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let limit = Millis((limit * 1000.0).ceil() as u64);
        let core = Coordinator::new(config).map_err(|error| thrown(&error))?;
        Ok(Self { driver: Driver::new(core, host, issuer, shown, limit) })
    }

    /// A request was answered with what looks like a challenge. False if it is none.
    pub fn challenged(
        &self,
        waiter: u32,
        call: &JsValue,
        status: u16,
        header: Option<String>,
        detected: JsValue,
        offer: &JsValue,
    ) -> Result<bool, JsValue> {
        let waiter = WaiterId(waiter);
        let Demand::StepUp(requirement) = self.demanded(status, header, detected)? else {
            return Ok(false);
        };
        let sent_with = serial_of(call);
        let call = read_call(call)?;
        let offer = offer_in(offer);
        let event = Event::Challenged { waiter, call, status, requirement, sent_with, offer };
        self.driver.dispatch(event);
        Ok(true)
    }

    /// A request that was sent again has an answer. False if it is no challenge, and so final.
    pub fn answered(
        &self,
        waiter: u32,
        status: u16,
        header: Option<String>,
        detected: JsValue,
        offer: &JsValue,
    ) -> Result<bool, JsValue> {
        let waiter = WaiterId(waiter);
        let event = match self.demanded(status, header, detected)? {
            Demand::StepUp(requirement) => {
                let offer = offer_in(offer);
                Event::ChallengedAgain { waiter, status, requirement, offer }
            }
            Demand::ValidToken if self.driver.ask(|core, _| core.may_renew_for(waiter)) => {
                Event::TokenInvalidAgain { waiter }
            }
            Demand::ValidToken | Demand::Nothing => {
                Event::Answered { waiter, status: Some(status) }
            }
        };
        let again = !matches!(event, Event::Answered { .. });
        self.driver.dispatch(event);
        Ok(again)
    }

    /// A request that was sent again failed on the way.
    pub fn failed(&self, waiter: u32) {
        self.driver.dispatch(Event::Answered { waiter: WaiterId(waiter), status: None });
    }

    /// A request that carried a held token was answered with a 401 that demands no step-up. False if
    /// that is its answer; else it is sent again when its token has been renewed.
    pub fn refused(
        &self,
        waiter: u32,
        call: &JsValue,
        header: Option<String>,
    ) -> Result<bool, JsValue> {
        let Some(sent_with) = serial_of(call) else { return Ok(false) };
        // Whatever else is wrong with the header, its answer is the caller's.
        let reading = challenge::read(401, header.as_deref().unwrap_or_default());
        let invalid = reading.is_ok_and(|reading| reading.invalid_token);
        let renews = invalid && self.driver.ask(|core, _| core.may_renew(sent_with));
        self.driver.dispatch(match renews {
            true => {
                let (waiter, call) = (WaiterId(waiter), read_call(call)?);
                Event::TokenInvalid { waiter, call, sent_with }
            }
            false => Event::TokenRefused { serial: sent_with },
        });
        Ok(renews)
    }

    /// A request is about to carry the token that was published for one.
    pub fn spent(&self, serial: u32) {
        self.driver.dispatch(Event::TokenSpent { serial: Serial(serial) });
    }

    /// A published token has expired.
    pub fn expired(&self) {
        self.driver.dispatch(Event::TokenExpired);
    }

    /// A request is about to leave. `wanted` is what the rules that it matches demand, as a list;
    /// `window` was opened inside the click.
    pub fn asks_first(
        &self,
        waiter: u32,
        call: &JsValue,
        wanted: JsValue,
        window: Option<Window>,
    ) -> Result<(), JsValue> {
        let waiter = WaiterId(waiter);
        let read = read_call(call).and_then(|call| Ok((call, read_requirements(wanted)?)));
        let opened = self.keep(waiter, window, read.is_ok());
        let (call, wanted) = read?;
        self.driver.dispatch(Event::Demanded { waiter, call, wanted, window: opened });
        Ok(())
    }

    /// A request that was let go on trial went through.
    pub fn went_through(&self, method: String, url: String) {
        self.driver.dispatch(Event::WentThrough { method, url });
    }

    /// What the provider publishes is to be read ahead.
    pub fn look_ahead(&self, waiter: u32) {
        self.driver.look_ahead(WaiterId(waiter));
    }

    /// Options for a passkey are to be fetched ahead.
    pub fn prepare(&self, waiter: u32, requirement: JsValue) -> Result<(), JsValue> {
        let requirement = read_requirement(requirement)?;
        self.driver.dispatch(Event::Prepare { waiter: WaiterId(waiter), requirement });
        Ok(())
    }

    /// `ensure()` was called, with the window it opened.
    pub fn ensured(
        &self,
        waiter: u32,
        requirement: JsValue,
        reason: Option<String>,
        methods: JsValue,
        window: Option<Window>,
    ) -> Result<(), JsValue> {
        let waiter = WaiterId(waiter);
        let read = read_requirement(requirement)
            .and_then(|requirement| Ok((requirement, read_methods(methods)?)));
        let opened = self.keep(waiter, window, read.is_ok());
        let (requirement, methods) = read?;
        let event = Event::Ensured { waiter, requirement, reason, methods, window: opened };
        self.driver.dispatch(event);
        Ok(())
    }

    /// The caller's own signal fired.
    pub fn aborted(&self, waiter: u32) {
        self.driver.dispatch(Event::Aborted { waiter: WaiterId(waiter) });
    }

    /// The user is back from a redirect, with what was saved and with the query of the callback page.
    /// `waiters` has a number for each of the saved requests that is to be sent, else null.
    pub fn resumed(
        &self,
        waiter: u32,
        saved: JsValue,
        query: String,
        waiters: JsValue,
    ) -> Result<(), JsValue> {
        let unreadable = |error: Error| thrown(&error);
        let expired = ErrorCode::PendingExpired;
        let saved = Box::new(from_js(saved, expired, "what was saved").map_err(unreadable)?);
        let waiters: Vec<Option<u32>> =
            from_js(waiters, ErrorCode::ConfigurationInvalid, "waiters").map_err(unreadable)?;
        let waiters = waiters.into_iter().map(|waiter| waiter.map(WaiterId)).collect();
        let waiter = WaiterId(waiter);
        let query = query.into();
        self.driver.dispatch(Event::Resumed { waiter, saved, query, waiters });
        Ok(())
    }

    /// The page came back from the browser's cache.
    pub fn interrupted(&self) {
        self.driver.dispatch(Event::Interrupted);
    }

    /// `clear()` was called.
    pub fn cleared(&self) {
        self.driver.dispatch(Event::Cleared);
    }

    /// `clear()` was called in another tab, or another user has signed in there. False if that does not
    /// concern this page.
    pub fn cleared_elsewhere(&self, sub: Option<String>) -> bool {
        let concerned = self.driver.ask(|core, _| core.is_concerned(sub.as_deref()));
        self.driver.dispatch(Event::ClearedElsewhere { sub });
        concerned
    }

    /// Whether a window opened inside this click would serve.
    pub fn wants_window(&self, requirement: JsValue) -> Result<bool, JsValue> {
        let requirement = read_requirement(requirement)?;
        Ok(self.driver.ask(|core, now| core.wants_window(&requirement, now)))
    }

    /// The same for a request, and what the rules that it matches demand.
    pub fn wants_window_for(&self, call: &JsValue, wanted: JsValue) -> Result<bool, JsValue> {
        let (call, wanted) = (read_call(call)?, read_requirements(wanted)?);
        Ok(self.driver.ask(|core, now| core.wants_window_for(call, wanted, now)))
    }

    /// What is proved now; undefined where nothing is.
    pub fn assurance(&self) -> JsValue {
        let assurance = self.driver.ask(Coordinator::assurance);
        assurance.map_or(JsValue::UNDEFINED, |assurance| plain(&assurance))
    }

    /// Takes the token that is held for what a request is about in particular.
    pub fn narrow(&self, url: &str, details: JsValue) -> Result<JsValue, JsValue> {
        let details = read_details(details)?;
        Ok(self.driver.take_narrow(url, &details))
    }

    /// The access token held for a requirement.
    pub fn token(&self, requirement: JsValue) -> Result<Option<String>, JsValue> {
        let requirement = read_requirement(requirement)?;
        let (token, once) = self.driver.ask(|core, now| {
            let token = core.token(&requirement, now).map(|token| token.expose().to_owned());
            (token, core.token_for_one_use(&requirement, now))
        });
        if let Some(serial) = once {
            self.driver.dispatch(Event::TokenSpent { serial });
        }
        Ok(token)
    }

    /// Keeps the window until the core has decided about it, or closes it if there is nothing to decide.
    /// Tells whether there is one.
    fn keep(&self, waiter: WaiterId, window: Option<Window>, goes_on: bool) -> bool {
        let Some(window) = window else { return false };
        match goes_on {
            true => self.driver.keep_window(waiter, window),
            false => drop(window.close()),
        }
        true
    }

    /// What an answer demands: the app's own detector goes before the header.
    fn demanded(
        &self,
        status: u16,
        header: Option<String>,
        detected: JsValue,
    ) -> Result<Demand, JsValue> {
        if detected.is_truthy() {
            return read_requirement(detected).map(Demand::StepUp);
        }
        let reading = challenge::read(status, header.as_deref().unwrap_or_default())
            .map_err(|error| thrown(&error))?;
        for report in &reading.reports {
            self.driver.host.diagnose("challenge_ignored", &report.text());
        }
        Ok(match reading.requirement {
            Some(requirement) => Demand::StepUp(requirement),
            None if reading.invalid_token => Demand::ValidToken,
            None => Demand::Nothing,
        })
    }
}

/// What an answer demands.
enum Demand {
    StepUp(Requirement),
    ValidToken,
    Nothing,
}

/// The held token that a call has carried.
fn serial_of(call: &JsValue) -> Option<Serial> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    get(call, "serial").as_f64().map(|serial| Serial(serial as u32))
}

fn read_call(call: &JsValue) -> Result<Call, JsValue> {
    let text = |name: &str| get(call, name).as_string();
    Ok(Call {
        url: text("url").unwrap_or_default(),
        method: text("method").unwrap_or_default(),
        replayable: get(call, "replayable").is_truthy(),
        reason: text("reason"),
        tag: text("tag"),
        methods: read_methods(get(call, "methods"))?,
        sent_at: point_in_time(call, "sentAt").unwrap_or(EpochMillis(0)),
        clicked_at: point_in_time(call, "clickedAt"),
        authorization_details: read_details(get(call, "authorizationDetails"))?,
    })
}

fn read_requirement(value: JsValue) -> Result<Requirement, JsValue> {
    from_js::<Requirement>(value, ErrorCode::ConfigurationInvalid, "the requirement")
        .and_then(Requirement::checked)
        .map_err(|error: Error| thrown(&error))
}

fn read_requirements(value: JsValue) -> Result<Vec<Requirement>, JsValue> {
    from_js::<Vec<Requirement>>(value, ErrorCode::ConfigurationInvalid, "the requirements")
        .and_then(|all| all.into_iter().map(Requirement::checked).collect())
        .map_err(|error: Error| thrown(&error))
}

/// What a token must be good for in particular, as its JSON text; nothing where there is none.
fn read_details(value: JsValue) -> Result<Details, JsValue> {
    let details = Details::new(value.as_string().unwrap_or_default());
    details.checked().map_err(|error| thrown(&error))?;
    Ok(details)
}

/// The methods that the app admits; none where it does not say.
fn read_methods(value: JsValue) -> Result<Option<Vec<Method>>, JsValue> {
    from_js(value, ErrorCode::ConfigurationInvalid, "methods")
        .map_err(|error: Error| thrown(&error))
}

fn point_in_time(of: &JsValue, name: &str) -> Option<EpochMillis> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    get(of, name).as_f64().map(|millis| EpochMillis(millis as u64))
}

/// Lists the challenges of a header.
#[wasm_bindgen]
pub fn parse_challenges(header: &str) -> Result<JsValue, JsValue> {
    let listed = |one: challenge::Listed| {
        let listed = plain(&one);
        if let Some(requirement) = &one.requirement {
            assign(listed.unchecked_ref(), &object(&[("requirement", demanded(requirement))]));
        }
        listed
    };
    let list = challenge::list(header).map_err(|error| thrown(&error))?;
    Ok(array(list.into_iter().map(listed)).into())
}

/// Has `died` called when the instance panics: nothing can be done with it any more.
#[wasm_bindgen]
pub fn on_panic(died: Function) {
    thread_local! {
        static DIED: Cell<Option<Function>> = const { Cell::new(None) };
    }
    DIED.set(Some(died));
    std::panic::set_hook(Box::new(|_| {
        if let Some(died) = DIED.take() {
            let _ = died.call0(&JsValue::UNDEFINED);
        }
    }));
}
