//! By which methods a user can be asked here, for this demand, in the app's order.

use super::border::words;
use super::requirement::Requirement;

/// How the user is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A passkey in the page (WebAuthn Level 3 §5.1.4).
    Passkey,
    /// The provider's, or the backend's, own pages in a window.
    Popup,
    /// The same pages in the place of this one, which is left and comes back.
    Redirect,
}

words!(Method { Passkey: "passkey", Popup: "popup", Redirect: "redirect" });

impl Method {
    /// Its name in options and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Popup => "popup",
            Self::Redirect => "redirect",
        }
    }
}

/// Whether this page can use passkeys at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passkeys {
    /// As far as can be known beforehand.
    #[default]
    Usable,
    /// The browser has none.
    Absent,
    /// The page around this one does not permit it (WebAuthn Level 3 §5.9).
    Blocked,
}

words!(import Passkeys {
    Usable: "usable",
    Absent: "absent",
    Blocked: "blocked"
});

/// What decides which methods are possible.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The app's order.
    pub order: &'a [Method],
    /// What the app admits for this request; everything where it does not say.
    pub admitted: Option<&'a [Method]>,
    /// Whether this page can use passkeys.
    pub passkeys: Passkeys,
    /// The acr values, or levels, that a passkey in the page reaches; none named means any.
    pub passkey_acr: Option<&'a [String]>,
    /// What is demanded.
    pub requirement: &'a Requirement,
}

impl Choice<'_> {
    /// The methods that are possible, in the app's order.
    #[must_use]
    pub fn possible(&self) -> Vec<Method> {
        let admits = |method: &Method| self.admitted.is_none_or(|all| all.contains(method));
        let works = |method: &Method| match method {
            Method::Passkey => self.passkeys == Passkeys::Usable && self.a_passkey_reaches_it(),
            Method::Popup | Method::Redirect => true,
        };
        self.order.iter().copied().filter(admits).filter(works).collect()
    }

    fn a_passkey_reaches_it(&self) -> bool {
        self.passkey_acr.is_none_or(|reached| self.requirement.is_reached_by(reached))
    }
}

#[cfg(test)]
mod tests {
    use super::Method::{Passkey, Popup};
    use super::*;

    fn choice(requirement: &Requirement) -> Choice<'_> {
        Choice {
            order: &[Passkey, Popup],
            admitted: None,
            passkeys: Passkeys::Usable,
            passkey_acr: None,
            requirement,
        }
    }

    fn al3() -> Requirement {
        Requirement { acr_values: vec!["AL3".into()], ..Requirement::default() }
    }

    #[test]
    fn the_apps_order_stands_and_what_is_not_possible_here_is_left_out() {
        let al3 = al3();
        let with = |change: fn(&mut Choice<'_>)| {
            let mut choice = choice(&al3);
            change(&mut choice);
            choice.possible()
        };
        assert_eq!(with(|_| {}), [Passkey, Popup]);
        assert_eq!(with(|it| it.order = &[Popup, Passkey]), [Popup, Passkey]);
        assert_eq!(with(|it| it.passkeys = Passkeys::Absent), [Popup]);
        assert_eq!(with(|it| it.passkeys = Passkeys::Blocked), [Popup]);
        assert_eq!(with(|it| it.admitted = Some(&[Passkey])), [Passkey]);
        assert_eq!(with(|it| it.admitted = Some(&[])), []);
    }

    #[test]
    fn a_passkey_is_offered_only_for_what_it_reaches() {
        let (al3, anything) = (al3(), Requirement::default());
        let (low, high) = (["AL2".to_owned()], ["AL2".to_owned(), "AL3".to_owned()]);
        let reaching =
            |acr, requirement| Choice { passkey_acr: Some(acr), ..choice(requirement) }.possible();
        assert_eq!(reaching(&high, &al3), [Passkey, Popup]);
        assert_eq!(reaching(&low, &al3), [Popup]);
        assert_eq!(reaching(&low, &anything), [Passkey, Popup]);
    }
}
