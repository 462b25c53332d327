//! What comes back: the authorization response, the token endpoint's answer, the ID token.

use super::FlowEvent;
use super::player::*;
use crate::protocol::claims::{Claims, Source};
use crate::protocol::config::tests::config;
use crate::protocol::config::{AcrRequest, Config};
use crate::protocol::error::ErrorCode;
use crate::protocol::flow::{FlowEffect, Goal};
use crate::protocol::metadata::Metadata;
use crate::protocol::requirement::Scope;
use crate::protocol::token::TokenAnswer;

const EXCHANGES: &str = "close window, hide gate, exchange c1";

/// Up to the check of the answer's ID token, for this goal.
#[track_caller]
fn verifying(goal: Goal) -> Journey {
    let mut journey = Journey::starts_with(true, config(), goal, GATHERS);
    journey.plays([
        (session_of("alice"), ""),
        (metadata(), ""),
        (secrets(), "go to provider"),
        (code("c1"), EXCHANGES),
        (tokens("t1"), "verify id-t1"),
    ]);
    journey
}

#[test]
fn t25_a_wrong_state_is_ignored_and_the_right_one_is_consumed_once() {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([
        (query("code=evil&state=another"), ""),
        (query("code=evil"), ""),
        (query("code=evil&state="), ""),
        (query("error=access_denied&state=another"), ""),
        (FlowEvent::Responded("".into()), ""),
        (code("c1"), EXCHANGES),
        (code("c1"), ""),
        (code("c2"), ""),
        (query("error=access_denied&state=the-state"), ""),
        (tokens("t1"), "verify id-t1"),
        (code("c3"), ""),
        (tokens("t2"), ""),
        (proves("alice", "AL3"), "done t1"),
    ]);
}

#[test]
fn t26_a_response_that_nobody_awaits_is_dropped() {
    let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
    journey.plays([
        (code("evil"), ""),
        (session_of("alice"), ""),
        (code("evil"), ""),
        (tokens("evil"), ""),
        (proves("alice", "AL3"), ""),
        (metadata(), ""),
        (code("evil"), ""),
        (secrets(), "go to provider"),
        (tokens("evil"), ""),
        (own("evil", None), ""),
        (proves("alice", "AL3"), ""),
        (code("c1"), EXCHANGES),
    ]);
}

#[test]
fn t28_another_issuers_response_is_refused_on_success_and_on_error() {
    for response in ["code=c1", "error=access_denied"] {
        for iss in ["&iss=https%3A%2F%2Fevil.example", ""] {
            let mut journey = Journey::at_the_provider(config());
            let query = format!("?{response}&state=the-state{iss}");
            journey.plays([(FlowEvent::Responded(query.into()), "done issuer_mismatch")]);
        }
    }
}

#[test]
fn t35_a_forged_broadcast_without_the_state_changes_nothing() {
    let mut journey = Journey::at_the_provider(config());
    let denied = "?error=access_denied&iss=https%3A%2F%2Fevil.example";
    journey.plays([
        (query("code=evil&state=guessed"), ""),
        (FlowEvent::Responded("done".into()), ""),
        (FlowEvent::Responded("{\"state\":\"the-state\"}".into()), ""),
        (FlowEvent::Responded(denied.into()), ""),
        // Malformed besides: still not ours.
        (query("code=a&code=b&state=another"), ""),
        (query("state=a&state=b&code=a"), ""),
        (query("code=a&error=b"), ""),
        (code("c1"), EXCHANGES),
    ]);
}

#[test]
fn a_malformed_response_of_ours_ends_it() {
    for malformed in ["code=a&code=b&state=the-state", "code=a&state=the-state&state=the-state"] {
        let mut journey = Journey::at_the_provider(config());
        journey.plays([(query(malformed), "done response_malformed")]);
    }
}

#[test]
fn t06_what_the_provider_cannot_reach_is_not_asked_for_again() {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([
        (
            query("error=unmet_authentication_requirements&state=the-state"),
            "done assurance_unavailable",
        ),
        (code("c1"), ""),
    ]);
}

#[test]
fn a_refusal_tells_whether_the_user_or_the_provider_said_no() {
    for (error, told) in [
        ("access_denied", "done cancelled"),
        ("login_required", "done authorization_refused"),
        ("server_error", "done authorization_refused"),
    ] {
        let mut journey = Journey::at_the_provider(config());
        journey.plays([(query(&format!("error={error}&state=the-state")), told)]);
    }
}

#[test]
fn t04_a_weaker_answer_is_refused() {
    for acr in ["AL1", "al3", "AL4", "0", ""] {
        verifying(goal("AL3")).plays([(proves("alice", acr), "done assurance_not_met")]);
    }
    verifying(goal("AL4 AL3")).plays([(proves("alice", "pwd AL3"), "done t1")]);
}

#[test]
fn the_age_of_the_authentication_is_checked_where_it_was_asked_for() {
    for (auth_time, told) in [
        (Some(1_799_999_990), "done t1"),
        (Some(1_799_999_900), "done assurance_stale"),
        (None, "done assurance_unverifiable"),
    ] {
        let goal = Goal { requirement: wants_within("AL3", 60), ..goal("AL3") };
        let proof = Claims { auth_time, ..claims("alice", "AL3") };
        verifying(goal).plays([(FlowEvent::AnswerVerified(Ok(proof)), told)]);
    }
}

#[test]
fn t27_a_wrong_nonce_ends_it_without_a_token() {
    verifying(goal("AL3")).plays([(fails(ErrorCode::IdTokenInvalid), "done id_token_invalid")]);
}

#[test]
fn t27_the_id_token_is_bound_to_this_transaction_and_its_access_token() {
    let mut journey = Journey::at_the_provider(config());
    journey.plays([(code("c1"), EXCHANGES)]);
    let mut context = crate::protocol::flow::Context {
        config: &journey.config,
        user: None,
        proof: None,
        keys_refetched: &mut journey.keys_refetched,
        now: NOW,
    };
    let effects = journey.flow.on(tokens("t1"), &mut context);
    let [FlowEffect::Verify { expectation, jwks_uri, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(expectation.issuer, ISSUER);
    assert_eq!(expectation.client_id, "spa");
    assert_eq!(jwks_uri, "https://login.example/jwks");
    let Source::Response { nonce, access_token } = &expectation.source else {
        panic!("{expectation:?}");
    };
    assert_eq!((nonce.expose(), access_token.expose()), ("the-nonce", "t1"));
}

#[test]
fn a_refusal_of_the_token_endpoint_ends_it() {
    let refused = TokenAnswer { error: Some("invalid_grant".into()), ..answer("t1") };
    let other_type = TokenAnswer { token_type: Some("DPoP".into()), ..answer("t1") };
    for (outcome, told) in [
        (Ok(refused), "done token_refused"),
        (Ok(TokenAnswer::default()), "done token_refused"),
        (Ok(other_type), "done token_refused"),
        (Err(ErrorCode::ProviderUnreachable.into()), "done provider_unreachable"),
    ] {
        let mut journey = Journey::at_the_provider(config());
        journey.plays([(code("c1"), EXCHANGES), (FlowEvent::TokenAnswered(outcome), told)]);
    }
}

#[test]
fn scopes_that_are_held_are_asked_for_again() {
    let goal = Goal {
        requirement: wants_scope("", "payees:write"),
        keep: Scope::parse("accounts:read"),
        ..goal("")
    };
    let mut journey = Journey::starts_with(true, config(), goal, GATHERS);
    journey.plays([(session_of("alice"), ""), (metadata(), ""), (secrets(), "go to provider")]);
    // What is held is asked for as well: a replaced scope would be demanded back.
    assert_eq!(journey.sent("scope").as_deref(), Some("openid accounts:read payees:write"));
    assert_eq!(journey.sent("acr_values"), None);
    assert_eq!(journey.sent("max_age"), None);
}

#[test]
fn t07_without_an_id_token_nothing_is_verified() {
    let bare = || FlowEvent::TokenAnswered(Ok(TokenAnswer { id_token: None, ..answer("t1") }));
    let lax = || Config { require_verified: false, ..config() };
    // Leaving it out is no way around the comparison of subjects.
    for config in [config(), lax()] {
        let mut journey = Journey::at_the_provider(config);
        journey.plays([(code("c1"), EXCHANGES), (bare(), "done assurance_unverifiable")]);
    }
    for (config, told) in [
        (Config { adopt_first_subject: true, ..config() }, "done assurance_unverifiable"),
        (Config { adopt_first_subject: true, ..lax() }, "done t1 unverified"),
    ] {
        let mut journey = Journey::starts_with(true, config, goal("AL3"), GATHERS);
        journey.plays([
            (no_session(), ""),
            (metadata(), ""),
            (secrets(), "go to provider"),
            (code("c1"), EXCHANGES),
            (bare(), told),
        ]);
    }
}

#[test]
fn t33_metadata_of_another_issuer_ends_it_before_the_window_is_navigated() {
    let FlowEvent::MetadataRead(Ok(good)) = metadata() else { panic!("no metadata") };
    let other = Metadata { issuer: "https://evil.example".into(), ..good.clone() };
    let clear = Metadata { token_endpoint: "http://login.example/token".into(), ..good };
    for bad in [other, clear] {
        let mut journey = Journey::starts_with(true, config(), goal("AL3"), GATHERS);
        journey.plays([
            (session_of("alice"), ""),
            (secrets(), ""),
            (FlowEvent::MetadataRead(Ok(bad)), "done metadata_invalid"),
        ]);
    }
}

#[test]
fn an_essential_claim_is_asked_for_where_the_app_chose_it() {
    let config = Config { acr_request: AcrRequest::Claims, ..config() };
    let journey = Journey::at_the_provider(config);
    assert_eq!(journey.sent("acr_values"), None);
    assert!(journey.sent("claims").is_some_and(|claims| claims.contains("\"AL3\"")));
}
