//! The coordinator: who waits for what, and which step-up is under way.

use super::effect::{Assurance, Effect, Notice, Outcome};
use super::event::{Event, WaiterId};
use super::outcome::{may_receive_tokens, reject, settled};
use super::waiter::{Phase, Waiter};
use crate::protocol::config::Config;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{Context, Flow, FlowEvent, FlowId, Goal, User};
use crate::protocol::held::{Held, Serial, Wallet};
use crate::protocol::origin;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::units::EpochMillis;

/// Everything that is decided for one page.
#[derive(Debug)]
pub struct Coordinator {
    pub(super) config: Config,
    pub(super) wallet: Wallet,
    pub(super) user: Option<User>,
    pub(super) keys_refetched: Option<EpochMillis>,
    /// What the session's token may do; none if nobody has told.
    pub(super) session_scope: Option<Scope>,
    /// A token that nothing vouches for and nobody has used yet.
    pub(super) spare: Option<Serial>,
    pub(super) waiters: Vec<Waiter>,
    pub(super) flow: Option<Flow>,
    last_flow: u32,
}

impl Coordinator {
    /// A page on which nothing has happened yet.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` for options that cannot work.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            config,
            wallet: Wallet::default(),
            user: None,
            keys_refetched: None,
            session_scope: Some(Scope::default()),
            spare: None,
            waiters: Vec::new(),
            flow: None,
            last_flow: 0,
        })
    }

    /// Takes what happened, returns what is to be done, in this order.
    #[must_use]
    pub fn on(&mut self, event: Event, now: EpochMillis) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Challenged { waiter, call, status, requirement, sent_with } => {
                let resource = self.config.api_of(&call.url).and_then(|api| api.resource.clone());
                let waiter = Waiter {
                    sent_with: sent_with.into_iter().collect(),
                    reason: call.reason.clone(),
                    call: Some(call),
                    ..Waiter::new(waiter, requirement, resource)
                };
                self.admit(waiter, Some(status), false, now, &mut effects);
            }
            Event::ChallengedAgain { waiter, status, requirement } => {
                self.challenged_again(waiter, status, requirement, now, &mut effects);
            }
            Event::Answered { waiter, status } => {
                if let Some(waiter) = self.take_sent(waiter) {
                    effects.push(settled(&waiter, Outcome::Response(status)));
                }
            }
            Event::Ensured { waiter, requirement, reason, window } => {
                let resource = self.common_resource();
                let waiter = Waiter { reason, ..Waiter::new(waiter, requirement, resource) };
                self.ensured(waiter, window, now, &mut effects);
            }
            Event::Aborted { waiter } => {
                if let Some(waiter) = self.take(waiter) {
                    effects.push(settled(&waiter, Outcome::Aborted));
                    self.end_flow_nobody_waits_for(&mut effects);
                    self.start_next(None, now, &mut effects);
                }
            }
            Event::Stayed { waiter } => {
                if let Some(waiter) = self.take_sent(waiter) {
                    reject(&waiter, ErrorCode::SessionChanged.into(), &mut effects);
                }
            }
            Event::TokenRefused { serial } => {
                self.wallet.remove(serial);
                effects.push(self.publish(None, now));
            }
            Event::Cleared => self.cleared(&mut effects),
            Event::Flow(id, event) => self.flow_event(id, event, now, &mut effects),
        }
        effects
    }

    /// What is held that satisfies the requirement now, checked.
    #[must_use]
    pub fn satisfies(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        self.assured(requirement, now).is_some()
    }

    /// Whether a window opened now, inside a click, would serve: nothing held is enough, and no
    /// step-up under way has one already.
    #[must_use]
    pub fn wants_window(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        !self.satisfies(requirement, now) && self.flow.as_ref().is_none_or(Flow::wants_window)
    }

    /// The access token held for a requirement.
    #[must_use]
    pub fn token(&self, requirement: &Requirement, now: EpochMillis) -> Option<&Secret> {
        let resource = self.common_resource();
        self.wallet.find(resource.as_deref(), requirement, now).map(|held| &held.access_token)
    }

    /// The app's reason for the step-up under way.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.flow.as_ref().and_then(|flow| flow.goal().reason.clone())
    }

    fn assured(&self, requirement: &Requirement, now: EpochMillis) -> Option<&Held> {
        let resource = self.common_resource();
        self.wallet.find(resource.as_deref(), requirement, now).filter(|held| held.claims.is_some())
    }

    /// The resource a token is for when no request tells: the first API's.
    fn common_resource(&self) -> Option<String> {
        self.config.apis.first().and_then(|api| api.resource.clone())
    }

    pub(super) fn take(&mut self, id: WaiterId) -> Option<Waiter> {
        let at = self.waiters.iter().position(|waiter| waiter.id == id)?;
        Some(self.waiters.remove(at))
    }

    /// An answer counts for a request that is under way; nobody else expects one.
    fn take_sent(&mut self, id: WaiterId) -> Option<Waiter> {
        self.waiters.iter().find(|waiter| waiter.id == id && waiter.phase == Phase::Sent)?;
        self.take(id)
    }

    fn challenged_again(
        &mut self,
        id: WaiterId,
        status: u16,
        need: Requirement,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(mut waiter) = self.take_sent(id) else { return };
        waiter.need = need;
        waiter.phase = Phase::Queued;
        if waiter.cleared {
            reject(&waiter, ErrorCode::SessionChanged.into(), effects);
            return;
        }
        self.admit(waiter, Some(status), false, now, effects);
    }

    fn ensured(
        &mut self,
        waiter: Waiter,
        window: bool,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(held) = self.assured(&waiter.need, now) {
            let assurance = Assurance::from(held);
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
    fn admit(
        &mut self,
        mut waiter: Waiter,
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
            (_, None) => waiter.may_step_up(&waiter.need, self.config.max_rounds).err(),
        };
        if at_hand.is_none() && refused.is_none() {
            waiter.phase = self.place(&waiter);
        }
        let starts = at_hand.is_none() && refused.is_none() && self.flow.is_none();
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
        if let Some(code) = refused {
            reject(&waiter, code.into(), effects);
            return;
        }
        self.waiters.push(waiter);
        match at_hand {
            Some(held) => self.send(id, &held, effects),
            None if starts => self.start_next(Some(id).filter(|_| window), now, effects),
            None if window => self.place_window(id, now, effects),
            None => {}
        }
    }

    /// A held token that serves it without a prompt: one that came in after the request had left,
    /// or, where the one it was sent with is known not to be enough, one that lies beside it. Each
    /// is tried once, and what nothing vouches for went with those that waited for it.
    fn token_at_hand(&self, waiter: &Waiter, now: EpochMillis) -> Option<Held> {
        let call = waiter.call.as_ref()?;
        let held = || self.wallet.newest(waiter.resource.as_deref(), now);
        let last = waiter.sent_with.last();
        let seemed_enough =
            held().any(|held| Some(&held.serial) == last && held.satisfies(&waiter.need, now));
        held()
            .filter(|held| held.satisfies(&waiter.need, now))
            // What nothing vouches for serves those that were waiting, or had left, when it came.
            .filter(|held| {
                !held.is_once() || call.sent_at < held.received || self.spare == Some(held.serial)
            })
            .filter(|held| !waiter.sent_with.contains(&held.serial))
            .find(|held| !seemed_enough || last.is_none_or(|last| held.serial.0 > last.0))
            .cloned()
    }

    /// The step-up under way serves whoever its answer satisfies; the others wait for their turn.
    fn place(&mut self, waiter: &Waiter) -> Phase {
        let Some(flow) = self.flow.as_mut() else { return Phase::Queued };
        let same_place = flow.goal().resource == waiter.resource;
        let welcome = !waiter.alone && may_share(waiter, flow.goal(), &self.config);
        // A step-up that is under way for those that another's demand has spoiled once stays as it is.
        let id = flow.id();
        let alone = self.waiters.iter().any(|it| it.alone && it.phase == Phase::In(id));
        if same_place
            && welcome
            && (flow.goal().requirement.covers(&waiter.need)
                || (!alone && flow.widen(&waiter.need)))
        {
            return Phase::In(flow.id());
        }
        Phase::Queued
    }

    /// A window was opened inside a click: it serves the step-up that lacks one, or is closed.
    fn place_window(&mut self, waiter: WaiterId, now: EpochMillis, effects: &mut Vec<Effect>) {
        let Some(flow) = self.flow.as_ref().filter(|flow| flow.wants_window()).map(Flow::id) else {
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
        if self.flow.is_some() {
            return;
        }
        let queued = |waiter: &&Waiter| waiter.phase == Phase::Queued;
        let Some(leader) = self.waiters.iter().find(queued) else { return };
        let id = FlowId(self.last_flow.wrapping_add(1));
        self.last_flow = id.0;
        let mut goal = Goal {
            requirement: leader.need.clone(),
            keep: self.wallet.scope(leader.resource.as_deref(), now),
            resource: leader.resource.clone(),
            reason: leader.reason.clone(),
            adopt: leader.is_sign_in(),
        };
        let alone = leader.alone;
        for waiter in &mut self.waiters {
            if waiter.phase != Phase::Queued
                || waiter.alone != alone
                || (alone && waiter.need != goal.requirement)
                || waiter.resource != goal.resource
                || !may_share(waiter, &goal, &self.config)
            {
                continue;
            }
            if let Some(merged) = goal.requirement.merge(&waiter.need) {
                goal.requirement = merged;
                waiter.phase = Phase::In(id);
                waiter.flow = Some(id);
            }
        }
        if let Some(waiter) = window {
            effects.push(Effect::AdoptWindow { waiter, flow: id });
        }
        let context = Context {
            config: &self.config,
            user: self.user.as_ref(),
            keys_refetched: &mut self.keys_refetched,
            now,
        };
        let (flow, started) = Flow::start(id, goal, window.is_some(), &context);
        self.flow = Some(flow);
        effects.extend(started.into_iter().map(|effect| Effect::Flow(id, effect)));
    }
}

/// A sign-in takes whoever comes. It does not join a step-up that would refuse a stranger: that one
/// serves it when it succeeds, and must not take it along when it fails.
fn may_share(waiter: &Waiter, goal: &Goal, config: &Config) -> bool {
    goal.adopt || config.adopt_first_subject || !waiter.is_sign_in()
}
