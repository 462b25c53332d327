//! Challenges that point to the metadata of their API.

use serde_json::json;

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Bank, Harness, Provider};

pub const JOURNEYS: Journeys = journeys![
    metadata_that_fits_is_read_once_and_changes_nothing,
    t19_metadata_elsewhere_or_of_another_provider_prompts_nobody,
];

#[track_caller]
fn read(world: &World) -> usize {
    world.server.requests("api", "GET", "/.well-known/oauth-protected-resource").len()
}

fn metadata_that_fits_is_read_once_and_changes_nothing(bench: &Bench) {
    let world = bench.world(json!({ "describe": {} }));
    let bank = Bank::open(world);
    bank.sign_in("alice");
    bank.transfer("25.50");
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "ok");
    assert_eq!(world.server.ledger().len(), 1);
    let seen = world.server.requests("api", "GET", "/.well-known/oauth-protected-resource");
    let [seen] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((seen.header("authorization"), seen.header("cookie")), (None, None));
    // Another challenge of the page finds it known.
    world.fill_all(&[("#payee-name", "Ada"), ("#payee-iban", "BE68 5390 0754 7034")]);
    world.server.forget();
    world.click("#add-payee");
    world.allow_window();
    world.popup_is_gone();
    assert_eq!(bank.outcome(), "ok");
    assert_eq!(world.server.requests("api", "POST", "/payees").len(), 2);
    assert_eq!(read(world), 0);
}

fn t19_metadata_elsewhere_or_of_another_provider_prompts_nobody(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    let described = |place: &str| {
        page.run(&format!(
            "const at = {place}; return e2e.su.fetch(e2e.api + '/described?at=' + encodeURIComponent(at))"
        ))
    };
    let elsewhere = world.server.app.clone();
    for place in
        ["e2e.issuer + '/m'", &format!("'{elsewhere}/m'"), "'http://169.254.169.254/m'", "''"]
    {
        let outcome = described(place);
        assert_eq!(outcome.code(), "resource_mismatch", "{place}");
        let response = &outcome.error()["response"];
        assert_eq!((&response["status"], &response["bodyUsed"]), (&json!(401), &json!(false)));
    }
    let well_known = "e2e.api + '/.well-known/oauth-protected-resource'";
    assert_eq!(read(world), 0, "nothing was looked up");
    for (number, wrong) in [
        json!({ "authorization_servers": ["https://evil.example"] }),
        json!({ "resource": "https://evil.example" }),
        json!({ "resource": format!("{}/payees", world.server.api) }),
    ]
    .into_iter()
    .enumerate()
    {
        world.server.change(&json!({ "describe": wrong }));
        // Each at an address of its own, which has not been read yet.
        let outcome = described(&format!("{well_known} + '?{number}'"));
        assert_eq!(outcome.code(), "resource_mismatch", "{wrong}");
    }
    assert_eq!(read(world), 3);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 0, "nobody was asked");
    assert_eq!(world.popups(), []);
}
