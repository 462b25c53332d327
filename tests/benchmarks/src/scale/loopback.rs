//! Many requests at once to the demo's own API, with a person at the demo's own provider.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::bench::{Bench, run_journey};
use e2e::engine::Tools;
use e2e::pages::{Harness, Provider};
use serde_json::{Value, json};

/// How many, and what was found: a journey is a plain function.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static FOUND: Mutex<Value> = Mutex::new(Value::Null);

/// Sends this many, which are all challenged.
pub fn measure(tools: Tools, count: usize) -> Value {
    COUNT.store(count, Ordering::Relaxed);
    eprintln!("   {count} waiters over loopback");
    if let Err(failed) = run_journey("scale::loopback", tools, journey) {
        panic!("{}", failed.message().unwrap_or("the journey failed"));
    }
    FOUND.lock().expect("nobody panicked with it").take()
}

fn journey(bench: &Bench) {
    let count = COUNT.load(Ordering::Relaxed);
    let world = bench.world(json!({}));
    let page = Harness::open(world);
    page.make("{}");
    page.sign_in("alice");
    world.server.forget();
    page.click(
        "sent",
        &format!(
            "let challenged = 0, all, again, first; \
             const waiting = new Promise((resolve) => {{ all = resolve; }}); \
             e2e.su.addEventListener('challenge', () => (challenged += 1) === {count} && all()); \
             e2e.su.addEventListener('retry', () => {{ again ??= performance.now(); }}); \
             const began = performance.now(); \
             e2e.allWait = false; waiting.then(() => {{ e2e.allWait = performance.now() - began; }}); \
             const sent = await Promise.all(Array.from({{ length: {count} }}, async (_, n) => (await \
               e2e.su.fetch(e2e.api + '/echo?n=' + n, {{ method: 'PUT', body: 'b' + n }})).ok)); \
             return {{ answered: sent.filter(Boolean).length, challenged, \
               millis: e2e.allWait + performance.now() - again }};"
        ),
    );
    world.prompted();
    world.switch_to(&world.main);
    e2e::wait::until_true("all of them wait", || {
        page.run("return e2e.allWait !== false").value() == json!(true)
    });
    world.prompted();
    Provider(world).passkey();
    world.popup_is_gone();
    let told = page.outcome("sent").value();
    let millis = told["millis"].as_f64().unwrap_or(f64::NAN);
    #[allow(clippy::cast_precision_loss)]
    let each = millis * 1000.0 / count as f64;
    *FOUND.lock().expect("nobody panicked with it") = json!({
        "overLoopback": true,
        "requests": count,
        "prompts": world.server.requests("auth", "GET", "/auth").len(),
        "answered": told["answered"],
        "sent": world.server.requests("api", "PUT", "/echo").len(),
        "millis": millis,
        "microsecondsPerWaiter": each,
    });
}
