//! What many requests cost: at once, with one prompt for all of them, and one after the other, with the
//! memory that is left of them. See `pages/scale/page.js`.

mod loopback;

use e2e::engine::{Browser, Engine, Tools};
use serde_json::{Value, json};

use crate::choice::Choice;
use crate::page::Page;

/// Measures in one engine.
pub fn measure(tools: Tools, choice: &Choice) -> Value {
    let mut found = Page::open("scale", &tools).measure(json!({ "quick": choice.quick }), heap);
    found["loopback"] = loopback::measure(tools, if choice.quick { 100 } else { 1000 });
    found["goals"] = goals(&found);
    found
}

/// The heap in bytes after a collection, as far as an engine's driver tells: what scripts hold, and what
/// the document's own objects (responses, headers, signals) are.
fn heap(browser: &Browser, _: &str) -> Value {
    if browser.engine != Engine::Chromium {
        return Value::Null;
    }
    let ask = |command: &str| {
        let body = json!({ "cmd": command, "params": {} });
        browser.session.post("/goog/cdp/execute", &body).expect("chromedriver asks its browser")
    };
    // What a first collection finalizes, a second one frees.
    ask("HeapProfiler.collectGarbage");
    ask("HeapProfiler.collectGarbage");
    let usage = ask("Runtime.getHeapUsage");
    let bytes = |name: &str| usage[name].as_f64().unwrap_or_default();
    json!({ "js": bytes("usedSize"), "dom": bytes("embedderHeapUsedSize") })
}

/// What is to be reached, and whether it is.
fn goals(found: &Value) -> Value {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let mut goals = Vec::new();
    let mut goal = |name: String, goal: f64, measured: f64, met: bool| {
        goals.push(json!({ "name": name, "goal": goal, "measured": measured, "met": met }));
    };
    let waiters = found["waiters"].as_array().cloned().unwrap_or_default();
    for one in waiters.iter().chain([&found["loopback"]]) {
        let (count, prompts) = (number(&one["requests"]), number(&one["prompts"]));
        let place = if one["overLoopback"] == true { " over loopback" } else { "" };
        goal(format!("{count} at once{place}: prompts"), 1.0, prompts, prompts == 1.0);
        let answered = number(&one["answered"]);
        goal(format!("{count} at once{place}: answered"), count, answered, answered == count);
    }
    // Few requests share what happens once: from a hundred on, each one's own part is what counts.
    let many: Vec<&Value> =
        waiters.iter().filter(|one| number(&one["requests"]) >= 100.0).collect();
    if let [first, .., last] = many.as_slice() {
        for (of, what) in [
            ("microsecondsPerWaiter", "µs per waiter"),
            ("wasmBytesPerWaiter", "bytes of wasm memory per waiter"),
            ("heapBytesPerWaiter", "bytes of heap per waiter"),
        ] {
            let (few, all) = (number(&first[of]), number(&last[of]));
            if few.is_finite() && all.is_finite() {
                let counts = (&first["requests"], &last["requests"]);
                // A page of wasm memory is 64 KiB, shared by however many wait: few need none of their own.
                let (more, most) = match of {
                    "wasmBytesPerWaiter" => ("than 2,048 or", few.max(2048.0)),
                    _ => ("than 1.5 times", few * 1.5),
                };
                let name = format!("{what} at {} no more {more} that at {}", counts.1, counts.0);
                goal(name, most, all, all <= most);
            }
        }
    }
    let soak = &found["soak"];
    let requests = number(&soak["requests"]);
    goal(
        format!("{requests} requests: answered"),
        requests,
        number(&soak["answered"]),
        soak["answered"] == soak["requests"],
    );
    let wasm = number(&soak["wasmBytesPerRequest"]);
    goal(
        format!("growth of wasm memory in the second half of {requests}, bytes per request"),
        0.0,
        wasm,
        wasm <= 0.0,
    );
    let left = number(&soak["referencesLeft"]);
    goal("JavaScript's values that the wasm has not let go".into(), 0.0, left, left <= 0.0);
    let heap = number(&soak["heapBytesPerRequest"]);
    if heap.is_finite() {
        // A kilobyte of noise in a hundred requests; what leaks, leaks more for each one.
        goal("growth of the heap, bytes per request".into(), 10.0, heap, heap <= 10.0);
    }
    let idle = found["idle"].as_array().map_or(0, Vec::len);
    #[allow(clippy::cast_precision_loss)]
    goal("timers that run when nobody waits".into(), 0.0, idle as f64, idle == 0);
    Value::Array(goals)
}
