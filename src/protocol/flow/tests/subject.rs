//! Whom the answer is compared with, and when that is known.

use super::player::*;
use super::{FlowEvent, Goal, Session};
use crate::protocol::claims::Claims;
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::error::ErrorCode;
use crate::protocol::secret::Secret;

fn adopting() -> Config {
    Config { adopt_first_subject: true, ..config() }
}

/// Up to the provider, with a session that has an ID token of its own.
#[track_caller]
fn claimed() -> Journey {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (secrets(), ""),
        (session_with("id-session"), ""),
        (metadata(), "go to provider, verify id-session"),
    ]);
    assert_eq!(journey.sent("id_token_hint").as_deref(), Some("id-session"));
    journey
}

#[test]
fn the_sessions_id_token_is_checked_while_the_user_is_busy() {
    claimed().plays([
        (session_is("alice"), ""),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn an_answer_waits_for_the_check_of_the_sessions_id_token() {
    claimed().plays([
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("alice", "AL3"), ""),
        (session_is("alice"), "done t1"),
    ]);
}

#[test]
fn t01_another_subject_is_refused_whichever_check_is_through_first() {
    claimed().plays([
        (session_is("alice"), ""),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
    claimed().plays([
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), ""),
        (session_is("alice"), "done subject_mismatch"),
    ]);
}

#[test]
fn t01_the_subject_that_the_app_names_is_enough_to_refuse_another() {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
}

#[test]
fn t01_the_user_of_an_earlier_step_up_is_the_one_to_come_back() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.user = Some(user("alice", None));
    journey.plays([
        (no_session(), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
    assert_eq!(journey.sent("id_token_hint").as_deref(), Some("id-held"));
}

#[test]
fn t02_the_same_subject_of_another_issuer_is_refused() {
    let elsewhere = Claims { iss: "https://evil.example".into(), ..claims("alice", "AL3") };
    claimed().plays([
        (session_is("alice"), ""),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (FlowEvent::AnswerVerified(Ok(elsewhere)), "done issuer_mismatch"),
    ]);
}

#[test]
fn t03_without_a_known_subject_no_window_is_navigated() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([(metadata(), ""), (secrets(), ""), (no_session(), "done subject_unknown")]);
    assert_eq!(journey.url, "");
}

#[test]
fn t03_the_first_subject_is_adopted_where_the_app_allows_it() {
    let mut journey = Journey::starts_with(true, adopting(), goal("AL3"), GATHERS);
    journey.plays([
        (no_session(), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done t1"),
    ]);
    assert_eq!(journey.sent("id_token_hint"), None);
}

#[test]
fn t03_adopting_is_for_the_first_subject_only() {
    let mut journey = Journey::starts_with(true, adopting(), goal("AL3"), GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
}

#[test]
fn t03_a_sign_in_adopts_nobody_where_somebody_is_signed_in() {
    for (signed_in, effects) in [(false, "go to provider"), (true, "done subject_unknown")] {
        let session = Session { signed_in, ..Session::default() };
        let goal = super::Goal { adopt: true, ..goal("") };
        let mut journey = Journey::starts_with(true, config(), goal, GATHERS);
        journey.plays([
            (metadata(), ""),
            (secrets(), ""),
            (FlowEvent::SessionRead(Ok(session)), effects),
        ]);
    }
}

#[test]
fn an_id_token_that_was_checked_before_is_not_checked_again() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.user = Some(user("alice", Some("id-session")));
    journey.plays([
        (session_with("id-session"), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
}

#[test]
fn a_session_whose_id_token_does_not_hold_tells_nobody() {
    for (code, told) in [
        (ErrorCode::IdTokenInvalid, "done subject_unknown"),
        (ErrorCode::IssuerMismatch, "done subject_unknown"),
        (ErrorCode::ProviderUnreachable, "done provider_unreachable"),
        (ErrorCode::TimedOut, "done timed_out"),
    ] {
        claimed().plays([(session_fails(code), told)]);
    }
}

#[test]
fn a_verdict_on_the_session_counts_once() {
    claimed().plays([
        (session_is("alice"), ""),
        (session_is("bob"), ""),
        (code("c1"), "close window, hide gate, exchange c1"),
        (tokens("t1"), "verify id-t1"),
        (proves("bob", "AL3"), "done subject_mismatch"),
    ]);
}

#[test]
fn a_session_that_cannot_be_read_ends_it() {
    let failed = FlowEvent::SessionRead(Err(ErrorCode::ConfigurationInvalid.into()));
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([(failed, "done configuration_invalid")]);
}

#[test]
fn the_login_hint_is_sent_where_there_is_no_id_token() {
    let session = Session {
        sub: Some("alice".into()),
        login_hint: Some("alice@bank.example".into()),
        ..Session::default()
    };
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    // What is held is about somebody else: no hint about them.
    journey.user = Some(user("bob", None));
    journey.plays([
        (FlowEvent::SessionRead(Ok(session)), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
    ]);
    assert_eq!(journey.sent("login_hint").as_deref(), Some("alice@bank.example"));
    assert_eq!(journey.sent("id_token_hint"), None);
}

#[test]
fn a_hint_about_somebody_else_is_not_sent() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.user = Some(user("bob", None));
    journey.plays([(session_of("alice"), ""), (metadata(), ""), (secrets(), "go to provider")]);
    assert_eq!(journey.sent("id_token_hint"), None);
    let both = Session {
        id_token: Some(Secret::new("id-session")),
        login_hint: Some("alice@bank.example".into()),
        ..Session::default()
    };
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (FlowEvent::SessionRead(Ok(both)), ""),
        (metadata(), "verify id-session"),
        (secrets(), "go to provider"),
    ]);
    assert_eq!(journey.sent("id_token_hint").as_deref(), Some("id-session"));
    assert_eq!(journey.sent("login_hint"), None);
}

#[test]
fn what_an_id_token_proves_is_checked_although_its_subject_is_known() {
    let goal = Goal { look: true, ..goal("AL1") };
    let mut journey = Journey::starts(config(), goal, GATHERS);
    journey.user = Some(user("alice", Some("id-s")));
    journey.plays([(metadata(), ""), (secrets(), ""), (session_with("id-s"), "verify id-s")]);
}
