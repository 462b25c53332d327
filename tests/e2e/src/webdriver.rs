//! A small blocking client of W3C WebDriver.
//!
//! Every journey is plain synchronous code that holds one session, so what is needed of WebDriver is
//! a function that posts JSON to a driver on loopback. `thirtyfour`, at its smallest, is an async
//! runtime, a second HTTP stack and some hundred crates to compile, and wants `.await` at every step;
//! the commands that matter here beyond the basics (virtual authenticators, WebKitGTK's options)
//! would be written by hand all the same. `ureq` without TLS is two dozen small crates.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// The key under which WebDriver hands out an element (W3C WebDriver §12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What a driver answered instead of a result (W3C WebDriver §6.6).
#[derive(Debug, Clone)]
pub struct Failure {
    /// The error code, for example `no such element`.
    pub error: String,
    /// What the driver says about it.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.message.lines().next().unwrap_or_default();
        write!(formatter, "{}: {first}", self.error)
    }
}

/// The result of every command.
pub type Answer<T> = Result<T, Failure>;

/// A driver that listens on a loopback port.
#[derive(Clone)]
pub struct Driver {
    agent: ureq::Agent,
    base: String,
}

impl Driver {
    /// Names the driver on `port`; nothing is sent yet.
    pub fn on_port(port: u16) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(90)))
            .proxy(None)
            .build();
        Self { agent: config.into(), base: format!("http://127.0.0.1:{port}") }
    }

    /// Sends one command and unwraps `value`.
    ///
    /// # Errors
    /// The driver's own error, or `unreachable` when there was no answer that could be read.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer<Value> {
        let url = format!("{}{path}", self.base);
        let sent = match (method, body) {
            ("GET", _) => self.agent.get(&url).call(),
            ("DELETE", _) => self.agent.delete(&url).call(),
            (_, body) => self.agent.post(&url).send_json(body.unwrap_or(&json!({}))),
        };
        let unreachable = |error: ureq::Error| Failure {
            error: "unreachable".into(),
            message: format!("{method} {path}: {error}"),
        };
        let mut response = sent.map_err(unreachable)?;
        let reader = response.body_mut().with_config().limit(64 << 20);
        let answer: Value = reader.read_json().map_err(unreachable)?;
        let value = answer.get("value").cloned().unwrap_or(Value::Null);
        match value.get("error").and_then(Value::as_str) {
            Some(error) if !response.status().is_success() => Err(Failure {
                error: error.into(),
                message: value.get("message").and_then(Value::as_str).unwrap_or_default().into(),
            }),
            _ => Ok(value),
        }
    }

    /// Whether the driver accepts commands.
    pub fn is_ready(&self) -> bool {
        self.send("GET", "/status", None).is_ok()
    }

    /// Starts a browser with the given capabilities.
    ///
    /// # Errors
    /// `session not created` and its kin.
    pub fn session(&self, capabilities: &Value) -> Answer<Session> {
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let value = self.send("POST", "/session", Some(&body))?;
        let id = value.get("sessionId").and_then(Value::as_str).unwrap_or_default();
        let told = |name: &str| {
            let capability = value.get("capabilities").and_then(|all| all.get(name));
            capability.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let version = told("browserVersion");
        Ok(Session { driver: self.clone(), path: format!("/session/{id}"), version })
    }
}

/// A window or tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window(pub String);

/// An element of a page.
#[derive(Debug, Clone)]
pub struct Element(String);

impl Element {
    /// An element that a script returned.
    pub fn from_script(value: &Value) -> Option<Self> {
        value.get(ELEMENT)?.as_str().map(|id| Self(id.to_owned()))
    }
}

/// One browser. Commands go to the window last switched to.
pub struct Session {
    /// The browser's version, as its driver tells it.
    pub version: String,
    driver: Driver,
    path: String,
}

impl Session {
    /// A GET below the session.
    ///
    /// # Errors
    /// The driver's.
    pub fn get(&self, path: &str) -> Answer<Value> {
        self.driver.send("GET", &format!("{}{path}", self.path), None)
    }

    /// A POST below the session.
    ///
    /// # Errors
    /// The driver's.
    pub fn post(&self, path: &str, body: &Value) -> Answer<Value> {
        self.driver.send("POST", &format!("{}{path}", self.path), Some(body))
    }

    /// A DELETE below the session; an empty path ends the browser.
    ///
    /// # Errors
    /// The driver's.
    pub fn delete(&self, path: &str) -> Answer<Value> {
        self.driver.send("DELETE", &format!("{}{path}", self.path), None)
    }

    /// Navigates and waits for the page's load.
    ///
    /// # Errors
    /// The driver's.
    pub fn go(&self, url: &str) -> Answer<()> {
        self.post("/url", &json!({ "url": url })).map(drop)
    }

    /// The address of the current window.
    ///
    /// # Errors
    /// The driver's.
    pub fn url(&self) -> Answer<String> {
        self.get("/url").map(text)
    }

    /// Runs a function body in the page.
    ///
    /// # Errors
    /// `javascript error` when it throws.
    pub fn execute(&self, script: &str, args: Value) -> Answer<Value> {
        self.post("/execute/sync", &json!({ "script": script, "args": args }))
    }

    /// The first element that matches.
    ///
    /// # Errors
    /// `no such element`.
    pub fn find(&self, css: &str) -> Answer<Element> {
        let value = self.post("/element", &json!({ "using": "css selector", "value": css }))?;
        Ok(Element(value.get(ELEMENT).cloned().map(text).unwrap_or_default()))
    }

    /// Clicks as a user does, with a user's gesture.
    ///
    /// # Errors
    /// `element not interactable`, `stale element reference` and their kin.
    pub fn click(&self, Element(id): &Element) -> Answer<()> {
        self.post(&format!("/element/{id}/click"), &json!({})).map(drop)
    }

    /// Replaces what a field holds.
    ///
    /// # Errors
    /// The driver's.
    pub fn fill(&self, Element(id): &Element, value: &str) -> Answer<()> {
        self.post(&format!("/element/{id}/clear"), &json!({}))?;
        self.post(&format!("/element/{id}/value"), &json!({ "text": value })).map(drop)
    }

    /// The text as it is rendered.
    ///
    /// # Errors
    /// The driver's.
    pub fn text(&self, Element(id): &Element) -> Answer<String> {
        self.get(&format!("/element/{id}/text")).map(text)
    }

    /// The current window.
    ///
    /// # Errors
    /// `no such window` when it was closed.
    pub fn window(&self) -> Answer<Window> {
        self.get("/window").map(|value| Window(text(value)))
    }

    /// All windows and tabs.
    ///
    /// # Errors
    /// The driver's.
    pub fn windows(&self) -> Answer<Vec<Window>> {
        let value = self.get("/window/handles")?;
        let handles = value.as_array().cloned().unwrap_or_default();
        Ok(handles.into_iter().map(|handle| Window(text(handle))).collect())
    }

    /// Makes a window the current one.
    ///
    /// # Errors
    /// `no such window`.
    pub fn switch_to(&self, Window(handle): &Window) -> Answer<()> {
        self.post("/window", &json!({ "handle": handle })).map(drop)
    }

    /// Closes the current window.
    ///
    /// # Errors
    /// The driver's.
    pub fn close_window(&self) -> Answer<()> {
        self.delete("/window").map(drop)
    }

    /// A picture of the current window, as base64 of a PNG.
    ///
    /// # Errors
    /// The driver's.
    pub fn screenshot(&self) -> Answer<String> {
        self.get("/screenshot").map(text)
    }
}

/// A string out of JSON, empty where it is none.
fn text(value: Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_default()
}
