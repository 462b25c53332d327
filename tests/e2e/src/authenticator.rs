//! A passkey in each engine, with one key that the server knows.
//!
//! Chromium has virtual authenticators per tab, Firefox one per browser (WebAuthn Level 3 §11),
//! WebKitGTK has none: there a small stand-in for `navigator.credentials.get` signs with the same
//! key, so the assertion that reaches the server verifies in all three.

use std::cell::RefCell;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::engine::{Browser, Engine};
use crate::webdriver::{Answer, Window};

/// The stand-in, run in the page: argument 0 is the fixture, argument 1 the rp id.
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

/// The passkey of one browser.
pub struct Authenticator {
    rp_id: String,
    armed: RefCell<Vec<(Window, String)>>,
}

impl Authenticator {
    /// A passkey for one relying party; nothing is armed yet.
    pub fn new(rp_id: &str) -> Self {
        Self { rp_id: rp_id.into(), armed: RefCell::default() }
    }

    /// Makes the passkey answer on the page that the current window shows now.
    #[track_caller]
    pub fn arm(&self, browser: &Browser) {
        let session = &browser.session;
        if browser.engine == Engine::Webkit {
            let fixture = json!({
                "credentialId": passkey("credentialId"),
                "privateKey": passkey("privateKey"),
                "userHandle": passkey("userHandle"),
            });
            session
                .execute(STAND_IN, json!([fixture, self.rp_id]))
                .expect("the stand-in passkey is put into the page");
            return;
        }
        // Firefox would hang with a second discoverable credential: one for the whole browser.
        let scope = match browser.engine {
            Engine::Firefox => whole_browser(),
            _ => session.window().expect("there is a current window"),
        };
        if self.armed.borrow().iter().any(|(armed, _)| *armed == scope) {
            return;
        }
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "isUserConsenting": true,
        });
        let id = session
            .post("/webauthn/authenticator", &options)
            .expect("a virtual authenticator is added");
        let id = id.as_str().expect("an authenticator has an id");
        let credential = json!({
            "credentialId": passkey("credentialId"),
            "isResidentCredential": true,
            "rpId": self.rp_id,
            "privateKey": passkey("privateKey"),
            "userHandle": passkey("userHandle"),
            // The server refuses a counter that does not grow, and every tab has its own.
            "signCount": 100 * self.armed.borrow().len(),
        });
        session
            .post(&format!("/webauthn/authenticator/{id}/credential"), &credential)
            .expect("the passkey is put into the authenticator");
        self.armed.borrow_mut().push((scope, id.to_owned()));
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
