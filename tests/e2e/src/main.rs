//! End-to-end journeys in Chromium, Firefox and WebKitGTK against the demo's bank, API and provider.
//!
//! `cargo run -p e2e -- [--engine chromium,firefox,webkit] [filter and other arguments of libtest]`
//!
//! Every journey runs once per engine, each with a server of its own, in a browser with a profile of
//! its own and real popup blocking. An engine that is not on this machine is skipped with a notice;
//! where `CI` is set, or where there is none at all, it is a failure.

use e2e::bench::{self, run_journey};
use e2e::engine::{self, Engine};
use e2e::{journeys, pool};
use libtest_mimic::{Arguments, Failed, Trial};

/// So many of some five hundred trials may need a second attempt, and not one more.
const MOST_UNSTEADY: usize = 3;

fn main() {
    let (engines, arguments) = match engines_and_rest(std::env::args().collect()) {
        Ok(parsed) => parsed,
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(2);
        }
    };
    let mut arguments = Arguments::from_iter(arguments);
    arguments.test_threads.get_or_insert(2);
    bench::record_panics();

    let missing: Vec<Engine> =
        engines.iter().copied().filter(|engine| engine.tools().is_err()).collect();
    let required = std::env::var_os("CI").is_some() || missing.len() == engines.len();
    let mut trials = Vec::new();
    // By journey first, so that two engines are busy side by side and none waits for the end.
    for (name, able, journey) in journeys::all() {
        for engine in engines.iter().filter(|engine| able.contains(engine)) {
            let title = format!("{engine}::{name}");
            match engine.tools() {
                Ok(tools) => trials
                    .push(Trial::test(title.clone(), move || run_journey(&title, tools, journey))),
                Err(_) => trials.push(Trial::test(title, || Ok(())).with_ignored_flag(true)),
            }
        }
    }
    for engine in missing {
        let Err(reason) = engine.tools() else { continue };
        if required {
            let title = format!("{engine}::the_engine_is_there");
            trials.push(Trial::test(title, move || Err(Failed::from(reason))));
        } else {
            eprintln!("{engine} is skipped: {reason}");
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    pool::end();
    engine::stop_display();
    let unsteady = bench::unsteady();
    if !unsteady.is_empty() {
        println!("== at the second attempt only: {}", unsteady.join(", "));
    }
    if unsteady.len() > MOST_UNSTEADY {
        println!("== more than {MOST_UNSTEADY}: that is a fault, not a lost click");
        std::process::exit(1);
    }
    conclusion.exit();
}

/// Takes `--engine a,b` or `--engine=a,b` out of the arguments; all three by default.
fn engines_and_rest(arguments: Vec<String>) -> Result<(Vec<Engine>, Vec<String>), String> {
    let mut engines = Vec::new();
    let mut rest = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let names = match argument.strip_prefix("--engine") {
            Some("") => arguments.next().ok_or("--engine wants a list of names")?,
            Some(names) if names.starts_with('=') => names.trim_start_matches('=').to_owned(),
            _ => {
                rest.push(argument);
                continue;
            }
        };
        for name in names.split(',') {
            engines.push(name.parse()?);
        }
    }
    if engines.is_empty() {
        engines.extend(Engine::ALL);
    }
    Ok((engines, rest))
}
