//! What is proved, as the app gets to know it, and who is content with what the session proves.

use super::asks_first::let_go;
use super::effect::{Effect, Outcome};
use super::machine::Coordinator;
use super::outcome::settled;
use super::waiter::{Phase, Waiter};
use crate::protocol::assurance::age;
use crate::protocol::border::record;
use crate::protocol::claims::Claims;
use crate::protocol::flow::{FlowId, SessionProof};
use crate::protocol::held::Held;
use crate::protocol::level::{Levels, Rank};
use crate::protocol::list::{put_at, take_at};
use crate::protocol::requirement::Scope;
use crate::protocol::units::{EpochMillis, EpochSeconds, Millis};

/// What is proved, as the app gets to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assurance {
    /// The level that holds now, where the app gave an order.
    pub level: Option<String>,
    /// The authentication context.
    pub acr: Option<String>,
    /// The authentication methods.
    pub amr: Option<Vec<String>>,
    /// When the user authenticated.
    pub auth_time: Option<EpochSeconds>,
    /// What the token was granted.
    pub scope: Scope,
    /// Whether a checked ID token stands behind it.
    pub verified: bool,
    /// When the user authenticated by the clock of this machine, else when it was received.
    pub since: EpochMillis,
    /// When the token expires, or the level ceases to hold.
    pub until: EpochMillis,
}

record!(export Assurance {
    level: "level",
    acr: "acr",
    amr: "amr",
    auth_time: "authTime",
    scope: "scope",
    verified: "verified",
    since: "since",
    until: "until"
});

/// What was told of an authentication, by whomever.
struct Told {
    acr: Vec<String>,
    amr: Vec<String>,
    /// How long ago it was.
    age: Option<Millis>,
    received: EpochMillis,
    until: EpochMillis,
}

impl Told {
    fn by_claims(
        claims: &Claims,
        received: EpochMillis,
        until: EpochMillis,
        now: EpochMillis,
    ) -> Self {
        let age = age(claims, received, now);
        Self { acr: claims.acr.clone(), amr: claims.amr.clone(), age, received, until }
    }

    /// `asked` are the acr values that were asked for: of several, one of those says most.
    fn assured(self, levels: &Levels, asked: &[String], now: EpochMillis) -> Assurance {
        let Self { acr, amr, age, received, until } = self;
        let level = levels.holding(levels.proved(&acr, &amr), age).and_then(|rank| levels.at(rank));
        let left = match (level.and_then(|level| level.max_age), age) {
            (Some(most), Some(age)) => Some(Millis(most.millis().0.saturating_sub(age.0))),
            _ => None,
        };
        Assurance {
            level: level.map(|level| level.name.clone()),
            acr: acr.iter().find(|acr| asked.contains(acr)).or_else(|| acr.first()).cloned(),
            amr: Some(amr).filter(|amr| !amr.is_empty()),
            auth_time: None,
            scope: Scope::default(),
            verified: false,
            since: age.map_or(received, |age| EpochMillis(now.0.saturating_sub(age.0))),
            until: left.map_or(until, |left| until.min(now.plus(left))),
        }
    }
}

/// As the provider said it, if it makes sense.
fn auth_time(claims: &Claims) -> Option<EpochSeconds> {
    claims.auth_time.and_then(|seconds| u64::try_from(seconds).ok()).map(EpochSeconds)
}

impl Assurance {
    /// What a held token, or a raised session, stands for now.
    pub(super) fn of(held: &Held, levels: &Levels, now: EpochMillis) -> Self {
        let Held { received, until, .. } = *held;
        let (told, auth_time) = match (&held.claims, &held.told) {
            (Some(claims), _) => (Told::by_claims(claims, received, until, now), auth_time(claims)),
            (None, told) => {
                let told = told.clone().unwrap_or_default();
                let age = told.auth_time.map(|then| now.since(then.millis()));
                let (acr, amr) = (told.acr.into_iter().collect(), told.amr.unwrap_or_default());
                (Told { acr, amr, age, received, until }, told.auth_time)
            }
        };
        Self {
            auth_time,
            scope: held.scope.clone(),
            verified: held.claims.is_some(),
            ..told.assured(levels, &held.obtained_for.as_asked().acr_values, now)
        }
    }

    /// What the session's own ID token proves.
    pub(super) fn of_session(proof: &SessionProof, levels: &Levels, now: EpochMillis) -> Self {
        let told = Told::by_claims(&proof.claims, proof.checked, proof.until(), now);
        Self {
            auth_time: auth_time(&proof.claims),
            scope: proof.scope.clone(),
            verified: true,
            ..told.assured(levels, &[], now)
        }
    }

    pub(super) fn rank(&self, levels: &Levels) -> Option<Rank> {
        levels.rank_of(self.level.as_deref()?)
    }
}

impl Coordinator {
    /// The session has been looked at. Those who need no more than it proves wait no longer; the
    /// others are asked. Tells whether there are any.
    pub(super) fn looked(
        &mut self,
        flow: FlowId,
        now: EpochMillis,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let proof = self.proof.clone();
        let is_content = |waiter: &Waiter| {
            waiter.phase == Phase::In(flow)
                && waiter.may_look()
                && proof.as_ref().is_some_and(|proof| proof.satisfies(&waiter.need, now))
        };
        let all = core::mem::take(&mut self.waiters);
        let (content, left): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|waiter| is_content(waiter));
        self.waiters = left;
        self.end_flow_nobody_waits_for(effects);
        for (waiter, proof) in content.iter().zip(proof.iter().cycle()) {
            if waiter.call.is_some() {
                let_go(waiter, effects);
                continue;
            }
            let assurance = Assurance::of_session(proof, &self.config.levels, now);
            effects.push(Effect::Settle { waiter: waiter.id, assurance });
            effects.push(settled(waiter, Outcome::Assurance));
        }
        let Some(next) = self.waiters.iter().find(|waiter| waiter.phase == Phase::In(flow)) else {
            return false;
        };
        self.patience.begins(next, now);
        self.use_stock(now);
        // Requests that were challenged meanwhile have waited for this.
        for at in 0..self.waiters.len() {
            if self.waiters.get(at).is_some_and(|waiter| waiter.phase == Phase::Queued) {
                let Some(mut waiter) = take_at(&mut self.waiters, at) else { break };
                waiter.phase = self.place(&waiter);
                if waiter.phase == Phase::In(flow) {
                    waiter.flow = Some(flow);
                }
                put_at(&mut self.waiters, at, waiter);
            }
        }
        true
    }
}
