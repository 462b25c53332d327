//! Exceptions, one at a time, aborts, and the app's own function before the user is asked.

use super::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn each_exception_gets_its_code_and_is_the_cause() {
    use ErrorCode::*;
    let page = Page::new();
    let names = [
        ("NotAllowedError", PasskeyRefused, PasskeyRefused),
        ("InvalidStateError", PasskeyRefused, PasskeyExists),
        ("SecurityError", ConfigurationInvalid, ConfigurationInvalid),
        ("EncodingError", ConfigurationInvalid, ConfigurationInvalid),
        ("TypeError", ConfigurationInvalid, ConfigurationInvalid),
        ("RangeError", ConfigurationInvalid, ConfigurationInvalid),
        ("SyntaxError", ConfigurationInvalid, ConfigurationInvalid),
        ("NotSupportedError", PasskeyUnavailable, PasskeyUnavailable),
        ("ConstraintError", PasskeyUnavailable, PasskeyUnavailable),
        ("AbortError", PasskeyRefused, PasskeyRefused),
        ("UnknownError", PasskeyRefused, PasskeyRefused),
    ];
    let creation = "return { challenge: 'AQID', rp: { name: 'n' }, pubKeyCredParams: [], \
        user: { id: 'AQID', name: 'alice', displayName: 'Alice' } }";
    for (name, get_code, create_code) in names {
        let of_each =
            [(Ceremony::Get, options(), get_code), (Ceremony::Create, js(creation), create_code)];
        for (ceremony, options, code) in of_each {
            let at = page.asked();
            let held = Held::start(ceremony, options, Settings::default(), QUICK);
            until(|| page.asked() > at).await;
            let thrown = exception(name);
            page.answer(at, "reject", &thrown);
            match held.outcome().await {
                Err(Failure::Failed(error, cause)) => {
                    assert_eq!(error.code, code, "{name} in {ceremony:?}");
                    assert_eq!(error.detail, [name, ": m"].concat());
                    assert!(js_sys::Object::is(&cause, &thrown), "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[wasm_bindgen_test]
async fn what_is_thrown_at_once_and_what_is_no_credential_fails_too() {
    let page = Page::new();
    page.put("navigator.credentials.get", "return () => { throw new TypeError('m') }");
    assert_eq!(Held::get().code().await, ErrorCode::ConfigurationInvalid);
    page.put("navigator.credentials.get", "return async () => null");
    assert_eq!(Held::get().code().await, ErrorCode::PasskeyRefused);
    page.put("navigator.credentials.get", "return async () => ({ type: 'password' })");
    assert_eq!(Held::get().code().await, ErrorCode::ConfigurationInvalid);
    page.put("navigator.credentials.get", "return () => Promise.reject(undefined)");
    assert_eq!(Held::get().code().await, ErrorCode::PasskeyRefused);
}

#[wasm_bindgen_test]
async fn t42_what_was_refused_is_not_tried_again() {
    let page = Page::new();
    let held = Held::get();
    until(|| page.asked() == 1).await;
    page.reject(0, "NotAllowedError");
    assert_eq!(held.code().await, ErrorCode::PasskeyRefused);
    settle().await;
    assert_eq!(page.asked(), 1);
}

#[wasm_bindgen_test]
async fn t43_an_abort_ends_the_ceremony_and_a_late_assertion_is_dropped() {
    let page = Page::new();
    let (controller, settings) = abortable();
    let held = Held::with(settings);
    until(|| page.asked() == 1).await;
    let signal = get(&page.options(), "signal");
    assert_eq!(get(&signal, "aborted"), JsValue::FALSE);
    controller.abort();
    // At once, also for the browser: before anything is awaited.
    assert_eq!(get(&signal, "aborted"), JsValue::TRUE);
    // This browser does not care, and answers all the same.
    page.resolve(0);
    assert!(held.ends_aborted().await);
    // And nobody is kept from asking again.
    let next = Held::get();
    until(|| page.asked() == 2).await;
    page.resolve(1);
    assert!(next.outcome().await.is_ok());
}

#[wasm_bindgen_test]
async fn t43_an_assertion_that_is_there_already_is_dropped_by_an_abort() {
    let page = Page::new();
    let (controller, settings) = abortable();
    let held = Held::with(settings);
    until(|| page.asked() == 1).await;
    page.resolve(0);
    controller.abort();
    assert!(held.ends_aborted().await);
}

#[wasm_bindgen_test]
async fn t43_whatever_the_browser_says_after_an_abort_is_the_abort() {
    let page = Page::new();
    for name in ["AbortError", "NotAllowedError", "OperationError"] {
        let (controller, settings) = abortable();
        let at = page.asked();
        let held = Held::with(settings);
        until(|| page.asked() > at).await;
        controller.abort();
        page.reject(at, name);
        assert!(held.ends_aborted().await, "{name}");
        assert_eq!(page.asked(), at + 1, "{name}");
    }
}

#[wasm_bindgen_test]
async fn a_signal_that_has_fired_begins_nothing() {
    let page = Page::new();
    let (controller, settings) = abortable();
    controller.abort();
    assert!(Held::with(settings).ends_aborted().await);
    assert_eq!(page.asked(), 0);
}

#[wasm_bindgen_test]
async fn an_abort_ends_every_wait() {
    let page = Page::new();
    // The app's own function that does not end.
    let (controller, settings) = abortable();
    let before = js("return () => new Promise(() => {})");
    let held = Held::with(Settings { before: Some(before.unchecked_into()), ..settings });
    settle().await;
    controller.abort();
    assert!(held.ends_aborted().await);
    // A page that does not get the focus.
    page.put("document.hasFocus", "return () => false");
    let (controller, settings) = abortable();
    let held = Held::with(settings);
    settle().await;
    controller.abort();
    assert!(held.ends_aborted().await);
    page.put("document.hasFocus", "return () => true");
    // Another ceremony that does not end.
    let first = Held::get();
    until(|| page.asked() == 1).await;
    let (controller, settings) = abortable();
    let patience = Patience { turn: Millis(60_000), ..QUICK };
    let second = Held::start(Ceremony::Get, options(), settings, patience);
    settle().await;
    controller.abort();
    assert!(second.ends_aborted().await);
    assert!(!first.is_over());
    page.resolve(0);
    assert!(first.outcome().await.is_ok());
    // A foreign one.
    let (controller, settings) = abortable();
    let patience = Patience { foreign: Millis(60_000), ..QUICK };
    let held = Held::start(Ceremony::Get, options(), settings, patience);
    until(|| page.asked() == 2).await;
    page.reject(1, "OperationError");
    settle().await;
    controller.abort();
    assert!(held.ends_aborted().await);
    assert_eq!(page.asked(), 2);
}

#[wasm_bindgen_test]
async fn t44_a_second_ceremony_waits_once_and_is_then_busy() {
    let page = Page::new();
    let first = Held::get();
    until(|| page.asked() == 1).await;
    // The limit passes.
    assert_eq!(Held::get().code().await, ErrorCode::PasskeyBusy);
    assert_eq!(page.asked(), 1, "the browser was not asked a second time");
    // Two wait: one of them is next, the other waits no second time.
    let patience = || Patience { turn: Millis(60_000), ..QUICK };
    let start = || Held::start(Ceremony::Get, options(), Settings::default(), patience());
    let (second, third) = (start(), start());
    settle().await;
    assert!(!second.is_over() && !third.is_over());
    page.resolve(0);
    assert!(first.outcome().await.is_ok());
    until(|| page.asked() == 2).await;
    assert_eq!(third.code().await, ErrorCode::PasskeyBusy);
    assert!(!second.is_over());
    page.resolve(1);
    assert!(second.outcome().await.is_ok());
    assert_eq!(page.asked(), 2);
}

#[wasm_bindgen_test]
async fn t44_what_the_browser_reports_as_pending_is_tried_once_more() {
    let page = Page::new();
    let held = Held::get();
    until(|| page.asked() == 1).await;
    page.reject(0, "OperationError");
    until(|| page.asked() == 2).await;
    page.resolve(1);
    assert!(held.outcome().await.is_ok());
    // And not a third time.
    let held = Held::get();
    until(|| page.asked() == 3).await;
    page.reject(2, "OperationError");
    until(|| page.asked() == 4).await;
    page.reject(3, "OperationError");
    assert_eq!(held.code().await, ErrorCode::PasskeyBusy);
    settle().await;
    assert_eq!(page.asked(), 4);
}

#[wasm_bindgen_test]
async fn a_failure_of_one_kind_leaves_the_turn_to_the_next() {
    let page = Page::new();
    page.put("navigator.credentials.get", "return () => { throw new TypeError('m') }");
    Held::get().code().await;
    page.put(
        "navigator.credentials.get",
        "return () => Promise.reject(new DOMException('m', 'NotAllowedError'))",
    );
    Held::get().code().await;
    assert_eq!(Held::get().code().await, ErrorCode::PasskeyRefused);
}

#[wasm_bindgen_test]
async fn t44_the_app_ends_its_own_ceremony_before_the_user_is_asked() {
    let page = Page::new();
    // The app's ceremony is one of this SDK, and holds the turn.
    let (controller, settings) = abortable();
    let conditional = Held::with(Settings { mediation: Some("conditional".into()), ..settings });
    until(|| page.asked() == 1).await;
    let end = Closure::once_into_js(move || {
        controller.abort();
        js_sys::Promise::resolve(&JsValue::UNDEFINED)
    });
    let held = Held::with(Settings { before: Some(end.unchecked_into()), ..Settings::default() });
    until(|| page.asked() == 2).await;
    assert!(conditional.ends_aborted().await);
    page.resolve(1);
    assert!(held.outcome().await.is_ok());
}

#[wasm_bindgen_test]
async fn the_app_s_function_is_awaited_and_may_forbid_the_ceremony() {
    let page = Page::new();
    let with =
        |body: &str| Settings { before: Some(js(body).unchecked_into()), ..Settings::default() };
    page.put("let_go", "return undefined");
    let held =
        Held::with(with("return () => new Promise((resolve) => { globalThis.let_go = resolve })"));
    settle().await;
    assert_eq!(page.asked(), 0, "it is awaited");
    let go: Function = get(&js_sys::global(), "let_go").unchecked_into();
    go.call0(&JsValue::UNDEFINED).unwrap();
    until(|| page.asked() == 1).await;
    page.resolve(0);
    assert!(held.outcome().await.is_ok());

    let fails = [
        ("return () => { throw new Error('mine') }", ErrorCode::ConfigurationInvalid),
        ("return async () => { throw new Error('mine') }", ErrorCode::ConfigurationInvalid),
        (
            "return async () => { throw Object.assign(new Error('mine'), \
                { name: 'StepUpError', code: 'cancelled' }) }",
            ErrorCode::Cancelled,
        ),
    ];
    for (body, code) in fails {
        match Held::with(with(body)).outcome().await {
            Err(Failure::Failed(error, cause)) => {
                assert_eq!(error.code, code, "{body}");
                assert_eq!(get(&cause, "message").as_string().as_deref(), Some("mine"));
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    assert_eq!(page.asked(), 1);
}

#[wasm_bindgen_test]
async fn options_that_cannot_work_disturb_nobody() {
    let page = Page::new();
    page.put("called", "return false");
    let before = js("return () => { globalThis.called = true }");
    let settings = Settings { before: Some(before.unchecked_into()), ..Settings::default() };
    let held = Held::start(Ceremony::Get, js("return { challenge: '*' }"), settings, QUICK);
    assert_eq!(held.code().await, ErrorCode::ConfigurationInvalid);
    assert_eq!((page.asked(), get(&js_sys::global(), "called")), (0, JsValue::FALSE));
}
