//! What a token may be used for.

use super::border::alike;
use super::encode::joined;

/// A set of scopes (RFC 6749 §3.3), in the order in which they were first named.
#[derive(Clone, Debug, Default)]
pub struct Scope(Vec<String>);

alike!(Scope);

impl Scope {
    /// Reads the space-separated form. Nothing is judged here: see the challenge's own checks.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut scope = Self::default();
        for token in text.split([' ']).filter(|token| !token.is_empty()) {
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

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|token| other.0.contains(token)).cloned().collect())
    }

    /// Whether every scope of `other` is in this set.
    #[must_use]
    pub fn contains_all(&self, other: &Self) -> bool {
        other.0.iter().all(|token| self.0.contains(token))
    }

    /// The space-separated form.
    #[must_use]
    pub fn text(&self) -> String {
        joined(&self.0, " ")
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
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_a_set() {
        assert_eq!(Scope::parse("b a  a"), Scope::parse("a b"));
        assert_eq!(Scope::parse("a b").union(&Scope::parse("c b")).to_string(), "a b c");
        assert_eq!(Scope::parse("a b").intersection(&Scope::parse("c b")).to_string(), "b");
    }
}
