//! Whatever comes in, nothing panics, and nothing gets through that should not.

use super::*;
use proptest::prelude::*;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            ISSUER, CLIENT, NONCE, "EC", "P-256", "RSA", "sig", "ES256", "one"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,9}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

pub(super) fn any_object(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(prop::sample::select(names), any_value(), 0..names.len()).prop_map(
        |map| {
            Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        },
    )
}

pub(super) const CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "acr",
    "amr",
    "auth_time",
    "at_hash",
];
const KEY: &[&str] = &["kty", "crv", "x", "y", "n", "e", "d", "k", "kid", "use", "key_ops", "alg"];

proptest! {
    #[test]
    fn no_string_panics(id_token in any::<String>(), jwks in any_value()) {
        prop_assert!(inspect(&id_token, &jwks, &response()).is_err());
    }

    #[test]
    fn no_three_parts_panic(parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 3)) {
        let jwks = Provider::new().jwks();
        prop_assert!(inspect(&parts.join("."), &jwks, &response()).is_err());
    }

    #[test]
    fn no_header_panics(header in any_value()) {
        let provider = Provider::new();
        let id_token = provider.sign(&header.to_string(), &claims().to_string());
        let _ = verify(&id_token, &provider.jwks(), &response());
    }

    #[test]
    fn no_key_panics(keys in prop::collection::vec(any_object(KEY), 0..4), kid in any::<bool>()) {
        for algorithm in Algorithm::ALL {
            let set = json!({ "keys": keys });
            let _ = super::super::keys::choose(&foreign(&set), algorithm, kid.then_some("one"));
        }
    }

    /// Right claims, some of them replaced: what comes out in spite of it is what was expected.
    #[test]
    fn no_claims_panic_and_none_get_through_wrong(replaced in any_object(CLAIMS)) {
        let provider = Provider::new();
        let mut claims = claims();
        for (name, value) in replaced.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let outcome = verify(&provider.issue(&claims), &provider.jwks(), &response());
        if let Ok(checked) = outcome {
            prop_assert_eq!(&claims["iss"], ISSUER);
            prop_assert_eq!(&claims["nonce"], NONCE);
            prop_assert_eq!(&claims["sub"], &checked.sub);
            prop_assert!(!checked.sub.is_empty());
            prop_assert!(claims["exp"].as_f64().unwrap() > (NOW - 61) as f64);
            prop_assert!(claims["iat"].as_f64().unwrap() < (NOW + 61) as f64);
        }
    }
}
