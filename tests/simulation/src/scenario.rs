//! What a seed decides before anything happens: how the app is set up, and what kind of world it meets.

use serde_json::{Value, json};
use stepup::protocol::config::{Arrangement, Config};
use stepup::protocol::method::Method;

use crate::api::Policy;
use crate::mint::LEVELS;
use crate::random::Random;

/// Where the app's first API is, which is no resource of its own.
pub const API: &str = "https://api.example";
/// Where the second one is, which is.
pub const FILES: &str = "https://files.example/v1";
/// An origin that the app does not list.
pub const ELSEWHERE: &str = "https://api.example.evil.test";
pub const ISSUER: &str = "https://login.example";

/// What the app's `session()` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    IdToken,
    Sub,
    Nothing,
}

/// Which dialog the app has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    BuiltIn,
    Own,
    None,
    /// The page is framed by another origin.
    Refused,
}

/// Whether the browser lets windows open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popups {
    WithGesture,
    Never,
}

/// How much of everything goes wrong, in percent of the occasions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// The user does not do what is asked of them.
    pub user: u64,
    /// The provider lies, refuses or answers lower.
    pub provider: u64,
    /// Requests and answers are lost.
    pub network: u64,
    /// They are slow.
    pub slowness: u64,
    /// The storage refuses, forgets or takes long.
    pub store: u64,
    /// How often somebody meddles with the tabs.
    pub mischief: u64,
}

/// One world.
#[derive(Debug)]
pub struct Scenario {
    pub config: Config,
    pub tells: Tells,
    pub scope_told: bool,
    pub gate: Gate,
    pub popups: Popups,
    /// The provider's opener policy cuts the window off.
    pub severs: bool,
    pub bfcache: bool,
    /// The browser has Web Locks.
    pub locks: bool,
    /// The redirect URI is a page of the app itself.
    pub callback_is_app: bool,
    /// There is no `sessionStorage`.
    pub no_session_storage: bool,
    /// The app's `detect()` takes its time.
    pub slow_detect: bool,
    /// How many of a hundred requests match a rule.
    pub rules: u64,
    /// How `resume()` is to send.
    pub replay: Replay,
    pub policies: Vec<Policy>,
    pub tabs: u64,
    pub acts: u64,
    pub trouble: Trouble,
    /// How long an access token lives, in seconds.
    pub lifetime: u64,
    /// The provider's clock, in seconds from ours.
    pub skew: i64,
    /// A tab dies when so many things have happened.
    pub death_at: Option<u64>,
}

/// What `resume()` does with what was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    All,
    Safe,
    Ask,
}

impl Scenario {
    pub fn draw(random: &mut Random) -> Self {
        let trouble = trouble(random);
        let config = config(random);
        let methods = &config.methods;
        let leaves = methods.contains(&Method::Redirect);
        let policies = (0..random.between(2, 4)).map(|_| Policy::draw(random)).collect();
        let rough = trouble.mischief > 0;
        Self {
            tells: random.weighted(&[(5, Tells::IdToken), (3, Tells::Sub), (1, Tells::Nothing)]),
            scope_told: random.chance(70),
            gate: random.weighted(&[
                (8, Gate::BuiltIn),
                (2, Gate::Own),
                (1, Gate::None),
                (1, Gate::Refused),
            ]),
            popups: random.weighted(&[(9, Popups::WithGesture), (1, Popups::Never)]),
            severs: random.chance(15),
            bfcache: random.chance(60),
            locks: random.chance(90),
            callback_is_app: leaves && random.chance(25),
            no_session_storage: leaves && trouble.store > 0 && random.chance(5),
            slow_detect: random.chance(20),
            rules: random.weighted(&[(2, 0), (2, 40), (1, 10)]),
            replay: random.weighted(&[(6, Replay::All), (1, Replay::Safe), (1, Replay::Ask)]),
            policies,
            tabs: random.weighted(&[(4, 1), (3, 2), (2, 3)]),
            acts: random.between(2, 9),
            lifetime: random.weighted(&[(2, 300), (1, 60), (1, 10)]),
            skew: random.between(0, 80) as i64 - 40,
            death_at: Some(random.between(1, 250)).filter(|_| rough && random.chance(60)),
            trouble,
            config,
        }
    }

    /// Whether an answer must have been checked before its token is used.
    pub fn is_checked(&self) -> bool {
        self.config.arrangement == Arrangement::OpenIdConnect
            && (self.config.require_verified || self.tells != Tells::Nothing)
    }

    pub fn is_backend(&self) -> bool {
        self.config.arrangement == Arrangement::Backend
    }

    pub fn is_own(&self) -> bool {
        matches!(self.config.arrangement, Arrangement::Own | Arrangement::OwnInWindow)
    }
}

/// A quiet world, or one in which some things go wrong, or all.
fn trouble(random: &mut Random) -> Trouble {
    let mut some = |most: u64| if random.chance(45) { random.between(1, most) } else { 0 };
    let drawn = Trouble {
        user: some(60),
        provider: some(50),
        network: some(25),
        slowness: some(40),
        store: some(40),
        mischief: some(100),
    };
    match random.chance(20) {
        true => Trouble::default(),
        false => drawn,
    }
}

/// The app's options, in the form in which the loader hands them over.
fn config(random: &mut Random) -> Config {
    let endpoints = json!({
        "kind": "endpoints", "options": "https://login.example/passkey/options",
        "token": "https://login.example/passkey/token", "grantType": null, "nonce": true,
    });
    let carried = json!({
        "kind": "endpoints", "options": null,
        "token": "https://login.example/passkey/token", "grantType": null, "nonce": true,
    });
    let backend = json!({
        "kind": "backend", "options": "https://app.example/bff/options",
        "verify": "https://app.example/bff/verify",
    });
    let first_party = json!({ "kind": "firstParty" });
    // The arrangement, the methods, and the passkey server.
    type Kind = (&'static str, &'static str, Option<Value>);
    let kinds: [(u64, Kind); 14] = [
        (5, ("openIdConnect", "popup", None)),
        (6, ("openIdConnect", "redirect", None)),
        (4, ("openIdConnect", "popup redirect", None)),
        (4, ("openIdConnect", "passkey popup", Some(endpoints.clone()))),
        (3, ("openIdConnect", "passkey redirect", Some(endpoints.clone()))),
        (1, ("openIdConnect", "passkey", Some(endpoints))),
        (2, ("openIdConnect", "passkey popup", Some(carried.clone()))),
        (2, ("openIdConnect", "passkey redirect", Some(carried))),
        (2, ("openIdConnect", "passkey popup", Some(first_party))),
        (3, ("backend", "passkey popup", Some(backend.clone()))),
        (2, ("backend", "redirect passkey", Some(backend))),
        (1, ("backend", "popup", None)),
        (2, ("own", "", None)),
        (2, ("ownInWindow", "popup", None)),
    ];
    let (arrangement, methods, server) = random.weighted(&kinds);
    let own = arrangement.starts_with("own");
    let backend = arrangement == "backend";
    let oidc = !own && !backend;
    let carries = server.as_ref().is_some_and(|server| server["options"].is_null());
    let passkey = server.map(|server| {
        let reaches = random.weighted(&[(3, None), (1, Some(json!(["AL2", "AL3"])))]);
        json!({ "server": server, "acrValues": reaches })
    });
    let provider = json!({
        "issuer": ISSUER, "clientId": "spa", "redirectUri": "https://app.example/callback.html",
    });
    // The app's order of levels, if it has one.
    let ordered = random.chance(25);
    let holds = random.weighted(&[(2, None), (1, Some(60))]);
    let level = |name: &&str| {
        let max_age = holds.filter(|_| *name == "AL3");
        json!({
            "name": name, "acr": [name], "amr": [], "maxAge": max_age,
            "phishingResistant": false,
        })
    };
    let levels: Vec<Value> = LEVELS.iter().filter(|_| ordered).map(level).collect();
    let config = json!({
        "apis": [
            {
                "origin": API, "pathPrefix": null, "resource": null, "passkeyServer": carries,
                "tokenUse": if oidc && random.chance(8) { Some("once") } else { None },
            },
            {
                "origin": "https://files.example", "pathPrefix": "/v1", "resource": FILES,
                "passkeyServer": false,
                "tokenUse": if oidc && random.chance(12) { Some("once") } else { None },
            },
        ],
        "renew": oidc && random.chance(30),
        "remember": random.chance(20),
        "par": oidc && random.chance(25),
        "provider": Some(provider).filter(|_| !backend && (!own || random.chance(50))),
        "arrangement": arrangement,
        "methods": methods.split_whitespace().collect::<Vec<_>>(),
        "passkey": passkey,
        "passkeys": random.weighted(&[(8, "usable"), (1, if methods == "passkey" { "usable" } else { "absent" })]),
        "backend": backend.then(|| json!({
            "login": "https://app.example/bff/login", "returnTo": "/callback.html",
        })),
        "levels": levels,
        "scope": ["openid"],
        "acrRequest": random.weighted(&[(3, "acr_values"), (1, "claims")]),
        "adoptFirstSubject": random.chance(20),
        "requireVerified": !backend && !own && random.chance(80),
        "maxRounds": random.weighted(&[(1, 1), (4, 2), (1, 3)]),
        "promptTimeout": random.weighted(&[(1, 30), (2, 120), (1, 300)]),
        "turnTimeout": random.weighted(&[(1, 3), (2, 10), (3, 30)]),
        "pendingTtl": random.weighted(&[(1, 20), (2, 120), (1, 300)]),
    });
    stepup::protocol::json::read(&config.to_string())
        .expect("these are options that the core reads")
}
