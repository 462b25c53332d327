//! What an API demands of the user's authentication and of the token.

use super::details::Details;
use super::error::{Error, ErrorCode};
use super::units::Seconds;
use serde::{Deserialize, Serialize};

/// A set of scopes (RFC 6749 §3.3), in the order in which they were first named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads the space-separated form. Nothing is judged here: see the challenge's own checks.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut scope = Self::default();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            scope.insert(token);
        }
        scope
    }

    fn insert(&mut self, token: &str) {
        if !self.0.iter().any(|held| held == token) {
            self.0.push(token.to_owned());
        }
    }

    /// Everything in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        for token in &other.0 {
            union.insert(token);
        }
        union
    }

    /// Whether every scope of `other` is in this set.
    #[must_use]
    pub fn contains_all(&self, other: &Self) -> bool {
        other.0.iter().all(|token| self.0.contains(token))
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes, each once.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl PartialEq for Scope {
    /// Order does not matter (RFC 6749 §3.3).
    fn eq(&self, other: &Self) -> bool {
        self.contains_all(other) && other.contains_all(self)
    }
}

impl Eq for Scope {}

impl core::fmt::Display for Scope {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// What must be proved: an authentication context, its age, and scopes (RFC 9470 §3, RFC 6750 §3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Requirement {
    /// Acceptable authentication context class references, the preferred first. Any one is enough;
    /// none named means that any context will do.
    pub acr_values: Vec<String>,
    /// How long ago the user may have authenticated at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Seconds>,
    /// Scopes that the token must carry.
    pub scope: Scope,
    /// What the token must be good for in particular.
    #[serde(skip_serializing_if = "Details::is_empty")]
    pub authorization_details: Details,
}

impl Requirement {
    /// The requirement, if its values can be sent: an app may name anything.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` for an acr or scope that is empty or has a character which the
    /// space-separated lists of RFC 6749 §3.3 and OpenID Connect Core §3.1.2.1 cannot carry, and for
    /// authorization details that are none.
    pub fn checked(self) -> Result<Self, Error> {
        self.authorization_details.checked()?;
        let fine = |value: &str| {
            !value.is_empty()
                && value.chars().all(|c| !c.is_control() && !matches!(c, ' ' | '"' | '\\'))
        };
        if self.acr_values.iter().map(String::as_str).chain(self.scope.iter()).all(fine) {
            return Ok(self);
        }
        Err(Error::new(ErrorCode::ConfigurationInvalid, "an acr or scope cannot be sent"))
    }

    /// Whether nothing in particular is demanded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.acr_values.is_empty()
            && self.max_age.is_none()
            && self.scope.is_empty()
            && self.authorization_details.is_empty()
    }

    /// Whether any answer that satisfies `self` also satisfies `other`.
    ///
    /// Without an order of levels, acr values compare exactly (RFC 9470 §2: an acr has no built-in
    /// order): every value that would satisfy `self` must be acceptable to `other`.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let context = other.acr_values.is_empty()
            || (!self.acr_values.is_empty()
                && self.acr_values.iter().all(|acr| other.acr_values.contains(acr)));
        let age = match (self.max_age, other.max_age) {
            (_, None) => true,
            (Some(ours), Some(theirs)) => ours <= theirs,
            (None, Some(_)) => false,
        };
        context
            && age
            && self.scope.contains_all(&other.scope)
            && self.authorization_details == other.authorization_details
    }

    /// One requirement whose answer satisfies both, if there can be one. What the user confirms in
    /// particular is confirmed alone.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Option<Self> {
        if self.authorization_details != other.authorization_details {
            return None;
        }
        let authorization_details = self.authorization_details.clone();
        let acr_values = match (self.acr_values.is_empty(), other.acr_values.is_empty()) {
            (true, _) => other.acr_values.clone(),
            (_, true) => self.acr_values.clone(),
            _ => {
                let both: Vec<String> = self
                    .acr_values
                    .iter()
                    .filter(|acr| other.acr_values.contains(acr))
                    .cloned()
                    .collect();
                if both.is_empty() {
                    return None;
                }
                both
            }
        };
        let max_age = match (self.max_age, other.max_age) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        let scope = self.scope.union(&other.scope);
        Some(Self { acr_values, max_age, scope, authorization_details })
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

    #[test]
    fn scopes_are_a_set() {
        assert_eq!(Scope::parse("b a  a"), Scope::parse("a b"));
        assert_eq!(Scope::parse("a b").union(&Scope::parse("c b")).to_string(), "a b c");
    }
}
