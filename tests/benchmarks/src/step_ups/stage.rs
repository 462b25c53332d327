//! A server, a browser and a page with one contender, ready for one step-up after the other.

use std::thread;
use std::time::{Duration, Instant};

use e2e::authenticator::Authenticator;
use e2e::bench::World;
use e2e::engine::{Engine, Tools};
use e2e::pages::Provider;
use e2e::pool;
use e2e::server::Server;
use e2e::wait::{until, until_true};
use serde_json::{Value, json};

use super::HUMAN;
use super::bundle::Built;
use super::contender::{Contender, Way};
use super::run::Run;

/// A code verifier, and what is told of it first (RFC 7636 Appendix B). Nothing here is a secret.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// How long a step-up may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long after a passkey the provider may answer by itself: the transfer wants one of the last minute.
const FRESH: Duration = Duration::from_secs(25);

/// Whether it is the page's first step-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temperature {
    /// Nothing of it has run before.
    Cold,
    /// There was one to a lower level.
    Warm,
}

/// One contender's world.
pub struct Stage<'a> {
    world: World,
    contender: &'a Contender,
    /// When the provider has last seen the user's passkey in its own pages.
    proved: Option<Instant>,
    signed_in: bool,
}

impl<'a> Stage<'a> {
    /// Starts a server, takes a browser, and signs alice in.
    pub fn open(tools: &Tools, contender: &'a Contender, built: &Built) -> Self {
        let options = json!({
            "mounts": { "/e2e/": built.pages, "/built/": built.scripts, "/stepup/": built.package },
            "carry": contender.carry,
            "accessTokenTtl": 3600,
        });
        let authenticator = Authenticator::new("bank.localhost");
        let server = Server::start(&options).expect("the server starts");
        let browser = pool::take(tools).expect("the browser starts");
        let main = browser.session.window().expect("the browser has a window");
        let world = World { browser, server, authenticator, main };
        let mut stage = Self { world, contender, proved: None, signed_in: false };
        if contender.way != Way::Backend {
            stage.sign_in();
        }
        stage
    }

    /// Gives the browser back, and tells its version.
    pub fn close(self) -> String {
        let World { browser, main, authenticator, server } = self.world;
        let version = browser.session.version.clone();
        pool::give_back(browser, &main, &authenticator);
        drop(server);
        version
    }

    /// One step-up on a page that was just loaded, every answer of the server's later by the delay.
    pub fn run(&mut self, temperature: Temperature, delay: u64) -> Run {
        self.delay(None);
        if self.contender.way == Way::Window && self.proved.is_none_or(|at| at.elapsed() > FRESH) {
            self.prove();
        }
        self.load();
        if temperature == Temperature::Warm {
            self.step("warm-up", 0);
        }
        self.settle("prepare", &[]);
        self.delay(Some(delay));
        if self.contender.handshake > 0 {
            self.world.server.disconnect();
        }
        self.world.server.forget();
        let outcome = self.step("transfer", HUMAN);
        let log = self.world.server.log();
        Run::new(&outcome, &log, self.contender.way)
    }

    /// The user clicks, answers a passkey's dialog after so many milliseconds, and this is what came of it.
    fn step(&self, what: &str, human: u64) -> Value {
        let Self { world, contender, .. } = self;
        world.script("clock.human = arguments[1]; page.arm(arguments[0])", json!([what, human]));
        let clicked = || !world.script("return page.outcome ?? null", json!([])).is_null();
        until_true("the click arrives", || {
            let session = &world.browser.session;
            let button = session.find("#go").expect("there is a button");
            session.click(&button).expect("the button can be clicked");
            clicked()
        });
        let script = "return page.outcome";
        let deadline = Instant::now() + PATIENCE;
        let outcome = loop {
            let outcome = world.script(script, json!([]));
            if outcome["state"] != "running" {
                break outcome;
            }
            assert!(Instant::now() < deadline, "{what} of {}: {}", contender.name, self.tell());
            thread::sleep(Duration::from_millis(20));
        };
        let done = outcome["status"] == if what == "transfer" { 201 } else { 200 };
        assert!(done, "{what} of {}: {outcome}", contender.name);
        if contender.way == Way::Window {
            world.popup_is_gone();
        }
        outcome
    }

    /// What there is to see of a step-up that does not end.
    fn tell(&self) -> String {
        let script = "return [clock.seen, document.querySelector('stepup-gate')?.shadowRoot.textContent, \
            document.hasFocus(), document.visibilityState]";
        let lines: Vec<String> = self.world.server.log().iter().map(|seen| seen.line()).collect();
        format!("{} {lines:#?}", self.world.script(script, json!([])))
    }

    /// Loads the contender's page anew.
    fn load(&mut self) {
        let Contender { script, how, way, .. } = self.contender;
        let path = format!("/e2e/page.html?contender={script}{how}");
        if *way == Way::Backend {
            self.begin_session(&path);
        } else {
            self.go(&format!("{}{path}", self.world.server.app));
        }
        self.ready();
        if *way != Way::Window {
            self.world.authenticator.arm(&self.world.browser);
            self.world.script("clock.watchPasskeys()", json!([]));
        } else if self.world.browser.engine == Engine::Webkit {
            self.world.script("clock.reserves = true", json!([]));
        }
        self.settle("open", &[]);
    }

    fn go(&self, url: &str) {
        self.world.browser.session.go(url).expect("the page loads");
    }

    /// Waits until the page's scripts have run.
    fn ready(&self) {
        let ready = "return window.page?.ready === true";
        until_true("the page is ready", || {
            self.world.browser.session.execute(ready, json!([])).is_ok_and(|ready| ready == true)
        });
    }

    /// Has the page do something, and waits until it is done.
    fn settle(&self, what: &str, with: &[&str]) {
        self.world.script("page.start(arguments[0], ...arguments[1])", json!([what, with]));
        let outcome = until(&format!("{what} ends"), || {
            let outcome = self.world.script("return page.done ?? null", json!([]));
            (!outcome.is_null()).then_some(outcome)
        });
        assert_eq!(outcome, true, "{what}");
    }

    /// Has every answer wait, and connections as long as the contender's take; a user takes time at the provider
    /// as anywhere.
    fn delay(&self, delay: Option<u64>) {
        let handshake = delay.unwrap_or_default() * self.contender.handshake;
        let delays = match delay {
            Some(delay) => json!({ "*": delay, "/auth": HUMAN + delay }),
            None => json!({}),
        };
        self.world.server.change(&json!({ "delays": delays, "handshake": handshake }));
    }

    /// Where the app sends the user to sign in, or to prove more.
    fn authorization(&self, more: &str) -> String {
        let Server { app, issuer, .. } = &self.world.server;
        format!(
            "{issuer}/auth?client_id=bank-spa&response_type=code&redirect_uri={app}/stepup/callback.html\
             &scope=openid%20accounts:read&state=stage&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
        )
    }

    /// Signs alice in with her password; the page keeps the session's tokens.
    fn sign_in(&mut self) {
        self.world.server.forget();
        self.go(&self.authorization(""));
        Provider(&self.world).password("alice");
        let code = self.back();
        self.go(&format!("{}/e2e/page.html", self.world.server.app));
        self.ready();
        self.settle("signIn", &[&code, VERIFIER]);
    }

    /// Alice uses her passkey at the provider, which will know for a minute.
    fn prove(&mut self) {
        self.world.server.forget();
        self.go(&self.authorization("&prompt=login&acr_values=AL3"));
        Provider(&self.world).passkey();
        self.back();
        self.proved = Some(Instant::now());
    }

    /// Waits until the user is back from the provider.
    fn back(&self) -> String {
        until("the user is back", || {
            let seen = self.world.server.requests("app", "GET", "/stepup/callback.html");
            seen.first()?.parameter("code")
        })
    }

    /// Ends the backend's session and begins another one, which has proved a password.
    fn begin_session(&mut self, path: &str) {
        if self.signed_in {
            self.settle("signOut", &[]);
        }
        let Server { app, .. } = &self.world.server;
        let back = path.replace('?', "%3F").replace('&', "%26");
        self.go(&format!("{app}/bff/login?return_to={back}"));
        if !std::mem::replace(&mut self.signed_in, true) {
            Provider(&self.world).password("alice");
        }
    }
}
