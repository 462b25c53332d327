//! A page to which inputs come: its options, and what it is told besides.

use serde_json::{Value, json};
use stepup::protocol::config::Config;
use stepup::protocol::coordinator::{Call, Coordinator, Effect, Event};
use stepup::protocol::flow::{FlowEffect, FlowEvent, FlowId, Target};
use stepup::protocol::json::read;
use stepup::protocol::metadata::Metadata;
use stepup::protocol::secret::Secret;
use stepup::protocol::transaction::Secrets;
use stepup::protocol::units::EpochMillis;

pub const NOW: EpochMillis = EpochMillis(1_800_000_000_000);
pub const API: &str = "https://api.example";

/// The options of an app with a provider, with some of them replaced.
pub fn config(changes: &[(&str, Value)]) -> Config {
    let mut options = json!({
        "apis": [{ "origin": API, "passkeyServer": true }, { "origin": "https://other.example" }],
        "provider": {
            "issuer": "https://login.example",
            "clientId": "spa",
            "redirectUri": "https://app.example/callback.html",
        },
        "arrangement": "openIdConnect",
        "methods": ["redirect"],
        "scope": ["openid"],
        "adoptFirstSubject": true,
        "requireVerified": true,
        "maxRounds": 2,
        "promptTimeout": 300,
        "turnTimeout": 30,
        "pendingTtl": 300,
    });
    for (name, value) in changes {
        options[name] = value.clone();
    }
    read(&options.to_string()).expect("these options are complete")
}

/// The options of an app whose backend keeps the tokens, with some of them replaced.
pub fn with_backend(changes: &[(&str, Value)]) -> Config {
    let mut all = vec![
        ("provider", Value::Null),
        ("arrangement", json!("backend")),
        ("backend", json!({ "login": "https://app.example/login", "returnTo": "/callback.html" })),
        ("requireVerified", json!(false)),
    ];
    all.extend_from_slice(changes);
    config(&all)
}

pub struct Page {
    pub core: Coordinator,
    /// All that was to be done so far.
    pub effects: Vec<Effect>,
}

impl Page {
    pub fn new(config: Config) -> Self {
        let core = Coordinator::new(config).expect("these options can work");
        Self { core, effects: Vec::new() }
    }

    pub fn on(&mut self, event: Event) {
        self.effects.extend(self.core.on(event, NOW));
    }

    /// Something happens to the first step-up.
    pub fn flow(&mut self, event: FlowEvent) {
        self.on(Event::Flow(FlowId(1), event));
    }

    /// Everything a step-up gathers before it asks: nobody is signed in, and the user has just clicked.
    pub fn gathers(&mut self) {
        self.flow(FlowEvent::SessionRead(Ok(<_>::default())));
        self.flow(FlowEvent::TurnTaken);
        self.flow(FlowEvent::MetadataRead(Ok(metadata())));
        let (state, nonce) = ("s1".into(), "n1".into());
        let secrets = Secrets { state, nonce, verifier: Secret::new("v1"), key: None };
        self.flow(FlowEvent::SecretsDrawn(secrets, [0; 32]));
        self.flow(FlowEvent::GestureRead(true));
    }

    /// The options that the authenticator was asked with.
    pub fn asserted(&self) -> Vec<&str> {
        let asked = self.effects.iter().filter_map(|effect| match effect {
            Effect::Flow(_, FlowEffect::Assert { options }) => Some(options.as_str()),
            _ => None,
        });
        asked.collect()
    }

    /// Where something was posted to, and what.
    pub fn posted(&self, wanted: Target) -> Vec<(&str, &str)> {
        let posted = self.effects.iter().filter_map(|effect| match effect {
            Effect::Flow(_, FlowEffect::Send { target, post }) if *target == wanted => {
                Some((post.endpoint.as_str(), post.body.expose()))
            }
            _ => None,
        });
        posted.collect()
    }
}

pub fn metadata() -> Metadata {
    let metadata = json!({
        "issuer": "https://login.example",
        "authorization_endpoint": "https://login.example/auth",
        "token_endpoint": "https://login.example/token",
        "jwks_uri": "https://login.example/jwks",
        "authorization_response_iss_parameter_supported": true,
    });
    read(&metadata.to_string()).expect("this metadata is complete")
}

/// A request that was challenged.
pub fn call(url: &str) -> Call {
    let call = json!({ "url": url, "method": "POST", "replayable": true, "sent_at": NOW.0 });
    read(&call.to_string()).expect("this call is complete")
}
