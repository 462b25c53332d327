//! The JSON forms: ours against the browser's, and what is handed through.

use super::*;
use crate::browser::passkey::{decode, encode};
use wasm_bindgen_test::wasm_bindgen_test;

/// Options for an assertion.
const REQUESTS: [&str; 11] = [
    "{ challenge: 'AQID' }",
    "{ challenge: '' }",
    "{ challenge: 'AQID', extensions: null }",
    "{ challenge: '-_-_AA', timeout: 60000, rpId: 'bank.example', userVerification: 'required' }",
    // Bits are left over at the end of the last character.
    "{ challenge: 'AQJ' }",
    "{ challenge: 'AQID', allowCredentials: [] }",
    "{ challenge: 'AQID', allowCredentials: [{ id: 'BAUG', type: 'public-key' }, \
        { id: '-_8', type: 'public-key', transports: ['internal', 'hybrid', 'unheard-of'] }] }",
    "{ challenge: 'AQID', hints: ['client-device', 'unheard-of'], userVerification: 'unheard-of' }",
    "{ challenge: 'AQID', extensions: { appid: 'https://bank.example', \
        largeBlob: { read: true }, credProps: true } }",
    "{ challenge: 'AQID', extensions: { largeBlob: { write: 'AQID' } } }",
    "{ challenge: 'AQID', extensions: { \
        prf: { eval: { first: 'AQID', second: 'BAUG' }, \
        evalByCredential: { 'BAUG': { first: 'AQ' }, '-_8': { first: 'Ag', second: 'Aw' } } } } }",
];

/// Options for a registration, alike.
const CREATIONS: [&str; 5] = [
    "{}",
    "{ timeout: 60000, attestation: 'direct', excludeCredentials: [{ id: 'BAUG', type: 'public-key' }] }",
    "{ excludeCredentials: [{ id: 'BAUG', type: 'public-key', transports: ['usb'] }], \
        hints: ['security-key'], authenticatorSelection: { authenticatorAttachment: 'platform', \
        residentKey: 'required', requireResidentKey: true, userVerification: 'required' } }",
    "{ extensions: { credProps: true, prf: { eval: { first: 'AQID' } }, minPinLength: true, \
        enforceCredentialProtectionPolicy: true, credentialProtectionPolicy: 'userVerificationOptional', \
        hmacCreateSecret: true, largeBlob: { support: 'preferred' } } }",
    "{ extensions: { credBlob: 'AQID' } }",
];

fn all() -> impl Iterator<Item = (Ceremony, String)> {
    let requests = REQUESTS.iter().map(|it| (Ceremony::Get, format!("return {it}")));
    requests.chain(CREATIONS.iter().map(|it| {
        let common = "rp: { id: 'bank.example', name: 'Bank' }, challenge: 'AQID', \
            user: { id: 'YWxpY2U', name: 'alice', displayName: 'Alice' }, \
            pubKeyCredParams: [{ type: 'public-key', alg: -7 }]";
        (Ceremony::Create, format!("return {{ {common}, ...{it} }}"))
    }))
}

#[wasm_bindgen_test]
fn options_are_read_as_the_browser_reads_them() {
    for (ceremony, body) in all() {
        let native = decode::options(ceremony, &js(&body)).unwrap();
        let ours = decode::by_hand(ceremony, &js(&body)).unwrap();
        assert_eq!(bare(&ours, &native), bare(&native, &native), "{body}");
    }
}

#[wasm_bindgen_test]
fn options_that_the_browser_refuses_are_refused() {
    let bad = [
        "undefined",
        "null",
        "'AQID'",
        "{}",
        "{ challenge: '*' }",
        "{ challenge: '+/' }",
        "{ challenge: 'AQ ID' }",
        "{ challenge: 'A' }",
        "{ challenge: 'AQID', allowCredentials: null }",
        "{ challenge: 'AQID', allowCredentials: [{ type: 'public-key' }] }",
        "{ challenge: 'AQID', allowCredentials: [{ id: '*', type: 'public-key' }] }",
        "{ challenge: 'AQID', extensions: { prf: { eval: {} } } }",
        "{ challenge: 'AQID', extensions: { prf: { eval: { first: '*' } } } }",
        "{ challenge: 'AQID', extensions: { prf: { eval: { first: 'AQID', second: '*' } } } }",
        "{ challenge: 'AQID', extensions: { prf: { evalByCredential: { AQID: { first: '*' } } } } }",
        "{ challenge: 'AQID', extensions: { largeBlob: { write: '*' } } }",
        "{ challenge: 'AQID', extensions: { largeBlob: 1 } }",
        "{ challenge: 'AQID', extensions: 1 }",
    ];
    for body in bad {
        let json = js(&format!("return {body}"));
        assert!(decode::options(Ceremony::Get, &json).is_err(), "native: {body}");
        assert!(decode::by_hand(Ceremony::Get, &json).is_err(), "ours: {body}");
    }
    // Chromium refuses padding, Firefox does not.
    let padded = decode::by_hand(Ceremony::Get, &js("return { challenge: 'AQ==' }"));
    assert!(padded.is_err());
    let creations = [
        "{ challenge: 'AQID' }",
        "{ challenge: 'AQID', user: 1 }",
        "{ challenge: 'AQID', user: {} }",
        "{ challenge: 'AQID', user: { id: '*' } }",
        "{ challenge: '*', user: { id: 'AQID' } }",
    ];
    for body in creations {
        let json = js(&format!("return {body}"));
        assert!(decode::options(Ceremony::Create, &json).is_err(), "native: {body}");
        assert!(decode::by_hand(Ceremony::Create, &json).is_err(), "ours: {body}");
    }
}

#[wasm_bindgen_test]
fn the_caller_s_options_stay_as_they_are() {
    for (ceremony, body) in all() {
        let json = js(&body);
        decode::by_hand(ceremony, &json).unwrap();
        assert_eq!(text(&json), text(&js(&body)));
    }
}

#[wasm_bindgen_test]
async fn hints_mediation_and_extensions_reach_the_browser() {
    let page = Page::new();
    let options = js("return { challenge: 'AQID', hints: ['hybrid'], \
        extensions: { prf: { eval: { first: 'AQID' } } } }");
    let settings = Settings { mediation: Some("conditional".into()), ..Settings::default() };
    let held = Held::start(Ceremony::Get, options, settings, QUICK);
    until(|| page.asked() == 1).await;
    let asked = page.options();
    assert_eq!(get(&asked, "mediation").as_string().as_deref(), Some("conditional"));
    let public_key = get(&asked, "publicKey");
    assert_eq!(text(&get(&public_key, "hints")), r#"["hybrid"]"#);
    let first = get(&get(&get(&get(&public_key, "extensions"), "prf"), "eval"), "first");
    assert_eq!(text(&first), r#""bytes 1,2,3""#);
    page.resolve(0);
    held.outcome().await.unwrap();
    // What is not given is not there: a member that is undefined may be refused.
    let held = Held::get();
    until(|| page.asked() == 2).await;
    let names = js_sys::Object::keys(page.options().unchecked_ref::<js_sys::Object>());
    assert_eq!(text(&names), r#"["publicKey","signal"]"#);
    page.resolve(1);
    held.outcome().await.unwrap();
}

#[wasm_bindgen_test]
async fn a_browser_without_json_of_its_own_gets_bytes_from_ours() {
    let page = Page::new();
    page.put("PublicKeyCredential", "return class PublicKeyCredential {}");
    let held = Held::get();
    until(|| page.asked() == 1).await;
    assert_eq!(text(&get(&page.options(), "publicKey")), r#"{"challenge":"bytes 1,2,3"}"#);
    page.resolve(0);
    held.outcome().await.unwrap();
}

const BYTES: &str = "const b = (...all) => new Uint8Array(all).buffer; ";

#[wasm_bindgen_test]
fn an_assertion_is_written_as_json() {
    let credential = js(&[BYTES, "return { id: '-_8', rawId: b(251, 255), type: 'public-key', \
        authenticatorAttachment: 'cross-platform', \
        response: { clientDataJSON: b(1), authenticatorData: b(2), signature: b(3), userHandle: b(4) }, \
        getClientExtensionResults: () => ({ appid: true, largeBlob: { blob: b(5) }, \
          prf: { results: { first: b(6), second: new Uint8Array([0, 7, 8, 0]).subarray(1, 3) } }, \
          devices: [{ id: b(9), name: null }] }) }"].concat());
    let expected = js("return { id: '-_8', rawId: '-_8', type: 'public-key', \
        authenticatorAttachment: 'cross-platform', \
        response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw', userHandle: 'BA' }, \
        clientExtensionResults: { appid: true, largeBlob: { blob: 'BQ' }, \
          prf: { results: { first: 'Bg', second: 'Bwg' } }, devices: [{ id: 'CQ', name: null }] } }");
    assert_eq!(text(&encode::response(&credential).unwrap()), text(&expected));
}

#[wasm_bindgen_test]
fn what_an_assertion_lacks_is_left_out() {
    let expected = "return { id: 'AQID', rawId: 'AQID', type: 'public-key', clientExtensionResults: {}, \
        response: { clientDataJSON: 'BA', authenticatorData: 'BQ', signature: 'Bg' } }";
    assert_eq!(text(&encode::response(&assertion()).unwrap()), text(&js(expected)));
}

#[wasm_bindgen_test]
fn a_registration_is_written_as_json() {
    let credential = |more: &str| {
        js(&[
            BYTES,
            "return { id: 'AQ', rawId: b(1), type: 'public-key', authenticatorAttachment: null, \
            response: { clientDataJSON: b(2), attestationObject: b(3), ",
            more,
            " }, \
            getClientExtensionResults: () => ({ credProps: { rk: true } }) }",
        ]
        .concat())
    };
    let modern = credential(
        "getTransports: () => ['internal'], getAuthenticatorData: () => b(4), \
         getPublicKey: () => b(5), getPublicKeyAlgorithm: () => -7",
    );
    let expected = |more: &str| {
        let all = [
            "return { id: 'AQ', rawId: 'AQ', type: 'public-key', \
            clientExtensionResults: { credProps: { rk: true } }, \
            response: { clientDataJSON: 'Ag', attestationObject: 'Aw', ",
            more,
            " } }",
        ]
        .concat();
        text(&js(&all))
    };
    assert_eq!(
        text(&encode::response(&modern).unwrap()),
        expected(
            "authenticatorData: 'BA', publicKey: 'BQ', publicKeyAlgorithm: -7, transports: ['internal']"
        ),
    );
    // An algorithm that the browser does not know has no key in its own form (§5.2.1).
    let unknown = credential("getPublicKey: () => null, getPublicKeyAlgorithm: () => -999");
    assert_eq!(
        text(&encode::response(&unknown).unwrap()),
        expected("publicKeyAlgorithm: -999, transports: []"),
    );
}

#[wasm_bindgen_test]
fn the_browser_s_own_json_goes_before_ours_where_it_works() {
    let with = |to_json: &str| {
        let credential = assertion();
        js_sys::Reflect::set(&credential, &"toJSON".into(), &js(to_json)).unwrap();
        text(&encode::response(&credential).unwrap())
    };
    assert_eq!(with("return function () { return { mine: this.id } }"), r#"{"mine":"AQID"}"#);
    let by_hand = text(&encode::by_hand(&assertion()).unwrap());
    assert_eq!(with("return () => { throw new TypeError('Illegal invocation') }"), by_hand);
    assert_eq!(with("return () => undefined"), by_hand);
}
