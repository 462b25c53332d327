//! `cargo xtask build`: the crate becomes two wasm modules, and those the npm package in `pkg/`.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::names;
use crate::package;
use crate::project::{self, Project};
use crate::run::{cargo, run};
use crate::setup;
use crate::tools::{self, Tools};

/// One of the two halves of the crate that are loaded apart from each other.
pub struct Module {
    /// The feature of the crate that selects it.
    pub feature: &'static str,
    /// What its files are called: `<name>.js` and `<name>_bg.wasm`.
    pub name: &'static str,
}

/// The core, and what checks an ID token.
pub const MODULES: [Module; 2] =
    [Module { feature: "core", name: "stepup" }, Module { feature: "id-token", name: "id_token" }];

/// How much work goes into the size of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What is published.
    Release,
    /// Compiled quickly, with names and assertions.
    Dev,
}

/// Runs the command: `--dev` for a quick build.
///
/// # Errors
/// What the set-up, the compiler or the checks of the package say.
pub fn command(project: &Project, arguments: &[String]) -> Outcome {
    let profile = match arguments {
        [] => Profile::Release,
        [flag] if flag == "--dev" => Profile::Dev,
        _ => {
            return Err(Failure::new(format!("build does not take {arguments:?}"))
                .remedy("cargo xtask build [--dev]"));
        }
    };
    let tools = set_up(project)?;
    build(project, &tools, profile)
}

/// What a build needs, on a fresh machine too.
///
/// # Errors
/// Names what is missing.
pub fn set_up(project: &Project) -> Outcome<Tools> {
    setup::node()?;
    setup::wasm_target()?;
    setup::npm_packages(project, ".")?;
    tools::ready(project)
}

/// Compiles both modules and writes `pkg/`.
///
/// # Errors
/// What the compiler or the checks of the package say.
pub fn build(project: &Project, tools: &Tools, profile: Profile) -> Outcome {
    for module in &MODULES {
        let compiled = compile(project, module, profile)?;
        bind(project, tools, module, profile, &compiled)?;
    }
    package::write(project)
}

/// Where the JavaScript and the types that wasm-bindgen makes go before the package is put together.
pub fn bindings(project: &Project) -> PathBuf {
    // Not below CARGO_TARGET_DIR: tsconfig.json names this folder.
    project.root.join("target").join("bindings")
}

fn compile(project: &Project, module: &Module, profile: Profile) -> Outcome<PathBuf> {
    // Each module has a folder of its own: the compiler names both results stepup.wasm.
    let target = project.target.join("wasm").join(module.feature);
    let (flags, folder): (&[&str], _) = match profile {
        Profile::Release => (&["--release"], "release"),
        Profile::Dev => (&[], "debug"),
    };
    cargo(&["build", "--locked", "--package", "stepup", "--lib"])
        .args(["--target", "wasm32-unknown-unknown", "--no-default-features"])
        .args(["--features", module.feature, "--target-dir"])
        .args([&target])
        .args(flags)
        .env("CARGO_ENCODED_RUSTFLAGS", without_home(project)?)
        .dir(&project.root)
        .shown()?;
    Ok(target.join("wasm32-unknown-unknown").join(folder).join("stepup.wasm"))
}

/// Compiler flags that keep the folders of this machine out of the result's panic messages.
///
/// # Errors
/// When the compiler does not say where it is.
fn without_home(project: &Project) -> Outcome<String> {
    let cargo = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    // The compiler names its own folder where the source of the standard library is beside it.
    let compiler = run("rustc").args(["--print", "sysroot"]).dir(&project.root).output()?;
    let library = PathBuf::from(compiler.trim()).join("lib/rustlib/src/rust");
    let folders =
        [(cargo, "/cargo"), (Some(project.root.clone()), "/stepup"), (Some(library), "/rust")];
    let flags = folders.into_iter().filter_map(|(folder, name)| {
        Some(format!("--remap-path-prefix={}={name}", folder?.display()))
    });
    Ok(flags.collect::<Vec<_>>().join("\u{1f}"))
}

fn bind(
    project: &Project,
    tools: &Tools,
    module: &Module,
    profile: Profile,
    compiled: &PathBuf,
) -> Outcome {
    let flags: &[&str] = match profile {
        Profile::Release => &["--remove-name-section", "--remove-producers-section"],
        Profile::Dev => &["--debug"],
    };
    run(&tools.wasm_bindgen)
        .args([compiled])
        // The loader passes the module itself, so that a bundler sees one reference to the file.
        .args(["--target", "web", "--omit-default-module-path", "--out-name", module.name])
        .args(flags)
        .args(["--out-dir"])
        .args([bindings(project)])
        .shown()?;
    if profile == Profile::Release {
        let module_file = bindings(project).join(format!("{}_bg.wasm", module.name));
        let script_file = bindings(project).join(format!("{}.js", module.name));
        tighten(project, &module_file)?;
        let (module, script) =
            names::shorten(&project::read_bytes(&module_file)?, &project::read(&script_file)?)?;
        project::write(&module_file, module)?;
        project::write(&script_file, script)?;
    }
    let inline = bindings(project).join(format!("{}_wasm_inline.d.ts", module.name));
    project::write(&inline, "declare const base64: string;\nexport default base64;\n")
}

/// What binaryen does to the module. Its own choice, `-Oz`, makes a smaller file that compresses worse:
/// it inlines, and uses locals anew for each function. These leave alike what is alike.
const PASSES: [&str; 14] = [
    "--duplicate-function-elimination",
    "--remove-unused-module-elements",
    "--dae-optimizing",
    "--merge-blocks",
    "--remove-unused-brs",
    "--optimize-instructions",
    "--precompute-propagate",
    "--rse",
    "--remove-unused-names",
    "--coalesce-locals",
    "--vacuum",
    "--reorder-locals",
    "--duplicate-function-elimination",
    "--remove-unused-module-elements",
];

fn tighten(project: &Project, module: &Path) -> Outcome {
    run(project.npm_command(".", "wasm-opt"))
        .args([module])
        .args(PASSES)
        .args(["--shrink-level", "2", "--output"])
        .args([module])
        .shown()
}
