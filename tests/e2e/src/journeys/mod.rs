//! Every journey. A function that is missing from its list is dead code, which the lints refuse.

mod backend;
mod between;
mod bodies;
mod cached;
mod ceremony;
mod death;
mod described;
mod details;
mod dpop;
mod forgery;
mod guard;
mod harness;
mod kept;
mod leaving;
mod loader;
mod many;
mod own;
mod passkey;
mod provider;
mod pushed;
mod redirect;
mod refusals;
mod return_;
mod saved_bodies;
mod storage;
mod tabs;
mod tokens;
mod transfer;
mod untouched;
mod windows;

use crate::bench::Journey;
use crate::engine::Engine;

/// Journeys with their names.
type Journeys = &'static [(&'static str, Journey)];

/// Pairs each function with its name.
macro_rules! journeys {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), $name as crate::bench::Journey)),*]
    };
}
use journeys;

/// All journeys, as `file::sentence`, each with the engines that can go through it.
pub fn all() -> Vec<(String, &'static [Engine], Journey)> {
    let everywhere: [(&str, Journeys); 30] = [
        ("harness", harness::JOURNEYS),
        ("provider", provider::JOURNEYS),
        ("transfer", transfer::JOURNEYS),
        ("refusals", refusals::JOURNEYS),
        ("windows", windows::JOURNEYS),
        ("forgery", forgery::JOURNEYS),
        ("many", many::JOURNEYS),
        ("untouched", untouched::JOURNEYS),
        ("bodies", bodies::JOURNEYS),
        ("loader", loader::JOURNEYS),
        ("own", own::JOURNEYS),
        ("guard", guard::JOURNEYS),
        ("ceremony", ceremony::JOURNEYS),
        ("passkey", passkey::JOURNEYS),
        ("backend", backend::JOURNEYS),
        ("redirect", redirect::JOURNEYS),
        ("tabs", tabs::JOURNEYS),
        ("tokens", tokens::JOURNEYS),
        ("leaving", leaving::JOURNEYS),
        ("saved_bodies", saved_bodies::JOURNEYS),
        ("return", return_::JOURNEYS),
        ("kept", kept::JOURNEYS),
        ("storage", storage::JOURNEYS),
        ("death", death::JOURNEYS),
        ("between", between::JOURNEYS),
        ("dpop", dpop::JOURNEYS),
        ("pushed", pushed::JOURNEYS),
        ("details", details::JOURNEYS),
        ("described", described::JOURNEYS),
        ("cached", cached::JOURNEYS),
    ];
    let everywhere = everywhere.iter().map(|(file, journeys)| (*file, &Engine::ALL[..], *journeys));
    let ceremonies = ceremony::IN_SOME.iter().map(|(of, journeys)| ("ceremony", *of, *journeys));
    let passkeys = passkey::IN_SOME.iter().map(|(of, journeys)| ("passkey", *of, *journeys));
    everywhere
        .chain(ceremonies)
        .chain(passkeys)
        .flat_map(|(file, engines, journeys)| {
            let named = move |(name, journey): &(&str, Journey)| {
                (format!("{file}::{name}"), engines, *journey)
            };
            journeys.iter().map(named)
        })
        .collect()
}
