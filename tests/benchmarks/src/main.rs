//! What requests and step-ups cost in three browser engines.
//!
//! `cargo run -p benchmarks -- <requests|step_ups|scale> [--engine chromium,firefox,webkit] [--quick]
//! [--contenders part-of-their-names] [--out file]`
//!
//! Every measurement is written as JSON; `report.js` makes the tables and plots of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bundled;
mod choice;
mod page;
mod requests;
mod scale;
mod step_ups;

use choice::{Choice, What};
use e2e::engine;
use e2e::pool;
use serde_json::{Value, json};

fn main() {
    let choice = match Choice::of(std::env::args().skip(1)) {
        Ok(choice) => choice,
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(2);
        }
    };
    let measure = match choice.what {
        What::Requests => requests::measure,
        What::StepUps => step_ups::measure,
        What::Scale => scale::measure,
    };
    let mut measured = serde_json::Map::new();
    for engine in &choice.engines {
        let tools = engine.tools().unwrap_or_else(|reason| panic!("{engine}: {reason}"));
        eprintln!("== {engine}");
        let mut figures = measure(tools, &choice);
        figures["quick"] = choice.quick.into();
        measured.insert(engine.to_string(), figures);
    }
    pool::end();
    engine::stop_display();
    let text = serde_json::to_string_pretty(&json!({
        "what": choice.what.name(),
        "engines": Value::Object(measured),
    }))
    .unwrap();
    match choice.out {
        Some(file) => std::fs::write(&file, text + "\n").unwrap(),
        None => println!("{text}"),
    }
}
