//! Random lives of a page: whatever happens in whatever order, the invariants hold.

use super::levels::levels;
use super::player::*;
use super::{Call, Event, RenewalEvent, WaiterId};
use crate::protocol::backend::Told;
use crate::protocol::config::tests::{config, with_backend, with_passkeys};
use crate::protocol::config::{Arrangement, Config, Passkey, PasskeyServer, TokenUse};
use crate::protocol::error::ErrorCode;
use crate::protocol::first_party::ChallengeAnswer;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::flow::{Choice, FlowEvent};
use crate::protocol::held::Serial;
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;
use crate::protocol::units::Seconds;
use proptest::prelude::*;

const URLS: [&str; 4] =
    [API, FILES, "https://api.example.evil.test/transfers", "https://files.example/v2/x"];

/// Something that happens; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Challenged {
        url: usize,
        need: Requirement,
        stream: bool,
        serial: Option<u32>,
    },
    Ensured {
        need: Requirement,
        window: bool,
    },
    Again(usize, Requirement),
    Answered(usize),
    Aborted(usize),
    Stayed(usize),
    TokenRefused(u32),
    /// A request that carried a token is told that it is invalid.
    TokenInvalid {
        url: usize,
        stream: bool,
        older: u32,
    },
    InvalidAgain(usize),
    /// What comes of a renewal that is under way.
    Renewed(Renewed),
    /// The loader has used what was published for one request.
    Spent,
    Expired,
    SetBack(u64),
    Cleared,
    /// The page came back from the browser's cache.
    Interrupted,
    /// The user is back, and the page takes up what was saved last.
    Resumed {
        right: bool,
    },
    /// An event for the step-up under way, or for one before it.
    Flow(u32, FlowEvent),
    /// The user does it all.
    Success {
        acr: &'static str,
    },
    Later(u64),
}

/// What comes of a renewal.
#[derive(Clone, Copy, Debug)]
enum Renewed {
    Tokens,
    WithIdToken,
    Narrower,
    Refused,
    Unreachable,
    Checked(&'static str),
    OtherKey,
}

fn need() -> impl Strategy<Value = Requirement> {
    let acr = prop::sample::select(vec!["", "AL1", "AL2", "AL3", "AL2 AL3"]);
    let scope = prop::sample::select(vec!["", "", "", "a", "b"]);
    let max_age = prop::option::weighted(0.3, 0..120_u64);
    let resistant = prop::bool::weighted(0.1);
    (acr, max_age, scope, resistant).prop_map(|(acr, max_age, scope, phishing_resistant)| {
        let mut need = Requirement { phishing_resistant, ..wants_scope(acr, scope) };
        need.max_age = max_age.and_then(|seconds| wants_within("", seconds).max_age);
        need
    })
}

fn flow_event() -> impl Strategy<Value = FlowEvent> {
    let refused = TokenAnswer { error: Some("invalid_grant".into()), ..TokenAnswer::default() };
    let bare = TokenAnswer { id_token: None, ..step_up::answer("t") };
    prop::sample::select(vec![
        step_up::session_of("alice"),
        step_up::session_of("bob"),
        step_up::session_with("id-session"),
        step_up::no_session(),
        step_up::metadata(),
        FlowEvent::MetadataRead(Err(ErrorCode::ProviderUnreachable.into())),
        step_up::secrets(),
        FlowEvent::WindowOpened,
        FlowEvent::WindowBlocked,
        FlowEvent::WindowLost,
        FlowEvent::Chosen(Choice::Open),
        FlowEvent::Chosen(Choice::Continue),
        step_up::cancel(),
        step_up::code("c1"),
        step_up::query("code=evil&state=guessed"),
        step_up::query("error=access_denied&state=the-state"),
        step_up::tokens("t"),
        FlowEvent::TokenAnswered(Ok(refused)),
        FlowEvent::TokenAnswered(Ok(bare)),
        step_up::session_is("alice"),
        step_up::session_is("bob"),
        step_up::session_fails(ErrorCode::KeyUnknown),
        step_up::proves("alice", "AL3"),
        step_up::proves("bob", "AL3"),
        step_up::fails(ErrorCode::KeyUnknown),
        FlowEvent::GestureRead(true),
        FlowEvent::GestureRead(false),
        step_up::options("o1"),
        FlowEvent::OptionsRead(Err(ErrorCode::ProviderUnreachable.into())),
        step_up::asserted(r#"{"id":"a1"}"#),
        step_up::refused(ErrorCode::PasskeyRefused),
        step_up::refused(ErrorCode::PasskeyUnavailable),
        FlowEvent::BackendAnswered(Ok(Told::default())),
        FlowEvent::BackendAnswered(Err(ErrorCode::TokenRefused.into())),
        first_party("insufficient_authorization"),
        first_party("redirect_to_web"),
        first_party("invalid_session"),
        first_party(""),
        FlowEvent::GateRefused(ErrorCode::PopupBlocked.into()),
        FlowEvent::Chosen(Choice::Use(Method::Passkey)),
        FlowEvent::Chosen(Choice::Use(Method::Popup)),
        FlowEvent::Chosen(Choice::Use(Method::Redirect)),
        FlowEvent::Quiet,
        FlowEvent::Saved(Ok(())),
        FlowEvent::Saved(Err(ErrorCode::StorageUnavailable.into())),
        FlowEvent::Chosen(Choice::Retry),
        FlowEvent::Chosen(Choice::Another),
        step_up::own("t", None),
        step_up::own("t", Some("id-t")),
        FlowEvent::DeadlinePassed,
    ])
}

/// What a challenge endpoint says; a code where it is no error.
fn first_party(error: &str) -> FlowEvent {
    let refused = !error.is_empty();
    FlowEvent::ChallengeAnswered(Ok(ChallengeAnswer {
        authorization_code: (!refused).then(|| Secret::new("c1")),
        error: refused.then(|| error.to_owned()),
        public_key: Some("o1".into()),
        ..ChallengeAnswer::default()
    }))
}

fn step() -> impl Strategy<Value = Step> {
    let url = prop::sample::select(vec![0_usize, 0, 0, 0, 1, 1, 2, 3]);
    let challenged = (url, need(), prop::bool::weighted(0.1), prop::option::of(0..4_u32))
        .prop_map(|(url, need, stream, serial)| Step::Challenged { url, need, stream, serial });
    let ensured = (need(), any::<bool>()).prop_map(|(need, window)| Step::Ensured { need, window });
    let again = (any::<usize>(), need()).prop_map(|(at, need)| Step::Again(at, need));
    let flow = (prop::sample::select(vec![0, 0, 0, 0, 1]), flow_event())
        .prop_map(|(before, event)| Step::Flow(before, event));
    let acr = prop::sample::select(vec!["AL1", "AL2", "AL3", "AL2 AL3"]);
    prop_oneof![
        6 => challenged,
        2 => ensured,
        4 => again,
        2 => any::<usize>().prop_map(Step::Answered),
        3 => any::<usize>().prop_map(Step::Aborted),
        1 => any::<usize>().prop_map(Step::Stayed),
        1 => (0..4_u32).prop_map(Step::TokenRefused),
        8 => (0..2_usize, prop::bool::weighted(0.2), prop::sample::select(vec![0, 0, 0, 1, 2]))
            .prop_map(|(url, stream, older)| Step::TokenInvalid { url, stream, older }),
        3 => any::<usize>().prop_map(Step::InvalidAgain),
        6 => prop::sample::select(vec![
            Renewed::Tokens,
            Renewed::Tokens,
            Renewed::WithIdToken,
            Renewed::Narrower,
            Renewed::Refused,
            Renewed::Unreachable,
            Renewed::Checked("alice"),
            Renewed::Checked("alice"),
            Renewed::Checked("bob"),
            Renewed::OtherKey,
        ])
        .prop_map(Step::Renewed),
        1 => Just(Step::Spent),
        1 => Just(Step::Expired),
        1 => (0..400_u64).prop_map(Step::SetBack),
        1 => Just(Step::Cleared),
        1 => Just(Step::Interrupted),
        2 => any::<bool>().prop_map(|right| Step::Resumed { right }),
        12 => flow,
        6 => acr.prop_map(|acr| Step::Success { acr }),
        2 => (0..90_u64).prop_map(Step::Later),
    ]
}

fn configs() -> impl Strategy<Value = Config> {
    let first_party = Passkey { server: PasskeyServer::FirstParty, acr_values: None };
    let bases = vec![
        config(),
        with_passkeys(),
        Config { passkey: Some(first_party), ..with_passkeys() },
        with_backend(),
        Config { levels: levels(), ..config() },
        Config { levels: levels(), ..with_passkeys() },
        Config { methods: vec![Method::Redirect], ..config() },
        Config { methods: vec![Method::Popup, Method::Redirect], ..config() },
        Config { methods: vec![Method::Redirect, Method::Passkey], ..with_backend() },
        Config { arrangement: Arrangement::Own, ..config() },
        Config { arrangement: Arrangement::Own, provider: None, ..config() },
        Config { arrangement: Arrangement::OwnInWindow, ..config() },
    ];
    let base = prop::sample::select(bases);
    let booleans = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (base, booleans, 1..4_usize).prop_map(|(base, booleans, max_rounds)| {
        let (popup_first, adopt_first_subject, require_verified, renew, once) = booleans;
        let renew = renew && base.arrangement == Arrangement::OpenIdConnect;
        let more = Config { max_rounds, renew, ..base };
        let mut made = Config { adopt_first_subject, require_verified, ..more };
        if popup_first {
            made.methods.reverse();
        }
        if once && made.arrangement != Arrangement::Backend {
            made.apis[0].token_use = Some(TokenUse::Once);
        }
        made
    })
}

fn renewed(what: Renewed, answer: TokenAnswer, token: &str) -> RenewalEvent {
    let error = Some("invalid_grant".to_owned());
    RenewalEvent::Answered(match what {
        Renewed::Tokens => Ok(answer),
        Renewed::WithIdToken => Ok(step_up::answer(token)),
        Renewed::Narrower => Ok(TokenAnswer { scope: Some("a".into()), ..answer }),
        Renewed::Refused => Ok(TokenAnswer { error, ..TokenAnswer::default() }),
        Renewed::Unreachable => Err(ErrorCode::ProviderUnreachable.into()),
        Renewed::Checked(sub) => {
            return RenewalEvent::Verified(Ok(step_up::claims(sub, "AL1 AL2 AL3")));
        }
        Renewed::OtherKey => return RenewalEvent::Verified(Err(ErrorCode::KeyUnknown.into())),
    })
}

/// Numbers are given out one after the other, as on a real page.
struct Life {
    page: Page,
    waiters: u32,
    tokens: u32,
    prompts: u32,
    renewed: u32,
}

impl Life {
    fn step(&mut self, step: Step) {
        let known = |at: usize, all: u32| u32::try_from(at % (all as usize + 1)).unwrap();
        let event = match step {
            Step::Challenged { url, need, stream, serial } => {
                self.waiters += 1;
                let event = match stream {
                    true => challenged_stream(self.waiters, need),
                    false => challenged_at(URLS[url], self.waiters, need),
                };
                match event {
                    Event::Challenged { waiter, call, status, requirement, offer, .. } => {
                        let sent_with = serial.map(|back| Serial(self.tokens.saturating_sub(back)));
                        let sent_at =
                            if sent_with.is_some() { self.page.now } else { call.sent_at };
                        let call = Call { sent_at, ..call };
                        Event::Challenged { waiter, call, status, requirement, sent_with, offer }
                    }
                    other => other,
                }
            }
            Step::Ensured { need, window } => {
                self.waiters += 1;
                match window {
                    true => clicked(self.waiters, need),
                    false => ensured(self.waiters, need),
                }
            }
            Step::Again(at, need) => again(known(at, self.waiters), need),
            Step::Answered(at) => answered(known(at, self.waiters), 200),
            Step::Aborted(at) => aborted(known(at, self.waiters)),
            Step::Stayed(at) => stayed(known(at, self.waiters)),
            Step::TokenRefused(back) => token_refused(self.tokens.saturating_sub(back)),
            Step::TokenInvalid { url, stream, older } => {
                let Some(Serial(published)) = self.page.published(url) else { return };
                self.waiters += 1;
                let sent_with = Serial(published.saturating_sub(older));
                let call = Call { replayable: !stream, ..call(URLS[url]) };
                // The client asks this before it tells.
                if !self.page.core.may_renew(sent_with) {
                    self.waiters -= 1;
                    return;
                }
                Event::TokenInvalid { waiter: WaiterId(self.waiters), call, sent_with }
            }
            Step::InvalidAgain(at) => {
                let waiter = WaiterId(known(at, self.waiters));
                if !self.page.core.may_renew_for(waiter) {
                    return;
                }
                Event::TokenInvalidAgain { waiter }
            }
            Step::Renewed(what) => {
                let Some(serial) = self.page.renewing() else { return };
                self.renewed += 1;
                let token = format!("r{}", self.renewed);
                let answer = TokenAnswer { id_token: None, ..step_up::answer(&token) };
                Event::Renewal(serial, renewed(what, answer, &token))
            }
            Step::Spent => {
                let Some(serial) = self.page.offered() else { return };
                Event::TokenSpent { serial }
            }
            Step::Expired => Event::TokenExpired,
            Step::SetBack(seconds) => {
                let by = Seconds(seconds).millis();
                self.page.now = self.page.now.minus(by);
                Event::SetBack(by)
            }
            Step::Cleared => Event::Cleared,
            Step::Interrupted => Event::Interrupted,
            Step::Resumed { right } => {
                let Some(saved) = self.page.saved.take() else { return };
                let waiters = (0..saved.waiting.len() as u32).map(|at| self.waiters + 2 + at);
                let event = Event::Resumed {
                    waiter: WaiterId(self.waiters + 1),
                    query: match right {
                        true => "?code=c1&state=the-state&stepup_state=the-state\
                                 &iss=https%3A%2F%2Flogin.example"
                            .into(),
                        false => "?code=c1&state=another".into(),
                    },
                    waiters: waiters.map(WaiterId).map(Some).collect(),
                    saved: saved.clone(),
                };
                self.waiters += 1 + saved.waiting.len() as u32;
                event
            }
            Step::Flow(before, event) => of(self.running().saturating_sub(before), event),
            Step::Success { acr } => return self.succeed(acr),
            Step::Later(seconds) => {
                self.page.later(seconds);
                return;
            }
        };
        self.page.on(event);
    }

    fn running(&self) -> u32 {
        self.page.core.flow.as_ref().map_or(self.prompts, |flow| flow.id().0)
    }

    /// Everything the happy path needs, in this order; what is there already changes nothing.
    fn succeed(&mut self, acr: &str) {
        self.tokens += 1;
        let flow = self.running();
        self.prompts = flow;
        let token = format!("t{}", self.tokens);
        self.page.navigates(flow);
        for event in [
            step_up::session_is("alice"),
            step_up::options("o1"),
            FlowEvent::GestureRead(true),
            step_up::asserted(r#"{"id":"a1"}"#),
            FlowEvent::BackendAnswered(Ok(Told::default())),
            FlowEvent::Quiet,
            FlowEvent::Saved(Ok(())),
            step_up::code("c1"),
            FlowEvent::TokenAnswered(Ok(TokenAnswer {
                refresh_token: Some(Secret::new(format!("refresh-{token}"))),
                ..step_up::answer(&token)
            })),
            step_up::own(&token, Some(&format!("id-{token}"))),
            step_up::proves("alice", acr),
        ] {
            self.page.on(of(flow, event));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each waiter has one outcome at most and is never sent again after it; one step-up runs at a
    /// time, for somebody; a request is sent again once per challenge, to the list only, with a
    /// token of its own resource: the page is watched at every step.
    #[test]
    fn the_invariants_hold_in_every_life_of_a_page(
        config in configs(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut life = Life { page: Page::new(config), waiters: 0, tokens: 0, prompts: 0, renewed: 0 };
        for step in steps {
            life.step(step);
        }
        // However it went, everybody can leave, and nothing stays behind.
        for waiter in 1..=life.waiters {
            life.page.on(aborted(waiter));
        }
        prop_assert!(life.page.core.waiters.is_empty() && life.page.core.flow.is_none());
    }

    /// An API that demands something new each time cannot keep one request going for ever.
    #[test]
    fn no_request_is_sent_for_ever(needs in prop::collection::vec(need(), 40), acr in "AL[123]") {
        let mut life = Life { page: Page::with_popup(), waiters: 0, tokens: 0, prompts: 0, renewed: 0 };
        // Tokens of all kinds lie about.
        for held in ["AL1", "AL2", "AL3"] {
            life.step(Step::Ensured { need: wants_within(held, 0), window: true });
            life.succeed(held);
        }
        life.step(Step::Challenged { url: 0, need: wants("AL1"), stream: false, serial: Some(0) });
        let id = life.waiters;
        for need in needs {
            if life.page.core.flow.is_some() {
                life.succeed(&acr);
            }
            life.page.on(again(id, need));
        }
        prop_assert!(life.page.core.waiters.is_empty());
    }
}
