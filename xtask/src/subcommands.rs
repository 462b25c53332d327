//! Cargo commands that are installed at a pinned version, below the build directory.

use std::path::PathBuf;

use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::run::cargo;

/// A command, which is a package of the same name.
pub struct Subcommand {
    name: &'static str,
    version: &'static str,
}

/// libFuzzer for Rust.
pub const FUZZ: Subcommand = Subcommand { name: "cargo-fuzz", version: "0.13.2" };

/// Changes to the code, each of which the tests should find.
pub const MUTANTS: Subcommand = Subcommand { name: "cargo-mutants", version: "27.1.0" };

/// Installs the command where that has not been done yet, with the dependencies that it is locked to.
///
/// # Errors
/// When it does not compile, or cannot be fetched.
pub fn ready(project: &Project, command: &Subcommand) -> Outcome<PathBuf> {
    let Subcommand { name, version } = command;
    let tools = project.target.join("tools");
    // A folder for each version: what another one has left is not mistaken for it.
    let root = tools.join(format!("{name}-{version}"));
    let program = root.join("bin").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    if !program.is_file() {
        println!("compiling {name} {version} (once; a few minutes)");
        cargo(&["install", name, "--version", &format!("={version}"), "--locked", "--quiet"])
            .args(["--root".as_ref(), root.as_os_str()])
            .args(["--target-dir".as_ref(), tools.join("installing").as_os_str()])
            .shown()
            .map_err(|failure| {
                Failure::new(failure.to_string())
                    .remedy("the first time, this needs the network; run it once more")
            })?;
    }
    Ok(program)
}
