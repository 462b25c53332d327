//! From a `WWW-Authenticate` header to what it demands.
//!
//! ```text
//! status, header
//!   │  401 or 403?                            no → nothing (RFC 9470 §3, RFC 6750 §3.1)
//!   ▼
//! grammar    the list of challenges           a malformed one → a fault, the others stand
//!   │        (on cursor: the lexical rules)   beyond the bounds → challenge_rejected
//!   ▼
//! dialect    each challenge → a verdict       no demand → nothing
//!   │        (step_up: the two standard ones) not understood → ignored, reported
//!   ▼                                         hostile → challenge_rejected, unless there is a better
//! one requirement
//! ```
//!
//! Several demands in one answer are alternatives (RFC 9110 §11.6.1): the first of scheme Bearer is
//! taken, else the first of any. What is demanded is the same whatever the token is bound to.
//!
//! ```
//! use stepup::protocol::challenge;
//!
//! let header = r#"Bearer error="insufficient_user_authentication", acr_values="AL3", max_age=60"#;
//! let requirement = challenge::read(401, header)?.requirement.unwrap_or_default();
//! assert_eq!(requirement.acr_values, ["AL3"]);
//! # Ok::<(), stepup::protocol::error::Error>(())
//! ```

mod cursor;
pub mod dialect;
pub mod fault;
pub mod grammar;
pub mod step_up;
#[cfg(test)]
mod tests;

use self::dialect::{Verdict, Why, recognise};
use self::fault::Fault;
use self::grammar::{Content, Params, parse};
use super::encode::concat;
use super::error::{Error, ErrorCode};
use super::requirement::Requirement;
use crate::protocol::border::record;
use core::fmt;

/// What an answer demands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The demand for step-up, if the answer is one.
    pub requirement: Option<Requirement>,
    /// Whether it says instead that the token is invalid.
    pub invalid_token: bool,
    /// What a developer should know: everything that was passed over, and why.
    pub reports: Vec<Report>,
}

/// Something in the header that was passed over. Prints as a sentence for developers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// No challenge.
    Malformed(Fault),
    /// A challenge that demands step-up in a way that cannot be followed.
    Unusable {
        /// The scheme of the challenge, as it was written.
        scheme: String,
        /// What is wrong with it.
        why: Why,
    },
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Report {
    /// The report for a developer to read.
    #[must_use]
    pub fn text(&self) -> String {
        let what = match self {
            Self::Malformed(fault) => fault.text(),
            Self::Unusable { scheme, why } => concat(&[scheme, ": ", why.text()]),
        };
        concat(&["A challenge was ignored: ", &what])
    }
}

/// Reads an answer: what it demands, if it is a challenge for step-up.
///
/// # Errors
/// `challenge_rejected`: the header is beyond the bounds, or a demand for step-up is hostile and no
/// usable one is beside it.
pub fn read(status: u16, header: &str) -> Result<Reading, Error> {
    let mut reading = Reading::default();
    // RFC 9470 §3 and RFC 6750 §3.1 have 401 and 403; in practice either comes with either error.
    if !matches!(status, 401 | 403) {
        return Ok(reading);
    }
    let parsed = parse(header)?;
    let mut from_bearer = false;
    let mut rejected = None;
    for challenge in parsed.challenges {
        reading.invalid_token |= status == 401 && step_up::invalid_token(&challenge);
        let why = match recognise(&challenge) {
            None => continue,
            Some(Verdict::Demands(requirement)) => {
                let bearer = challenge.is("Bearer");
                if reading.requirement.is_none() || (bearer && !from_bearer) {
                    reading.requirement = Some(*requirement);
                    from_bearer = bearer;
                }
                continue;
            }
            Some(Verdict::Ignored(why)) => why,
            Some(Verdict::Rejected(why)) => {
                rejected.get_or_insert(why);
                why
            }
        };
        reading.reports.push(Report::Unusable { scheme: challenge.scheme, why });
    }
    reading.invalid_token &= reading.requirement.is_none();
    reading.reports.extend(parsed.faults.into_iter().map(Report::Malformed));
    match rejected {
        Some(why) if reading.requirement.is_none() => {
            Err(Error::new(ErrorCode::ChallengeRejected, why.text()))
        }
        _ => Ok(reading),
    }
}

/// One challenge as `parseChallenges` returns it: the scheme, and either `params` or `token68`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The scheme as it was written.
    pub scheme: String,
    /// The parameters; there may be none.
    pub params: Option<Params>,
    /// The value, where the challenge has a token68 instead of parameters.
    pub token68: Option<String>,
    /// What it demands, if it demands step-up and can be followed.
    pub requirement: Option<Requirement>,
}

record!(export Listed {
    scheme: "scheme",
    params: "params",
    token68: "token68",
    requirement: "requirement"
});

/// Lists the well-formed challenges of a header, whatever the status it came with.
///
/// # Errors
/// The header is beyond the bounds: `challenge_rejected`.
pub fn list(header: &str) -> Result<Vec<Listed>, Error> {
    let challenges = parse(header)?.challenges;
    Ok(challenges
        .into_iter()
        .map(|challenge| {
            let requirement = match recognise(&challenge) {
                Some(Verdict::Demands(requirement)) => Some(*requirement),
                _ => None,
            };
            let (params, token68) = match challenge.content {
                Content::Empty => (Some(Params::default()), None),
                Content::Params(params) => (Some(params), None),
                Content::Token68(token68) => (None, Some(token68)),
            };
            Listed { scheme: challenge.scheme, params, token68, requirement }
        })
        .collect())
}
