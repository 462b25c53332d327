//! Tokens that an API refuses are renewed, where the app wants that.

use super::super::{Call, Event, Outcome, RenewalEvent, WaiterId};
use super::player::*;
use crate::protocol::claims::Claims;
use crate::protocol::config::Config;
use crate::protocol::config::tests::config;
use crate::protocol::coordinator::Notice;
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::FlowEvent;
use crate::protocol::flow::tests::player as step_up;
use crate::protocol::held::Serial;
use crate::protocol::method::Method;
use crate::protocol::requirement::Scope;
use crate::protocol::token::TokenAnswer;
use crate::protocol::units::Seconds;

/// Alice has proved AL3 within a request of her own, and the app wants renewal.
#[track_caller]
fn page() -> Page {
    let mut page = Page::new(Config { renew: true, ..config() });
    page.plays([(ensured(100, wants("AL3")), "1: start")]).authenticates_with(
        1,
        "AL3",
        ("t1", "r1"),
        "1: end, publish t1+ | -, settle 100",
    );
    page
}

fn answers(serial: u32, answer: TokenAnswer) -> Event {
    renewal(serial, RenewalEvent::Answered(Ok(answer)))
}

fn refuses(serial: u32, error: &str) -> Event {
    answers(serial, TokenAnswer { error: Some(error.into()), ..TokenAnswer::default() })
}

fn fails(serial: u32, code: ErrorCode) -> Event {
    renewal(serial, RenewalEvent::Answered(Err(code.into())))
}

/// What is checked of a renewed ID token; the user authenticated when she did.
fn says(serial: u32, change: fn(&mut Claims)) -> Event {
    let auth_time = i64::try_from(step_up::NOW.seconds().0).ok();
    let mut claims = Claims { auth_time, ..step_up::claims("alice", "AL3") };
    change(&mut claims);
    renewal(serial, RenewalEvent::Verified(Ok(claims)))
}

#[test]
fn a_token_that_is_refused_as_invalid_is_renewed_and_the_request_sent_once_more() {
    let mut page = page();
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
        (answered(1, 200), ""),
    ]);
    let mut settled = page.told().into_iter().filter_map(|notice| match notice {
        Notice::Settled { outcome, .. } => Some(outcome),
        _ => None,
    });
    assert_eq!(settled.next_back(), Some(Outcome::Response(Some(200))));
}

#[test]
fn only_what_has_been_sent_again_is_renewed_for_and_once() {
    let mut page = page();
    let may = |page: &Page| page.core.may_renew_for(WaiterId(2));
    assert!(!may(&page));
    page.plays([(challenged(2, wants("AL3")), "retry 2 with t1")]);
    assert!(may(&page));
    page.plays([(invalid_again(2), "renewal of 1: ask with r1")]);
    assert!(!may(&page));
    page.plays([(answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 2 with t2")]);
    assert!(!may(&page));
}

#[test]
fn t62_a_clock_that_is_set_back_during_a_renewal_makes_what_was_proved_no_younger() {
    let mut page = page();
    page.later(30).plays([(token_invalid(1, 1), "renewal of 1: ask with r1")]);
    let by = Seconds(20).millis();
    page.now = page.now.minus(by);
    page.plays([
        (Event::SetBack(by), "publish t1+ | -"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
    ]);
    assert!(page.core.assured(&wants_within("AL3", 31), page.now).is_some());
    assert!(page.core.assured(&wants_within("AL3", 30), page.now).is_none());
}

#[test]
fn t65_requests_that_are_refused_together_share_one_renewal() {
    page().plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (token_invalid(1, 2), ""),
        (token_invalid(1, 3), ""),
        (
            answers(1, renewed("t2", "r2")),
            "publish t2+ | -, retry 1 with t2, retry 2 with t2, retry 3 with t2",
        ),
        // The refusal of the old one may be late: then there is a new one already.
        (token_invalid(1, 4), "retry 4 with t2"),
        (answers(1, renewed("t9", "r9")), ""),
    ]);
}

#[test]
fn t65_a_rotated_refresh_token_takes_the_place_of_the_old_one() {
    page().plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
        (answered(1, 200), ""),
        (token_invalid(2, 2), "renewal of 2: ask with r2"),
        // Without a new one, the old one stays good (RFC 6749 §6).
        (
            answers(2, TokenAnswer { refresh_token: None, ..renewed("t3", "") }),
            "publish t3+ | -, retry 2 with t3",
        ),
        (token_invalid(3, 3), "renewal of 3: ask with r2"),
    ]);
}

#[test]
fn t65_a_rotated_refresh_token_is_kept_also_where_its_answer_cannot_be_checked() {
    page().plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, refreshable("t2", "r2")), "renewal of 1: verify id-t2"),
        (
            renewal(1, RenewalEvent::Verified(Err(ErrorCode::ProviderUnreachable.into()))),
            "publish t1+ | -, give 1 back",
        ),
        (token_invalid(1, 2), "renewal of 1: ask with r2"),
    ]);
}

#[test]
fn t08_a_challenge_never_leads_to_a_renewal() {
    page().plays([(challenged_with(1, 1, wants("AL4")), "2: open window, 2: start")]);
    page().plays([(challenged_with(1, 1, wants("")), "2: open window, 2: start")]);
    // Nor does it where a token that would have done has expired.
    let mut expired = page();
    expired.later(300).plays([
        (challenged(1, wants("AL3")), "2: open window, 2: start"),
        (aborted(1), "2: end"),
        (ensured(2, wants("AL3")), "3: start"),
    ]);
}

#[test]
fn t08_a_challenged_request_is_not_sent_with_a_renewal_of_what_it_was_sent_with() {
    let mut page = page();
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
        (answered(1, 200), ""),
        // This one had left before with the old one.
        (challenged_with(1, 2, wants("AL3")), "2: open window, 2: start"),
    ]);
}

#[test]
fn t08_nor_with_a_renewal_of_what_it_was_sent_with_before_that() {
    let mut page = page();
    page.plays([(ensured(101, wants("AL2")), "2: start")])
        .authenticates(2, "AL2", "t2", "2: end, publish t2 | -, settle 101")
        .plays([
            (challenged_with(1, 1, wants("AL2")), "retry 1 with t2"),
            (token_invalid(1, 2), "renewal of 1: ask with r1"),
            (answers(1, renewed("t3", "r3")), "publish t2 | -, retry 2 with t3"),
            (again(1, wants("AL3")), "3: open window, 3: start"),
        ]);
}

#[test]
fn one_request_is_the_cause_of_one_renewal() {
    page().plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
        (invalid_again(1), "publish - | -, give 1 back"),
    ]);
}

#[test]
fn a_request_that_is_sent_again_after_a_step_up_may_be_renewed_too() {
    page().plays([
        (challenged(1, wants("AL3")), "retry 1 with t1"),
        (invalid_again(1), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
        // What comes now is a challenge like any other.
        (again(1, wants("AL4")), "2: open window, 2: start"),
    ]);
}

#[test]
fn a_refresh_token_that_is_refused_is_dropped_with_its_token() {
    for error in ["invalid_grant", "unauthorized_client"] {
        page().plays([
            (token_invalid(1, 1), "renewal of 1: ask with r1"),
            (token_invalid(1, 2), ""),
            (refuses(1, error), "publish - | -, give 1 back, give 2 back"),
            (ensured(3, wants("AL3")), "2: start"),
        ]);
    }
}

#[test]
fn a_provider_that_is_not_reached_costs_nothing_but_this_request() {
    let mut page = page();
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (fails(1, ErrorCode::TimedOut), "publish t1+ | -, give 1 back"),
        (token_invalid(1, 2), "renewal of 1: ask with r1"),
        (refuses(1, "temporarily_unavailable"), "publish t1+ | -, give 2 back"),
    ]);
    // But nothing rests on a token that an API has refused.
    assert!(page.core.assured(&wants("AL3"), page.now).is_none());
    assert!(page.core.token(&wants("AL3"), page.now).is_none());
    page.plays([
        (challenged(3, wants("AL3")), "2: open window, 2: start"),
        (token_invalid(1, 4), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 4 with t2"),
    ]);
}

#[test]
fn an_expired_token_is_still_sent_so_that_the_api_can_say_so() {
    let mut page = page();
    page.later(1000).plays([
        (Event::TokenExpired, "publish t1+ | -"),
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
        (ensured(2, wants("AL3")), "settle 2"),
    ]);
}

#[test]
fn the_age_of_the_authentication_goes_on_counting() {
    let mut page = page();
    page.later(50).plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, refreshable("t2", "r2")), "renewal of 1: verify id-t2"),
        (says(1, |claims| claims.iat.0 += 50), "publish t2+ | -, retry 1 with t2"),
        (ensured(2, wants_within("AL3", 51)), "settle 2"),
        (ensured(3, wants_within("AL3", 50)), "2: start"),
    ]);
}

#[test]
fn an_id_token_about_something_else_ends_it() {
    let changes: [fn(&mut Claims); 3] = [
        |claims| claims.sub = "bob".into(),
        |claims| claims.iss = "https://evil.example".into(),
        |claims| claims.auth_time = Some(1_800_000_001),
    ];
    for change in changes {
        page().plays([
            (token_invalid(1, 1), "renewal of 1: ask with r1"),
            (answers(1, refreshable("t2", "r2")), "renewal of 1: verify id-t2"),
            (says(1, change), "publish - | -, give 1 back"),
        ]);
    }
}

#[test]
fn t63_an_id_token_by_an_unknown_key_has_the_keys_fetched_once() {
    let unknown = || renewal(1, RenewalEvent::Verified(Err(ErrorCode::KeyUnknown.into())));
    page().plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, refreshable("t2", "r2")), "renewal of 1: verify id-t2"),
        (unknown(), "renewal of 1: verify id-t2 with fresh keys"),
        (unknown(), "publish - | -, give 1 back"),
    ]);
}

#[test]
fn an_id_token_that_says_less_is_believed() {
    let mut page = page();
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (answers(1, refreshable("t2", "r2")), "renewal of 1: verify id-t2"),
        (says(1, |claims| claims.acr = vec!["AL1".into()]), "publish t2+ | -, retry 1 with t2"),
    ]);
    assert!(page.core.assured(&wants("AL3"), page.now).is_none());
    assert!(page.core.assured(&wants("AL1"), page.now).is_none(), "it is not what was proved");
    assert!(page.core.assured(&wants(""), page.now).is_some());
}

#[test]
fn t09_a_narrower_renewal_is_honoured() {
    let mut page = page();
    let scope = Some("accounts:read".to_owned());
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (
            answers(1, TokenAnswer { scope, ..renewed("t2", "r2") }),
            "publish t2+ | -, retry 1 with t2",
        ),
        (ensured(2, wants_scope("AL3", "openid")), "2: start"),
    ]);
    let granted = page.core.wallet.of(Serial(2)).map(|held| held.scope.clone());
    assert_eq!(granted, Some(Scope::default()), "what was never granted is not either");
}

#[test]
fn t49_a_stream_keeps_its_answer_and_the_next_request_has_the_renewed_token() {
    let call = Call { replayable: false, ..call(API) };
    let stream = |waiter| Event::TokenInvalid {
        waiter: WaiterId(waiter),
        call: call.clone(),
        sent_with: Serial(1),
    };
    page().plays([
        (stream(1), "renewal of 1: ask with r1"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, give 1 back"),
        (stream(2), "give 2 back"),
    ]);
}

#[test]
fn without_the_apps_wish_nothing_is_renewed() {
    let mut page = Page::with_popup();
    page.plays([(ensured(100, wants("AL3")), "1: start")]).authenticates_with(
        1,
        "AL3",
        ("t1", "r1"),
        "1: end, publish t1 | -, settle 100",
    );
    assert!(!page.core.may_renew(Serial(1)));
    page.plays([(token_invalid(1, 1), "publish - | -, give 1 back")]);
}

#[test]
fn what_nothing_vouches_for_is_not_renewed() {
    let unverified = Config { require_verified: false, adopt_first_subject: true, ..config() };
    let mut page = Page::new(Config { renew: true, ..unverified });
    page.user = "";
    let answer = TokenAnswer { id_token: None, ..refreshable("t1", "r1") };
    page.plays([(challenged(1, wants("AL3")), "1: open window, 1: start")]).navigates(1).plays([
        (of(1, step_up::code("c1")), "1: close window, 1: hide gate, 1: exchange c1"),
        (of(1, FlowEvent::TokenAnswered(Ok(answer))), "1: end, publish - | -, retry 1 with t1"),
    ]);
    assert!(!page.core.may_renew_for(WaiterId(1)));
}

#[test]
fn a_token_for_a_resource_is_renewed_for_it() {
    let mut page = Page::new(Config { renew: true, ..config() });
    page.plays([(challenged_at(FILES, 1, wants("AL3")), "1: open window, 1: start")])
        .authenticates_with(1, "AL3", ("t1", "r1"), "1: end, publish - | t1+, retry 1 with t1")
        .plays([
            (invalid_again(1), "renewal of 1: ask with r1 for https://files.example/v1"),
            (answers(1, renewed("t2", "r2")), "publish - | t2+, retry 1 with t2"),
        ]);
}

#[test]
fn low_and_high_tokens_are_renewed_each_by_its_own() {
    let mut page = page();
    page.plays([(challenged_with(1, 1, wants("AL4")), "2: open window, 2: start")])
        .authenticates_with(2, "AL4", ("t2", "r2"), "2: end, publish t2+ | -, retry 1 with t2")
        .plays([
            (answered(1, 200), ""),
            (token_invalid(1, 2), "renewal of 1: ask with r1"),
            (token_invalid(2, 3), "renewal of 2: ask with r2"),
            // A renewed one is not newer than what was proved after it.
            (answers(1, renewed("t3", "r3")), "publish t2+ | -, retry 2 with t3"),
            (answers(2, renewed("t4", "r4")), "publish t4+ | -, retry 3 with t4"),
            (challenged(4, wants("AL3")), "retry 4 with t3"),
        ]);
}

#[test]
fn t67_what_comes_after_a_logout_is_nobodys() {
    let mut page = page();
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (Event::Cleared, "publish - | -, reject 1 session_changed"),
        (answers(1, renewed("t2", "r2")), ""),
        (ensured(2, wants("AL3")), "2: start"),
    ]);
}

#[test]
fn t67_another_user_ends_it() {
    let mut page = page();
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (challenged(2, wants("AL4")), "2: open window, 2: start"),
        (of(2, step_up::session_of("bob")), "give 1 back, publish - | -, clear others but bob's"),
        (answers(1, renewed("t2", "r2")), ""),
    ]);
}

#[test]
fn t55_who_leaves_does_not_end_what_may_have_been_done_already() {
    page().plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (aborted(1), ""),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -"),
    ]);
}

#[test]
fn t60_a_page_from_the_cache_still_awaits_its_renewal() {
    page().plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        (Event::Interrupted, ""),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
    ]);
}

#[test]
fn a_token_given_up_meanwhile_stays_so() {
    let mut page = page();
    page.plays([
        (token_invalid(1, 1), "renewal of 1: ask with r1"),
        // Its renewal is under way: that leads further than to give it up.
        (token_refused(1), ""),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -, retry 1 with t2"),
        (token_refused(1), "publish t2+ | -"),
        (token_refused(2), "publish - | -"),
    ]);
}

#[test]
fn a_token_that_nobody_holds_is_not_renewed() {
    page().plays([(token_invalid(7, 1), "publish t1+ | -, give 1 back")]);
    // Nor does one go where another is for.
    let call = call(FILES);
    let elsewhere = Event::TokenInvalid { waiter: WaiterId(1), call, sent_with: Serial(1) };
    page().plays([(elsewhere, "publish - | -, give 1 back")]);
}

#[test]
fn t70_no_refresh_token_is_printed() {
    let mut page = page();
    let _ = page.on(token_invalid(1, 1));
    assert!(!format!("{:?}", page.core).contains("r1\""), "{:?}", page.core);
}

/// Alice goes on by redirect while a token is being renewed.
#[track_caller]
fn leaves_while_renewing() -> Page {
    let methods = vec![Method::Popup, Method::Redirect];
    let mut page = Page::new(Config { renew: true, methods, ..config() });
    page.plays([(ensured(100, wants("AL3")), "1: start")]).authenticates_with(
        1,
        "AL3",
        ("t1", "r1"),
        "1: end, publish t1+ | -, settle 100",
    );
    page.plays([
        (challenged(1, wants("AL4")), "2: open window, 2: start"),
        (of(2, FlowEvent::WindowBlocked), "2: show popup or redirect"),
        (of(2, step_up::session_of("alice")), ""),
        (of(2, step_up::secrets()), ""),
        (of(2, step_up::metadata()), ""),
        (of(2, step_up::uses(Method::Redirect)), "2: show busy, 2: await quiet"),
        (token_invalid(1, 2), "renewal of 1: ask with r1"),
        (of(2, FlowEvent::Quiet), "2: save 1 2"),
    ]);
    page
}

#[test]
fn t52_what_is_saved_is_not_sent_by_a_renewal_as_well() {
    leaves_while_renewing().plays([
        (answers(1, renewed("t2", "r2")), "publish t2+ | -"),
        (of(2, FlowEvent::Saved(Ok(()))), "2: leave"),
    ]);
    // Where the page is not left after all, its requests end with what it was to be left for.
    let full = FlowEvent::Saved(Err(ErrorCode::StorageUnavailable.into()));
    leaves_while_renewing().plays([
        (of(2, full), "2: end, reject 1 storage_unavailable, reject 2 storage_unavailable"),
        (answers(1, renewed("t2", "r2")), "publish t2+ | -"),
    ]);
}

#[test]
fn one_renewal_for_a_request_is_one_across_pages() {
    let mut page = leaves_while_renewing();
    let mut next = Page::new(page.core.config.clone());
    let query = "?code=c1&state=the-state&iss=https%3A%2F%2Flogin.example".into();
    let waiters = [51, 52].map(|id| Some(WaiterId(id))).to_vec();
    let saved = page.saved.take().expect("it was saved");
    let _ = next.on(Event::Resumed { waiter: WaiterId(50), saved, query, waiters });
    for event in [step_up::no_session(), FlowEvent::TokenAnswered(Ok(refreshable("t3", "r3")))] {
        let _ = next.on(of(1, event));
    }
    let sent = "1: end, publish t3+ | -, settle 50, retry 51 with t3, retry 52 with t3";
    next.plays([
        (of(1, step_up::proves("alice", "AL4")), sent),
        (invalid_again(52), "publish - | -, give 52 back"),
    ]);
}
