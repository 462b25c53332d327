//! Many runs of one contender, as a few numbers.

use serde_json::{Value, json};

use super::run::Run;

/// What a contender costs: counted and timed on loopback, its round trips by the delay.
pub fn summary(first: &Run, near: &[Run], far: &[Run], delay: u64) -> Value {
    let usual = usual(near);
    // Engines remember the answers for a while: the first visit has them all.
    let all = near.iter().chain(far).chain([first]).map(|run| &run.preflights);
    let preflights = all.max_by_key(|preflights| preflights.len());
    let of = |what: fn(&Run) -> f64| tenths(median(near.iter().map(what).collect()));
    let of_some = |what: fn(&Run) -> Option<f64>| {
        let known: Vec<f64> = near.iter().filter_map(what).collect();
        (!known.is_empty()).then(|| tenths(median(known)))
    };
    let total = |runs: &[Run]| median(runs.iter().map(|run| run.total).collect());
    #[allow(clippy::cast_precision_loss)]
    let round_trips = (total(far) - total(near)) / delay as f64;
    json!({
        "requests": usual.lines.len(),
        "lines": usual.lines,
        "preflights": preflights,
        "assets": usual.assets.len(),
        "assetPaths": usual.assets,
        "roundTrips": tenths(round_trips),
        "challengeToPromptMs": of_some(|run| run.challenge_to_prompt),
        "callToPromptMs": of(|run| run.call_to_prompt),
        "challengeToWindowMs": of_some(|run| run.challenge_to_window),
        "assertionToRetryMs": of(|run| run.assertion_to_retry),
        "runs": { "near": near.len(), "far": far.len() },
    })
}

/// How many runs took the usual time, to a fifth of a round trip. What is counted is the same in each; when
/// enough of them are alike, further ones tell nothing new.
pub fn alike(runs: &[Run], delay: u64) -> usize {
    near_the_middle(runs.iter().map(|run| run.total).collect(), delay)
}

#[allow(clippy::cast_precision_loss)]
fn near_the_middle(totals: Vec<f64>, delay: u64) -> usize {
    let middle = median(totals.clone());
    totals.iter().filter(|total| (**total - middle).abs() <= delay as f64 / 5.0).count()
}

/// The run whose conversation most others have had as well.
fn usual(runs: &[Run]) -> &Run {
    let same =
        |run: &&Run| runs.iter().filter(|other| other.lines.len() == run.lines.len()).count();
    runs.iter().max_by_key(same).expect("there are runs")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 if values.is_empty() => f64::NAN,
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

/// Rounded to one decimal.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::{median, near_the_middle, tenths};

    #[test]
    fn a_median_is_the_middle_one_or_between_the_two() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 9.0]) - 3.0).abs() < f64::EPSILON);
        assert!((tenths(1.25) - 1.3).abs() < f64::EPSILON);
    }

    #[test]
    fn what_lies_apart_is_not_alike() {
        assert_eq!(near_the_middle(vec![], 100), 0);
        assert_eq!(near_the_middle(vec![700.0, 719.0, 721.0], 100), 3);
        assert_eq!(near_the_middle(vec![700.0, 705.0, 800.0], 100), 2);
        assert_eq!(near_the_middle(vec![700.0, 705.0, 800.0, 710.0], 100), 3);
        assert_eq!(near_the_middle(vec![700.0, 730.0], 100), 2);
        assert_eq!(near_the_middle(vec![700.0, 750.0], 100), 0);
    }
}
