//! What only a browser does, tried in one: channels, messages, timers, WebCrypto, fetch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::dom::AbortController;
use super::host::{Host, get, object, own_error, thrown};
use super::network::{Body, Exchange};
use super::popup::Listener;
use super::task::{settled, spawn};
use super::timer::{Interval, Timeout};
use super::{client, js, random};
use crate::protocol::base64::base64url;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::flow::Target;
use crate::protocol::secret::Secret;
use crate::protocol::units::Millis;
use js_sys::{Function, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{BroadcastChannel, Window};

#[cfg(not(feature = "id-token"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn window() -> Window {
    web_sys::window().unwrap()
}

/// One turn of the event loop, this many milliseconds later.
async fn turn(millis: i32) {
    let turn = Promise::new(&mut |resolve: Function, _| {
        window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis).unwrap();
    });
    JsFuture::from(turn).await.unwrap();
}

/// Lets every timer fire that is due.
pub(super) async fn settle() {
    for _ in 0..5 {
        turn(0).await;
    }
}

/// Waits until it is so. Messages between channels take the browser a moment.
pub(super) async fn until(so: impl Fn() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        turn(10).await;
    }
    panic!("waited in vain");
}

/// A listener for `state` whose window is `popup`, and what it hears.
fn listen(state: &str, popup: Window) -> (Listener, Rc<RefCell<Vec<String>>>) {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&heard);
    let listener =
        Listener::new(state, popup.unchecked_into(), move |query| into.borrow_mut().push(query));
    (listener.unwrap(), heard)
}

fn broadcast(state: &str, query: &JsValue) -> BroadcastChannel {
    let channel = BroadcastChannel::new(&["stepup:", state].concat()).unwrap();
    channel.post_message(query).unwrap();
    channel
}

#[wasm_bindgen_test]
async fn t35_only_a_broadcast_for_the_awaited_state_is_heard() {
    let (listener, heard) = listen("t35", window());
    let (_witness, witnessed) = listen("t35", window());
    let others = [
        broadcast("t35-other", &"?code=forged&state=t35-other".into()),
        broadcast("t35", &object(&[("search", "?code=forged".into())]).into()),
    ];
    let right = broadcast("t35", &"?code=c&state=t35".into());
    until(|| witnessed.borrow().len() == 1).await;
    assert_eq!(*heard.borrow(), ["?code=c&state=t35"]);
    drop(listener);
    right.post_message(&"?code=late&state=t35".into()).unwrap();
    until(|| witnessed.borrow().len() == 2).await;
    assert_eq!(heard.borrow().len(), 1);
    others.into_iter().chain([right]).for_each(|channel| channel.close());
}

#[wasm_bindgen_test]
async fn t34_only_a_message_of_the_window_itself_is_heard() {
    let origin = window().location().origin().unwrap();
    let message = |state: &str| object(&[("stepup", state.into()), ("search", "?code=c".into())]);
    let frame = window().document().unwrap().create_element("iframe").unwrap();
    window().document().unwrap().body().unwrap().append_child(&frame).unwrap();
    let other: Window = get(&frame, "contentWindow").unchecked_into();
    // This page's messages to itself have this page as their source, and arrive in their order.
    let (_own, heard) = listen("t34", window());
    let (_foreign, foreign) = listen("t34", other);
    window().post_message(&message("t34-other"), &origin).unwrap();
    window().post_message(&"?code=c&state=t34".into(), &origin).unwrap();
    window().post_message(&message("t34"), &origin).unwrap();
    until(|| !heard.borrow().is_empty()).await;
    settle().await;
    assert_eq!(*heard.borrow(), ["?code=c"]);
    assert!(foreign.borrow().is_empty(), "the source is another window");
    frame.remove();
}

#[wasm_bindgen_test]
async fn the_receiver_says_done_on_the_channel_of_the_state() {
    let (listener, _) = listen("done", window());
    let callback = BroadcastChannel::new("stepup:done").unwrap();
    let told = Rc::new(RefCell::new(None));
    let into = Rc::clone(&told);
    let hear =
        Closure::<dyn FnMut(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
            *into.borrow_mut() = event.data().as_string();
        });
    callback.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    listener.dismiss();
    drop(listener);
    until(|| told.borrow().is_some()).await;
    assert_eq!(told.borrow().as_deref(), Some("done"));
    callback.close();
}

#[wasm_bindgen_test]
async fn timers_end_with_the_value_that_holds_them() {
    let count = Rc::new(Cell::new(0));
    let add = |by: i32| {
        let count = Rc::clone(&count);
        move || count.set(count.get() + by)
    };
    drop(Timeout::after(0, add(1000)));
    drop(Interval::every(0, add(1000)));
    let kept = Timeout::after(0, add(1));
    settle().await;
    assert_eq!(count.get(), 1);
    drop(kept);
    // Longer than a browser's timer can be: it must not fire at once.
    let _long = Timeout::after(u64::MAX, add(1000));
    settle().await;
    assert_eq!(count.get(), 1);
}

#[wasm_bindgen_test]
async fn secrets_are_new_each_time_and_the_digest_is_of_the_verifier() {
    let (one, digest) = random::draw().await.unwrap();
    let (two, _) = random::draw().await.unwrap();
    assert!(one.state != two.state && one.nonce != two.nonce && one.verifier != two.verifier);
    assert_eq!(random::sha256(one.verifier.expose()).await.unwrap(), digest);
    // RFC 7636, appendix B.
    let digest = random::sha256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").await.unwrap();
    assert_eq!(base64url(&digest), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[wasm_bindgen_test]
async fn a_task_begins_when_the_call_is_over_and_goes_on_in_its_turn() {
    let done = Rc::new(RefCell::new(Vec::new()));
    for name in ["one", "two"] {
        let into = Rc::clone(&done);
        spawn(async move {
            into.borrow_mut().push((name, 1));
            let value = settled(&js::Promise::resolve(&name.into())).await;
            assert_eq!(value, Ok(name.into()));
            into.borrow_mut().push((name, 2));
        });
    }
    assert_eq!(*done.borrow(), []);
    settle().await;
    assert_eq!(*done.borrow(), [("one", 1), ("two", 1), ("one", 2), ("two", 2)]);
}

#[wasm_bindgen_test]
async fn what_settles_at_once_as_no_promise_does_is_awaited_too() {
    let at_once = |how: &str| {
        let then = Function::new_with_args("resolve, reject", how);
        JsValue::from(object(&[("then", then.into())])).unchecked_into::<js::Promise>()
    };
    assert_eq!(settled(&at_once("resolve(7)")).await, Ok(7.into()));
    assert_eq!(settled(&at_once("reject(7)")).await, Err(7.into()));
}

/// A host that keeps what it is told.
fn host() -> (Host, js_sys::Array) {
    let events = js_sys::Array::new();
    let emit = Function::new_with_args("kind, detail", "this.events.push([kind, detail])");
    let own = Function::new_with_args("request", "this.events.push(['own', request.url])");
    let read = "return response.json().catch(() => undefined)";
    let read = Function::new_with_args("response", read);
    let host = object(&[
        ("events", events.clone().into()),
        ("emit", emit.into()),
        ("own", own.into()),
        ("readJson", read.into()),
    ]);
    (JsValue::from(host).unchecked_into(), events)
}

async fn get_json(url: &str, target: Target) -> (Result<JsValue, ErrorCode>, js_sys::Array) {
    let (host, events) = host();
    let abort = AbortController::new().unwrap();
    let (host, limit) = (&host, Millis(5000));
    let exchange = Exchange { host, flow: "f1", target, limit, abort, proof: None };
    let body = match target {
        Target::Token => Body::Form(Secret::new("code=secret")),
        _ => Body::None,
    };
    let answer = exchange.send(url, &body).await;
    let unreachable = ErrorCode::ProviderUnreachable;
    let json = answer.map_err(|error| error.code).and_then(|it| it.good().ok_or(unreachable));
    (json, events)
}

#[wasm_bindgen_test]
async fn an_answer_is_json_or_the_provider_is_unreachable() {
    let (answer, events) = get_json("data:application/json,{\"a\":1}", Target::Metadata).await;
    assert_eq!(get(&answer.unwrap(), "a").as_f64(), Some(1.0));
    // The request is marked as the SDK's own before it leaves, and reported afterwards.
    let kinds: Vec<_> = events.iter().map(|event| get(&event, "0").as_string().unwrap()).collect();
    assert_eq!(kinds, ["own", "request"]);
    let (answer, _) = get_json("data:text/html,<p>", Target::Jwks).await;
    assert_eq!(answer, Err(ErrorCode::ProviderUnreachable));
    let (answer, _) = get_json("http://localhost:1/", Target::Token).await;
    assert_eq!(answer, Err(ErrorCode::ProviderUnreachable));
}

#[wasm_bindgen_test]
async fn the_request_event_has_no_query_and_no_body() {
    let (_, events) = get_json("http://localhost:1/token?a=secret", Target::Token).await;
    let reported = events.iter().find(|event| get(event, "0").as_string().unwrap() == "request");
    let printed = js_sys::JSON::stringify(&reported.unwrap()).unwrap().as_string().unwrap();
    assert!(printed.contains("http://localhost:1/token"), "{printed}");
    assert!(!printed.contains("secret"), "{printed}");
}

#[wasm_bindgen_test]
fn the_apps_own_error_keeps_its_code_only_if_it_is_a_step_up_error() {
    let error = |name: &str, code: &str| {
        let thrown = object(&[("name", name.into()), ("code", code.into())]);
        own_error(&thrown, ErrorCode::AuthenticateFailed, "").code
    };
    assert_eq!(error("StepUpError", "cancelled"), ErrorCode::Cancelled);
    assert_eq!(error("StepUpError", "nonsense"), ErrorCode::AuthenticateFailed);
    assert_eq!(error("Error", "cancelled"), ErrorCode::AuthenticateFailed);
    let undefined = own_error(&JsValue::UNDEFINED, ErrorCode::AuthenticateFailed, "");
    assert_eq!(undefined.code, ErrorCode::AuthenticateFailed);
}

#[wasm_bindgen_test]
fn challenges_are_listed_as_plain_objects() {
    let list = client::parse_challenges("Basic YWJj, Bearer __proto__=x, error=e").unwrap();
    let printed = js_sys::JSON::stringify(&list).unwrap().as_string().unwrap();
    assert!(printed.contains(r#"{"scheme":"Basic","token68":"YWJj"}"#), "{printed}");
    // A parameter of this name sets no prototype; it is left out.
    assert!(printed.contains(r#""params":{"error":"e"}"#), "{printed}");
    let polluted = object(&[]);
    assert!(get(&polluted, "x").is_undefined());
    let refused = client::parse_challenges(&"x".repeat(1 << 20)).unwrap_err();
    assert_eq!(get(&refused, "code").as_string().as_deref(), Some("challenge_rejected"));
    let printed = thrown(&Error::from(ErrorCode::Cancelled));
    assert_eq!(get(&printed, "code").as_string().as_deref(), Some("cancelled"));
}
