//! `cargo xtask bench`: measures the package and what would be picked instead, and writes `BENCHMARKS.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::browsers::{self, Browsers};
use crate::build::{self, Profile};
use crate::failure::{Failure, Outcome};
use crate::project::{self, Project};
use crate::run::{cargo, run};
use crate::setup;
use crate::size;

const USAGE: &str = "cargo xtask bench [--only sizes,peers,requests,step_ups,scale] \
                     [--engine chromium,firefox,webkit] [--quick]";

/// What is measured in browsers takes minutes for each engine.
const LONG: Duration = Duration::from_secs(60 * 60);

/// Something that is measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Bytes of the package.
    Sizes,
    /// Bytes of what would be picked instead.
    Peers,
    /// What one request costs.
    Requests,
    /// What one step-up costs.
    StepUps,
    /// What many requests cost.
    Scale,
}

impl Part {
    const ALL: [Self; 5] = [Self::Sizes, Self::Peers, Self::Requests, Self::StepUps, Self::Scale];

    const fn name(self) -> &'static str {
        match self {
            Self::Sizes => "sizes",
            Self::Peers => "peers",
            Self::Requests => "requests",
            Self::StepUps => "step_ups",
            Self::Scale => "scale",
        }
    }
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    parts: Vec<Part>,
    engines: Option<String>,
    /// A few runs only, and nothing that is committed is written.
    quick: bool,
}

/// Runs the command. What is not measured now stays in the report as it was measured last: parts, and engines
/// of a part. Each engine's figures say on what they were measured, and when.
///
/// # Errors
/// What the set-up, the build or a measurement says.
pub fn command(project: &Project, arguments: &[String]) -> Outcome {
    let choice = choose(arguments)?;
    let tools = build::set_up(project)?;
    setup::npm_packages(project, "www")?;
    setup::npm_packages(project, FOLDER)?;
    let browsers = browsers::ready(project)?;
    build::build(project, &tools, Profile::Release)?;
    // What measures is checked before it is believed.
    let types = run(project.npm_command(".", "tsc")).args(["--project", FOLDER]);
    types.dir(&project.root).shown()?;
    let bench = Bench { project, browsers, choice };
    let results = bench.results();
    fs::create_dir_all(&results)
        .map_err(|error| Failure::new(format!("{} cannot be made: {error}", results.display())))?;
    for part in &bench.choice.parts {
        println!("\n== {}", part.name());
        let began = Instant::now();
        bench.measure(*part, &results.join(format!("{}.json", part.name())))?;
        println!("   measured in {} s", began.elapsed().as_secs());
    }
    let report = run("node").args(["report.js"]).args([&results]);
    let report = if bench.choice.quick { report.args(["--quick"]) } else { report };
    report.dir(&project.root.join(FOLDER)).shown()
}

const FOLDER: &str = "tests/benchmarks";

struct Bench<'a> {
    project: &'a Project,
    browsers: Browsers,
    choice: Choice,
}

impl Bench<'_> {
    /// Where the figures go: those of a whole run are committed.
    fn results(&self) -> PathBuf {
        match self.choice.quick {
            true => self.project.target.join("benchmarks"),
            false => self.project.root.join(FOLDER).join("results"),
        }
    }

    fn measure(&self, part: Part, file: &Path) -> Outcome {
        match part {
            Part::Sizes => write_json(file, &size::measured(self.project)?),
            Part::Peers => {
                let folder = self.project.root.join(FOLDER);
                let told = run("node").args(["sizes.js", "--json"]).dir(&folder).output()?;
                project::write(file, told + "\n")
            }
            Part::Requests | Part::StepUps | Part::Scale => {
                let found = self.project.target.join("benchmarks").join("measured.json");
                project::write(&found, "")?;
                let mut measure =
                    cargo(&["run", "--quiet", "--release", "--package", "benchmarks"])
                        .args(["--", part.name(), "--out"])
                        .args([&found]);
                if self.choice.quick {
                    measure = measure.args(["--quick"]);
                }
                if let Some(engines) = &self.choice.engines {
                    measure = measure.args(["--engine", engines]);
                }
                let measure = measure.dir(&self.project.root).within(LONG);
                self.browsers.given_to(measure).shown()?;
                let before = if file.exists() { read_json(file)? } else { json!({}) };
                write_json(file, &merged(before, read_json(&found)?, &Bench::machine()?))
            }
        }
    }

    /// What it is measured on, and when; each engine's figures have its version.
    fn machine() -> Outcome<Value> {
        let first_line = |text: String| text.lines().next().unwrap_or_default().trim().to_owned();
        let value = |file: &str, key: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
            let (_, value) = line.split_once([':', '=']).unwrap_or_default();
            value.trim().trim_matches('"').to_owned()
        };
        Ok(json!({
            "date": run("date").args(["-u", "+%Y-%m-%d"]).output()?,
            "system": value("/etc/os-release", "PRETTY_NAME"),
            "processor": value("/proc/cpuinfo", "model name"),
            "cores": std::thread::available_parallelism().map_or(1, usize::from),
            "memory": value("/proc/meminfo", "MemTotal"),
            "rustc": first_line(run("rustc").args(["--version"]).output()?),
            "node": run("node").args(["--version"]).output()?,
        }))
    }
}

/// The figures of a part with those of the engines that were measured now, on this machine; the other engines
/// keep theirs.
fn merged(mut before: Value, mut now: Value, machine: &Value) -> Value {
    let engines = |part: &mut Value| match part.get_mut("engines").map(Value::take) {
        Some(Value::Object(engines)) => engines,
        _ => Map::new(),
    };
    let mut all = engines(&mut before);
    for (engine, mut figures) in engines(&mut now) {
        if let Some(figures) = figures.as_object_mut() {
            figures.insert("on".into(), machine.clone());
        }
        all.insert(engine, figures);
    }
    json!({ "what": now.get("what"), "engines": all })
}

fn read_json(file: &Path) -> Outcome<Value> {
    serde_json::from_str(&project::read(file)?)
        .map_err(|error| Failure::new(format!("{} is no JSON: {error}", file.display())))
}

fn write_json(file: &Path, value: &Value) -> Outcome {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(format!("the figures are no JSON: {error}")))?;
    project::write(file, text + "\n")
}

fn choose(arguments: &[String]) -> Outcome<Choice> {
    let mut choice = Choice { parts: Part::ALL.to_vec(), engines: None, quick: false };
    let mut arguments = arguments.iter();
    let not_understood = || Failure::new("the arguments are not understood").remedy(USAGE);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => choice.quick = true,
            "--engine" => {
                choice.engines = Some(arguments.next().ok_or_else(not_understood)?.clone())
            }
            "--only" => {
                let names = arguments.next().ok_or_else(not_understood)?;
                let named = |name| Part::ALL.into_iter().find(|part| part.name() == name);
                choice.parts = names
                    .split(',')
                    .map(|name| named(name).ok_or_else(not_understood))
                    .collect::<Outcome<_>>()?;
            }
            _ => return Err(not_understood()),
        }
    }
    Ok(choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(arguments: &[&str]) -> Outcome<Choice> {
        choose(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn everything_is_measured_unless_some_parts_are_named() {
        assert_eq!(chosen(&[]).map(|choice| choice.parts), Ok(Part::ALL.to_vec()));
        let some = chosen(&["--only", "sizes,scale", "--quick"]);
        let some = some.map(|choice| (choice.parts, choice.quick));
        assert_eq!(some, Ok((vec![Part::Sizes, Part::Scale], true)));
    }

    #[test]
    fn engines_that_are_not_measured_now_keep_their_figures_with_their_day() {
        let of = |day: &str, number: u32| json!({ "number": number, "on": { "date": day } });
        let before = json!({ "what": "scale", "engines": { "chromium": of("1", 1), "firefox": of("2", 2) } });
        let now = json!({ "what": "scale", "engines": { "firefox": { "number": 3 }, "webkit": { "number": 4 } } });
        let after = merged(before, now, &json!({ "date": "3" }));
        assert_eq!(
            after,
            json!({ "what": "scale", "engines": {
                "chromium": of("1", 1), "firefox": of("3", 3), "webkit": of("3", 4),
            } })
        );
        let now = json!({ "what": "scale", "engines": { "webkit": { "number": 4 } } });
        let first = merged(json!({}), now, &json!({ "date": "4" }));
        assert_eq!(first, json!({ "what": "scale", "engines": { "webkit": of("4", 4) } }));
    }

    #[test]
    fn a_part_that_there_is_not_is_refused() {
        assert!(chosen(&["--only", "speed"]).is_err());
        assert!(chosen(&["--only"]).is_err());
        assert!(chosen(&["--fast"]).is_err());
    }
}
