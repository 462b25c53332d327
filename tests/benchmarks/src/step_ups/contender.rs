//! Who is measured.

/// How the user is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a passkey in the page, whose assertion is traded for tokens.
    Passkey,
    /// By a passkey in the page, for a backend that has the tokens.
    Backend,
    /// At the provider, in a window.
    Window,
}

impl Way {
    /// As in the results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Backend => "backend",
            Self::Window => "window",
        }
    }

    /// How much later every answer comes where round trips are to show, in milliseconds. What a window
    /// takes by itself varies by more.
    pub const fn delay(self) -> u64 {
        match self {
            Self::Passkey | Self::Backend => 100,
            Self::Window => 200,
        }
    }
}

/// One way to have the transfer made.
#[derive(Debug)]
pub struct Contender {
    /// As in the results.
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    /// The script that the page loads.
    pub script: &'static str,
    /// What the script is told, as a query.
    pub how: &'static str,
    /// How the user is asked.
    pub way: Way,
    /// Whether the API's challenges carry options for a passkey.
    pub carry: bool,
    /// How many round trips a connection to the provider takes, and none is open before; 0 leaves what is open.
    pub handshake: u64,
    /// Who does the same by hand.
    pub peer: Option<&'static str>,
}

/// All of them; each after who it is compared with most.
pub const CONTENDERS: &[Contender] = &[
    Contender {
        name: "stepup",
        what: "passkey, options from an endpoint, nothing loaded ahead",
        script: "stepup",
        how: "",
        way: Way::Passkey,
        carry: false,
        handshake: 0,
        peer: Some("by hand"),
    },
    Contender {
        name: "stepup, preloaded",
        what: "the same after preload()",
        script: "stepup",
        how: "&preload=1",
        way: Way::Passkey,
        carry: false,
        handshake: 0,
        peer: Some("by hand, discovered ahead"),
    },
    Contender {
        name: "stepup, carried",
        what: "options carried in the challenge, nothing loaded ahead",
        script: "stepup",
        how: "&carried=1",
        way: Way::Passkey,
        carry: true,
        handshake: 0,
        peer: Some("by hand, carried"),
    },
    Contender {
        name: "stepup, carried, preloaded",
        what: "the same after preload()",
        script: "stepup",
        how: "&carried=1&preload=1",
        way: Way::Passkey,
        carry: true,
        handshake: 0,
        peer: Some("by hand, carried"),
    },
    Contender {
        name: "stepup, rule",
        what: "a rule asks before the request leaves, nothing loaded ahead",
        script: "stepup",
        how: "&rule=1",
        way: Way::Passkey,
        carry: false,
        handshake: 0,
        peer: Some("by hand"),
    },
    Contender {
        name: "stepup, rule, prepared",
        what: "a rule, and its options prepared by prepare()",
        script: "stepup",
        how: "&rule=1&prepare=1",
        way: Way::Passkey,
        carry: false,
        handshake: 0,
        peer: Some("by hand, discovered ahead"),
    },
    Contender {
        name: "by hand",
        what: "oauth4webapi and SimpleWebAuthn, metadata read at the first step-up",
        script: "passkey_by_hand",
        how: "",
        way: Way::Passkey,
        carry: false,
        handshake: 0,
        peer: None,
    },
    Contender {
        name: "by hand, discovered ahead",
        what: "the same, metadata read when the page is loaded",
        script: "passkey_by_hand",
        how: "&ahead=1",
        way: Way::Passkey,
        carry: false,
        handshake: 0,
        peer: None,
    },
    Contender {
        name: "by hand, carried",
        what: "the same, options carried in the challenge, metadata read at the first step-up",
        script: "passkey_by_hand",
        how: "&carried=1",
        way: Way::Passkey,
        carry: true,
        handshake: 0,
        peer: None,
    },
    Contender {
        name: "stepup, backend",
        what: "passkey for a backend-for-frontend, nothing loaded ahead",
        script: "stepup",
        how: "&backend=1",
        way: Way::Backend,
        carry: false,
        handshake: 0,
        peer: Some("by hand, backend"),
    },
    Contender {
        name: "stepup, backend, preloaded",
        what: "the same after preload()",
        script: "stepup",
        how: "&backend=1&preload=1",
        way: Way::Backend,
        carry: false,
        handshake: 0,
        peer: Some("by hand, backend"),
    },
    Contender {
        name: "stepup, backend, rule, prepared",
        what: "the same with a rule, and its options prepared by prepare()",
        script: "stepup",
        how: "&backend=1&rule=1&prepare=1",
        way: Way::Backend,
        carry: false,
        handshake: 0,
        peer: Some("by hand, backend"),
    },
    Contender {
        name: "by hand, backend",
        what: "SimpleWebAuthn for a backend-for-frontend",
        script: "backend_by_hand",
        how: "",
        way: Way::Backend,
        carry: false,
        handshake: 0,
        peer: None,
    },
    Contender {
        name: "stepup, window",
        what: "a window, nothing loaded ahead",
        script: "stepup",
        how: "&window=1",
        way: Way::Window,
        carry: false,
        handshake: 0,
        peer: Some("by hand, window"),
    },
    Contender {
        name: "stepup, window, preloaded",
        what: "the same after preload()",
        script: "stepup",
        how: "&window=1&preload=1",
        way: Way::Window,
        carry: false,
        handshake: 0,
        peer: Some("by hand, window, discovered ahead"),
    },
    Contender {
        name: "stepup, window, rule, preloaded",
        what: "the same with a rule: the window opens inside the click",
        script: "stepup",
        how: "&window=1&rule=1&preload=1",
        way: Way::Window,
        carry: false,
        handshake: 0,
        peer: Some("by hand, window, discovered ahead"),
    },
    Contender {
        name: "by hand, window",
        what: "oidc-client-ts, signinPopup(), metadata read at the first step-up",
        script: "window_by_hand",
        how: "",
        way: Way::Window,
        carry: false,
        handshake: 0,
        peer: None,
    },
    Contender {
        name: "by hand, window, discovered ahead",
        what: "the same, metadata read when the page is loaded",
        script: "window_by_hand",
        how: "&ahead=1",
        way: Way::Window,
        carry: false,
        handshake: 0,
        peer: None,
    },
];

/// What the package would cost without something that it does. It is no rival of anybody's.
pub const TRIALS: &[Contender] = &[
    Contender {
        name: "stepup, wasm after the engine",
        what: "passkey, nothing loaded ahead, the wasm sent for when the code around it is there",
        script: "stepup",
        how: "&later=1",
        way: Way::Passkey,
        carry: false,
        handshake: 0,
        peer: Some("stepup"),
    },
    Contender {
        name: "stepup, provider connected ahead",
        what: "passkey, nothing loaded ahead, no connection to the provider open: made with the engine's code",
        script: "stepup",
        how: "",
        way: Way::Passkey,
        carry: false,
        handshake: HANDSHAKE,
        peer: None,
    },
    Contender {
        name: "stepup, provider connected when asked",
        what: "the same, made when the provider is asked",
        script: "stepup",
        how: "&unhinted=1",
        way: Way::Passkey,
        carry: false,
        handshake: HANDSHAKE,
        peer: Some("stepup, provider connected ahead"),
    },
];

/// Round trips before the first request: one for TCP, one for TLS 1.3 (RFC 8446 §2). That for the name in the
/// DNS is not counted.
const HANDSHAKE: u64 = 2;
