//! Events and effects in words, for the trace.

use stepup::protocol::coordinator::{Effect, Event};
use stepup::protocol::flow::{FlowEffect, FlowEvent};

/// What a core is told.
pub fn event(event: &Event) -> String {
    match event {
        Event::Challenged { waiter, requirement, sent_with, .. } => {
            format!("challenged {} {requirement:?} sent with {sent_with:?}", waiter.0)
        }
        Event::ChallengedAgain { waiter, requirement, .. } => {
            format!("challenged again {} {requirement:?}", waiter.0)
        }
        Event::Ensured { waiter, requirement, window, .. } => {
            format!("ensured {} {requirement:?} window {window}", waiter.0)
        }
        Event::Resumed { waiter, waiters, .. } => format!("resumed {} {waiters:?}", waiter.0),
        Event::Flow(flow, event) => match event {
            FlowEvent::SecretsDrawn(..) => format!("{}: secrets drawn", flow.0),
            FlowEvent::MetadataRead(Ok(_)) => format!("{}: metadata read", flow.0),
            FlowEvent::SessionRead(Ok(session)) => {
                format!("{}: session read, signed in {}", flow.0, session.signed_in)
            }
            event => format!("{}: {event:?}", flow.0),
        },
        event => format!("{event:?}"),
    }
}

/// What a core wants done.
pub fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Flow(flow, effect) => match effect {
            FlowEffect::Send { target, .. } => format!("{}: send {target:?}", flow.0),
            FlowEffect::Verify { expectation, fresh_keys, .. } => {
                format!("{}: verify {:?} fresh {fresh_keys}", flow.0, expectation.source)
            }
            FlowEffect::GoTo { state, .. } => format!("{}: go to, {state}", flow.0),
            FlowEffect::Leave { state, .. } => format!("{}: leave, {state}", flow.0),
            FlowEffect::Save(pending) => format!("{}: save {}", flow.0, pending.state()),
            effect => format!("{}: {effect:?}", flow.0),
        },
        Effect::Save { flow, saved, waiters } => {
            format!("{}: save {} with {waiters:?}", flow.0, saved.state())
        }
        Effect::Retry { waiter, .. } => format!("retry {}", waiter.0),
        Effect::Settle { waiter, .. } => format!("settle {}", waiter.0),
        Effect::Reject { waiter, error } => format!("reject {} {error}", waiter.0),
        Effect::Publish(all) => {
            let serials = all.iter().map(|one| one.as_ref().map(|one| one.serial.0));
            format!("publish {:?}", serials.collect::<Vec<_>>())
        }
        Effect::Notice(notice) => {
            let notice = format!("{notice:?}");
            notice.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
        }
        effect => format!("{effect:?}"),
    }
}
