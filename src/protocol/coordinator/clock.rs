//! What becomes of the points in time that are kept when the clock is set back.

use super::machine::Coordinator;
use crate::protocol::units::{EpochMillis, Millis};

impl Coordinator {
    /// All that has happened lies as far back as before: no token lives longer, and no cool-down either.
    pub(super) fn set_back(&mut self, by: Millis) {
        self.wallet.set_back(by);
        self.patience.set_back(by);
        self.stock.set_back(by);
        self.renewals.iter_mut().for_each(|renewing| renewing.set_back(by));
        let earlier = |at: EpochMillis| at.minus(by);
        self.keys_refetched = self.keys_refetched.map(earlier);
        for call in self.waiters.iter_mut().filter_map(|waiter| waiter.call.as_mut()) {
            call.sent_at = earlier(call.sent_at);
            call.clicked_at = call.clicked_at.map(earlier);
        }
    }
}
