//! Which key of the set is chosen.

use super::*;

const EC: [&str; 2] =
    ["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"];

/// The example key of RFC 7517 §A.1, with more members.
fn ec(more: Value) -> Value {
    let mut key = json!({ "kty": "EC", "crv": "P-256", "x": EC[0], "y": EC[1] });
    for (name, value) in more.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn rsa(bytes: usize) -> Value {
    json!({ "kty": "RSA", "kid": "rsa", "n": encode(vec![0xa5; bytes]), "e": "AQAB" })
}

fn okp(crv: &str) -> Value {
    json!({ "kty": "OKP", "kid": "okp", "crv": crv, "x": EC[0] })
}

fn unknown() -> Result<(), ErrorCode> {
    Err(ErrorCode::KeyUnknown)
}

fn unfit() -> Result<(), ErrorCode> {
    Err(ErrorCode::IdTokenInvalid)
}

fn choose(keys: &[Value], algorithm: Algorithm, kid: Option<&str>) -> Result<PublicKey, Error> {
    super::super::keys::choose(&foreign(&json!({ "keys": keys })), algorithm, kid)
}

#[track_caller]
fn check(keys: &[Value], algorithm: Algorithm, kid: Option<&str>, expect: Result<(), ErrorCode>) {
    let chosen = choose(keys, algorithm, kid);
    assert_eq!(chosen.as_ref().map(|_| ()).map_err(|error| error.code), expect, "{chosen:?}");
}

#[test]
fn a_key_is_found_by_its_id() {
    use Algorithm::Es256;
    let set = [ec(json!({ "kid": "a", "x": EC[1] })), ec(json!({ "kid": "b" }))];
    check(&set, Es256, Some("a"), Ok(()));
    check(&set, Es256, Some("b"), Ok(()));
    check(&set, Es256, Some("B"), unknown());
    check(&set, Es256, Some(""), unknown());
    check(&[ec(json!({}))], Es256, Some("a"), unknown());
    check(&[], Es256, Some("a"), unknown());
    let chosen = choose(&set, Es256, Some("b")).unwrap();
    assert_eq!(chosen, PublicKey::Ec { crv: "P-256", x: EC[0].to_owned(), y: EC[1].to_owned() });
}

#[test]
fn without_an_id_exactly_one_key_must_fit() {
    use Algorithm::{EdDsa, Es256, Rs256};
    let set = [ec(json!({ "kid": "a" })), rsa(256), okp("Ed25519")];
    check(&set, Es256, None, Ok(()));
    check(&set, Rs256, None, Ok(()));
    check(&set, EdDsa, None, Ok(()));
    check(&set[1..], Es256, None, unknown());
    check(&[], Es256, None, unknown());
    let two = [ec(json!({ "kid": "a" })), ec(json!({ "kid": "b", "x": EC[1] }))];
    check(&two, Es256, None, unfit());
    let one_is_for_encryption = [two[0].clone(), ec(json!({ "use": "enc", "x": EC[1] }))];
    check(&one_is_for_encryption, Es256, None, Ok(()));
    let the_same_twice = [two[0].clone(), ec(json!({ "kid": "b" }))];
    check(&the_same_twice, Es256, None, Ok(()));
}

#[test]
fn what_a_key_says_about_its_use_is_respected() {
    let cases = [
        (json!({ "use": "sig" }), Ok(())),
        (json!({ "use": "enc" }), unfit()),
        (json!({ "use": 1 }), unfit()),
        (json!({ "key_ops": ["verify"] }), Ok(())),
        (json!({ "key_ops": ["sign", "verify"] }), Ok(())),
        (json!({ "key_ops": ["encrypt"] }), unfit()),
        (json!({ "key_ops": [] }), unfit()),
        (json!({ "key_ops": "verify" }), unfit()),
        (json!({ "alg": "ES256" }), Ok(())),
        (json!({ "alg": "ES384" }), unfit()),
        (json!({ "alg": "ECDH-ES" }), unfit()),
        (json!({ "kty": "RSA" }), unfit()),
        (json!({ "kty": "oct" }), unfit()),
        (json!({ "kty": 1 }), unfit()),
        (json!({ "crv": "P-384" }), unfit()),
        (json!({ "crv": "secp256k1" }), unfit()),
        (json!({ "x": 1 }), unfit()),
        (json!({ "d": "private" }), unfit()),
        (json!({ "x5c": ["certificate"], "exp": 1 }), Ok(())),
    ];
    for (more, expect) in cases {
        let mut key = ec(json!({ "kid": "a" }));
        for (name, value) in more.as_object().unwrap() {
            key[name] = value.clone();
        }
        check(&[key], Algorithm::Es256, Some("a"), expect);
    }
}

#[test]
fn every_algorithm_has_its_kind_of_key() {
    for algorithm in Algorithm::ALL {
        let name = algorithm.name();
        let is = |yes: bool| if yes { Ok(()) } else { unfit() };
        check(&[ec(json!({ "kid": "ec" }))], algorithm, Some("ec"), is(name == "ES256"));
        let p384 = ec(json!({ "kid": "ec", "crv": "P-384" }));
        check(&[p384], algorithm, Some("ec"), is(name == "ES384"));
        let is_rsa = name.starts_with("RS") || name.starts_with("PS");
        check(&[rsa(256)], algorithm, Some("rsa"), is(is_rsa));
        check(&[okp("Ed25519")], algorithm, Some("okp"), is(name == "EdDSA"));
        check(&[okp("X25519")], algorithm, Some("okp"), unfit());
        check(&[okp("Ed448")], algorithm, Some("okp"), unfit());
    }
}

#[test]
fn a_key_of_the_wrong_type_does_not_fit_though_it_has_all_members() {
    let all = json!({
        "kid": "a", "n": encode(vec![0xa5; 256]), "e": "AQAB", "x": EC[0], "y": EC[1],
    });
    for algorithm in Algorithm::ALL {
        let (kty, crv) = match algorithm {
            Algorithm::Es256 => ("EC", "P-256"),
            Algorithm::Es384 => ("EC", "P-384"),
            Algorithm::EdDsa => ("OKP", "Ed25519"),
            _ => ("RSA", ""),
        };
        for other in ["EC", "OKP", "RSA", "oct", "rsa", ""] {
            let mut key = all.clone();
            key["kty"] = json!(other);
            key["crv"] = json!(crv);
            let expect = if other == kty { Ok(()) } else { unfit() };
            check(&[key], algorithm, Some("a"), expect);
        }
    }
}

#[test]
fn an_ed25519_key_may_have_the_new_name_of_its_algorithm() {
    let mut key = okp("Ed25519");
    key["alg"] = json!("Ed25519");
    check(&[key.clone()], Algorithm::EdDsa, Some("okp"), Ok(()));
    key["alg"] = json!("Ed448");
    check(&[key], Algorithm::EdDsa, Some("okp"), unfit());
}

#[test]
fn an_rsa_key_has_2048_bits_at_least() {
    check(&[rsa(256)], Algorithm::Rs256, Some("rsa"), Ok(()));
    check(&[rsa(128)], Algorithm::Rs256, Some("rsa"), unfit());
    let mut padded = rsa(128);
    padded["n"] = json!(encode([vec![0; 128], vec![0xa5; 128]].concat()));
    check(&[padded], Algorithm::Rs256, Some("rsa"), unfit());
    let mut garbage = rsa(256);
    garbage["n"] = json!("+".repeat(400));
    check(&[garbage], Algorithm::Rs256, Some("rsa"), unfit());
}

#[test]
fn an_odd_key_does_not_hide_the_others() {
    let good = ec(json!({ "kid": "a" }));
    let odd = [
        json!(null),
        json!("key"),
        json!([]),
        json!({}),
        json!({ "kty": "AKP", "kid": "a", "alg": "ML-DSA-44", "pub": "AA" }),
        json!({ "kty": "EC", "kid": ["a"], "crv": 7 }),
        json!({ "kty": "oct", "kid": "a", "k": "AAAA" }),
    ];
    for odd in odd {
        check(&[odd.clone(), good.clone()], Algorithm::Es256, Some("a"), Ok(()));
        check(&[odd, good.clone()], Algorithm::Es256, None, Ok(()));
    }
}

#[test]
fn a_set_that_is_none_has_no_keys() {
    for set in [json!(null), json!([]), json!({ "keys": {} }), json!({ "keys": "a" })] {
        let chosen = super::super::keys::choose(&foreign(&set), Algorithm::Es256, Some("a"));
        assert_eq!(chosen.unwrap_err().code, ErrorCode::KeyUnknown);
    }
}

#[test]
fn a_key_is_handed_over_as_a_bare_jwk() {
    let key = choose(&[ec(json!({ "use": "sig", "key_ops": ["verify"] }))], Algorithm::Es256, None);
    let json = written(&key.unwrap());
    assert_eq!(json, json!({ "kty": "EC", "crv": "P-256", "x": EC[0], "y": EC[1] }));
    let rsa_key = choose(&[rsa(256)], Algorithm::Ps512, None).unwrap();
    let json = written(&rsa_key);
    assert_eq!(json, json!({ "kty": "RSA", "n": encode(vec![0xa5; 256]), "e": "AQAB" }));
    let okp_key = choose(&[okp("Ed25519")], Algorithm::EdDsa, None).unwrap();
    let json = written(&okp_key);
    assert_eq!(json, json!({ "kty": "OKP", "crv": "Ed25519", "x": EC[0] }));
}
