//! How waits end: what a step-up tells, who is served by it, and what is published.

use super::asks_first::{First, let_go};
use super::assured::Assurance;
use super::effect::{Effect, Notice, Outcome, Published};
use super::event::{Call, WaiterId};
use super::machine::Coordinator;
use super::waiter::{Phase, Waiter};
use crate::protocol::claims::Claims;
use crate::protocol::config::{Api, Config};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{
    Choice, Context, FlowEffect, FlowEvent, FlowId, Goal, Obtained, Question, Success, User,
};
use crate::protocol::handover::HandOver;
use crate::protocol::held::Held;
use crate::protocol::method::Method;
use crate::protocol::origin;
use crate::protocol::requirement::Scope;
use crate::protocol::units::EpochMillis;

impl Coordinator {
    pub(super) fn flow_event(
        &mut self,
        id: FlowId,
        event: FlowEvent,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        if self.flow.as_ref().is_none_or(|flow| flow.id() != id) {
            return;
        }
        let scope = self.session_scope.clone();
        if let FlowEvent::SessionRead(Ok(session)) = &event {
            self.session_scope = Some(session.scope.clone()).filter(|_| !session.scope_unknown);
            self.proof.take_if(|proof| Some(&proof.token) != session.id_token.as_ref());
        }
        let another = tells_of_another(&event, self.user.as_ref());
        if another {
            // Another user has signed in to the app: what was held is not theirs.
            self.user = None;
            self.forget(effects);
        }
        // The app's token may have become one that may do more.
        if another || (scope != self.session_scope && !self.wallet.is_empty()) {
            effects.push(self.publish(now));
        }
        if another {
            effects.push(Effect::ClearOthers { sub: told_sub(&event).cloned() });
        }
        let unsaved = matches!(event, FlowEvent::Saved(Ok(()))) && self.is_unsaved();
        let mut context = Context {
            config: &self.config,
            user: self.user.as_ref(),
            proof: self.proof.as_ref(),
            keys_refetched: &mut self.keys_refetched,
            now,
        };
        let declined = matches!(event, FlowEvent::Chosen(Choice::Cancel));
        let Some(flow) = self.flow.as_mut() else { return };
        let done = match unsaved {
            // What has been challenged since would be lost with the page.
            true => flow.save_again(),
            false => flow.on(event, &mut context),
        };
        self.take_effects(id, done, declined, now, effects);
    }

    /// Passes on what a step-up wants done, up to its end.
    pub(super) fn take_effects(
        &mut self,
        id: FlowId,
        wanted: Vec<FlowEffect>,
        declined: bool,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let reason = self.reason();
        for effect in wanted {
            match effect {
                FlowEffect::Done(outcome) => {
                    effects.push(Effect::EndFlow(id));
                    self.flow_done(id, outcome, declined, now, effects);
                    return;
                }
                FlowEffect::Proved(proof) => self.proof = Some(*proof),
                FlowEffect::Looked if self.looked(id, now, effects) => {}
                FlowEffect::Looked => return self.go_on(now, effects),
                FlowEffect::Save(pending) => self.save(id, *pending, now, effects),
                effect => {
                    if let Some(notice) = prompt(id, &effect, reason.as_ref()) {
                        effects.push(Effect::Notice(notice));
                    }
                    effects.push(Effect::Flow(id, effect));
                }
            }
        }
    }

    fn flow_done(
        &mut self,
        id: FlowId,
        outcome: Result<Box<Success>, Error>,
        declined: bool,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(flow) = self.flow.take() else { return };
        self.leader = None;
        match outcome {
            Ok(success) => self.succeeded(id, flow.goal(), *success, now, effects),
            Err(error) => {
                // Who said no to one prompt is not shown the next one in the queue. Whether it was
                // they who let a passkey go unused, no engine tells.
                let no = matches!(error.code, ErrorCode::Cancelled | ErrorCode::PasskeyRefused);
                let all = declined || no;
                if all {
                    self.patience.refused(now);
                }
                let asked = &flow.goal().requirement;
                let mut left = Vec::new();
                for mut waiter in core::mem::take(&mut self.waiters) {
                    match waiter.phase {
                        Phase::In(in_flow) if in_flow == id => {
                            if waiter.alone || waiter.is_to_blame(error.code, asked) {
                                self.memory_failed(&waiter);
                                reject(&waiter, error.clone(), effects);
                            } else {
                                (waiter.alone, waiter.phase) = (true, Phase::Queued);
                                // Its options may have been used up.
                                waiter.offer = None;
                                left.push(waiter);
                            }
                        }
                        // Nobody has asked for it but a lesson: the API decides.
                        Phase::Queued if all && waiter.first == Some(First::Memory) => {
                            let_go(&waiter, effects);
                        }
                        Phase::Queued if all => reject(&waiter, error.clone(), effects),
                        _ => left.push(waiter),
                    }
                }
                self.waiters = left;
            }
        }
        self.go_on(now, effects);
    }

    fn succeeded(
        &mut self,
        id: FlowId,
        goal: &Goal,
        mut success: Success,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let same = |ours: &User, theirs: &User| ours.subject.sub == theirs.subject.sub;
        if let (Some(ours), Some(theirs)) = (&self.user, &success.user)
            && !same(ours, theirs)
        {
            self.forget(effects);
        }
        let mut refresh = self.refresh_in(&mut success);
        if let Obtained::Tokens(tokens) = &mut success.obtained
            && !goal.single_use
        {
            tokens.refresh = refresh.take();
        }
        self.user = success.user;
        if success.handed_over.is_none() && !goal.single_use {
            effects.extend(hand_over(id, goal, &success.obtained, success.claims.as_ref(), now));
        }
        if success.handed_over.is_some() {
            self.patience.spared();
        }
        let received = success.handed_over.unwrap_or(now);
        let held = self.wallet.take(success.obtained, success.claims, goal, received);
        effects.push(Effect::Notice(Notice::Authenticated {
            flow: id,
            assurance: Assurance::of(&held, &self.config.levels, now),
        }));
        let served: Vec<WaiterId> = self
            .waiters
            .iter()
            .filter(|waiter| match waiter.phase {
                Phase::In(flow) => flow == id,
                Phase::Queued => {
                    (&waiter.resource, waiter.single_use) == (&held.resource, held.single_use)
                        && held.satisfies(&waiter.need, now)
                }
                Phase::Sent | Phase::Renewing(_) => false,
            })
            .map(|waiter| waiter.id)
            .collect();
        // A token that is only lent goes with the requests that waited for it. The next request
        // carries it only where none of them could.
        let mut calls = self
            .waiters
            .iter()
            .filter(|waiter| served.contains(&waiter.id) && waiter.call.is_some());
        let any_call = calls.clone().next().is_some();
        let used = calls.any(|waiter| waiter.can_be_sent());
        let lent = held.access_token.is_some() && self.is_lent(&held);
        // What is for one thing in particular waits for the request about that.
        let unused = Some(held.serial).filter(|_| lent && !used && !held.is_narrow());
        // Either the app's next request carries it, or the first one that is challenged: not both.
        self.spare = unused.filter(|_| !any_call);
        self.offered = unused.filter(|_| any_call).or(self.offered);
        effects.push(self.publish(now));
        if held.is_used_up() {
            // What was confirmed in particular was confirmed for one request.
            let refresh = refresh.filter(|_| !held.is_narrow());
            self.serve_one(served, id, &held, refresh, now, effects);
            return;
        }
        for waiter in served {
            self.serve(waiter, Some(id), &held, now, effects);
        }
    }

    /// Gives a waiter what it waited for.
    pub(super) fn serve(
        &mut self,
        id: WaiterId,
        flow: Option<FlowId>,
        held: &Held,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(waiter) = self.waiters.iter_mut().find(|waiter| waiter.id == id) else { return };
        waiter.flow = flow;
        if !held.scope.contains_all(&waiter.need.scope) {
            if let Some(waiter) = self.take(id) {
                let detail = "the provider did not grant the scope that the API demands";
                reject(&waiter, Error::new(ErrorCode::ScopeRefused, detail), effects);
            }
            return;
        }
        // It may have proved more than this request asked for.
        let proved = held.obtained_for.merge(&waiter.need);
        waiter.proved.push(proved.unwrap_or_else(|| waiter.need.clone()));
        if let Some(call) = waiter.call.as_ref().filter(|_| waiter.first.is_some()) {
            self.memory.was_believed(call);
        }
        if waiter.call.is_some() {
            self.send(id, held, effects);
        } else if let Some(waiter) = self.take(id) {
            let assurance = Assurance::of(held, &self.config.levels, now);
            effects.push(Effect::Settle { waiter: id, assurance });
            effects.push(settled(&waiter, Outcome::Assurance));
        }
    }

    /// Sends a request, again if that is possible: the answer before was the challenge itself, or there
    /// was none. The token goes where the app's list says.
    pub(super) fn send(&mut self, id: WaiterId, held: &Held, effects: &mut Vec<Effect>) {
        let Some(waiter) = self.waiters.iter_mut().find(|waiter| waiter.id == id) else { return };
        let Some(call) = &waiter.call else { return };
        let refused = match (may_receive_tokens(&self.config, call), waiter.can_be_sent()) {
            (false, _) => Some(ErrorCode::OriginNotAllowed),
            // The new token is kept: the app can send the request itself.
            (true, false) => Some(ErrorCode::ReplayUnavailable),
            (true, true) => None,
        };
        if let Some(code) = refused {
            if let Some(waiter) = self.take(id) {
                reject(&waiter, code.into(), effects);
            }
            return;
        }
        self.spare = self.spare.filter(|spare| *spare != held.serial);
        if held.is_used_up() {
            self.wallet.remove(held.serial);
        }
        waiter.phase = Phase::Sent;
        waiter.sent_with.push(held.serial);
        if waiter.first.take().is_none() {
            effects.push(Effect::Notice(Notice::Retry {
                flow: waiter.flow,
                waiter: id,
                tag: call.tag.clone(),
                method: call.method.clone(),
                url: origin::without_query(&call.url).to_owned(),
            }));
        }
        let flow = waiter.flow;
        let (access_token, key) = (held.access_token.clone(), held.key.clone());
        effects.push(Effect::Retry { waiter: id, flow, access_token, key });
    }

    pub(super) fn cleared(&mut self, effects: &mut Vec<Effect>) {
        self.wallet.clear();
        self.renewals.clear();
        self.memory.clear();
        self.stock.clear(effects);
        self.user = None;
        self.proof = None;
        self.session_scope = Some(Scope::default());
        (self.spare, self.offered) = (None, None);
        self.leader = None;
        self.arrival = None;
        if let Some(flow) = self.flow.take() {
            effects.push(Effect::EndFlow(flow.id()));
        }
        effects.push(Effect::Publish(self.config.apis.iter().map(|_| None).collect()));
        for mut waiter in core::mem::take(&mut self.waiters) {
            // What is on the wire may have been done already: who sent it must learn that.
            if waiter.phase == Phase::Sent {
                waiter.cleared = true;
                self.waiters.push(waiter);
                continue;
            }
            reject(&waiter, ErrorCode::SessionChanged.into(), effects);
        }
    }

    pub(super) fn end_flow_nobody_waits_for(&mut self, effects: &mut Vec<Effect>) {
        let Some(flow) = &self.flow else { return };
        let id = flow.id();
        if !self.waiters.iter().any(|waiter| waiter.phase == Phase::In(id)) {
            self.flow = None;
            effects.push(Effect::EndFlow(id));
        }
    }

    /// What requests to each API carry from now on.
    pub(super) fn publish(&self, now: EpochMillis) -> Effect {
        let published = self.config.apis.iter().map(|api| {
            let held = self.publishable(api, now)?;
            Some(Published {
                serial: held.serial,
                access_token: held.access_token.clone()?,
                key: held.key.clone(),
                until: held.until,
                once: self.is_lent(held),
                renewable: self.wallet.refresh_of(held.serial).is_some(),
            })
        });
        Effect::Publish(published.collect())
    }

    /// Whether it is for one request at a time: nothing vouches for it, its API discards it then, or
    /// the session's token, whose width nobody has told, may do what this one cannot.
    fn is_lent(&self, held: &Held) -> bool {
        held.is_once() || held.single_use || self.session_scope.is_none()
    }

    /// The newest token by which nothing is lost that an older one or the session has. One that is
    /// only lent is not among them, except where it is offered: the request that wanted it can only be
    /// sent by the app.
    fn publishable(&self, api: &Api, now: EpochMillis) -> Option<&Held> {
        let sendable = || {
            let sendable = self.wallet.sendable(api.resource.as_deref(), now);
            sendable.filter(|held| held.single_use == api.is_single_use())
        };
        let mut lent = sendable().filter(|held| self.is_lent(held));
        if let Some(offered) = lent.find(|held| self.offered == Some(held.serial)) {
            return Some(offered);
        }
        let session_scope = self.session_scope.clone().unwrap_or_default();
        let newest = || sendable().filter(|held| !self.is_lent(held));
        let loses_nothing = |(at, held): &(usize, &Held)| {
            let older = newest().skip(at + 1);
            let had = older.fold(session_scope.clone(), |had, old| had.union(&old.scope));
            held.scope.contains_all(&had)
        };
        newest().enumerate().find(loses_nothing).map(|(_, held)| held)
    }
}

/// What other tabs may use as well: not what nothing vouches for, which is only lent, nor what was
/// confirmed in particular.
fn hand_over(
    flow: FlowId,
    goal: &Goal,
    obtained: &Obtained,
    claims: Option<&Claims>,
    received: EpochMillis,
) -> Option<Effect> {
    let unverified = claims.is_none() && matches!(obtained, Obtained::Tokens(_));
    if unverified || goal.requirement.is_narrow() {
        return None;
    }
    let result = Box::new(HandOver {
        obtained: obtained.clone(),
        claims: claims.cloned(),
        proved: goal.requirement.clone(),
        resource: goal.resource.clone(),
        received,
    });
    Some(Effect::HandOver { flow, result })
}

/// Whether the app's list has the place this request goes to, and nobody reads along on the way.
pub(super) fn may_receive_tokens(config: &Config, call: &Call) -> bool {
    config.api_of(&call.url).is_some() && origin::is_trustworthy(&call.url)
}

/// Whether the app's session turns out to be somebody else's than what is held.
fn tells_of_another(event: &FlowEvent, user: Option<&User>) -> bool {
    matches!((user, told_sub(event)), (Some(user), Some(sub)) if user.subject.sub != *sub)
}

fn told_sub(event: &FlowEvent) -> Option<&String> {
    match event {
        FlowEvent::SessionRead(Ok(session)) => session.sub.as_ref(),
        FlowEvent::SessionVerified(Ok(claims)) => Some(&claims.sub),
        _ => None,
    }
}

/// Whether the user is asked by this. A window that may be gone is no new prompt: it is the same
/// one, looked for. Nor is what the gate tells while it goes on.
fn prompt(flow: FlowId, effect: &FlowEffect, reason: Option<&String>) -> Option<Notice> {
    let (method, button) = match effect {
        FlowEffect::GoTo { .. } => (Some(Method::Popup), false),
        FlowEffect::Assert { .. } => (Some(Method::Passkey), false),
        FlowEffect::Leave { .. } => (Some(Method::Redirect), false),
        FlowEffect::Authenticate { .. } => (None, false),
        FlowEffect::ShowGate { question: Question::Choose, methods } => {
            (methods.first().copied(), true)
        }
        _ => return None,
    };
    Some(Notice::Prompt { flow, method, button, reason: reason.cloned() })
}

pub(super) fn reject(waiter: &Waiter, error: Error, effects: &mut Vec<Effect>) {
    effects.push(settled(waiter, Outcome::Error(error.code)));
    effects.push(Effect::Reject { waiter: waiter.id, error });
}

pub(super) fn settled(waiter: &Waiter, outcome: Outcome) -> Effect {
    Effect::Notice(Notice::Settled {
        flow: waiter.flow,
        waiter: waiter.id,
        tag: waiter.call.as_ref().and_then(|call| call.tag.clone()),
        outcome,
    })
}
