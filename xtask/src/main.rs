//! The commands of this repository: `cargo xtask build`, `test`, `check`, `simulate`, `fuzz`,
//! `mutants`, `demo`, `size`, `bench`, `threats`.

mod bench;
mod browsers;
mod build;
mod count;
mod demo;
mod failure;
mod fuzz;
mod js_code;
mod mutants;
mod names;
mod package;
mod project;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod redaction;
mod run;
mod rust_code;
mod setup;
mod simulate;
mod size;
mod stages;
mod subcommands;
mod test;
mod threat_tests;
mod threats;
mod tools;
mod verdicts;

use std::process::ExitCode;

use failure::{Failure, Outcome};
use project::Project;

const USAGE: &str = "\
cargo xtask build [--dev]              writes pkg/, the npm package
cargo xtask test [--only a,b]          runs every test, or the named stages
                 [--from a]            … the named stage and those after it
cargo xtask check                      runs the stages that need no browser
cargo xtask simulate [--seeds 10000]   lives whole browsers around the core, one for each seed
                     [--from 0]        … the first of them
                     [--seed 7 --trace] … one of them, shown line by line
cargo xtask fuzz [--seconds 60]        looks for inputs that break what must hold for all of them
                 [--target name]       … by one fuzz target only
cargo xtask mutants [--shard k/n]      changes the protocol's code, and says what no test notices
                    [--resume]         … goes on where it was broken off, and tries again what was missed
cargo xtask demo [--port 8080]         starts the bank of the demo
cargo xtask size                       says how large what a page loads is, and whether it may be
cargo xtask bench [--only a,b]         measures it and what would be picked instead, for BENCHMARKS.md
                  [--engine a,b]       … in these engines only
                  [--quick]            … a few runs only, and changes nothing that is committed
cargo xtask threats                    writes into SECURITY.md which tests hold which threat";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Outcome<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    };
    let project = Project::find()?;
    match command.as_str() {
        "build" => build::command(&project, rest)?,
        "test" => return test::command(project, rest),
        "check" => return Ok(test::without_browsers(project)),
        "simulate" => simulate::command(&project, rest)?,
        "fuzz" => fuzz::command(&project, rest)?,
        "mutants" => mutants::command(&project, rest)?,
        "demo" => demo::command(&project, rest)?,
        "size" => size::command(&project)?,
        "bench" => bench::command(&project, rest)?,
        "threats" => threats::command(&project)?,
        "help" | "--help" | "-h" => println!("{USAGE}"),
        other => {
            return Err(Failure::new(format!("there is no command {other:?}"))
                .remedy(format!("use one of\n{USAGE}")));
        }
    }
    Ok(ExitCode::SUCCESS)
}
