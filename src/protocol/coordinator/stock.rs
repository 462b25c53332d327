//! Options for a passkey that are fetched ahead: kept for a while, used once, and never a prompt.

use super::effect::Effect;
use super::event::WaiterId;
use super::machine::Coordinator;
use super::waiter::Waiter;
use crate::protocol::config::Config;
use crate::protocol::flow::{Context, Flow, FlowEffect, FlowEvent, FlowId, Goal, Prepared};
use crate::protocol::list::{take, take_at};
use crate::protocol::requirement::Requirement;
use crate::protocol::units::{EpochMillis, Millis};

/// Options that are kept, or fetched, at most; the oldest go first.
const MOST: usize = 4;

/// Options for a passkey that are fetched ahead.
#[derive(Debug, Default)]
pub(super) struct Stock {
    fetching: Vec<Fetching>,
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Fetching {
    flow: Box<Flow>,
    waiters: Vec<WaiterId>,
}

#[derive(Debug)]
struct Kept {
    prepared: Box<Prepared>,
    received: EpochMillis,
}

impl Stock {
    /// Whether this is no step-up, but options being fetched.
    pub(super) fn is_fetching(&self, id: FlowId) -> bool {
        self.fetching.iter().any(|it| it.flow.id() == id)
    }

    /// What serves this, and nothing else from now on.
    fn take_for(
        &mut self,
        goal: &Goal,
        config: &Config,
        now: EpochMillis,
    ) -> Option<Box<Prepared>> {
        self.kept.retain(|kept| kept.lives(config, now));
        Some(take(&mut self.kept, |kept| kept.prepared.serves(goal, config))?.prepared)
    }

    /// All that is fetched ahead was for a user who has gone.
    pub(super) fn clear(&mut self, effects: &mut Vec<Effect>) {
        self.kept.clear();
        for Fetching { waiters, .. } in core::mem::take(&mut self.fetching) {
            tell(waiters, false, effects);
        }
    }

    pub(super) fn set_back(&mut self, by: Millis) {
        for kept in &mut self.kept {
            kept.received = kept.received.minus(by);
        }
    }
}

impl Kept {
    fn lives(&self, config: &Config, now: EpochMillis) -> bool {
        now.since(self.received) < config.prepare_ttl.millis()
    }
}

fn tell(waiters: Vec<WaiterId>, ready: bool, effects: &mut Vec<Effect>) {
    effects.extend(waiters.into_iter().map(|waiter| Effect::Prepared { waiter, ready }));
}

impl Coordinator {
    /// Options for a passkey that will prove this are to be fetched, unless some are there already.
    pub(super) fn prepare(
        &mut self,
        waiter: WaiterId,
        requirement: Requirement,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let requirement = requirement.in_order(&self.config.levels);
        let (resource, single_use) = self.common_place();
        let nobody = Waiter::new(waiter, requirement.clone(), resource.clone());
        let goal = Goal {
            requirement,
            keep: self.wallet.scope(resource.as_deref(), now),
            resource,
            single_use,
            adopt: nobody.is_sign_in(),
            ..Goal::default()
        };
        let config = &self.config;
        self.stock.kept.retain(|kept| kept.lives(config, now));
        if self.stock.kept.iter().any(|kept| kept.prepared.serves(&goal, config)) {
            tell(vec![waiter], true, effects);
            return;
        }
        let same = |it: &&mut Fetching| it.flow.goal().requirement == goal.requirement;
        if let Some(fetching) = self.stock.fetching.iter_mut().find(same) {
            fetching.waiters.push(waiter);
            return;
        }
        if !Flow::wants_options(&goal, config) || self.stock.fetching.len() >= MOST {
            tell(vec![waiter], false, effects);
            return;
        }
        let id = FlowId(self.last_flow.wrapping_add(1));
        self.last_flow = id.0;
        let context = Context {
            config,
            user: self.user.as_ref(),
            proof: self.proof.as_ref(),
            keys_refetched: &mut self.keys_refetched,
            now,
        };
        let (flow, wanted) = Flow::prepare(id, goal, &context);
        self.stock.fetching.push(Fetching { flow, waiters: vec![waiter] });
        effects.extend(wanted.into_iter().map(|effect| Effect::Flow(id, effect)));
    }

    /// The step-up under way takes what is there, before it asks for options itself.
    pub(super) fn use_stock(&mut self, now: EpochMillis) {
        if let Some(flow) = self.flow.as_mut().filter(|flow| flow.lacks_options())
            && let Some(prepared) = self.stock.take_for(flow.goal(), &self.config, now)
        {
            flow.goes_on_with(*prepared);
        }
    }

    /// Something that options are fetched with has come.
    pub(super) fn fetching_event(
        &mut self,
        id: FlowId,
        event: FlowEvent,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(at) = self.stock.fetching.iter().position(|it| it.flow.id() == id) else { return };
        let mut context = Context {
            config: &self.config,
            user: self.user.as_ref(),
            proof: self.proof.as_ref(),
            keys_refetched: &mut self.keys_refetched,
            now,
        };
        let Some(fetching) = self.stock.fetching.get_mut(at) else { return };
        for effect in fetching.flow.on(event, &mut context) {
            let prepared = match effect {
                FlowEffect::Prepared(prepared) => Some(prepared),
                FlowEffect::Done(_) => None,
                effect => {
                    effects.push(Effect::Flow(id, effect));
                    continue;
                }
            };
            let ended = take_at(&mut self.stock.fetching, at);
            tell(ended.map_or_else(Vec::new, |ended| ended.waiters), prepared.is_some(), effects);
            if self.stock.kept.len() >= MOST {
                take_at(&mut self.stock.kept, 0);
            }
            if let Some(prepared) = prepared {
                self.stock.kept.push(Kept { prepared, received: now });
            }
            return;
        }
    }
}
