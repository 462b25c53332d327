//! APIs that discard a token after one use: every request gets a token of its own, sent once.
//!
//! One answer of the provider is one token, so that one prompt serves one request, and the others
//! wait for their turn. Only a refresh token that comes with it spares them the prompt: what they
//! wait for is proved and checked, and they get further tokens of the very same authentication.
//! It is gone when nobody waits any more. A token that was used up is no answer that has not
//! helped: it counts for no loop.

use super::effect::Effect;
use super::event::WaiterId;
use super::machine::Coordinator;
use super::waiter::Phase;
use crate::protocol::flow::FlowId;
use crate::protocol::held::{Held, Serial};
use crate::protocol::renewal::Refresh;
use crate::protocol::units::EpochMillis;

impl Coordinator {
    /// Gives the one token to the first request that can carry it.
    pub(super) fn serve_one(
        &mut self,
        served: Vec<WaiterId>,
        flow: FlowId,
        held: &Held,
        refresh: Option<Refresh>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let may_carry = |replayable: bool| {
            self.waiters.iter().find(|waiter| {
                served.contains(&waiter.id)
                    && held.scope.contains_all(&waiter.need.scope)
                    && waiter.call.is_some()
                    && (waiter.can_be_sent() || !replayable)
            })
        };
        let first = may_carry(true).or_else(|| may_carry(false)).map(|waiter| waiter.id);
        for id in served {
            let Some(waiter) = self.waiters.iter_mut().find(|waiter| waiter.id == id) else {
                continue;
            };
            let lacks = !held.scope.contains_all(&waiter.need.scope);
            match waiter.call.as_ref().map(|_| waiter.can_be_sent()) {
                Some(replayable) if first != Some(id) && !lacks => {
                    // Its options for a passkey may have been used up.
                    (waiter.flow, waiter.offer) = (Some(flow), None);
                    waiter.phase = match &refresh {
                        Some(_) if replayable => Phase::Renewing(held.serial),
                        _ => Phase::Queued,
                    };
                }
                _ => self.serve(id, Some(flow), held, now, effects),
            }
        }
        if let Some(refresh) = refresh.filter(|_| !self.waiting_for(held.serial).is_empty()) {
            self.renew(held.clone(), refresh, effects);
        }
    }

    /// One more token of the same authentication is here, for the next one whom it satisfies.
    pub(super) fn serve_next(
        &mut self,
        proved: Held,
        refresh: Refresh,
        made: Held,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let serial = proved.serial;
        let held = self.wallet.renew(made);
        for waiter in &mut self.waiters {
            // The user may have authenticated too long ago by now.
            if waiter.phase == Phase::Renewing(serial) && !held.satisfies(&waiter.need, now) {
                waiter.phase = Phase::Queued;
            }
        }
        let mut waiting = self.waiting_for(serial).into_iter();
        if let Some(id) = waiting.next() {
            let flow = self.waiters.iter().find(|it| it.id == id).and_then(|it| it.flow);
            self.serve(id, flow, &held, now, effects);
        }
        if waiting.next().is_some() {
            self.renew(proved, refresh, effects);
        }
        self.go_on(now, effects);
    }

    /// No further tokens come: who waits for one is asked for.
    pub(super) fn queue_renewing(&mut self, serial: Serial) {
        for waiter in &mut self.waiters {
            if waiter.phase == Phase::Renewing(serial) {
                waiter.phase = Phase::Queued;
            }
        }
    }

    /// The app's next request carries this one, or the app itself has it.
    pub(super) fn spent(&mut self, serial: Serial, now: EpochMillis, effects: &mut Vec<Effect>) {
        self.offered = self.offered.filter(|offered| *offered != serial);
        if self.wallet.of(serial).is_some_and(Held::is_used_up) {
            self.wallet.remove(serial);
        }
        effects.push(self.publish(now));
    }
}
