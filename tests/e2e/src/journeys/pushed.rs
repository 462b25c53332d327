//! Authorization requests that are pushed to the provider before the user is sent there.

use serde_json::json;

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Bank, Prompt, Provider};
use crate::wait::until_true;

pub const JOURNEYS: Journeys = journeys![
    the_window_goes_to_the_provider_with_a_reference_only,
    a_page_is_left_with_a_reference_only,
    t32_a_window_that_is_opened_again_gets_a_request_of_its_own,
];

/// The user was sent to the provider so often, each time with the reference that was pushed for it.
#[track_caller]
fn only_references(world: &World, times: usize) {
    let pushed = world.server.requests("auth", "POST", "/request");
    assert!(pushed.iter().all(|seen| seen.status == 201), "{pushed:?}");
    let asks = world.server.requests("auth", "GET", "/auth");
    assert_eq!((pushed.len(), asks.len()), (times, times), "{asks:?}");
    let mut used: Vec<String> = Vec::new();
    for ask in &asks {
        let names: Vec<&str> =
            ask.query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
        assert_eq!(names, ["client_id", "request_uri"]);
        let reference = ask.parameter("request_uri").unwrap_or_default();
        assert!(reference.starts_with("urn:ietf:params:oauth:request_uri:"), "{reference}");
        assert!(!used.contains(&reference), "{reference} was used twice");
        used.push(reference);
    }
}

fn the_window_goes_to_the_provider_with_a_reference_only(bench: &Bench) {
    // The provider demands it, so that the page need not say anything.
    let world = bench.world(json!({ "pushed": true }));
    let bank = Bank::open(world);
    bank.sign_in("alice");
    only_references(world, 1);
    world.server.forget();
    bank.transfer("25.50");
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "ok");
    only_references(world, 1);
    assert_eq!(world.server.ledger().len(), 1);
    assert_eq!(world.server.requests("api", "POST", "/transfers").len(), 2);
}

fn a_page_is_left_with_a_reference_only(bench: &Bench) {
    // Bound to a key besides: the nonce that the provider wants comes with its first answer.
    let world = bench.world(json!({ "nonces": true }));
    let bank = Bank::open_at(world, "/?arrangement=redirect&par=1&dpop=1");
    world.click("#sign-in");
    Provider(world).password("alice");
    assert_eq!(bank.outcome(), "ok");
    let pushes = |world: &World| -> Vec<u64> {
        let all = world.server.requests("auth", "POST", "/request");
        all.iter().map(|seen| seen.status).collect()
    };
    assert_eq!(pushes(world), [400, 201]);
    bank.transfer("25.50");
    until_true("the page is left", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "redirect") {
            Prompt(world).choose("redirect");
        }
        world.shown("button#use-passkey").is_some()
    });
    Provider(world).passkey();
    assert_eq!(bank.outcome(), "ok");
    assert_eq!(world.server.ledger().len(), 1);
    // That page has heard the provider's nonce when it traded the code.
    assert_eq!(pushes(world), [400, 201, 201]);
}

fn t32_a_window_that_is_opened_again_gets_a_request_of_its_own(bench: &Bench) {
    let world = bench.world(json!({ "pushed": true }));
    let bank = Bank::open(world);
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("25.50");
    world.prompted();
    world.element("button#use-passkey");
    world.close_popup();
    Prompt(world).offers(&["continue", "open", "cancel"]);
    Prompt(world).choose("open");
    world.popup();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "ok");
    only_references(world, 2);
    assert_eq!(world.server.ledger().len(), 1);
}
