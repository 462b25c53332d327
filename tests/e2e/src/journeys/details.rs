//! Transfers of which the user confirms exactly this one, where the API takes no other token.

use serde_json::{Value, json};

use super::passkey::confirm_by_passkey;
use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Bank, Prompt, Provider};
use crate::server::access_token_claims;
use crate::wait::until_true;

pub const JOURNEYS: Journeys = journeys![
    t09_the_provider_shows_the_payment_and_its_token_makes_it_once,
    a_payment_is_confirmed_on_another_page_pushed_and_with_a_bound_token,
    a_passkey_in_the_page_confirms_the_payment,
];

/// As the switch of the page says it.
fn payment(amount: &str) -> Value {
    json!([{
        "type": "payment_initiation",
        "instructedAmount": { "currency": "EUR", "amount": amount },
        "creditorName": "Rent",
        "creditorAccount": { "iban": "FR1420041010050500013M02606" },
    }])
}

/// The details of the tokens that the transfers were sent with.
#[track_caller]
fn sent_with(world: &World) -> Vec<(u64, Value)> {
    let sent = world.server.requests("api", "POST", "/transfers");
    let details = |seen| access_token_claims(seen)["authorization_details"].clone();
    sent.iter().map(|seen| (seen.status, details(seen))).collect()
}

fn t09_the_provider_shows_the_payment_and_its_token_makes_it_once(bench: &Bench) {
    let world = bench.world(json!({ "linking": true }));
    let bank = Bank::open(world);
    world.click("#details");
    until_true("the page is loaded anew", || {
        world.browser.session.url().is_ok_and(|url| url.contains("details=1"))
            && world.shown("#details:checked").is_some()
    });
    bank.sign_in("alice");
    // The second one within a minute: the passkey is fresh enough, but it has confirmed another one.
    for (number, (typed, amount)) in [("25.50", "25.50"), ("7", "7.00")].into_iter().enumerate() {
        world.server.forget();
        bank.transfer(typed);
        world.prompted();
        world.element("button#use-passkey");
        let shown = world.text("#payment");
        assert!(shown.contains(&format!("€{amount}")) && shown.contains("Rent"), "{shown}");
        assert!(shown.contains("FR14 2004 1010 0505 0001 3M02 606"), "{shown}");
        Provider(world).passkey();
        world.popup_is_gone();
        assert_eq!(bank.outcome(), "ok");
        assert_eq!(world.server.ledger().len(), number + 1);
        assert_eq!(sent_with(world), [(401, Value::Null), (201, payment(amount))]);
        // What else the page reads, it reads with its other token.
        let read = world.server.requests("api", "GET", "/balance");
        let claims = access_token_claims(read.last().expect("the balance is read"));
        assert_eq!(claims["authorization_details"], Value::Null);
    }
}

fn a_payment_is_confirmed_on_another_page_pushed_and_with_a_bound_token(bench: &Bench) {
    let world = bench.world(json!({ "linking": true, "pushed": true, "nonces": true }));
    let bank = Bank::open_at(world, "/?arrangement=redirect&details=1&dpop=1");
    world.click("#sign-in");
    Provider(world).password("alice");
    assert_eq!(bank.outcome(), "ok");
    world.server.forget();
    bank.transfer("25.50");
    until_true("the page is left", || {
        if Prompt(world).choices().first().is_some_and(|choice| choice == "redirect") {
            Prompt(world).choose("redirect");
        }
        world.shown("button#use-passkey").is_some()
    });
    assert!(world.text("#payment").contains("€25.50"));
    // The address tells nothing of it.
    let asks = world.server.requests("auth", "GET", "/auth");
    assert!(asks.iter().all(|ask| ask.parameter("authorization_details").is_none()), "{asks:?}");
    Provider(world).passkey();
    assert_eq!(bank.outcome(), "ok");
    assert_eq!(world.server.ledger().len(), 1);
    let sent = sent_with(world);
    assert_eq!(sent.last(), Some(&(201, payment("25.50"))), "{sent:?}");
}

fn a_passkey_in_the_page_confirms_the_payment(bench: &Bench) {
    let world = bench.world(json!({ "linking": true }));
    let bank = Bank::open_at(world, "/?arrangement=endpoints&details=1");
    world.authenticator.arm(&world.browser);
    bank.sign_in("alice");
    world.server.forget();
    bank.transfer("25.50");
    confirm_by_passkey(world, &bank);
    assert_eq!(sent_with(world), [(401, Value::Null), (201, payment("25.50"))]);
    assert_eq!(world.popups(), [], "no window was needed");
}
