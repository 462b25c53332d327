//! What one step-up costs: requests, round trips that wait for each other, and the page's own time.
//!
//! Each contender sends a transfer that its API wants a passkey for, used within the last minute, and ends
//! with the transfer made. Cold is the first step-up of a page that was just loaded; warm is the second one,
//! after a step-up to a lower level. All stand before the same provider, in bundles of the same bundler.

mod bundle;
mod contender;
mod goals;
mod run;
mod stage;
mod summary;

use std::panic::{AssertUnwindSafe, catch_unwind};

use e2e::engine::{Engine, Tools};
use serde_json::{Map, Value, json};

use self::contender::{CONTENDERS, Contender};
use self::stage::{Stage, Temperature};
use self::summary::summary;

/// How long the user takes to answer a passkey's dialog, or the provider's page, in milliseconds.
const HUMAN: u64 = 300;

/// How many runs of each kind.
struct Runs {
    /// On loopback, where time is measured.
    near: usize,
    /// With every answer later, where round trips show.
    far: usize,
}

/// Measures in one engine.
pub fn measure(tools: Tools, quick: bool) -> Value {
    let runs = if quick { Runs { near: 3, far: 3 } } else { Runs { near: 15, far: 7 } };
    let built = bundle::build();
    let only = std::env::var("STEP_UPS").unwrap_or_default();
    let mut contenders = Map::new();
    let mut notes = about(tools.engine());
    for contender in CONTENDERS.iter().filter(|it| it.name.contains(&only)) {
        eprintln!("   {}", contender.name);
        // Three browsers under automation lose a click now and then.
        let measured = (0..2).find_map(|_| {
            catch_unwind(AssertUnwindSafe(|| both(&tools, contender, &built, &runs))).ok()
        });
        match measured {
            Some(measured) => drop(contenders.insert(contender.name.into(), measured)),
            None => notes.push(format!("{} did not come to its end", contender.name)),
        }
    }
    let contenders = Value::Object(contenders);
    let (goals, pairs) = (goals::goals(&contenders), goals::pairs(&contenders));
    json!({ "contenders": contenders, "goals": goals, "pairs": pairs, "notes": notes })
}

/// A contender cold and warm, in a world of its own.
fn both(tools: &Tools, contender: &Contender, built: &bundle::Built, runs: &Runs) -> Value {
    let mut stage = Stage::open(tools, contender, built);
    let delay = contender.way.delay();
    let mut of = |temperature| {
        // What is first of all starts the server's and the browser's own machinery, and is not timed.
        let first = stage.run(temperature, 0);
        let (mut near, mut far) = (Vec::new(), Vec::new());
        // By turns: what else the machine is doing is then in both.
        for turn in 0..runs.near.max(runs.far) {
            if turn < runs.near {
                near.push(stage.run(temperature, 0));
            }
            if turn < runs.far {
                far.push(stage.run(temperature, delay));
            }
        }
        summary(&first, &near, &far, delay)
    };
    let (cold, warm) = (of(Temperature::Cold), of(Temperature::Warm));
    stage.close();
    json!({ "what": contender.what, "way": contender.way.name(), "peer": contender.peer, "cold": cold, "warm": warm })
}

/// How it is measured, for who reads the numbers.
fn about(engine: Engine) -> Vec<String> {
    let mut notes = vec![
        format!(
            "A user takes {HUMAN} ms at each prompt, so that what a page fetches meanwhile is hidden as it is in life; \
             nothing of that is in any number."
        ),
        "The page believes that the user has just clicked: no gate is in the way.".into(),
        "In a window the provider's page answers by itself, since it has seen the user's passkey within the last \
         minute."
            .into(),
        "Own time is without the requests to API, provider and backend, and with the loading of scripts and wasm."
            .into(),
    ];
    if engine == Engine::Webkit {
        notes.push(
            "A stand-in makes the assertions, which verify: WebKitGTK has no authenticator.".into(),
        );
    }
    if engine != Engine::Chromium {
        notes.push("This engine's clock has steps of a millisecond.".into());
    }
    notes
}
