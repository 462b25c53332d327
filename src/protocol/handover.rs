//! What one tab hands to the others that wait for the same, and whom it serves there.

use super::assurance::{self, GRACE, Subject, still_holds};
use super::border::record;
use super::claims::Claims;
use super::flow::Obtained;
use super::requirement::Requirement;
use super::units::EpochMillis;

/// The result of a step-up, as it is handed from tab to tab. It is kept encrypted: it holds a token.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// What was obtained.
    pub obtained: Obtained,
    /// What was checked; none where a cookie carries the session.
    pub claims: Option<Claims>,
    /// What it was obtained for.
    pub proved: Requirement,
    /// The resource it is for.
    pub resource: Option<String>,
    /// When it was received.
    pub received: EpochMillis,
}

record!(HandOver {
    obtained: "obtained",
    claims: "claims",
    proved: "proved",
    resource: "resource",
    received: "received"
});

impl HandOver {
    /// Whether it serves a demand for this resource of this user, none where a cookie tells who it is.
    #[must_use]
    pub fn serves(
        &self,
        requirement: &Requirement,
        resource: Option<&str>,
        user: Option<&Subject>,
        now: EpochMillis,
    ) -> bool {
        // What was confirmed in particular was confirmed for one request.
        if self.resource.as_deref() != resource
            || requirement.is_narrow()
            || self.proved.is_narrow()
        {
            return false;
        }
        if !self.proved.claims.covers(&requirement.claims) {
            return false;
        }
        match (&self.obtained, &self.claims, user) {
            (Obtained::Tokens(tokens), Some(claims), Some(user)) => {
                now < self.received.plus(tokens.lifetime.millis())
                    && tokens.scope.contains_all(&requirement.scope)
                    && user.check(claims).is_ok()
                    && (still_holds(claims, self.received, requirement, now)
                        || self.is_just_proved(claims, requirement, now))
            }
            // Who it is and what was proved is the backend's business: what was asked for counts.
            (Obtained::Session { .. }, None, None) => {
                let proved = self.proved.clone().in_order(&requirement.levels);
                proved.covers(requirement) && self.is_fresh(now)
            }
            // What nothing vouches for is lent to those it was obtained for.
            _ => false,
        }
    }

    /// The user authenticated while this demand was waiting: that is young enough for whatever age
    /// would have been accepted from a prompt of its own.
    fn is_just_proved(&self, claims: &Claims, requirement: &Requirement, now: EpochMillis) -> bool {
        self.is_fresh(now) && assurance::check(claims, requirement, self.received.seconds()).is_ok()
    }

    fn is_fresh(&self, now: EpochMillis) -> bool {
        now <= self.received.plus(GRACE.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::super::backend::Told;
    use super::super::claims_request::ClaimsRequest;
    use super::super::details::Details;
    use super::super::requirement::Scope;
    use super::super::secret::Secret;
    use super::super::token::TokenSet;
    use super::super::units::{EpochSeconds, Seconds};
    use super::*;

    const NOW: EpochMillis = EpochMillis(1_800_000_000_000);

    fn alice() -> Subject {
        Subject { iss: Some("https://login.example".into()), sub: "alice".into() }
    }

    fn wants(acr: &str, max_age: Option<u64>, scope: &str) -> Requirement {
        Requirement {
            acr_values: vec![acr.into()],
            max_age: max_age.map(Seconds),
            scope: Scope::parse(scope),
            ..Requirement::default()
        }
    }

    fn tokens() -> HandOver {
        HandOver {
            obtained: Obtained::Tokens(TokenSet {
                access_token: Secret::new("t"),
                id_token: None,
                lifetime: Seconds(60),
                scope: Scope::parse("a b"),
                refresh: None,
                authorization_details: Details::default(),
                key: None,
            }),
            claims: Some(Claims {
                iss: "https://login.example".into(),
                sub: "alice".into(),
                acr: vec!["AL3".into()],
                amr: Vec::new(),
                auth_time: Some(1_799_999_999),
                iat: EpochSeconds(1_800_000_000),
                exp: EpochSeconds(1_800_000_300),
            }),
            proved: wants("AL3", None, "a b"),
            resource: None,
            received: NOW,
        }
    }

    fn session() -> HandOver {
        let obtained = Obtained::Session { told: Told::default(), scope: Scope::default() };
        HandOver { obtained, claims: None, proved: wants("AL3", Some(60), ""), ..tokens() }
    }

    #[track_caller]
    fn check(handed: &HandOver, wanted: &Requirement, after: u64, expect: bool) {
        let user = handed.claims.as_ref().map(|_| alice());
        let now = NOW.plus(Seconds(after).millis());
        assert_eq!(handed.serves(wanted, None, user.as_ref(), now), expect);
    }

    #[test]
    fn it_serves_what_its_claims_and_scopes_satisfy_as_long_as_it_lives() {
        check(&tokens(), &wants("AL3", None, "a"), 59, true);
        check(&tokens(), &wants("AL3", None, "a"), 60, false);
        check(&tokens(), &wants("AL4", None, "a"), 0, false);
        check(&tokens(), &wants("AL3", None, "c"), 0, false);
        check(&tokens(), &wants("AL3", Some(30), ""), 10, true);
        check(&tokens(), &wants("AL3", Some(30), ""), 40, false);
    }

    #[test]
    fn it_serves_the_claims_that_it_was_obtained_with() {
        let asking = |asked: Requirement| Requirement {
            claims: ClaimsRequest::new(r#"{"a":{"value":"1"}}"#),
            ..asked
        };
        check(&tokens(), &asking(wants("AL3", None, "a")), 0, false);
        let with = HandOver { proved: asking(wants("AL3", None, "a b")), ..tokens() };
        check(&with, &asking(wants("AL3", None, "a")), 0, true);
        check(&with, &wants("AL3", None, "a"), 0, true);
    }

    #[test]
    fn t09_what_was_confirmed_in_particular_serves_no_other_tab() {
        let details = || Details::new(r#"[{"type":"transfer","payee":"rent"}]"#);
        let about = |asked: Requirement| Requirement { authorization_details: details(), ..asked };
        let wanted = wants("AL3", None, "a");
        check(&tokens(), &about(wanted.clone()), 0, false);
        let narrow = || HandOver { proved: about(wants("AL3", None, "a b")), ..tokens() };
        check(&narrow(), &wanted, 0, false);
        check(&narrow(), &about(wanted), 0, false);
    }

    #[test]
    fn who_waited_during_the_prompt_is_served_although_any_age_is_too_old() {
        check(&tokens(), &wants("AL3", Some(0), ""), 5, true);
        check(&tokens(), &wants("AL3", Some(0), ""), 6, false);
    }

    #[test]
    fn t58_another_user_issuer_or_resource_is_not_served() {
        let wanted = wants("AL3", None, "");
        let other =
            |iss: Option<&str>, sub: &str| Subject { iss: iss.map(str::to_owned), sub: sub.into() };
        for (user, expect) in [
            (Some(alice()), true),
            (Some(other(None, "alice")), true),
            (Some(other(None, "bob")), false),
            (Some(other(Some("https://evil.example"), "alice")), false),
            // Nobody is known to compare with.
            (None, false),
        ] {
            assert_eq!(tokens().serves(&wanted, None, user.as_ref(), NOW), expect, "{user:?}");
        }
        assert!(!tokens().serves(&wanted, Some("https://files.example"), Some(&alice()), NOW));
    }

    #[test]
    fn what_nothing_vouches_for_is_not_handed_on() {
        let handed = HandOver { claims: None, ..tokens() };
        assert!(!handed.serves(&wants("AL3", None, ""), None, None, NOW));
        assert!(!handed.serves(&wants("AL3", None, ""), None, Some(&alice()), NOW));
    }

    #[test]
    fn a_raised_session_serves_what_it_was_raised_for_and_only_at_once() {
        check(&session(), &wants("AL3", Some(60), ""), 0, true);
        check(&session(), &wants("AL3", None, ""), 5, true);
        check(&session(), &wants("AL3", None, ""), 6, false);
        check(&session(), &wants("AL3", Some(30), ""), 0, false);
        check(&session(), &wants("AL4", None, ""), 0, false);
        assert!(!session().serves(&wants("AL3", None, ""), None, Some(&alice()), NOW));
    }
}
