//! The ways in which an answer demands step-up, and where another one is added.
//!
//! A dialect spoken in a challenge is a function from that challenge to a [`Verdict`] and one entry
//! in `SPOKEN_IN_CHALLENGES`; the status is judged before. A dialect spoken in a JSON body is such
//! a function too, of the body, and belongs in an array of its own beside that one: all end in a
//! verdict, and nothing behind it knows how the demand was written.

use super::grammar::Challenge;
use super::step_up;
use crate::protocol::requirement::Requirement;

/// What a dialect makes of a challenge that it recognises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This is demanded.
    Demands(Box<Requirement>),
    /// A demand that nobody can understand: reported, otherwise as if it were not there.
    Ignored(Why),
    /// A demand that nobody writes by mistake: `challenge_rejected` unless the answer has a better
    /// one beside it.
    Rejected(Why),
}

/// What is wrong with a demand. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// `max_age` is not a non-negative integer that JSON can carry exactly.
    MaxAge,
    /// `insufficient_scope` names no scope, so that nothing can be asked for.
    ScopeMissing,
    /// `acr_values` or `scope` has more values than anyone needs.
    TooManyValues,
    /// A value of `acr_values` or `scope` is too long.
    ValueTooLong,
    /// A value of `acr_values` or `scope` has a control character, a quote, a backslash, or
    /// something beyond US-ASCII.
    Character,
    /// `insufficient_claims` carries no JSON object in base64.
    Claims,
}

impl Why {
    /// A sentence for the developer, of which nothing comes from the network.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::MaxAge => "max_age is not a non-negative integer",
            Self::ScopeMissing => "insufficient_scope names no scope",
            Self::TooManyValues => "acr_values or scope has too many values",
            Self::ValueTooLong => "acr_values or scope has a value that is too long",
            Self::Claims => "insufficient_claims carries no claims that can be read",
            Self::Character => "acr_values or scope has a character that is not allowed",
        }
    }
}

type Dialect = fn(&Challenge) -> Option<Verdict>;

const SPOKEN_IN_CHALLENGES: [Dialect; 3] = [
    step_up::insufficient_user_authentication,
    step_up::insufficient_scope,
    step_up::insufficient_claims,
];

/// What a challenge demands, in whatever dialect; `None` if it is no demand for step-up.
pub fn recognise(challenge: &Challenge) -> Option<Verdict> {
    SPOKEN_IN_CHALLENGES.iter().find_map(|dialect| dialect(challenge))
}
