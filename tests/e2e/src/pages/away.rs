//! Away from the page and back: what a step-up by redirect does at both ends.

use serde_json::{Value, json};

use crate::bench::World;
use crate::pages::{Harness, Prompt, Provider};
use crate::wait::until_true;
use crate::webdriver::Window;

/// A sign-in takes the window; what waits for a redirect says so.
pub const BOTH: &str = "{ methods: ['popup', 'redirect'] }";

/// A request for which AL3 is demanded, by redirect.
pub const SEND: &str = "return e2e.su.fetch(e2e.api + '/echo?kind=one', { method: 'POST', body: 'one', \
    stepup: { tag: 'mine', methods: ['redirect'] } })";

/// What `resume()` gives, each response read.
pub const RESUME: &str = "const back = await e2e.su.resume(); if (!back) return null; \
    const results = []; \
    for (const { response, error, ...rest } of back.results) results.push({ ...rest, \
        answer: response && await e2e.read(response), error: error && e2e.describe(error) }); \
    return { ...back, error: back.error && e2e.describe(back.error), results }";

/// What is saved: for each record whether anything is in it.
const RECORDS: &str = "const db = await new Promise((resolve) => { \
        const request = indexedDB.open('stepup'); \
        request.onupgradeneeded = () => request.transaction.abort(); \
        request.onsuccess = () => resolve(request.result); \
        request.onerror = (event) => { event.preventDefault(); resolve(null); }; }); \
    if (!db) return []; \
    const all = db.transaction('records').objectStore('records').getAll(); \
    await new Promise((resolve) => { all.onsuccess = resolve; }); \
    db.close(); \
    return all.result.map(({ data }) => Boolean(data))";

impl<'a> Harness<'a> {
    /// The page of a user who is signed in at the provider, with the redirect for what asks for it.
    #[track_caller]
    pub fn signed_in_at(world: &'a World, path: &str) -> Self {
        let page = Self::open_at(world, path);
        page.make(BOTH);
        page.sign_in("alice");
        world.server.forget();
        page
    }

    /// Clicks with this as the button's handler, and waits until the page has been left.
    #[track_caller]
    pub fn leave(&self, body: &str) {
        self.click("sent", body);
        self.0.leaves();
    }

    /// Waits until the user is back on the page, which knows nothing of what was before, and makes its
    /// instance of the SDK.
    #[track_caller]
    pub fn back(world: &'a World) -> Self {
        Self::back_with(world, BOTH)
    }

    /// The same with other options.
    #[track_caller]
    pub fn back_with(world: &'a World, options: &str) -> Self {
        until_true("the user is back", || world.is_back());
        let set = "Object.assign(window.e2e, arguments[0])";
        world.script(set, json!([{ "issuer": world.server.issuer, "api": world.server.api }]));
        let page = Self(world);
        page.make(options);
        page
    }

    /// What `resume()` gives.
    #[track_caller]
    pub fn resume(&self) -> Value {
        self.run(RESUME).value()
    }

    /// For each record that is saved, whether anything is in it: one that was taken is empty.
    #[track_caller]
    pub fn records(&self) -> Vec<bool> {
        let records = self.run(RECORDS).value();
        records.as_array().into_iter().flatten().filter_map(Value::as_bool).collect()
    }

    /// What this tab has in its storage.
    #[track_caller]
    pub fn keeps(&self) -> Vec<String> {
        let keys = self.0.script("return Object.keys(sessionStorage).sort()", json!([]));
        let keys = keys.as_array().cloned().unwrap_or_default();
        keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }

    /// The options of a page whose app has a session of its own, with the token that this one holds.
    #[track_caller]
    pub fn session(&self) -> String {
        let token = self.run("return e2e.su.token()").value();
        let token = token.as_str().expect("a token is held");
        format!(
            "{{ methods: ['popup', 'redirect'], turnTimeout: 1, session: () => ({{ \
                sub: 'alice', accessToken: '{token}', scope: 'openid accounts:read' }}) }}"
        )
    }
}

impl World {
    /// Chooses to leave the page, or to go on in this tab, if the gate asks for it now.
    pub fn agree_to_leave(&self) {
        let prompt = Prompt(self);
        if let Some(choice @ ("redirect" | "here")) = prompt.choices().first().map(String::as_str) {
            prompt.choose(choice);
        }
    }

    /// Waits until the page has been left for the provider, by the button where that asks for a click.
    #[track_caller]
    pub fn leaves(&self) {
        until_true("the page is left", || {
            self.agree_to_leave();
            let url = self.browser.session.url().unwrap_or_default();
            url.starts_with(&self.server.issuer) || self.is_back()
        });
    }

    /// Whether the current window shows a page of the app that has just been loaded.
    fn is_back(&self) -> bool {
        let script = "return location.origin === arguments[0] && \
            window.e2e?.ready === true && !window.e2e.api";
        let ready = self.browser.session.execute(script, json!([self.server.app]));
        ready.is_ok_and(|ready| ready == true)
    }

    /// The user confirms at the provider, where that asks: it may remember that they just did.
    #[track_caller]
    pub fn confirm(&self) {
        until_true("the provider asks, or has no need to", || {
            self.shown("button#use-passkey").is_some() || self.is_back()
        });
        if !self.is_back() {
            Provider(self).passkey();
        }
    }

    /// Loads the page of the current window again.
    #[track_caller]
    pub fn reload(&self) {
        self.browser.session.post("/refresh", &json!({})).expect("the page is loaded again");
    }

    /// Opens an address in the current window and waits until it is there.
    #[track_caller]
    pub fn visit(&self, path: &str) {
        let session = &self.browser.session;
        let url = format!("{}{path}", self.server.app);
        session.go(&url).expect("the page loads");
        until_true("the page is complete", || {
            session
                .execute("return document.readyState", json!([]))
                .is_ok_and(|state| state == "complete")
        });
    }

    /// Opens another tab, which shares nothing with the others but their origins, and switches to it.
    #[track_caller]
    pub fn another_tab(&self) -> Window {
        let opened = self.browser.session.post("/window/new", &json!({ "type": "tab" }));
        let opened = opened.expect("a tab opens");
        let tab = Window(opened["handle"].as_str().unwrap_or_default().to_owned());
        self.switch_to(&tab);
        tab
    }

    /// Ends the current tab as a crash does: nobody is asked, and nothing of it is left to come back to.
    #[track_caller]
    pub fn kill_tab(&self) {
        self.browser.session.close_window().expect("the tab closes");
        self.switch_to(&self.main);
    }

    /// How often a request of this kind has reached the echo.
    #[track_caller]
    pub fn sent(&self, kind: &str) -> usize {
        let mut requests = self.server.requests("api", "POST", "/echo");
        requests.retain(|seen| seen.parameter("kind").as_deref() == Some(kind));
        requests.len()
    }
}
