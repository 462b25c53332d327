//! Each claim wrong in turn, and each oddity that real providers have.

use super::*;
use crate::protocol::error::ErrorCode::{IdTokenInvalid, IssuerMismatch};

#[track_caller]
fn check(claims: &Value, expect: Result<(), ErrorCode>) {
    check_for(claims, &response(), expect);
}

#[track_caller]
fn check_for(claims: &Value, expectation: &Expectation, expect: Result<(), ErrorCode>) {
    let provider = Provider::new();
    let outcome = verify(&provider.issue(claims), &provider.jwks(), expectation);
    let code = outcome.as_ref().map(|_| ()).map_err(|error| error.code);
    assert_eq!(code, expect, "{outcome:?} for {claims}");
}

fn accepted(claims: &Value) -> Claims {
    let provider = Provider::new();
    verify(&provider.issue(claims), &provider.jwks(), &response()).unwrap()
}

#[test]
fn each_claim_that_is_wrong_is_refused() {
    check(&claims(), Ok(()));
    let null = Value::Null;
    let long = "s".repeat(256);
    let cases = [
        ("iss", null.clone(), IssuerMismatch),
        ("iss", json!("https://login.bank.example/"), IssuerMismatch),
        ("iss", json!("HTTPS://login.bank.example"), IssuerMismatch),
        ("iss", json!([ISSUER]), IssuerMismatch),
        ("iss", json!(7), IssuerMismatch),
        ("sub", null.clone(), IdTokenInvalid),
        ("sub", json!(""), IdTokenInvalid),
        ("sub", json!(long), IdTokenInvalid),
        ("sub", json!(7), IdTokenInvalid),
        ("sub", json!(["alice"]), IdTokenInvalid),
        ("aud", null.clone(), IdTokenInvalid),
        ("aud", json!("another"), IdTokenInvalid),
        ("aud", json!([]), IdTokenInvalid),
        ("aud", json!(["another"]), IdTokenInvalid),
        ("aud", json!([CLIENT, "another"]), IdTokenInvalid),
        ("aud", json!([CLIENT, 7]), IdTokenInvalid),
        ("aud", json!({ "one": CLIENT }), IdTokenInvalid),
        ("azp", json!("another"), IdTokenInvalid),
        ("azp", json!([CLIENT]), IdTokenInvalid),
        ("exp", null.clone(), IdTokenInvalid),
        ("exp", json!(NOW - 3600), IdTokenInvalid),
        ("exp", json!(0), IdTokenInvalid),
        ("exp", json!(-1), IdTokenInvalid),
        ("exp", json!("1800003600"), IdTokenInvalid),
        ("iat", null.clone(), IdTokenInvalid),
        ("iat", json!(NOW + 3600), IdTokenInvalid),
        ("iat", json!(-1), IdTokenInvalid),
        ("iat", json!("1799999999"), IdTokenInvalid),
        ("nbf", json!(NOW + 3600), IdTokenInvalid),
        ("nbf", json!("1799999999"), IdTokenInvalid),
        ("nonce", null, IdTokenInvalid),
        ("nonce", json!(""), IdTokenInvalid),
        ("nonce", json!("the-nonc"), IdTokenInvalid),
        ("nonce", json!([NONCE]), IdTokenInvalid),
        ("at_hash", json!(""), IdTokenInvalid),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"), IdTokenInvalid),
        ("at_hash", json!("not base64url"), IdTokenInvalid),
        ("at_hash", json!(7), IdTokenInvalid),
        ("acr", json!(3), IdTokenInvalid),
        ("acr", json!(["AL3", 3]), IdTokenInvalid),
        ("amr", json!({ "pwd": true }), IdTokenInvalid),
        ("auth_time", json!("1799999999"), IdTokenInvalid),
        ("auth_time", json!(true), IdTokenInvalid),
    ];
    for (name, value, code) in cases {
        check(&claims_with(name, value), Err(code));
    }
}

#[test]
fn several_audiences_need_this_client_as_the_authorized_party() {
    check(&claims_with("aud", json!([CLIENT])), Ok(()));
    check(&claims_with("azp", json!(CLIENT)), Ok(()));
    let mut several = claims_with("aud", json!(["https://api.bank.example", CLIENT]));
    check(&several, Err(IdTokenInvalid));
    several["azp"] = json!(CLIENT);
    check(&several, Ok(()));
    several["azp"] = json!("https://api.bank.example");
    check(&several, Err(IdTokenInvalid));
    several["aud"] = json!(["https://api.bank.example"]);
    several["azp"] = json!(CLIENT);
    check(&several, Err(IdTokenInvalid));
}

#[test]
fn the_longest_subject_is_accepted() {
    check(&claims_with("sub", json!("s".repeat(255))), Ok(()));
}

#[test]
fn acr_and_amr_are_a_string_a_list_or_absent() {
    let cases = [
        (json!(null), vec![]),
        (json!("AL3"), vec!["AL3"]),
        (json!([]), vec![]),
        (json!(["AL2", "AL3"]), vec!["AL2", "AL3"]),
    ];
    for (value, expect) in cases {
        assert_eq!(accepted(&claims_with("acr", value.clone())).acr, expect);
        assert_eq!(accepted(&claims_with("amr", value)).amr, expect);
    }
    let mut nothing = claims();
    nothing["acr"] = Value::Null;
    assert!(accepted(&nothing).acr.is_empty());
}

#[test]
fn t05_auth_time_is_floored_and_not_judged() {
    let cases = [
        (json!(null), None),
        (json!(1_799_999_990), Some(1_799_999_990)),
        (json!(1_799_999_990.9), Some(1_799_999_990)),
        (json!(0), Some(0)),
        (json!(-1), Some(-1)),
        (json!(-1.5), Some(-2)),
        (json!(NOW + 1_000_000), Some(1_801_000_000)),
        (json!(1e300), Some((1 << 53) - 1)),
        (json!(u64::MAX), Some((1 << 53) - 1)),
        (json!(i64::MIN), Some(1 - (1 << 53))),
    ];
    for (value, expect) in cases {
        assert_eq!(accepted(&claims_with("auth_time", value)).auth_time, expect);
    }
}

#[test]
fn times_may_have_a_fraction() {
    let mut fractions = claims();
    fractions["iat"] = json!(1_799_999_998.75);
    fractions["exp"] = json!(1_800_000_600.75);
    let claims = accepted(&fractions);
    assert_eq!((claims.iat.0, claims.exp.0), (1_799_999_998, 1_800_000_600));
}

#[test]
fn the_sessions_own_token_may_have_expired_and_has_any_nonce() {
    let session = expectation(Source::Session);
    check_for(&claims_with("exp", json!(NOW - 86_400)), &session, Ok(()));
    check_for(&claims_with("exp", Value::Null), &session, Err(IdTokenInvalid));
    check_for(&claims_with("nonce", json!("another")), &session, Ok(()));
    check_for(&claims_with("nonce", Value::Null), &session, Ok(()));
    check_for(&claims_with("at_hash", json!("AAAA")), &session, Ok(()));
    check_for(&claims_with("iss", json!("https://evil.example")), &session, Err(IssuerMismatch));
    check_for(&claims_with("aud", json!("another")), &session, Err(IdTokenInvalid));
    check_for(&claims_with("iat", json!(NOW + 3600)), &session, Err(IdTokenInvalid));
    check_for(&claims_with("nbf", json!(NOW + 3600)), &session, Err(IdTokenInvalid));
}

#[test]
fn a_token_of_the_apps_own_has_any_nonce_but_may_not_have_expired() {
    let own = expectation(Source::Authenticate { access_token: Secret::new(ACCESS_TOKEN) });
    check_for(&claims_with("nonce", json!("another")), &own, Ok(()));
    check_for(&claims_with("nonce", Value::Null), &own, Ok(()));
    check_for(&claims_with("exp", json!(NOW - 86_400)), &own, Err(IdTokenInvalid));
    check_for(&claims_with("at_hash", json!("AAAA")), &own, Err(IdTokenInvalid));
    check_for(&claims_with("aud", json!("another")), &own, Err(IdTokenInvalid));
}

#[test]
fn a_token_of_a_renewal_need_not_repeat_the_nonce_but_may_have_no_other() {
    let access_token = || Secret::new(ACCESS_TOKEN);
    let nonce = Some(NONCE.into());
    let renewal = expectation(Source::Renewal { nonce, access_token: access_token() });
    check_for(&claims(), &renewal, Ok(()));
    check_for(&claims_with("nonce", Value::Null), &renewal, Ok(()));
    check_for(&claims_with("nonce", json!("another")), &renewal, Err(IdTokenInvalid));
    check_for(&claims_with("exp", json!(NOW - 86_400)), &renewal, Err(IdTokenInvalid));
    check_for(&claims_with("at_hash", json!("AAAA")), &renewal, Err(IdTokenInvalid));
    check_for(&claims_with("iss", json!("https://evil.example")), &renewal, Err(IssuerMismatch));
    check_for(&claims_with("aud", json!("another")), &renewal, Err(IdTokenInvalid));
    // Nobody knows with which nonce the user authenticated.
    let unknown = expectation(Source::Renewal { nonce: None, access_token: access_token() });
    check_for(&claims_with("nonce", json!("another")), &unknown, Ok(()));
}

#[test]
fn a_name_that_occurs_twice_is_refused() {
    let provider = Provider::new();
    let once = claims().to_string();
    let header = r#"{"alg":"ES256","kid":"one"}"#;
    assert!(verify(&provider.sign(header, &once), &provider.jwks(), &response()).is_ok());
    for twice in [
        once.replacen('{', r#"{"sub":"mallory","#, 1),
        once.replacen('}', r#","sub":"mallory"}"#, 1),
        once.replacen('{', r#"{"x":1,"x":2,"#, 1),
    ] {
        let id_token = provider.sign(header, &twice);
        refused(verify(&id_token, &provider.jwks(), &response()), IdTokenInvalid);
    }
    for header in [r#"{"alg":"ES256","kid":"one","kid":"two"}"#, r#"{"alg":"none","alg":"ES256"}"#]
    {
        let id_token = provider.sign(header, &once);
        refused(verify(&id_token, &provider.jwks(), &response()), IdTokenInvalid);
    }
}

#[test]
fn claims_that_are_no_object_are_refused() {
    let provider = Provider::new();
    for payload in ["", "null", "[]", "\"iss\"", "{", "{}x", "\u{1}"] {
        let id_token = provider.sign(r#"{"alg":"ES256","kid":"one"}"#, payload);
        refused(verify(&id_token, &provider.jwks(), &response()), IdTokenInvalid);
    }
}

#[test]
fn what_was_refused_is_told_without_what_is_in_the_token() {
    let provider = Provider::new();
    let mut wrong = claims_with("aud", json!("another"));
    wrong["sub"] = json!("a-private-name");
    let id_token = provider.issue(&wrong);
    let error = verify(&id_token, &provider.jwks(), &response()).unwrap_err();
    assert!(!error.detail.contains("a-private-name"), "{error}");
    let inspected = inspect(&id_token, &provider.jwks(), &response()).unwrap();
    let printed = format!("{inspected:?}");
    assert!(!printed.contains(&id_token) && !printed.contains(ACCESS_TOKEN), "{printed}");
}

#[test]
fn two_verifications_in_flight_do_not_meet() {
    let provider = Provider::new();
    let tokens = ["alice", "bob"].map(|sub| provider.issue(&claims_with("sub", json!(sub))));
    let [alice, bob] =
        [0, 1].map(|index| inspect(&tokens[index], &provider.jwks(), &response()).unwrap());
    let (alice_is_valid, bob_is_valid) = (signature_is_valid(&alice), signature_is_valid(&bob));
    let bob = bob.accept(bob_is_valid).unwrap();
    let alice = alice.accept(alice_is_valid).unwrap();
    assert_eq!(alice.finish(None).unwrap().sub, "alice");
    assert_eq!(bob.finish(None).unwrap().sub, "bob");
}

#[test]
fn a_wrong_signature_is_the_end_of_it() {
    let provider = Provider::new();
    let inspected = inspect(&provider.issue(&claims()), &provider.jwks(), &response()).unwrap();
    assert_eq!(inspected.accept(false).unwrap_err().code, ErrorCode::IdTokenInvalid);
}
