//! The window in which the user authenticates, and how its answer comes back.

use super::dom::{self, BroadcastChannel, Window, global};
use super::host::get;
use super::js::{Callback, callback};
use super::timer::Interval;
use crate::protocol::encode::concat;
use wasm_bindgen::prelude::*;

/// How often a window is looked at. `closed` is told by no event.
const LOOK_EVERY_MILLIS: u64 = 400;

/// Opens an empty window, if the browser lets us at this very moment.
///
/// Where it can be known that the user's gesture is over, nothing is tried: a blocked window shows
/// a notice in some browsers. (HTML §6.4, transient activation.)
pub fn open() -> Option<Window> {
    let active = get(&get(&get(&global(), "navigator"), "userActivation"), "isActive");
    if active == JsValue::FALSE {
        return None;
    }
    let features = "popup,width=480,height=720";
    dom::open("", "_blank", features).ok().flatten()
}

/// Navigates a window without leaving the empty page in its history.
pub fn navigate(popup: &Window, url: &str) {
    // A severed window throws; the user is asked then, as for a closed one.
    let _ = popup.location().and_then(|location| location.replace(url));
}

/// Waits for the callback of one state: by broadcast, and by message where that does not arrive.
pub struct Listener {
    channel: BroadcastChannel,
    on_message: Callback,
    _on_broadcast: Callback,
}

impl Listener {
    /// Calls `answered` with the callback's query, each time one comes.
    pub fn new(
        state: &str,
        popup: Window,
        answered: impl Fn(String) + Clone + 'static,
    ) -> Option<Self> {
        let channel = BroadcastChannel::new(&concat(&["stepup:", state])).ok()?;
        let by_broadcast = answered.clone();
        // Only pages of this origin share the channel, and only the callback knows the state.
        let on_broadcast = callback(move |event, _| {
            if let Some(query) = get(&event, "data").as_string() {
                by_broadcast(query);
            }
        });
        channel.set_onmessage(on_broadcast.as_ref());
        let own_origin = get(&get(&global(), "location"), "origin").as_string()?;
        let state = state.to_owned();
        // Origin, then source, then state; everything else is not ours and passes in silence.
        let on_message = callback(move |event, _| {
            let data = get(&event, "data");
            if get(&event, "origin").as_string().is_some_and(|origin| origin == own_origin)
                && dom::is(&get(&event, "source"), &popup)
                && get(&data, "stepup").as_string().is_some_and(|of| of == state)
                && let Some(query) = get(&data, "search").as_string()
            {
                answered(query);
            }
        });
        global().listen("message", on_message.as_ref()).ok()?;
        Some(Self { channel, on_message, _on_broadcast: on_broadcast })
    }

    /// Lets the callback page close its window: it may do so where we may not.
    pub fn dismiss(&self) {
        let _ = self.channel.post_message(&"done".into());
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.channel.set_onmessage(&JsValue::NULL);
        self.channel.close();
        let _ = global().unlisten("message", self.on_message.as_ref());
    }
}

/// Looks whether the window reads as closed, and says so once.
pub fn watch(popup: Window, lost: impl Fn() + 'static) -> Interval {
    let mut told = false;
    Interval::every(LOOK_EVERY_MILLIS, move || {
        if !told && popup.closed().unwrap_or(true) {
            told = true;
            lost();
        }
    })
}
