//! One step-up as the page and the server have seen it.

use e2e::server::Seen;
use serde_json::Value;

use super::contender::Way;

/// What is measured of one step-up. Times are milliseconds.
#[derive(Debug)]
pub struct Run {
    /// The conversation, `role METHOD path status`.
    pub lines: Vec<String>,
    /// Preflights (Fetch Standard §3.2.2), the same way.
    pub preflights: Vec<String>,
    /// Scripts and wasm that were fetched after the click, as paths.
    pub assets: Vec<String>,
    /// From the click to the answer of the transfer.
    pub total: f64,
    /// From the call to the prompt, without the requests between.
    pub call_to_prompt: f64,
    /// From the arrival of the challenge to the prompt, without the requests between.
    pub challenge_to_prompt: Option<f64>,
    /// From the arrival of the challenge to the opening of the window.
    pub challenge_to_window: Option<f64>,
    /// From the user's answer to the request's leaving, without the requests between.
    pub assertion_to_retry: f64,
}

/// A stretch of time.
type Span = (f64, f64);

impl Run {
    /// Reads what the page and the server tell.
    pub fn new(outcome: &Value, log: &[Seen], way: Way) -> Self {
        let at = |value: &Value| value.as_f64().expect("a time");
        let origin = at(&outcome["origin"]);
        let fetches = outcome["fetches"].as_array().expect("a list");
        let url = |fetch: &Value| fetch["url"].as_str().unwrap_or_default().to_owned();
        // The transfer itself, whoever asks first.
        let sent: Vec<&Value> =
            fetches.iter().filter(|it| url(it).ends_with("/transfers")).collect();
        let retry = at(&sent.last().expect("the transfer was sent")["began"]);
        let challenge = sent.iter().find(|it| it["status"] == 401).map(|it| at(&it["ended"]));
        let on_the_wire: Vec<Span> = fetches
            .iter()
            .filter(|it| !is_asset(&url(it)))
            .map(|it| (at(&it["began"]), at(&it["ended"])))
            .collect();
        let began = at(&outcome["began"]);
        let arrived = |path: &str| {
            let seen = log.iter().find(|seen| seen.path.ends_with(path));
            at(&seen.unwrap_or_else(|| panic!("{path} was asked for")).raw["at"]) - origin
        };
        let (prompt, answer) = match way {
            Way::Window => (arrived("/auth"), arrived("/callback.html")),
            _ => (at(&outcome["prompted"]), at(&outcome["asserted"])),
        };
        let own = |from: f64, to: f64| (to - from) - covered(&on_the_wire, from, to);
        let opened = outcome["opened"].as_f64();
        let from_the_page: Vec<&Seen> = log.iter().filter(|it| it.raw["from"] == "page").collect();
        let line = |seen: &&Seen| format!("{} {}", seen.role, seen.line());
        let of = |kind: fn(&Seen) -> bool| from_the_page.iter().copied().filter(move |it| kind(it));
        Self {
            lines: of(|it| !is_preflight(it) && !is_asset(&it.path)).map(|it| line(&it)).collect(),
            preflights: of(is_preflight).map(|it| line(&it)).collect(),
            assets: of(|it| is_asset(&it.path)).map(|it| it.path.clone()).collect(),
            total: at(&outcome["ended"]) - began,
            call_to_prompt: own(began, prompt),
            challenge_to_prompt: challenge.map(|challenge| own(challenge, prompt)),
            challenge_to_window: challenge.zip(opened).map(|(from, to)| own(from, to)),
            assertion_to_retry: own(answer, retry),
        }
    }
}

fn is_preflight(seen: &Seen) -> bool {
    seen.raw["preflight"] == true
}

/// Whether it is a part of the app: a script or a wasm module.
fn is_asset(path: &str) -> bool {
    path.ends_with(".js") || path.ends_with(".wasm")
}

/// How much of a stretch is covered by others, which may overlap.
fn covered(spans: &[Span], from: f64, to: f64) -> f64 {
    let mut spans = spans.to_vec();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut sum, mut reached) = (0.0, from);
    for (began, ended) in spans {
        let (began, ended) = (began.max(reached), ended.min(to));
        if ended > began {
            sum += ended - began;
            reached = ended;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn what_overlaps_is_counted_once() {
        let spans = [(0.0, 2.0), (5.0, 7.0), (6.0, 9.0), (6.5, 6.6), (20.0, 30.0)];
        assert!((covered(&spans, 1.0, 8.0) - 4.0).abs() < f64::EPSILON);
        assert!(covered(&spans, 10.0, 15.0).abs() < f64::EPSILON);
        assert!((covered(&spans, 10.0, 22.0) - 2.0).abs() < f64::EPSILON);
    }
}
