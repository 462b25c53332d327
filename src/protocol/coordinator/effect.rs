//! What the coordinator wants done.

use super::event::WaiterId;
use super::saved::Saved;
use crate::protocol::dpop::Thumbprint;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{FlowEffect, FlowId};
use crate::protocol::held::{Held, Serial};
use crate::protocol::method::Method;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::units::{EpochMillis, EpochSeconds};
use serde::Serialize;

/// What is proved, as the app gets to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assurance {
    /// The authentication context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The authentication methods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// When the user authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<EpochSeconds>,
    /// What the token was granted.
    pub scope: Scope,
    /// Whether a checked ID token stands behind it.
    pub verified: bool,
    /// When the token expires.
    pub until: EpochMillis,
}

impl From<&Held> for Assurance {
    fn from(held: &Held) -> Self {
        let claims = held.claims.as_ref();
        let told = held.told.as_ref();
        let acr = claims.and_then(|claims| {
            // Of several, the one that was asked for says most.
            let asked = |acr: &&String| held.obtained_for.acr_values.contains(acr);
            claims.acr.iter().find(asked).or_else(|| claims.acr.first()).cloned()
        });
        let amr = claims.map(|claims| claims.amr.clone()).filter(|amr| !amr.is_empty());
        let auth_time = claims
            .and_then(|claims| claims.auth_time)
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(EpochSeconds);
        Self {
            acr: acr.or_else(|| told.and_then(|told| told.acr.clone())),
            amr: amr.or_else(|| told.and_then(|told| told.amr.clone())),
            auth_time: auth_time.or_else(|| told.and_then(|told| told.auth_time)),
            scope: held.scope.clone(),
            verified: claims.is_some(),
            until: held.until,
        }
    }
}

/// The token that requests to one API carry from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub serial: Serial,
    /// The access token.
    pub access_token: Secret,
    /// The key whose possession each request proves; none for a Bearer token.
    pub key: Option<Thumbprint>,
    /// When it expires.
    pub until: EpochMillis,
    /// Whether it is for one request only.
    pub once: bool,
}

impl Published {
    /// A token for one request.
    #[must_use]
    pub fn once(held: &Held) -> Option<Self> {
        Some(Self {
            serial: held.serial,
            access_token: held.access_token.clone()?,
            key: held.key.clone(),
            until: held.until,
            once: true,
        })
    }
}

/// What the app's listeners are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A request was challenged.
    Challenge {
        /// The step-up that will serve it; none where it queues or needs none.
        flow: Option<FlowId>,
        /// The request.
        waiter: WaiterId,
        /// The app's own mark.
        tag: Option<String>,
        /// The request's method.
        method: String,
        /// The request's URL without its query.
        url: String,
        /// The answer's status.
        status: u16,
        /// What is demanded.
        requirement: Requirement,
    },
    /// The user is asked.
    Prompt {
        /// The step-up.
        flow: FlowId,
        /// How; none where the app's own `authenticate` asks.
        method: Option<Method>,
        /// Whether the gate asks for a click first.
        button: bool,
        /// The app's reason.
        reason: Option<String>,
    },
    /// A step-up succeeded.
    Authenticated {
        /// The step-up.
        flow: FlowId,
        /// What is proved.
        assurance: Assurance,
    },
    /// A request leaves again.
    Retry {
        /// The step-up that served it; none where a held token did.
        flow: Option<FlowId>,
        /// The request.
        waiter: WaiterId,
        /// The app's own mark.
        tag: Option<String>,
        /// The request's method.
        method: String,
        /// The request's URL without its query.
        url: String,
    },
    /// A request or an `ensure()` has its outcome.
    Settled {
        /// The step-up that served it last.
        flow: Option<FlowId>,
        /// The request.
        waiter: WaiterId,
        /// The app's own mark.
        tag: Option<String>,
        /// The outcome.
        outcome: Outcome,
    },
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a response of this status; none for a network error.
    Response(Option<u16>),
    /// With an assurance.
    Assurance,
    /// With an error.
    Error(ErrorCode),
    /// By the caller's own abort.
    Aborted,
}

/// What the coordinator wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Something for a step-up.
    Flow(FlowId, FlowEffect),
    /// The window that came with an `ensure()` serves this step-up.
    AdoptWindow {
        /// Whose window it is.
        waiter: WaiterId,
        /// The step-up that it serves.
        flow: FlowId,
    },
    /// The window that came with an `ensure()` is not needed.
    DropWindow {
        /// Whose window it is.
        waiter: WaiterId,
    },
    /// Nobody waits for this step-up any more: end all that was started for it.
    EndFlow(FlowId),
    /// Send the request again with this token; answer `ChallengedAgain` or `Answered`.
    Retry {
        /// Whose request it is.
        waiter: WaiterId,
        /// The step-up that served it last.
        flow: Option<FlowId>,
        /// The access token; none where a cookie carries the session.
        access_token: Option<Secret>,
        /// The key whose possession the request proves; none for a Bearer token.
        key: Option<Thumbprint>,
    },
    /// Save this with the requests of these waiters, in this order; answer the step-up with `Saved`.
    Save {
        /// The step-up.
        flow: FlowId,
        /// What the core needs to go on.
        saved: Box<Saved>,
        /// Whose requests go with it.
        waiters: Vec<WaiterId>,
    },
    /// Resolve an `ensure()`.
    Settle {
        /// Who waits.
        waiter: WaiterId,
        /// What is proved.
        assurance: Assurance,
    },
    /// Reject the promise, with the original response where there is one.
    Reject {
        /// Who waits.
        waiter: WaiterId,
        /// Why.
        error: Error,
    },
    /// The tokens that requests carry from now on, one place for each API.
    Publish(Vec<Option<Published>>),
    /// Tell the app's listeners.
    Notice(Notice),
}
