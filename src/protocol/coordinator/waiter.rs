//! One promise that somebody waits for.

use super::asks_first::First;
use super::event::{Call, WaiterId};
use crate::protocol::assertion::Offer;
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowId;
use crate::protocol::held::Serial;
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;

/// Where a waiter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits for its turn.
    Queued,
    /// A step-up is under way for it.
    In(FlowId),
    /// The token that it waits for is being renewed from the one of this number.
    Renewing(Serial),
    /// Its request has been sent again.
    Sent,
}

/// One promise that somebody waits for. It is large, and goes from list to list: so it is boxed.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) id: WaiterId,
    /// The request; none for an `ensure()`.
    pub(super) call: Option<Call>,
    pub(super) need: Requirement,
    pub(super) resource: Option<String>,
    /// Whether its API discards a token after one use.
    pub(super) single_use: bool,
    pub(super) reason: Option<String>,
    /// The methods that the app admits for it; all where it does not say.
    pub(super) methods: Option<Vec<Method>>,
    /// Options for a passkey that came with its challenge.
    pub(super) offer: Option<Offer>,
    pub(super) phase: Phase,
    /// Why it asks first, as long as its request has not left.
    pub(super) first: Option<First>,
    /// The step-up that served it last.
    pub(super) flow: Option<FlowId>,
    /// The held tokens its request has been sent with, in this order.
    pub(super) sent_with: Vec<Serial>,
    /// Whether its own demand spoiled nothing, but that of others did: it is served alone now, or
    /// with those that demand the very same.
    pub(super) alone: bool,
    /// Whether `clear()` came after it had been sent again: its answer counts, but no new demand.
    pub(super) cleared: bool,
    /// Whether a token was renewed for it.
    pub(super) renewed: bool,
    /// What step-ups have already proved for this request.
    pub(super) proved: Vec<Requirement>,
}

impl Waiter {
    /// Somebody who waits for nothing but this requirement yet.
    pub(super) fn new(id: WaiterId, need: Requirement, resource: Option<String>) -> Box<Self> {
        Box::new(Self {
            id,
            call: None,
            need,
            resource,
            single_use: false,
            reason: None,
            methods: None,
            offer: None,
            phase: Phase::Queued,
            first: None,
            flow: None,
            sent_with: Vec::new(),
            alone: false,
            cleared: false,
            renewed: false,
            proved: Vec::new(),
        })
    }

    /// Whether another step-up for the same request makes sense.
    ///
    /// # Errors
    ///
    /// `loop_detected` if the API demands the same or less than was just proved, or has had all the
    /// step-ups there are for one request.
    pub(super) fn may_step_up(&self, need: &Requirement, most: usize) -> Result<(), ErrorCode> {
        let again = self.proved.iter().any(|proved| proved.covers(need));
        if again || self.proved.len() >= most {
            return Err(ErrorCode::LoopDetected);
        }
        Ok(())
    }

    /// Whether its own demand is what a failed step-up could not meet. Where several demands were
    /// asked for together, the ones that would have been met must not fail with the others.
    pub(super) fn is_to_blame(&self, code: ErrorCode, asked: &Requirement) -> bool {
        match code {
            ErrorCode::AssuranceNotMet | ErrorCode::AssuranceUnavailable => {
                self.need.acr_values == asked.acr_values
                    && self.need.phishing_resistant == asked.phishing_resistant
            }
            ErrorCode::AssuranceStale | ErrorCode::AssuranceUnverifiable => {
                self.need.within() == asked.within()
            }
            _ => true,
        }
    }

    /// Whether it is the app itself that wants it, and no API.
    pub(super) fn is_own_wish(&self) -> bool {
        self.call.is_none() || self.first == Some(First::Rule)
    }

    /// Whether what the session proves may be enough: not for a request that was challenged, nor for
    /// one that needs a token of its own.
    pub(super) const fn may_look(&self) -> bool {
        self.call.is_none() || (self.first.is_some() && !self.single_use)
    }

    /// Whether it has a request that can be sent: for the first time, or once more.
    pub(super) fn can_be_sent(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.replayable || self.first.is_some())
    }

    /// Whether whoever signs in is welcome: an `ensure()` that demands nothing is a sign-in.
    pub(super) fn is_sign_in(&self) -> bool {
        self.call.is_none() && self.need.is_empty()
    }
}
