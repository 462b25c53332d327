//! How many prompts an API may cause: prompt fatigue is an attack (RFC 9470 §9).

use super::waiter::Waiter;
use crate::protocol::error::ErrorCode;
use crate::protocol::origin;
use crate::protocol::units::{EpochMillis, Millis, Seconds};

/// After the user has said no, no challenge leads to a prompt for so long, unless they click.
const COOL_DOWN: Seconds = Seconds(30);
/// Prompts that one API may cause in a minute without a click.
const MOST: usize = 5;
const MINUTE: Seconds = Seconds(60);
/// How long after a click a request may still be its doing, as browsers count it (HTML §6.4.1).
const GESTURE: Seconds = Seconds(5);

/// What the user has been asked, and how they took it.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When the user last said no.
    refused: Option<EpochMillis>,
    /// When the last prompt began: a click before it has had its prompt.
    prompted: Option<EpochMillis>,
    /// The prompts that were caused without a click, each with the origin that did.
    unasked: Vec<(String, EpochMillis)>,
    /// What the last one changed: the prompt before it, and whether it was caused without a click.
    last: (Option<EpochMillis>, bool),
}

impl Patience {
    /// Whether this one may lead to a prompt. `ensure()` and a rule are the app's own wish; a click is
    /// the user's, and good for one prompt.
    ///
    /// # Errors
    ///
    /// `prompt_suppressed` if not.
    pub(super) fn allows(&self, waiter: &Waiter, now: EpochMillis) -> Result<(), ErrorCode> {
        let Some(origin) = self.unasked_origin(waiter) else { return Ok(()) };
        let cooled = |last: EpochMillis| now.since(last) >= COOL_DOWN.millis();
        let recent =
            self.unasked.iter().filter(|(of, at)| of == origin && now.since(*at) < MINUTE.millis());
        if self.refused.is_none_or(cooled) && recent.count() < MOST {
            return Ok(());
        }
        Err(ErrorCode::PromptSuppressed)
    }

    /// A prompt begins for this one.
    pub(super) fn begins(&mut self, waiter: &Waiter, now: EpochMillis) {
        let unasked = self.unasked_origin(waiter).map(str::to_owned);
        self.unasked.retain(|(_, at)| now.since(*at) < MINUTE.millis());
        self.last = (self.prompted, unasked.is_some());
        if let Some(origin) = unasked {
            self.unasked.push((origin, now));
        }
        self.prompted = Some(now);
    }

    /// The one that began last came to nothing: what another tab obtained was enough.
    pub(super) fn spared(&mut self) {
        let (prompted, unasked) = core::mem::take(&mut self.last);
        self.prompted = prompted;
        if unasked {
            self.unasked.pop();
        }
    }

    /// The user said no. The click that said so, in an app's own gate for one, wishes for nothing.
    pub(super) const fn refused(&mut self, now: EpochMillis) {
        self.refused = Some(now);
        self.prompted = Some(now);
    }

    pub(super) fn set_back(&mut self, by: Millis) {
        let earlier = |at: EpochMillis| at.minus(by);
        self.refused = self.refused.map(earlier);
        self.prompted = self.prompted.map(earlier);
        self.last.0 = self.last.0.map(earlier);
        self.unasked.iter_mut().for_each(|(_, at)| *at = earlier(*at));
    }

    /// Whose prompt it would be, where neither the app nor the user has asked for one.
    fn unasked_origin<'a>(&self, waiter: &'a Waiter) -> Option<&'a str> {
        let call = waiter.call.as_ref().filter(|_| !waiter.is_own_wish())?;
        let clicked = call.clicked_at.is_some_and(|click| {
            call.sent_at.since(click) <= GESTURE.millis()
                && self.prompted.is_none_or(|prompted| click > prompted)
        });
        origin::of(&call.url).filter(|_| !clicked)
    }
}
