//! Requests that ask first: a rule of the app's, or what a challenge has taught, demands step-up before
//! they leave, and the challenge's round trip is saved.
//!
//! ```text
//!  Demanded ──► nothing is demanded ──────────────────────────────────────────────► LetGo
//!     │ something is
//!     ▼
//!  is it held? ── yes ──► Retry, with what is held
//!     │ no
//!     ▼
//!  a step-up, as for an ensure() ── the session is enough ────────────────────────► LetGo
//!     │ done
//!     ▼
//!  Retry, for the first time; from then on it is a request like any other
//! ```

use super::effect::{Effect, Notice, Outcome};
use super::event::{Call, WaiterId};
use super::machine::Coordinator;
use super::memory::Recalled;
use super::outcome::{reject, settled};
use super::waiter::Waiter;
use crate::protocol::border::words;
use crate::protocol::details::Details;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::Flow;
use crate::protocol::held::Held;
use crate::protocol::origin;
use crate::protocol::requirement::Requirement;
use crate::protocol::units::EpochMillis;

/// Why a request that has not left yet asks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// A rule of the app's says so: its own wish, as an `ensure()` is.
    Rule,
    /// A request like it was challenged.
    Memory,
}

words!(First { Rule: "rule", Memory: "memory" });

impl Coordinator {
    /// A request is about to leave. `wanted` is what the app's rules demand of it.
    pub(super) fn demanded(
        &mut self,
        id: WaiterId,
        call: Call,
        wanted: Vec<Requirement>,
        window: bool,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let call = about(call, &wanted);
        let rules = match self.united(&call, wanted) {
            Ok(rules) => rules,
            Err(error) => {
                if window {
                    effects.push(Effect::DropWindow { waiter: id });
                }
                let waiter = self.waiter(id, call, Requirement::default());
                reject(&waiter, error, effects);
                return;
            }
        };
        let recalled = match self.config.remember {
            true => self.memory.recall(&call),
            false => Recalled::Nothing,
        };
        let (first, need, on_trial) = match (rules, recalled) {
            (None, Recalled::Nothing) => {
                effects.push(Effect::LetGo { waiter: id, on_trial: false });
                return;
            }
            // What cannot be met together: the rule is the app's own word.
            (Some(rule), Recalled::Need(more)) => {
                (First::Rule, rule.merge(&call.needs(more)).unwrap_or(rule), false)
            }
            (Some(rule), _) => (First::Rule, rule, false),
            (None, Recalled::Need(need)) => (First::Memory, call.needs(need), false),
            (None, Recalled::OnTrial(need)) => (First::Memory, call.needs(need), true),
        };
        let mut waiter = self.waiter(id, call, need);
        waiter.first = Some(first);
        let prompts = || self.patience.allows(&waiter, now).is_ok();
        if first == First::Memory
            && (on_trial || !prompts())
            && self.token_at_hand(&waiter, now).is_none()
        {
            // A lesson keeps no request from leaving: the API decides.
            effects.push(Effect::LetGo { waiter: id, on_trial });
            return;
        }
        self.admit(waiter, None, window, now, effects);
    }

    /// All that several rules demand, as one demand.
    fn united(&self, call: &Call, wanted: Vec<Requirement>) -> Result<Option<Requirement>, Error> {
        let mut all: Option<Requirement> = None;
        for one in wanted {
            if one.is_narrow() && one.authorization_details != call.authorization_details {
                let detail = "a rule's authorizationDetails are others than the request's";
                return Err(Error::new(ErrorCode::ConfigurationInvalid, detail));
            }
            let one = call.needs(one).in_order(&self.config.levels);
            all = Some(match all {
                None => one,
                Some(before) => before.merge(&one).ok_or_else(|| {
                    let detail = "rules demand of one request what no answer can satisfy";
                    Error::new(ErrorCode::ConfigurationInvalid, detail)
                })?,
            });
        }
        Ok(all)
    }

    /// Whether a window opened now, inside a click, would serve a request of which its rules demand this.
    #[must_use]
    pub fn wants_window_for(&self, call: Call, wanted: Vec<Requirement>, now: EpochMillis) -> bool {
        let call = about(call, &wanted);
        let Ok(Some(need)) = self.united(&call, wanted) else { return false };
        let mut waiter = self.waiter(WaiterId(0), call, need);
        waiter.first = Some(First::Rule);
        let proof = self.proof.as_ref().filter(|_| waiter.may_look());
        self.token_at_hand(&waiter, now).is_none()
            && !proof.is_some_and(|proof| proof.satisfies(&waiter.need, now))
            && self.flow.as_deref().is_none_or(Flow::wants_window)
    }

    /// A request that left as it was, to see whether a lesson still holds, went through.
    pub(super) fn went_through(&mut self, method: &str, url: &str) {
        self.memory.was_refuted(method, url);
    }

    /// A request was challenged: what an API may demand is remembered, if the app wants that.
    pub(super) fn learns(&mut self, call: &Call, need: &Requirement, again: bool) {
        let api = self.config.api_of(&call.url);
        let ceiling = api.and_then(|api| api.scopes.as_ref());
        match self.config.remember && ceiling.is_none_or(|most| most.contains_all(&need.scope)) {
            true if again => self.memory.learn_more(call, &general(need)),
            true => self.memory.learn(call, &general(need)),
            false => {}
        }
    }

    /// The step-up that a request has asked for before it left came to nothing.
    pub(super) fn memory_failed(&mut self, waiter: &Waiter) {
        if let (Some(_), Some(call)) = (waiter.first, &waiter.call) {
            self.memory.forget(call);
        }
    }

    /// What is held may go with it: also what is offered to the app's next request, which it is, and the
    /// raised session that a cookie stands for.
    pub(super) fn may_go_first(&self, held: &Held, waiter: &Waiter) -> bool {
        waiter.first.is_some() && (self.offered == Some(held.serial) || held.access_token.is_none())
    }
}

/// The request with what it is about in particular: what the app says of it, else what one of its rules
/// does. That is so for its whole life, whatever is demanded of it later.
fn about(mut call: Call, wanted: &[Requirement]) -> Call {
    let mut told = wanted.iter().map(|one| &one.authorization_details).filter(|it| !it.is_empty());
    if let Some(details) = told.next().filter(|_| call.authorization_details.is_empty()) {
        call.authorization_details = details.clone();
    }
    call
}

/// What may be demanded of others like it: not what this one was about in particular.
fn general(need: &Requirement) -> Requirement {
    let mut general = need.clone();
    general.authorization_details = Details::default();
    general
}

/// The request leaves as any other.
pub(super) fn let_go(waiter: &Waiter, effects: &mut Vec<Effect>) {
    effects.push(settled(waiter, Outcome::Assurance));
    effects.push(Effect::LetGo { waiter: waiter.id, on_trial: false });
}

/// What the app's listeners are told.
pub(super) fn demand(waiter: &Waiter) -> Option<Effect> {
    let (first, call) = (waiter.first?, waiter.call.as_ref()?);
    Some(Effect::Notice(Notice::Demand {
        flow: waiter.flow,
        waiter: waiter.id,
        tag: call.tag.clone(),
        method: call.method.clone(),
        url: origin::without_query(&call.url).to_owned(),
        requirement: waiter.need.clone(),
        by: first,
    }))
}
