//! What a step-up wants done.

use super::subject::User;
use crate::protocol::claims::{Claims, Expectation};
use crate::protocol::error::Error;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenSet;
use crate::protocol::units::Seconds;

/// What the button in the page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// The window could not be opened without a click.
    Open,
    /// The window may be gone: continue there, open it again, or cancel.
    Lost,
}

/// A step-up that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// The tokens.
    pub tokens: TokenSet,
    /// What was checked; none where nothing vouches for the tokens.
    pub claims: Option<Claims>,
    /// Who the user is known to be from now on.
    pub user: Option<User>,
}

/// What a step-up wants done.
#[derive(Clone, Debug)]
pub enum FlowEffect {
    /// Call the app's `session()`; answer with `SessionRead`.
    ReadSession,
    /// Fetch the provider's metadata, once per page; answer with `MetadataRead`.
    ReadMetadata,
    /// Draw random bytes and digest the verifier; answer with `SecretsDrawn`.
    DrawSecrets,
    /// Open an empty window now, in this very call; answer `WindowOpened` or `WindowBlocked`.
    OpenWindow,
    /// Show the button in the page; it answers with `Chosen`.
    ShowButton(Button),
    /// Take the button away.
    HideButton,
    /// Navigate the window, and listen for the callback of this state; answer with `Responded`,
    /// and with `WindowLost` when the window reads as closed.
    GoTo {
        /// The authorization request.
        url: String,
        /// The state its callback will carry.
        state: String,
    },
    /// Bring the window to the front, if it can be reached.
    FocusWindow,
    /// The response is here: stop listening, and let the window close.
    CloseWindow,
    /// POST the form to the token endpoint; answer with `TokenAnswered`.
    Exchange {
        /// The token endpoint.
        endpoint: String,
        /// The form-encoded body.
        body: Secret,
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
    /// Start the clock for the prompt; answer with `DeadlinePassed`.
    StartDeadline(Seconds),
    /// It is over. Everything that was started for this step-up is to be ended.
    Done(Result<Box<Success>, Error>),
}
