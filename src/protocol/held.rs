//! The tokens that are held, in memory only, and which of them satisfies what.

use super::assurance::{GRACE, holds_after};
use super::backend::Told;
use super::claims::Claims;
use super::dpop::Thumbprint;
use super::flow::{Goal, Obtained};
use super::list::{put_at, take_at};
use super::renewal::Refresh;
use super::requirement::{Requirement, Scope};
use super::secret::Secret;
use super::token::{DEFAULT_LIFETIME, TokenSet};
use super::units::{EpochMillis, EpochSeconds, Millis, Seconds};

/// The number of a held token, so that it is known which one a request was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Serial(pub u32);

/// A token that may be used, or the raised session that a cookie stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its number.
    pub serial: Serial,
    /// The numbers it had before it was renewed, the newest first.
    pub before: Vec<Serial>,
    /// The access token; none where a cookie carries the session.
    pub access_token: Option<Secret>,
    /// The key that the access token is bound to; none for a Bearer token.
    pub key: Option<Thumbprint>,
    /// What it was granted.
    pub scope: Scope,
    /// The resource it is for; none where the app told no resources apart.
    pub resource: Option<String>,
    /// Whether it is for an API that discards a token after one use: one request gets it, sent once.
    pub single_use: bool,
    /// What was checked; none for a token that nothing vouches for.
    pub claims: Option<Claims>,
    /// What the app's backend tells.
    pub told: Option<Told>,
    /// When the user's authentication was told, by the first answer there was.
    pub received: EpochMillis,
    /// What the clock said then.
    pub judged: EpochSeconds,
    /// When it expires.
    pub until: EpochMillis,
    /// What it was obtained for.
    pub obtained_for: Requirement,
}

impl Held {
    /// Whether it can be used now. Expiry is judged here, on each read: no timer runs that a sleeping
    /// machine would miss. For one that comes from the future nobody can tell how long it has lived.
    #[must_use]
    pub fn lives(&self, now: EpochMillis) -> bool {
        self.received <= now.plus(JITTER) && now < self.until
    }

    /// Whether this is its number, or was before it was renewed.
    #[must_use]
    pub fn is(&self, serial: Serial) -> bool {
        self.serial == serial || self.before.contains(&serial)
    }

    /// Whether it is for one thing in particular, and so for the request about that thing only.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        self.obtained_for.is_narrow()
    }

    /// Whether it is gone with the one request that it is sent with.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.single_use || self.is_narrow()
    }

    /// Whether it satisfies the requirement now.
    #[must_use]
    pub fn satisfies(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        self.lives(now)
            && self.scope.contains_all(&requirement.scope)
            && self.obtained_for.authorization_details == requirement.authorization_details
            && self.obtained_for.claims.covers(&requirement.claims)
            && match &self.claims {
                Some(claims) => {
                    let passed = now.since(self.received);
                    holds_after(claims, self.judged, passed, requirement)
                }
                // Nothing vouches for it: it serves what it was obtained for, and the API decides.
                None => self.obtained_for.covers(requirement) && self.is_young(requirement, now),
            }
    }

    /// Whether the user, who authenticated when it was received at the latest, has not done so too
    /// long ago.
    fn is_young(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        let until = |most: Seconds| self.received.plus(most.millis()).plus(GRACE.millis());
        requirement.within().is_none_or(|most| now <= until(most))
    }

    /// Whether it is trusted for one request only.
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.claims.is_none() || self.is_narrow()
    }

    /// Whether `ensure()` may rest on it: something vouches for it, or it is the session itself,
    /// which all requests carry.
    #[must_use]
    pub const fn is_assured(&self) -> bool {
        self.claims.is_some() || self.access_token.is_none()
    }
}

/// All tokens that are held. Low and high ones lie side by side (RFC 9470 §2).
#[derive(Debug, Default)]
pub struct Wallet {
    held: Vec<Held>,
    /// What renews them, apart from them: it goes nowhere that they go.
    refresh: Vec<(Serial, Refresh)>,
    last: u32,
}

/// Tokens kept at most; the oldest go first.
const MOST: usize = 8;
/// How far a clock may be put right without a word.
pub const JITTER: Millis = Millis(1000);

impl Wallet {
    /// Takes a token in and gives it a number.
    pub fn take(
        &mut self,
        obtained: Obtained,
        claims: Option<Claims>,
        goal: &Goal,
        now: EpochMillis,
    ) -> Held {
        let (access_token, key, scope, told, lifetime, refresh) = match obtained {
            Obtained::Tokens(tokens) => {
                let TokenSet { access_token, key, scope, lifetime, refresh, .. } = tokens;
                (Some(access_token), key, scope, None, lifetime, refresh)
            }
            Obtained::Session { told, scope } => {
                (None, None, scope, Some(told), DEFAULT_LIFETIME, None)
            }
        };
        let held = Held {
            serial: self.number(),
            before: Vec::new(),
            until: now.plus(lifetime.millis()),
            access_token,
            key,
            scope,
            resource: goal.resource.clone(),
            single_use: goal.single_use,
            claims,
            told,
            received: now,
            judged: now.seconds(),
            obtained_for: goal.requirement.clone(),
        };
        if let Some(refresh) = refresh {
            self.refresh.push((held.serial, refresh));
        }
        let renews = |old: &Held| self.refresh.iter().any(|(of, _)| *of == old.serial);
        self.held.retain(|old| old.lives(now) || renews(old));
        if self.held.len() >= MOST {
            take_at(&mut self.held, 0);
        }
        self.held.push(held.clone());
        self.tidy();
        held
    }

    fn number(&mut self) -> Serial {
        self.last = self.last.wrapping_add(1);
        Serial(self.last)
    }

    /// What renews nothing any more is forgotten.
    fn tidy(&mut self) {
        let held = &self.held;
        self.refresh.retain(|(serial, _)| held.iter().any(|held| held.serial == *serial));
    }

    /// The token of this number, also if it has been renewed since.
    #[must_use]
    pub fn of(&self, serial: Serial) -> Option<&Held> {
        self.held.iter().find(|held| held.is(serial))
    }

    /// What renews the token of exactly this number.
    #[must_use]
    pub fn refresh_of(&self, serial: Serial) -> Option<&Refresh> {
        self.refresh.iter().find(|(of, _)| *of == serial).map(|(_, refresh)| refresh)
    }

    /// Keeps what renews a token from now on: a server may give a new refresh token each time
    /// (RFC 6749 §6).
    pub fn rotate(&mut self, serial: Serial, refresh: Refresh) {
        if let Some((_, kept)) = self.refresh.iter_mut().find(|(of, _)| *of == serial) {
            *kept = refresh;
        }
    }

    /// Gives a renewed token a number, and puts it in the place of the one that it renews.
    pub fn renew(&mut self, mut renewed: Held) -> Held {
        let old = renewed.serial;
        renewed.serial = self.number();
        put_at(&mut renewed.before, 0, old);
        renewed.before.truncate(MOST);
        if let Some(held) = self.held.iter_mut().find(|held| held.serial == old) {
            *held = renewed.clone();
        }
        if let Some((of, _)) = self.refresh.iter_mut().find(|(of, _)| *of == old) {
            *of = renewed.serial;
        }
        renewed
    }

    /// Lets no decision rest on it any more, although it can be renewed yet.
    pub fn expire(&mut self, serial: Serial, now: EpochMillis) {
        if let Some(held) = self.held.iter_mut().find(|held| held.serial == serial) {
            held.until = held.until.min(now);
        }
    }

    /// The clock was set back by so much. What has been lived stays lived.
    pub fn set_back(&mut self, by: Millis) {
        for held in &mut self.held {
            held.received = held.received.minus(by);
            held.until = held.until.minus(by);
        }
    }

    /// Whether nothing is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The living tokens for the resource, the newest first.
    pub fn newest(&self, resource: Option<&str>, now: EpochMillis) -> impl Iterator<Item = &Held> {
        self.those(&|held| held.resource.as_deref() == resource && held.lives(now)).into_iter()
    }

    fn those(&self, wanted: &dyn Fn(&Held) -> bool) -> Vec<&Held> {
        let mut newest_first = Vec::new();
        for held in self.held.iter().rev() {
            if wanted(held) {
                newest_first.push(held);
            }
        }
        newest_first
    }

    /// All living tokens, the newest last.
    pub fn living(&self, now: EpochMillis) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| held.lives(now))
    }

    /// The tokens for the resource that may be sent, the newest first: also one that has expired, if
    /// it can be renewed once the API has said so.
    pub fn sendable(
        &self,
        resource: Option<&str>,
        now: EpochMillis,
    ) -> impl Iterator<Item = &Held> {
        let sendable = |held: &Held| {
            let renewable = || self.refresh_of(held.serial).is_some();
            held.resource.as_deref() == resource && (held.lives(now) || renewable())
        };
        self.those(&sendable).into_iter()
    }

    /// Everything that has been granted for the resource by tokens that may still be sent, apart from
    /// what was granted for one thing in particular.
    #[must_use]
    pub fn scope(&self, resource: Option<&str>, now: EpochMillis) -> Scope {
        let wide = self.sendable(resource, now).filter(|held| !held.is_narrow());
        wide.fold(Scope::default(), |scope, held| scope.union(&held.scope))
    }

    /// Gives one up.
    pub fn remove(&mut self, serial: Serial) {
        self.held.retain(|held| held.serial != serial);
        self.tidy();
    }

    /// Forgets everything. Numbers are never used again.
    pub fn clear(&mut self) {
        self.held.clear();
        self.refresh.clear();
    }
}

#[cfg(test)]
mod tests;
