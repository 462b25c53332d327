//! `cargo xtask fuzz`: each fuzz target for a while, beginning with its corpus.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::run::{Run, run};
use crate::subcommands::{FUZZ, ready};

const USAGE: &str = "cargo xtask fuzz [--seconds 60] [--target name]";

/// How long each target runs where nothing else is said.
const SECONDS: u64 = 60;

/// What libFuzzer makes of an input is no longer than this.
const LONGEST: &str = "-max_len=4096";

/// No input takes this long unless it hangs.
const HANG: &str = "-timeout=10";

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    seconds: u64,
    target: Option<String>,
}

/// Runs the command: one target after another, also after one that failed.
///
/// # Errors
/// When an input breaks what must hold; it has been shown, and lies in `fuzz/artifacts`.
pub fn command(project: &Project, arguments: &[String]) -> Outcome {
    let choice = choose(arguments)?;
    let all = targets(&project.root)?;
    let chosen: Vec<&String> =
        all.iter().filter(|name| choice.target.as_ref().is_none_or(|it| it == *name)).collect();
    if chosen.is_empty() {
        return Err(Failure::new("there is no such target")
            .remedy(format!("name one of {}", all.join(", "))));
    }
    compiler()?;
    let program = ready(project, &FUZZ)?;
    let failed: Vec<&str> = chosen
        .into_iter()
        .filter(|name| {
            println!("\n== {name}");
            fuzz(project, &program, name, choice.seconds)
                .inspect_err(|failure| println!("{failure}"))
                .is_err()
        })
        .map(String::as_str)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("an input was found for {}", failed.join(", ")))
        .remedy("mend it with a unit test, and put the input from fuzz/artifacts into fuzz/corpus"))
}

fn choose(arguments: &[String]) -> Outcome<Choice> {
    let mut choice = Choice { seconds: SECONDS, target: None };
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        match (flag.as_str(), rest.next()) {
            ("--seconds", Some(number)) => {
                choice.seconds =
                    number.parse().ok().filter(|seconds| *seconds > 0).ok_or_else(|| {
                        Failure::new(format!("{number:?} is no number of seconds")).remedy(USAGE)
                    })?;
            }
            ("--target", Some(name)) => choice.target = Some(name.clone()),
            _ => {
                let what = format!("fuzz does not take {arguments:?}");
                return Err(Failure::new(what).remedy(USAGE));
            }
        }
    }
    Ok(choice)
}

/// The targets there are, by their files.
fn targets(root: &Path) -> Outcome<Vec<String>> {
    let folder = root.join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", folder.display())))?;
    let stem = |file: fs::DirEntry| Some(file.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = files.flatten().filter_map(stem).collect();
    names.sort();
    Ok(names)
}

/// libFuzzer is compiled from its sources.
fn compiler() -> Outcome {
    let program = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    if run(&program).args(["--version"]).succeeds() {
        return Ok(());
    }
    Err(Failure::new("there is no C++ compiler")
        .remedy("install one (on Debian: apt-get install g++), or name it in CXX"))
}

fn fuzz(project: &Project, program: &Path, target: &str, seconds: u64) -> Outcome {
    let build = project.target.join("fuzz");
    // What is found goes here, where it is found again the next time; what is committed stays as it is.
    let found = build.join("found").join(target);
    fs::create_dir_all(&found)
        .map_err(|error| Failure::new(format!("{} cannot be made: {error}", found.display())))?;
    cargo_fuzz(project, program, "run", target)
        .args([found.as_os_str(), OsStr::new(&format!("fuzz/corpus/{target}")), OsStr::new("--")])
        .args([LONGEST, HANG, &format!("-dict=fuzz/dictionaries/{target}.dict")])
        .args([&format!("-max_total_time={seconds}"), "-print_final_stats=1"])
        .within(Duration::from_secs(seconds) + Duration::from_secs(20 * 60))
        .shown()
}

/// No sanitizer: there is no unsafe code to watch, and the stable toolchain has none.
fn cargo_fuzz(project: &Project, program: &Path, command: &str, target: &str) -> Run {
    run(program)
        .args(["fuzz", command, "--fuzz-dir", "fuzz", "--sanitizer", "none", "--target-dir"])
        .args([project.target.join("fuzz").as_os_str(), OsStr::new(target)])
        .dir(&project.root)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn chosen(arguments: &[&str]) -> Outcome<Choice> {
        choose(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_target_runs_for_a_minute_unless_something_else_is_said() {
        assert_eq!(chosen(&[]), Ok(Choice { seconds: 60, target: None }));
        let named = Choice { seconds: 600, target: Some("response".to_owned()) };
        assert_eq!(chosen(&["--target", "response", "--seconds", "600"]), Ok(named));
        for wrong in [&["--seconds"][..], &["--seconds", "0"], &["--seconds", "x"], &["response"]] {
            let failure = chosen(wrong).unwrap_err();
            assert!(failure.to_string().contains("remedy: cargo xtask fuzz"), "{failure}");
        }
    }

    #[test]
    fn every_target_is_declared_and_has_a_corpus_and_a_dictionary() {
        let project = Project::find().unwrap();
        let manifest = crate::project::read(&project.root.join("fuzz/Cargo.toml")).unwrap();
        let names = targets(&project.root).unwrap();
        assert_eq!(names.len(), 5);
        for name in names {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
            assert!(project.root.join("fuzz/corpus").join(&name).is_dir(), "{name}");
            let dictionary = format!("fuzz/dictionaries/{name}.dict");
            assert!(project.root.join(dictionary).is_file(), "{name}");
        }
    }
}
