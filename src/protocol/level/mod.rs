//! The app's own order of authentication levels, and which of them an answer proves.
//!
//! An acr has no built-in order (RFC 9470 §2). Where the app gives one, a level is satisfied by every
//! higher one; where it gives none, this is empty, and everything compares exactly.

#[cfg(test)]
mod tests;

use super::encode::concat;
use super::error::{Error, ErrorCode};
use super::requirement::is_sendable;
use super::units::{Millis, Seconds};
use crate::protocol::border::{Foreign, Import, import, put, record};
use core::fmt;
use std::rc::Rc;

/// One level, as the app describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// What the app and its APIs call it.
    pub name: String,
    /// The provider's own acr values for it, the preferred first: what is asked for, and what proves
    /// it.
    pub acr: Vec<String>,
    /// What proves it where the provider tells no acr: methods (RFC 8176) that come together, in one
    /// or more alternatives.
    pub amr: Vec<Vec<String>>,
    /// How long it holds once it is proved; as long as nobody asks for more, where none is named.
    pub max_age: Option<Seconds>,
    /// Whether what proves it cannot be phished.
    pub phishing_resistant: bool,
}

record!(import Level {
    name: "name",
    acr: "acr",
    amr: "amr",
    max_age: "maxAge",
    phishing_resistant: "phishingResistant"
});

/// A place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(usize);

/// The order, the lowest level first. Copies share it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Levels(Rc<Vec<Level>>);

impl Import for Levels {
    fn blank() -> Self {
        Self::default()
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        put(self, import::<Vec<Level>>(from).map(Self::from))
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|level| &level.name)).finish()
    }
}

impl From<Vec<Level>> for Levels {
    /// A level holds no longer than those below it, whose proof it is as well.
    fn from(mut levels: Vec<Level>) -> Self {
        let mut below: Option<Seconds> = None;
        for level in &mut levels {
            below = below.into_iter().chain(level.max_age).min();
            level.max_age = below;
        }
        Self(Rc::new(levels))
    }
}

/// The acr that says that the authentication cannot be relied on (OpenID Connect Core §2).
const NO_CONFIDENCE: &str = "0";

/// Phishing-resistant (OpenID Connect EAP ACR Values 1.0).
const RESISTANT: &str = "phr";
/// The same with a key in hardware.
const RESISTANT_IN_HARDWARE: &str = "phrh";

impl Levels {
    /// Whether every value has one place, and every level can be proved.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` naming the level.
    pub fn check(&self) -> Result<(), Error> {
        let mut known: Vec<&str> = Vec::new();
        for Level { name, acr, amr, .. } in self.0.iter() {
            let invalid = |what: &str| {
                Err(Error::new(
                    ErrorCode::ConfigurationInvalid,
                    concat(&["the level \"", name, "\" ", what]),
                ))
            };
            if name.is_empty() || acr.is_empty() && amr.is_empty() {
                return invalid("has no name, or nothing that proves it");
            }
            if amr.iter().any(Vec::is_empty) {
                return invalid("has an empty list of methods, which proves nothing");
            }
            if acr.iter().any(|value| value == NO_CONFIDENCE) {
                return invalid("is proved by the acr \"0\", which means no confidence");
            }
            let mut own: Vec<&str> = acr.iter().map(String::as_str).collect();
            own.retain(|value| value != name);
            own.push(name);
            if !own.iter().all(|value| is_sendable(value)) {
                return invalid("has a name or an acr that cannot be sent");
            }
            if own.iter().any(|value| known.contains(value)) {
                return invalid("shares a name or an acr with one below it");
            }
            known.extend(own);
        }
        Ok(())
    }

    /// The level at this place.
    #[must_use]
    pub fn at(&self, rank: Rank) -> Option<&Level> {
        self.0.get(rank.0)
    }

    /// The place of the level that is called so, or that has this acr.
    #[must_use]
    pub fn rank_of(&self, value: &str) -> Option<Rank> {
        let is_it = |level: &Level| level.name == value || level.acr.iter().any(|acr| acr == value);
        self.0.iter().position(is_it).map(Rank)
    }

    /// The level that is called so.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Level> {
        self.0.iter().find(|level| level.name == name)
    }

    /// The lowest level that cannot be phished. Those above it satisfy whatever it does.
    #[must_use]
    pub fn resistant(&self) -> Option<Rank> {
        self.0.iter().position(|level| level.phishing_resistant).map(Rank)
    }

    /// The highest level that an answer proves: by its acr, or by its amr where it has no acr at all.
    /// An acr of `"0"` is one, and says that nothing is proved.
    #[must_use]
    pub fn proved(&self, acr: &[String], amr: &[String]) -> Option<Rank> {
        let all_there = |methods: &Vec<String>| {
            !methods.is_empty() && methods.iter().all(|method| amr.contains(method))
        };
        let proves = |level: &Level| match acr {
            [] => level.amr.iter().any(all_there),
            acr => level.acr.iter().any(|value| acr.contains(value)),
        };
        self.0.iter().rposition(proves).map(Rank)
    }

    /// The highest level up to this place that still holds, so long after it was proved. Nobody knows
    /// how long ago that was: then only what holds without a limit.
    #[must_use]
    pub fn holding(&self, proved: Option<Rank>, age: Option<Millis>) -> Option<Rank> {
        let holds = |level: &Level| match (level.max_age, age) {
            (None, _) => true,
            (Some(most), Some(age)) => age < most.millis(),
            (Some(_), None) => false,
        };
        self.0.get(..=proved?.0)?.iter().rposition(holds).map(Rank)
    }

    /// Whether an answer says that a phisher could not have come by it: by an acr that means this, or
    /// by a level that the app has marked.
    ///
    /// Of amr (RFC 8176 §2) `hwk`, `swk` or `pop` alone is no such word: that a key was used, a
    /// confirmation in an app on the phone says as well, and that can be relayed. Only `pop`, which
    /// comes from the profile of `phr` itself, together with `user`, which RFC 8176 defines as
    /// WebAuthn's test of user presence, is taken for a WebAuthn assertion; and `phr` or `phrh`, which
    /// some providers put there. Whoever knows more of their provider marks a level.
    #[must_use]
    pub fn resists_phishing(&self, acr: &[String], amr: &[String]) -> bool {
        let tells = |value: &String| Self::is_resistant(value);
        if acr.iter().any(tells) {
            return true;
        }
        let marked = self.resistant().is_some_and(|rank| self.proved(acr, amr) >= Some(rank));
        let has = |method: &str| amr.iter().any(|value| value == method);
        let confident = acr.iter().all(|value| value != NO_CONFIDENCE);
        marked || (confident && (amr.iter().any(tells) || (has("pop") && has("user"))))
    }

    /// What phishing-resistant authentication is asked for by.
    #[must_use]
    pub fn asked_for_resistance(&self) -> Vec<String> {
        match self.resistant().and_then(|rank| self.at(rank)) {
            Some(level) => level.acr.clone(),
            None => vec![RESISTANT.to_owned()],
        }
    }

    /// Whether this acr by itself says that nobody was phished.
    #[must_use]
    pub fn is_resistant(value: &str) -> bool {
        value == RESISTANT || value == RESISTANT_IN_HARDWARE
    }
}
