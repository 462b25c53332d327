//! What must hold on every page at every step, whatever happens.

use super::super::waiter::Phase;
use super::super::{Coordinator, Effect, Event, WaiterId};
use crate::protocol::config::{Arrangement, Config};
use crate::protocol::flow::{FlowEffect, FlowId};
use crate::protocol::held::Held;
use crate::protocol::origin;
use crate::protocol::units::EpochMillis;
use std::collections::HashMap;

/// What is known of a promise from the outside.
#[derive(Default)]
struct Seen {
    url: Option<String>,
    challenges: usize,
    retries: usize,
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
        }
    }

    pub fn before(&mut self, event: &Event, core: &Coordinator) {
        self.cleared = matches!(event, Event::Cleared);
        self.window = match event {
            Event::Ensured { waiter, window: true, .. } => Some(*waiter),
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
            Event::Ensured { waiter, .. } => {
                assert!(self.waiters.insert(waiter.0, Seen::default()).is_none());
            }
            Event::Resumed { waiter, saved, waiters, .. } => {
                assert!(self.waiters.insert(waiter.0, Seen::default()).is_none());
                for (waiting, id) in saved.waiting.iter().zip(waiters) {
                    let Some(id) = id else { continue };
                    let url = Some(waiting.call.url.clone());
                    let narrow = !waiting.call.authorization_details.is_empty();
                    let seen = Seen { url, challenges: 1, narrow, ..Seen::default() };
                    assert!(self.waiters.insert(id.0, seen).is_none(), "numbers are used once");
                }
            }
            Event::ChallengedAgain { waiter, .. } if sent(waiter) => {
                self.waiters.entry(waiter.0).or_default().challenges += 1;
            }
            Event::Answered { waiter, .. } if sent(waiter) => self.ends(*waiter),
            Event::Aborted { waiter } if core.waiters.iter().any(|it| it.id == *waiter) => {
                self.ends(*waiter);
            }
            _ => {}
        }
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
                let idle = core.waiters.iter().all(|waiter| waiter.phase == Phase::Sent);
                assert!(idle, "somebody waits for a step-up, and none runs");
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
                assert!(seen.retries <= seen.challenges, "{waiter:?} is sent again unasked");
                let url = seen.url.as_deref().expect("only requests are sent again");
                let api = self.config.api_of(url).expect("a token goes to the list only");
                assert!(origin::is_trustworthy(url));
                let is_it = |held: &&Held| held.access_token == *access_token;
                let held = core.wallet.newest(api.resource.as_deref(), EpochMillis(0)).find(is_it);
                // What was confirmed in particular is used up by that.
                let right = held.is_none() == seen.narrow;
                assert!(right, "a token for another resource, or one that was dropped");
            }
            Effect::Settle { waiter, .. } => {
                assert!(self.waiters[&waiter.0].url.is_none(), "requests get responses");
                self.ends(*waiter);
            }
            Effect::Reject { waiter, .. } => self.ends(*waiter),
            Effect::Publish(all) => {
                assert_eq!(all.len(), self.config.apis.len());
                let backend = self.config.arrangement == Arrangement::Backend;
                assert!(!backend || all.iter().all(Option::is_none), "a token beside the cookie");
                for (api, published) in self.config.apis.iter().zip(all) {
                    let Some(published) = published else { continue };
                    assert!(!self.cleared, "a token is published on clear()");
                    let is_it = |held: &&Held| held.serial == published.serial;
                    let held = core.wallet.newest(api.resource.as_deref(), now).find(is_it);
                    let held = held.expect("a living token for this very resource");
                    // Or the session's token may do more than this one: see the tests of that.
                    assert!(published.once || held.claims.is_some());
                }
            }
            Effect::Save { flow, waiters, .. } => {
                assert_eq!(self.running, Some(*flow));
                let over = |waiter: &&WaiterId| self.waiters[&waiter.0].over;
                assert!(!waiters.iter().any(|waiter| over(&waiter)), "saved after its outcome");
            }
            Effect::AdoptWindow { .. } | Effect::DropWindow { .. } | Effect::Notice(_) => {}
        }
    }
}
