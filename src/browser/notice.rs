//! The core's notices as events for the app's listeners.

use super::dom::assign;
use super::host::{Host, object};
use super::js::parse_json;
use crate::protocol::border::Export;
use crate::protocol::coordinator::{Notice, Outcome, WaiterId};
use crate::protocol::encode::concat;
use crate::protocol::flow::FlowId;
use crate::protocol::method::Method;
use crate::protocol::requirement::Requirement;
use wasm_bindgen::prelude::*;

/// The name of a step-up in events.
pub fn flow_name(flow: Option<FlowId>) -> String {
    flow.map_or_else(String::new, |flow| concat(&["f", &flow.0.to_string()]))
}

fn waiter_name(waiter: WaiterId) -> JsValue {
    concat(&["r", &waiter.0.to_string()]).into()
}

fn text(value: Option<String>) -> JsValue {
    value.map_or(JsValue::UNDEFINED, JsValue::from)
}

/// A value as an ordinary JavaScript object.
pub fn plain(value: &impl Export) -> JsValue {
    value.export()
}

/// A requirement as the app has it: its details and claims as they are, not as text.
pub fn demanded(requirement: &Requirement) -> JsValue {
    let demanded = plain(requirement);
    for (name, text) in [
        ("authorizationDetails", requirement.authorization_details.text()),
        ("claims", requirement.claims.text()),
    ] {
        if let Some(text) = text {
            let value = parse_json(text).unwrap_or(JsValue::UNDEFINED);
            assign(demanded.unchecked_ref(), &object(&[(name, value)]));
        }
    }
    demanded
}

/// Tells the app's listeners.
pub fn tell(host: &Host, notice: Notice) {
    match notice {
        Notice::Challenge { flow, waiter, tag, method, url, status, requirement } => host.emit(
            "challenge",
            &object(&[
                ("flow", flow_name(flow).into()),
                ("request", waiter_name(waiter)),
                ("tag", text(tag)),
                ("method", method.into()),
                ("url", url.into()),
                ("status", status.into()),
                ("requirement", demanded(&requirement)),
            ]),
        ),
        Notice::Demand { flow, waiter, tag, method, url, requirement, by } => host.emit(
            "demand",
            &object(&[
                ("flow", flow_name(flow).into()),
                ("request", waiter_name(waiter)),
                ("tag", text(tag)),
                ("method", method.into()),
                ("url", url.into()),
                ("requirement", demanded(&requirement)),
                ("by", plain(&by)),
            ]),
        ),
        Notice::Prompt { flow, method, button, reason } => host.emit(
            "prompt",
            &object(&[
                ("flow", flow_name(Some(flow)).into()),
                ("method", method.map_or("authenticate", Method::name).into()),
                (
                    "shown",
                    match method {
                        _ if button => "button",
                        Some(Method::Passkey) => "dialog",
                        Some(Method::Redirect) => "page",
                        _ => "window",
                    }
                    .into(),
                ),
                ("reason", text(reason)),
            ]),
        ),
        Notice::Authenticated { flow, assurance } => {
            let proved = plain(&assurance);
            let detail = object(&[("flow", flow_name(Some(flow)).into())]);
            host.emit("authenticated", &assign(&detail, &proved));
        }
        Notice::Retry { flow, waiter, tag, method, url } => host.emit(
            "retry",
            &object(&[
                ("flow", flow_name(flow).into()),
                ("request", waiter_name(waiter)),
                ("tag", text(tag)),
                ("method", method.into()),
                ("url", url.into()),
            ]),
        ),
        Notice::Settled { flow, waiter, tag, outcome } => {
            let (kind, status, code) = match outcome {
                Outcome::Response(status) => ("response", status, None),
                Outcome::Assurance => ("assurance", None, None),
                Outcome::Error(code) => ("error", None, Some(code.code())),
                Outcome::Aborted => ("error", None, Some("aborted")),
            };
            host.emit(
                "settled",
                &object(&[
                    ("flow", flow_name(flow).into()),
                    ("request", waiter_name(waiter)),
                    ("tag", text(tag)),
                    ("outcome", kind.into()),
                    ("status", status.map_or(JsValue::UNDEFINED, JsValue::from)),
                    ("code", code.map_or(JsValue::UNDEFINED, JsValue::from)),
                ]),
            );
        }
    }
}
