//! The coordinator: who waits for what, and which step-up is under way.

use super::effect::{Effect, Outcome, Published};
use super::event::{Event, WaiterId};
use super::outcome::{reject, settled};
use super::patience::Patience;
use super::saved::Arrival;
use super::waiter::{Phase, Waiter};
use crate::protocol::config::Config;
use crate::protocol::details::Details;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{Flow, User};
use crate::protocol::held::{Held, Serial, Wallet};
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
    /// How many prompts the user has had.
    pub(super) patience: Patience,
    /// Who the step-up under way was begun for.
    pub(super) leader: Option<WaiterId>,
    /// A token that nothing vouches for and nobody has used yet.
    pub(super) spare: Option<Serial>,
    pub(super) waiters: Vec<Waiter>,
    pub(super) flow: Option<Flow>,
    /// The user is back from a redirect, and another step-up is under way.
    pub(super) arrival: Option<Arrival>,
    pub(super) last_flow: u32,
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
            patience: Patience::default(),
            leader: None,
            spare: None,
            waiters: Vec::new(),
            flow: None,
            arrival: None,
            last_flow: 0,
        })
    }

    /// Takes what happened, returns what is to be done, in this order.
    #[must_use]
    pub fn on(&mut self, event: Event, now: EpochMillis) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Challenged { waiter, call, status, requirement, sent_with, offer } => {
                let resource = self.config.api_of(&call.url).and_then(|api| api.resource.clone());
                let requirement = call.needs(requirement);
                let waiter = Waiter {
                    sent_with: sent_with.into_iter().collect(),
                    reason: call.reason.clone(),
                    methods: call.methods.clone(),
                    offer: self.believed(offer, &call.url),
                    call: Some(call),
                    ..Waiter::new(waiter, requirement, resource)
                };
                self.admit(waiter, Some(status), false, now, &mut effects);
            }
            Event::ChallengedAgain { waiter, status, requirement, offer } => {
                self.challenged_again(waiter, status, requirement, offer, now, &mut effects);
            }
            Event::Answered { waiter, status } => {
                if let Some(waiter) = self.take_sent(waiter) {
                    effects.push(settled(&waiter, Outcome::Response(status)));
                }
            }
            Event::Ensured { waiter, requirement, reason, methods, window } => {
                let resource = self.common_resource();
                let waiter =
                    Waiter { reason, methods, ..Waiter::new(waiter, requirement, resource) };
                self.ensured(waiter, window, now, &mut effects);
            }
            Event::Aborted { waiter } => {
                if let Some(waiter) = self.take(waiter) {
                    effects.push(settled(&waiter, Outcome::Aborted));
                    self.end_flow_nobody_waits_for(&mut effects);
                    self.go_on(now, &mut effects);
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
            Event::Resumed { waiter, saved, query, waiters } => {
                self.resumed(waiter, *saved, query, waiters, now, &mut effects);
            }
            Event::Interrupted => self.interrupted(&mut effects),
            Event::Flow(id, event) => self.flow_event(id, event, now, &mut effects),
        }
        effects
    }

    /// Whether a window opened now, inside a click, would serve: nothing held is enough, and no
    /// step-up under way has one already.
    #[must_use]
    pub fn wants_window(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        self.assured(requirement, now).is_none()
            && self.flow.as_ref().is_none_or(Flow::wants_window)
    }

    /// Gives away the token that is held for what this request is about in particular: it is used once.
    pub fn take_narrow(
        &mut self,
        url: &str,
        details: &Details,
        now: EpochMillis,
    ) -> Option<Published> {
        let resource = self.config.api_of(url)?.resource.clone();
        let matches =
            |held: &&Held| held.is_narrow() && held.obtained_for.authorization_details == *details;
        let held = self.wallet.newest(resource.as_deref(), now).find(matches)?.clone();
        self.wallet.remove(held.serial);
        Published::once(&held)
    }

    /// The access token held for a requirement.
    #[must_use]
    pub fn token(&self, requirement: &Requirement, now: EpochMillis) -> Option<&Secret> {
        let resource = self.common_resource();
        self.wallet.find(resource.as_deref(), requirement, now)?.access_token.as_ref()
    }

    /// The app's reason for the step-up under way.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.flow.as_ref().and_then(|flow| flow.goal().reason.clone())
    }

    /// Whether ID tokens may come that are to be checked.
    #[must_use]
    pub const fn checks_id_tokens(&self) -> bool {
        self.config.provider.is_some()
    }

    /// Whether tokens must be bound to a key of this browser.
    #[must_use]
    pub const fn binds_tokens(&self) -> bool {
        self.config.dpop
    }

    /// Who the step-up under way was begun for.
    #[must_use]
    pub const fn leader(&self) -> Option<WaiterId> {
        self.leader
    }

    /// What is held that satisfies the requirement now, checked.
    pub(super) fn assured(&self, requirement: &Requirement, now: EpochMillis) -> Option<&Held> {
        let resource = self.common_resource();
        self.wallet.find(resource.as_deref(), requirement, now).filter(|held| held.is_assured())
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
    pub(super) fn take_sent(&mut self, id: WaiterId) -> Option<Waiter> {
        self.waiters.iter().find(|waiter| waiter.id == id && waiter.phase == Phase::Sent)?;
        self.take(id)
    }
}
