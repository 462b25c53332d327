//! A page that plays journeys, and is watched at every step.

use super::super::{Call, Coordinator, Effect, Event, Published, Saved, WaiterId};
use super::invariants::Watch;
use crate::protocol::claims::Claims;
use crate::protocol::config::tests::config;
use crate::protocol::config::{Arrangement, Config};
use crate::protocol::details::Details;
use crate::protocol::dpop::Thumbprint;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::flow::{FlowEffect, FlowEvent, FlowId};
use crate::protocol::held::Serial;
use crate::protocol::requirement::Requirement;
use crate::protocol::units::{EpochMillis, Seconds};

pub use crate::protocol::flow::tests::player::{wants, wants_scope, wants_within};

/// Below this lies the first API, without a resource of its own.
pub const API: &str = "https://api.example/transfers?id=1";
/// Below this lies the second API, which is a resource.
pub const FILES: &str = "https://files.example/v1/statement";

pub struct Page {
    pub core: Coordinator,
    pub now: EpochMillis,
    /// Who the app's session says is signed in; nobody where it is empty.
    pub user: &'static str,
    watch: Watch,
    notices: Vec<super::super::Notice>,
    /// What was saved last, as it comes out of the store.
    pub saved: Option<Box<Saved>>,
}

impl Page {
    pub fn new(config: Config) -> Self {
        Self {
            watch: Watch::new(config.clone()),
            core: Coordinator::new(config).unwrap(),
            now: step_up::NOW,
            user: "alice",
            notices: Vec::new(),
            saved: None,
        }
    }

    /// A page of Alice, whose step-ups use the built-in popup.
    pub fn with_popup() -> Self {
        Self::new(config())
    }

    /// A page whose app brings its own `authenticate`, which nothing vouches for.
    pub fn with_own() -> Self {
        let arrangement = Arrangement::Own;
        Self::new(Config { arrangement, provider: None, require_verified: false, ..config() })
    }

    /// Takes one event and tells in words what is to be done, notices aside.
    pub fn on(&mut self, event: Event) -> String {
        self.watch.before(&event, &self.core);
        let effects = self.core.on(event, self.now);
        self.watch.after(&effects, &self.core, self.now);
        let told = effects.iter().filter_map(said).collect::<Vec<_>>().join(", ");
        for effect in &effects {
            if let Effect::Save { saved, .. } = effect {
                // By way of its text, as on a real page.
                let text = serde_json::to_string(saved).unwrap();
                self.saved = Some(serde_json::from_str(&text).unwrap());
            }
        }
        self.notices.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Notice(notice) => Some(notice),
            _ => None,
        }));
        told
    }

    #[track_caller]
    pub fn plays<const N: usize>(&mut self, steps: [(Event, &str); N]) -> &mut Self {
        for (step, (event, effects)) in steps.into_iter().enumerate() {
            let shown = format!("step {step}: {event:?}");
            assert_eq!(self.on(event), effects, "{shown}");
        }
        self
    }

    /// The user gets to the provider in this step-up.
    pub fn navigates(&mut self, flow: u32) -> &mut Self {
        let session = match self.user {
            "" => step_up::no_session(),
            sub => step_up::session_of(sub),
        };
        for event in [FlowEvent::WindowOpened, session, step_up::metadata(), step_up::secrets()] {
            let _ = self.on(of(flow, event));
        }
        self
    }

    /// The user, being at the provider, comes back with this token and proof.
    #[track_caller]
    pub fn comes_back(&mut self, flow: u32, acr: &str, token: &str, effects: &str) -> &mut Self {
        let user = if self.user.is_empty() { "alice" } else { self.user };
        // The user authenticates now: both times are the issuer's.
        let now = self.now.seconds();
        let auth_time = i64::try_from(now.0).ok();
        let proof = Claims { auth_time, iat: now, ..step_up::claims(user, acr) };
        let exchange = format!("{flow}: close window, {flow}: hide gate, {flow}: exchange c1");
        let verify = format!("{flow}: verify id-{token}");
        self.plays([
            (of(flow, step_up::code("c1")), &exchange),
            (of(flow, step_up::tokens(token)), &verify),
            (of(flow, FlowEvent::AnswerVerified(Ok(proof))), effects),
        ])
    }

    /// The whole popup journey of a step-up that has just started.
    #[track_caller]
    pub fn authenticates(&mut self, flow: u32, acr: &str, token: &str, effects: &str) -> &mut Self {
        self.navigates(flow).comes_back(flow, acr, token, effects)
    }

    /// The whole journey of the app's own `authenticate`.
    #[track_caller]
    pub fn brings(&mut self, flow: u32, token: &str, effects: &str) -> &mut Self {
        let authenticate = format!("{flow}: authenticate");
        self.plays([
            (of(flow, step_up::no_session()), &authenticate),
            (of(flow, step_up::own(token, None)), effects),
        ])
    }

    pub fn later(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now.plus(Seconds(seconds).millis());
        self
    }

    /// What the app's listeners have been told since this was asked last.
    pub fn told(&mut self) -> Vec<super::super::Notice> {
        std::mem::take(&mut self.notices)
    }
}

/// An effect in words. What a step-up gathers at its start goes without saying.
fn said(effect: &Effect) -> Option<String> {
    let WaiterId(waiter) = match effect {
        Effect::AdoptWindow { waiter, .. }
        | Effect::DropWindow { waiter }
        | Effect::Retry { waiter, .. }
        | Effect::Settle { waiter, .. }
        | Effect::Reject { waiter, .. } => *waiter,
        _ => WaiterId(0),
    };
    Some(match effect {
        Effect::Notice(_)
        | Effect::Flow(
            _,
            FlowEffect::ReadSession | FlowEffect::ReadMetadata | FlowEffect::DrawSecrets,
        ) => return None,
        Effect::Flow(FlowId(id), FlowEffect::StartDeadline(_)) => format!("{id}: start"),
        Effect::Flow(FlowId(id), effect) => format!("{id}: {}", step_up::said(effect)),
        Effect::AdoptWindow { flow, .. } => format!("{}: adopt window of {waiter}", flow.0),
        Effect::DropWindow { .. } => format!("drop window of {waiter}"),
        Effect::EndFlow(FlowId(id)) => format!("{id}: end"),
        Effect::Retry { access_token, key, .. } => {
            let token = access_token.as_ref().map_or("its cookie", |token| token.expose());
            format!("retry {waiter} with {token}{}", holding(key.as_ref()))
        }
        Effect::Save { flow, waiters, .. } => {
            let waiters: Vec<_> = waiters.iter().map(|waiter| waiter.0.to_string()).collect();
            format!("{}: save {}", flow.0, waiters.join(" "))
        }
        Effect::Settle { .. } => format!("settle {waiter}"),
        Effect::Reject { error, .. } => format!("reject {waiter} {}", error.code.code()),
        Effect::Publish(all) => {
            let all: Vec<_> = all.iter().map(|one| published(one.as_ref())).collect();
            format!("publish {}", all.join(" | "))
        }
    })
}

fn published(one: Option<&Published>) -> String {
    one.map_or("-".into(), |one| {
        let once = if one.once { " once" } else { "" };
        format!("{}{}{once}", one.access_token.expose(), holding(one.key.as_ref()))
    })
}

fn holding(key: Option<&Thumbprint>) -> String {
    key.map_or_else(String::new, |key| format!(" holding {}", key.0))
}

pub fn call(url: &str) -> Call {
    Call {
        url: url.into(),
        method: "POST".into(),
        replayable: true,
        reason: None,
        tag: None,
        methods: None,
        sent_at: step_up::NOW,
        clicked_at: None,
        authorization_details: Details::default(),
    }
}

/// A request to the first API is challenged.
pub fn challenged(waiter: u32, requirement: Requirement) -> Event {
    challenged_at(API, waiter, requirement)
}

pub fn challenged_at(url: &str, waiter: u32, requirement: Requirement) -> Event {
    let (waiter, call) = (WaiterId(waiter), call(url));
    Event::Challenged { waiter, call, status: 401, requirement, sent_with: None, offer: None }
}

/// It left this many seconds after the page's beginning.
pub fn left_at(seconds: u64, waiter: u32, requirement: Requirement) -> Event {
    let sent_at = step_up::NOW.plus(Seconds(seconds).millis());
    let (waiter, call) = (WaiterId(waiter), Call { sent_at, ..call(API) });
    Event::Challenged { waiter, call, status: 401, requirement, sent_with: None, offer: None }
}

pub fn token_refused(serial: u32) -> Event {
    Event::TokenRefused { serial: Serial(serial) }
}

pub fn stayed(waiter: u32) -> Event {
    Event::Stayed { waiter: WaiterId(waiter) }
}

/// It is challenged so many seconds after the page's beginning, its user having clicked just before.
pub fn clicked_for(seconds: u64, waiter: u32, requirement: Requirement) -> Event {
    let at = step_up::NOW.plus(Seconds(seconds).millis());
    let call = Call { sent_at: at, clicked_at: Some(at), ..call(API) };
    let waiter = WaiterId(waiter);
    Event::Challenged { waiter, call, status: 401, requirement, sent_with: None, offer: None }
}

/// Its challenge carries options for a passkey.
pub fn carrying(url: &str, waiter: u32, requirement: Requirement) -> Event {
    let (waiter, call, offer) = (WaiterId(waiter), call(url), Some(step_up::offer("o1")));
    Event::Challenged { waiter, call, status: 401, requirement, sent_with: None, offer }
}

/// It had been sent with a held token.
pub fn challenged_with(serial: u32, waiter: u32, requirement: Requirement) -> Event {
    let (waiter, call, sent_with) = (WaiterId(waiter), call(API), Some(Serial(serial)));
    Event::Challenged { waiter, call, status: 401, requirement, sent_with, offer: None }
}

/// Its body was a stream.
pub fn challenged_stream(waiter: u32, requirement: Requirement) -> Event {
    let (waiter, call) = (WaiterId(waiter), Call { replayable: false, ..call(API) });
    Event::Challenged { waiter, call, status: 401, requirement, sent_with: None, offer: None }
}

pub fn again(waiter: u32, requirement: Requirement) -> Event {
    Event::ChallengedAgain { waiter: WaiterId(waiter), status: 401, requirement, offer: None }
}

pub fn answered(waiter: u32, status: u16) -> Event {
    Event::Answered { waiter: WaiterId(waiter), status: Some(status) }
}

pub fn aborted(waiter: u32) -> Event {
    Event::Aborted { waiter: WaiterId(waiter) }
}

/// `ensure()` outside a click.
pub fn ensured(waiter: u32, requirement: Requirement) -> Event {
    ensured_with(waiter, requirement, false)
}

fn ensured_with(waiter: u32, requirement: Requirement, window: bool) -> Event {
    let waiter = WaiterId(waiter);
    Event::Ensured { waiter, requirement, reason: None, methods: None, window }
}

/// `ensure()` inside a click, which has opened a window.
pub fn clicked(waiter: u32, requirement: Requirement) -> Event {
    ensured_with(waiter, requirement, true)
}

pub fn of(flow: u32, event: FlowEvent) -> Event {
    Event::Flow(FlowId(flow), event)
}
