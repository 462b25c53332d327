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
    if let Some(requests) = number("stepup, carried", "warm", "requests") {
        let name = "requests with options carried in the challenge, metadata and keys known";
        goals.push(goal(name, &format!("{CARRIED}"), &format!("{requests}"), requests <= CARRIED));
    }
    for when in ["cold", "warm"] {
        if let Some(requests) = number("stepup, rule, prepared", when, "requests") {
            let name = format!("requests by a rule with prepared options, {when}");
            let met = requests <= PREPARED;
            goals.push(goal(&name, &format!("{PREPARED}"), &format!("{requests}"), met));
        }
    }
    for (when, limit) in [("warm", WARM), ("cold", COLD)] {
        if let Some((slowest, name)) = slowest(contenders, when) {
            let title = format!("challenge to prompt, {when}");
            let measured = format!("{slowest} ms ({name})");
            goals.push(goal(&title, &format!("{limit} ms"), &measured, slowest <= limit));
        }
    }
    goals.extend(pairs(contenders));
    goals
}

fn goal(name: &str, goal: &str, measured: &str, met: bool) -> Value {
    json!({ "name": name, "goal": goal, "measured": measured, "met": met })
}

/// The slowest of this package's own: until the passkey's dialog, or until the window is open.
fn slowest<'a>(contenders: &'a Value, when: &str) -> Option<(f64, &'a str)> {
    let own = contenders.as_object()?.iter().filter(|(name, _)| name.starts_with("stepup"));
    let times = own.filter_map(|(name, contender)| {
        let measured = &contender[when];
        let window = measured["challengeToWindowMs"].as_f64();
        let time = window.or_else(|| measured["challengeToPromptMs"].as_f64())?;
        Some((time, name.as_str()))
    });
    times.max_by(|one, other| one.0.total_cmp(&other.0))
}

/// Each of this package's own beside who does the same by hand. Round trips are whole ones: what is
/// between is the clock's and the machine's.
fn pairs(contenders: &Value) -> Vec<Value> {
    let mut goals = Vec::new();
    for (name, contender) in contenders.as_object().into_iter().flatten() {
        let Some(peer) = contender["peer"].as_str() else { continue };
        for when in ["cold", "warm"] {
            let trips = |of: &Value| of[when]["roundTrips"].as_f64();
            let Some((own, other)) = trips(contender).zip(trips(&contenders[peer])) else { continue };
            let title = format!("round trips one after the other, {when}: {name}");
            let met = own.round() < other.round();
            goals.push(goal(&title, &format!("fewer than {other} ({peer})"), &format!("{own}"), met));
        }
    }
    goals
}

#[cfg(test)]
mod tests {
    use super::goals;
    use serde_json::{Value, json};

    fn contender(trips: f64, prompt: f64, peer: Option<&str>) -> Value {
        let measured = json!({ "requests": 3, "roundTrips": trips, "challengeToPromptMs": prompt });
        json!({ "peer": peer, "cold": measured, "warm": measured })
    }

    #[track_caller]
    fn met(contenders: &Value, name: &str) -> bool {
        let all = goals(contenders);
        let found = all.iter().find(|goal| goal["name"] == name);
        found.unwrap_or_else(|| panic!("{name} in {all:#?}"))["met"].as_bool().unwrap()
    }

    #[test]
    fn the_slowest_counts_and_a_fraction_of_a_round_trip_does_not() {
        let contenders = json!({
            "stepup": contender(3.6, 12.0, Some("by hand")),
            "stepup, carried": contender(3.4, 2.0, Some("by hand")),
            "by hand": contender(4.1, 1.0, None),
        });
        assert!(!met(&contenders, "challenge to prompt, warm"));
        assert!(met(&contenders, "challenge to prompt, cold"));
        assert!(!met(&contenders, "round trips one after the other, warm: stepup"));
        assert!(met(&contenders, "round trips one after the other, warm: stepup, carried"));
        assert!(met(
            &contenders,
            "requests with options carried in the challenge, metadata and keys known"
        ));
    }

    #[test]
    fn who_was_not_measured_is_not_judged() {
        assert_eq!(goals(&json!({})), Vec::<Value>::new());
        let contenders = json!({ "stepup": contender(4.0, 1.0, Some("by hand")) });
        let all = goals(&contenders);
        assert!(all.iter().all(|goal| goal["name"].as_str().unwrap().starts_with("challenge")));
    }
}
