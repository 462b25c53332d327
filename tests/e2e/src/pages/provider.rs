//! The provider's sign-in pages.

use crate::bench::World;
use crate::engine::Engine;
use crate::wait::until;

/// The provider's pages in the current window.
pub struct Provider<'a>(pub &'a World);

impl Provider<'_> {
    /// Signs in with login and password.
    #[track_caller]
    pub fn password(&self, login: &str) {
        let Self(world) = self;
        world.element("input[name=password]");
        // A login_hint fills in a name, which may be another's; an id_token_hint fixes it.
        let mut fields = vec![("input[name=password]", format!("{login}-password"))];
        if world.shown("input[name=login]:not([readonly])").is_some() {
            fields.insert(0, ("input[name=login]", login.to_owned()));
        }
        let fields: Vec<_> = fields.iter().map(|(css, value)| (*css, value.as_str())).collect();
        world.fill_all(&fields);
        world.click("button#continue");
    }

    /// Types the one-time code that the demo's provider shows on its page.
    #[track_caller]
    pub fn code(&self) {
        let Self(world) = self;
        let hint = world.text("#code-hint");
        let code: String = hint.chars().filter(char::is_ascii_digit).collect();
        world.fill("input[name=code]", &code);
        world.click("button#continue");
    }

    /// Turns down the offer to add a passkey.
    #[track_caller]
    pub fn not_now(&self) {
        self.0.click("button#continue.secondary");
    }

    /// Uses the passkey.
    #[track_caller]
    pub fn passkey(&self) {
        let Self(world) = self;
        world.element("button#use-passkey");
        world.authenticator.arm(&world.browser);
        if world.browser.engine == Engine::Firefox {
            self.has_focus();
        }
        world.click("button#use-passkey");
    }

    /// Ends the sign-in with the provider's own cancel.
    #[track_caller]
    pub fn cancel(&self) {
        self.0.click("#cancel");
    }

    /// Firefox refuses a passkey in a window that has no focus yet.
    #[track_caller]
    fn has_focus(&self) {
        let Self(world) = self;
        until("the provider's window has the focus", || {
            let focus = "window.focus(); return document.hasFocus()";
            world
                .browser
                .session
                .execute(focus, serde_json::json!([]))
                .ok()?
                .as_bool()?
                .then_some(())
        });
    }
}
