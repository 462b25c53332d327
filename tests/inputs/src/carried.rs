//! The JSON body of a challenge that carries options for a passkey, or of a passkey endpoint's answer.

use crate::page::{API, Page, call, config, with_backend};
use crate::response::values;
use crate::unique::Pairs;
use serde_json::{Value, json};
use stepup::protocol::assertion::Offer;
use stepup::protocol::backend::Told;
use stepup::protocol::coordinator::{Event, WaiterId};
use stepup::protocol::error::ErrorCode;
use stepup::protocol::first_party::{ChallengeAnswer, Next};
use stepup::protocol::flow::{FlowEvent, Target};
use stepup::protocol::json::{read, write};
use stepup::protocol::requirement::{Requirement, Scope};
use stepup::protocol::secret::Secret;
use stepup::protocol::token::TokenAnswer;

/// What `carried.js` reads at most.
const LONGEST: usize = 65_536;
const TOKEN: &str = "https://login.example/passkey";
const VERIFY: &str = "https://app.example/verify";

/// A body.
pub fn carried(body: &[u8]) {
    if body.len() > LONGEST {
        return;
    }
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return };
    if json.is_object() {
        answers(&json.to_string(), &json);
    }
    let Some(offer) = offer_in(&json["passkey"]) else { return };
    through_endpoints(&offer);
    through_backend(&offer);
    from_elsewhere(&offer);
}

/// As the browser's half of the product takes it out of a body.
fn offer_in(json: &Value) -> Option<Offer> {
    let bare = json["challenge"].is_string();
    let public_key = if bare { json } else { &json["publicKey"] };
    let object = public_key.is_object() || public_key.is_array();
    let auth_session = json["auth_session"].as_str().map(Secret::new);
    object.then(|| Offer { public_key: public_key.to_string(), auth_session })
}

fn challenged(offer: &Offer, api: &str) -> Event {
    let requirement = Requirement { scope: Scope::parse("pay"), ..Requirement::default() };
    Event::Challenged {
        waiter: WaiterId(1),
        call: call(&[api, "/transfers"].concat()),
        status: 401,
        requirement,
        sent_with: None,
        offer: Some(offer.clone()),
    }
}

/// Goes as far as the authenticator, which gets what was carried, and answers with the same.
fn asks(page: &mut Page, offer: &Offer) {
    page.on(challenged(offer, API));
    page.gathers();
    assert_eq!(page.asserted(), [offer.public_key.as_str()], "not what was carried");
    page.flow(FlowEvent::Asserted(Ok(Secret::new(offer.public_key.as_str()))));
}

/// The answer goes to the endpoint that is configured, as a form in which each name occurs once.
fn through_endpoints(offer: &Offer) {
    let server = json!({ "kind": "endpoints", "token": TOKEN, "nonce": true });
    let changes = [("methods", json!(["passkey"])), ("passkey", json!({ "server": server }))];
    let mut page = Page::new(config(&changes));
    asks(&mut page, offer);
    let posted = page.posted(Target::PasskeyToken);
    let [(endpoint, body)] = posted.as_slice() else { panic!("{} posts", posted.len()) };
    assert_eq!(*endpoint, TOKEN);
    assert_eq!(values(body, "credential"), [offer.public_key.as_str()], "{body}");
    let session: Vec<_> = offer.auth_session.iter().map(Secret::expose).collect();
    assert_eq!(values(body, "auth_session"), session, "{body}");
    assert_eq!(values(body, "nonce"), ["n1"]);
    assert_eq!(values(body, "client_id"), ["spa"]);
    assert_eq!(values(body, "scope"), ["openid pay"]);
    assert_eq!(body.split('&').count(), 4 + session.len(), "{body}");
}

/// A backend gets JSON in which each name occurs once, and nothing that was carried becomes another.
fn through_backend(offer: &Offer) {
    let server = json!({ "kind": "backend", "verify": VERIFY });
    let changes = [("methods", json!(["passkey"])), ("passkey", json!({ "server": server }))];
    let mut page = Page::new(with_backend(&changes));
    asks(&mut page, offer);
    let posted = page.posted(Target::PasskeyToken);
    let [(endpoint, body)] = posted.as_slice() else { panic!("{} posts", posted.len()) };
    assert_eq!(*endpoint, VERIFY);
    let members = Pairs::read(body.as_bytes()).expect("it is JSON");
    assert!(members.are_unique(), "{body}");
    let credential: Value = serde_json::from_str(&offer.public_key).expect("it came as JSON");
    assert_eq!(members.get("credential"), Some(&credential), "{body}");
    assert_eq!(members.text("auth_session"), offer.auth_session.as_ref().map(Secret::expose));
    assert_eq!(members.text("scope"), Some("pay"));
    assert_eq!(members.0.len(), 2 + usize::from(offer.auth_session.is_some()), "{body}");
}

/// An API that is no passkey server carries nothing.
fn from_elsewhere(offer: &Offer) {
    let server = json!({ "kind": "endpoints", "token": TOKEN, "nonce": true });
    let mut page = Page::new(config(&[
        ("methods", json!(["passkey", "redirect"])),
        ("passkey", json!({ "server": server })),
    ]));
    page.on(challenged(offer, "https://other.example"));
    page.gathers();
    assert!(page.asserted().is_empty(), "another API's options were believed");
}

/// The same body as an endpoint's answer: a code or tokens only where there is no error beside them.
fn answers(body: &str, json: &Value) {
    if let Some(answer) = read::<ChallengeAnswer>(body) {
        let public_key = offer_in(json).map(|offer| offer.public_key);
        let answer = ChallengeAnswer { public_key: public_key.clone(), ..answer };
        let error = json["error"].as_str();
        match answer.next(Some(&Secret::new("last"))) {
            Ok(Next::Exchange(code)) => {
                assert_eq!(
                    (Some(code.expose()), error),
                    (json["authorization_code"].as_str(), None)
                );
                assert!(!code.expose().is_empty());
            }
            Ok(Next::Assert(offer)) => {
                assert_eq!(error, Some("insufficient_authorization"));
                assert_eq!(Some(offer.public_key), public_key);
                let session = json["auth_session"].as_str().unwrap_or("last");
                assert_eq!(offer.auth_session.as_ref().map(Secret::expose), Some(session));
            }
            Ok(Next::Web(_) | Next::Restart) => assert!(error.is_some()),
            Err(error) => is_short(&error.detail, error.code),
        }
    }
    if let Some(answer) = read::<TokenAnswer>(body) {
        match answer.tokens(&Scope::parse("pay"), None) {
            Ok(tokens) => {
                assert!(json["error"].is_null());
                assert_eq!(Some(tokens.access_token.expose()), json["access_token"].as_str());
                assert!(!tokens.access_token.expose().is_empty());
                assert!(tokens.lifetime.0 <= 10 * 365 * 86_400);
                let kind = json["token_type"].as_str().unwrap_or_default();
                assert!(kind.eq_ignore_ascii_case("bearer"), "{kind}");
            }
            Err(error) => is_short(&error.detail, error.code),
        }
    }
    if let Some(told) = read::<Told>(body) {
        let text = write(&told);
        assert_eq!(read::<Told>(&text), Some(told), "{text}");
    }
}

fn is_short(detail: &str, code: ErrorCode) {
    assert!(detail.len() <= 64 && detail.is_ascii(), "{code:?}: {detail}");
}
