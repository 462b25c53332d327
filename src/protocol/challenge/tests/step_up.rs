//! Which answers demand step-up, and what they demand.

use crate::protocol::challenge::dialect::Why;
use crate::protocol::challenge::{Report, list, read};
use crate::protocol::claims_request::{ClaimsRequest, MAX_LENGTH};
use crate::protocol::error::ErrorCode;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::units::Seconds;

fn requirement(acr_values: &[&str], max_age: Option<u64>, scope: &str) -> Requirement {
    Requirement {
        acr_values: acr_values.iter().map(|&acr| acr.to_owned()).collect(),
        max_age: max_age.map(Seconds),
        scope: Scope::parse(scope),
        ..Requirement::default()
    }
}

/// On 401 as on 403 this is demanded, and there is nothing to report.
#[track_caller]
fn check(header: &str, expect: Option<Requirement>) {
    for status in [401, 403] {
        let reading = read(status, header).unwrap();
        assert_eq!(reading.requirement, expect, "{status} {header}");
        assert_eq!(reading.reports, [], "{status} {header}");
    }
}

/// Nothing is demanded, and this is why.
#[track_caller]
fn check_ignored(header: &str, scheme: &str, why: Why) {
    let reading = read(401, header).unwrap();
    assert_eq!(reading.requirement, None, "{header}");
    assert_eq!(reading.reports, [Report::Unusable { scheme: scheme.to_owned(), why }], "{header}");
    assert_eq!(list(header).unwrap()[0].requirement, None, "{header}");
}

#[test]
fn an_invalid_token_is_no_demand_but_is_told_as_such() {
    let says = |status, header: &str| read(status, header).map(|reading| reading.invalid_token);
    let invalid = r#"Bearer realm="x", error="invalid_token""#;
    assert_eq!(says(401, invalid), Ok(true));
    assert_eq!(says(401, "DPoP error=invalid_token"), Ok(true));
    assert_eq!(says(401, &format!("Basic, {invalid}")), Ok(true));
    // RFC 6750 §3.1: it comes with 401.
    assert_eq!(says(403, invalid), Ok(false));
    assert_eq!(says(401, r#"Bearer error="invalid_request""#), Ok(false));
    assert_eq!(says(401, r#"Bearer error_description="invalid_token""#), Ok(false));
    // A demand leads further: what the user proves comes with another token.
    let demand = r#"Bearer error="insufficient_user_authentication""#;
    assert_eq!(says(401, &format!("{invalid}, {demand}")), Ok(false));
}

#[test]
fn rfc_9470_is_recognised() {
    check(
        r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#,
        Some(requirement(&["myACR"], None, "")),
    );
    check(
        r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#,
        Some(requirement(&[], Some(5), "")),
    );
    check(
        r#"Bearer error="insufficient_user_authentication",error_description="x",max_age=60,acr_values=mfa"#,
        Some(requirement(&["mfa"], Some(60), "")),
    );
    check(
        r#"Bearer error="insufficient_user_authentication", acr_values="urn:a  b b urn:a c", max_age=0, scope="x y""#,
        Some(requirement(&["urn:a", "b", "c"], Some(0), "x y")),
    );
    check("Bearer error=insufficient_user_authentication", Some(requirement(&[], None, "")));
    check(
        r#"Bearer error=insufficient_user_authentication, acr_values="""#,
        Some(requirement(&[], None, "")),
    );
}

#[test]
fn any_scheme_with_an_error_counts() {
    for scheme in ["Bearer", "bearer", "DPoP", "GNAP"] {
        check(
            &format!("{scheme} error=insufficient_user_authentication, acr_values=a"),
            Some(requirement(&["a"], None, "")),
        );
        check(
            &format!("{scheme} error=insufficient_scope, scope=a"),
            Some(requirement(&[], None, "a")),
        );
    }
}

#[test]
fn rfc_6750_insufficient_scope_is_recognised_with_a_scope() {
    check(
        r#"Bearer realm="x", error="insufficient_scope", scope="payees:write accounts:read""#,
        Some(requirement(&[], None, "payees:write accounts:read")),
    );
    // The scopes of RFC 6750 §3.
    for scope in ["openid profile email", "urn:example:channel=HBO&urn:example:rating=G,PG-13"] {
        check(
            &format!(r#"Bearer error="insufficient_scope", scope="{scope}""#),
            Some(requirement(&[], None, scope)),
        );
    }
    check_ignored("Bearer error=insufficient_scope", "Bearer", Why::ScopeMissing);
    check_ignored(r#"DPoP error=insufficient_scope, scope=" ""#, "DPoP", Why::ScopeMissing);
    // acr_values and max_age are no part of this error.
    check(
        "Bearer error=insufficient_scope, scope=a, acr_values=b, max_age=-1",
        Some(requirement(&[], None, "a")),
    );
}

#[test]
fn the_claims_challenge_of_microsoft_entra_is_recognised() {
    let carried = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19";
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    check(
        &format!(
            r#"Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize", error="insufficient_claims", claims="{carried}""#
        ),
        Some(Requirement { claims: ClaimsRequest::new(claims), ..Requirement::default() }),
    );
    for useless in
        ["", ", claims=\"\"", ", claims=\"e30=\"", ", claims=\"%%\"", ", claims=\"WzFd\""]
    {
        let header = format!("Bearer error=insufficient_claims{useless}");
        check_ignored(&header, "Bearer", Why::Claims);
    }
    // Without its error it is none.
    check(&format!(r#"Bearer error="invalid_token", claims="{carried}""#), None);
}

#[test]
fn t16_claims_beyond_every_measure_are_rejected() {
    let long = "A".repeat(MAX_LENGTH + 1);
    let read = read(401, &format!(r#"Bearer error="insufficient_claims", claims="{long}""#));
    assert_eq!(read.map(|_| ()).map_err(|error| error.code), Err(ErrorCode::ChallengeRejected));
}

#[test]
fn what_is_no_demand_for_step_up_is_nothing() {
    check("", None);
    check("Bearer", None);
    check(r#"Basic realm="x", Negotiate abc="#, None);
    check(r#"Bearer error="invalid_token", scope="a", acr_values="b", max_age=-1"#, None);
    check(r#"Bearer error="invalid_request""#, None);
    check(r#"Bearer acr_values="a", max_age=60"#, None);
    check(r#"DPoP error="use_dpop_nonce", algs="ES256""#, None);
    check(r#"Bearer error="Insufficient_User_Authentication""#, None);
    check(r#"Bearer error="insufficient_user_authentication ""#, None);
    check(r#"Bearer error_description="insufficient_user_authentication""#, None);
    check(r#"Bearer realm="error=\"insufficient_user_authentication\"""#, None);
    check("insufficient_user_authentication", None);
}

#[test]
fn bearer_is_preferred_and_then_the_first() {
    let demand = |scheme: &str, acr: &str| {
        format!("{scheme} error=insufficient_user_authentication, acr_values={acr}")
    };
    let cases = [
        ([demand("Bearer", "a"), demand("DPoP", "b"), demand("Bearer", "c")], "a"),
        ([demand("DPoP", "a"), demand("bearer", "b"), demand("Bearer", "c")], "b"),
        ([demand("DPoP", "a"), demand("GNAP", "b"), "Bearer".to_owned()], "a"),
        ([demand("DPoP", "a"), "Bearer error=invalid_token".to_owned(), String::new()], "a"),
    ];
    for (challenges, acr) in cases {
        check(&challenges.join(", "), Some(requirement(&[acr], None, "")));
    }
}

#[test]
fn an_unusable_demand_does_not_hide_a_usable_one() {
    let good = r#"DPoP error="insufficient_user_authentication", acr_values="a""#;
    for bad in [
        "Bearer error=insufficient_user_authentication, max_age=-1",
        r#"Bearer error=insufficient_user_authentication, acr_values="\"""#,
        "Bearer error=insufficient_scope",
        "Bearer error=insufficient_user_authentication, max_age=1, max_age=2",
    ] {
        for header in [format!("{bad}, {good}"), format!("{good}, {bad}")] {
            let reading = read(401, &header).unwrap();
            assert_eq!(reading.requirement, Some(requirement(&["a"], None, "")), "{header}");
            assert_eq!(reading.reports.len(), 1, "{header}");
        }
    }
}

#[test]
fn a_report_is_a_sentence_for_the_developer() {
    let reading =
        read(401, "DPoP error=insufficient_user_authentication, max_age=soon, Bearer error=,")
            .unwrap();
    let texts: Vec<String> = reading.reports.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["A challenge was ignored: DPoP: max_age is not a non-negative integer"]);
    let reading = read(403, r#"Bearer a=b, error="x"#).unwrap();
    let texts: Vec<String> = reading.reports.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [r#"A challenge was ignored: the quoted string never ends: Bearer a=b, error=(HERE-->)"x"#]
    );
}
