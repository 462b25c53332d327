//! `cargo xtask size`: how large what a page loads is, compressed as servers send it.

use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::run::run;
use crate::setup;

/// Minifies each script with esbuild, compresses each file, and prints one line per file.
const MEASURE: &str = r#"
const { brotliCompressSync, gzipSync, constants } = require("node:zlib");
const { readFileSync } = require("node:fs");
const { transformSync } = require("esbuild");
const [folder, ...names] = process.argv.slice(1);
console.log("file".padEnd(20), "minified".padStart(9), "gzip 9".padStart(9), "brotli 11".padStart(9));
for (const name of names) {
  const file = readFileSync(`${folder}/${name}`);
  const bytes = name.endsWith(".js")
    ? Buffer.from(transformSync(file.toString(), { minify: true, format: "esm" }).code)
    : file;
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  const sizes = [bytes, gzipSync(bytes, { level: 9 }), brotli].map(({ length }) => length);
  console.log(name.padEnd(20), ...sizes.map((size) => String(size).padStart(9)));
}
"#;

/// Runs the command over `pkg/`.
///
/// # Errors
/// When there is no `pkg/`.
pub fn command(project: &Project) -> Outcome {
    const NAMES: [&str; 18] = [
        "index.js",
        "apis.js",
        "call.js",
        "methods.js",
        "peek.js",
        "error.js",
        "callback.js",
        "levels.js",
        "passkey.js",
        "dpop.js",
        "prompt.js",
        "gate.js",
        "gate-style.js",
        "gate-texts.js",
        "stepup.js",
        "stepup_bg.wasm",
        "id_token.js",
        "id_token_bg.wasm",
    ];
    setup::node()?;
    setup::npm_packages(project, ".")?;
    if !project.package().is_dir() {
        return Err(Failure::new("there is no pkg/").remedy("run `cargo xtask build` first"));
    }
    let measure = run("node").args(["-e", MEASURE]).args([project.package()]);
    measure.args(NAMES).dir(&project.root).shown()
}
