//! Scripts bundled as an app's would be, by the esbuild that `package.json` pins.

use std::path::Path;
use std::process::Command;

/// Bundles a page's script as ES modules; `more` are esbuild's own options.
pub fn bundle<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(script: &Path, more: I) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(home.join("node_modules/.bin/esbuild"))
        .arg(script)
        .args(["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"])
        .args(more)
        .current_dir(home)
        .output()
        .expect("esbuild starts (`npm ci` in tests/benchmarks)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} is not bundled: {said}", script.display());
}
