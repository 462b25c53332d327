//! The core in whole worlds: browsers with tabs, users, providers, APIs and apps, decided by a seed.
//!
//! ```text
//!  seed ─► Scenario ─► World ── queue of what happens, virtual time ──► page ─► core (stepup::protocol)
//!                        ▲                                               │
//!                        └── provider, api, store, user ◄── effects ─────┘
//!                        └── watch: the invariants, looked at from outside after each event
//! ```
//!
//! Around the core, the loader, the engine and the driver of a page are modelled after the product's
//! own, task by task: `loader` after `loader.js`, `engine` after `engine.js`, `redirect` after
//! `redirect.js`, `return.js` and `callback.js`, `store` after `store.js`, `driver` and `perform` after
//! their namesakes in `src/browser`. A world has no clock, no thread and no order that a hash decides:
//! one seed is one life.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod api;
mod app;
mod browser;
mod coverage;
mod driver;
mod engine;
mod fault;
mod finale;
mod gate;
mod happening;
mod invariant;
mod lie;
mod loader;
mod locks;
mod mint;
mod mischief;
mod page;
mod perform;
mod prompts;
mod provider;
mod queue;
mod random;
mod redirect;
mod renewal;
mod scenario;
mod store;
mod tabs;
mod trace;
mod turn;
mod user;
mod watch;
mod words;
mod world;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

pub use coverage::{Coverage, Seen};
pub use fault::Fault;
pub use invariant::{Breach, Invariant};

/// What became of a world.
#[derive(Debug)]
pub struct Life {
    /// What decided it.
    pub seed: u64,
    /// The invariant that was broken first, if one was.
    pub breach: Option<Breach>,
    /// What happened, counted.
    pub coverage: Coverage,
    /// What happened, as a number that another run can be compared by.
    pub hash: u64,
    /// What happened, line by line, if it was to be kept.
    pub trace: Vec<String>,
}

/// Lives the life of a seed.
#[must_use]
pub fn live(seed: u64, fault: Option<Fault>, traced: bool) -> Life {
    let mut world = world::World::new(seed, fault, traced);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| world.live())) {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        world.breach(Invariant::NoPanic, text.to_owned());
    }
    Life {
        seed,
        breach: world.breach,
        coverage: world.seen,
        hash: world.trace.hash(),
        trace: world.trace.into_lines(),
    }
}

/// What became of many worlds.
#[derive(Debug, Default)]
pub struct Lives {
    /// What happened in all of them, counted.
    pub coverage: Coverage,
    /// The seeds whose lives broke an invariant, in their order.
    pub breaches: Vec<(u64, Breach)>,
}

/// How many seeds a thread takes at a time.
const SHARE: u64 = 250;

/// Lives the lives of many seeds, on all processors: nothing is shared between two of them.
#[must_use]
pub fn live_many(seeds: Range<u64>, fault: Option<Fault>) -> Lives {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut lives = Lives::default();
        loop {
            let first = next.fetch_add(SHARE, Ordering::Relaxed);
            if first >= seeds.end {
                return lives;
            }
            for seed in first..seeds.end.min(first + SHARE) {
                let life = live(seed, fault, false);
                lives.coverage.add(&life.coverage);
                lives.breaches.extend(life.breach.map(|breach| (seed, breach)));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut all = Lives::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let lives = worker.join().expect("a life that panics is a life that is told of");
            all.coverage.add(&lives.coverage);
            all.breaches.extend(lives.breaches);
        }
    });
    all.breaches.sort_by_key(|(seed, _)| *seed);
    all
}
