//! The pages that journeys drive, each behind the words a user would use.

mod away;
mod bank;
mod harness;
mod prompt;
mod provider;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use self::away::{BOTH, SEND};
pub use self::bank::Bank;
pub use self::harness::Harness;
pub use self::prompt::{Asked, Prompt};
pub use self::provider::Provider;
use crate::bench::World;
use crate::wait::{until, until_true};
use crate::webdriver::{Element, Window};

impl World {
    /// Makes a window the current one.
    #[track_caller]
    pub fn switch_to(&self, window: &Window) {
        self.browser.session.switch_to(window).expect("the window is there");
    }

    /// Waits for an element of the current window that is shown.
    #[track_caller]
    pub fn element(&self, css: &str) -> Element {
        until(&format!("{css} is shown"), || self.shown(css))
    }

    /// The element if it is shown now.
    pub fn shown(&self, css: &str) -> Option<Element> {
        let script = "const e = document.querySelector(arguments[0]); \
            return Boolean(e && document.readyState !== 'loading' && e.getClientRects().length > 0)";
        let shown = self.browser.session.execute(script, json!([css])).ok()?;
        shown.as_bool().filter(|shown| *shown)?;
        self.browser.session.find(css).ok()
    }

    /// Clicks an element as a user does, waiting for it first.
    #[track_caller]
    pub fn click(&self, css: &str) {
        // After these nothing was clicked; after any other the page may be on its way already.
        let untouched = [
            "element click intercepted",
            "element not interactable",
            "no such element",
            "stale element reference",
        ];
        until(&format!("{css} can be clicked"), || {
            let element = self.shown(css)?;
            self.listen_for_clicks();
            match self.browser.session.click(&element) {
                Ok(()) => self.heard_the_click().then_some(()),
                Err(failure) if untouched.contains(&failure.error.as_str()) => None,
                Err(failure) => panic!("{css}: {failure}"),
            }
        });
    }

    /// Has the page notice the next click, wherever it lands.
    fn listen_for_clicks(&self) {
        let script = "window.e2eHeard = false; \
            addEventListener('click', () => { window.e2eHeard = true }, { capture: true, once: true })";
        // A page that is on its way out is asked in vain, and then the click fails as well.
        let _ = self.browser.session.execute(script, json!([]));
    }

    /// Whether the click arrived: under load WebKit may lose one. A page that has gone has heard it.
    fn heard_the_click(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(3);
        loop {
            let heard = self.browser.session.execute("return window.e2eHeard ?? null", json!([]));
            match heard {
                Ok(Value::Bool(false)) if Instant::now() >= deadline => return false,
                Ok(Value::Bool(false)) => thread::sleep(Duration::from_millis(30)),
                _ => return true,
            }
        }
    }

    /// Presses keys as a user does, in WebDriver's code points (§17.4.2).
    #[track_caller]
    pub fn press(&self, keys: &str) {
        let strokes = |kind: &str| -> Vec<Value> {
            keys.chars().map(|key| json!({ "type": kind, "value": key.to_string() })).collect()
        };
        let mut actions = strokes("keyDown");
        let mut ups = strokes("keyUp");
        match keys.chars().count() {
            1 => actions.append(&mut ups),
            // A modifier before and after: it is held for what is between.
            _ => {
                actions =
                    vec![actions[0].clone(), actions[1].clone(), ups[1].clone(), ups[0].clone()]
            }
        }
        let keyboard =
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.browser.session.post("/actions", &keyboard).expect("the keys are pressed");
    }

    /// Fills a field.
    #[track_caller]
    pub fn fill(&self, css: &str, value: &str) {
        self.fill_all(&[(css, value)]);
    }

    /// Fills fields, and again if what was typed went astray: on a slow machine WebKit may move the
    /// focus while it types.
    #[track_caller]
    pub fn fill_all(&self, fields: &[(&str, &str)]) {
        let holds = "return arguments[0].every(([css, value]) => \
            document.querySelector(css)?.value === value)";
        until(&format!("{fields:?} can be filled"), || {
            for (css, value) in fields {
                let element = self.shown(css)?;
                self.browser.session.fill(&element, value).ok()?;
            }
            let held = self.browser.session.execute(holds, json!([fields])).ok()?;
            held.as_bool()?.then_some(())
        });
    }

    /// The text of an element.
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        let element = self.element(css);
        self.browser.session.text(&element).expect("the element has a text")
    }

    /// Runs a function body in the current window's page.
    #[track_caller]
    pub fn script(&self, body: &str, args: Value) -> Value {
        match self.browser.session.execute(body, args) {
            Ok(value) => value,
            Err(failure) => panic!("{failure}\nin: {body}"),
        }
    }

    /// Windows besides the main one.
    pub fn popups(&self) -> Vec<Window> {
        let windows = self.browser.session.windows().expect("the browser lists its windows");
        windows.into_iter().filter(|window| *window != self.main).collect()
    }

    /// Waits for the one popup and switches to it.
    #[track_caller]
    pub fn popup(&self) -> Window {
        let popup = until("a popup opens", || match self.popups().as_slice() {
            [] => None,
            [popup] => Some(popup.clone()),
            more => panic!("one popup was expected, not {}", more.len()),
        });
        self.switch_to(&popup);
        popup
    }

    /// Waits until one popup is left of several, and switches to it.
    ///
    /// WebKit opens more than one window in a click; those that nobody needs close again.
    #[track_caller]
    pub fn only_popup(&self) {
        let popup = until("one popup is left", || match self.popups().as_slice() {
            [popup] => Some(popup.clone()),
            _ => None,
        });
        self.switch_to(&popup);
    }

    /// Waits until no popup is left and switches to the main window.
    #[track_caller]
    pub fn popup_is_gone(&self) {
        until_true("the popup closes", || self.popups().is_empty());
        self.switch_to(&self.main);
    }

    /// Closes the current popup as a user does, and switches to the main window.
    #[track_caller]
    pub fn close_popup(&self) {
        self.browser.session.close_window().expect("the popup closes");
        self.popup_is_gone();
    }

    /// Forgets the cookies of an origin, as if its session were over, and returns to the page.
    #[track_caller]
    pub fn forget_cookies(&self, origin: &str) {
        let session = &self.browser.session;
        let forget = || {
            let opened = session.post("/window/new", &json!({ "type": "tab" }))?;
            let handle = opened.get("handle").and_then(Value::as_str).unwrap_or_default();
            session.switch_to(&Window(handle.to_owned()))?;
            session.go(&format!("{origin}/mark.svg"))?;
            session.delete("/cookie")?;
            session.close_window()
        };
        forget().expect("the cookies are forgotten");
        self.switch_to(&self.main);
    }
}
