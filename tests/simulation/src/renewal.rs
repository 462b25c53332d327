//! Renewals by a refresh token: one at a time in the whole browser, and what the provider makes of them.

use std::collections::{BTreeMap, VecDeque};

use stepup::protocol::claims::Expectation;
use stepup::protocol::coordinator::{Event, RenewalEffect, RenewalEvent};
use stepup::protocol::encode::parse_form;
use stepup::protocol::error::{Error, ErrorCode};
use stepup::protocol::held::Serial;
use stepup::protocol::requirement::Scope;
use stepup::protocol::secret::Secret;
use stepup::protocol::token::{Lifetime, TokenAnswer};

use crate::browser::PageId;
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::mint::{Access, User};
use crate::scenario::ISSUER;
use crate::world::World;

/// How long a page waits for the others, and for an answer.
const LIMIT: u64 = 15_000;

/// Who renews at the moment, and who waits for that: `renewal-lock.js`.
#[derive(Debug, Default)]
pub struct Renewals {
    holder: Option<(PageId, u64)>,
    queue: VecDeque<Asking>,
    granted: BTreeMap<String, Grant>,
}

/// A page that wants a token renewed.
#[derive(Debug)]
pub struct Asking {
    page: PageId,
    serial: Serial,
    body: Secret,
    number: u64,
}

/// What a refresh token stands for.
#[derive(Clone, Debug)]
struct Grant {
    user: User,
    level: usize,
    auth_time: u64,
    scope: Scope,
    resource: Option<String>,
    nonce: Option<String>,
    used: bool,
}

impl World {
    /// Does what a renewal wants done.
    pub fn renewal(&mut self, page: PageId, serial: Serial, effect: RenewalEffect) {
        match effect {
            RenewalEffect::Ask { body, key: _ } => {
                self.seen.see(Seen::Renewals);
                self.numbers += 1;
                let number = self.numbers;
                self.renewals.queue.push_back(Asking { page, serial, body, number });
                self.later(LIMIT, Happening::Task(page, Task::RenewalLate(number)));
                self.next_renewal();
            }
            RenewalEffect::Verify { id_token, expectation, fresh_keys } => {
                let known = self.driver(page).and_then(|driver| driver.keys).is_some();
                let delay = if known && !fresh_keys { 1 } else { self.lag() };
                let identity = id_token.expose().to_owned();
                let task = Task::VerifyRenewed { serial, identity, expectation, fresh: fresh_keys };
                self.later(delay, Happening::Task(page, task));
            }
        }
    }

    fn next_renewal(&mut self) {
        while self.renewals.holder.is_none() || !self.plan.locks {
            let Some(asking) = self.renewals.queue.pop_front() else { return };
            if self.is_dead(asking.page) {
                continue;
            }
            self.renewals.holder = Some((asking.page, asking.number));
            let delay = self.lag().min(LIMIT);
            match delay == LIMIT || self.mishap(self.plan.trouble.network / 2) {
                true => {
                    self.seen.see(Seen::NetworkErrors);
                    let lost = Err(ErrorCode::ProviderUnreachable.into());
                    self.renewal_ends(asking, delay, lost);
                }
                false => self.later(delay, Happening::RenewalGets(asking)),
            }
        }
    }

    /// It has waited too long for the others.
    pub fn renewal_late(&mut self, number: u64) {
        let at = self.renewals.queue.iter().position(|asking| asking.number == number);
        let asking = at.and_then(|at| self.renewals.queue.remove(at));
        if let Some(Asking { page, serial, .. }) = asking {
            let late = RenewalEvent::Answered(Err(ErrorCode::TimedOut.into()));
            self.dispatch(page, Event::Renewal(serial, late));
        }
    }

    /// The lock dies with its page.
    pub fn renewals_end(&mut self, page: PageId) {
        self.renewals.queue.retain(|asking| asking.page != page);
        self.renewals.holder = self.renewals.holder.filter(|(holder, _)| *holder != page);
        self.next_renewal();
    }

    /// The provider gets a refresh token.
    pub fn renewal_gets(&mut self, asking: Asking) {
        let answer = self.renews(&asking.body);
        let lost = self.mishap(self.plan.trouble.network / 2);
        let answer = if lost { Err(ErrorCode::ProviderUnreachable.into()) } else { Ok(answer) };
        let delay = self.lag();
        self.renewal_ends(asking, delay, answer);
    }

    fn renewal_ends(&mut self, asking: Asking, delay: u64, answer: Result<TokenAnswer, Error>) {
        let Asking { page, serial, number, .. } = asking;
        let event = RenewalEvent::Answered(answer);
        self.later(delay, Happening::Task(page, Task::RenewalOver { serial, number, event }));
    }

    pub fn renewal_over(&mut self, page: PageId, serial: Serial, number: u64, event: RenewalEvent) {
        // Who died meanwhile has lost it to another.
        if self.renewals.holder == Some((page, number)) {
            self.renewals.holder = None;
        }
        self.next_renewal();
        self.dispatch(page, Event::Renewal(serial, event));
    }

    pub fn verify_renewed(
        &mut self,
        page: PageId,
        serial: Serial,
        identity: &str,
        expectation: &Expectation,
        fresh: bool,
    ) {
        let outcome = self.checks(page, identity, expectation, fresh);
        self.dispatch(page, Event::Renewal(serial, RenewalEvent::Verified(outcome)));
    }

    /// A refresh token for what a user has just proved, where the app has asked for such a thing.
    pub fn refresh_token(&mut self, access: &Access, nonce: Option<String>) -> Option<String> {
        if !self.plan.config.renew || self.mishap(30) {
            return None;
        }
        let name = format!("refresh-{}", self.renewals.granted.len() + 1);
        let grant = Grant {
            user: access.user,
            level: access.level,
            auth_time: access.auth_time,
            scope: access.scope.clone(),
            resource: access.resource.clone(),
            nonce,
            used: false,
        };
        self.renewals.granted.insert(name.clone(), grant);
        Some(name)
    }

    fn renews(&mut self, body: &Secret) -> TokenAnswer {
        let refused =
            |error: &str| TokenAnswer { error: Some(error.to_owned()), ..TokenAnswer::default() };
        if self.mishap(self.plan.trouble.provider / 3) {
            self.seen.see(Seen::Refusals);
            return refused(self.random.pick(&["invalid_grant", "temporarily_unavailable"]));
        }
        let form = parse_form(body.expose());
        let of = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let known = of("refresh_token").and_then(|name| self.renewals.granted.get_mut(name));
        // RFC 9700 §4.14.2: one that comes a second time is somebody else's.
        let Some(grant) = known.filter(|grant| !grant.used) else {
            return refused("invalid_grant");
        };
        grant.used = true;
        let grant = grant.clone();
        let lies = self.mishap(self.plan.trouble.provider / 2);
        // A renewal proves nothing: who says otherwise is not believed.
        let user = if lies && self.random.chance(50) { grant.user.other() } else { grant.user };
        if lies {
            self.seen.see(Seen::Lies);
        }
        let (now, lifetime) = (self.now, self.plan.lifetime);
        let access = Access {
            user,
            level: grant.level,
            auth_time: grant.auth_time,
            scope: grant.scope.clone(),
            resource: grant.resource.clone(),
            minted: now,
            until: now + lifetime * 1000,
            session: false,
            bad: None,
            uses: 0,
            sent: 0,
        };
        let refresh_token = self.refresh_token(&access, grant.nonce.clone()).map(Secret::new);
        let token = self.mint.issue(access);
        let tells = lies || self.random.chance(50);
        let id_token = tells.then(|| {
            let level = if lies { 3 } else { grant.level };
            let name = self.identify(user.sub(), level, None, ISSUER);
            let skew = self.plan.skew;
            if let Some(identity) = self.mint.identity_mut(&name) {
                identity.auth_time =
                    i64::try_from(grant.auth_time.saturating_add_signed(skew)).ok();
            }
            Secret::new(name)
        });
        TokenAnswer {
            access_token: Some(Secret::new(token)),
            token_type: Some("Bearer".to_owned()),
            expires_in: Some(Lifetime(lifetime as f64)),
            scope: Some(grant.scope.to_string()),
            id_token,
            refresh_token,
            ..TokenAnswer::default()
        }
    }
}
