//! Renewal, where the app wants it: of a token that an API refuses as invalid, once for all requests
//! that carried it, each of which is then sent once more.
//!
//! ```text
//!  TokenInvalid ──► renewed since? ── yes ──────────────────────────────────► Retry
//!                       │ no
//!                       ▼
//!  can be renewed? ── yes ──► Ask ── tokens ──► Verify (an ID token) ──► Retry each that waits
//!        │ no                  └ refused: the token is dropped ┐
//!        ▼                     └ unreachable: it is kept ──────┤
//!     GiveBack ◄───────────────────────────────────────────────┘
//! ```
//!
//! No challenge leads here (RFC 9470 §6.1). There is one thing besides that a refresh token is for:
//! where an API discards a token after one use, it makes one more for each request that waited for
//! the very step-up that it came with.

use super::effect::{Effect, Outcome};
use super::event::WaiterId;
use super::machine::Coordinator;
use super::outcome::settled;
use super::waiter::{Phase, Waiter};
use crate::protocol::claims::{Claims, Expectation, Source};
use crate::protocol::dpop::Thumbprint;
use crate::protocol::error::Error;
use crate::protocol::flow::{Obtained, Success, may_refetch};
use crate::protocol::held::{Held, Serial};
use crate::protocol::list::take;
use crate::protocol::renewal::{self, Failure, Refresh};
use crate::protocol::secret::Secret;
use crate::protocol::token::{TokenAnswer, TokenSet};
use crate::protocol::units::{EpochMillis, Millis};

/// What a renewal wants done.
#[derive(Clone, Debug)]
pub enum RenewalEffect {
    /// Send this to the token endpoint while no other tab sends such a thing; answer with `Answered`.
    Ask {
        /// The body.
        body: Secret,
        /// The key that the token is bound to, whose possession the request proves.
        key: Option<Thumbprint>,
    },
    /// Check an ID token; answer with `Verified`.
    Verify {
        /// The token.
        id_token: Secret,
        /// What it must match.
        expectation: Expectation,
        /// Whether keys fetched earlier will not do.
        fresh_keys: bool,
    },
}

/// What can happen to a renewal.
#[derive(Clone, Debug)]
pub enum RenewalEvent {
    /// The token endpoint answered.
    Answered(Result<TokenAnswer, Error>),
    /// The answer's ID token was checked.
    Verified(Result<Claims, Error>),
}

/// A renewal that is under way.
#[derive(Debug)]
pub(super) struct Renewing {
    /// What is renewed.
    held: Held,
    refresh: Refresh,
    /// The answer while its ID token is checked, and whether that is by keys fetched anew.
    answer: Option<(TokenSet, bool)>,
}

impl Renewing {
    pub(super) const fn set_back(&mut self, by: Millis) {
        self.held.received = self.held.received.minus(by);
    }
}

impl Coordinator {
    /// Whether a request need not fail although this token is refused as invalid.
    #[must_use]
    pub fn may_renew(&self, serial: Serial) -> bool {
        self.wallet.of(serial).is_some_and(|held| {
            held.serial != serial || self.wallet.refresh_of(held.serial).is_some()
        })
    }

    /// The same for a request that was sent again: one renewal for one request, at most.
    #[must_use]
    pub fn may_renew_for(&self, waiter: WaiterId) -> bool {
        let sent = |it: &Waiter| it.id == waiter && it.phase == Phase::Sent && !it.renewed;
        let waiter = self.waiters.iter().find(|it| sent(it));
        waiter.and_then(|it| it.sent_with.last()).is_some_and(|serial| self.may_renew(*serial))
    }

    /// Whether its answer is still awaited: after a logout no refresh token leaves any more.
    #[must_use]
    pub fn is_renewing(&self, serial: Serial) -> bool {
        self.renewals.iter().any(|renewing| renewing.held.serial == serial)
    }

    /// Takes out of an answer what may renew its token: only what was checked is ever renewed.
    pub(super) fn refresh_in(&self, success: &mut Success) -> Option<Refresh> {
        let Obtained::Tokens(tokens) = &mut success.obtained else { return None };
        tokens.refresh.take().filter(|_| self.config.renew && success.claims.is_some())
    }

    /// The token that a request carried is refused as invalid.
    pub(super) fn token_invalid(
        &mut self,
        mut waiter: Box<Waiter>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let id = waiter.id;
        let serial = waiter.sent_with.last().copied();
        let fits = |held: &&Held| !waiter.renewed && held.resource == waiter.resource;
        let held = serial.and_then(|serial| self.wallet.of(serial)).filter(fits).cloned();
        waiter.renewed = true;
        let refresh = held.as_ref().and_then(|held| self.wallet.refresh_of(held.serial)).cloned();
        match (held, refresh) {
            // It has been renewed since the request left.
            (Some(held), _) if Some(held.serial) != serial && held.lives(now) => {
                self.waiters.push(waiter);
                self.send_renewed(id, &held, effects);
            }
            (Some(held), Some(refresh)) => {
                waiter.phase = Phase::Renewing(held.serial);
                self.waiters.push(waiter);
                self.renew(held, refresh, effects);
            }
            _ => {
                self.refused(serial, now, effects);
                give_back(&waiter, effects);
            }
        }
    }

    /// An API does not take this token, and it is not renewed.
    pub(super) fn refused(
        &mut self,
        serial: Option<Serial>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(serial) = serial else { return };
        // What another API has said about it meanwhile leads further.
        if self.is_renewing(serial) {
            return;
        }
        self.wallet.remove(serial);
        effects.push(self.publish(now));
    }

    /// Renews a token, unless that is under way.
    pub(super) fn renew(&mut self, held: Held, refresh: Refresh, effects: &mut Vec<Effect>) {
        let serial = held.serial;
        if self.is_renewing(serial) {
            return;
        }
        let client_id = self.config.provider.as_ref().map_or("", |provider| &provider.client_id);
        let body = refresh.request(client_id, held.resource.as_deref());
        let key = held.key.clone();
        effects.push(Effect::Renewal(serial, RenewalEffect::Ask { body, key }));
        self.renewals.push(Renewing { held, refresh, answer: None });
    }

    pub(super) fn renewal_event(
        &mut self,
        serial: Serial,
        event: RenewalEvent,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(renewing) = self.renewals.iter_mut().find(|it| it.held.serial == serial) else {
            return;
        };
        match event {
            RenewalEvent::Answered(answer) if renewing.answer.is_none() => {
                let tokens =
                    match renewal::read(answer, &renewing.held.scope, renewing.held.key.as_ref()) {
                        Ok(tokens) => tokens,
                        Err(failure) => return self.not_renewed(serial, failure, now, effects),
                    };
                if let Some(next) = &tokens.refresh {
                    // Whatever comes of the answer, the old one may be void by now.
                    renewing.refresh.token = next.token.clone();
                    self.wallet.rotate(serial, renewing.refresh.clone());
                }
                match tokens.id_token {
                    Some(_) => self.verify_renewed(serial, tokens, false, now, effects),
                    None => self.renewed(serial, tokens, None, now, effects),
                }
            }
            RenewalEvent::Verified(outcome) => {
                let Some((tokens, fresh_keys)) = renewing.answer.take() else { return };
                let proved = renewing.held.claims.clone();
                let inherited = outcome.and_then(|claims| match &proved {
                    Some(proved) => renewal::inherit(proved, &claims),
                    None => Ok(claims),
                });
                match inherited {
                    Ok(claims) => self.renewed(serial, tokens, Some(claims), now, effects),
                    Err(error)
                        if may_refetch(&error, fresh_keys, &mut self.keys_refetched, now) =>
                    {
                        self.verify_renewed(serial, tokens, true, now, effects);
                    }
                    Err(error) => {
                        self.not_renewed(serial, renewal::after(&error), now, effects);
                    }
                }
            }
            // Late or unasked.
            RenewalEvent::Answered(_) => {}
        }
    }

    /// OpenID Connect Core §12.2: what may have changed is compared when it has been checked.
    fn verify_renewed(
        &mut self,
        serial: Serial,
        tokens: TokenSet,
        fresh_keys: bool,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let renewing = self.renewals.iter_mut().find(|it| it.held.serial == serial);
        let (Some(renewing), Some(provider), Some(id_token)) =
            (renewing, &self.config.provider, tokens.id_token.clone())
        else {
            return;
        };
        let expectation = Expectation {
            issuer: provider.issuer.clone(),
            client_id: provider.client_id.clone(),
            source: Source::Renewal {
                nonce: renewing.refresh.nonce.clone(),
                access_token: tokens.access_token.clone(),
            },
            algorithms: self.config.id_token_algs.clone(),
            now: now.seconds(),
        };
        renewing.answer = Some((tokens, fresh_keys));
        let verify = RenewalEffect::Verify { id_token, expectation, fresh_keys };
        effects.push(Effect::Renewal(serial, verify));
    }

    /// A renewed token is here. What was proved, and when, is as it was.
    fn renewed(
        &mut self,
        serial: Serial,
        tokens: TokenSet,
        claims: Option<Claims>,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(renewing) = self.end_renewal(serial) else { return };
        let until = now.plus(tokens.lifetime.millis());
        let mut renewed = renewing.held.clone();
        renewed.access_token = Some(tokens.access_token);
        (renewed.scope, renewed.until) = (tokens.scope, until);
        if claims.is_some() {
            renewed.claims = claims;
        }
        if let (Some(user), Some(id_token)) = (&mut self.user, tokens.id_token) {
            user.id_token = Some(id_token);
        }
        if renewed.single_use {
            self.serve_next(renewing.held, renewing.refresh, renewed, now, effects);
            return;
        }
        // It may have been given up meanwhile.
        let is_held = self.wallet.of(serial).is_some_and(|held| held.serial == serial);
        let held = is_held.then(|| self.wallet.renew(renewed));
        effects.push(self.publish(now));
        for id in self.waiting_for(serial) {
            match &held {
                Some(held) => self.send_renewed(id, held, effects),
                None => self.give_back(id, effects),
            }
        }
    }

    /// There is no renewed token. Who waits gets the answer that there was.
    fn not_renewed(
        &mut self,
        serial: Serial,
        failure: Failure,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(renewing) = self.end_renewal(serial) else { return };
        if renewing.held.single_use {
            self.queue_renewing(serial);
            self.go_on(now, effects);
            return;
        }
        match failure {
            // It can be tried again at the next request.
            Failure::Passing => self.wallet.expire(serial, now),
            Failure::Final => self.wallet.remove(serial),
        }
        effects.push(self.publish(now));
        for id in self.waiting_for(serial) {
            self.give_back(id, effects);
        }
    }

    fn end_renewal(&mut self, serial: Serial) -> Option<Renewing> {
        take(&mut self.renewals, |renewing| renewing.held.serial == serial)
    }

    /// Another user, or none: what was held is nobody's any more, and no renewal brings it back.
    pub(super) fn forget(&mut self, effects: &mut Vec<Effect>) {
        self.wallet.clear();
        self.memory.clear();
        self.stock.clear(effects);
        (self.spare, self.offered) = (None, None);
        for renewing in core::mem::take(&mut self.renewals) {
            let serial = renewing.held.serial;
            match renewing.held.single_use {
                true => self.queue_renewing(serial),
                false => {
                    self.waiting_for(serial).into_iter().for_each(|id| self.give_back(id, effects));
                }
            }
        }
    }

    /// Who waits for this renewal.
    pub(super) fn waiting_for(&self, serial: Serial) -> Vec<WaiterId> {
        let waits = |waiter: &Waiter| waiter.phase == Phase::Renewing(serial);
        self.waiters.iter().filter(|it| waits(it)).map(|waiter| waiter.id).collect()
    }

    /// Sends a request with a renewed token: only because the answer before was that the one it had
    /// carried is invalid. What cannot be sent again keeps that answer, and the app can send it.
    fn send_renewed(&mut self, id: WaiterId, held: &Held, effects: &mut Vec<Effect>) {
        let call = self.waiters.iter().find(|it| it.id == id).and_then(|it| it.call.as_ref());
        match call.is_some_and(|call| call.replayable) {
            true => self.send(id, held, effects),
            false => self.give_back(id, effects),
        }
    }

    fn give_back(&mut self, id: WaiterId, effects: &mut Vec<Effect>) {
        if let Some(waiter) = self.take(id) {
            give_back(&waiter, effects);
        }
    }
}

/// The answer that there was is the caller's, untouched.
pub(super) fn give_back(waiter: &Waiter, effects: &mut Vec<Effect>) {
    effects.push(settled(waiter, Outcome::Response(Some(401))));
    effects.push(Effect::GiveBack { waiter: waiter.id });
}
