//! Every way to a token, with the same mark in all that is secret: no event, effect or state prints it.

use super::player::*;
use super::{Coordinator, Effect, Event, RenewalEvent, WaiterId};
use crate::protocol::config::tests::{config, with_backend, with_passkeys};
use crate::protocol::config::{Arrangement, Config, Passkey, PasskeyServer};
use crate::protocol::error::ErrorCode;
use crate::protocol::first_party::ChallengeAnswer;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::flow::{FlowEffect, FlowEvent, Session};
use crate::protocol::json;
use crate::protocol::method::Method;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;
use crate::protocol::transaction::Secrets;

/// In every token, code, verifier, nonce, assertion and session.
const MARK: &str = "mark-1f7c";

/// A page that prints everything.
struct Printer {
    core: Coordinator,
    printed: String,
    effects: Vec<Effect>,
}

impl Printer {
    fn new(config: Config) -> Self {
        let core = Coordinator::new(config).unwrap();
        Self { core, printed: String::new(), effects: Vec::new() }
    }

    #[track_caller]
    fn on(&mut self, event: Event) -> &mut Self {
        let told = format!("{event:?}");
        self.effects = self.core.on(event, step_up::NOW);
        let effects = format!("{:?}", self.effects);
        let core = format!("{:?}", self.core);
        for text in [&told, &effects, &core] {
            assert!(!text.contains(MARK), "{text}");
        }
        self.printed.extend([told, effects, core]);
        // The second look finds the same session.
        if self.effects.iter().any(|it| matches!(it, Effect::Flow(_, FlowEffect::ReadSession)))
            && self.printed.contains("AnswerVerified")
        {
            self.flow(session());
        }
        self
    }

    #[track_caller]
    fn flow(&mut self, event: FlowEvent) -> &mut Self {
        self.on(of(1, event))
    }

    /// It has come to an end, and there was something to redact.
    #[track_caller]
    fn ends(&self, in_it: &[&str]) {
        for word in in_it.iter().chain(&["[redacted]"]) {
            assert!(self.printed.contains(word), "{word}: {}", self.printed);
        }
        let core = format!("{:?}", self.core);
        assert!(core.contains("flow: None"), "{core}");
    }
}

fn secret() -> Secret {
    MARK.into()
}

fn session() -> FlowEvent {
    let (id_token, sub) = (Some(secret()), Some("alice".into()));
    FlowEvent::SessionRead(Ok(Session { id_token, sub, ..Session::default() }))
}

fn secrets() -> FlowEvent {
    let state = "the-state".into();
    FlowEvent::SecretsDrawn(
        Secrets { state, nonce: secret(), verifier: secret(), key: None },
        [0; 32],
    )
}

fn answer() -> TokenAnswer {
    refreshable(MARK, MARK)
}

fn traded() -> FlowEvent {
    FlowEvent::TokenAnswered(Ok(answer()))
}

/// The session and the provider are known.
fn known(page: &mut Printer) -> &mut Printer {
    page.on(challenged(1, wants("AL3")))
        .flow(session())
        .flow(step_up::metadata())
        .flow(secrets())
        .flow(step_up::session_is("alice"))
}

#[test]
fn t70_a_window_a_renewal_and_a_handover_print_no_secret() {
    let mut page = Printer::new(Config { renew: true, ..config() });
    known(&mut page).flow(FlowEvent::TurnTaken).flow(FlowEvent::WindowOpened);
    page.flow(step_up::code(MARK)).flow(traded()).flow(step_up::proves("alice", "AL3"));
    page.ends(&["GoTo", "Responded", "TokenAnswered", "Verify", "Publish", "HandOver", "Retry"]);
    let handed = page.effects.iter().find_map(|effect| match effect {
        Effect::HandOver { result, .. } => Some(result.clone()),
        _ => None,
    });
    let refused = Event::TokenInvalidAgain { waiter: WaiterId(1) };
    page.on(refused);
    let Some(Effect::Renewal(serial, _)) =
        page.effects.iter().find(|it| matches!(it, Effect::Renewal(..)))
    else {
        panic!("{:?}", page.effects);
    };
    let serial = *serial;
    page.on(Event::Renewal(serial, RenewalEvent::Answered(Ok(answer()))));
    page.on(Event::Renewal(serial, RenewalEvent::Verified(Ok(step_up::claims("alice", "AL3")))));
    page.ends(&["Answered", "Renewal"]);
    let mut other = Printer::new(config());
    known(&mut other).flow(FlowEvent::TurnAwaited);
    other.flow(FlowEvent::HandedOver(handed.expect("it was handed over"))).flow(session());
    other.ends(&["HandedOver", "Retry"]);
}

#[test]
fn t70_a_redirect_prints_no_secret_and_what_is_saved_prints_none() {
    let mut page = Printer::new(Config { methods: vec![Method::Redirect], ..config() });
    known(&mut page).flow(FlowEvent::TurnTaken).flow(FlowEvent::GestureRead(true));
    page.flow(FlowEvent::Quiet);
    let saved = page.effects.iter().find_map(|effect| match effect {
        Effect::Save { saved, .. } => Some(saved.clone()),
        _ => None,
    });
    let saved = saved.expect("something is saved");
    // The record itself has them: it is encrypted. That it is marked shows that the mark is looked for.
    assert!(json::write(&saved).contains(MARK));
    page.flow(FlowEvent::Saved(Ok(())));
    assert!(page.printed.contains("Leave {"));
    let query = format!("?code={MARK}&state=the-state&iss=https%3A%2F%2Flogin.example").into();
    let waiters = vec![Some(WaiterId(2))];
    let mut next = Printer::new(Config { methods: vec![Method::Redirect], ..config() });
    next.on(Event::Resumed { waiter: WaiterId(1), saved, query, waiters });
    next.flow(session()).flow(traded()).flow(step_up::proves("alice", "AL3"));
    next.ends(&["Resumed", "Exchanging", "Retry"]);
}

#[test]
fn t70_a_passkey_prints_no_secret() {
    let mut page = Printer::new(with_passkeys());
    known(&mut page).flow(FlowEvent::TurnTaken).flow(step_up::options("o1"));
    page.flow(FlowEvent::GestureRead(true)).flow(step_up::asserted(MARK));
    page.flow(traded()).flow(step_up::proves("alice", "AL3"));
    page.ends(&["PasskeyToken", "Asserted", "Retry"]);
}

#[test]
fn t70_a_first_party_prints_no_secret() {
    let server = PasskeyServer::FirstParty;
    let passkey = Some(Passkey { server, acr_values: None });
    let mut page = Printer::new(Config { passkey, ..with_passkeys() });
    known(&mut page).flow(FlowEvent::TurnTaken);
    page.flow(FlowEvent::ChallengeAnswered(Ok(ChallengeAnswer {
        error: Some("insufficient_authorization".into()),
        public_key: Some("o1".into()),
        auth_session: Some(secret()),
        ..ChallengeAnswer::default()
    })));
    page.flow(FlowEvent::GestureRead(true)).flow(step_up::asserted(MARK));
    let authorization_code = Some(secret());
    let code = ChallengeAnswer { authorization_code, ..ChallengeAnswer::default() };
    page.flow(FlowEvent::ChallengeAnswered(Ok(code))).flow(traded());
    page.flow(step_up::proves("alice", "AL3"));
    page.ends(&["AuthorizationChallenge", "Asserted", "Exchanging", "Retry"]);
}

#[test]
fn t70_an_app_s_own_way_and_a_backend_print_no_secret() {
    let arrangement = Arrangement::Own;
    let own = Config { arrangement, provider: None, require_verified: false, ..config() };
    let mut page = Printer::new(own);
    page.on(challenged(1, wants("AL3"))).flow(session()).flow(FlowEvent::TurnTaken);
    page.flow(step_up::own(MARK, Some(MARK))).flow(session());
    page.ends(&["OwnAnswered", "Retry"]);
    let mut page = Printer::new(with_backend());
    page.on(challenged(1, wants("AL3"))).flow(secrets()).flow(FlowEvent::TurnTaken);
    page.flow(step_up::options("o1")).flow(FlowEvent::GestureRead(true));
    page.flow(step_up::asserted(MARK)).flow(FlowEvent::BackendAnswered(Ok(Default::default())));
    page.ends(&["BackendAnswered", "Retry"]);
}

/// Each of these fails with the secrets at hand.
#[test]
fn t70_no_failure_prints_a_secret() {
    let begun = || {
        let mut page = Printer::new(config());
        known(&mut page).flow(FlowEvent::TurnTaken).flow(FlowEvent::WindowOpened);
        page
    };
    let refusal = |error: &str| {
        let error = Some(error.to_owned());
        FlowEvent::TokenAnswered(Ok(TokenAnswer { error, ..answer() }))
    };
    for failing in [
        vec![step_up::query(&format!("code={MARK}&code={MARK}&state=the-state"))],
        vec![step_up::query(&format!(
            "error=access_denied&error_description={MARK}&state=the-state"
        ))],
        vec![step_up::query(&format!("code={MARK}&error=x&state=the-state"))],
        vec![step_up::code(MARK), refusal("invalid_grant")],
        vec![step_up::code(MARK), traded(), step_up::fails(ErrorCode::IdTokenInvalid)],
        vec![step_up::code(MARK), traded(), step_up::proves("alice", "AL1")],
        vec![step_up::code(MARK), traded(), step_up::proves("bob", "AL3")],
        vec![step_up::code(MARK), traded(), FlowEvent::DeadlinePassed],
        vec![step_up::code(MARK), step_up::cancel()],
    ] {
        let mut page = begun();
        for event in failing {
            page.flow(event);
        }
        page.ends(&["Reject"]);
    }
    let mut page = begun();
    page.flow(step_up::code(MARK)).on(Event::Cleared);
    page.ends(&["Reject"]);
}
