//! Tokens that another implementation signed, one for each algorithm.

use super::*;

struct Vector {
    algorithm: Algorithm,
    jwks: Value,
    id_token: String,
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let vectors: Vec<Vector> = vectors
        .iter()
        .map(|vector| Vector {
            algorithm: Algorithm::from_name(vector["alg"].as_str().unwrap()).unwrap(),
            jwks: json!({ "keys": [vector["jwk"]] }),
            id_token: vector["idToken"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(vectors.len(), Algorithm::ALL.len());
    vectors
}

#[test]
fn every_algorithm_is_verified_and_its_claims_come_out() {
    for Vector { algorithm, jwks, id_token } in vectors() {
        let claims = verify(&id_token, &jwks, &response()).unwrap();
        let expected = Claims {
            iss: ISSUER.to_owned(),
            sub: "alice".to_owned(),
            acr: vec!["AL3".to_owned()],
            amr: vec!["pop".to_owned(), "user".to_owned()],
            auth_time: Some(1_799_999_990),
            iat: EpochSeconds(1_800_000_000),
            exp: EpochSeconds(1_800_003_600),
        };
        assert_eq!(claims, expected, "{algorithm:?}");
    }
}

#[test]
fn a_token_of_which_one_bit_is_changed_is_refused() {
    for Vector { jwks, id_token, .. } in vectors() {
        let (message, signature) = id_token.rsplit_once('.').unwrap();
        let mut bytes = decode(signature).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            let forged = format!("{message}.{}", encode(&bytes));
            refused(verify(&forged, &jwks, &response()), ErrorCode::IdTokenInvalid);
            bytes[at] ^= 1;
        }
    }
}

#[test]
fn claims_under_the_signature_of_others_are_refused() {
    for Vector { jwks, id_token, .. } in vectors() {
        let parts: Vec<&str> = id_token.split('.').collect();
        let payload = String::from_utf8(decode(parts[1]).unwrap()).unwrap();
        let payload = payload.replace("alice", "mallory");
        let forged = format!("{}.{}.{}", parts[0], encode(payload), parts[2]);
        refused(verify(&forged, &jwks, &response()), ErrorCode::IdTokenInvalid);
    }
}

#[test]
fn a_signature_by_another_key_of_the_same_id_is_refused() {
    let (one, other) = (Provider::new(), Provider::new());
    let id_token = other.issue(&claims());
    assert!(verify(&id_token, &other.jwks(), &response()).is_ok());
    refused(verify(&id_token, &one.jwks(), &response()), ErrorCode::IdTokenInvalid);
}

#[test]
fn the_hash_of_the_access_token_is_compared_in_every_algorithm() {
    let other = |source: fn(Secret) -> Source| expectation(source(Secret::new("another")));
    for Vector { jwks, id_token, .. } in vectors() {
        let response = other(|access_token| Source::Response { nonce: NONCE.into(), access_token });
        refused(verify(&id_token, &jwks, &response), ErrorCode::IdTokenInvalid);
        let own = other(|access_token| Source::Authenticate { access_token });
        refused(verify(&id_token, &jwks, &own), ErrorCode::IdTokenInvalid);
        assert!(verify(&id_token, &jwks, &expectation(Source::Session)).is_ok());
    }
}

#[test]
fn a_hash_that_is_needed_cannot_be_left_out() {
    let Vector { jwks, id_token, .. } = vectors().remove(0);
    for digest in [None, Some(&[][..]), Some(&[0][..])] {
        let verified = inspect(&id_token, &jwks, &response()).unwrap().accept(true).unwrap();
        assert!(verified.digest_needed().is_some());
        refused(verified.finish(digest), ErrorCode::IdTokenInvalid);
    }
}
