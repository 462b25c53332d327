//! The contenders' pages, bundled as an app's would be.

use std::path::PathBuf;

use crate::bundled;

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
    let top = e2e::workspace().canonicalize().unwrap();
    let package = std::env::var_os("E2E_PACKAGE").map_or_else(|| top.join("pkg"), PathBuf::from);
    let built = Built {
        pages: top.join("tests/benchmarks/pages/step_ups"),
        scripts: top.join("target/benchmarks/step_ups"),
        package,
    };
    // Names have digests: what is left from before would stay.
    let _ = std::fs::remove_dir_all(&built.scripts);
    for entry in ENTRIES {
        bundled::bundle(
            &built.pages.join(entry).with_extension("js"),
            [
                "--minify".to_owned(),
                "--splitting".to_owned(),
                format!("--alias:stepup={}", built.package.join("index.js").display()),
                format!("--outdir={}", built.scripts.display()),
            ],
        );
    }
    built
}
