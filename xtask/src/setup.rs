//! What a fresh machine lacks is installed here, or named together with how to get it.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::run::{cargo, npm, run};

/// The oldest Node the npm packages of this repository run on.
const NODE: (u32, u32) = (20, 19);

/// Checks that Node and npm are there and new enough.
///
/// # Errors
/// Names the version that is wanted.
pub fn node() -> Outcome {
    let (major, minor) = NODE;
    let remedy = format!("install Node {major}.{minor} or later, which brings npm with it");
    let said = run("node")
        .args(["--version"])
        .output()
        .map_err(|_| Failure::new("Node is not on the PATH").remedy(&remedy))?;
    if !node_is_new_enough(&said) {
        return Err(Failure::new(format!("Node {said} is too old")).remedy(remedy));
    }
    if !npm(&["--version"]).succeeds() {
        return Err(Failure::new("npm is not on the PATH").remedy(remedy));
    }
    Ok(())
}

/// Installs the standard library for wasm where the toolchain lacks it.
///
/// # Errors
/// When it is missing and rustup, which would install it, is missing too.
pub fn wasm_target() -> Outcome {
    const TARGET: &str = "wasm32-unknown-unknown";
    let library = run("rustc").args(["--print", "target-libdir", "--target", TARGET]).output()?;
    if Path::new(&library).is_dir() {
        return Ok(());
    }
    rustup(&["target", "add", TARGET])
}

/// Installs rustfmt and clippy where the toolchain lacks them.
///
/// # Errors
/// As [`wasm_target`].
pub fn components() -> Outcome {
    for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !cargo(&[command, "--version"]).succeeds() {
            rustup(&["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(arguments: &[&str]) -> Outcome {
    run("rustup").args(arguments).shown().map_err(|failure| {
        Failure::new(failure.to_string()).remedy(format!(
            "install Rust by rustup, or what `rustup {}` would add by your own package manager",
            arguments.join(" ")
        ))
    })
}

/// Runs `npm ci` in a folder where that has not been done since its lock file changed.
///
/// # Errors
/// When npm fails; it says why itself.
pub fn npm_packages(project: &Project, folder: &str) -> Outcome {
    let folder = project.root.join(folder);
    let lock = changed(&folder.join("package-lock.json"));
    // npm writes this file last.
    let installed = changed(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= lock {
        return Ok(());
    }
    npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]).dir(&folder).shown()
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|file| file.modified()).ok()
}

fn node_is_new_enough(said: &str) -> bool {
    let mut numbers = said.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= NODE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_are_compared_as_numbers() {
        for (said, enough) in [
            ("v20.19.0", true),
            ("v20.20.2", true),
            ("v22.1.0", true),
            ("v100.0.0", true),
            ("v20.9.0", false),
            ("v18.20.4", false),
            ("", false),
        ] {
            assert_eq!(node_is_new_enough(said), enough, "{said}");
        }
    }
}
