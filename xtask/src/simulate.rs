//! `cargo xtask simulate`: whole browsers, users and servers around the core, one life for each seed.

use std::time::Duration;

use crate::failure::Outcome;
use crate::project::Project;
use crate::run::{Run, cargo};

/// Optimised, with the checks of arithmetic left in.
pub const PROFILE: [&str; 2] = ["--profile", "simulation"];

/// However many are asked for.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs the command; what it takes, the simulation itself reads.
///
/// # Errors
/// When a life breaks an invariant; the simulation has told which, and how.
pub fn command(project: &Project, arguments: &[String]) -> Outcome {
    lives(project, arguments).within(A_DAY).shown()
}

/// Ten thousand lives, or what the arguments say.
pub fn lives(project: &Project, arguments: &[String]) -> Run {
    cargo(&["run", "--quiet", "--package", "simulation"])
        .args(PROFILE)
        .args(["--"])
        .args(arguments)
        .dir(&project.root)
}
