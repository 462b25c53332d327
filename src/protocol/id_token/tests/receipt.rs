//! What jsonwebtoken accepts in exchange for a receipt.

use super::super::receipt::Receipt;
use super::*;

/// A receipt as it is written once a signature has been verified.
fn receipt(id_token: &str, algorithm: Algorithm) -> Receipt {
    let (message, signature) = id_token.rsplit_once('.').unwrap();
    Receipt::new(algorithm, message.as_bytes().to_vec(), decode(signature).unwrap())
}

fn redeem(receipt: Receipt, id_token: &str) -> Result<String, ErrorCode> {
    match receipt.redeem(&Secret::new(id_token), &response()) {
        Ok(members) => Ok(members.text("sub").unwrap().unwrap().to_owned()),
        Err(error) => Err(error.code),
    }
}

#[test]
fn a_receipt_is_good_for_the_token_that_it_was_written_for() {
    let id_token = Provider::new().issue(&claims());
    assert_eq!(redeem(receipt(&id_token, Algorithm::Es256), &id_token), Ok("alice".to_owned()));
}

#[test]
fn a_receipt_is_good_for_no_other_claims_signature_or_algorithm() {
    let provider = Provider::new();
    let ours = provider.issue(&claims());
    let (message, signature) = ours.rsplit_once('.').unwrap();
    let other = provider.issue(&claims_with("sub", json!("mallory")));
    let (other_message, other_signature) = other.rsplit_once('.').unwrap();
    let refused = Err(ErrorCode::IdTokenInvalid);
    for token in [
        other.clone(),
        format!("{other_message}.{signature}"),
        format!("{message}.{other_signature}"),
        format!("{message}.{}", &signature[..20]),
        format!("{message}."),
    ] {
        assert_eq!(redeem(receipt(&ours, Algorithm::Es256), &token), refused, "{token}");
    }
    assert_eq!(redeem(receipt(&ours, Algorithm::Es384), &ours), refused);
    assert_eq!(redeem(receipt(&ours, Algorithm::Rs256), &ours), refused);
    let renamed = provider.sign(r#"{"alg":"ES384","kid":"one"}"#, &claims().to_string());
    assert_eq!(redeem(receipt(&renamed, Algorithm::Es256), &renamed), refused);
    let unnamed = provider.sign(r#"{"alg":"none","kid":"one"}"#, &claims().to_string());
    assert_eq!(redeem(receipt(&unnamed, Algorithm::Es256), &unnamed), refused);
}

#[test]
fn a_receipt_tells_its_algorithm_itself() {
    let id_token = Provider::new().sign(r#"{"alg":"ES384","kid":"one"}"#, &claims().to_string());
    let mut validation =
        jsonwebtoken::Validation::new_for_family(jsonwebtoken::AlgorithmFamily::Ec);
    validation.set_audience(&[CLIENT]);
    validation.validate_exp = false;
    redeem(receipt(&id_token, Algorithm::Es384), &id_token).unwrap();
    for (algorithm, fine) in [(Algorithm::Es384, true), (Algorithm::Es256, false)] {
        let key = receipt(&id_token, algorithm).into_key();
        assert_eq!(jsonwebtoken::decode::<Value>(&id_token, &key, &validation).is_ok(), fine);
    }
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
fn threads_do_not_meet_either() {
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                let provider = Provider::new();
                for turn in 0..20 {
                    let sub = format!("user-{thread}-{turn}");
                    let id_token = provider.issue(&claims_with("sub", json!(sub)));
                    let claims = verify(&id_token, &provider.jwks(), &response()).unwrap();
                    assert_eq!(claims.sub, sub);
                }
            });
        }
    });
}

#[test]
fn without_a_receipt_nothing_is_accepted_and_nothing_is_signed() {
    use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
    let provider = Provider::new();
    let id_token = provider.issue(&claims());
    // Once one has been redeemed, the provider is surely installed.
    redeem(receipt(&id_token, Algorithm::Es256), &id_token).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_audience(&[CLIENT]);
    validation.validate_exp = false;
    let point = provider.pair.public_key().as_ref();
    for key in [
        DecodingKey::from_ec_der(point),
        DecodingKey::from_secret(point),
        DecodingKey::from_rsa_raw_components(point, &[]),
        DecodingKey::from_rsa_raw_components(point, &[jsonwebtoken::Algorithm::ES256 as u8]),
    ] {
        assert!(decode::<Value>(&id_token, &key, &validation).is_err());
    }
    let secret = EncodingKey::from_secret(b"secret");
    assert!(encode(&Header::default(), &claims(), &secret).is_err());
}

#[test]
fn a_wrong_signature_gets_no_receipt() {
    let provider = Provider::new();
    let inspected = inspect(&provider.issue(&claims()), &provider.jwks(), &response()).unwrap();
    assert_eq!(inspected.accept(false).unwrap_err().code, ErrorCode::IdTokenInvalid);
}
