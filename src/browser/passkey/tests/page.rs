//! What is found before anybody is asked: WebAuthn, the context, the frame's policy, the focus.

use super::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_browser_without_passkeys_says_so() {
    let page = Page::new();
    page.put("PublicKeyCredential", "return undefined");
    assert_eq!(Held::get().code().await, ErrorCode::PasskeyUnavailable);
    drop(page);
    let page = Page::new();
    page.put("navigator.credentials", "return undefined");
    assert_eq!(Held::get().code().await, ErrorCode::PasskeyUnavailable);
}

#[wasm_bindgen_test]
async fn an_insecure_page_is_the_app_s_fault_and_not_the_browser_s() {
    let page = Page::new();
    page.put("isSecureContext", "return false");
    page.put("PublicKeyCredential", "return undefined");
    assert_eq!(Held::get().code().await, ErrorCode::ConfigurationInvalid);
    assert_eq!(page.asked(), 0);
}

/// A policy that knows both features and allows one of them.
const POLICY: &str = "return { \
    features: () => ['publickey-credentials-get', 'publickey-credentials-create'], \
    allowsFeature: (feature) => feature === 'publickey-credentials-create' }";

#[wasm_bindgen_test]
async fn t39_a_frame_without_the_permission_is_found_before_prompting() {
    for name in ["document.permissionsPolicy", "document.featurePolicy"] {
        let page = Page::new();
        page.put(name, POLICY);
        page.put("called", "return false");
        let before = js("return () => { globalThis.called = true }");
        let settings = Settings { before: Some(before.unchecked_into()), ..Settings::default() };
        let held = Held::with(settings);
        assert_eq!(held.code().await, ErrorCode::EmbeddingBlocked, "{name}");
        assert_eq!((page.asked(), get(&js_sys::global(), "called")), (0, JsValue::FALSE), "{name}");
    }
}

#[wasm_bindgen_test]
async fn each_ceremony_has_a_permission_of_its_own() {
    let page = Page::new();
    page.put("document.featurePolicy", POLICY);
    let creation = "return { challenge: 'AQID', rp: { name: 'n' }, pubKeyCredParams: [], \
        user: { id: 'AQID', name: 'alice', displayName: 'Alice' } }";
    let held = Held::start(Ceremony::Create, js(creation), Settings::default(), QUICK);
    until(|| page.asked() == 1).await;
    page.reject(0, "NotAllowedError");
    held.code().await;
}

#[wasm_bindgen_test]
async fn what_a_policy_does_not_tell_is_not_guessed() {
    let policies = [
        "return undefined",
        // An engine that does not know the feature answers no for whatever it does not know.
        "return { features: () => ['camera'], allowsFeature: () => false }",
        "return { allowsFeature: () => false }",
        "return { features: () => { throw new Error() }, allowsFeature: () => false }",
        "return { features: () => ['publickey-credentials-get'], allowsFeature: () => { throw new Error() } }",
    ];
    for policy in policies {
        let page = Page::new();
        page.put("document.permissionsPolicy", "return undefined");
        page.put("document.featurePolicy", policy);
        let held = Held::get();
        until(|| page.asked() == 1).await;
        page.resolve(0);
        assert!(held.outcome().await.is_ok(), "{policy}");
    }
}

#[wasm_bindgen_test]
async fn a_page_without_focus_is_waited_for() {
    let page = Page::new();
    page.put("focused", "return false");
    page.put("document.hasFocus", "return () => globalThis.focused");
    let held = Held::get();
    settle().await;
    assert_eq!(page.asked(), 0);
    page.put("focused", "return true");
    until(|| page.asked() == 1).await;
    page.resolve(0);
    assert!(held.outcome().await.is_ok());
}
