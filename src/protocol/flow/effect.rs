//! What a step-up wants done.

use super::look::SessionProof;
use super::prepared::Prepared;
use super::redirect::Pending;
use super::subject::User;
use crate::protocol::assertion::Post;
use crate::protocol::backend::Told;
use crate::protocol::border::{Export, Foreign, Import, import, member, put, tagged};
use crate::protocol::claims::{Claims, Expectation};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::method::Method;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenSet;
use crate::protocol::units::{EpochMillis, Seconds};

/// What the gate in the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// By which method, or for the click that opens the window.
    Choose,
    /// The user is busy elsewhere: at the browser's own dialog.
    Waiting,
    /// The window may be gone: continue there, open it again, or cancel.
    Lost,
    /// What failed: the same again, another way, or cancel.
    Failed(ErrorCode),
    /// A server is at work.
    Busy,
    /// Another tab asks the user: wait, or, when that has taken long, go on here.
    Elsewhere {
        /// Whether it has taken long.
        overdue: bool,
    },
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The provider's metadata.
    Metadata,
    /// The provider's keys.
    Jwks,
    /// The token endpoint.
    Token,
    /// Options for a passkey.
    PasskeyOptions,
    /// A passkey's answer, which becomes a token or raises the session.
    PasskeyToken,
    /// The authorization challenge endpoint.
    AuthorizationChallenge,
    /// The endpoint for authorization requests that the provider keeps.
    PushedAuthorization,
}

/// What a step-up has obtained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obtained {
    /// Tokens.
    Tokens(TokenSet),
    /// The session that a cookie stands for is raised.
    Session {
        /// What the backend tells about it.
        told: Told,
        /// What it was asked for.
        scope: Scope,
    },
}

impl Import for Obtained {
    fn blank() -> Self {
        Self::Session { told: Told::blank(), scope: Scope::blank() }
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        if let Self::Session { told, scope } = self {
            let session = from.get("Session");
            if member(&session, "told", told) & member(&session, "scope", scope) {
                return true;
            }
        }
        put(self, import(&from.get("Tokens")).map(Self::Tokens))
    }
}

impl Export for Obtained {
    fn export<F: Foreign>(&self) -> F {
        match self {
            Self::Tokens(tokens) => tagged("Tokens", tokens),
            Self::Session { told, scope } => {
                let (mut object, mut session) = (F::object(), F::object());
                session.set("told", told.export());
                session.set("scope", scope.export());
                object.set("Session", session);
                object
            }
        }
    }
}

/// A step-up that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// What was obtained.
    pub obtained: Obtained,
    /// What was checked; none where nothing vouches for it.
    pub claims: Option<Claims>,
    /// Who the user is known to be from now on.
    pub user: Option<User>,
    /// When another tab received it, where that has handed it over.
    pub handed_over: Option<EpochMillis>,
}

/// What a step-up wants done.
#[derive(Clone, Debug)]
pub enum FlowEffect {
    /// Call the app's `session()`; answer with `SessionRead`.
    ReadSession,
    /// Fetch the provider's metadata, once per page; answer with `MetadataRead`.
    ReadMetadata,
    /// Fetch the keys at this address while there is time, with what checks ID tokens. No answer is
    /// awaited.
    ReadKeys {
        /// Where they are.
        jwks_uri: String,
    },
    /// Options for a passkey are here, ahead of the step-up that will use them. It is over.
    Prepared(Box<Prepared>),
    /// Ask for the turn of this tab: of all tabs one asks the user at a time. Answer with `TurnTaken`; if
    /// another has it, first with `TurnAwaited`, and after this time with `TurnOverdue`. What that one
    /// hands over meanwhile comes as `HandedOver`, before the turn does.
    TakeTurn {
        /// How long to wait before the user may go on here.
        patience: Seconds,
    },
    /// Take the turn from the tab that has it; answer with `TurnTaken`.
    ForceTurn,
    /// Draw random bytes, digest the verifier and, where tokens are bound to one, find the key; answer
    /// with `SecretsDrawn`.
    DrawSecrets,
    /// Open an empty window now, in this very call; answer `WindowOpened` or `WindowBlocked`.
    OpenWindow,
    /// Show the gate, or change what it shows; it answers with `Chosen` or `GateRefused`.
    ShowGate {
        /// What is asked.
        question: Question,
        /// What is possible here, in the app's order.
        methods: Vec<Method>,
    },
    /// Take the gate away.
    HideGate,
    /// Look whether the user's last gesture still counts; answer with `GestureRead`.
    CheckGesture,
    /// Look whether the page may be left at once: the last gesture still counts, and the user is not
    /// writing; answer with `GestureRead`.
    CheckLeave,
    /// Ask the authenticator with these options; answer with `Asserted`.
    Assert {
        /// A `PublicKeyCredentialRequestOptionsJSON`, as its JSON text.
        options: String,
    },
    /// End the ceremony: another way was chosen.
    EndCeremony,
    /// Navigate the window, and listen for the callback of this state; answer with `Responded`,
    /// and with `WindowLost` when the window reads as closed.
    GoTo {
        /// The authorization request, with its nonce and perhaps an ID token.
        url: Secret,
        /// The state its callback will carry.
        state: String,
    },
    /// Let the app's requests that are on the wire be answered: they would be lost with the page, and
    /// may be challenged too. Answer with `Quiet`.
    AwaitQuiet,
    /// Save this, with the requests that wait; answer with `Saved`.
    Save(Box<Pending>),
    /// Leave the page for where the user is asked.
    Leave {
        /// The authorization request, or the backend's login page.
        url: Secret,
        /// The state its callback will carry.
        state: String,
    },
    /// Bring the window to the front, if it can be reached.
    FocusWindow,
    /// The response is here: stop listening, and let the window close.
    CloseWindow,
    /// POST something; answer with `OptionsRead`, `ChallengeAnswered`, `BackendAnswered`, `Pushed` or
    /// `TokenAnswered`, as the target is.
    Send {
        /// What it is for.
        target: Target,
        /// Where it goes, and what.
        post: Post,
    },
    /// Check an ID token; answer `SessionVerified` or `AnswerVerified`, as its source is.
    Verify {
        /// The token.
        id_token: Secret,
        /// What it must match.
        expectation: Expectation,
        /// Where the keys are.
        jwks_uri: String,
        /// Whether keys fetched earlier will not do.
        fresh_keys: bool,
    },
    /// Call the app's `authenticate`; answer with `OwnAnswered`.
    Authenticate {
        /// What is asked for.
        requirement: Requirement,
        /// All scopes that are asked for.
        scope: Scope,
        /// The app's reason.
        reason: Option<String>,
    },
    /// Remember what the session's own ID token proves.
    Proved(Box<SessionProof>),
    /// The session has been looked at: who is content with what it proves waits no longer.
    Looked,
    /// Start the clock for the prompt; answer with `DeadlinePassed`.
    StartDeadline(Seconds),
    /// It is over. Everything that was started for this step-up is to be ended.
    Done(Result<Box<Success>, Error>),
}
