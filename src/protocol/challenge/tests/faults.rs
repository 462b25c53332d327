//! Malformed headers: what is reported, and what stands beside it.

use crate::protocol::challenge::grammar::parse;

/// The header holds these challenges and these faults, in this order each.
#[track_caller]
fn check(header: &str, challenges: &[&str], faults: &[&str]) {
    let parsed = parse(header).unwrap();
    let texts: Vec<String> = parsed.challenges.iter().map(ToString::to_string).collect();
    assert_eq!(texts, challenges, "{header}");
    let texts: Vec<String> = parsed.faults.iter().map(ToString::to_string).collect();
    assert_eq!(texts, faults, "{header}");
}

#[test]
fn a_fault_points_into_the_header() {
    check(
        r#"Bearer error="abc"#,
        &[],
        &[r#"the quoted string never ends: Bearer error=(HERE-->)"abc"#],
    );
    check("Bearer error=", &["Bearer error="], &[]);
    check(
        "Foo a=b, error=",
        &[],
        &["expected a token or a quoted string: Foo a=b, error=(HERE-->)"],
    );
    check(
        "Foo a=b, error=, c=d",
        &[],
        &["expected a token or a quoted string: Foo a=b, error=(HERE-->), c=d"],
    );
    check("Foo a b", &[], &["expected a token68 or a parameter: Foo a (HERE-->)b"]);
    check("Foo (a)", &[], &["expected a token68 or a parameter: Foo (HERE-->)(a)"]);
    check("Foo a==b", &[], &["expected a token or a quoted string: Foo a=(HERE-->)=b"]);
    check("Foo@ a=b", &[], &["expected a space or a comma after the scheme: Foo(HERE-->)@ a=b"]);
    check("@Foo a=b", &[], &["expected a scheme: (HERE-->)@Foo a=b"]);
    check("a=b, c=d", &[], &["the parameter belongs to no challenge: (HERE-->)a=b, c=d"]);
    check("Foo a=b c=d", &[], &["expected a comma: Foo a=b (HERE-->)c=d"]);
    check("Foo a=b, A=c", &[], &["the parameter occurs twice: Foo a=b, (HERE-->)A=c"]);
    check("Foo a=, b=c", &[], &["the parameter belongs to no challenge: Foo a=, (HERE-->)b=c"]);
    check(
        "Foo a=\"b\nc\", Bar",
        &["Bar"],
        &["a character that no quoted string may have: Foo a=\"b(HERE-->)?c\", Bar"],
    );
}

#[test]
fn a_fault_has_its_place_in_octets_and_shows_no_more_than_a_neighbourhood() {
    let header = format!("Foo a=\"{}é\", b=, c=\"{}\"", "x".repeat(100), "y".repeat(100));
    let parsed = parse(&header).unwrap();
    assert_eq!(parsed.challenges, []);
    let [fault] = parsed.faults.as_slice() else { panic!("{parsed:?}") };
    assert_eq!(fault.at, header.find(", c=").unwrap());
    assert_eq!(
        fault.to_string(),
        format!(
            "expected a token or a quoted string: …{}?\", b=(HERE-->), c=\"{}…",
            "x".repeat(26),
            "y".repeat(27)
        )
    );
}

#[test]
fn what_no_header_can_hold_is_a_fault_and_not_a_panic() {
    let forbidden = "a character that no quoted string may have";
    check("Foo a=\"\0\"", &[], &[&format!("{forbidden}: Foo a=\"(HERE-->)?\"")]);
    check("Foo a=\"\\\r\"", &[], &[&format!("{forbidden}: Foo a=\"\\(HERE-->)?\"")]);
    check("Foo a=\"\u{100}\"", &[], &[&format!("{forbidden}: Foo a=\"(HERE-->)?\"")]);
    check(
        "Foo a=\"x\u{10ffff}\\€\"",
        &[],
        &[&format!("{forbidden}: Foo a=\"x(HERE-->)??\"").replace("??", "?\\?")],
    );
    check("é=b", &[], &["expected a scheme: (HERE-->)?=b"]);
}

#[test]
fn a_malformed_challenge_does_not_hide_its_neighbours() {
    let good = r#"Bearer error="x""#;
    let bad = [
        "@",
        "Foo@",
        "Foo a b",
        "Foo a=b c",
        "Foo a=b, c=",
        "Foo a=b, a=c",
        "Foo a=b, a=c, d=e, f=",
        "Foo a=(b), c=\"d, Basic e=f\"",
        "Foo a=\"b\"\"c, Basic d=e\"",
        "Foo a=\"b\nc, Basic d=e\"",
        "Foo a=b \"c, \\\"Basic d=e\"",
        "Foo a=b \"c, Basic d=e, f\"",
        "Foo a=b, a=c, d=\"e, Basic f=g, h\"",
        "Foo token68=, b=c",
        "(\"a, Basic b=c\"), d=e",
    ];
    for bad in bad {
        for header in
            [format!("{good}, {bad}"), format!("{bad}, {good}"), format!("{bad},{good},{bad}")]
        {
            let parsed = parse(&header).unwrap();
            let texts: Vec<String> = parsed.challenges.iter().map(ToString::to_string).collect();
            assert_eq!(texts, [good], "{header}");
            assert!(!parsed.faults.is_empty(), "{header}");
        }
    }
}

#[test]
fn one_malformed_part_is_one_fault() {
    check(
        "Foo a=(, b=(, c=), Bar, @, d=e, =f",
        &["Bar"],
        &[
            "expected a token or a quoted string: Foo a=(HERE-->)(, b=(, c=), Bar, @, d=e, =f",
            "expected a scheme: Foo a=(, b=(, c=), Bar, (HERE-->)@, d=e, =f",
            "expected a scheme: Foo a=(, b=(, c=), Bar, @, d=e, (HERE-->)=f",
        ],
    );
}

#[test]
fn an_unclosed_quote_swallows_the_rest_and_invents_nothing() {
    check(
        r#"Foo a="b, Bearer error=x"#,
        &[],
        &[r#"the quoted string never ends: Foo a=(HERE-->)"b, Bearer error=x"#],
    );
    check(
        r#"Basic realm="x, Bearer error="y""#,
        &[],
        &[r#"expected a comma: Basic realm="x, Bearer error="(HERE-->)y""#],
    );
    check(r#"Foo a="b\"#, &[], &[r#"the quoted string never ends: Foo a=(HERE-->)"b\"#]);
}

#[test]
fn a_challenge_with_a_parameter_twice_is_dropped_whole() {
    check(
        r#"Bearer error="a", scope="b", ERROR="c", realm="d", DPoP algs=x"#,
        &[r#"DPoP algs="x""#],
        &[
            r#"the parameter occurs twice: Bearer error="a", scope="b", (HERE-->)ERROR="c", realm="d", DPoP algs=…"#,
        ],
    );
    // Not even if both say the same (RFC 9110 §11.2).
    check("Foo a=b, a=b", &[], &["the parameter occurs twice: Foo a=b, (HERE-->)a=b"]);
}
