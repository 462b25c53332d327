//! Who is admitted: satisfied by what is held, by what is under way, or next in turn.

use super::asks_first::{First, demand, let_go};
use super::assured::Assurance;
use super::effect::{Effect, Notice, Outcome};
use super::event::WaiterId;
use super::machine::Coordinator;
use super::outcome::{may_receive_tokens, reject, settled};
use super::waiter::{Phase, Waiter};
use crate::protocol::assertion::Offer;
use crate::protocol::config::Config;
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::{Context, Flow, FlowEvent, FlowId, Goal};
use crate::protocol::held::Held;
use crate::protocol::origin;
use crate::protocol::requirement::Requirement;
use crate::protocol::units::EpochMillis;

impl Coordinator {
    /// Options for a passkey, if they come from the server that may offer them.
    pub(super) fn believed(&self, offer: Option<Offer>, url: &str) -> Option<Offer> {
        offer.filter(|_| self.config.api_of(url).is_some_and(|api| api.passkey_server))
    }

    pub(super) fn challenged_again(
        &mut self,
        id: WaiterId,
        status: u16,
        need: Requirement,
        offer: Option<Offer>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(mut waiter) = self.take_sent(id) else { return };
        waiter.offer = waiter.call.as_ref().and_then(|call| self.believed(offer, &call.url));
        let need = match &waiter.call {
            Some(call) => call.needs(need),
            None => need,
        };
        waiter.need = need.in_order(&self.config.levels);
        waiter.phase = Phase::Queued;
        if let Some(call) = &waiter.call {
            self.learns(call, &waiter.need, true);
        }
        if waiter.cleared {
            reject(&waiter, ErrorCode::SessionChanged.into(), effects);
            return;
        }
        self.admit(waiter, Some(status), false, now, effects);
    }

    pub(super) fn ensured(
        &mut self,
        waiter: Box<Waiter>,
        window: bool,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(held) = self.assured(&waiter.need, now) {
            let assurance = Assurance::of(held, &self.config.levels, now);
            if window {
                effects.push(Effect::DropWindow { waiter: waiter.id });
            }
            effects.push(Effect::Settle { waiter: waiter.id, assurance });
            effects.push(settled(&waiter, Outcome::Assurance));
            return;
        }
        self.admit(waiter, None, window, now, effects);
    }

    /// Somebody new waits: is it satisfied by what is held, by what is under way, or next in turn?
    pub(super) fn admit(
        &mut self,
        mut waiter: Box<Waiter>,
        status: Option<u16>,
        window: bool,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let id = waiter.id;
        let at_hand = self.token_at_hand(&waiter, now);
        let refused = match (&waiter.call, &at_hand) {
            (Some(call), _) if !may_receive_tokens(&self.config, call) => {
                Some(ErrorCode::OriginNotAllowed)
            }
            (_, Some(_)) => None,
            (_, None) => waiter
                .may_step_up(&waiter.need, self.config.max_rounds)
                .and_then(|()| below_the_ceiling(&waiter, &self.config))
                .err(),
        };
        let mut refused = refused;
        if at_hand.is_none() && refused.is_none() {
            waiter.phase = self.place(&waiter);
        }
        let starts = at_hand.is_none() && refused.is_none() && self.flow.is_none();
        if starts {
            refused = self.patience.allows(&waiter, now).err();
        }
        let starts = starts && refused.is_none();
        // Not the one that has served it before.
        let serving = match waiter.phase {
            Phase::In(flow) => Some(flow),
            _ => starts.then(|| FlowId(self.last_flow.wrapping_add(1))),
        };
        if serving.is_some() || at_hand.is_some() {
            waiter.flow = serving;
        }
        if let (Some(status), Some(call)) = (status, &waiter.call) {
            effects.push(Effect::Notice(Notice::Challenge {
                flow: serving,
                waiter: id,
                tag: call.tag.clone(),
                method: call.method.clone(),
                url: origin::without_query(&call.url).to_owned(),
                status,
                requirement: waiter.need.clone(),
            }));
        }
        effects.extend(demand(&waiter));
        if window && (refused.is_some() || at_hand.is_some()) {
            effects.push(Effect::DropWindow { waiter: id });
        }
        if let Some(code) = refused {
            reject(&waiter, code.into(), effects);
            return;
        }
        self.waiters.push(waiter);
        match at_hand {
            Some(held) => {
                self.send(id, &held, effects);
                if self.offered == Some(held.serial) {
                    self.spent(held.serial, now, effects);
                }
            }
            None if starts => self.start_next(Some(id).filter(|_| window), now, effects),
            None if window => self.place_window(id, now, effects),
            None => {}
        }
    }

    /// A held token that serves it without a prompt: one that came in after the request had left,
    /// or, where the one it was sent with is known not to be enough, one that lies beside it. Each
    /// is tried once, and what nothing vouches for went with those that waited for it.
    pub(super) fn token_at_hand(&self, waiter: &Waiter, now: EpochMillis) -> Option<Held> {
        let call = waiter.call.as_ref()?;
        let held = || self.wallet.newest(waiter.resource.as_deref(), now);
        // A renewed one is the same: a refresh token never answers a challenge (RFC 9470 §6.1).
        let was_last = |held: &Held| waiter.sent_with.last().is_some_and(|last| held.is(*last));
        let was_tried = |held: &Held| waiter.sent_with.iter().any(|serial| held.is(*serial));
        let seemed_enough = held().any(|held| was_last(held) && held.satisfies(&waiter.need, now));
        held()
            .take_while(|held| !seemed_enough || !was_last(held))
            .filter(|held| !was_tried(held) && held.satisfies(&waiter.need, now))
            .filter(|held| held.single_use == waiter.single_use)
            .filter(|held| {
                !held.single_use || self.offered != Some(held.serial) || waiter.first.is_some()
            })
            // What nothing vouches for serves those that were waiting, or had left, when it came.
            .filter(|held| {
                !held.is_once()
                    || held.is_narrow()
                    || call.sent_at < held.received
                    || self.spare == Some(held.serial)
                    || self.may_go_first(held, waiter)
            })
            .find(|held| call.sent_at < held.received || self.is_wide_enough(held, waiter))
            .cloned()
    }

    /// A token that may do less than the one that was sent is for what its demand names only: a demand
    /// that names no scope wants those that the request had.
    fn is_wide_enough(&self, held: &Held, waiter: &Waiter) -> bool {
        let sent = waiter.sent_with.last().and_then(|last| self.wallet.of(*last));
        let had = sent.map(|sent| &sent.scope).or(self.session_scope.as_ref());
        !waiter.need.scope.is_empty() || had.is_none_or(|had| held.scope.contains_all(had))
    }

    /// The step-up under way serves whoever its answer satisfies; the others wait for their turn.
    pub(super) fn place(&mut self, waiter: &Waiter) -> Phase {
        let Some(flow) = self.flow.as_mut() else { return Phase::Queued };
        // A challenged request is not served by what the session has: it waits for the prompt.
        if flow.is_looking() && !waiter.may_look() {
            return Phase::Queued;
        }
        let same_place = flow.goal().resource == waiter.resource;
        let welcome = !waiter.alone && may_share(waiter, flow.goal(), &self.config);
        // A step-up that is under way for those that another's demand has spoiled once stays as it is.
        let id = flow.id();
        let alone = self.waiters.iter().any(|it| it.alone && it.phase == Phase::In(id));
        if !same_place || !welcome {
            return Phase::Queued;
        }
        if flow.goal().requirement.covers(&waiter.need) {
            return Phase::In(id);
        }
        if alone || !flow.widen(&waiter.need, &self.config) {
            return Phase::Queued;
        }
        // Who came when it could not be widened does not wait for a prompt of its own now.
        let goal = flow.goal();
        for queued in &mut self.waiters {
            if queued.phase == Phase::Queued
                && !queued.alone
                && queued.resource == goal.resource
                && goal.requirement.covers(&queued.need)
                && may_share(queued, goal, &self.config)
            {
                queued.phase = Phase::In(id);
                queued.flow = Some(id);
            }
        }
        Phase::In(id)
    }

    /// A window was opened inside a click: it serves the step-up that lacks one, or is closed.
    fn place_window(&mut self, waiter: WaiterId, now: EpochMillis, effects: &mut Vec<Effect>) {
        let Some(flow) = self.flow.as_deref().filter(|flow| flow.wants_window()).map(Flow::id)
        else {
            effects.push(Effect::DropWindow { waiter });
            return;
        };
        effects.push(Effect::AdoptWindow { waiter, flow });
        self.flow_event(flow, FlowEvent::WindowOpened, now, effects);
    }

    /// Starts a step-up for the first in the queue, and for all that its answer can serve.
    ///
    /// `window` is the waiter whose click opened a window.
    pub(super) fn start_next(
        &mut self,
        window: Option<WaiterId>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        while self.flow.is_none() {
            let mut queued = self.waiters.iter().filter(|waiter| waiter.phase == Phase::Queued);
            let Some(leader) = queued.next() else { return };
            let leading = leader.id;
            if let Err(code) = self.patience.allows(leader, now) {
                match self.take(leading) {
                    // Nobody has asked for it but a lesson: the API decides.
                    Some(waiter) if waiter.first == Some(First::Memory) => {
                        let_go(&waiter, effects);
                    }
                    Some(waiter) => reject(&waiter, code.into(), effects),
                    None => {}
                }
                continue;
            }
            self.start(leading, window, now, effects);
        }
    }

    fn start(
        &mut self,
        leading: WaiterId,
        window: Option<WaiterId>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(leader) = self.waiters.iter().find(|waiter| waiter.id == leading) else { return };
        let id = FlowId(self.last_flow.wrapping_add(1));
        self.last_flow = id.0;
        self.leader = Some(leading);
        let mut goal = Goal {
            requirement: leader.need.clone(),
            keep: self.wallet.scope(leader.resource.as_deref(), now),
            resource: leader.resource.clone(),
            single_use: leader.single_use,
            reason: leader.reason.clone(),
            adopt: leader.is_sign_in(),
            methods: leader.methods.clone(),
            offer: leader.offer.clone(),
            look: false,
        };
        let alone = leader.alone;
        for waiter in &mut self.waiters {
            let others = || {
                waiter.phase != Phase::Queued
                    || waiter.alone != alone
                    || (alone && waiter.need != goal.requirement)
                    || waiter.resource != goal.resource
                    || !may_share(waiter, &goal, &self.config)
            };
            if waiter.id != leading && others() {
                continue;
            }
            if let Some(merged) = goal.requirement.merge(&waiter.need) {
                goal.requirement = merged;
                waiter.phase = Phase::In(id);
                waiter.flow = Some(id);
            }
        }
        // The session was not enough for a request that was challenged.
        let in_it = |waiter: &Waiter| waiter.phase == Phase::In(id);
        goal.look = self.config.provider.is_some()
            && self.waiters.iter().all(|waiter| !in_it(waiter) || waiter.may_look());
        if let Some(waiter) = window {
            effects.push(Effect::AdoptWindow { waiter, flow: id });
        }
        let context = Context {
            config: &self.config,
            user: self.user.as_ref(),
            proof: self.proof.as_ref(),
            keys_refetched: &mut self.keys_refetched,
            now,
        };
        let (flow, started) = Flow::start(id, goal, window.is_some(), &context);
        // Where the session is looked at first, it is not known yet whether anybody is asked.
        if let Some(leader) =
            self.waiters.iter().find(|it| in_it(it)).filter(|_| !flow.is_looking())
        {
            self.patience.begins(leader, now);
        }
        self.flow = Some(flow);
        self.use_stock(now);
        self.take_effects(id, started, false, now, effects);
    }
}

/// What an API may demand for its requests, the app has said; its own wishes know no ceiling.
fn below_the_ceiling(waiter: &Waiter, config: &Config) -> Result<(), ErrorCode> {
    let call = waiter.call.as_ref().filter(|_| !waiter.is_own_wish());
    let api = call.and_then(|call| config.api_of(&call.url));
    match api.and_then(|api| api.scopes.as_ref()) {
        Some(ceiling) if !ceiling.contains_all(&waiter.need.scope) => Err(ErrorCode::ScopeRefused),
        _ => Ok(()),
    }
}

/// A sign-in takes whoever comes. It does not join a step-up that would refuse a stranger: that one
/// serves it when it succeeds, and must not take it along when it fails. Nor does one join for
/// which the app admits other methods, nor one whose token would be used up by others: see `single_use`.
fn may_share(waiter: &Waiter, goal: &Goal, config: &Config) -> bool {
    waiter.methods == goal.methods
        && waiter.single_use == goal.single_use
        && (!goal.single_use || config.renew)
        && (goal.adopt || config.adopt_first_subject || !waiter.is_sign_in())
}
