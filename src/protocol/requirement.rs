//! What an API demands of the user's authentication and of the token.

use super::border::{Export, Foreign, record};
use super::claims_request::ClaimsRequest;
use super::details::Details;
use super::error::{Error, ErrorCode};
use super::level::{Levels, Rank};
pub use super::scope::Scope;
use super::units::Seconds;

/// What must be proved: an authentication context, its age, and scopes (RFC 9470 §3, RFC 6750 §3).
///
/// It stays as it was said. Which level an acr stands for, what a higher one is good for, and how
/// long it holds, is read from the app's order, which it carries along. Without one, acr values
/// compare exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Acceptable authentication context class references, the preferred first: names of levels, or
    /// values of the provider's. Any one is enough; none named means that any context will do.
    pub acr_values: Vec<String>,
    /// How long ago the user may have authenticated at most.
    pub max_age: Option<Seconds>,
    /// Scopes that the token must carry.
    pub scope: Scope,
    /// Whether the authentication must be one that cannot be phished.
    pub phishing_resistant: bool,
    /// What the token must be good for in particular.
    pub authorization_details: Details,
    /// Claims that the provider is asked for (OpenID Connect Core §5.5). Who demands them judges the
    /// token by them.
    pub claims: ClaimsRequest,
    /// The app's order.
    pub levels: Levels,
}

record!(import Requirement {
    acr_values: "acrValues" or Default::default(),
    max_age: "maxAge",
    scope: "scope" or Default::default(),
    phishing_resistant: "phishingResistant" or Default::default(),
    authorization_details: "authorizationDetails" or Default::default(),
    claims: "claims" or Default::default();
    levels: Default::default(),
});

impl Export for Requirement {
    /// What is not demanded is left out, but for the two that everybody looks for.
    fn export<F: Foreign>(&self) -> F {
        let mut object = F::object();
        object.set("acrValues", self.acr_values.export());
        object.set("maxAge", self.max_age.export());
        object.set("scope", self.scope.export());
        if self.phishing_resistant {
            object.set("phishingResistant", F::of_flag(true));
        }
        if !self.authorization_details.is_empty() {
            object.set("authorizationDetails", self.authorization_details.export());
        }
        if !self.claims.is_empty() {
            object.set("claims", self.claims.export());
        }
        object
    }
}

/// Whether a value has a place in the space-separated lists of RFC 6749 §3.3 and OpenID Connect Core
/// §3.1.2.1.
pub(super) fn is_sendable(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| !c.is_control() && !matches!(c, ' ' | '"' | '\\'))
}

impl Requirement {
    /// The requirement, if its values can be sent: an app may name anything.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` for an acr or scope that is empty or has a character which those
    /// lists cannot carry, and for authorization details and claims that are none.
    pub fn checked(self) -> Result<Self, Error> {
        self.authorization_details.checked()?;
        self.claims.checked()?;
        if self.acr_values.iter().map(String::as_str).chain(self.scope.iter()).all(is_sendable) {
            return Ok(self);
        }
        Err(Error::new(ErrorCode::ConfigurationInvalid, "an acr or scope cannot be sent"))
    }

    /// The same, read by this order.
    #[must_use]
    pub fn in_order(mut self, levels: &Levels) -> Self {
        self.levels = levels.clone();
        self
    }

    /// Whether nothing in particular is demanded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.acr_values.is_empty()
            && self.max_age.is_none()
            && self.scope.is_empty()
            && !self.phishing_resistant
            && !self.needs_a_token()
    }

    /// Whether something in particular is to be confirmed: once, and for one request.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        !self.authorization_details.is_empty()
    }

    /// Whether a token must be obtained for it, however much a session proves.
    #[must_use]
    pub fn needs_a_token(&self) -> bool {
        self.is_narrow() || !self.claims.is_empty()
    }

    /// The lowest level that is enough.
    #[must_use]
    pub fn rank(&self) -> Option<Rank> {
        self.acr_values.iter().filter_map(|acr| self.levels.rank_of(acr)).min()
    }

    /// The values that have no place in the order: each is as good as that level.
    fn unranked(&self) -> impl Iterator<Item = &String> {
        self.acr_values.iter().filter(|acr| self.levels.rank_of(acr).is_none())
    }

    /// How long ago the user may have authenticated at most, if the level is to hold as well.
    #[must_use]
    pub fn within(&self) -> Option<Seconds> {
        let level = self.rank().and_then(|rank| self.levels.at(rank));
        self.max_age.into_iter().chain(level.and_then(|level| level.max_age)).min()
    }

    /// The same in the provider's own words: what is asked for.
    #[must_use]
    pub fn as_asked(&self) -> Self {
        let mut asked: Vec<String> = Vec::new();
        for acr in &self.acr_values {
            match self.levels.named(acr) {
                Some(level) => asked.extend_from_slice(&level.acr),
                None => asked.push(acr.clone()),
            }
        }
        // A level that can be phished would be an answer that is refused.
        let too_low = self.rank() < self.levels.resistant() && self.unranked().next().is_none();
        if self.phishing_resistant && (self.acr_values.is_empty() || too_low) {
            asked = self.levels.asked_for_resistance();
        }
        let mut acr_values: Vec<String> = Vec::new();
        for acr in asked {
            if !acr_values.contains(&acr) {
                acr_values.push(acr);
            }
        }
        let mut asked = self.clone();
        (asked.acr_values, asked.max_age) = (acr_values, self.within());
        asked
    }

    /// Whether an answer with this acr and amr is strong enough.
    #[must_use]
    pub fn is_met_by(&self, acr: &[String], amr: &[String]) -> bool {
        let high_enough = self.rank().is_some_and(|least| {
            self.levels.proved(acr, amr).is_some_and(|proved| proved >= least)
        });
        let context =
            self.acr_values.is_empty() || high_enough || self.unranked().any(|it| acr.contains(it));
        context && (!self.phishing_resistant || self.levels.resists_phishing(acr, amr))
    }

    /// Whether something that reaches these values, and what is below them, can meet it.
    #[must_use]
    pub fn is_reached_by(&self, values: &[String]) -> bool {
        let highest = values.iter().filter_map(|value| self.levels.rank_of(value)).max();
        let reaches = |rank: Option<Rank>| rank.is_some() && highest >= rank;
        let named = || self.unranked().any(|acr| values.contains(acr));
        let context = self.acr_values.is_empty() || reaches(self.rank()) || named();
        let marked = self.levels.resistant().filter(|_| self.phishing_resistant);
        context && (marked.is_none() || reaches(marked) || named())
    }

    /// Whether any answer that satisfies `self` also satisfies `other`.
    ///
    /// Without an order of levels, acr values compare exactly (RFC 9470 §2: an acr has no built-in
    /// order): every value that would satisfy `self` must be acceptable to `other`.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let ranked = match (self.rank(), other.rank()) {
            (None, _) => true,
            (Some(ours), Some(theirs)) => ours >= theirs,
            (Some(_), None) => false,
        };
        let context = other.acr_values.is_empty()
            || (!self.acr_values.is_empty()
                && ranked
                && self.unranked().all(|acr| other.acr_values.contains(acr)));
        let age = match (self.within(), other.within()) {
            (_, None) => true,
            (Some(ours), Some(theirs)) => ours <= theirs,
            (None, Some(_)) => false,
        };
        let resistance = !other.phishing_resistant || self.implies_resistance();
        context
            && age
            && resistance
            && self.scope.contains_all(&other.scope)
            && self.authorization_details == other.authorization_details
            && self.claims.covers(&other.claims)
    }

    /// Whether each answer that satisfies it is one that cannot be phished.
    fn implies_resistance(&self) -> bool {
        let marked = self.levels.resistant();
        let ranked = self.rank().is_none_or(|rank| marked.is_some_and(|marked| rank >= marked));
        self.phishing_resistant
            || (!self.acr_values.is_empty()
                && ranked
                && self.unranked().all(|acr| Levels::is_resistant(acr)))
    }

    /// One requirement whose answer satisfies both, if there can be one: the higher level, the
    /// smaller age, all scopes. What the user confirms in particular is confirmed alone.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Option<Self> {
        if self.authorization_details != other.authorization_details {
            return None;
        }
        let acr_values = match (self.acr_values.is_empty(), other.acr_values.is_empty()) {
            (true, _) => other.acr_values.clone(),
            (_, true) => self.acr_values.clone(),
            _ => {
                let both = self.common_acr(other);
                if both.is_empty() {
                    return None;
                }
                both
            }
        };
        let mut merged = Self {
            acr_values,
            max_age: self.max_age.into_iter().chain(other.max_age).min(),
            scope: self.scope.union(&other.scope),
            phishing_resistant: self.phishing_resistant || other.phishing_resistant,
            authorization_details: self.authorization_details.clone(),
            claims: self.claims.merge(&other.claims)?,
            levels: self.levels.clone(),
        };
        // The time of a level that is no alternative any more was demanded as well.
        let within = self.within().into_iter().chain(other.within()).min();
        if merged.within() != within {
            merged.max_age = within;
        }
        Some(merged)
    }

    /// The values that are enough for both.
    fn common_acr(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = (self.rank(), other.rank());
        let higher = if theirs > ours { other } else { self };
        let is_common = |acr: &&String| match self.levels.rank_of(acr) {
            Some(_) => ours.is_some() && theirs.is_some(),
            None => self.acr_values.contains(acr) && other.acr_values.contains(acr),
        };
        let common: Vec<String> = higher.acr_values.iter().filter(is_common).cloned().collect();
        // Where both name the same, that is what both mean.
        let named = |acr: &String| self.acr_values.contains(acr) && other.acr_values.contains(acr);
        match ours == theirs && common.iter().any(named) {
            true => common.into_iter().filter(named).collect(),
            false => common,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(acr_values: &[&str], max_age: Option<u64>, scope: &str) -> Requirement {
        Requirement {
            acr_values: acr_values.iter().map(|&acr| acr.to_owned()).collect(),
            max_age: max_age.map(Seconds),
            scope: Scope::parse(scope),
            ..Requirement::default()
        }
    }

    #[test]
    fn what_is_confirmed_in_particular_is_confirmed_alone() {
        let paying = |amount: &str| Requirement {
            authorization_details: Details::new([r#"[{"type":"t","n":"#, amount, "}]"].concat()),
            ..requirement(&["AL3"], None, "")
        };
        let plain = requirement(&["AL3"], None, "");
        assert!(paying("1").covers(&paying(" 1 ")) && paying("1").merge(&paying("1")).is_some());
        for other in [&paying("2"), &plain] {
            assert!(!paying("1").covers(other) && !other.covers(&paying("1")));
            assert_eq!(paying("1").merge(other), None);
        }
        assert!(!Requirement { acr_values: Vec::new(), ..paying("1") }.is_empty());
        let invalid = Requirement { authorization_details: Details::new("[1]"), ..plain };
        assert_eq!(
            invalid.checked().map_err(|error| error.code),
            Err(ErrorCode::ConfigurationInvalid)
        );
    }

    #[test]
    fn claims_that_are_demanded_are_covered_and_merged() {
        let asking = |value: &str| Requirement {
            claims: ClaimsRequest::new([r#"{"a":{"value":""#, value, r#""}}"#].concat()),
            ..requirement(&[], None, "")
        };
        let plain = requirement(&["AL3"], None, "");
        assert!(!plain.covers(&asking("1")) && !asking("1").is_empty());
        assert_eq!(asking("1").merge(&asking("2")), None);
        let both = plain.merge(&asking("1")).unwrap_or_default();
        assert!(both.covers(&plain) && both.covers(&asking("1")));
        let invalid = Requirement { claims: ClaimsRequest::new("1"), ..plain };
        assert!(invalid.checked().is_err());
    }

    #[test]
    fn a_requirement_covers_what_each_of_its_answers_satisfies() {
        let cases = [
            (requirement(&["AL3"], Some(60), ""), requirement(&["AL3"], Some(60), ""), true),
            (requirement(&["AL3"], Some(60), ""), requirement(&["AL2", "AL3"], None, ""), true),
            (requirement(&["AL2", "AL3"], None, ""), requirement(&["AL3"], None, ""), false),
            (requirement(&["AL3"], None, ""), requirement(&[], None, ""), true),
            (requirement(&[], None, ""), requirement(&["AL3"], None, ""), false),
            (requirement(&["AL3"], Some(60), ""), requirement(&["AL3"], Some(30), ""), false),
            (requirement(&["AL3"], None, ""), requirement(&["AL3"], Some(30), ""), false),
            (requirement(&[], None, "a b"), requirement(&[], None, "b"), true),
            (requirement(&[], None, "a"), requirement(&[], None, "a b"), false),
        ];
        for (ours, theirs, covered) in cases {
            assert_eq!(ours.covers(&theirs), covered, "{ours:?} covers {theirs:?}");
        }
    }

    #[test]
    fn a_merged_requirement_covers_both() {
        let one = requirement(&["AL2", "AL3"], Some(300), "a");
        let two = requirement(&["AL3", "AL4"], Some(60), "b a");
        let both = one.merge(&two);
        assert_eq!(both, Some(requirement(&["AL3"], Some(60), "a b")));
        let both = both.unwrap_or_default();
        assert!(both.covers(&one) && both.covers(&two));
    }

    #[test]
    fn contexts_without_a_common_value_do_not_merge() {
        assert_eq!(requirement(&["a"], None, "").merge(&requirement(&["b"], None, "")), None);
    }

    #[test]
    fn values_that_cannot_be_sent_are_refused() {
        assert!(requirement(&["AL3", "urn:x#é"], None, "a:b").checked().is_ok());
        for acr in ["", "a b", "a\"b", "a\\b", "a\nb"] {
            let refused = requirement(&[acr], None, "").checked().map_err(|error| error.code);
            assert_eq!(refused, Err(ErrorCode::ConfigurationInvalid), "{acr:?}");
        }
        assert!(requirement(&[], None, "a\tb").checked().is_err());
    }
}
