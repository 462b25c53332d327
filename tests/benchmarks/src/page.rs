//! A page that measures by itself: bundled, served from loopback, and asked for what it found.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use e2e::engine::{Browser, Tools};
use e2e::server::Server;
use serde_json::{Value, json};

/// How long a page may measure.
const LONGEST: Duration = Duration::from_secs(1800);

/// A page and the browser that shows it.
pub struct Page {
    /// Dropped before the server, which the page's requests still reach.
    pub browser: Browser,
    _server: Server,
}

impl Page {
    /// Opens `pages/<name>/index.html`, its `page.js` bundled with all that it imports but the package,
    /// which is `pkg/`, or what `E2E_PACKAGE` names.
    pub fn open(name: &str, tools: &Tools) -> Self {
        let folder = bundle(name).unwrap_or_else(|said| panic!("{name} is not bundled: {said}"));
        let mut mounts = json!({ "/bench/": folder });
        if let Some(package) = std::env::var_os("E2E_PACKAGE") {
            mounts["/stepup/"] = Value::from(package.to_string_lossy());
        }
        let server = Server::start(&json!({ "mounts": mounts })).expect("the server starts");
        let browser = tools.start().expect("the browser starts");
        let url = format!("{}/bench/index.html", server.app);
        browser.session.go(&url).expect("the page loads");
        Self { browser, _server: server }
    }

    /// Runs a function body in the page.
    pub fn ask(&self, script: &str, args: Value) -> Value {
        self.browser
            .session
            .execute(script, args)
            .unwrap_or_else(|failure| panic!("{script}: {failure}"))
    }

    /// Has the page measure, and waits for what it found. What the page itself cannot know, it asks for.
    pub fn measure(&self, how: Value, know: impl Fn(&Browser, &str) -> Value) -> Value {
        self.wait_until("return typeof globalThis.bench === 'object'");
        self.ask("bench.start(arguments[0])", json!([how]));
        let deadline = Instant::now() + LONGEST;
        let mut told = Value::Null;
        loop {
            let state = self.ask(
                "const { told, wants, result, error } = bench; return { told, wants, result, error }",
                json!([]),
            );
            if state["told"] != told {
                told = state["told"].clone();
                eprintln!("   {}", told.as_str().unwrap_or_default());
            }
            if let Some(error) = state["error"].as_str() {
                panic!("the page fails: {error}");
            }
            if !state["result"].is_null() {
                return state["result"].clone();
            }
            assert!(Instant::now() < deadline, "the page measures for ever: {told}");
            match state["wants"].as_str().filter(|wants| !wants.is_empty()) {
                Some(wants) => {
                    let known = know(&self.browser, wants);
                    self.ask("bench.give(arguments[0])", json!([known]));
                }
                None => sleep(Duration::from_millis(200)),
            }
        }
    }

    fn wait_until(&self, script: &str) {
        e2e::wait::until_true(script, || self.ask(script, json!([])) == json!(true));
    }
}

/// Puts a page and its one script into a folder of `target/`.
fn bundle(name: &str) -> Result<PathBuf, String> {
    let benchmarks = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = benchmarks.join("pages").join(name);
    let folder = e2e::workspace().join("target/benchmarks").join(name);
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for entry in std::fs::read_dir(&pages).map_err(|error| error.to_string())?.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "js") {
            let to = folder.join(entry.file_name());
            std::fs::copy(&path, to).map_err(|error| error.to_string())?;
        }
    }
    let output = Command::new(benchmarks.join("node_modules/.bin/esbuild"))
        .arg(pages.join("page.js"))
        .args(["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"])
        .args(["--external:/stepup/*", "--define:process.env.NODE_ENV=\"production\""])
        .arg(format!("--outfile={}", folder.join("page.js").display()))
        .output()
        .map_err(|error| format!("esbuild is not there (npm ci in tests/benchmarks): {error}"))?;
    match output.status.success() {
        true => folder.canonicalize().map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
