//! Waiting for a condition, with a deadline and never for a fixed time.

use std::thread;
use std::time::{Duration, Instant};

/// How long a condition may take to become true. Slow machines get more by `E2E_PATIENCE` (seconds).
pub fn patience() -> Duration {
    let seconds = std::env::var("E2E_PATIENCE").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(60))
}

/// Asks again and again until there is an answer; panics with `what` when patience ends.
#[track_caller]
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience();
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        if Instant::now() >= deadline {
            panic!("waited {} s in vain: {what}", patience().as_secs());
        }
        thread::sleep(Duration::from_millis(30));
    }
}

/// Like [`until`], where the condition is all that matters.
#[track_caller]
pub fn until_true(what: &str, mut probe: impl FnMut() -> bool) {
    until(what, || probe().then_some(()));
}
