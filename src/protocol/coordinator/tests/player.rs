//! A page that plays journeys, and is watched at every step.

use super::super::{Call, Coordinator, Effect, Event, Published, RenewalEffect};
use super::super::{RenewalEvent, Saved, WaiterId};
use super::invariants::Watch;
use crate::protocol::claims::Claims;
use crate::protocol::config::tests::config;
use crate::protocol::config::{Arrangement, Config};
use crate::protocol::details::Details;
use crate::protocol::dpop::Thumbprint;
use crate::protocol::encode::parse_form;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::flow::{FlowEffect, FlowEvent, FlowId};
use crate::protocol::held::Serial;
use crate::protocol::json;
use crate::protocol::requirement::Requirement;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;
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
    /// What the app's session said last, and to which step-up.
    session: Option<(FlowId, FlowEvent)>,
    /// Whether this tab is the only one, so that its turn comes at once.
    pub alone: bool,
    /// Where windows were sent.
    pub urls: Vec<String>,
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
            session: None,
            alone: true,
            urls: Vec::new(),
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

    /// Takes one event and tells in words what is to be done, notices aside. Its turn comes at once where
    /// it is alone, and a session that is read again is what it was.
    pub fn on(&mut self, event: Event) -> String {
        if let Event::Flow(flow, FlowEvent::SessionRead(_)) = &event
            && let Event::Flow(_, read) = event.clone()
        {
            self.session = Some((*flow, read));
        }
        self.watch.before(&event, &self.core);
        let effects = self.core.on(event, self.now);
        self.watch.after(&effects, &self.core, self.now);
        let mut told = effects.iter().filter_map(said).collect::<Vec<_>>();
        let answers: Vec<_> = effects.iter().filter_map(|effect| self.answer(effect)).collect();
        for effect in &effects {
            match effect {
                Effect::Save { saved, .. } => {
                    // By way of its text, as on a real page.
                    let text = json::write(saved);
                    self.saved = Some(json::read(&text).unwrap());
                }
                Effect::Flow(_, FlowEffect::GoTo { url, .. }) => {
                    self.urls.push(url.expose().to_owned())
                }
                _ => {}
            }
        }
        self.notices.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Notice(notice) => Some(notice),
            _ => None,
        }));
        told.extend(answers.into_iter().map(|answer| self.on(answer)).filter(|it| !it.is_empty()));
        told.join(", ")
    }

    /// What follows by itself.
    fn answer(&self, effect: &Effect) -> Option<Event> {
        match (effect, &self.session) {
            (Effect::Flow(flow, FlowEffect::TakeTurn { .. }), _) if self.alone => {
                Some(Event::Flow(*flow, FlowEvent::TurnTaken))
            }
            (Effect::Flow(flow, FlowEffect::ReadSession), Some((of, read))) if flow == of => {
                Some(Event::Flow(*flow, read.clone()))
            }
            _ => None,
        }
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
        self.brings_back(flow, user, acr, step_up::answer(token), effects)
    }

    /// The same with this answer of the token endpoint.
    #[track_caller]
    pub fn brings_back(
        &mut self,
        flow: u32,
        user: &str,
        acr: &str,
        answer: TokenAnswer,
        effects: &str,
    ) -> &mut Self {
        let now = self.now.seconds();
        let auth_time = i64::try_from(now.0).ok();
        let proof = Claims { auth_time, iat: now, ..step_up::claims(user, acr) };
        let exchange = format!("{flow}: close window, {flow}: hide gate, {flow}: exchange c1");
        let verify = format!("{flow}: verify {}", answer.id_token.as_ref().unwrap().expose());
        self.plays([
            (of(flow, step_up::code("c1")), &exchange),
            (of(flow, FlowEvent::TokenAnswered(Ok(answer))), &verify),
            (of(flow, FlowEvent::AnswerVerified(Ok(proof))), effects),
        ])
    }

    /// The whole popup journey of Alice's, whose answer has a refresh token too.
    #[track_caller]
    pub fn authenticates_with(
        &mut self,
        flow: u32,
        acr: &str,
        (token, refresh): (&str, &str),
        effects: &str,
    ) -> &mut Self {
        let answer = refreshable(token, refresh);
        self.navigates(flow).brings_back(flow, "alice", acr, answer, effects)
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

    /// The first renewal that is under way.
    pub fn renewing(&self) -> Option<Serial> {
        self.watch.asked.keys().min().copied().map(Serial)
    }

    /// What requests to this API carry.
    pub fn published(&self, api: usize) -> Option<Serial> {
        self.watch.published.get(api).copied().flatten()
    }

    /// What is published for one request.
    pub fn offered(&self) -> Option<Serial> {
        self.watch.offered.keys().min().copied().map(Serial)
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
        | Effect::GiveBack { waiter }
        | Effect::LetGo { waiter, .. }
        | Effect::Prepared { waiter, .. }
        | Effect::Reject { waiter, .. } => *waiter,
        _ => WaiterId(0),
    };
    Some(match effect {
        Effect::Notice(_)
        | Effect::Flow(
            _,
            FlowEffect::ReadSession
            | FlowEffect::ReadMetadata
            | FlowEffect::DrawSecrets
            | FlowEffect::TakeTurn { .. },
        )
        | Effect::HandOver { .. } => return None,
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
        Effect::ClearOthers { sub } => {
            format!(
                "clear others{}",
                sub.as_ref().map(|sub| format!(" but {sub}'s")).unwrap_or_default()
            )
        }
        Effect::Settle { .. } => format!("settle {waiter}"),
        Effect::LetGo { on_trial, .. } => {
            format!("let {waiter} go{}", if *on_trial { " on trial" } else { "" })
        }
        Effect::Prepared { ready, .. } => {
            format!("{waiter} is {}", if *ready { "prepared" } else { "not prepared" })
        }
        Effect::GiveBack { .. } => format!("give {waiter} back"),
        Effect::Renewal(Serial(serial), effect) => {
            format!("renewal of {serial}: {}", renews(effect))
        }
        Effect::Reject { error, .. } => format!("reject {waiter} {}", error.code.code()),
        Effect::Publish(all) => {
            let all: Vec<_> = all.iter().map(|one| published(one.as_ref())).collect();
            format!("publish {}", all.join(" | "))
        }
    })
}

fn renews(effect: &RenewalEffect) -> String {
    match effect {
        RenewalEffect::Ask { body, key } => {
            let form = parse_form(body.expose());
            let of =
                |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, it)| it.as_str());
            assert_eq!((of("grant_type"), of("client_id")), (Some("refresh_token"), Some("spa")));
            let resource = of("resource").map(|it| format!(" for {it}")).unwrap_or_default();
            let holding = holding(key.as_ref());
            format!("ask with {}{resource}{holding}", of("refresh_token").unwrap())
        }
        RenewalEffect::Verify { id_token, fresh_keys, .. } => {
            let keys = if *fresh_keys { " with fresh keys" } else { "" };
            format!("verify {}{keys}", id_token.expose())
        }
    }
}

fn published(one: Option<&Published>) -> String {
    one.map_or("-".into(), |one| {
        let once = if one.once { " once" } else { "" };
        let renewable = if one.renewable { "+" } else { "" };
        let holding = holding(one.key.as_ref());
        format!("{}{renewable}{holding}{once}", one.access_token.expose())
    })
}

/// An answer with a refresh token.
pub fn refreshable(token: &str, refresh: &str) -> TokenAnswer {
    TokenAnswer { refresh_token: Some(Secret::new(refresh)), ..step_up::answer(token) }
}

/// A renewal's answer without an ID token.
pub fn renewed(token: &str, refresh: &str) -> TokenAnswer {
    TokenAnswer { id_token: None, ..refreshable(token, refresh) }
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

/// It had been sent with a held token, which is refused as invalid.
pub fn token_invalid(serial: u32, waiter: u32) -> Event {
    let (waiter, call, sent_with) = (WaiterId(waiter), call(API), Serial(serial));
    Event::TokenInvalid { waiter, call, sent_with }
}

/// So is what it was sent with again.
pub fn invalid_again(waiter: u32) -> Event {
    Event::TokenInvalidAgain { waiter: WaiterId(waiter) }
}

/// Something that happens to the renewal of a token.
pub fn renewal(serial: u32, event: RenewalEvent) -> Event {
    Event::Renewal(Serial(serial), event)
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

/// A request to the first API is about to leave, of which rules demand this.
pub fn demanded(waiter: u32, wanted: &[Requirement]) -> Event {
    demanded_of(call(API), waiter, wanted)
}

pub fn demanded_of(call: Call, waiter: u32, wanted: &[Requirement]) -> Event {
    Event::Demanded { waiter: WaiterId(waiter), call, wanted: wanted.to_vec(), window: false }
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
