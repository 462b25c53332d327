//! Where things are: the repository, its build directory, the pinned versions.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// The repository this task runs in.
pub struct Project {
    /// The top of the repository.
    pub root: PathBuf,
    /// Cargo's build directory; everything that is made and not shipped lies below it.
    pub target: PathBuf,
}

impl Project {
    /// Finds the repository from the place of this crate.
    ///
    /// # Errors
    /// When this crate lies in no repository, for instance in a copied folder.
    pub fn find() -> Outcome<Self> {
        let here = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = here
            .parent()
            .filter(|root| root.join("Cargo.toml").is_file())
            .ok_or_else(|| {
                Failure::new(format!("{} lies in no repository", here.display()))
                    .remedy("run `cargo xtask` inside a clone of the repository")
            })?
            .to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |given| root.join(given));
        Ok(Self { root, target })
    }

    /// The folder that `cargo xtask build` writes and that npm publishes.
    pub fn package(&self) -> PathBuf {
        self.root.join("pkg")
    }

    /// The version of the crate, which is also that of the npm package.
    ///
    /// # Errors
    /// When `Cargo.toml` has none under `[workspace.package]`.
    pub fn version(&self) -> Outcome<String> {
        let manifest = read(&self.root.join("Cargo.toml"))?;
        workspace_version(&manifest)
            .map(str::to_owned)
            .ok_or_else(|| Failure::new("Cargo.toml has no version under [workspace.package]"))
    }

    /// A command that npm installed below `folder`.
    pub fn npm_command(&self, folder: &str, name: &str) -> PathBuf {
        let name = if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() };
        self.root.join(folder).join("node_modules").join(".bin").join(name)
    }
}

/// Reads a text file.
///
/// # Errors
/// When it cannot be read; the message names it.
pub fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))
}

/// Reads a file that need not be text.
///
/// # Errors
/// When it cannot be read; the message names it.
pub fn read_bytes(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))
}

/// Writes a file and the folders it lies in.
///
/// # Errors
/// When it cannot be written; the message names it.
pub fn write(path: &Path, contents: impl AsRef<[u8]>) -> Outcome {
    let failed = |error| Failure::new(format!("{} cannot be written: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, contents).map_err(failed)
}

/// The version that a Cargo.lock has for a package.
pub fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    value(lines.next()?, "version")
}

fn workspace_version(manifest: &str) -> Option<&str> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != "[workspace.package]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| value(line, "version"))
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == key).then(|| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_of_the_workspace_package() {
        let manifest = "[package]\nversion = \"9.9.9\"\n[workspace.package]\n\
                        edition = \"2024\"\nversion = \"0.1.0\"\n[lints]\nversion = \"8.8.8\"\n";
        assert_eq!(workspace_version(manifest), Some("0.1.0"));
        assert_eq!(workspace_version("[workspace.package]\n[package]\nversion = \"1\"\n"), None);
    }

    #[test]
    fn a_locked_version_is_found_by_the_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-cli\"\nversion = \"0.2.131\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm-bindgen-cli"), Some("0.2.131"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
