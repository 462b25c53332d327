//! `cargo run --profile simulation -p simulation -- [--seeds N] [--from SEED] [--fault NAME]`, or
//! `--seed S [--trace]` for one life.

use std::collections::BTreeMap;
use std::process::ExitCode;

use simulation::{Fault, live, live_many};

const USAGE: &str = "\
simulation [--seeds N] [--from SEED]   lives many lives, 10000 from seed 0 on if nothing is said
simulation --seed S [--trace]          lives one, and shows it
           [--fault NAME]              with a fault planted around the core";

/// How many broken lives are listed.
const LISTED: usize = 20;

fn main() -> ExitCode {
    match Wish::read(std::env::args().skip(1)) {
        Some(Wish { seed: Some(seed), fault, traced, .. }) => one(seed, fault, traced),
        Some(Wish { seeds, from, fault, .. }) => many(seeds, from, fault),
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

struct Wish {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    traced: bool,
    fault: Option<Fault>,
}

impl Wish {
    fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut wish = Self { seeds: 10_000, from: 0, seed: None, traced: false, fault: None };
        while let Some(flag) = arguments.next() {
            if flag == "--trace" {
                wish.traced = true;
                continue;
            }
            let value = arguments.next()?;
            match flag.as_str() {
                "--seeds" => wish.seeds = value.parse().ok()?,
                "--from" => wish.from = value.parse().ok()?,
                "--seed" => wish.seed = Some(value.parse().ok()?),
                "--fault" => {
                    let known = Fault::ALL.iter().find(|(name, _)| *name == value);
                    wish.fault = Some(known?.1);
                }
                _ => return None,
            }
        }
        Some(wish)
    }
}

fn one(seed: u64, fault: Option<Fault>, traced: bool) -> ExitCode {
    let life = live(seed, fault, true);
    if traced || life.breach.is_some() {
        println!("{}", life.trace.join("\n"));
    }
    println!("seed {seed}: {} lines, trace {:016x}", life.trace.len(), life.hash);
    match life.breach {
        Some(breach) => {
            println!("{breach}\n0 passed, 1 failed");
            ExitCode::FAILURE
        }
        None => {
            println!("1 passed, 0 failed");
            ExitCode::SUCCESS
        }
    }
}

fn many(seeds: u64, from: u64, fault: Option<Fault>) -> ExitCode {
    let lives = live_many(from..from.saturating_add(seeds), fault);
    for (name, count) in lives.coverage.all() {
        println!("{count:>12}  {name}");
    }
    let mut kinds = BTreeMap::<String, usize>::new();
    for (seed, breach) in &lives.breaches {
        *kinds.entry(format!("{:?}", breach.invariant)).or_default() += 1;
        if kinds.values().sum::<usize>() <= LISTED {
            println!("seed {seed}: {breach}");
        }
    }
    for (kind, count) in &kinds {
        println!("{count:>12}  broken: {kind}");
    }
    if let Some((seed, _)) = lives.breaches.first() {
        println!("\nseed {seed}, the first that failed:");
        println!("{}", live(*seed, fault, true).trace.join("\n"));
        println!("again: cargo xtask simulate --seed {seed} --trace");
    }
    let failed = lives.breaches.len() as u64;
    println!("seeds {from} to {}: {} passed, {failed} failed", from + seeds - 1, seeds - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
