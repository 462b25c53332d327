//! What one step-up costs: requests, round trips that wait for each other, and the page's own time.
//!
//! Each contender sends a transfer that its API wants a passkey for, used within the last minute, and ends
//! with the transfer made. Cold is the first step-up of a page that was just loaded: its scripts and wasm are
//! fetched and compiled anew, since the server's files name nothing by which a copy could be used again, and
//! nothing of the provider is known. What the browser itself keeps is there: it has run before, connections
//! are open (but in the trial of what one costs), preflights are remembered. Warm is the second step-up of a
//! page, after one to a lower level. All stand before the same provider, in bundles of the same bundler.

mod bundle;
mod contender;
mod goals;
mod run;
mod stage;
mod summary;

use std::panic::{AssertUnwindSafe, catch_unwind};

use e2e::engine::{Engine, Tools};
use serde_json::{Map, Value, json};

use self::contender::{CONTENDERS, Contender, TRIALS};
use self::stage::{Stage, Temperature};
use self::summary::{alike, summary};
use crate::choice::Choice;

/// How long the user takes to answer a passkey's dialog, or the provider's page, in milliseconds.
const HUMAN: u64 = 300;

/// How many runs of each kind.
struct Runs {
    /// On loopback, where time is measured: each is a little different.
    near: usize,
    /// With every answer later, where round trips show: so many are alike before no more is needed,
    alike: usize,
    /// or so many have been made.
    far: usize,
}

/// Measures in one engine.
pub fn measure(tools: Tools, choice: &Choice) -> Value {
    let runs = match choice.quick {
        true => Runs { near: 3, alike: 2, far: 3 },
        false => Runs { near: 9, alike: 3, far: 7 },
    };
    let built = bundle::build();
    let mut version = Value::Null;
    let (mut contenders, mut trials) = (Map::new(), Map::new());
    let mut given_up = Vec::new();
    let all = CONTENDERS.iter().map(|it| (it, false)).chain(TRIALS.iter().map(|it| (it, true)));
    for (contender, trial) in all.filter(|(it, _)| it.name.contains(&choice.contenders)) {
        eprintln!("   {}", contender.name);
        // Three browsers under automation lose a click now and then.
        let measured = (0..2).find_map(|_| {
            catch_unwind(AssertUnwindSafe(|| both(&tools, contender, trial, &built, &runs))).ok()
        });
        match measured {
            Some((measured, by)) => {
                let place = if trial { &mut trials } else { &mut contenders };
                place.insert(contender.name.into(), measured);
                version = by.into();
            }
            None => given_up.push(contender.name),
        }
    }
    let contenders = Value::Object(contenders);
    let (mut goals, pairs) = (goals::goals(&contenders), goals::pairs(&contenders));
    goals.extend(given_up.into_iter().map(goals::given_up));
    json!({
        "version": version, "contenders": contenders, "trials": trials, "goals": goals,
        "pairs": pairs, "notes": about(tools.engine()),
    })
}

/// A contender cold and warm, in a world of its own; and the version of the browser there. Trials are of what
/// is done while the engine is on its way, so they are only cold.
fn both(
    tools: &Tools,
    contender: &Contender,
    trial: bool,
    built: &bundle::Built,
    runs: &Runs,
) -> (Value, String) {
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
            if turn < runs.far && alike(&far, delay) < runs.alike {
                far.push(stage.run(temperature, delay));
            }
        }
        summary(&first, &near, &far, delay)
    };
    let cold = of(Temperature::Cold);
    let warm = (!trial).then(|| of(Temperature::Warm));
    let version = stage.close();
    let measured = json!({
        "what": contender.what, "way": contender.way.name(), "peer": contender.peer, "cold": cold, "warm": warm,
    });
    (measured, version)
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
