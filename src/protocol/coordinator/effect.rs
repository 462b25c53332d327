//! What the coordinator wants done.

use super::assured::Assurance;
use super::event::WaiterId;
use super::renew::RenewalEffect;
use super::saved::Saved;
use crate::protocol::dpop::Thumbprint;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{FlowEffect, FlowId};
use crate::protocol::handover::HandOver;
use crate::protocol::held::{Held, Serial};
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;
use crate::protocol::secret::Secret;
use crate::protocol::units::EpochMillis;

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
    /// Whether it can be renewed. Then it is sent although it has expired, since only the API's word
    /// that it is invalid leads to its renewal.
    pub renewable: bool,
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
            renewable: false,
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
    /// Hand this to the tabs that wait for this step-up to end, if there are any.
    HandOver {
        /// The step-up.
        flow: FlowId,
        /// What it has obtained.
        result: Box<HandOver>,
    },
    /// Tell the other tabs that what they hold is not to be used any more.
    ClearOthers {
        /// Who is signed in from now on, where that is known.
        sub: Option<String>,
    },
    /// Give the caller the answer that there was.
    GiveBack {
        /// Who waits.
        waiter: WaiterId,
    },
    /// Something for the renewal of a token.
    Renewal(Serial, RenewalEffect),
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
