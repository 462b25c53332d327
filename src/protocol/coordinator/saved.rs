//! Requests that outlive the page: what is saved with a step-up that leaves it, and how they are taken
//! up again.

use super::asks_first::First;
use super::effect::Effect;
use super::event::{Call, WaiterId};
use super::machine::Coordinator;
use super::outcome::{may_receive_tokens, reject};
use super::renew::give_back;
use super::waiter::{Phase, Waiter};
use crate::protocol::border::record;
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::{Context, Flow, FlowId, Pending};
use crate::protocol::requirement::Requirement;
use crate::protocol::secret::Secret;
use crate::protocol::units::EpochMillis;

/// A step-up and the requests that wait for it, as they are saved. Bodies and headers are not the
/// core's: they are kept beside it, in the same order.
#[derive(Clone, Debug)]
pub struct Saved {
    pub(super) step_up: Pending,
    pub(super) waiting: Vec<Waiting>,
}

record!(Saved { step_up: "step_up", waiting: "waiting" });

/// A request that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) call: Call,
    need: Requirement,
    /// What step-ups have already proved for it: a loop is one across pages as well.
    proved: Vec<Requirement>,
    /// Whether it has been sent again with a renewed token, which is done once.
    renewed: bool,
    /// Why it asks first, if it has not left yet.
    pub(super) first: Option<First>,
}

record!(Waiting {
    call: "call",
    need: "need",
    proved: "proved",
    renewed: "renewed" or Default::default(),
    first: "first"
});

impl Saved {
    /// The state that its response will carry, by which it is found again.
    #[must_use]
    pub fn state(&self) -> &str {
        self.step_up.state()
    }

    /// When it is too late to go on.
    #[must_use]
    pub const fn until(&self) -> EpochMillis {
        self.step_up.until
    }
}

/// Somebody who is back and waits for the step-up under way to end.
#[derive(Debug)]
pub(super) struct Arrival {
    waiter: WaiterId,
    step_up: Pending,
    query: Secret,
}

impl Coordinator {
    /// Saves all that waits, not only what this step-up serves: the whole page is left. What cannot
    /// be sent a second time cannot be saved either.
    pub(super) fn save(
        &mut self,
        flow: FlowId,
        step_up: Pending,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let (mut waiting, mut waiters) = (Vec::new(), Vec::new());
        let mut left = Vec::new();
        for waiter in core::mem::take(&mut self.waiters) {
            match &waiter.call {
                Some(call) if waiter.phase != Phase::Sent && !call.replayable => {
                    match waiter.phase {
                        Phase::Renewing(_) => give_back(&waiter, effects),
                        _ => reject(&waiter, ErrorCode::ReplayUnavailable.into(), effects),
                    }
                    continue;
                }
                Some(call) if waiter.phase != Phase::Sent => {
                    let (need, proved) = (waiter.need.clone(), waiter.proved.clone());
                    let (renewed, first) = (waiter.renewed, waiter.first);
                    waiting.push(Waiting { call: call.clone(), need, proved, renewed, first });
                    waiters.push(waiter.id);
                }
                _ => {}
            }
            left.push(waiter);
        }
        self.waiters = left;
        if self.waiters.iter().any(|waiter| waiter.phase == Phase::In(flow)) {
            // Whoever is back sends it: a renewal that comes now must not do so as well.
            for waiter in &mut self.waiters {
                if matches!(waiter.phase, Phase::Renewing(_)) {
                    waiter.phase = Phase::In(flow);
                }
            }
            self.saved.clone_from(&waiters);
            let saved = Box::new(Saved { step_up, waiting });
            effects.push(Effect::Save { flow, saved, waiters });
        } else {
            self.end_flow_nobody_waits_for(effects);
            self.go_on(now, effects);
        }
    }

    /// Whether somebody waits who is not saved with the others.
    pub(super) fn is_unsaved(&self) -> bool {
        self.waiters.iter().any(|waiter| {
            waiter.call.is_some() && waiter.phase != Phase::Sent && !self.saved.contains(&waiter.id)
        })
    }

    /// The user is back. Everybody who waited waits again; those without a number are not to be sent.
    pub(super) fn resumed(
        &mut self,
        waiter: WaiterId,
        saved: Saved,
        query: Secret,
        waiters: Vec<Option<WaiterId>>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Saved { mut step_up, waiting } = saved;
        let levels = self.config.levels.clone();
        step_up.goal.requirement = step_up.goal.requirement.in_order(&levels);
        let (need, resource) = (step_up.goal.requirement.clone(), step_up.goal.resource.clone());
        let late = now >= step_up.until;
        let single_use = step_up.goal.single_use;
        let mut leader = Waiter::new(waiter, need, resource);
        leader.single_use = single_use;
        let mut all = vec![leader];
        for (Waiting { call, need, proved, renewed, first }, id) in waiting.into_iter().zip(waiters)
        {
            let Some(id) = id else { continue };
            let need = need.in_order(&levels);
            let mut waiter = self.waiter(id, call, need);
            waiter.proved = proved.into_iter().map(|proved| proved.in_order(&levels)).collect();
            (waiter.renewed, waiter.first) = (renewed, first);
            all.push(waiter);
        }
        for waiter in all {
            let allowed =
                waiter.call.as_ref().is_none_or(|call| may_receive_tokens(&self.config, call));
            match (late, allowed) {
                (true, _) => reject(&waiter, ErrorCode::PendingExpired.into(), effects),
                (_, false) => reject(&waiter, ErrorCode::OriginNotAllowed.into(), effects),
                _ => self.waiters.push(waiter),
            }
        }
        if !late {
            self.arrival = Some(Arrival { waiter, step_up, query });
            self.go_on(now, effects);
        }
    }

    /// What is next: somebody who is back, else the first in the queue.
    pub(super) fn go_on(&mut self, now: EpochMillis, effects: &mut Vec<Effect>) {
        if self.flow.is_none()
            && let Some(arrival) = self.arrival.take()
        {
            self.arrive(arrival, now, effects);
        }
        self.start_next(None, now, effects);
    }

    fn arrive(&mut self, arrival: Arrival, now: EpochMillis, effects: &mut Vec<Effect>) {
        let Arrival { waiter, step_up, query } = arrival;
        // They may have given up meanwhile.
        let Some(at) = self.waiters.iter().position(|it| it.id == waiter) else { return };
        let id = FlowId(self.last_flow.wrapping_add(1));
        self.last_flow = id.0;
        let goal = step_up.goal.clone();
        if let Some(waiter) = self.waiters.get_mut(at) {
            waiter.phase = Phase::In(id);
            waiter.flow = Some(id);
        }
        for waiter in &mut self.waiters {
            if waiter.phase == Phase::Queued
                && (&waiter.resource, waiter.single_use) == (&goal.resource, goal.single_use)
                && goal.requirement.covers(&waiter.need)
            {
                waiter.phase = Phase::In(id);
                waiter.flow = Some(id);
            }
        }
        let mut context = Context {
            config: &self.config,
            user: self.user.as_ref(),
            proof: self.proof.as_ref(),
            keys_refetched: &mut self.keys_refetched,
            now,
        };
        let (flow, wanted) = Flow::resume(id, step_up, query.expose(), &mut context);
        self.flow = Some(flow);
        self.take_effects(id, wanted, false, now, effects);
    }

    /// The page came back from the browser's cache. What the user went away for is not awaited any
    /// more; what is on the wire, its answer tells.
    pub(super) fn interrupted(&mut self, effects: &mut Vec<Effect>) {
        self.arrival = None;
        self.leader = None;
        if let Some(flow) = self.flow.take() {
            effects.push(Effect::EndFlow(flow.id()));
        }
        for waiter in core::mem::take(&mut self.waiters) {
            match waiter.phase {
                Phase::Sent | Phase::Renewing(_) => self.waiters.push(waiter),
                _ => reject(&waiter, ErrorCode::Interrupted.into(), effects),
            }
        }
    }
}
