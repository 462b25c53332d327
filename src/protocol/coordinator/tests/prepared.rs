//! Options for a passkey that are fetched ahead.

use super::player::*;
use super::{Event, WaiterId};
use crate::protocol::config::Config;
use crate::protocol::config::tests::{config, with_backend, with_passkeys};
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowEvent;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;

const ASKS: &str = "1: ask https://login.example/passkey/options for options";

fn prepare(waiter: u32, requirement: Requirement) -> Event {
    Event::Prepare { waiter: WaiterId(waiter), requirement }
}

/// A page with options for AL3.
#[track_caller]
fn prepared() -> Page {
    let mut page = Page::new(with_passkeys());
    page.plays([
        (prepare(1, wants("AL3")), ""),
        (of(1, step_up::metadata()), "1: read keys at https://login.example/jwks"),
        (of(1, step_up::session_of("alice")), ""),
        (of(1, step_up::secrets()), ASKS),
        (of(1, step_up::options("o1")), "1 is prepared"),
    ]);
    page
}

#[test]
fn the_next_step_up_asks_the_authenticator_without_asking_for_options() {
    let mut page = prepared();
    page.plays([
        (demanded(2, &[wants("AL3")]), "2: start"),
        (of(2, step_up::session_of("alice")), "2: check gesture"),
        (of(2, FlowEvent::GestureRead(true)), "2: assert o1"),
    ]);
}

#[test]
fn they_are_used_once() {
    let mut page = prepared();
    page.plays([
        (challenged(2, wants("AL3")), "2: start"),
        (of(2, step_up::session_of("alice")), "2: check gesture"),
        (aborted(2), "2: end"),
        (challenged(3, wants("AL3")), "3: start"),
        (of(3, step_up::session_of("alice")), ""),
        (of(3, step_up::secrets()), "3: ask https://login.example/passkey/options for options"),
    ]);
}

#[test]
fn they_are_not_used_after_their_time_for_more_or_for_somebody_else() {
    let mut page = prepared();
    page.later(120).plays([
        (challenged(2, wants("AL3")), "2: start"),
        (of(2, step_up::session_of("alice")), ""),
    ]);
    prepared().plays([
        (challenged(2, wants_within("AL3", 60)), "2: start"),
        (of(2, step_up::session_of("alice")), ""),
    ]);
    let whole = "2: ask https://login.example/passkey/options for options";
    prepared().plays([
        (challenged(2, wants("AL3")), "2: start"),
        (of(2, step_up::session_with("id-bob")), whole),
    ]);
    prepared().plays([
        (Event::Cleared, "publish - | -"),
        (challenged(2, wants("AL3")), "2: start"),
        (of(2, step_up::session_of("alice")), ""),
    ]);
}

#[test]
fn a_guard_that_the_session_is_enough_for_does_not_use_them_up() {
    let mut page = prepared();
    page.plays([
        (ensured(2, wants("")), "2: start"),
        (of(2, step_up::metadata()), ""),
        (of(2, step_up::session_with("id-s")), "2: verify id-s"),
        (of(2, step_up::session_is("alice")), "2: end, settle 2"),
        (prepare(3, wants("AL3")), "3 is prepared"),
    ]);
}

#[test]
fn they_are_asked_for_once_at_a_time_and_not_where_some_are_there() {
    let mut page = Page::new(with_passkeys());
    page.plays([
        (prepare(1, wants("AL3")), ""),
        (prepare(2, wants("AL3")), ""),
        (of(1, step_up::session_of("alice")), ""),
        (of(1, step_up::secrets()), ASKS),
        (of(1, step_up::options("o1")), "1 is prepared, 2 is prepared"),
        (prepare(3, wants("AL3")), "3 is prepared"),
    ]);
}

#[test]
fn what_cannot_be_fetched_is_no_failure_and_shows_nothing() {
    let mut page = Page::new(with_passkeys());
    page.plays([
        (prepare(1, wants("AL3")), ""),
        (of(1, step_up::session_of("alice")), ""),
        (of(1, step_up::secrets()), ASKS),
        (
            of(1, FlowEvent::OptionsRead(Err(ErrorCode::ProviderUnreachable.into()))),
            "1 is not prepared",
        ),
    ]);
    // Nor where the page goes on without a passkey.
    Page::new(config()).plays([(prepare(1, wants("AL3")), "1 is not prepared")]);
    Page::with_own().plays([(prepare(1, wants("AL3")), "1 is not prepared")]);
    let mut config = with_passkeys();
    config.methods = vec![Method::Popup, Method::Passkey];
    Page::new(config).plays([(prepare(1, wants("AL3")), "1 is not prepared")]);
    let mut page = Page::new(with_passkeys());
    page.plays([
        (prepare(1, wants("AL3")), ""),
        (Event::Cleared, "1 is not prepared, publish - | -"),
        (of(1, step_up::session_of("alice")), ""),
    ]);
}

#[test]
fn a_step_up_beside_it_goes_its_own_way() {
    let mut page = Page::new(with_passkeys());
    page.plays([
        (prepare(1, wants("AL3")), ""),
        (challenged(2, wants("AL3")), "2: start"),
        (of(1, step_up::session_of("alice")), ""),
        (of(2, step_up::session_of("alice")), ""),
        (of(1, step_up::secrets()), ASKS),
        (of(2, step_up::secrets()), "2: ask https://login.example/passkey/options for options"),
        (of(1, step_up::options("o1")), "1 is prepared"),
        (of(2, step_up::options("o2")), "2: check gesture"),
    ]);
}

#[test]
fn a_backend_offers_them_ahead_too() {
    let mut page = Page::new(Config { methods: vec![Method::Passkey], ..with_backend() });
    page.plays([
        (prepare(1, wants("AL3")), ""),
        (of(1, step_up::secrets()), "1: ask https://app.example/bff/options for options"),
        (of(1, step_up::options("o1")), "1 is prepared"),
        (demanded(2, &[wants("AL3")]), "2: start, 2: check gesture"),
    ]);
}
