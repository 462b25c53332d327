//! Many requests at once: one prompt for what one answer satisfies.

use serde_json::{Value, json};

use super::journeys;
use crate::bench::{Bench, Journey};
use crate::pages::{Harness, Provider};

pub const JOURNEYS: &[(&str, Journey)] = journeys![
    t22_twenty_requests_share_one_prompt,
    t22_a_different_demand_waits_for_its_turn,
    t22_one_of_many_leaves_alone_and_the_last_one_closes_the_window,
    a_cancel_ends_the_whole_queue,
];

fn t22_twenty_requests_share_one_prompt(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    page.click(
        "sent",
        "return Promise.all(Array.from({ length: 20 }, async (_, n) => { \
           const sent = e2e.su.fetch(e2e.api + '/echo?n=' + n, { method: 'PUT', body: 'b' + n }); \
           return (await sent).status; }))",
    );
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("sent").value(), json!(vec![200; 20]));

    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 1);
    let sent = world.server.requests("api", "PUT", "/echo");
    for n in 0..20 {
        let query = format!("n={n}");
        let mine: Vec<u64> =
            sent.iter().filter(|seen| seen.query == query).map(|seen| seen.status).collect();
        assert_eq!(mine, [401, 200], "request {n}");
    }
    assert_eq!(sent.len(), 40);
    let count = |kind: &str| page.event_types().iter().filter(|it| *it == kind).count();
    assert_eq!((count("challenge"), count("retry")), (20, 20));
    let flows: std::collections::HashSet<String> = page
        .events()
        .iter()
        .filter(|event| event["type"] == "challenge")
        .map(|event| event["flow"].to_string())
        .collect();
    assert_eq!(flows.len(), 1, "{flows:?}");
}

fn t22_a_different_demand_waits_for_its_turn(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    // The first two are for AL2, which AL3 does not merge with.
    page.click(
        "two",
        "const two = e2e.su.ensure({ acr: 'AL2' }); \
         e2e.start('again', \"return e2e.su.ensure({ acr: 'AL2' })\"); \
         e2e.start('three', \"return e2e.su.ensure({ acr: 'AL3' })\"); \
         return two;",
    );
    world.only_popup();
    Provider(world).password("alice");
    world.switch_to(&world.main);
    assert_eq!((page.peek("two"), page.peek("three")), (None, None));
    let asked = world.server.requests("auth", "GET", "/auth");
    assert_eq!(asked.len(), 1, "the other one waits: {asked:?}");
    world.only_popup();
    Provider(world).code();
    world.switch_to(&world.main);
    assert_eq!(page.outcome("two").value()["acr"], "AL2");
    assert_eq!(page.outcome("again").value()["acr"], "AL2");
    assert_eq!(page.peek("three"), None);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    assert_eq!(page.outcome("three").value()["acr"], "AL3");
    let asked = world.server.requests("auth", "GET", "/auth");
    let acr: Vec<_> = asked.iter().filter_map(|seen| seen.parameter("acr_values")).collect();
    assert_eq!(acr, ["AL2", "AL3"]);
    assert_eq!(world.server.requests("auth", "POST", "/token").len(), 2);
}

fn t22_one_of_many_leaves_alone_and_the_last_one_closes_the_window(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.run("e2e.aborts = [0, 1].map(() => new AbortController())").value();
    page.click(
        "all",
        "for (const n of [0, 1]) e2e.start('wait ' + n, \
           `return e2e.su.fetch(e2e.api + '/loop?n=${n}', { signal: e2e.aborts[${n}].signal })`);",
    );
    world.prompted();
    world.element("input[name=login]");
    world.switch_to(&world.main);
    page.run("e2e.aborts[0].abort('the first one')").value();
    assert_eq!(page.outcome("wait 0").error()["message"], "the first one");
    assert_eq!(page.peek("wait 1"), None);
    assert_eq!(world.popups().len(), 1, "somebody still waits");
    page.run("e2e.aborts[1].abort('the last one')").value();
    assert_eq!(page.outcome("wait 1").error()["message"], "the last one");
    world.popup_is_gone();
    assert_eq!(world.server.requests("api", "GET", "/loop").len(), 2);
}

fn a_cancel_ends_the_whole_queue(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.click(
        "all",
        "e2e.start('three', \"return e2e.su.ensure({ acr: 'AL3' })\"); \
         e2e.start('two', \"return e2e.su.ensure({ acr: 'AL2' })\");",
    );
    world.only_popup();
    Provider(world).cancel();
    world.popup_is_gone();
    for name in ["three", "two"] {
        assert_eq!(page.outcome(name).code(), "cancelled", "{name}");
    }
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    let settled: Vec<Value> =
        page.events().into_iter().filter(|event| event["type"] == "settled").collect();
    assert_eq!(settled.len(), 2, "{settled:?}");
}
