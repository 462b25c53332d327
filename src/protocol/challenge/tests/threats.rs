//! What a hostile or broken API may send.

use crate::protocol::challenge::dialect::Why;
use crate::protocol::challenge::grammar::{
    MAX_CHALLENGES, MAX_LENGTH, MAX_PARAMS, TooLarge, parse, steps,
};
use crate::protocol::challenge::step_up::{
    MAX_ACR_VALUES, MAX_MAX_AGE, MAX_SCOPES, MAX_VALUE_LENGTH,
};
use crate::protocol::challenge::{Report, list, read};
use crate::protocol::error::ErrorCode;
use crate::protocol::json;
use crate::protocol::units::Seconds;

fn demand(params: &str) -> String {
    format!(r#"Bearer error="insufficient_user_authentication", {params}"#)
}

#[track_caller]
fn check_rejected(header: &str) {
    for status in [401, 403] {
        let error = read(status, header).unwrap_err();
        assert_eq!(error.code, ErrorCode::ChallengeRejected, "{header}");
    }
}

#[test]
fn t16_hostile_acr_values_are_rejected() {
    let distinct = |count: usize| (0..count).map(|n| format!("a{n} ")).collect::<String>();
    for name in ["acr_values", "scope"] {
        let most = if name == "scope" { MAX_SCOPES } else { MAX_ACR_VALUES };
        check_rejected(&demand(&format!(r#"{name}="{}""#, distinct(most + 1))));
        check_rejected(&demand(&format!(r#"{name}="{}""#, "a ".repeat(most + 1))));
        check_rejected(&demand(&format!(r#"{name}="a {}""#, "x".repeat(MAX_VALUE_LENGTH + 1))));
        let controls = ('\u{1}'..=' ').chain('\u{7f}'..='\u{ff}');
        for char in controls.filter(|char| !matches!(char, '\n' | '\r' | ' ')) {
            check_rejected(&demand(&format!("{name}=\"a{char}b\"")));
        }
        for escaped in ['"', '\\', '\t'] {
            check_rejected(&demand(&format!("{name}=\"a \\{escaped}\"")));
        }
        // A rejected demand is not rescued by being unusable in another way too.
        check_rejected(&demand(&format!("{name}=\"\\\"\", max_age=-1")));
        // Exactly at the bounds it is a demand like any other.
        let reading = read(401, &demand(&format!(r#"{name}="{}""#, distinct(most)))).unwrap();
        let demanded = reading.requirement.unwrap();
        assert_eq!(demanded.acr_values.len().max(demanded.scope.iter().count()), most);
        let longest = "x".repeat(MAX_VALUE_LENGTH);
        assert!(read(401, &demand(&format!("{name}={longest}"))).unwrap().requirement.is_some());
        // An unknown value is passed on: only the server knows which there are.
        assert!(read(401, &demand(&format!(r#"{name}="~!#[]""#))).unwrap().requirement.is_some());
    }
    check_rejected(r#"Bearer error="insufficient_scope", scope="a\"b""#);
}

#[test]
fn t17_an_impossible_max_age_is_ignored_and_reported() {
    let overflow = (MAX_MAX_AGE + 1).to_string();
    for text in [
        r#""-1""#,
        "-1",
        r#""""#,
        "0.5",
        "1e3",
        "+60",
        r#"" 60""#,
        r#""60 ""#,
        "0x10",
        "soon",
        "18446744073709551616",
        "99999999999999999999999999999999",
        &overflow,
        "\"\u{b2}\"",
    ] {
        let header = demand(&format!("max_age={text}, acr_values=a"));
        let reading = read(401, &header).unwrap();
        assert_eq!(reading.requirement, None, "{header}");
        let why = Why::MaxAge;
        assert_eq!(
            reading.reports,
            [Report::Unusable { scheme: "Bearer".to_owned(), why }],
            "{header}"
        );
    }
    for (text, seconds) in
        [("0", 0), (r#""0""#, 0), ("060", 60), (r#""9007199254740991""#, MAX_MAX_AGE)]
    {
        let reading = read(401, &demand(&format!("max_age={text}"))).unwrap();
        assert_eq!(reading.requirement.unwrap().max_age, Some(Seconds(seconds)), "{text}");
        assert_eq!(reading.reports, []);
    }
}

#[test]
fn t20_error_description_reaches_no_requirement() {
    let bait = "<b>Call +1 555 0100</b>";
    let described =
        demand(&format!(r#"acr_values=a, error_description="{bait}", error_uri="{bait}""#));
    let scoped =
        format!(r#"Bearer error="insufficient_scope", scope="a", error_description="{bait}""#);
    let unusable = demand(&format!(r#"max_age=-1, error_description="{bait}""#));
    for header in [described, scoped, unusable] {
        let reading = read(401, &header).unwrap();
        let json = reading.requirement.as_ref().map(json::write).unwrap_or_default();
        let reports: Vec<String> = reading.reports.iter().map(ToString::to_string).collect();
        assert!(!format!("{json}{reports:?}").contains("555"), "{json} {reports:?}");
    }
    let rejected = demand(&format!(r#"acr_values="\"", error_description="{bait}""#));
    assert!(!read(401, &rejected).unwrap_err().to_string().contains("555"));
}

#[test]
fn t21_a_header_bomb_is_rejected() {
    let cases = [
        (format!(r#"X a="{}""#, "x".repeat(MAX_LENGTH)), TooLarge::Header),
        (",".repeat(MAX_LENGTH + 1), TooLarge::Header),
        ("X,".repeat(MAX_CHALLENGES + 1), TooLarge::Challenges),
        ("@,".repeat(MAX_CHALLENGES + 1), TooLarge::Challenges),
        ("X,@,".repeat(MAX_CHALLENGES / 2) + "X", TooLarge::Challenges),
        (
            "X ".to_owned() + &(0..=MAX_PARAMS).map(|n| format!("a{n}=b,")).collect::<String>(),
            TooLarge::Params,
        ),
    ];
    for (header, bound) in cases {
        assert_eq!(parse(&header), Err(bound));
        check_rejected(&header);
        assert_eq!(list(&header).unwrap_err().code, ErrorCode::ChallengeRejected);
    }
    let at_the_bounds = [
        ",".repeat(MAX_LENGTH),
        "X,".repeat(MAX_CHALLENGES),
        "@,".repeat(MAX_CHALLENGES),
        "X ".to_owned() + &(0..MAX_PARAMS).map(|n| format!("a{n}=b,")).collect::<String>(),
    ];
    for header in at_the_bounds {
        assert!(parse(&header).is_ok(), "{header}");
    }
}

/// Each family is measured at its full length: the work is bounded by a constant for each octet.
#[test]
fn t21_reading_is_linear() {
    let long = "n".repeat(400);
    let families = [
        ",".repeat(MAX_LENGTH),
        " ".repeat(MAX_LENGTH),
        format!("X{}", " ".repeat(MAX_LENGTH - 1)),
        format!("X {}", "a".repeat(MAX_LENGTH - 2)),
        format!("X a{}", "=".repeat(MAX_LENGTH - 3)),
        format!("X a{}b", "=".repeat(MAX_LENGTH - 4)),
        format!("X {}!", "a".repeat(MAX_LENGTH - 3)),
        format!("X a{}=b", " ".repeat(MAX_LENGTH - 5)),
        format!("X a={}b", " ".repeat(MAX_LENGTH - 5)),
        format!("X a=b{}c", " ".repeat(MAX_LENGTH - 6)),
        format!("X a=\"{}", "\\\"".repeat(MAX_LENGTH / 2 - 3)),
        format!("X a=\"{}\"", "\\\\".repeat(MAX_LENGTH / 2 - 4)),
        format!("X a=@{}", "\"".repeat(MAX_LENGTH - 5)),
        format!("X a=@{}", ",a=\"\"".repeat(MAX_LENGTH / 5 - 1)),
        format!("X a=@{}", ",a=".repeat(MAX_LENGTH / 3 - 2)),
        format!("@{}", ",a=\"".repeat(MAX_LENGTH / 4 - 1)),
        format!("X {}", (10..42).map(|n| format!("{long}{n}=b,")).collect::<String>()),
    ];
    for header in families {
        assert!(header.len() <= MAX_LENGTH);
        let steps = steps(&header);
        assert!(
            steps >= header.len() && steps <= (4 + MAX_PARAMS / 2) * header.len(),
            "{steps} steps for {} octets: {:.40}",
            header.len(),
            header
        );
    }
}

#[test]
fn t23_only_401_and_403_can_be_challenges() {
    let header = demand("acr_values=a");
    for status in 0..=999 {
        let reading = read(status, &header).unwrap();
        assert_eq!(reading.requirement.is_some(), matches!(status, 401 | 403), "{status}");
        assert_eq!(reading.reports, []);
    }
    // Nothing is even looked at.
    assert_eq!(read(200, &",".repeat(MAX_LENGTH + 1)), Ok(Default::default()));
    assert_eq!(read(418, "@"), Ok(Default::default()));
    // A bare 401.
    assert_eq!(read(401, ""), Ok(Default::default()));
    // A list has no status.
    assert!(list(&header).unwrap()[0].requirement.is_some());
}
