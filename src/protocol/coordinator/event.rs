//! What can happen to the page as a whole.

use super::renew::RenewalEvent;
use super::saved::Saved;
use crate::protocol::assertion::Offer;
use crate::protocol::border::record;
use crate::protocol::details::Details;
use crate::protocol::flow::{FlowEvent, FlowId};
use crate::protocol::held::Serial;
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;
use crate::protocol::secret::Secret;
use crate::protocol::units::{EpochMillis, Millis};

/// The number of a promise somebody waits for: a challenged request, or an `ensure()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WaiterId(pub u32);

/// A request as far as decisions depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its URL, absolute.
    pub url: String,
    /// Its method.
    pub method: String,
    /// Whether it can be sent a second time.
    pub replayable: bool,
    /// The app's reason.
    pub reason: Option<String>,
    /// The app's own mark.
    pub tag: Option<String>,
    /// The methods that the app admits for it; all where it does not say.
    pub methods: Option<Vec<Method>>,
    /// When it first left.
    pub sent_at: EpochMillis,
    /// The user's last click or key press before that, as far as it is known.
    pub clicked_at: Option<EpochMillis>,
    /// What its token must be good for in particular.
    pub authorization_details: Details,
}

record!(Call {
    url: "url",
    method: "method",
    replayable: "replayable",
    reason: "reason",
    tag: "tag",
    methods: "methods",
    sent_at: "sent_at",
    clicked_at: "clicked_at",
    authorization_details: "authorization_details" or Default::default()
});

impl Call {
    /// What is demanded for it: that of its API, and what the app says that it is about.
    #[must_use]
    pub fn needs(&self, mut demanded: Requirement) -> Requirement {
        if !self.authorization_details.is_empty() {
            demanded.authorization_details = self.authorization_details.clone();
        }
        demanded
    }
}

/// What can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request was answered with a challenge for the first time.
    Challenged {
        /// Who waits for it from now on.
        waiter: WaiterId,
        /// The request.
        call: Call,
        /// The status of the answer.
        status: u16,
        /// What is demanded.
        requirement: Requirement,
        /// The held token it had been sent with.
        sent_with: Option<Serial>,
        /// Options for a passkey that came with the challenge.
        offer: Option<Offer>,
    },
    /// A request that was sent again was challenged again.
    ChallengedAgain {
        /// Who waits for it.
        waiter: WaiterId,
        /// The status of the answer.
        status: u16,
        /// What is demanded now.
        requirement: Requirement,
        /// Options for a passkey that came with the challenge.
        offer: Option<Offer>,
    },
    /// A request that was sent again has an answer that is no challenge, or failed on the way.
    Answered {
        /// Who waited for it.
        waiter: WaiterId,
        /// The status; none for a network error.
        status: Option<u16>,
    },
    /// A request is about to leave, of which rules demand step-up, or which may be like one that was
    /// challenged.
    Demanded {
        /// Who waits for it from now on.
        waiter: WaiterId,
        /// The request.
        call: Call,
        /// What each rule that it matches demands.
        wanted: Vec<Requirement>,
        /// Whether a window was opened inside the click.
        window: bool,
    },
    /// A request that was let go on trial went through.
    WentThrough {
        /// Its method.
        method: String,
        /// Its URL.
        url: String,
    },
    /// Options for a passkey are to be fetched ahead.
    Prepare {
        /// Who waits for it.
        waiter: WaiterId,
        /// What will be demanded.
        requirement: Requirement,
    },
    /// `ensure()` was called.
    Ensured {
        /// Who waits for it.
        waiter: WaiterId,
        /// What is to be ensured.
        requirement: Requirement,
        /// The app's reason.
        reason: Option<String>,
        /// The methods that the app admits for it; all where it does not say.
        methods: Option<Vec<Method>>,
        /// Whether a window was opened inside the click.
        window: bool,
    },
    /// The caller's own signal fired.
    Aborted {
        /// Who does not wait any more.
        waiter: WaiterId,
    },
    /// A request that was to be sent again has not left, and will not: the session has ended.
    Stayed {
        /// Whose request it is.
        waiter: WaiterId,
    },
    /// An API does not take this token any more.
    TokenRefused {
        /// Its number.
        serial: Serial,
    },
    /// A request was answered that the held token which it carried is invalid (RFC 6750 §3.1).
    TokenInvalid {
        /// Who waits for it from now on.
        waiter: WaiterId,
        /// The request.
        call: Call,
        /// The token.
        sent_with: Serial,
    },
    /// The same for one that was sent again.
    TokenInvalidAgain {
        /// Who waits for it.
        waiter: WaiterId,
    },
    /// The token that was published for one request is with that one, or with the app.
    TokenSpent {
        /// Its number.
        serial: Serial,
    },
    /// A published token has expired: is there another?
    TokenExpired,
    /// Something happened to the renewal of a token.
    Renewal(Serial, RenewalEvent),
    /// The clock was set back by so much.
    SetBack(Millis),
    /// `clear()` was called.
    Cleared,
    /// It was called in another tab, or another user has signed in there.
    ClearedElsewhere {
        /// Who is signed in from now on, where that is known.
        sub: Option<String>,
    },
    /// The user is back from a redirect.
    Resumed {
        /// Who waits for what was saved to go on.
        waiter: WaiterId,
        /// What was saved.
        saved: Box<Saved>,
        /// The query of the callback page.
        query: Secret,
        /// Who waits for each of the saved requests that is to be sent, in their order.
        waiters: Vec<Option<WaiterId>>,
    },
    /// The page came back from the browser's cache: what it waited for is over.
    Interrupted,
    /// Something happened to a step-up.
    Flow(FlowId, FlowEvent),
}
