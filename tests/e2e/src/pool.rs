//! Browsers that are used again: a start costs more than most journeys.
//!
//! Every journey has a server on a port of its own, and so origins, storage and a cache of its own.
//! A browser comes back only after a journey that went well, with its windows closed and its
//! passkeys removed; after any other it ends.

use std::sync::Mutex;

use serde_json::json;

use crate::authenticator::Authenticator;
use crate::engine::{Browser, Tools};
use crate::webdriver::{Answer, Window};

/// Those that nobody uses at the moment.
static IDLE: Mutex<Vec<Browser>> = Mutex::new(Vec::new());

/// An idle browser of this engine, or a new one.
///
/// # Errors
/// What the driver said when it did not start.
pub fn take(tools: &Tools) -> Result<Browser, String> {
    let mut idle = IDLE.lock().map_err(|error| error.to_string())?;
    let at = idle.iter().position(|browser| browser.engine == tools.engine());
    let found = at.map(|at| idle.swap_remove(at));
    drop(idle);
    found.map_or_else(|| tools.start(), Ok)
}

/// Keeps a browser for the next journey, if it can be brought back to where it began.
pub fn give_back(browser: Browser, main: &Window, authenticator: &Authenticator) {
    if cleared(&browser, main, authenticator).is_ok()
        && let Ok(mut idle) = IDLE.lock()
    {
        idle.push(browser);
    }
}

fn cleared(browser: &Browser, main: &Window, authenticator: &Authenticator) -> Answer<()> {
    let session = &browser.session;
    for window in session.windows()?.iter().filter(|window| *window != main) {
        session.switch_to(window)?;
        session.close_window()?;
    }
    session.switch_to(main)?;
    authenticator.disarm(browser, main)?;
    session.go("about:blank")?;
    if session.windows()?.len() == 1 {
        // What a journey printed is not the next one's.
        let _ = session.post("/se/log", &json!({ "type": "browser" }));
    }
    Ok(())
}

/// Ends them; a static would outlive `main` and never be dropped.
pub fn end() {
    if let Ok(mut idle) = IDLE.lock() {
        idle.clear();
    }
}
