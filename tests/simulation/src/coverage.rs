//! How often what happened, so that a run shows what it has tried.

macro_rules! counted {
    ($($name:ident => $text:literal,)+) => {
        /// Something that is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Seen {
            $(#[doc = $text] $name,)+
        }

        const NAMES: &[&str] = &[$($text),+];
        const COUNT: usize = NAMES.len();
    };
}

counted! {
    Events => "events",
    Requests => "requests",
    Challenges => "challenges",
    Ensures => "ensure() calls",
    Aborts => "aborts",
    StepUps => "step-ups",
    Successes => "successes",
    Failures => "failures",
    Retries => "requests sent again",
    Loops => "loops detected",
    Suppressed => "prompts suppressed",
    Windows => "windows opened",
    WindowsBlocked => "windows blocked",
    WindowsClosed => "windows closed by the user",
    Gates => "gates shown",
    GatesRefused => "gates refused",
    Approvals => "approvals",
    Cancels => "cancels",
    WalkAways => "users who walk away",
    WrongUsers => "wrong users",
    Ceremonies => "passkey ceremonies",
    Redirects => "pages left by redirect",
    Returns => "callbacks in the tab",
    Resumes => "returns taken up",
    Sent => "saved requests sent",
    Discarded => "saved requests not sent",
    StoreFailures => "storage failures",
    Expiries => "returns too late, or evicted",
    Interrupted => "pages from the browser's cache",
    Backs => "back buttons",
    Reloads => "reloads",
    Duplicates => "duplicated tabs",
    LinksTwice => "callback links opened twice",
    Deaths => "tabs killed",
    Sleeps => "machine asleep",
    Waits => "tabs that wait for their turn",
    Forced => "turns taken from another tab",
    Deliveries => "results left for other tabs",
    HandOvers => "results found by other tabs",
    HandedOver => "step-ups ended by another tab's result",
    ClearedElsewhere => "pages cleared by another tab",
    Logouts => "logouts",
    UserChanges => "other users signing in",
    Lies => "lies of the provider",
    Lower => "lower answers of the provider",
    Refusals => "refusals of the provider",
    Pushes => "requests pushed to the provider",
    KeysRotated => "keys rotated",
    Renewals => "tokens to be renewed",
    SingleUses => "requests to APIs that take a token once",
    GivenBack => "answers given back as they were",
    NetworkErrors => "network errors",
    BareRefusals => "refusals without a challenge",
    Finales => "fresh step-ups at the end",
}

/// The counts of one life, or of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage([u64; COUNT]);

impl Default for Coverage {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Coverage {
    pub(crate) fn see(&mut self, what: Seen) {
        self.0[what as usize] += 1;
    }

    /// How often it happened.
    #[must_use]
    pub fn count(&self, what: Seen) -> u64 {
        self.0[what as usize]
    }

    /// Adds the counts of another life.
    pub fn add(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours += theirs;
        }
    }

    /// Every count with its name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        NAMES.iter().copied().zip(self.0)
    }
}
