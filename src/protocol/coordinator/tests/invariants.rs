//! What must hold on every page at every step, whatever happens.

use super::super::waiter::Phase;
use super::super::{Coordinator, Effect, Event, RenewalEffect, RenewalEvent, WaiterId};
use crate::protocol::config::{Arrangement, Config};
use crate::protocol::flow::{FlowEffect, FlowId, Obtained};
use crate::protocol::held::{Held, Serial};
use crate::protocol::origin;
use crate::protocol::units::EpochMillis;
use std::collections::{HashMap, HashSet};

/// What is known of a promise from the outside.
#[derive(Default)]
struct Seen {
    url: Option<String>,
    challenges: usize,
    /// How often a token that it carried was refused as invalid.
    invalid: usize,
    retries: usize,
    /// Whether it has asked first.
    first: bool,
    over: bool,
    /// Whether it is about one thing in particular.
    narrow: bool,
}

/// Watches a page.
pub struct Watch {
    config: Config,
    waiters: HashMap<u32, Seen>,
    running: Option<FlowId>,
    last: u32,
    /// Whether everything is being forgotten.
    cleared: bool,
    /// Whose click has opened a window.
    window: Option<WaiterId>,
    /// The renewals whose answer is awaited.
    /// Whether it is a verdict on an ID token.
    pub asked: HashMap<u32, bool>,
    /// Whether what happened is a demand.
    demanded: bool,
    /// What requests to an API that takes a token once have carried, and what is published for one.
    used_up: HashSet<String>,
    pub offered: HashMap<u32, String>,
    /// What requests to each API carry.
    pub published: Vec<Option<Serial>>,
}

impl Watch {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            waiters: HashMap::new(),
            running: None,
            last: 0,
            cleared: false,
            window: None,
            asked: HashMap::new(),
            demanded: false,
            used_up: HashSet::new(),
            offered: HashMap::new(),
            published: Vec::new(),
        }
    }

    pub fn before(&mut self, event: &Event, core: &Coordinator) {
        self.cleared = matches!(event, Event::Cleared);
        self.demanded = matches!(
            event,
            Event::Challenged { .. }
                | Event::ChallengedAgain { .. }
                | Event::Demanded { .. }
                | Event::Ensured { .. }
        );
        self.window = match event {
            Event::Ensured { waiter, window: true, .. }
            | Event::Demanded { waiter, window: true, .. } => Some(*waiter),
            _ => None,
        };
        let sent = |id: &WaiterId| {
            core.waiters.iter().any(|waiter| waiter.id == *id && waiter.phase == Phase::Sent)
        };
        match event {
            Event::Challenged { waiter, call, .. } => {
                let narrow = !call.authorization_details.is_empty();
                let url = Some(call.url.clone());
                let seen = Seen { url, challenges: 1, narrow, ..Seen::default() };
                assert!(self.waiters.insert(waiter.0, seen).is_none(), "numbers are used once");
            }
            // It has not left: it may be sent once without a challenge.
            Event::Demanded { waiter, call, wanted, .. } => {
                let own = !call.authorization_details.is_empty();
                let narrow = own || wanted.iter().any(|it| !it.authorization_details.is_empty());
                let url = Some(call.url.clone());
                let seen = Seen { url, first: true, narrow, ..Seen::default() };
                assert!(self.waiters.insert(waiter.0, seen).is_none(), "numbers are used once");
            }
            Event::Ensured { waiter, .. } => {
                assert!(self.waiters.insert(waiter.0, Seen::default()).is_none());
            }
            Event::Resumed { waiter, saved, waiters, .. } => {
                assert!(self.waiters.insert(waiter.0, Seen::default()).is_none());
                for (waiting, id) in saved.waiting.iter().zip(waiters) {
                    let Some(id) = id else { continue };
                    let url = Some(waiting.call.url.clone());
                    let first = waiting.first.is_some();
                    let challenges = usize::from(!first);
                    let narrow = !waiting.call.authorization_details.is_empty();
                    let seen = Seen { url, challenges, first, narrow, ..Seen::default() };
                    assert!(self.waiters.insert(id.0, seen).is_none(), "numbers are used once");
                }
            }
            Event::ChallengedAgain { waiter, .. } if sent(waiter) => {
                self.waiters.entry(waiter.0).or_default().challenges += 1;
            }
            Event::TokenInvalid { waiter, call, .. } => {
                let seen = Seen { url: Some(call.url.clone()), invalid: 1, ..Seen::default() };
                assert!(self.waiters.insert(waiter.0, seen).is_none(), "numbers are used once");
            }
            Event::TokenInvalidAgain { waiter } if sent(waiter) => {
                self.waiters.entry(waiter.0).or_default().invalid += 1;
            }
            Event::Renewal(Serial(serial), event) => {
                let verdict = matches!(event, RenewalEvent::Verified(_));
                self.asked.retain(|of, awaited| of != serial || *awaited != verdict);
            }
            Event::TokenSpent { serial } => {
                if let Some(token) = self.offered.remove(&serial.0) {
                    self.uses_up(token);
                }
            }
            Event::Answered { waiter, .. } if sent(waiter) => self.ends(*waiter),
            Event::Aborted { waiter } if core.waiters.iter().any(|it| it.id == *waiter) => {
                self.ends(*waiter);
            }
            _ => {}
        }
    }

    /// The tests' unnumbered tokens are not told apart.
    fn uses_up(&mut self, token: String) {
        let first = token == "t" || self.used_up.insert(token.clone());
        assert!(first, "{token} is used a second time");
    }

    fn ends(&mut self, waiter: WaiterId) {
        let seen = self.waiters.entry(waiter.0).or_default();
        assert!(!seen.over, "{waiter:?} has its outcome already");
        seen.over = true;
    }

    pub fn after(&mut self, effects: &[Effect], core: &Coordinator, now: EpochMillis) {
        for effect in effects {
            self.effect(effect, core, now);
        }
        let windows = effects.iter().filter(|effect| match effect {
            Effect::AdoptWindow { waiter, .. } | Effect::DropWindow { waiter } => {
                Some(*waiter) == self.window
            }
            _ => false,
        });
        let opened = usize::from(self.window.is_some());
        assert_eq!(windows.count(), opened, "a window is used once or closed once");
        for waiter in &core.waiters {
            assert!(!self.waiters[&waiter.id.0].over, "{:?} waits although it is over", waiter.id);
        }
        let open = self.waiters.values().filter(|seen| !seen.over).count();
        assert_eq!(open, core.waiters.len(), "nobody is forgotten");
        match &core.flow {
            Some(flow) => {
                assert_eq!(self.running, Some(flow.id()));
                let waits = core.waiters.iter().any(|it| it.phase == Phase::In(flow.id()));
                assert!(waits, "a step-up runs that nobody waits for");
            }
            None => {
                assert_eq!(self.running, None);
                let idle = core
                    .waiters
                    .iter()
                    .all(|waiter| matches!(waiter.phase, Phase::Sent | Phase::Renewing(_)));
                assert!(idle, "somebody waits for a step-up, and none runs");
            }
        }
        for waiter in &core.waiters {
            if let Phase::Renewing(serial) = waiter.phase {
                assert!(
                    self.asked.contains_key(&serial.0),
                    "a renewal is awaited that nobody makes"
                );
            }
        }
    }

    fn effect(&mut self, effect: &Effect, core: &Coordinator, now: EpochMillis) {
        match effect {
            Effect::Flow(id, FlowEffect::StartDeadline(_)) => {
                // Its window may have been opened just before.
                assert!(self.running.is_none_or(|running| running == *id), "two at a time");
                assert!(id.0 > self.last, "numbers are used once");
                (self.running, self.last) = (Some(*id), id.0);
            }
            Effect::Flow(id, FlowEffect::OpenWindow) | Effect::AdoptWindow { flow: id, .. }
                if self.running.is_none() =>
            {
                assert!(id.0 > self.last);
                self.running = Some(*id);
            }
            Effect::Flow(id, _) if core.stock.is_fetching(*id) => self.last = self.last.max(id.0),
            Effect::Flow(id, effect) => {
                assert_eq!(self.running, Some(*id), "{effect:?} for a step-up that is over");
                assert!(!matches!(effect, FlowEffect::Done(_)), "it is told by EndFlow");
            }
            Effect::EndFlow(id) if self.running.is_none() => {
                // It could not even begin: no method is possible.
                assert!(id.0 > self.last, "numbers are used once");
                self.last = id.0;
            }
            Effect::EndFlow(id) => {
                assert_eq!(self.running, Some(*id));
                self.running = None;
            }
            Effect::Retry { waiter, access_token, .. } => {
                let seen = self.waiters.get_mut(&waiter.0).unwrap();
                assert!(!seen.over, "{waiter:?} is sent again after its outcome");
                seen.retries += 1;
                let most = seen.challenges + seen.invalid.min(1) + usize::from(seen.first);
                assert!(seen.retries <= most, "{waiter:?} is sent again unasked");
                let url = seen.url.as_deref().expect("only requests are sent again");
                let api = self.config.api_of(url).expect("a token goes to the list only");
                assert!(origin::is_trustworthy(url));
                if api.is_single_use() {
                    let token = access_token.as_ref().map(|token| token.expose().to_owned());
                    self.uses_up(token.expect("a token of its own"));
                    return;
                }
                let is_it = |held: &&Held| held.access_token == *access_token && !held.single_use;
                let held = core.wallet.newest(api.resource.as_deref(), now).find(is_it);
                // What was confirmed in particular is used up by that.
                let right = held.is_none() == seen.narrow;
                assert!(right, "a token for another resource, or one that was dropped");
            }
            Effect::Renewal(Serial(serial), RenewalEffect::Ask { .. }) => {
                assert!(self.config.renew && !self.demanded, "a renewal answers a demand");
                let asked = self.asked.insert(*serial, false);
                assert!(asked.is_none(), "{serial} is renewed twice at a time");
            }
            Effect::Renewal(Serial(serial), RenewalEffect::Verify { .. }) => {
                assert!(self.asked.insert(*serial, true).is_none());
            }
            Effect::GiveBack { waiter } => {
                assert!(self.waiters[&waiter.0].invalid > 0, "it has another answer");
                self.ends(*waiter);
            }
            Effect::LetGo { waiter, .. } => {
                let seen = &self.waiters[&waiter.0];
                assert!(seen.first && seen.retries == 0, "it has left already");
                self.ends(*waiter);
            }
            Effect::Prepared { .. } => {}
            Effect::Settle { waiter, .. } => {
                assert!(self.waiters[&waiter.0].url.is_none(), "requests get responses");
                self.ends(*waiter);
            }
            Effect::Reject { waiter, .. } => self.ends(*waiter),
            Effect::Publish(all) => {
                assert_eq!(all.len(), self.config.apis.len());
                let backend = self.config.arrangement == Arrangement::Backend;
                assert!(!backend || all.iter().all(Option::is_none), "a token beside the cookie");
                self.offered.clear();
                self.published = all.iter().map(|one| one.as_ref().map(|one| one.serial)).collect();
                for (api, published) in self.config.apis.iter().zip(all) {
                    let Some(published) = published else { continue };
                    assert!(!self.cleared, "a token is published on clear()");
                    let is_it = |held: &&Held| held.serial == published.serial;
                    let held = core.wallet.sendable(api.resource.as_deref(), now).find(is_it);
                    let held = held.expect("a living token for this very resource");
                    assert_eq!(held.single_use, api.is_single_use());
                    if held.single_use {
                        assert!(published.once, "a token for one use is published for all");
                        let token = published.access_token.expose().to_owned();
                        self.offered.insert(published.serial.0, token);
                    }
                    // Or the session's token may do more than this one: see the tests of that.
                    assert!(published.once || held.claims.is_some());
                }
            }
            Effect::Save { flow, waiters, .. } => {
                assert_eq!(self.running, Some(*flow));
                let over = |waiter: &&WaiterId| self.waiters[&waiter.0].over;
                assert!(!waiters.iter().any(|waiter| over(&waiter)), "saved after its outcome");
            }
            Effect::HandOver { result, .. } => {
                let tokens = matches!(result.obtained, Obtained::Tokens(_));
                assert!(!tokens || result.claims.is_some(), "nothing vouches for it");
            }
            Effect::ClearOthers { .. }
            | Effect::AdoptWindow { .. }
            | Effect::DropWindow { .. }
            | Effect::Notice(_) => {}
        }
    }
}
