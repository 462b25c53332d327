//! Every journey. A function that is missing from its list is dead code, which the lints refuse.

mod harness;
mod provider;
mod transfer;

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
    let files: [(&str, &[(&str, Journey)]); 3] = [
        ("harness", harness::JOURNEYS),
        ("provider", provider::JOURNEYS),
        ("transfer", transfer::JOURNEYS),
    ];
    files
        .into_iter()
        .flat_map(|(file, journeys)| {
            journeys.iter().map(move |(name, journey)| (format!("{file}::{name}"), *journey))
        })
        .collect()
}
