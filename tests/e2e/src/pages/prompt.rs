//! The button that the SDK shows in the page.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::World;
use crate::wait::{until, until_true};
use crate::webdriver::Element;

/// The dialog of `<stepup-gate>` in the current window.
pub struct Prompt<'a>(pub &'a World);

/// How the user was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The window opened by itself.
    Window,
    /// The gesture was gone: the button asked for a click first.
    Button,
}

impl Asked {
    /// The word that the `prompt` event has for it.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Button => "button",
        }
    }
}

impl Prompt<'_> {
    /// Whether the dialog is there.
    pub fn is_shown(&self) -> bool {
        !self.choices().is_empty()
    }

    /// The choices it offers now, in order; none when it is not there.
    pub fn choices(&self) -> Vec<String> {
        let script = "const root = document.querySelector('stepup-gate')?.shadowRoot; \
            return root?.querySelector('dialog[open]') \
                ? [...root.querySelectorAll('button')].map(b => b.dataset.choice) : []";
        let choices = self.0.browser.session.execute(script, json!([])).unwrap_or_default();
        let choices = choices.as_array().cloned().unwrap_or_default();
        choices.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Everything the dialog says.
    #[track_caller]
    pub fn text(&self) -> String {
        let script = "return document.querySelector('stepup-gate').shadowRoot\
            .querySelector('dialog').innerText";
        self.0.script(script, json!([])).as_str().unwrap_or_default().to_owned()
    }

    /// Waits for these very choices.
    #[track_caller]
    pub fn offers(&self, choices: &[&str]) {
        until_true(&format!("the button offers {choices:?}"), || self.choices() == choices);
    }

    /// Clicks a choice as a user does, waiting for it first.
    #[track_caller]
    pub fn choose(&self, choice: &str) {
        let script = "return document.querySelector('stepup-gate')?.shadowRoot\
            .querySelector(`dialog[open] button[data-choice=${arguments[0]}]`) ?? null";
        until(&format!("the button offers {choice}"), || {
            let session = &self.0.browser.session;
            let value = session.execute(script, json!([choice])).ok()?;
            let button = Element::from_script(&value)?;
            // Firefox's driver takes two clicks in half a second for a double click, wherever they are,
            // and of one of those the gate takes the first only. Under load a click may be lost, too.
            let count = "window.e2eClicks = 0; addEventListener('click', \
                ({ detail }) => { window.e2eClicks = detail }, { capture: true, once: true })";
            session.execute(count, json!([])).ok()?;
            session.click(&button).ok()?;
            self.took_the_click().then_some(())
        });
    }

    /// Whether the click that was counted is one that the gate takes. A page that has been left has.
    fn took_the_click(&self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(2);
        loop {
            let clicks =
                self.0.browser.session.execute("return window.e2eClicks ?? null", json!([]));
            match clicks.ok().and_then(|clicks| clicks.as_u64()) {
                None | Some(1) => return true,
                Some(0) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                Some(_) => return false,
            }
        }
    }

    /// Waits until the dialog is gone.
    #[track_caller]
    pub fn is_gone(&self) {
        until_true("the button goes away", || !self.is_shown());
    }
}

impl World {
    /// Lets a window open that closes again by itself: by the button where that asks for a click.
    #[track_caller]
    pub fn allow_window(&self) {
        let prompt = Prompt(self);
        until_true("the user is asked", || {
            prompt.is_shown() || !self.server.requests("auth", "GET", "/auth").is_empty()
        });
        if prompt.is_shown() {
            prompt.choose("open");
        }
    }

    /// Waits for the prompt, whichever way it comes, and switches to its window.
    ///
    /// Whether a gesture is still alive after a challenge is up to the engine and the machine's
    /// speed; a journey that does not care takes both.
    #[track_caller]
    pub fn prompted(&self) -> Asked {
        let prompt = Prompt(self);
        let asked = until("the user is asked", || {
            if !self.popups().is_empty() {
                return Some(Asked::Window);
            }
            prompt.is_shown().then_some(Asked::Button)
        });
        if asked == Asked::Button {
            prompt.offers(&["open", "cancel"]);
            prompt.choose("open");
        }
        self.popup();
        asked
    }
}
