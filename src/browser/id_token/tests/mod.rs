//! The check from end to end in a real browser, with keys and signatures made by WebCrypto.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::verify_id_token;
use crate::browser::task::settled;
use crate::protocol::id_token::{Algorithm, Hash};
use js_sys::{Function, JSON, JsString, Promise, Reflect};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/src/browser/id_token/tests/provider.js")]
extern "C" {
    type Provider;

    #[wasm_bindgen(static_method_of = Provider)]
    async fn generate(alg: &str) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn jwk(this: &Provider) -> String;

    #[wasm_bindgen(method)]
    async fn issue(this: &Provider, claims: &str) -> JsValue;

    #[wasm_bindgen(js_name = atHash)]
    async fn at_hash(hash: &str, access_token: &str) -> JsValue;

    #[wasm_bindgen(js_name = withSubtle)]
    fn with_subtle(what: &str, run: &Function) -> Promise;
}

const ISSUER: &str = "https://login.bank.example";
const NOW: u64 = 1_800_000_000;

async fn provider(alg: &str) -> Provider {
    Provider::generate(alg).await.unchecked_into()
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": "bank-spa", "nonce": "the-nonce", "acr": "AL3",
        "amr": ["pop"], "auth_time": NOW - 5, "iat": NOW, "exp": NOW + 600,
    })
}

fn expectation() -> Value {
    let source =
        json!({ "kind": "response", "nonce": "the-nonce", "accessToken": "an-access-token" });
    json!({ "issuer": ISSUER, "clientId": "bank-spa", "source": source, "now": NOW })
}

async fn request(provider: &Provider, claims: &Value) -> Value {
    let id_token = provider.issue(&claims.to_string()).await.as_string().unwrap();
    let jwk: Value = serde_json::from_str(&provider.jwk()).unwrap();
    json!({ "idToken": id_token, "jwks": { "keys": [jwk] }, "expectation": expectation() })
}

async fn verify(request: &Value) -> Value {
    let answer =
        settled(&verify_id_token(JSON::parse(&request.to_string()).unwrap())).await.unwrap();
    serde_json::from_str(&String::from(JSON::stringify(&answer).unwrap())).unwrap()
}

#[track_caller]
fn refused(answer: &Value, code: &str, detail: &str) {
    assert_eq!(answer["code"], code, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains(detail), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
}

#[wasm_bindgen_test]
async fn every_algorithm_is_verified_with_the_hash_of_the_access_token() {
    for algorithm in Algorithm::ALL {
        let provider = provider(algorithm.name()).await;
        let hash = match algorithm.hash() {
            Hash::Sha256 => "SHA-256",
            Hash::Sha384 => "SHA-384",
            Hash::Sha512 => "SHA-512",
        };
        let mut claims = claims();
        claims["at_hash"] = at_hash(hash, "an-access-token").await.as_string().into();
        let mut request = request(&provider, &claims).await;
        let expected = json!({ "claims": {
            "iss": ISSUER, "sub": "alice", "acr": ["AL3"], "amr": ["pop"],
            "authTime": NOW - 5, "iat": NOW, "exp": NOW + 600,
        }});
        assert_eq!(verify(&request).await, expected, "{algorithm:?}");

        request["expectation"]["source"]["accessToken"] = json!("another");
        refused(&verify(&request).await, "id_token_invalid", "at_hash");
    }
}

#[wasm_bindgen_test]
async fn a_forged_signature_is_refused_in_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let ours = provider(algorithm.name()).await;
        let theirs = provider(algorithm.name()).await;
        let mut forged = request(&theirs, &claims()).await;
        assert_eq!(verify(&forged).await["claims"]["sub"], "alice");
        forged["jwks"] = request(&ours, &claims()).await["jwks"].clone();
        refused(&verify(&forged).await, "id_token_invalid", "signature is wrong");
    }
}

#[wasm_bindgen_test]
async fn each_failure_has_its_code() {
    let provider = provider("ES256").await;
    let request = request(&provider, &claims()).await;
    let with = |pointer: &str, value: Value| {
        let mut request = request.clone();
        *request.pointer_mut(pointer).unwrap() = value;
        request
    };
    let issuer = with("/expectation/issuer", json!("https://login.evil.example"));
    refused(&verify(&issuer).await, "issuer_mismatch", "login.evil.example");
    let unknown = with("/jwks/keys/0/kid", json!("another"));
    refused(&verify(&unknown).await, "key_unknown", "ES256");
    let expired = with("/expectation/now", json!(NOW + 3600));
    refused(&verify(&expired).await, "id_token_invalid", "expired");
    let off_the_curve = with("/jwks/keys/0/x", json!("A".repeat(43)));
    refused(&verify(&off_the_curve).await, "id_token_invalid", "cannot be imported (DataError");
    let garbage = with("/idToken", json!("garbage"));
    refused(&verify(&garbage).await, "id_token_invalid", "three parts");
}

#[wasm_bindgen_test]
async fn many_in_flight_do_not_meet() {
    let provider = provider("ES256").await;
    let requests = js_sys::Array::new();
    for user in 0..40 {
        let mut claims = claims();
        claims["sub"] = json!(format!("user-{user}"));
        let mut request = request(&provider, &claims).await;
        if user % 4 == 3 {
            request["expectation"]["issuer"] = json!("https://login.evil.example");
        } else if user % 4 == 2 {
            let id_token = request["idToken"].as_str().unwrap().to_owned();
            request["idToken"] = json!(id_token.replacen(".", ".A", 2).replacen(".A", ".", 1));
        }
        requests.push(&JSON::parse(&request.to_string()).unwrap());
    }
    let in_flight: js_sys::Array =
        requests.iter().map(|request| JsValue::from(verify_id_token(request))).collect();
    let answers = js_sys::Array::from(&JsFuture::from(Promise::all(&in_flight)).await.unwrap());
    for (user, answer) in answers.iter().enumerate() {
        let answer = String::from(JSON::stringify(&answer).unwrap());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        match user % 4 {
            3 => refused(&answer, "issuer_mismatch", ""),
            2 => refused(&answer, "id_token_invalid", ""),
            _ => assert_eq!(answer["claims"]["sub"], format!("user-{user}")),
        }
    }
}

#[wasm_bindgen_test]
async fn what_is_no_request_is_told_and_not_thrown() {
    let cyclic = js_sys::Object::new();
    Reflect::set(&cyclic, &"jwks".into(), &cyclic).unwrap();
    let inputs = [
        JsValue::NULL,
        JsValue::UNDEFINED,
        JsValue::from(7),
        JSON::parse("{}").unwrap(),
        cyclic.into(),
    ];
    for input in inputs {
        let answer = settled(&verify_id_token(input)).await.unwrap();
        let code = Reflect::get(&answer, &"code".into()).unwrap();
        assert_eq!(code.as_string().unwrap(), "configuration_invalid");
    }
}

async fn answer_with_subtle(what: &str, request: Value) -> Value {
    let run = Closure::once_into_js(move || {
        future_to_promise(async move { Ok(verify(&request).await.to_string().into()) })
    });
    let answer = JsFuture::from(with_subtle(what, run.unchecked_ref())).await.unwrap();
    serde_json::from_str(&String::from(answer.unchecked_into::<JsString>())).unwrap()
}

#[wasm_bindgen_test]
async fn a_browser_that_lacks_what_is_needed_says_so() {
    let provider = provider("EdDSA").await;
    let request = request(&provider, &claims()).await;
    let answer = answer_with_subtle("without Ed25519", request.clone()).await;
    refused(&answer, "id_token_invalid", "this browser cannot verify Ed25519 (NotSupportedError");
    let answer = answer_with_subtle("missing", request.clone()).await;
    refused(&answer, "id_token_invalid", "TypeError");
    assert_eq!(verify(&request).await["claims"]["sub"], "alice");
}
