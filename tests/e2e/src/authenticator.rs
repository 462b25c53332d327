//! A passkey in each engine, with one key that the server knows.
//!
//! Chromium has virtual authenticators per tab, Firefox one per browser (WebAuthn Level 3 §11),
//! WebKitGTK has none: there a stand-in for `navigator.credentials` signs with the same key, so the
//! assertion that reaches the server verifies in all three.

use std::cell::{Cell, RefCell};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::engine::{Browser, Engine};
use crate::webdriver::{Answer, Window};

/// The stand-in, run in the page: argument 0 is the fixture, argument 1 the rp id, argument 2 the
/// manner.
const STAND_IN: &str = include_str!("stand_in.js");

/// A field of the fixture's passkey.
pub fn passkey(field: &str) -> String {
    static PASSKEY: OnceLock<Value> = OnceLock::new();
    let fixture = PASSKEY.get_or_init(|| {
        serde_json::from_str(include_str!("../fixtures/passkey.json")).expect("the fixture is JSON")
    });
    fixture.get(field).and_then(Value::as_str).expect("the fixture has the field").to_owned()
}

/// In the place of a window: Firefox has one authenticator for all of them.
fn whole_browser() -> Window {
    Window("the browser".into())
}

/// Where an authenticator belongs. Firefox would hang with a second discoverable credential: one for
/// the whole browser.
#[track_caller]
fn scope(browser: &Browser) -> Window {
    match browser.engine {
        Engine::Firefox => whole_browser(),
        _ => browser.session.window().expect("there is a current window"),
    }
}

/// How an authenticator behaves, and what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Whether it can verify its user at all.
    pub can_verify: bool,
    /// Whether its user passes verification.
    pub verifies: bool,
    /// Whether its user agrees to be asked.
    pub consents: bool,
    /// Whether it holds the fixture's passkey.
    pub holds_passkey: bool,
    /// Whether it has the extension PRF (WebAuthn Level 3 §10.1.4). Firefox's always has.
    pub has_prf: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            can_verify: true,
            verifies: true,
            consents: true,
            holds_passkey: true,
            has_prf: false,
        }
    }
}

/// The passkey of one browser.
pub struct Authenticator {
    rp_id: String,
    armed: RefCell<Vec<(Window, String)>>,
    count: Cell<u32>,
}

impl Authenticator {
    /// A passkey for one relying party; nothing is armed yet.
    pub fn new(rp_id: &str) -> Self {
        Self { rp_id: rp_id.into(), armed: RefCell::default(), count: Cell::default() }
    }

    /// Makes the passkey answer on the page that the current window shows now.
    #[track_caller]
    pub fn arm(&self, browser: &Browser) {
        self.arm_with(browser, Manner::default());
    }

    /// As [`Self::arm`], where the authenticator behaves in a way of its own. One that is there
    /// already stays as it is.
    #[track_caller]
    pub fn arm_with(&self, browser: &Browser, manner: Manner) {
        let session = &browser.session;
        if browser.engine == Engine::Webkit {
            let fixture = json!({
                "credentialId": passkey("credentialId"),
                "privateKey": passkey("privateKey"),
                "userHandle": passkey("userHandle"),
            });
            let manner = json!({
                "verifies": manner.can_verify && manner.verifies, "consents": manner.consents,
                "holdsPasskey": manner.holds_passkey,
            });
            session
                .execute(STAND_IN, json!([fixture, self.rp_id, manner]))
                .expect("the stand-in passkey is put into the page");
            return;
        }
        let scope = scope(browser);
        if self.armed.borrow().iter().any(|(armed, _)| *armed == scope) {
            return;
        }
        let mut options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": manner.can_verify,
            "isUserVerified": manner.can_verify && manner.verifies,
            "isUserConsenting": manner.consents,
        });
        if manner.has_prf && browser.engine == Engine::Chromium {
            options["protocol"] = "ctap2_1".into();
            options["extensions"] = json!(["prf"]);
        }
        let id = session
            .post("/webauthn/authenticator", &options)
            .expect("a virtual authenticator is added");
        let id = id.as_str().expect("an authenticator has an id");
        if manner.holds_passkey {
            let credential = json!({
                "credentialId": passkey("credentialId"),
                "isResidentCredential": true,
                "rpId": self.rp_id,
                "privateKey": passkey("privateKey"),
                "userHandle": passkey("userHandle"),
                // The server refuses a counter that does not grow, and each has its own.
                "signCount": 100 * self.count.get(),
            });
            session
                .post(&format!("/webauthn/authenticator/{id}/credential"), &credential)
                .expect("the passkey is put into the authenticator");
        }
        self.count.set(self.count.get() + 1);
        self.armed.borrow_mut().push((scope, id.to_owned()));
    }

    /// Lets the user agree from now on: Chromium's waits for that, the others' has said no before.
    #[track_caller]
    pub fn consent(&self, browser: &Browser) {
        assert_eq!(browser.engine, Engine::Chromium, "only there a user can still decide");
        let scope = scope(browser);
        let armed = self.armed.borrow();
        let (_, id) = armed.iter().find(|(at, _)| *at == scope).expect("there is an authenticator");
        let command = json!({
            "cmd": "WebAuthn.setAutomaticPresenceSimulation",
            "params": { "authenticatorId": id, "enabled": true },
        });
        browser.session.post("/goog/cdp/execute", &command).expect("the user agrees");
    }

    /// Has Chromium's authenticator answer wrongly from now on, by one of the bits of the DevTools
    /// protocol's `WebAuthn.setResponseOverrideBits`.
    #[track_caller]
    pub fn lie(&self, browser: &Browser, bit: &str) {
        let scope = scope(browser);
        let armed = self.armed.borrow();
        let (_, id) = armed.iter().find(|(at, _)| *at == scope).expect("there is an authenticator");
        let mut params = json!({
            "authenticatorId": id, "isBogusSignature": false, "isBadUV": false, "isBadUP": false,
        });
        params[bit] = true.into();
        let command = json!({ "cmd": "WebAuthn.setResponseOverrideBits", "params": params });
        browser.session.post("/goog/cdp/execute", &command).expect("the authenticator is told");
    }

    /// Takes the authenticator away from the page that the current window shows now.
    #[track_caller]
    pub fn remove(&self, browser: &Browser) {
        if browser.engine == Engine::Webkit {
            let script = "delete navigator.credentials; delete globalThis.PublicKeyCredential";
            browser.session.execute(script, json!([])).expect("the stand-in is taken away");
            return;
        }
        let scope = scope(browser);
        let mut armed = self.armed.borrow_mut();
        let at = armed.iter().position(|(armed, _)| *armed == scope);
        let (_, id) = armed.swap_remove(at.expect("there is an authenticator"));
        browser
            .session
            .delete(&format!("/webauthn/authenticator/{id}"))
            .expect("the authenticator is taken away");
    }

    /// Takes the passkey away again where it would outlive the journey.
    ///
    /// # Errors
    /// The driver's.
    pub fn disarm(&self, browser: &Browser, main: &Window) -> Answer<()> {
        let armed = self.armed.borrow();
        for (_, id) in armed.iter().filter(|(at, _)| at == main || *at == whole_browser()) {
            browser.session.delete(&format!("/webauthn/authenticator/{id}"))?;
        }
        Ok(())
    }
}
