//! `cargo xtask test`: sets the machine up, runs the stages, and says how many tests held.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::browsers;
use crate::count::Tally;
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::setup;
use crate::stages::{Bench, Need, STAGES, Stage};
use crate::tools;

/// Runs the command: all stages, `--only a,b`, or `--from a`.
///
/// # Errors
/// When the arguments name no stage. What the stages say is counted, not returned.
pub fn command(project: Project, arguments: &[String]) -> Outcome<ExitCode> {
    select(arguments).map(|stages| run(project, stages))
}

/// Runs the stages that need no browser.
pub fn without_browsers(project: Project) -> ExitCode {
    let stages = STAGES.iter().filter(|stage| !stage.needs.contains(&Need::Browsers));
    run(project, stages.collect())
}

fn run(project: Project, stages: Vec<&Stage>) -> ExitCode {
    let mut report = Report::default();
    let mut bench = Bench { project, tools: None, browsers: None };
    let started = Instant::now();
    let ready = set_up(&mut bench, &stages);
    let foundation = ready.is_ok();
    report.add("set-up", false, started.elapsed(), (Tally::default(), ready));
    if foundation {
        for stage in stages {
            println!("\n== {}", stage.name);
            let started = Instant::now();
            let result = (stage.run)(&bench);
            let broken = stage.is_foundation && result.1.is_err();
            report.add(stage.name, stage.has_tests, started.elapsed(), result);
            if broken {
                break;
            }
        }
    }
    report.print();
    if report.total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn select(arguments: &[String]) -> Outcome<Vec<&'static Stage>> {
    let named = |name: &str| {
        STAGES.iter().position(|stage| stage.name == name).ok_or_else(|| {
            let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
            Failure::new(format!("no stage is called {name:?}"))
                .remedy(format!("name some of {}", names.join(", ")))
        })
    };
    match arguments {
        [] => Ok(STAGES.iter().collect()),
        [flag, names] if flag == "--only" => {
            let chosen = names.split(',').map(named).collect::<Outcome<Vec<_>>>()?;
            let is_chosen = |(index, stage)| chosen.contains(&index).then_some(stage);
            Ok(STAGES.iter().enumerate().filter_map(is_chosen).collect())
        }
        [flag, name] if flag == "--from" => Ok(STAGES.iter().skip(named(name)?).collect()),
        _ => Err(Failure::new(format!("test does not take {arguments:?}"))
            .remedy("cargo xtask test [--only stage,stage | --from stage]")),
    }
}

fn set_up(bench: &mut Bench, stages: &[&Stage]) -> Outcome {
    setup::node()?;
    let needs: Vec<Need> = stages.iter().flat_map(|stage| stage.needs).copied().collect();
    for (index, need) in needs.iter().enumerate() {
        if needs.iter().take(index).any(|earlier| earlier == need) {
            continue;
        }
        match need {
            Need::Components => setup::components()?,
            Need::WasmTarget => setup::wasm_target()?,
            Need::Npm(folder) => setup::npm_packages(&bench.project, folder)?,
            Need::Tools => bench.tools = Some(tools::ready(&bench.project)?),
            Need::Browsers => bench.browsers = Some(browsers::ready(&bench.project)?),
        }
    }
    Ok(())
}

/// What the stages came to.
#[derive(Default)]
struct Report {
    rows: Vec<String>,
    failures: Vec<String>,
    total: Tally,
}

impl Report {
    fn add(&mut self, name: &str, has_tests: bool, took: Duration, result: (Tally, Outcome)) {
        let (tally, failure) = judge(has_tests, result);
        let minutes = took.as_secs_f64() / 60.0;
        let verdict = match (&failure, has_tests) {
            (Some(_), false) => "failed".to_owned(),
            (None, false) => "ok".to_owned(),
            (_, true) => tally.to_string(),
        };
        println!("== {name}: {minutes:.1} min, {verdict}");
        self.rows.push(format!("{name:<10} {minutes:>5.1} min  {verdict}"));
        if let Some(failure) = failure {
            println!("{failure}");
            self.failures.push(format!("{name}: {failure}"));
        }
        self.total += tally;
    }

    fn print(&self) {
        println!("\n{}", self.rows.join("\n"));
        for failure in &self.failures {
            println!("{failure}");
        }
        println!("{}", self.total);
    }
}

/// A stage that failed as a whole counts at least once, and tests that did not run are a failure.
fn judge(has_tests: bool, (mut tally, outcome): (Tally, Outcome)) -> (Tally, Option<Failure>) {
    let failure = match outcome {
        Err(failure) => Some(failure),
        Ok(()) if has_tests && tally.passed + tally.failed == 0 => {
            Some(Failure::new("no test ran"))
        }
        Ok(()) if tally.failed > 0 => Some(Failure::new("tests failed")),
        Ok(()) => None,
    };
    if failure.is_some() && tally.failed == 0 {
        tally.failed = 1;
    }
    (tally, failure)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(arguments: &[&str]) -> Vec<&'static str> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        select(&arguments).unwrap().iter().map(|stage| stage.name).collect()
    }

    #[test]
    fn stages_run_in_their_order_whatever_the_order_of_the_arguments() {
        assert_eq!(names(&["--only", "e2e,fmt"]), ["fmt", "e2e"]);
        assert_eq!(names(&["--from", "package"]), ["package", "gate", "e2e"]);
        assert_eq!(names(&[]).len(), STAGES.len());
        let failure = select(&["--only".to_owned(), "nothing".to_owned()]).err().unwrap();
        assert!(failure.to_string().contains("name some of fmt, clippy"), "{failure}");
    }

    #[test]
    fn a_stage_that_ran_no_test_fails() {
        let (tally, failure) = judge(true, (Tally::default(), Ok(())));
        assert_eq!((tally.failed, failure.is_some()), (1, true));
        let skipped = Tally { skipped: 3, ..Tally::default() };
        assert_eq!(judge(true, (skipped, Ok(()))).0.failed, 1);
        assert_eq!(judge(false, (Tally::default(), Ok(()))), (Tally::default(), None));
    }

    #[test]
    fn a_program_that_fails_without_a_failed_test_counts_as_one() {
        let passed = Tally { passed: 5, ..Tally::default() };
        let (tally, _) = judge(true, (passed, Err(Failure::new("it crashed"))));
        assert_eq!(tally, Tally { passed: 5, failed: 1, skipped: 0 });
    }

    #[test]
    fn a_program_that_ends_well_does_not_hide_a_failed_test() {
        let tally = Tally { passed: 5, failed: 2, skipped: 0 };
        let (tally, failure) = judge(true, (tally, Ok(())));
        assert_eq!((tally.failed, failure.is_some()), (2, true));
    }
}
