//! The tokens that are held, in memory only, and which of them satisfies what.

use super::assurance::{GRACE, still_holds};
use super::backend::Told;
use super::claims::Claims;
use super::dpop::Thumbprint;
use super::flow::Obtained;
use super::requirement::{Requirement, Scope};
use super::secret::Secret;
use super::token::DEFAULT_LIFETIME;
use super::units::{EpochMillis, Seconds};

/// The number of a held token, so that it is known which one a request was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Serial(pub u32);

/// A token that may be used, or the raised session that a cookie stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its number.
    pub serial: Serial,
    /// The access token; none where a cookie carries the session.
    pub access_token: Option<Secret>,
    /// The key that the access token is bound to; none for a Bearer token.
    pub key: Option<Thumbprint>,
    /// What it was granted.
    pub scope: Scope,
    /// The resource it is for; none where the app told no resources apart.
    pub resource: Option<String>,
    /// What was checked; none for a token that nothing vouches for.
    pub claims: Option<Claims>,
    /// What the app's backend tells.
    pub told: Option<Told>,
    /// When it was received.
    pub received: EpochMillis,
    /// When it expires.
    pub until: EpochMillis,
    /// What it was obtained for.
    pub obtained_for: Requirement,
}

impl Held {
    /// Whether it is for one thing in particular, and so for the request about that thing only.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        !self.obtained_for.authorization_details.is_empty()
    }

    /// Whether it satisfies the requirement now. Expiry is judged here, on each read: no timer
    /// runs that a sleeping machine would miss.
    #[must_use]
    pub fn satisfies(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        now < self.until
            && self.scope.contains_all(&requirement.scope)
            && self.obtained_for.authorization_details == requirement.authorization_details
            && match &self.claims {
                Some(claims) => still_holds(claims, self.received, requirement, now),
                // Nothing vouches for it: it serves what it was obtained for, and the API decides.
                None => self.obtained_for.covers(requirement) && self.is_young(requirement, now),
            }
    }

    /// Whether the user, who authenticated when it was received at the latest, has not done so too
    /// long ago.
    fn is_young(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        let until = |most: Seconds| self.received.plus(most.millis()).plus(GRACE.millis());
        requirement.max_age.is_none_or(|most| now <= until(most))
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
    last: u32,
}

/// Tokens kept at most; the oldest go first.
const MOST: usize = 8;

impl Wallet {
    /// Takes a token in and gives it a number.
    pub fn take(
        &mut self,
        obtained: Obtained,
        claims: Option<Claims>,
        obtained_for: Requirement,
        resource: Option<String>,
        now: EpochMillis,
    ) -> Held {
        self.last = self.last.wrapping_add(1);
        let (access_token, key, scope, told, lifetime) = match obtained {
            Obtained::Tokens(tokens) => {
                (Some(tokens.access_token), tokens.key, tokens.scope, None, tokens.lifetime)
            }
            Obtained::Session { told, scope } => (None, None, scope, Some(told), DEFAULT_LIFETIME),
        };
        let held = Held {
            serial: Serial(self.last),
            until: now.plus(lifetime.millis()),
            access_token,
            key,
            scope,
            resource,
            claims,
            told,
            received: now,
            obtained_for,
        };
        self.held.retain(|old| now < old.until);
        if self.held.len() >= MOST {
            self.held.remove(0);
        }
        self.held.push(held.clone());
        held
    }

    /// The newest token for the resource that satisfies the requirement.
    #[must_use]
    pub fn find(
        &self,
        resource: Option<&str>,
        requirement: &Requirement,
        now: EpochMillis,
    ) -> Option<&Held> {
        self.newest(resource, now).find(|held| held.satisfies(requirement, now))
    }

    /// The living tokens for the resource, the newest first.
    pub fn newest(&self, resource: Option<&str>, now: EpochMillis) -> impl Iterator<Item = &Held> {
        self.held
            .iter()
            .rev()
            .filter(move |held| held.resource.as_deref() == resource && now < held.until)
    }

    /// Everything that has been granted for the resource by tokens that still live, apart from what was
    /// granted for one thing in particular.
    #[must_use]
    pub fn scope(&self, resource: Option<&str>, now: EpochMillis) -> Scope {
        let wide = self.newest(resource, now).filter(|held| !held.is_narrow());
        wide.fold(Scope::default(), |scope, held| scope.union(&held.scope))
    }

    /// Gives one up.
    pub fn remove(&mut self, serial: Serial) {
        self.held.retain(|held| held.serial != serial);
    }

    /// Forgets everything. Numbers are never used again.
    pub fn clear(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::details::Details;
    use super::super::token::TokenSet;
    use super::super::units::EpochSeconds;
    use super::*;

    const NOW: EpochMillis = EpochMillis(1_800_000_000_000);

    fn tokens(name: &str, scope: &str) -> Obtained {
        Obtained::Tokens(TokenSet {
            access_token: Secret::new(name),
            id_token: None,
            lifetime: Seconds(60),
            scope: Scope::parse(scope),
            authorization_details: Details::default(),
            key: None,
        })
    }

    fn claims(acr: &str) -> Option<Claims> {
        Some(Claims {
            iss: String::new(),
            sub: String::new(),
            acr: vec![acr.into()],
            amr: Vec::new(),
            auth_time: Some(1_800_000_000),
            iat: EpochSeconds(1_800_000_000),
            exp: EpochSeconds(1_800_000_060),
        })
    }

    fn wants(acr: &str, scope: &str) -> Requirement {
        Requirement {
            acr_values: vec![acr.into()],
            scope: Scope::parse(scope),
            ..Requirement::default()
        }
    }

    #[test]
    fn low_and_high_tokens_lie_side_by_side() {
        let mut wallet = Wallet::default();
        wallet.take(tokens("low", "a b"), claims("AL1"), wants("AL1", ""), None, NOW);
        wallet.take(tokens("high", "a"), claims("AL3"), wants("AL3", ""), None, NOW);
        let find = |acr, scope| {
            let held = wallet.find(None, &wants(acr, scope), NOW)?;
            held.access_token.as_ref().map(Secret::expose)
        };
        assert_eq!(find("AL1", "b"), Some("low"));
        assert_eq!(find("AL3", "a"), Some("high"));
        assert_eq!(find("AL3", "b"), None);
        assert_eq!(wallet.scope(None, NOW), Scope::parse("a b"));
    }

    #[test]
    fn t62_expiry_is_judged_when_a_token_is_read() {
        let mut wallet = Wallet::default();
        wallet.take(tokens("t", ""), claims("AL3"), wants("AL3", ""), None, NOW);
        let at = |seconds: u64| NOW.plus(Seconds(seconds).millis());
        assert!(wallet.find(None, &wants("AL3", ""), at(59)).is_some());
        assert!(wallet.find(None, &wants("AL3", ""), at(60)).is_none());
        assert!(wallet.scope(None, at(60)).is_empty());
    }

    #[test]
    fn a_token_for_one_resource_is_not_found_for_another() {
        let mut wallet = Wallet::default();
        let resource = Some("https://files.example".to_owned());
        wallet.take(tokens("t", ""), claims("AL3"), wants("AL3", ""), resource, NOW);
        assert!(wallet.find(None, &wants("AL3", ""), NOW).is_none());
        assert!(wallet.find(Some("https://files.example"), &wants("AL3", ""), NOW).is_some());
    }

    #[test]
    fn a_token_nothing_vouches_for_serves_only_what_it_was_obtained_for() {
        let mut wallet = Wallet::default();
        let held = wallet.take(tokens("t", "a"), None, wants("AL2", "a"), None, NOW);
        assert!(held.is_once());
        assert!(wallet.find(None, &wants("AL2", "a"), NOW).is_some());
        assert!(wallet.find(None, &wants("AL3", "a"), NOW).is_none());
    }

    #[test]
    fn t09_a_token_for_one_thing_in_particular_serves_that_only() {
        let mut wallet = Wallet::default();
        let pays = |amount: &str| Requirement {
            authorization_details: Details::new([r#"[{"type":"t","n":"#, amount, "}]"].concat()),
            ..wants("AL3", "a")
        };
        wallet.take(tokens("wide", "a b"), claims("AL3"), wants("AL3", ""), None, NOW);
        let narrow = wallet.take(tokens("narrow", "a c"), claims("AL3"), pays("1"), None, NOW);
        assert!(narrow.is_once() && narrow.is_narrow());
        let find = |requirement: &Requirement| {
            let held = wallet.find(None, requirement, NOW)?;
            held.access_token.as_ref().map(Secret::expose)
        };
        assert_eq!(find(&pays("1")), Some("narrow"));
        assert_eq!(find(&pays("2")), None);
        assert_eq!(find(&wants("AL3", "a")), Some("wide"));
        assert_eq!(wallet.scope(None, NOW), Scope::parse("a b"));
    }

    #[test]
    fn a_raised_session_is_as_old_as_its_raising() {
        let mut wallet = Wallet::default();
        let raised = || Obtained::Session { told: Told::default(), scope: Scope::parse("a") };
        let within = |seconds| Requirement { max_age: Some(Seconds(seconds)), ..wants("AL3", "") };
        let held = wallet.take(raised(), None, within(60), None, NOW);
        assert!(held.is_assured() && held.access_token.is_none());
        let after = |seconds: u64| NOW.plus(Seconds(seconds).millis());
        assert!(held.satisfies(&within(60), after(60)));
        assert!(!held.satisfies(&within(60), after(66)));
        assert!(!held.satisfies(&within(30), NOW), "it was asked for with a longer age");
        assert!(!held.satisfies(&wants("AL4", ""), NOW));
    }

    #[test]
    fn the_number_of_tokens_is_bounded_and_numbers_are_not_reused() {
        let mut wallet = Wallet::default();
        for _ in 0..20 {
            wallet.take(tokens("t", ""), claims("AL3"), wants("AL3", ""), None, NOW);
        }
        assert_eq!(wallet.held.len(), MOST);
        wallet.clear();
        let held = wallet.take(tokens("t", ""), claims("AL3"), wants("AL3", ""), None, NOW);
        assert_eq!(held.serial, Serial(21));
    }
}
