//! What stands between the page and the network: a service worker, other wrappers of `fetch`, our own
//! one twice. A request is asked for once, and sent again once.

use serde_json::{Value, json};

use super::{Journeys, journeys};
use crate::bench::{Bench, World};
use crate::pages::{Harness, Provider};

pub const JOURNEYS: Journeys = journeys![
    t56_the_retry_is_a_new_request_with_one_authorization_and_merged_headers,
    t57_a_service_worker_that_forwards_sees_each_request_once,
    t57_a_service_worker_that_answers_may_challenge_as_well,
    t57_a_saved_request_leaves_by_the_service_worker_once,
    t57_two_wrappers_of_ours_and_one_of_somebody_else_ask_once,
];

#[track_caller]
fn signed_in(world: &World) -> Harness<'_> {
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    // The caller's own headers are there as well.
    page.run(
        "e2e.send = (kind, fetch = e2e.su.fetch) => fetch(e2e.api + '/echo?kind=' + kind, \
             { method: 'POST', body: kind, headers: { 'X-Mine': 'kept' } })",
    )
    .value();
    page
}

/// Puts a service worker between all pages of the tests and the network, and waits until it is there.
#[track_caller]
fn put_between(page: &Harness, script: &str) {
    page.run(&format!(
        "const claimed = new Promise((resolve) => \
             navigator.serviceWorker.addEventListener('controllerchange', resolve)); \
         await navigator.serviceWorker.register('{script}'); \
         await claimed"
    ))
    .value();
}

/// What the service worker has seen.
const SEEN: &str = "const channel = new MessageChannel(); \
    const told = new Promise((resolve) => { channel.port1.onmessage = ({ data }) => resolve(data) }); \
    navigator.serviceWorker.controller.postMessage('tell', [channel.port2]); \
    return await told";

/// Clicks with this as the button's handler, and lets Alice confirm in a window.
#[track_caller]
fn confirms(page: &Harness, body: &str) -> Value {
    let world = page.0;
    page.click("sent", body);
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    page.outcome("sent").value()
}

/// Each request of this kind at the API: whether it brought a token, and whether just one.
#[track_caller]
fn tokens(world: &World, kind: &str) -> Vec<Option<usize>> {
    let requests = world.server.requests("api", "POST", "/echo");
    let of_kind = requests.iter().filter(|seen| seen.parameter("kind").as_deref() == Some(kind));
    // A header that is there twice is joined by a comma.
    of_kind.map(|seen| seen.header("authorization").map(|all| all.split(',').count())).collect()
}

fn t56_the_retry_is_a_new_request_with_one_authorization_and_merged_headers(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = signed_in(world);
    let sent = confirms(
        &page,
        "const request = new Request(e2e.api + '/echo?kind=one', { method: 'PUT', body: 'one', \
             headers: { 'X-Mine': 'of the request', 'X-Other': 'kept', Authorization: 'Bearer own' } }); \
         const copy = request.clone(); \
         const init = { headers: { 'x-mine': 'of the call', authorization: 'Basic own' } }; \
         const [one, two] = await Promise.all([e2e.su.fetch(request), e2e.su.fetch(e2e.api + '/echo?kind=two', \
             { method: 'POST', body: 'two', headers: [['X-Mine', 'a'], ['x-mine', 'b'], ['AUTHORIZATION', 'Bearer own']] })]); \
         await e2e.su.fetch(copy, init); \
         return [one.status, two.status, request.headers.get('authorization')]",
    );
    // The caller's own request is as it was.
    assert_eq!(sent, json!([200, 200, "Bearer own"]));
    let log = world.server.log_of("api");
    let of = |method: &str| -> Vec<_> { log.iter().filter(|seen| seen.method == method).collect() };
    let (put, post) = (of("PUT"), of("POST"));
    assert_eq!((put.len(), post.len()), (3, 2));
    for (all, mine) in [(&put[..2], "of the request"), (&post[..], "a, b")] {
        let [first, second] = all else { panic!("{all:?}") };
        let token = |seen: &crate::server::Seen| seen.header("authorization").map(str::to_owned);
        assert_ne!(token(first), token(second));
        for seen in [first, second] {
            let token = token(seen).unwrap_or_default();
            assert!(token.starts_with("Bearer ey") && !token.contains(','), "{token}");
            assert_eq!(seen.header("x-mine"), Some(mine));
        }
    }
    assert_eq!(put[1].header("x-other"), Some("kept"));
    // Headers of the call replace those of its `Request`, as in any other `fetch`.
    assert_eq!((put[2].header("x-mine"), put[2].header("x-other")), (Some("of the call"), None));
}

fn t57_a_service_worker_that_forwards_sees_each_request_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = signed_in(world);
    put_between(&page, "/e2e/worker.js");
    let sent = confirms(&page, "return e2e.read(await e2e.send('one'))");
    assert_eq!(
        (&sent["status"], &sent["body"]["headers"]["x-mine"]),
        (&json!(200), &json!("kept"))
    );
    let seen = page.run(SEEN).value();
    let seen = seen.as_array().cloned().unwrap_or_default();
    let told: Vec<_> =
        seen.iter().map(|one| (&one["kind"], &one["mine"], &one["redirect"])).collect();
    let once = (&json!("one"), &json!("kept"), &json!("manual"));
    assert_eq!(told, [once, once]);
    assert_eq!(tokens(world, "one"), [Some(1), Some(1)]);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
}

fn t57_a_service_worker_that_answers_may_challenge_as_well(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = signed_in(world);
    // What the worker makes by itself has no address of its own: it is the request's.
    let same_origin = "{ apis: [{ origin: e2e.api, redirects: 'same-origin' }],";
    let session = page.session().replace(", 'redirect'", "");
    page.make(&session.replacen('{', same_origin, 1));
    put_between(&page, "/e2e/worker.js?answers=own");
    let sent = confirms(&page, "return e2e.read(await e2e.send('own'))");
    assert_eq!(sent["status"], 200);
    assert_eq!(sent["body"], json!({ "by": "the worker", "tokens": [1, 1] }));
    assert_eq!(tokens(world, "own"), []);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
}

fn t57_a_saved_request_leaves_by_the_service_worker_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = Harness::signed_in_at(world, "/e2e/harness.html");
    put_between(&page, "/e2e/worker.js");
    page.leave(
        "return e2e.su.fetch(e2e.api + '/echo?kind=one', \
             { method: 'POST', body: 'one', stepup: { methods: ['redirect'] } })",
    );
    Provider(world).passkey();
    let page = Harness::back(world);
    let resumed = page.resume();
    assert_eq!(resumed["results"][0]["answer"]["status"], 200);
    assert_eq!(page.run(SEEN).value().as_array().map(Vec::len), Some(2));
    assert_eq!(tokens(world, "one"), [Some(1), Some(1)]);
}

fn t57_two_wrappers_of_ours_and_one_of_somebody_else_ask_once(bench: &Bench) {
    let world = bench.world(json!({}));
    let page = signed_in(world);
    let installs = "e2e.seen = []; \
        const undo = e2e.su.install(); \
        const ours = fetch; \
        const again = e2e.su.install() === undo && fetch === ours; \
        const other = e2e.make({ session: () => ({ accessToken: e2e.su.token() }) }); \
        const undoOther = other.install(); \
        const wrapped = fetch; \
        window.fetch = async (...all) => { \
            if (String(all[0]).startsWith(e2e.api)) e2e.seen.push(all[0]); return wrapped(...all); }; \
        e2e.undo = () => { undoOther(); undo(); }; \
        return again";
    assert_eq!(page.run(installs).value(), true);
    let sent = confirms(&page, "return e2e.read(await e2e.send('one', (...all) => fetch(...all)))");
    assert_eq!(
        (&sent["status"], &sent["body"]["headers"]["x-mine"]),
        (&json!(200), &json!("kept"))
    );
    // The other library has seen what the app has asked for, once, and not that it left again.
    assert_eq!(page.run("return e2e.seen.length").value(), 1);
    assert_eq!(tokens(world, "one"), [Some(1), Some(1)]);
    assert_eq!(world.server.requests("auth", "GET", "/auth").len(), 1);
    let challenges = page.event_types().iter().filter(|kind| *kind == "challenge").count();
    assert_eq!(challenges, 1);
    // Called by itself, it goes by none of them.
    assert_eq!(page.run("return (await e2e.send('two')).status").value(), 200);
    assert_eq!(page.run("return e2e.seen.length").value(), 1);
    assert_eq!(tokens(world, "two"), [Some(1)]);
    // What is undone below another's wrapper lets everything through.
    page.run("e2e.undo()").value();
    let status = "return (await e2e.send('three', (...all) => fetch(...all))).status";
    assert_eq!(page.run(status).value(), 401);
    assert_eq!(tokens(world, "three"), [None]);
}
