//! Every journey. A function that is missing from its list is dead code, which the lints refuse.

mod bodies;
mod forgery;
mod harness;
mod loader;
mod many;
mod own;
mod provider;
mod refusals;
mod transfer;
mod untouched;
mod windows;

use crate::bench::Journey;

/// Pairs each function with its name.
macro_rules! journeys {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), $name as crate::bench::Journey)),*]
    };
}
use journeys;

/// All journeys, as `file::sentence`.
pub fn all() -> Vec<(String, Journey)> {
    let files: [(&str, &[(&str, Journey)]); 11] = [
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
    ];
    files
        .into_iter()
        .flat_map(|(file, journeys)| {
            journeys.iter().map(move |(name, journey)| (format!("{file}::{name}"), *journey))
        })
        .collect()
}
