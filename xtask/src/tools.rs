//! The pinned wasm-bindgen commands, compiled from their own small crate.

use std::path::PathBuf;

use crate::failure::{Failure, Outcome};
use crate::project::{Project, locked_version, read};
use crate::run::cargo;

/// The commands that turn a compiled crate into a module for the web, and that run its tests.
pub struct Tools {
    /// `wasm-bindgen`.
    pub wasm_bindgen: PathBuf,
    /// `wasm-bindgen-test-runner`.
    pub test_runner: PathBuf,
}

/// Compiles the commands where that has not been done yet.
///
/// # Errors
/// When their version is not the one the crate is locked to, or they do not compile.
pub fn ready(project: &Project) -> Outcome<Tools> {
    let crates = read(&project.root.join("Cargo.lock"))?;
    let commands = read(&project.root.join("xtask/tools/Cargo.lock"))?;
    let version = same_version(&crates, &commands)?;
    let target = project.target.join("tools");
    let folder = target.join("debug");
    let tools = Tools {
        wasm_bindgen: folder.join("wasm-bindgen").with_extension(std::env::consts::EXE_EXTENSION),
        test_runner: folder
            .join("wasm-bindgen-test-runner")
            .with_extension(std::env::consts::EXE_EXTENSION),
    };
    let mut build = cargo(&["build", "--locked", "--manifest-path", "xtask/tools/Cargo.toml"])
        .args(["--config", "future-incompat-report.frequency=\"never\"", "--target-dir"])
        .args([&target])
        .dir(&project.root);
    if tools.wasm_bindgen.is_file() && tools.test_runner.is_file() {
        build = build.args(["--quiet"]);
    } else {
        println!("compiling wasm-bindgen {version} (once; a minute or two)");
    }
    build.shown()?;
    Ok(tools)
}

fn same_version<'a>(crates: &'a str, commands: &str) -> Outcome<&'a str> {
    let wanted = locked_version(crates, "wasm-bindgen")
        .ok_or_else(|| Failure::new("Cargo.lock names no wasm-bindgen"))?;
    let pinned = locked_version(commands, "wasm-bindgen-cli").unwrap_or("none");
    if wanted == pinned {
        return Ok(wanted);
    }
    Err(Failure::new(format!(
        "the crate is locked to wasm-bindgen {wanted}, xtask/tools to wasm-bindgen-cli {pinned}"
    ))
    .remedy(format!(
        "put ={wanted} into xtask/tools/Cargo.toml and run \
         `cargo update --manifest-path xtask/tools/Cargo.toml`"
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn another_version_of_the_commands_is_refused_with_the_remedy() {
        let lock =
            |name, version| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let crates = lock("wasm-bindgen", "0.2.130");
        assert_eq!(same_version(&crates, &lock("wasm-bindgen-cli", "0.2.130")), Ok("0.2.130"));
        let failure = same_version(&crates, &lock("wasm-bindgen-cli", "0.2.129")).unwrap_err();
        assert!(failure.to_string().contains("remedy: put =0.2.130"), "{failure}");
    }
}
