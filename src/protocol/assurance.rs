//! Is the answer the same user, strong enough, fresh enough?

use super::border::record;
use super::claims::Claims;
use super::error::{Error, ErrorCode};
use super::requirement::Requirement;
use super::units::{EpochMillis, EpochSeconds, Millis, Seconds};

/// How far clocks may be apart.
pub const SKEW: Seconds = Seconds(60);
/// How much older than `max_age` an authentication may be when the token is issued: the user's way
/// from the prompt to the token takes time, which matters at `max_age=0`.
pub const GRACE: Seconds = Seconds(5);

/// A user at an issuer: a subject means nothing without it (OpenID Connect Core §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The issuer; unknown where the app itself named the subject.
    pub iss: Option<String>,
    /// The subject identifier.
    pub sub: String,
}

record!(Subject { iss: "iss", sub: "sub" });

impl Subject {
    /// Whether the claims are about the same user.
    ///
    /// # Errors
    ///
    /// `issuer_mismatch` for another issuer, `subject_mismatch` for another subject there.
    pub fn check(&self, claims: &Claims) -> Result<(), Error> {
        if self.iss.as_ref().is_some_and(|iss| *iss != claims.iss) {
            return Err(ErrorCode::IssuerMismatch.into());
        }
        if self.sub != claims.sub {
            return Err(ErrorCode::SubjectMismatch.into());
        }
        Ok(())
    }
}

/// Whether the claims prove what was required, at the moment the token was issued.
///
/// # Errors
///
/// `assurance_not_met` if acr is missing or none of those asked for, nor of a higher level where the
/// app gave an order (it is voluntary for the server: OpenID Connect Core §5.5.1.1), or if it may
/// have been phished where it must not; `assurance_unverifiable` if a maximum age was asked for and
/// `auth_time` is missing (§3.1.3.7, step 13) or makes no sense; `assurance_stale` if the user
/// authenticated too long ago.
pub fn check(claims: &Claims, requirement: &Requirement, now: EpochSeconds) -> Result<(), Error> {
    if !requirement.is_met_by(&claims.acr, &claims.amr) {
        return Err(ErrorCode::AssuranceNotMet.into());
    }
    let Some(max_age) = requirement.within() else { return Ok(()) };
    let age = age_at_issuance(claims, now)?;
    if age > Seconds(max_age.0.saturating_add(GRACE.0)) {
        return Err(ErrorCode::AssuranceStale.into());
    }
    Ok(())
}

/// How old the authentication was when the token was issued: the issuer's clock on both sides.
fn age_at_issuance(claims: &Claims, now: EpochSeconds) -> Result<Seconds, Error> {
    let unverifiable = |what: &str| Error::new(ErrorCode::AssuranceUnverifiable, what);
    let auth_time = match claims.auth_time {
        None => return Err(unverifiable("auth_time is missing")),
        Some(seconds) => match u64::try_from(seconds) {
            Ok(seconds) if seconds > 0 => EpochSeconds(seconds),
            _ => return Err(unverifiable("auth_time is zero or negative")),
        },
    };
    if auth_time.0 > now.0.saturating_add(SKEW.0) {
        return Err(unverifiable("auth_time lies in the future"));
    }
    Ok(claims.iat.since(auth_time))
}

/// Whether claims received earlier still prove the requirement: the age at issuance and the local
/// time since then are added, so that no clock is compared with another. Here is no grace: what is
/// on the edge is proved anew rather than refused by the API.
#[must_use]
pub fn still_holds(
    claims: &Claims,
    received: EpochMillis,
    requirement: &Requirement,
    now: EpochMillis,
) -> bool {
    holds_after(claims, received.seconds(), now.since(received), requirement)
}

/// The same for claims that were received `passed` ago, when the clock said `judged`: it may have been
/// set back since.
#[must_use]
pub fn holds_after(
    claims: &Claims,
    judged: EpochSeconds,
    passed: Millis,
    requirement: &Requirement,
) -> bool {
    if !requirement.is_met_by(&claims.acr, &claims.amr) {
        return false;
    }
    let Some(max_age) = requirement.within() else { return true };
    age_after(claims, judged, passed).is_some_and(|age| age < max_age.millis())
}

/// How long ago the user authenticated, if that is known.
#[must_use]
pub fn age(claims: &Claims, received: EpochMillis, now: EpochMillis) -> Option<Millis> {
    age_after(claims, received.seconds(), now.since(received))
}

fn age_after(claims: &Claims, judged: EpochSeconds, passed: Millis) -> Option<Millis> {
    let then = age_at_issuance(claims, judged).ok()?;
    Some(Millis(then.millis().0.saturating_add(passed.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EpochSeconds = EpochSeconds(1_800_000_000);

    fn claims() -> Claims {
        Claims {
            iss: "https://login.example".into(),
            sub: "alice".into(),
            acr: vec!["AL3".into()],
            amr: Vec::new(),
            auth_time: Some(1_799_999_990),
            iat: NOW,
            exp: EpochSeconds(NOW.0 + 300),
        }
    }

    fn requirement(acr_values: &[&str], max_age: Option<u64>) -> Requirement {
        Requirement {
            acr_values: acr_values.iter().map(|&acr| acr.to_owned()).collect(),
            max_age: max_age.map(Seconds),
            ..Requirement::default()
        }
    }

    #[test]
    fn t01_another_subject_is_a_subject_mismatch() {
        let alice = Subject { iss: Some("https://login.example".into()), sub: "alice".into() };
        assert_eq!(alice.check(&claims()), Ok(()));
        for sub in ["bob", "Alice", "alice ", ""] {
            let other = Claims { sub: sub.into(), ..claims() };
            assert_eq!(alice.check(&other), Err(ErrorCode::SubjectMismatch.into()));
        }
    }

    #[test]
    fn t02_the_same_subject_of_another_issuer_is_an_issuer_mismatch() {
        let elsewhere = Claims { iss: "https://login.example/".into(), ..claims() };
        let alice = Subject { iss: Some("https://login.example".into()), sub: "alice".into() };
        assert_eq!(alice.check(&elsewhere), Err(ErrorCode::IssuerMismatch.into()));
    }

    #[track_caller]
    fn check_acr(acr: &[&str], wanted: &[&str], met: bool) {
        let acr = acr.iter().map(|&acr| acr.to_owned()).collect();
        let outcome = check(&Claims { acr, ..claims() }, &requirement(wanted, None), NOW);
        let expect = if met { Ok(()) } else { Err(ErrorCode::AssuranceNotMet.into()) };
        assert_eq!(outcome, expect);
    }

    #[test]
    fn t04_an_acr_that_was_not_asked_for_is_not_enough() {
        check_acr(&["AL3"], &["AL3"], true);
        check_acr(&["AL3"], &["AL4", "AL3"], true);
        check_acr(&["pwd", "AL3"], &["AL3"], true);
        check_acr(&["AL1"], &[], true);
        check_acr(&[], &[], true);
        check_acr(&["AL1"], &["AL3"], false);
        check_acr(&["al3"], &["AL3"], false);
        check_acr(&["AL4"], &["AL3"], false);
        check_acr(&["0"], &["AL3"], false);
        check_acr(&[], &["AL3"], false);
    }

    #[track_caller]
    fn check_age(auth_time: Option<i64>, max_age: u64, expect: Result<(), ErrorCode>) {
        let outcome =
            check(&Claims { auth_time, ..claims() }, &requirement(&[], Some(max_age)), NOW);
        assert_eq!(outcome.map_err(|error| error.code), expect);
    }

    #[test]
    fn t05_the_age_of_the_authentication_is_judged_by_the_issuers_clock() {
        let at = |offset: i64| Some(1_800_000_000 + offset);
        check_age(at(-10), 60, Ok(()));
        check_age(at(-65), 60, Ok(()));
        check_age(at(-66), 60, Err(ErrorCode::AssuranceStale));
        check_age(at(-5), 0, Ok(()));
        check_age(at(-6), 0, Err(ErrorCode::AssuranceStale));
        check_age(at(60), 60, Ok(()));
        check_age(at(61), 60, Err(ErrorCode::AssuranceUnverifiable));
        for nonsense in [None, Some(0), Some(-1), Some(i64::MIN)] {
            check_age(nonsense, 60, Err(ErrorCode::AssuranceUnverifiable));
        }
        check_age(at(-6), u64::MAX, Ok(()));
    }

    #[test]
    fn without_a_maximum_age_auth_time_is_not_looked_at() {
        let silent = Claims { auth_time: None, ..claims() };
        assert_eq!(check(&silent, &requirement(&["AL3"], None), NOW), Ok(()));
    }

    #[test]
    fn t05_on_reuse_the_local_time_since_receipt_is_added() {
        // The issuer's clock is an hour ahead of ours: only differences on one clock count.
        let received = EpochMillis((NOW.0 - 30) * 1000);
        let wanted = requirement(&["AL3"], Some(60));
        let later = |seconds: u64| received.plus(Seconds(seconds).millis());
        assert!(still_holds(&claims(), received, &wanted, later(49)));
        assert!(!still_holds(&claims(), received, &wanted, later(50)));
        assert!(!still_holds(&claims(), received, &requirement(&["AL4"], None), later(0)));
        assert!(!still_holds(&claims(), received, &requirement(&[], Some(0)), later(0)));
        assert!(still_holds(&claims(), received, &requirement(&["AL3"], None), later(9_999)));
    }
}
