//! What can happen to a step-up.

use crate::protocol::assertion::Offer;
use crate::protocol::backend::Told;
use crate::protocol::border::record;
use crate::protocol::claims::Claims;
use crate::protocol::details::Details;
use crate::protocol::error::Error;
use crate::protocol::first_party::ChallengeAnswer;
use crate::protocol::handover::HandOver;
use crate::protocol::metadata::Metadata;
use crate::protocol::method::Method;
use crate::protocol::pushed::PushAnswer;
use crate::protocol::requirement::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::token::TokenAnswer;
use crate::protocol::transaction::Secrets;
use crate::protocol::units::Seconds;

/// What the app tells about its own sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The ID token, which gives the subject once it has been checked.
    pub id_token: Option<Secret>,
    /// What it says, before it has been checked: only to know whether it can be enough.
    pub said: Option<Claims>,
    /// The subject as the app names it.
    pub sub: Option<String>,
    /// Sent as `login_hint` where there is no ID token.
    pub login_hint: Option<String>,
    /// The scopes of the session's access token, as far as the app tells them.
    pub scope: Scope,
    /// Whether there is a session's access token whose scopes nobody has told.
    pub scope_unknown: bool,
    /// Whether there is a session's access token at all.
    pub signed_in: bool,
}

record!(import Session {
    id_token: "idToken",
    said: "said",
    sub: "sub",
    login_hint: "loginHint",
    scope: "scope" or Default::default(),
    scope_unknown: "scopeUnknown" or Default::default(),
    signed_in: "signedIn" or Default::default()
});

// What it said of the user is not kept.
record!(export Session {
    id_token: "idToken",
    sub: "sub",
    login_hint: "loginHint",
    scope: "scope",
    scope_unknown: "scopeUnknown",
    signed_in: "signedIn"
});

/// What the app's own `authenticate` gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAnswer {
    /// The access token.
    pub access_token: Option<Secret>,
    /// The ID token, if the app hands it over to be checked.
    pub id_token: Option<Secret>,
    /// The lifetime of the access token.
    pub expires_in: Option<Seconds>,
    /// What it was granted; none named means all that was asked for.
    pub scope: Option<Scope>,
    /// Its type; Bearer where none is named.
    pub token_type: Option<String>,
    /// What it was granted in particular; none named means all that was asked for.
    pub authorization_details: Option<Details>,
}

record!(import OwnAnswer {
    access_token: "accessToken",
    id_token: "idToken",
    expires_in: "expiresIn",
    scope: "scope",
    token_type: "tokenType",
    authorization_details: "authorizationDetails"
});

/// What the user chose in the dialog in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By this method.
    Use(Method),
    /// Open the window, for the first time or again.
    Open,
    /// The same once more.
    Retry,
    /// Show the other ways.
    Another,
    /// Go on in the window that is open.
    Continue,
    /// Go on in this tab, although another one asks.
    Here,
    /// Stop.
    Cancel,
}

/// What can happen to a step-up.
#[derive(Clone, Debug)]
pub enum FlowEvent {
    /// The app's session was read.
    SessionRead(Result<Session, Error>),
    /// The provider's metadata was read, and not judged yet.
    MetadataRead(Result<Metadata, Error>),
    /// It is this tab's turn to ask the user.
    TurnTaken,
    /// Another tab asks the user.
    TurnAwaited,
    /// It has done so for long.
    TurnOverdue,
    /// It has handed over its result.
    HandedOver(Box<HandOver>),
    /// The transaction's secrets were drawn; with the SHA-256 digest of the verifier.
    SecretsDrawn(Secrets, [u8; 32]),
    /// The window is open.
    WindowOpened,
    /// The browser did not open one.
    WindowBlocked,
    /// The window reads as closed: it is, or another page's opener policy cut it off.
    WindowLost,
    /// The user chose.
    Chosen(Choice),
    /// The page does not show the dialog that would have asked for a click.
    GateRefused(Error),
    /// Of the app's requests none is on the wire any more, or it has taken too long.
    Quiet,
    /// What must survive a redirect is saved, or cannot be.
    Saved(Result<(), Error>),
    /// The provider keeps the authorization request, or says why not.
    Pushed(Result<PushAnswer, Error>),
    /// A callback page told its query, which may have a code in it.
    Responded(Secret),
    /// Whether the user's last gesture still counts (HTML §6.4.1).
    GestureRead(bool),
    /// The passkey server has offered options, or refused.
    OptionsRead(Result<Offer, Error>),
    /// The authenticator has answered: an `AuthenticationResponseJSON`, as its JSON text.
    Asserted(Result<Secret, Error>),
    /// The authorization challenge endpoint answered.
    ChallengeAnswered(Result<ChallengeAnswer, Error>),
    /// The app's backend took a passkey's answer, or refused it.
    BackendAnswered(Result<Told, Error>),
    /// The token endpoint, or the passkey server, answered.
    TokenAnswered(Result<TokenAnswer, Error>),
    /// The session's ID token was checked.
    SessionVerified(Result<Claims, Error>),
    /// The answer's ID token was checked.
    AnswerVerified(Result<Claims, Error>),
    /// The app's own `authenticate` is through.
    OwnAnswered(Result<OwnAnswer, Error>),
    /// The time for the prompt is over.
    DeadlinePassed,
}
