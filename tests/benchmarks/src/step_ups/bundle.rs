//! The contenders' pages, bundled as an app's would be.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the server finds what a page needs.
pub struct Built {
    /// The pages as they are written.
    pub pages: PathBuf,
    /// Their scripts, bundled.
    pub scripts: PathBuf,
    /// The package.
    pub package: PathBuf,
}

/// What is bundled, each a page's script and a bundle of its own: they share no chunks, which would be one
/// more thing to wait for.
const ENTRIES: [&str; 5] =
    ["stepup", "passkey_by_hand", "backend_by_hand", "window_by_hand", "window_by_hand_callback"];

/// Bundles every contender with the package as it is now. `E2E_PACKAGE` names another one.
pub fn build() -> Built {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = home.join("../..").canonicalize().unwrap();
    let package = std::env::var_os("E2E_PACKAGE").map_or_else(|| top.join("pkg"), PathBuf::from);
    let built = Built {
        pages: top.join("tests/benchmarks/pages/step_ups"),
        scripts: top.join("target/benchmarks/step_ups"),
        package,
    };
    // Names have digests: what is left from before would stay.
    let _ = std::fs::remove_dir_all(&built.scripts);
    for entry in ENTRIES {
        let output = Command::new(home.join("node_modules/.bin/esbuild"))
            .arg(built.pages.join(entry).with_extension("js"))
            .args(["--bundle", "--minify", "--splitting", "--format=esm", "--target=es2022"])
            .arg(format!("--alias:stepup={}", built.package.join("index.js").display()))
            .arg(format!("--outdir={}", built.scripts.display()))
            .arg("--log-level=warning")
            .current_dir(home)
            .output()
            .expect("esbuild starts (`npm ci` in tests/benchmarks)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    built
}
