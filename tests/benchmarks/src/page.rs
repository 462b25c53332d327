//! A page that measures by itself: bundled, served from loopback, and asked for what it found.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use e2e::engine::{Browser, Tools};
use e2e::server::Server;
use serde_json::{Value, json};

use crate::bundled;

/// How long a page may measure.
const LONGEST: Duration = Duration::from_secs(1800);

/// A page and the browser that shows it.
pub struct Page {
    /// Dropped before the server, which the page's requests still reach.
    pub browser: Browser,
    _server: Server,
}

impl Page {
    /// Opens `pages/index.html` with the `page.js` of `pages/<name>`, bundled with all that it imports but
    /// the package, which is `pkg/`, or what `E2E_PACKAGE` names.
    pub fn open(name: &str, tools: &Tools) -> Self {
        let mounts = json!({ "/bench/": bundle(name) });
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

    /// Has the page measure, and waits for what it found, to which the browser's version is added. What the
    /// page itself cannot know, it asks for.
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
                let mut found = state["result"].clone();
                found["version"] = self.browser.session.version.clone().into();
                return found;
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

/// Puts the page and its one script into a folder of `target/`, with what lies beside the script.
fn bundle(name: &str) -> PathBuf {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
    let folder = e2e::workspace().join("target/benchmarks").join(name);
    std::fs::create_dir_all(&folder).expect("target/ takes a folder");
    let beside = std::fs::read_dir(pages.join(name)).expect("the page has a folder").flatten();
    let beside = beside.map(|entry| entry.path());
    let kept = beside.filter(|path| path.extension().is_none_or(|extension| extension != "js"));
    for path in kept.chain([pages.join("index.html")]) {
        let to = folder.join(path.file_name().expect("a file has a name"));
        std::fs::copy(&path, to).expect("target/ takes a file");
    }
    bundled::bundle(
        &pages.join(name).join("page.js"),
        [
            "--external:/stepup/*".to_owned(),
            "--define:process.env.NODE_ENV=\"production\"".to_owned(),
            format!("--outfile={}", folder.join("page.js").display()),
        ],
    );
    folder.canonicalize().expect("it is there")
}
