//! Well-formed headers: every example of the RFCs, and what is seen on the wire.

use crate::protocol::challenge::grammar::parse;
use crate::protocol::challenge::list;
use crate::protocol::json;

/// The header holds these challenges, given in canonical form, and nothing malformed.
#[track_caller]
fn check(header: &str, expect: &[&str]) {
    let parsed = parse(header).unwrap();
    let challenges: Vec<String> = parsed.challenges.iter().map(ToString::to_string).collect();
    assert_eq!(challenges, expect, "{header}");
    assert_eq!(parsed.faults, [], "{header}");
}

#[test]
fn the_examples_of_the_rfcs_are_read() {
    // RFC 9110 §11.6.1, also RFC 7235 §4.1.
    check(
        r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
        &[
            r#"Basic realm="simple""#,
            r#"Newauth realm="apps", type="1", title="Login to \"apps\"""#,
        ],
    );
    check(
        r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#,
        &[
            r#"Newauth realm="apps", type="1", title="Login to \"apps\"""#,
            r#"Basic realm="simple""#,
        ],
    );
    // RFC 9110 §11.5, RFC 7617 §2 and §2.1.
    check(r#"Basic realm="WallyWorld""#, &[r#"Basic realm="WallyWorld""#]);
    check(r#"Basic realm="foo", charset="UTF-8""#, &[r#"Basic realm="foo", charset="UTF-8""#]);
    // RFC 7616 §3.9.1.
    check(
        r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
        &[
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm="MD5", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
        ],
    );
    // RFC 4559 §5.
    check("Negotiate", &["Negotiate"]);
    check("Negotiate a87421000492aa874209af8bc028", &["Negotiate a87421000492aa874209af8bc028"]);
    // RFC 6750 §3.
    check(r#"Bearer realm="example""#, &[r#"Bearer realm="example""#]);
    check(
        r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
        &[
            r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
        ],
    );
    check(
        r#"Bearer scope="urn:example:channel=HBO&urn:example:rating=G,PG-13""#,
        &[r#"Bearer scope="urn:example:channel=HBO&urn:example:rating=G,PG-13""#],
    );
    // RFC 9470 §3.
    check(
        r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#,
        &[
            r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#,
        ],
    );
    check(
        r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#,
        &[
            r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#,
        ],
    );
    // RFC 9449 §7.1, §7.2 and §9.
    check(r#"DPoP algs="ES256 PS256""#, &[r#"DPoP algs="ES256 PS256""#]);
    check(
        r#"DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256""#,
        &[
            r#"DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256""#,
        ],
    );
    check(r#"Bearer, DPoP algs="ES256 PS256""#, &["Bearer", r#"DPoP algs="ES256 PS256""#]);
    check(
        r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#,
        &[
            r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#,
        ],
    );
    // RFC 9728 §5.1.
    check(
        r#"Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource""#,
        &[
            r#"Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource""#,
        ],
    );
}

#[test]
fn the_dialects_seen_on_the_wire_are_read() {
    // Unquoted, with no space after a comma.
    check(
        r#"Bearer error="insufficient_user_authentication",error_description="Step up",max_age=60,acr_values=mfa"#,
        &[
            r#"Bearer error="insufficient_user_authentication", error_description="Step up", max_age="60", acr_values="mfa""#,
        ],
    );
    check(
        r#"Bearer error="insufficient_authentication_level""#,
        &[r#"Bearer error="insufficient_authentication_level""#],
    );
    check(
        r#"Bearer realm="IdpClient", error="insufficient_authentication_context", max_age=900, acr_values="urn:okta:loa:2fa:any:ifpossible""#,
        &[
            r#"Bearer realm="IdpClient", error="insufficient_authentication_context", max_age="900", acr_values="urn:okta:loa:2fa:any:ifpossible""#,
        ],
    );
    check(
        r#"Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
        &[
            r#"Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
        ],
    );
    check(
        r#"SSOADVICE realm="apps", advices="QXV0aFNjaGVtZQ==""#,
        &[r#"SSOADVICE realm="apps", advices="QXV0aFNjaGVtZQ==""#],
    );
    check(
        r#"Bearer error="insufficient_scope", scope="files:read files:write", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource""#,
        &[
            r#"Bearer error="insufficient_scope", scope="files:read files:write", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource""#,
        ],
    );
}

#[test]
fn a_list_may_have_any_whitespace_and_empty_elements() {
    check("", &[]);
    check(" , ,,\t ", &[]);
    check(r#"Basic , realm="x""#, &[r#"Basic realm="x""#]);
    check(r#"Basic realm="x" , , , charset=y"#, &[r#"Basic realm="x", charset="y""#]);
    check(r#",,Basic realm="x",,Bearer,,"#, &[r#"Basic realm="x""#, "Bearer"]);
    check(r#"Basic   realm="x",Bearer"#, &[r#"Basic realm="x""#, "Bearer"]);
    check("Bearer a \t=\t  b", &[r#"Bearer a="b""#]);
    check("Bearer a=\t\"b\" \t,\tc =d", &[r#"Bearer a="b", c="d""#]);
}

#[test]
fn the_listed_deviations_are_taken() {
    check(r#"Basic, realm="x""#, &[r#"Basic realm="x""#]);
    check("Basic\trealm=x", &[r#"Basic realm="x""#]);
    check("  Basic realm=x\t", &[r#"Basic realm="x""#]);
    check("Basic realm=\"a\u{1}\u{7f}b\"", &["Basic realm=\"a\u{1}\u{7f}b\""]);
}

#[test]
fn repeated_headers_and_repeated_schemes_are_several_challenges() {
    check("Negotiate, NTLM", &["Negotiate", "NTLM"]);
    check(r#"Bearer error="a", Bearer error="b""#, &[r#"Bearer error="a""#, r#"Bearer error="b""#]);
    check(r#"Basic realm="a", b="c", basic"#, &[r#"Basic realm="a", b="c""#, "basic"]);
}

#[test]
fn a_token68_is_told_from_a_parameter_by_what_follows() {
    check("Foo a", &["Foo a"]);
    check("Foo a=", &["Foo a="]);
    check("Foo a== , Bar", &["Foo a==", "Bar"]);
    check("Foo a=b", &[r#"Foo a="b""#]);
    check("Foo a= b", &[r#"Foo a="b""#]);
    check("Foo a =b", &[r#"Foo a="b""#]);
    check("Foo a=\"\"", &[r#"Foo a="""#]);
    check("Foo -._~+/09azAZ=", &["Foo -._~+/09azAZ="]);
    check("Foo /=, Bar a=b", &["Foo /=", r#"Bar a="b""#]);
    check("Negotiate YIIx/+==,Basic realm=x", &["Negotiate YIIx/+==", r#"Basic realm="x""#]);
}

#[test]
fn a_bare_token_in_a_list_is_a_scheme_and_a_named_value_is_a_parameter() {
    check("Foo a=b, c, d=e", &[r#"Foo a="b""#, r#"c d="e""#]);
    check("Foo a=b, Bearer =x", &[r#"Foo a="b", bearer="x""#]);
    check("Foo , abc", &["Foo", "abc"]);
}

#[test]
fn names_are_lower_case_and_schemes_are_as_written() {
    check("bEARER eRRor=X", &[r#"bEARER error="X""#]);
    let parsed = parse("bEARER eRRor=X").unwrap();
    assert!(parsed.challenges[0].is("Bearer"));
    assert!(!parsed.challenges[0].is("Bear"));
}

#[test]
fn a_quoted_string_is_unescaped() {
    let value = |header: &str| {
        let parsed = parse(header).unwrap();
        assert_eq!(parsed.faults, [], "{header}");
        parsed.challenges[0].get("a").unwrap().to_owned()
    };
    assert_eq!(value(r#"X a="\t\"\\\,""#), r#"t"\,"#);
    assert_eq!(value(r#"X a="b, Bearer error=c""#), "b, Bearer error=c");
    assert_eq!(value("X a=\"\u{80}é\u{ff}\\é\\\u{80}\""), "\u{80}é\u{ff}é\u{80}");
    assert_eq!(value("X a=\"\t \\\t\\ \""), "\t \t ");
    assert_eq!(value(r#"X a="""#), "");
    assert_eq!(value("X a=!#$%&'*+-.^_`|~09azAZ"), "!#$%&'*+-.^_`|~09azAZ");
}

#[test]
fn a_list_is_what_the_published_types_say() {
    let listed = list(
        r#"Negotiate YII=, Basic, Bearer REALM="x", Error="insufficient_user_authentication", acr_values="b a b", max_age=0, Bearer error=insufficient_scope, scope="c d""#,
    )
    .unwrap();
    assert_eq!(
        json::write(&listed),
        concat!(
            r#"[{"scheme":"Negotiate","token68":"YII="},"#,
            r#"{"scheme":"Basic","params":{}},"#,
            r#"{"scheme":"Bearer","params":{"realm":"x","error":"insufficient_user_authentication","acr_values":"b a b","max_age":"0"},"#,
            r#""requirement":{"acrValues":["b","a"],"maxAge":0,"scope":[]}},"#,
            r#"{"scheme":"Bearer","params":{"error":"insufficient_scope","scope":"c d"},"#,
            r#""requirement":{"acrValues":[],"scope":["c","d"]}}]"#,
        )
    );
}
