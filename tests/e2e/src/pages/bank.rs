//! The bank's single-page app.

use serde_json::json;

use crate::bench::World;
use crate::pages::Provider;
use crate::wait::until;

/// The bank's page in the main window.
pub struct Bank<'a>(pub &'a World);

impl<'a> Bank<'a> {
    /// Opens the page as one that asks in a window.
    #[track_caller]
    pub fn open(world: &'a World) -> Self {
        Self::open_at(world, "/?arrangement=popup")
    }

    /// Opens the page with a query that says how step-up is set up.
    #[track_caller]
    pub fn open_at(world: &'a World, path: &str) -> Self {
        world.switch_to(&world.main);
        let url = format!("{}{path}", world.server.app);
        world.browser.session.go(&url).expect("the bank's page loads");
        // Its scripts have run by then, and its buttons do something.
        until("the bank's page is complete", || {
            let script = "return document.readyState === 'complete'";
            world.browser.session.execute(script, json!([])).ok()?.as_bool()?.then_some(())
        });
        Self(world)
    }

    /// Signs in with the password and waits for the balance.
    #[track_caller]
    pub fn sign_in(&self, login: &str) {
        let Self(world) = self;
        world.click("#sign-in");
        world.popup();
        Provider(world).password(login);
        world.popup_is_gone();
        until("the balance is shown", || {
            let text = "return document.querySelector('#balance')?.textContent ?? ''";
            let balance = world.browser.session.execute(text, json!([])).ok()?;
            balance.as_str()?.contains(|char: char| char.is_ascii_digit()).then_some(())
        });
    }

    /// Fills the transfer form and sends it.
    #[track_caller]
    pub fn transfer(&self, amount: &str) {
        self.0.fill("#amount", amount);
        self.0.click("#send");
    }

    /// Waits for the outcome: `ok`, or the code of the failure.
    #[track_caller]
    pub fn outcome(&self) -> String {
        until("the transfer has an outcome", || {
            let script = "const r = document.querySelector('#result'); \
                return { ok: 'ok', error: r?.dataset.code }[r?.dataset.outcome] ?? ''";
            let outcome = self.0.browser.session.execute(script, json!([])).ok()?;
            outcome.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        })
    }

    /// The kinds of the events that the page drew, in order.
    #[track_caller]
    pub fn diagram(&self) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll('#diagram li')].map(li => li.dataset.event)";
        let rows = self.0.script(script, json!([]));
        let rows = rows.as_array().cloned().unwrap_or_default();
        rows.iter().filter_map(|row| row.as_str().map(str::to_owned)).collect()
    }
}
