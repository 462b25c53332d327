//! The stages of `cargo xtask test`, in their order.

use std::path::PathBuf;
use std::time::Duration;

use crate::browsers::Browsers;
use crate::build::{self, MODULES, Profile};
use crate::count::Tally;
use crate::failure::{Failure, Outcome};
use crate::project::{self, Project};
use crate::run::{Run, cargo, npm, run};
use crate::simulate;
use crate::size;
use crate::tools::Tools;

/// Something that is set up once before the stages that want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// rustfmt and clippy.
    Components,
    /// Rust's standard library for wasm.
    WasmTarget,
    /// wasm-bindgen's commands.
    Tools,
    /// The npm packages of a folder.
    Npm(&'static str),
    /// The browser engines with their drivers.
    Browsers,
}

/// A part of the tests with a name of its own.
pub struct Stage {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What must be there before.
    pub needs: &'static [Need],
    /// Whether it must report tests; a check either holds or does not.
    pub has_tests: bool,
    /// Whether what comes after it is pointless when it fails.
    pub is_foundation: bool,
    /// Runs it.
    pub run: fn(&Bench) -> (Tally, Outcome),
}

/// What the stages work with.
pub struct Bench {
    /// The repository.
    pub project: Project,
    /// wasm-bindgen's commands, where a stage needs them.
    pub tools: Option<Tools>,
    /// The engines, where a stage needs them.
    pub browsers: Option<Browsers>,
}

/// All stages.
pub const STAGES: [Stage; 14] = [
    Stage {
        name: "fmt",
        needs: &[Need::Components],
        has_tests: false,
        is_foundation: false,
        run: fmt,
    },
    Stage {
        name: "clippy",
        needs: &[Need::Components, Need::WasmTarget],
        has_tests: false,
        is_foundation: false,
        run: clippy,
    },
    Stage {
        name: "doc",
        needs: &[Need::WasmTarget],
        has_tests: false,
        is_foundation: false,
        run: doc,
    },
    Stage { name: "native", needs: &[], has_tests: true, is_foundation: false, run: native },
    Stage {
        name: "simulation",
        needs: &[],
        has_tests: true,
        is_foundation: false,
        run: simulation,
    },
    Stage {
        name: "build",
        needs: &[Need::WasmTarget, Need::Tools, Need::Npm(".")],
        has_tests: false,
        is_foundation: true,
        run: package,
    },
    Stage {
        name: "size",
        needs: &[Need::Npm(".")],
        has_tests: false,
        is_foundation: false,
        run: size,
    },
    Stage {
        name: "types",
        needs: &[
            Need::Npm("."),
            Need::Npm("www"),
            Need::Npm("tests/package"),
            Need::Npm("tests/gate"),
        ],
        has_tests: false,
        is_foundation: false,
        run: types,
    },
    Stage {
        name: "www",
        needs: &[Need::Npm("www")],
        has_tests: true,
        is_foundation: false,
        run: www,
    },
    Stage { name: "hostile", needs: &[], has_tests: true, is_foundation: false, run: hostile },
    Stage {
        name: "wasm",
        needs: &[Need::WasmTarget, Need::Tools, Need::Browsers],
        has_tests: true,
        is_foundation: false,
        run: wasm,
    },
    Stage {
        name: "package",
        needs: &[Need::Npm("tests/package"), Need::Browsers],
        has_tests: true,
        is_foundation: false,
        run: consumers,
    },
    Stage {
        name: "gate",
        needs: &[Need::Npm("tests/gate"), Need::Browsers],
        has_tests: true,
        is_foundation: false,
        run: gate,
    },
    Stage {
        name: "e2e",
        needs: &[Need::Npm("www"), Need::Npm("tests/e2e/pages"), Need::Browsers],
        has_tests: true,
        is_foundation: false,
        run: e2e,
    },
];

fn fmt(bench: &Bench) -> (Tally, Outcome) {
    checks([
        bench.cargo(&["fmt", "--all", "--check"]),
        bench.cargo(&["fmt", "--manifest-path", "xtask/tools/Cargo.toml", "--check"]),
        bench.cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
    ])
}

fn clippy(bench: &Bench) -> (Tally, Outcome) {
    const STRICT: [&str; 3] = ["--", "-D", "warnings"];
    let native = bench.cargo(&["clippy", "--workspace", "--all-targets", "--all-features"]);
    let wasm =
        MODULES.iter().map(|module| module.feature).chain(["core,id-token"]).map(|features| {
            bench
                .cargo(&["clippy", "--package", "stepup", "--target", "wasm32-unknown-unknown"])
                .args(["--all-targets", "--no-default-features", "--features", features])
                .args(STRICT)
        });
    checks([native.args(STRICT)].into_iter().chain(wasm))
}

fn doc(bench: &Bench) -> (Tally, Outcome) {
    let doc = |flags: &[&str]| {
        bench
            .cargo(&["doc", "--package", "stepup", "--no-deps", "--all-features"])
            .args(flags)
            .env("RUSTDOCFLAGS", "-D warnings")
    };
    checks([
        doc(&[]),
        // What only exists for wasm is private; its links are checked all the same.
        doc(&["--document-private-items", "--target", "wasm32-unknown-unknown"]),
    ])
}

fn native(bench: &Bench) -> (Tally, Outcome) {
    let packages = ["--package", "stepup", "--package", "inputs", "--package", "xtask"];
    bench.cargo(&["test", "--all-features", "--no-fail-fast"]).args(packages).counted()
}

fn simulation(bench: &Bench) -> (Tally, Outcome) {
    let tests = bench.cargo(&["test", "--package", "simulation", "--no-fail-fast"]);
    let (tally, outcome) = tests.args(simulate::PROFILE).counted();
    // Lives are no tests: there are as many as one likes.
    let lives = || simulate::lives(&bench.project, &[]).shown();
    (tally, outcome.and_then(|()| lives()))
}

fn package(bench: &Bench) -> (Tally, Outcome) {
    let outcome =
        bench.tools().and_then(|tools| build::build(&bench.project, tools, Profile::Release));
    (Tally::default(), outcome)
}

fn size(bench: &Bench) -> (Tally, Outcome) {
    (Tally::default(), built(bench).and_then(|()| size::command(&bench.project)))
}

fn types(bench: &Bench) -> (Tally, Outcome) {
    checks([
        run(bench.project.npm_command(".", "tsc")).dir(&bench.project.root),
        run(bench.project.npm_command(".", "tsc"))
            .args(["--project", "tests/package"])
            .dir(&bench.project.root),
        run(bench.project.npm_command(".", "tsc"))
            .args(["--project", "tests/gate"])
            .dir(&bench.project.root),
        run(bench.project.npm_command(".", "tsc"))
            .args(["--project", "tests/hostile"])
            .dir(&bench.project.root),
        npm(&["run", "--silent", "types"]).dir(&bench.project.root.join("www")),
    ])
}

fn www(bench: &Bench) -> (Tally, Outcome) {
    npm(&["test", "--silent"]).dir(&bench.project.root.join("www")).counted()
}

fn wasm(bench: &Bench) -> (Tally, Outcome) {
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for module in &MODULES {
        match bench.wasm_tests(module.feature) {
            Ok(tests) => {
                let (counted, outcome) = tests.counted();
                tally += counted;
                failures.extend(outcome.err());
            }
            Err(failure) => failures.push(failure),
        }
    }
    (tally, together(&failures))
}

fn consumers(bench: &Bench) -> (Tally, Outcome) {
    package_tests(bench, "package")
}

fn gate(bench: &Bench) -> (Tally, Outcome) {
    package_tests(bench, "gate")
}

fn hostile(bench: &Bench) -> (Tally, Outcome) {
    match built(bench) {
        Ok(()) => node_tests(bench, "hostile").counted(),
        Err(failure) => (Tally::default(), Err(failure)),
    }
}

/// Runs the tests of a folder below `tests` that are written for Node's own test runner.
fn package_tests(bench: &Bench, folder: &str) -> (Tally, Outcome) {
    with_package(bench, |browsers| browsers.given_to(node_tests(bench, folder)).counted())
}

fn node_tests(bench: &Bench, folder: &str) -> Run {
    let tests = run("node").args(["--test", "--test-reporter=spec"]);
    tests.dir(&bench.project.root.join("tests").join(folder))
}

/// How long all journeys in all engines may take: on two cores it is about twenty minutes.
const JOURNEYS: Duration = Duration::from_secs(45 * 60);

fn e2e(bench: &Bench) -> (Tally, Outcome) {
    let tests = bench.cargo(&["run", "--package", "e2e"]).within(JOURNEYS);
    // It looks for each engine itself, and skips the journeys of one that is not there.
    with_package(bench, |browsers| browsers.given_to(tests).counted())
}

/// Runs tests of the built package, which an earlier run may have left.
fn with_package(
    bench: &Bench,
    tests: impl FnOnce(&Browsers) -> (Tally, Outcome),
) -> (Tally, Outcome) {
    match built(bench).and_then(|()| bench.browsers()) {
        Ok(browsers) => tests(browsers),
        Err(failure) => (Tally::default(), Err(failure)),
    }
}

fn built(bench: &Bench) -> Outcome {
    match bench.project.package().join("package.json").is_file() {
        true => Ok(()),
        false => Err(Failure::new("there is no pkg/").remedy("run `cargo xtask build` first")),
    }
}

impl Bench {
    fn cargo(&self, arguments: &[&str]) -> Run {
        cargo(arguments).dir(&self.project.root)
    }

    fn tools(&self) -> Outcome<&Tools> {
        self.tools.as_ref().ok_or_else(|| Failure::new("wasm-bindgen was not set up"))
    }

    fn browsers(&self) -> Outcome<&Browsers> {
        self.browsers.as_ref().ok_or_else(|| Failure::new("the browsers were not set up"))
    }

    /// The tests of one feature set, compiled to wasm and run in a page of headless Chromium, or of
    /// Firefox where there is no Chromium.
    fn wasm_tests(&self, feature: &str) -> Outcome<Run> {
        let browsers = self.browsers()?;
        let driver = match (browsers.has("chromium"), browsers.has("firefox")) {
            (true, _) => "CHROMEDRIVER",
            (false, true) => "GECKODRIVER",
            (false, false) => {
                return Err(Failure::new("wasm tests do not run in WebKitGTK")
                    .remedy("install Chromium or Firefox with its driver"));
            }
        };
        let tests = self
            .cargo(&["test", "--package", "stepup", "--lib", "--tests", "--no-fail-fast"])
            .args(["--target", "wasm32-unknown-unknown", "--no-default-features"])
            .args(["--features", feature])
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &self.tools()?.test_runner)
            // Half the time goes into debug information that no page shows.
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("WASM_BINDGEN_USE_BROWSER", "1")
            .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", self.webdriver_settings(browsers)?)
            // The runner takes the first driver it finds in its environment.
            .without("CHROMEDRIVER")
            .without("GECKODRIVER")
            .env(driver, browsers.program(driver)?);
        Ok(tests)
    }

    fn webdriver_settings(&self, browsers: &Browsers) -> Outcome<PathBuf> {
        let mut settings = serde_json::json!({});
        if browsers.has("chromium") {
            settings = serde_json::json!({
                "goog:chromeOptions": {
                    "binary": browsers.program("CHROMIUM")?,
                    "args": [
                        "headless",
                        "no-sandbox",
                        "no-first-run",
                        "disable-gpu",
                        "disable-dev-shm-usage",
                        "disable-background-networking",
                        "disable-component-update",
                        "disable-sync",
                    ],
                },
            });
        }
        let path = self.project.target.join("webdriver.json");
        project::write(&path, settings.to_string())?;
        Ok(path)
    }
}

/// Runs every check, also after one that failed.
fn checks(runs: impl IntoIterator<Item = Run>) -> (Tally, Outcome) {
    let failures: Vec<_> = runs.into_iter().filter_map(|check| check.shown().err()).collect();
    (Tally::default(), together(&failures))
}

fn together(failures: &[Failure]) -> Outcome {
    if failures.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = failures.iter().map(ToString::to_string).collect();
    Err(Failure::new(lines.join("\n")))
}
