//! The tests' own page, where scripts configure and call the SDK freely.

use serde_json::{Value, json};

use crate::bench::World;
use crate::pages::Provider;
use crate::wait::until;
use crate::webdriver::Window;

/// The page `/e2e/harness.html` in the main window.
pub struct Harness<'a>(pub &'a World);

/// How a script of the page ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// What it returned.
    Returned(Value),
    /// What it threw: name, message, and of a step-up error its code and response.
    Threw(Value),
}

impl Outcome {
    /// The value.
    #[track_caller]
    pub fn value(self) -> Value {
        match self {
            Self::Returned(value) => value,
            Self::Threw(error) => panic!("the script threw {error}"),
        }
    }

    /// The code of the step-up error.
    #[track_caller]
    pub fn code(&self) -> String {
        let error = self.error();
        assert_eq!(error["isStepUpError"], true, "a step-up error was expected, not {error}");
        error["code"].as_str().unwrap_or_default().to_owned()
    }

    /// What was thrown.
    #[track_caller]
    pub fn error(&self) -> &Value {
        match self {
            Self::Returned(value) => panic!("an error was expected, not {value}"),
            Self::Threw(error) => error,
        }
    }
}

impl<'a> Harness<'a> {
    /// Opens the page and waits until its scripts have run.
    #[track_caller]
    pub fn open(world: &'a World) -> Self {
        Self::open_at(world, "/e2e/harness.html")
    }

    /// Opens another page with the same scripts.
    #[track_caller]
    pub fn open_at(world: &'a World, path: &str) -> Self {
        Self::load(world, &world.main, path)
    }

    /// The same in another window, which is the current one from now on.
    #[track_caller]
    pub fn load(world: &'a World, window: &Window, path: &str) -> Self {
        world.switch_to(window);
        let url = format!("{}{path}", world.server.app);
        world.browser.session.go(&url).expect("the harness page loads");
        until("the harness page is ready", || {
            let ready = "return window.e2e?.ready === true";
            world.browser.session.execute(ready, json!([])).ok()?.as_bool()?.then_some(())
        });
        let set = "Object.assign(window.e2e, arguments[0])";
        world.script(set, json!([{ "issuer": world.server.issuer, "api": world.server.api }]));
        Self(world)
    }

    /// Makes the page's instance of the SDK with further options, written as JavaScript.
    #[track_caller]
    pub fn make(&self, options: &str) {
        self.run(&format!("e2e.su = e2e.make({options}); return null")).value();
    }

    /// Signs in with the password, by an `ensure()` that demands nothing.
    #[track_caller]
    pub fn sign_in(&self, login: &str) {
        self.click("sign in", "return e2e.su.ensure({ scope: 'accounts:read' })");
        self.0.popup();
        Provider(self.0).password(login);
        self.0.popup_is_gone();
        self.outcome("sign in").value();
    }

    /// Starts an async function body under a name; `e2e` is in its scope.
    #[track_caller]
    pub fn start(&self, name: &str, body: &str) {
        self.0.script("window.e2e.start(arguments[0], arguments[1])", json!([name, body]));
    }

    /// Starts a function that the page itself brings.
    #[track_caller]
    pub fn watch(&self, name: &str, body: &str) {
        let script = "window.e2e.watch(arguments[0], window.e2e.bodies[arguments[1]]())";
        self.0.script(script, json!([name, body]));
    }

    /// Lets the next click on the page's button start the body, inside the click.
    #[track_caller]
    pub fn on_click(&self, name: &str, body: &str) {
        self.0.script("window.e2e.onClick(arguments[0], arguments[1])", json!([name, body]));
    }

    /// Clicks the page's button with the body as its handler.
    #[track_caller]
    pub fn click(&self, name: &str, body: &str) {
        self.on_click(name, body);
        self.0.click("#go");
    }

    /// What became of a body so far.
    #[track_caller]
    pub fn peek(&self, name: &str) -> Option<Outcome> {
        let result =
            self.0.script("return window.e2e.results[arguments[0]] ?? null", json!([name]));
        match result.get("state").and_then(Value::as_str) {
            Some("returned") => Some(Outcome::Returned(result["value"].clone())),
            Some("threw") => Some(Outcome::Threw(result["error"].clone())),
            _ => None,
        }
    }

    /// Waits for a body's end.
    #[track_caller]
    pub fn outcome(&self, name: &str) -> Outcome {
        until(&format!("{name} ends"), || self.peek(name))
    }

    /// Starts a body and waits for its end.
    #[track_caller]
    pub fn run(&self, body: &str) -> Outcome {
        let name = self.0.script("return window.e2e.nextName()", json!([]));
        let name = name.as_str().unwrap_or_default();
        self.start(name, body);
        self.outcome(name)
    }

    /// The SDK's events so far, `type` among their fields.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let events = self.0.script("return window.e2e.events", json!([]));
        events.as_array().cloned().unwrap_or_default()
    }

    /// The types of the events so far.
    #[track_caller]
    pub fn event_types(&self) -> Vec<String> {
        let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
        self.events().iter().map(kind).collect()
    }

    /// What was printed by `console.warn` and its kin, each `[level, text]`.
    #[track_caller]
    pub fn console(&self) -> Vec<(String, String)> {
        let lines = self.0.script("return window.e2e.console", json!([]));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let lines = lines.as_array().cloned().unwrap_or_default();
        lines.iter().map(|line| (text(&line[0]), text(&line[1]))).collect()
    }
}
