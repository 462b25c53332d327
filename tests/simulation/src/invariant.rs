//! What must hold in every life, whatever happens.

use std::fmt;

macro_rules! invariants {
    ($($(#[doc = $doc:literal])+ $name:ident => $sentence:literal,)+) => {
        /// Something that must hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Invariant {
            $($(#[doc = $doc])+ $name,)+
        }

        impl fmt::Display for Invariant {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $sentence,)+ })
            }
        }
    };
}

invariants! {
    /// Counted by the API.
    DeliveredOnce =>
        "a request is delivered to the API once per challenge, and never after any other answer",
    /// Counted over all pages of all tabs.
    SavedSentOnce => "a request that was saved is sent again by one page only",
    /// Nobody is told that it failed, and finds later that it was done.
    NotSentAfterEnd => "a request whose promise has ended is not sent any more",
    /// By `clear()`.
    NotSentAfterLogout => "what began before a logout is not sent again after it",
    /// By exact origin, and by resource.
    TokenInPlace => "a token goes only to the API that it is for",
    /// Where the API takes a token once.
    UsedOnce => "a token that is good for one request is sent once",
    /// RFC 9126 §2.2.
    KeptOnce => "a request that the provider keeps for one visit is visited once",
    /// Wrong subject, issuer or nonce, too low, too old, or with nothing to check.
    TokenChecked => "a token is not used before all that was demanded of it is checked",
    /// Of another user, or from before a logout.
    TokenOfTheUser => "a token of another user, or from before a logout, is not used",
    /// In one page.
    OneStepUp => "one step-up at a time is under way in a page",
    /// Where there are locks, and unless the user goes on in another tab.
    OnePromptAtATime => "of all tabs one asks the user at a time",
    /// Also for those that come while it is under way.
    OnePromptForEquals => "one prompt serves all who demand the same at the same time",
    /// `maxRounds`, and once more for who was spoiled by others.
    BoundedPrompts => "a request leads to a bounded number of prompts",
    /// A promise of a living page, as long as time runs.
    WaiterEnds => "every promise of a living page ends",
    /// With one outcome.
    EndsOnce => "no promise ends twice",
    /// And nothing that was saved is used later.
    NotAfterExpiry => "what was saved is not used after its time to live",
    /// Logout, or the end of the step-up in the very page that saved it.
    Forgotten => "what was saved is forgotten with the step-up that saved it",
    /// By a redirect that waits for the wire to be quiet.
    NothingLeftBehind => "a page is left with everything that waits there, and that has come in time",
    /// In a fresh tab, with everybody honest.
    NothingStuck => "after everything has ended, a fresh step-up succeeds",
    /// Events and time.
    NoLivelock => "a bounded number of things happens in a bounded time",
    /// In WebAssembly it would end the instance.
    NoPanic => "the core does not panic",
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which one.
    pub invariant: Invariant,
    /// By whom, and how.
    pub detail: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {} ({})", self.invariant, self.invariant, self.detail)
    }
}
