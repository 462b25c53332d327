//! What was to be reached, and whether it was.

use serde_json::{Value, json};

/// Requests of a step-up whose options came with the challenge.
const CARRIED: f64 = 3.0;
/// Requests of one that a rule asked for, with prepared options.
const PREPARED: f64 = 2.0;
/// From the challenge to the prompt, in milliseconds.
const WARM: f64 = 10.0;
const COLD: f64 = 60.0;

/// Judges the contenders of one engine, as far as they were measured.
pub fn goals(contenders: &Value) -> Vec<Value> {
    let mut goals = Vec::new();
    let number = |name: &str, when: &str, what: &str| contenders[name][when][what].as_f64();
    let fewest = [
        ("stepup, carried", "with options carried in the challenge", CARRIED),
        ("stepup, carried, preloaded", "with options carried, after preload()", CARRIED),
        ("stepup, rule, prepared", "by a rule with prepared options", PREPARED),
        ("stepup, backend, rule, prepared", "by a rule with prepared options, backend", PREPARED),
    ];
    for (name, how, most) in fewest {
        for when in ["cold", "warm"] {
            let Some(requests) = number(name, when, "requests") else { continue };
            let title = format!("requests {how}, {when}");
            let met = requests <= most;
            goals.push(goal(&title, &format!("{most}"), &format!("{requests}"), met));
        }
    }
    let prompts = [("passkey", "challengeToPromptMs"), ("window", "challengeToWindowMs")];
    for (way, what) in prompts {
        for (when, limit) in [("warm", WARM), ("cold", COLD)] {
            let Some((slowest, name)) = slowest(contenders, when, what) else { continue };
            let title = format!("challenge to {way}, {when}");
            let measured = format!("{slowest} ms ({name})");
            goals.push(goal(&title, &format!("{limit} ms"), &measured, slowest <= limit));
        }
    }
    goals.extend(against_each_peer(contenders));
    goals
}

/// One that is to be measured and failed each time.
pub fn given_up(contender: &str) -> Value {
    goal(&format!("{contender}: comes to its end"), "yes", "no", false)
}

fn goal(name: &str, goal: &str, measured: &str, met: bool) -> Value {
    json!({ "name": name, "goal": goal, "measured": measured, "met": met })
}

/// The slowest of this package's own. Where a window is opened, that is the prompt: what follows is the
/// browser's.
fn slowest<'a>(contenders: &'a Value, when: &str, what: &str) -> Option<(f64, &'a str)> {
    let own = contenders.as_object()?.iter().filter(|(name, _)| is_own(name));
    let of_this = own.filter(|(_, it)| (it["way"] == "window") == (what == "challengeToWindowMs"));
    let times = of_this.filter_map(|(name, it)| Some((it[when][what].as_f64()?, name.as_str())));
    times.max_by(|one, other| one.0.total_cmp(&other.0))
}

/// How many round trips a contender waits for. They are whole ones: what is between is the machine's.
fn trips(contender: &Value, when: &str) -> Option<f64> {
    contender[when]["roundTrips"].as_f64()
}

/// Each that is built by hand, against what this package offers at best for the same way of asking.
fn against_each_peer(contenders: &Value) -> Vec<Value> {
    let all: Vec<_> = contenders.as_object().into_iter().flatten().collect();
    let mut goals = Vec::new();
    for (peer, by_hand) in all.iter().filter(|(name, _)| !is_own(name)) {
        for when in ["cold", "warm"] {
            let rivals =
                all.iter().filter(|(name, it)| is_own(name) && it["way"] == by_hand["way"]);
            let best = rivals
                .filter_map(|(name, it)| Some((trips(it, when)?, name)))
                .min_by(|one, other| one.0.total_cmp(&other.0));
            let Some(((own, name), other)) = best.zip(trips(by_hand, when)) else { continue };
            let title = format!("round trips one after the other, {when}, at best: {peer}");
            let met = own.round() < other.round();
            goals.push(goal(
                &title,
                &format!("fewer than {other}"),
                &format!("{own} ({name})"),
                met,
            ));
        }
    }
    goals
}

/// Each of this package's own beside who does the very same by hand.
pub fn pairs(contenders: &Value) -> Vec<Value> {
    let mut pairs = Vec::new();
    for (name, own) in contenders.as_object().into_iter().flatten() {
        let Some(peer) = own["peer"].as_str() else { continue };
        for when in ["cold", "warm"] {
            let Some((mine, other)) = trips(own, when).zip(trips(&contenders[peer], when)) else {
                continue;
            };
            pairs.push(json!({
                "contender": name, "peer": peer, "when": when, "roundTrips": mine, "peerRoundTrips": other,
                "fewer": mine.round() < other.round(), "more": mine.round() > other.round(),
            }));
        }
    }
    pairs
}

fn is_own(name: &str) -> bool {
    name.starts_with("stepup")
}

#[cfg(test)]
mod tests {
    use super::{goals, pairs};
    use serde_json::{Value, json};

    fn contender(way: &str, trips: f64, prompt: f64, peer: Option<&str>) -> Value {
        let measured = json!({ "requests": 3, "roundTrips": trips, "challengeToPromptMs": prompt });
        json!({ "way": way, "peer": peer, "cold": measured, "warm": measured })
    }

    #[track_caller]
    fn met(contenders: &Value, name: &str) -> bool {
        let all = goals(contenders);
        let found = all.iter().find(|goal| goal["name"] == name);
        found.unwrap_or_else(|| panic!("{name} in {all:#?}"))["met"].as_bool().unwrap()
    }

    #[test]
    fn the_slowest_counts_for_time_and_the_best_for_round_trips() {
        let contenders = json!({
            "stepup": contender("passkey", 4.6, 12.0, Some("by hand")),
            "stepup, carried": contender("passkey", 3.4, 2.0, Some("by hand")),
            "stepup, window": contender("window", 9.0, 99.0, None),
            "by hand": contender("passkey", 4.1, 1.0, None),
            "by hand, carried": contender("passkey", 3.1, 1.0, None),
        });
        assert!(!met(&contenders, "challenge to passkey, warm"));
        assert!(met(&contenders, "challenge to passkey, cold"));
        assert!(met(&contenders, "round trips one after the other, warm, at best: by hand"));
        let same = "round trips one after the other, cold, at best: by hand, carried";
        assert!(!met(&contenders, same), "a fraction of a round trip is none");
        assert!(met(&contenders, "requests with options carried in the challenge, warm"));
        let fewer = |name: &str| {
            let pairs = pairs(&contenders);
            let pair =
                pairs.iter().find(|pair| pair["contender"] == name && pair["when"] == "warm");
            (pair.unwrap()["fewer"].clone(), pair.unwrap()["more"].clone())
        };
        assert_eq!(fewer("stepup"), (false.into(), true.into()));
        assert_eq!(fewer("stepup, carried"), (true.into(), false.into()));
    }

    #[test]
    fn who_was_not_measured_is_not_judged() {
        assert_eq!(goals(&json!({})), Vec::<Value>::new());
        let contenders = json!({
            "stepup": contender("passkey", 4.0, 1.0, Some("by hand")),
            "by hand, window": contender("window", 9.0, 1.0, None),
        });
        let all = goals(&contenders);
        assert!(all.iter().all(|goal| goal["name"].as_str().unwrap().starts_with("challenge")));
        assert_eq!(pairs(&contenders), Vec::<Value>::new());
    }
}
