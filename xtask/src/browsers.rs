//! The browser engines the tests need: found, installed where that is possible, or asked for.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::run::{Run, cargo, run};

/// The geckodriver that is compiled where the machine has none.
const GECKODRIVER: &str = "0.37.1";

/// A program an engine needs.
struct Part {
    /// The variable that may point to it, and hands it to the tests.
    variable: &'static str,
    /// The names it has on a `PATH`.
    names: &'static [&'static str],
    /// Debian's package of it; none for geckodriver.
    package: Option<&'static str>,
}

/// An engine by the name the end-to-end tests give it, with what it needs.
struct Engine {
    name: &'static str,
    parts: &'static [Part],
}

const ENGINES: [Engine; 3] = [
    Engine {
        name: "chromium",
        parts: &[
            Part {
                variable: "CHROMIUM",
                names: &["chromium", "chromium-browser", "google-chrome"],
                package: Some("chromium"),
            },
            Part {
                variable: "CHROMEDRIVER",
                names: &["chromedriver"],
                package: Some("chromium-driver"),
            },
        ],
    },
    Engine {
        name: "firefox",
        parts: &[
            Part {
                variable: "FIREFOX",
                names: &["firefox-esr", "firefox"],
                package: Some("firefox-esr"),
            },
            Part { variable: "GECKODRIVER", names: &["geckodriver"], package: None },
        ],
    },
    Engine {
        name: "webkit",
        parts: &[
            Part {
                variable: "MINIBROWSER",
                names: &["MiniBrowser"],
                package: Some("webkit2gtk-driver"),
            },
            Part {
                variable: "WEBKITWEBDRIVER",
                names: &["WebKitWebDriver"],
                package: Some("webkit2gtk-driver"),
            },
            Part { variable: "XVFB", names: &["Xvfb"], package: Some("xvfb") },
        ],
    },
];

/// The engines whose every program was found.
#[derive(Debug)]
pub struct Browsers {
    engines: Vec<&'static str>,
    programs: Vec<(&'static str, PathBuf)>,
}

impl Browsers {
    /// Whether every program of an engine is there.
    pub fn has(&self, engine: &str) -> bool {
        self.engines.contains(&engine)
    }

    /// The program behind a variable.
    ///
    /// # Errors
    /// When its engine is not there.
    pub fn program(&self, variable: &str) -> Outcome<&Path> {
        self.programs
            .iter()
            .find_map(|(name, path)| (*name == variable).then_some(path.as_path()))
            .ok_or_else(|| {
                Failure::new(format!("{variable} is not on this machine"))
                    .remedy(format!("install it, or set {variable} to its path"))
            })
    }

    /// Hands every program to a command, by its variable.
    pub fn given_to(&self, command: Run) -> Run {
        self.programs.iter().fold(command, |command, (name, path)| command.env(name, path))
    }
}

/// Finds the engines; as root on Debian installs what is missing first.
///
/// # Errors
/// When no engine is there, or, where the variable `CI` is `true`, when one is missing.
pub fn ready(project: &Project) -> Outcome<Browsers> {
    let packages = missing_packages(project);
    if !packages.is_empty() && is_debian() && is_root() {
        install(&packages)?;
    }
    if find(project, "FIREFOX").is_some() && find(project, "GECKODRIVER").is_none() {
        compile_geckodriver(project)?;
    }
    let mut browsers = Browsers { engines: Vec::new(), programs: Vec::new() };
    let mut missing = Vec::new();
    for engine in &ENGINES {
        let before = missing.len();
        for part in engine.parts {
            match find(project, part.variable) {
                Some(path) => browsers.programs.push((part.variable, path)),
                None => missing.push(describe(engine, part)),
            }
        }
        if missing.len() == before {
            browsers.engines.push(engine.name);
        }
    }
    judge(browsers, &missing, env::var("CI").is_ok_and(|ci| ci == "true"))
}

fn judge(browsers: Browsers, missing: &[String], demanded: bool) -> Outcome<Browsers> {
    if missing.is_empty() {
        return Ok(browsers);
    }
    let list = missing.join("\n  ");
    let remedy = "install them (as root on Debian this command does it), or set the variables";
    if demanded {
        return Err(Failure::new(format!("CI=true demands every engine:\n  {list}")).remedy(remedy));
    }
    if browsers.engines.is_empty() {
        return Err(
            Failure::new(format!("no browser engine is complete:\n  {list}")).remedy(remedy)
        );
    }
    println!("testing with {} only:\n  {list}\n  {remedy}", browsers.engines.join(", "));
    Ok(browsers)
}

fn describe(engine: &Engine, part: &Part) -> String {
    let names = part.names.join(" or ");
    match part.package {
        Some(package) => format!(
            "{}: {names} is missing (Debian: {package}; variable: {})",
            engine.name, part.variable
        ),
        None => format!("{}: {names} is missing (variable: {})", engine.name, part.variable),
    }
}

fn missing_packages(project: &Project) -> Vec<&'static str> {
    let mut packages: Vec<_> = ENGINES
        .iter()
        .flat_map(|engine| engine.parts)
        .filter(|part| find(project, part.variable).is_none())
        .filter_map(|part| part.package)
        .collect();
    packages.dedup();
    packages
}

fn install(packages: &[&str]) -> Outcome {
    println!("installing {}", packages.join(" "));
    let apt = |arguments: &[&str]| {
        run("apt-get")
            .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
    };
    apt(&["update"]).shown()?;
    apt(&["install", "--yes", "--no-install-recommends"]).args(packages).shown()
}

fn compile_geckodriver(project: &Project) -> Outcome {
    println!("compiling geckodriver {GECKODRIVER} (once; a minute or two)");
    cargo(&["install", "geckodriver", "--version", GECKODRIVER, "--locked", "--debug", "--quiet"])
        .args(["--root"])
        .args([gecko_root(project)])
        .dir(&project.root)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .without("CARGO_TARGET_DIR")
        .shown()
}

fn gecko_root(project: &Project) -> PathBuf {
    project.target.join("tools").join("geckodriver")
}

fn find(project: &Project, variable: &str) -> Option<PathBuf> {
    if let Some(given) = env::var_os(variable) {
        return Some(PathBuf::from(given)).filter(|path| path.is_file());
    }
    let part =
        ENGINES.iter().flat_map(|engine| engine.parts).find(|part| part.variable == variable)?;
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.push(gecko_root(project).join("bin"));
    if variable == "MINIBROWSER" {
        folders.extend(webkit_folders());
    }
    part.names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .map(|path| path.with_extension(env::consts::EXE_EXTENSION))
        .find(|path| path.is_file())
}

/// Where distributions put MiniBrowser, which is on no `PATH`: `…/webkit2gtk-4.1`, the newest first.
fn webkit_folders() -> Vec<PathBuf> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let mut libraries = vec![PathBuf::from("/usr/lib"), PathBuf::from("/usr/libexec")];
    libraries.extend(entries(Path::new("/usr/lib")).into_iter().filter(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().contains("-linux-"))
    }));
    let mut folders: Vec<_> = libraries
        .iter()
        .flat_map(|library| entries(library))
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("webkit"))
        })
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

fn is_root() -> bool {
    run("id").args(["-u"]).output().is_ok_and(|id| id == "0")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn with(engines: &[&'static str]) -> Browsers {
        Browsers { engines: engines.to_vec(), programs: Vec::new() }
    }

    #[test]
    fn a_missing_engine_is_tolerated_only_outside_ci() {
        let missing = ["firefox: geckodriver is missing".to_owned()];
        assert_eq!(judge(with(&["chromium"]), &missing, false).unwrap().engines, ["chromium"]);
        let failure = judge(with(&["chromium"]), &missing, true).unwrap_err().to_string();
        assert!(failure.contains("geckodriver is missing"), "{failure}");
    }

    #[test]
    fn no_engine_at_all_is_a_failure_everywhere() {
        let missing = ["chromium: chromedriver is missing".to_owned()];
        assert!(judge(with(&[]), &missing, false).is_err());
    }

    #[test]
    fn what_is_missing_is_named_with_its_package_and_variable() {
        let [chromium, firefox, _] = &ENGINES;
        let lines: Vec<_> = chromium.parts.iter().map(|part| describe(chromium, part)).collect();
        assert_eq!(
            lines.last().unwrap(),
            "chromium: chromedriver is missing (Debian: chromium-driver; variable: CHROMEDRIVER)"
        );
        assert_eq!(
            describe(firefox, firefox.parts.last().unwrap()),
            "firefox: geckodriver is missing (variable: GECKODRIVER)"
        );
    }
}
