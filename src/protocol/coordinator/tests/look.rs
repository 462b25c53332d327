//! `ensure()` as the guard of a page: what the session's own ID token proves is looked at first.

use super::player::*;
use crate::protocol::claims::Claims;
use crate::protocol::config::Config;
use crate::protocol::config::tests::{config, with_passkeys};
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowEvent::{self, SessionVerified, WindowOpened};
use crate::protocol::flow::Session;
use crate::protocol::flow::tests::player::{
    ISSUER, claims, metadata, no_session, secrets, session_fails, session_is, session_of,
    session_with,
};
use crate::protocol::requirement::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::units::EpochSeconds;

/// Everything that a look wants to know, but the verdict on the token.
#[track_caller]
fn looks(page: &mut Page, flow: u32, token: &str) {
    let verify = format!("{flow}: verify {token}");
    page.plays([
        (of(flow, secrets()), ""),
        (of(flow, metadata()), ""),
        (of(flow, session_with(token)), &verify),
    ]);
}

/// A page whose session was found to prove AL1, ten seconds ago, for `ensure()` number 1.
#[track_caller]
fn looked_at() -> Page {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([(of(1, session_is("alice")), "1: end, settle 1")]);
    page
}

fn session_token_is(change: impl FnOnce(&mut Claims)) -> FlowEvent {
    let mut claims = claims("alice", "AL1");
    change(&mut claims);
    SessionVerified(Ok(claims))
}

/// The session has an access token with these scopes.
fn session_for(scope: &str, scope_unknown: bool) -> FlowEvent {
    FlowEvent::SessionRead(Ok(Session {
        id_token: Some(Secret::new("id-s")),
        scope: Scope::parse(scope),
        signed_in: true,
        scope_unknown,
        ..Session::default()
    }))
}

#[test]
fn a_session_that_is_strong_and_fresh_enough_prompts_nobody() {
    looked_at();
    let mut page = Page::new(with_passkeys());
    page.plays([(ensured(1, wants_within("AL1", 60)), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([(of(1, session_is("alice")), "1: end, settle 1")]);
    // Neither does the sign-in of somebody who is signed in.
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("")), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([(of(1, session_is("alice")), "1: end, settle 1")]);
}

#[test]
fn no_window_is_opened_before_the_session_was_looked_at() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([
        (of(1, session_is("alice")), "1: open window"),
        (of(1, WindowOpened), "1: hide gate, 1: go to provider"),
    ])
    .comes_back(1, "AL3", "t1", "1: end, publish t1 | -, settle 1");
}

#[test]
fn where_there_is_nothing_to_look_at_the_user_is_asked_at_once() {
    Page::with_popup().plays([
        (ensured(1, wants("AL1")), "1: start"),
        (of(1, session_of("alice")), "1: open window"),
    ]);
    // A sign-in of nobody is one.
    let mut page = Page::with_popup();
    page.user = "";
    page.plays([(ensured(1, wants("")), "1: start"), (of(1, no_session()), "1: open window")])
        .authenticates(1, "AL1", "t1", "1: end, publish t1 | -, settle 1");
    // Without a provider nothing can be checked.
    Page::with_own().plays([(ensured(1, wants("AL1")), "1: start")]).brings(
        1,
        "t1",
        "1: end, publish - | -, settle 1",
    );
}

/// The session's ID token says that Alice has proved this.
fn session_saying(acr: &str) -> FlowEvent {
    FlowEvent::SessionRead(Ok(Session {
        id_token: Some(Secret::new("id-s")),
        said: Some(claims("", acr)),
        ..Session::default()
    }))
}

#[test]
fn nobody_waits_for_the_check_of_what_would_be_too_little() {
    let mut page = Page::with_popup();
    page.plays([
        (clicked(1, wants("AL3")), "1: adopt window of 1, 1: start"),
        (of(1, secrets()), ""),
        (of(1, metadata()), ""),
        // It is checked all the same: it says who must come back.
        (of(1, session_saying("AL1")), "1: verify id-s, 1: go to provider"),
        (of(1, session_is("alice")), ""),
    ]);
    page.user = "bob";
    page.comes_back(1, "AL3", "t1", "1: end, reject 1 subject_mismatch");
}

#[test]
fn t64_what_the_sessions_token_says_counts_only_once_it_has_been_checked() {
    for (verdict, told) in [
        (session_fails(ErrorCode::IdTokenInvalid), "1: end, reject 1 subject_unknown"),
        (session_is("alice"), "1: open window"),
        (session_token_is(|claims| claims.acr = vec!["AL3".into()]), "1: end, settle 1"),
    ] {
        let mut page = Page::with_popup();
        page.plays([
            (ensured(1, wants("AL3")), "1: start"),
            (of(1, secrets()), ""),
            (of(1, metadata()), ""),
            (of(1, session_saying("AL3")), "1: verify id-s"),
        ]);
        assert_eq!(page.core.assurance(page.now), None);
        page.plays([(of(1, verdict), told)]);
    }
}

#[test]
fn each_token_of_the_session_is_checked_once() {
    let mut page = looked_at();
    page.plays([
        (ensured(2, wants("AL1")), "2: start"),
        (of(2, session_with("id-s")), "2: end, settle 2"),
        // It is not enough for this one, which is known without another check.
        (ensured(3, wants("AL3")), "3: start"),
        (of(3, session_with("id-s")), "3: open window"),
        (of(3, FlowEvent::DeadlinePassed), "3: end, reject 3 timed_out"),
        (ensured(4, wants("AL1")), "4: start"),
    ]);
    looks(&mut page, 4, "id-new");
    page.plays([(of(4, session_is("alice")), "4: end, settle 4")]);
}

#[test]
fn what_the_session_was_found_to_prove_decides_whether_a_click_needs_a_window() {
    let mut page = looked_at();
    assert!(!page.core.wants_window(&wants("AL1"), page.now));
    assert!(page.core.wants_window(&wants("AL3"), page.now));
    // It came with a click all the same: the window goes when the session is enough.
    page.plays([
        (clicked(2, wants("AL1")), "2: adopt window of 2, 2: start"),
        (of(2, session_with("id-s")), "2: end, settle 2"),
        // The window of a click while the session is looked at is kept for what comes.
        (ensured(3, wants("AL3")), "3: start"),
        (clicked(4, wants("AL3")), "3: adopt window of 4"),
        (of(3, secrets()), ""),
        (of(3, metadata()), ""),
        (of(3, session_with("id-s")), "3: go to provider"),
    ]);
}

#[test]
fn an_old_or_expired_id_token_of_the_session_is_not_enough() {
    let mut page = looked_at();
    page.later(49).plays([
        (ensured(2, wants_within("AL1", 60)), "2: start"),
        (of(2, session_with("id-s")), "2: end, settle 2"),
    ]);
    page.later(1).plays([
        (ensured(3, wants_within("AL1", 60)), "3: start"),
        (of(3, session_with("id-s")), "3: open window"),
        (of(3, FlowEvent::DeadlinePassed), "3: end, reject 3 timed_out"),
    ]);
    page.later(249).plays([
        (ensured(4, wants("AL1")), "4: start"),
        (of(4, session_with("id-s")), "4: end, settle 4"),
    ]);
    page.later(1).plays([
        (ensured(5, wants("AL1")), "5: start"),
        (of(5, session_with("id-s")), "5: open window"),
    ]);
}

#[test]
fn t61_how_long_the_sessions_token_has_lain_about_is_counted_by_our_clock() {
    for (issued, max_age, enough) in
        [(0, 60, true), (55, 60, false), (55, 70, true), (-60, 30, true)]
    {
        let mut page = Page::with_popup();
        page.plays([(ensured(1, wants_within("AL1", max_age)), "1: start")]);
        looks(&mut page, 1, "id-s");
        // Ten seconds before it was issued the user authenticated.
        let verdict = session_token_is(|claims| {
            let issued = 1_800_000_000_i64 - issued;
            claims.iat = EpochSeconds(issued.unsigned_abs());
            claims.auth_time = Some(issued - 10);
        });
        let told = if enough { "1: end, settle 1" } else { "1: open window" };
        page.plays([(of(1, verdict), told)]);
    }
}

#[test]
fn t05_a_session_without_a_usable_auth_time_is_never_fresh() {
    for auth_time in [None, Some(0), Some(-1), Some(1_800_000_061)] {
        let mut page = Page::with_popup();
        page.plays([(ensured(1, wants_within("AL1", 3600)), "1: start")]);
        looks(&mut page, 1, "id-s");
        let verdict = session_token_is(|claims| claims.auth_time = auth_time);
        page.plays([(of(1, verdict), "1: open window")]);
    }
}

#[test]
fn scopes_are_the_session_s_as_far_as_they_are_told() {
    for (session, enough) in [
        (session_for("openid a b", false), true),
        (session_for("openid", false), false),
        (session_for("openid a b", true), false),
        // Nobody told them for this session, but the app for all of them: see `config`.
        (session_for("", false), false),
    ] {
        let mut page = Page::with_popup();
        page.plays([(ensured(1, wants_scope("AL1", "a")), "1: start")]);
        for event in [secrets(), metadata(), session] {
            page.on(of(1, event));
        }
        let told = if enough { "1: end, settle 1" } else { "1: open window" };
        page.plays([(of(1, session_is("alice")), told)]);
    }
    let mut page = Page::new(Config { scope: Scope::parse("openid a"), ..config() });
    page.plays([(ensured(1, wants_scope("AL1", "a")), "1: start")]);
    for event in [secrets(), metadata(), session_for("", false)] {
        page.on(of(1, event));
    }
    page.plays([(of(1, session_is("alice")), "1: end, settle 1")]);
}

#[test]
fn t02_a_session_whose_token_does_not_hold_proves_nothing_and_tells_nobody() {
    for (code, told) in [
        (ErrorCode::IdTokenInvalid, "1: end, reject 1 subject_unknown"),
        (ErrorCode::IssuerMismatch, "1: end, reject 1 subject_unknown"),
        (ErrorCode::ProviderUnreachable, "1: end, reject 1 provider_unreachable"),
    ] {
        let mut page = Page::with_popup();
        page.plays([(ensured(1, wants("AL1")), "1: start")]);
        looks(&mut page, 1, "id-s");
        page.plays([(of(1, session_fails(code)), told)]);
        assert_eq!(page.core.assurance(page.now), None);
    }
}

#[test]
fn t63_a_key_that_is_unknown_is_looked_for_once_more() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([
        (of(1, session_fails(ErrorCode::KeyUnknown)), "1: verify id-s with fresh keys"),
        (of(1, session_is("alice")), "1: end, settle 1"),
    ]);
}

#[test]
fn t22_each_who_waits_gets_what_it_needs_of_one_look() {
    let mut page = Page::with_popup();
    page.plays([
        (ensured(1, wants("AL1")), "1: start"),
        (ensured(2, wants("AL3")), ""),
        (ensured(3, wants_within("", 60)), ""),
    ]);
    // No answer can meet the first two at once, so the second has to wait.
    looks(&mut page, 1, "id-s");
    page.plays([
        (of(1, session_is("alice")), "1: end, settle 1, settle 3, 2: start"),
        (of(2, session_with("id-s")), "2: open window"),
    ]);
}

#[test]
fn a_request_that_is_challenged_meanwhile_waits_for_the_prompt() {
    // The session is enough for the page, and for no request.
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start"), (challenged(2, wants("AL1")), "")]);
    looks(&mut page, 1, "id-s");
    page.plays([(of(1, session_is("alice")), "1: end, settle 1, 2: open window, 2: start")]);
    // Where it is not enough, one prompt serves both.
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL3")), "1: start"), (challenged(2, wants("AL3")), "")]);
    looks(&mut page, 1, "id-s");
    page.plays([
        (of(1, session_is("alice")), "1: open window"),
        (of(1, WindowOpened), "1: hide gate, 1: go to provider"),
    ])
    .comes_back(1, "AL3", "t1", "1: end, publish t1 | -, settle 1, retry 2 with t1");
    // A request that came first has been asked for already: nothing is looked at.
    Page::with_popup().plays([
        (challenged(1, wants("AL3")), "1: open window, 1: start"),
        (ensured(2, wants("AL1")), ""),
    ]);
}

#[test]
fn t15_a_look_uses_up_no_click() {
    let mut page = looked_at();
    for waiter in 2..=8 {
        let end = format!("{waiter}: end, reject {waiter} timed_out");
        let told = page.on(clicked_for(0, waiter, wants("AL3")));
        // The first has the click's prompt; the others are on the budget of five.
        match waiter {
            8 => assert_eq!(told, "reject 8 prompt_suppressed"),
            _ => {
                assert_eq!(told, format!("{waiter}: open window, {waiter}: start"));
                page.plays([(of(waiter, FlowEvent::DeadlinePassed), &end)]);
            }
        }
    }
}

#[test]
fn t15_a_prompt_after_a_look_is_the_clicks_one() {
    let mut page = Page::with_popup();
    page.plays([(clicked(1, wants("AL3")), "1: adopt window of 1, 1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([
        (of(1, session_is("alice")), "1: go to provider"),
        (of(1, FlowEvent::DeadlinePassed), "1: end, reject 1 timed_out"),
    ]);
    // Five more on the budget: the click has had its prompt.
    for waiter in 2..=6 {
        let end = format!("{waiter}: end, reject {waiter} timed_out");
        page.on(clicked_for(0, waiter, wants("AL3")));
        page.plays([(of(waiter, FlowEvent::DeadlinePassed), &end)]);
    }
    page.plays([(clicked_for(0, 7, wants("AL3")), "reject 7 prompt_suppressed")]);
}

#[test]
fn who_looks_can_go_and_nothing_goes_on() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL1")), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([(aborted(1), "1: end"), (of(1, session_is("alice")), "")]);
}

#[test]
fn where_nobody_may_be_asked_the_session_is_still_looked_at() {
    let none = |waiter| super::Event::Ensured {
        waiter: super::WaiterId(waiter),
        requirement: wants("AL1"),
        reason: None,
        methods: Some(Vec::new()),
        window: false,
    };
    let mut page = Page::with_popup();
    page.plays([(none(1), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([
        (of(1, session_is("alice")), "1: end, settle 1"),
        (none(2), "2: start"),
        (of(2, session_of("alice")), "2: end, reject 2 configuration_invalid"),
    ]);
}

#[test]
fn what_the_session_proves_is_told_as_its_provider_has_said_it() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants_scope("AL1", "files:read")), "1: start")]);
    for event in [secrets(), metadata(), session_for("files:read mail", false)] {
        page.on(of(1, event));
    }
    page.plays([(of(1, session_is("alice")), "1: end, settle 1")]);
    let told = page.core.assurance(page.now).unwrap();
    assert!(told.verified);
    assert_eq!(told.acr.as_deref(), Some("AL1"));
    assert_eq!(told.auth_time, Some(EpochSeconds(1_799_999_990)));
    assert_eq!(told.scope, Scope::parse("files:read mail"));
}

#[test]
fn what_the_session_may_do_is_read_anew_although_its_id_token_is_known() {
    let mut page = looked_at();
    page.plays([(ensured(2, wants_scope("AL1", "files:read")), "2: start")]);
    for event in [secrets(), metadata()] {
        page.on(of(2, event));
    }
    page.plays([(of(2, session_for("files:read", false)), "2: end, settle 2")]);
}

#[test]
fn t67_what_the_session_proves_goes_with_it() {
    let mut page = looked_at();
    assert!(page.core.assurance(page.now).is_some());
    page.plays([(super::Event::Cleared, "publish - | -")]);
    assert_eq!(page.core.assurance(page.now), None);
    assert!(page.core.wants_window(&wants("AL1"), page.now));
    // The app's session has ended without a word: it is read anew each time.
    let mut page = looked_at();
    page.plays([
        (ensured(2, wants("AL1")), "2: start"),
        (of(2, no_session()), "2: end, reject 2 subject_unknown"),
    ]);
    assert_eq!(page.core.assurance(page.now), None);
    // Or it is another user's.
    let mut page = looked_at();
    page.plays([(ensured(2, wants("AL1")), "2: start")]);
    looks(&mut page, 2, "id-bob");
    page.plays([(of(2, session_is("bob")), "2: end, settle 2")]);
}

#[test]
fn t01_who_was_looked_at_is_who_must_come_back() {
    let mut page = Page::with_popup();
    page.plays([(ensured(1, wants("AL3")), "1: start")]);
    looks(&mut page, 1, "id-s");
    page.plays([
        (of(1, session_is("alice")), "1: open window"),
        (of(1, WindowOpened), "1: hide gate, 1: go to provider"),
    ]);
    page.user = "bob";
    page.comes_back(1, "AL3", "t1", "1: end, reject 1 subject_mismatch");
}

#[test]
fn what_is_looked_at_is_kept_also_where_the_user_had_to_be_asked() {
    let mut page = Page::with_popup();
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]);
    for event in [WindowOpened, secrets(), metadata(), session_with("id-s"), session_is("alice")] {
        page.on(of(1, event));
    }
    let proof = page.core.proof.clone().unwrap();
    assert_eq!((proof.claims.iss.as_str(), proof.claims.sub.as_str()), (ISSUER, "alice"));
}
