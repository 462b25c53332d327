//! The coordinator: who waits for what, and which step-up is under way.

use super::assured::Assurance;
use super::effect::{Effect, Outcome, Published};
use super::event::{Call, Event, WaiterId};
use super::memory::Memory;
use super::outcome::{reject, settled};
use super::patience::Patience;
use super::renew::Renewing;
use super::saved::Arrival;
use super::stock::Stock;
use super::waiter::{Phase, Waiter};
use crate::protocol::config::{Api, Config};
use crate::protocol::details::Details;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::{Flow, SessionProof, User};
use crate::protocol::held::{Held, Serial, Wallet};
use crate::protocol::list::take;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::units::EpochMillis;

/// Everything that is decided for one page.
#[derive(Debug)]
pub struct Coordinator {
    pub(super) config: Config,
    pub(super) wallet: Wallet,
    pub(super) user: Option<User>,
    /// What the session's own ID token proves.
    pub(super) proof: Option<SessionProof>,
    pub(super) keys_refetched: Option<EpochMillis>,
    /// What the session's token may do; none if nobody has told.
    pub(super) session_scope: Option<Scope>,
    /// How many prompts the user has had.
    pub(super) patience: Patience,
    /// What challenges have taught.
    pub(super) memory: Memory,
    /// Options for a passkey that are fetched ahead.
    pub(super) stock: Stock,
    /// Who the step-up under way was begun for.
    pub(super) leader: Option<WaiterId>,
    /// A token that nothing vouches for and nobody has used yet.
    pub(super) spare: Option<Serial>,
    /// A token that is published for one request, which has not left yet.
    pub(super) offered: Option<Serial>,
    /// The renewals that are under way.
    pub(super) renewals: Vec<Renewing>,
    // Boxed, so that less is moved: see `Waiter`.
    #[allow(clippy::vec_box)]
    pub(super) waiters: Vec<Box<Waiter>>,
    pub(super) flow: Option<Box<Flow>>,
    /// The user is back from a redirect, and another step-up is under way.
    pub(super) arrival: Option<Arrival>,
    pub(super) last_flow: u32,
    /// Whose requests were saved last.
    pub(super) saved: Vec<WaiterId>,
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
            proof: None,
            keys_refetched: None,
            session_scope: Some(Scope::default()),
            patience: Patience::default(),
            memory: Memory::default(),
            stock: Stock::default(),
            leader: None,
            spare: None,
            offered: None,
            renewals: Vec::new(),
            waiters: Vec::new(),
            flow: None,
            arrival: None,
            last_flow: 0,
            saved: Vec::new(),
        })
    }

    /// Takes what happened, returns what is to be done, in this order.
    #[must_use]
    pub fn on(&mut self, event: Event, now: EpochMillis) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Challenged { waiter, call, status, requirement, sent_with, offer } => {
                let requirement = call.needs(requirement).in_order(&self.config.levels);
                let offer = self.believed(offer, &call.url);
                self.learns(&call, &requirement, false);
                let mut waiter = self.waiter(waiter, call, requirement);
                waiter.sent_with.extend(sent_with);
                waiter.offer = offer;
                self.admit(waiter, Some(status), false, now, &mut effects);
            }
            Event::ChallengedAgain { waiter, status, requirement, offer } => {
                self.challenged_again(waiter, status, requirement, offer, now, &mut effects);
            }
            Event::Answered { waiter, status } => {
                if let Some(waiter) = self.take_sent(waiter) {
                    if status == Some(401) {
                        self.refused(waiter.sent_with.last().copied(), now, &mut effects);
                    }
                    effects.push(settled(&waiter, Outcome::Response(status)));
                }
            }
            Event::Ensured { waiter, requirement, reason, methods, window } => {
                let requirement = requirement.in_order(&self.config.levels);
                let (resource, single_use) = self.common_place();
                let mut waiter = Waiter::new(waiter, requirement, resource);
                (waiter.reason, waiter.methods) = (reason, methods);
                waiter.single_use = single_use;
                self.ensured(waiter, window, now, &mut effects);
            }
            Event::Demanded { waiter, call, wanted, window } => {
                self.demanded(waiter, call, wanted, window, now, &mut effects);
            }
            Event::WentThrough { method, url } => self.went_through(&method, &url),
            Event::Prepare { waiter, requirement } => {
                self.prepare(waiter, requirement, now, &mut effects);
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
            Event::TokenRefused { serial } => self.refused(Some(serial), now, &mut effects),
            Event::TokenInvalid { waiter, call, sent_with } => {
                let mut waiter = self.waiter(waiter, call, Requirement::default());
                waiter.sent_with.push(sent_with);
                self.token_invalid(waiter, now, &mut effects);
            }
            Event::TokenInvalidAgain { waiter } => {
                if let Some(waiter) = self.take_sent(waiter) {
                    self.token_invalid(waiter, now, &mut effects);
                }
            }
            Event::TokenSpent { serial } => self.spent(serial, now, &mut effects),
            Event::TokenExpired => effects.push(self.publish(now)),
            Event::Renewal(serial, event) => self.renewal_event(serial, event, now, &mut effects),
            Event::SetBack(by) => {
                self.set_back(by);
                effects.push(self.publish(now));
            }
            Event::Cleared => self.cleared(&mut effects),
            Event::ClearedElsewhere { sub } => {
                if self.is_concerned(sub.as_deref()) {
                    self.cleared(&mut effects);
                }
            }
            Event::Resumed { waiter, saved, query, waiters } => {
                self.resumed(waiter, *saved, query, waiters, now, &mut effects);
            }
            Event::Interrupted => self.interrupted(&mut effects),
            Event::Flow(id, event) if self.stock.is_fetching(id) => {
                self.fetching_event(id, event, now, &mut effects);
            }
            Event::Flow(id, event) => self.flow_event(id, event, now, &mut effects),
        }
        effects
    }

    /// Whether a window opened now, inside a click, would serve: nothing held is enough, nor what the
    /// session was last found to prove, and no step-up under way has one already.
    #[must_use]
    pub fn wants_window(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        let requirement = requirement.clone().in_order(&self.config.levels);
        self.assured(&requirement, now).is_none()
            && !self.proof.as_ref().is_some_and(|proof| proof.satisfies(&requirement, now))
            && self.flow.as_deref().is_none_or(Flow::wants_window)
    }

    /// Whether it is all over here as well when another tab has been cleared, with this user being
    /// signed in from now on: not where this page is theirs already.
    #[must_use]
    pub fn is_concerned(&self, sub: Option<&str>) -> bool {
        let expected = self.flow.as_deref().and_then(Flow::expected_sub);
        let known = || self.user.as_ref().map(|user| user.subject.sub.as_str());
        sub.is_none() || sub != expected.or_else(known)
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
        self.find(requirement, now)?.access_token.as_ref()
    }

    /// Which one that is, if it is for one use: then it is the app's from now on, which `TokenSpent`
    /// tells.
    #[must_use]
    pub fn token_for_one_use(&self, requirement: &Requirement, now: EpochMillis) -> Option<Serial> {
        self.find(requirement, now).filter(|held| held.is_used_up()).map(|held| held.serial)
    }

    /// What is proved now: by what is held, or by the session's own ID token. Of several, the highest
    /// level, and then the newest.
    #[must_use]
    pub fn assurance(&self, now: EpochMillis) -> Option<Assurance> {
        let levels = &self.config.levels;
        let proof = self.proof.iter().filter(|proof| now < proof.until());
        let session = proof.map(|proof| Assurance::of_session(proof, levels, now));
        let held = self.wallet.living(now).map(|held| Assurance::of(held, levels, now));
        session.chain(held).max_by_key(|it| (it.rank(levels), it.verified, it.since))
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
        self.find(requirement, now).filter(|held| held.is_assured())
    }

    fn find(&self, requirement: &Requirement, now: EpochMillis) -> Option<&Held> {
        let (resource, single_use) = self.common_place();
        let requirement = requirement.clone().in_order(&self.config.levels);
        let fits =
            |held: &&Held| held.single_use == single_use && held.satisfies(&requirement, now);
        self.wallet.newest(resource.as_deref(), now).find(fits)
    }

    /// The resource a token is for when no request tells, and whether it is for one use: as the first
    /// API has it.
    pub(super) fn common_place(&self) -> (Option<String>, bool) {
        let api = self.config.apis.first();
        (api.and_then(|api| api.resource.clone()), api.is_some_and(Api::is_single_use))
    }

    /// Somebody who waits for a request.
    pub(super) fn waiter(&self, id: WaiterId, call: Call, need: Requirement) -> Box<Waiter> {
        let api = self.config.api_of(&call.url);
        let resource = api.and_then(|api| api.resource.clone());
        let single_use = api.is_some_and(Api::is_single_use);
        let mut waiter = Waiter::new(id, need, resource);
        waiter.single_use = single_use;
        (waiter.reason, waiter.methods) = (call.reason.clone(), call.methods.clone());
        waiter.call = Some(call);
        waiter
    }

    pub(super) fn take(&mut self, id: WaiterId) -> Option<Box<Waiter>> {
        take(&mut self.waiters, |waiter| waiter.id == id)
    }

    /// An answer counts for a request that is under way; nobody else expects one.
    pub(super) fn take_sent(&mut self, id: WaiterId) -> Option<Box<Waiter>> {
        self.waiters.iter().find(|waiter| waiter.id == id && waiter.phase == Phase::Sent)?;
        self.take(id)
    }
}
