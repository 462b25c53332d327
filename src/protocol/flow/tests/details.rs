//! What is asked for in particular, and what was granted of it.

use super::super::{Goal, OwnAnswer};
use super::FlowEvent;
use super::player::*;
use crate::protocol::config::tests::{config, with_passkeys};
use crate::protocol::config::{Arrangement, Config};
use crate::protocol::details::Details;
use crate::protocol::requirement::Requirement;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;

const PAYS: &str = r#"[{"type":"transfer","payee":"rent","amount":"25.50"}]"#;
const TURNED: &str = r#"[{"amount":"25.50","payee":"rent","id":"1","type":"transfer"}]"#;
const OTHER: &str = r#"[{"type":"transfer","payee":"rent","amount":"2550"}]"#;

fn pays() -> Goal {
    let authorization_details = Details::new(PAYS);
    Goal { requirement: Requirement { authorization_details, ..wants("AL3") }, ..goal("AL3") }
}

fn grants(details: &str) -> FlowEvent {
    let authorization_details = Details::new(details);
    FlowEvent::TokenAnswered(Ok(TokenAnswer { authorization_details, ..answer("t1") }))
}

const REFUSED: &str = "done authorization_details_refused";

#[test]
fn t09_what_was_granted_is_what_was_asked_for() {
    for (granted, told) in
        [(PAYS, "verify id-t1"), (TURNED, "verify id-t1"), (OTHER, REFUSED), ("", REFUSED)]
    {
        let mut journey = Journey::starts_with(true, config(), pays(), GATHERS);
        journey.plays([(session_of("alice"), ""), (metadata(), ""), (secrets(), "go to provider")]);
        assert_eq!(journey.sent("authorization_details").as_deref(), Some(PAYS));
        let exchanges = "close window, hide gate, exchange c1";
        journey.plays([(code("c1"), exchanges), (grants(granted), told)]);
    }
    // Nothing was asked for, and nothing is compared.
    let mut journey = Journey::at_the_provider(config());
    assert_eq!(journey.sent("authorization_details"), None);
    let exchanges = "close window, hide gate, exchange c1";
    journey.plays([(code("c1"), exchanges), (grants(OTHER), "verify id-t1")]);
}

#[test]
fn a_refusal_of_the_details_is_told() {
    let mut journey = Journey::starts_with(true, config(), pays(), GATHERS);
    journey.plays([(session_of("alice"), ""), (metadata(), ""), (secrets(), "go to provider")]);
    journey.plays([(query("error=invalid_authorization_details&state=the-state"), REFUSED)]);
}

#[test]
fn t09_a_passkey_gets_what_was_asked_for_or_nothing() {
    for (granted, told) in [(TURNED, "verify id-t1"), ("", REFUSED)] {
        let mut journey = Journey::starts(with_passkeys(), pays(), GATHERS);
        journey.plays([
            (session_of("alice"), ""),
            (metadata(), ""),
            (secrets(), "ask https://login.example/passkey/options for options"),
            (options("o1"), "check gesture"),
            (FlowEvent::GestureRead(true), "assert o1"),
            (asserted("a1"), "send a1 to https://login.example/passkey/token"),
            (grants(granted), told),
        ]);
    }
}

#[test]
fn t09_what_the_app_brings_is_compared_if_it_tells() {
    let brings = |details: Option<&str>| {
        FlowEvent::OwnAnswered(Ok(OwnAnswer {
            access_token: Some(Secret::new("t1")),
            id_token: None,
            expires_in: None,
            scope: None,
            token_type: None,
            authorization_details: details.map(Details::new),
        }))
    };
    let own = Config {
        arrangement: Arrangement::Own,
        provider: None,
        methods: Vec::new(),
        require_verified: false,
        ..config()
    };
    for (details, told) in [
        (None, "done t1 unverified"),
        (Some(TURNED), "done t1 unverified"),
        (Some(OTHER), REFUSED),
        (Some("[]"), REFUSED),
    ] {
        let mut journey = Journey::starts(own.clone(), pays(), "start clock, read session");
        journey.plays([(no_session(), "authenticate"), (brings(details), told)]);
    }
}
