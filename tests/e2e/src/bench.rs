//! What a journey stands on: a server, a browser, and a report when it fails.

use std::cell::{OnceCell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::PathBuf;
use std::sync::Mutex;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::base64::decode_base64;
use crate::engine::{Browser, Engine, Tools};
use crate::pool;
use crate::server::Server;
use crate::webdriver::Window;

/// A journey: a sentence as a name, and what happens.
pub type Journey = fn(&Bench);

/// Where a journey starts its server and browser.
pub struct Bench {
    tools: Tools,
    world: OnceCell<World>,
}

/// A running server and a browser that shows a blank page.
pub struct World {
    /// Dropped before the server, which the page's requests still reach.
    pub browser: Browser,
    /// The bank, its API and the provider.
    pub server: Server,
    /// The user's passkey.
    pub authenticator: Authenticator,
    /// The window the browser began with.
    pub main: Window,
}

impl Bench {
    /// Starts a server with the given options and a browser.
    #[track_caller]
    pub fn world(&self, options: Value) -> &World {
        assert!(self.world.get().is_none(), "a journey has one world");
        let cross_site = options.get("provider").and_then(Value::as_str);
        let rp_id =
            cross_site.and_then(|host| host.split_once('.')).map_or("bank.localhost", |p| p.1);
        let authenticator = Authenticator::new(rp_id);
        let server = Server::start(&options).expect("the server starts");
        let browser = pool::take(&self.tools).expect("the browser starts");
        let main = browser.session.window().expect("the browser has a window");
        self.world.get_or_init(|| World { browser, server, authenticator, main })
    }
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps what a panic says, with its place, for the report instead of printing it at once.
pub fn record_panics() {
    set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let payload = info.payload();
        let message = (payload.downcast_ref::<String>().cloned())
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        PANIC.with(|slot| {
            slot.borrow_mut().get_or_insert(format!("{place}\n{message}"));
        });
    }));
}

/// Runs a journey, and once more in a new world if it fails: three browsers under automation lose a
/// click now and then. What the first attempt told is printed, and it is counted as [`unsteady`].
pub fn run_journey(title: &str, tools: Tools, journey: Journey) -> Result<(), Failed> {
    let Err(first) = attempt(title, tools.clone(), journey) else { return Ok(()) };
    let second = attempt(title, tools, journey);
    match &second {
        Ok(()) => {
            eprintln!("\n---- {title}, at the first of two attempts ----\n{first}\n");
            if let Ok(mut names) = UNSTEADY.lock() {
                names.push(title.to_owned());
            }
            Ok(())
        }
        Err(report) => Err(Failed::from(report)),
    }
}

/// The journeys that went well only at the second attempt.
pub fn unsteady() -> Vec<String> {
    UNSTEADY.lock().map(|names| names.clone()).unwrap_or_default()
}

static UNSTEADY: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Runs a journey once; a failure comes with what the browser and the server have to tell.
fn attempt(title: &str, tools: Tools, journey: Journey) -> Result<(), String> {
    let bench = Bench { tools, world: OnceCell::new() };
    let outcome = catch_unwind(AssertUnwindSafe(|| journey(&bench)));
    let Err(_) = outcome else {
        if let Some(World { browser, main, authenticator, .. }) = bench.world.into_inner() {
            pool::give_back(browser, &main, &authenticator);
        }
        return Ok(());
    };
    let mut report = PANIC.with(|slot| slot.borrow_mut().take()).unwrap_or_default();
    if let Some(world) = bench.world.get() {
        // A browser or server that has died must not hide the first failure.
        let told = catch_unwind(AssertUnwindSafe(|| world.tell(title)));
        report.push_str(&told.unwrap_or_else(|_| "\n(no more could be learned)".into()));
    }
    Err(report)
}

impl World {
    /// Screenshots, what the pages recorded, and the server's log.
    fn tell(&self, title: &str) -> String {
        let mut report = String::new();
        let folder = crate::workspace().join("target/e2e");
        // Without the folder the pictures are missing, and the rest is told.
        let _ = std::fs::create_dir_all(&folder);
        let session = &self.browser.session;
        for (number, window) in session.windows().unwrap_or_default().iter().enumerate() {
            if session.switch_to(window).is_err() {
                continue;
            }
            let url = session.url().unwrap_or_default();
            report.push_str(&format!("\nwindow {number}: {url}"));
            let file = folder.join(format!("{}-{number}.png", title.replace("::", "-")));
            if let Some(path) = session.screenshot().ok().and_then(|png| save(file, &png)) {
                report.push_str(&format!("\n  picture: {}", path.display()));
            }
            let script = "const e = window.e2e ?? {}; return JSON.stringify({ \
                events: e.events, console: e.console, results: e.results, \
                text: document.body?.innerText?.slice(0, 600) }, null, 1)";
            if let Ok(told) = session.execute(script, json!([])) {
                report.push_str(&format!("\n  {}", told.as_str().unwrap_or_default()));
            }
        }
        if self.browser.engine == Engine::Chromium {
            let log = session.post("/se/log", &json!({ "type": "browser" })).unwrap_or_default();
            report.push_str(&format!("\nconsole: {log}"));
        }
        report.push_str("\nserver's log:");
        for seen in self.server.log() {
            report.push_str(&format!("\n  {} {}", seen.role, seen.line()));
        }
        report.push_str(&format!("\nserver: {}", self.server.said()));
        report.push_str(&format!("\ndriver: {}", self.browser.said()));
        report
    }
}

/// Writes base64 as a file, if that is possible.
fn save(path: PathBuf, base64: &str) -> Option<PathBuf> {
    std::fs::write(&path, decode_base64(base64)?).ok()?;
    Some(path)
}
