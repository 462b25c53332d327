//! The record of a step-up for which the page was left, and the query that its user comes back with.

use crate::page::{NOW, Page, config, with_backend};
use crate::response::values;
use serde_json::Value;
use std::collections::BTreeSet;
use stepup::protocol::coordinator::{Effect, Event, Saved, WaiterId};
use stepup::protocol::error::ErrorCode;
use stepup::protocol::flow::{FlowEvent, Target};
use stepup::protocol::json;
use stepup::protocol::origin;

/// A record in JSON, then on a line of its own the query of the callback page.
pub fn pending(bytes: &[u8]) {
    let text = crate::text(bytes);
    let (record, query) = text.split_once('\n').unwrap_or((&text, ""));
    let Some(saved) = json::read::<Saved>(record) else { return };
    let written = json::write(&saved);
    let again: Saved = json::read(&written).expect("it can be read again");
    let rewritten = json::write(&again);
    assert_eq!(rewritten, written, "a record changes when it is restored");
    let written = serde_json::from_str(&written).expect("it is JSON");
    for options in [config(&[]), with_backend(&[])] {
        resumes(Page::new(options), &saved, &written, query);
    }
}

/// Nothing is sent but with the response that this record waits for, and each request once at most.
fn resumes(mut page: Page, saved: &Saved, record: &Value, query: &str) {
    let urls: Vec<_> = record["waiting"].as_array().expect("a list").iter().map(url_of).collect();
    let ids: Vec<_> = (1_u32..).map(WaiterId).take(urls.len()).collect();
    page.on(Event::Resumed {
        waiter: WaiterId(0),
        saved: Box::new(saved.clone()),
        query: query.to_owned().into(),
        // Every third is not to be sent.
        waiters: ids.iter().map(|id| Some(*id).filter(|id| id.0 % 3 > 0)).collect(),
    });
    page.flow(FlowEvent::SessionRead(Ok(<_>::default())));
    let exchanged = page.posted(Target::Token);
    assert!(exchanged.len() <= 1);
    if let Some((endpoint, body)) = exchanged.first() {
        let transaction = &record["step_up"]["visit"]["Provider"];
        let of = |name: &str| values(query, name);
        assert!(saved.until() > NOW, "too late");
        assert_eq!(Some(*endpoint), transaction["metadata"]["token_endpoint"].as_str());
        assert_eq!(transaction["metadata"]["issuer"], "https://login.example");
        assert_eq!(of("state"), [saved.state()], "{query:?}");
        assert_eq!(of("code"), values(body, "code"), "{query:?}");
        assert!(of("error").is_empty());
        let verifier = transaction["secrets"]["verifier"].as_str().expect("a verifier");
        assert_eq!(values(body, "code_verifier"), [verifier]);
    }
    let answer = r#"{"access_token":"t1","token_type":"Bearer"}"#;
    page.flow(FlowEvent::TokenAnswered(Ok(json::read(answer).expect("it is one"))));
    page.on(Event::Interrupted);
    for effect in &page.effects {
        if let Effect::Retry { waiter, access_token, .. } = effect {
            let url = &urls[waiter.0 as usize - 1];
            let apis = ["https://api.example", "https://other.example"];
            assert!(apis.iter().any(|api| origin::matches(url, api, None)), "sent to {url}");
            assert!(saved.until() > NOW, "sent although it is too late");
            // No ID token has vouched for one, and a backend gives none.
            assert!(access_token.is_none(), "sent with a token that nothing vouches for");
            assert_eq!(values(query, "stepup_state"), [saved.state()], "{query:?}");
            assert!(values(query, "error").is_empty(), "{query:?}");
        }
    }
    let wanted = ids.iter().map(|id| id.0).filter(|id| id % 3 > 0);
    assert_eq!(ends(&page, saved.until() <= NOW), wanted.chain([0]).collect());
}

fn url_of(waiting: &Value) -> String {
    waiting["call"]["url"].as_str().expect("a URL").to_owned()
}

/// Whose wait has ended, each once; a request that is sent again waits for nothing else.
fn ends(page: &Page, late: bool) -> BTreeSet<u32> {
    let mut ended = BTreeSet::new();
    for effect in &page.effects {
        let waiter = match effect {
            Effect::Reject { waiter, error } => {
                assert_eq!(error.code == ErrorCode::PendingExpired, late, "{error}");
                waiter
            }
            Effect::Retry { waiter, .. }
            | Effect::Settle { waiter, .. }
            | Effect::GiveBack { waiter } => waiter,
            _ => continue,
        };
        assert!(ended.insert(waiter.0), "{waiter:?} ends twice");
    }
    ended
}
