//! What the order promises, for any requirements and answers.

use super::*;
use proptest::prelude::*;

fn requirement() -> impl Strategy<Value = Requirement> {
    let acr = prop::sample::select(vec!["AL1", "AL2", "urn:p:3", "AL4", "urn:x", "phr"]);
    let acr = prop::collection::vec(acr, 0..3);
    let scope = prop::sample::select(vec!["", "a", "b", "a b"]);
    let max_age = prop::option::of(prop::sample::select(vec![0, 60, 900, 9000]));
    (acr, max_age, scope, any::<bool>(), 0..3_usize).prop_map(
        |(acr, max_age, scope, phishing_resistant, order)| {
            let levels = [timed(), Levels::default(), marked()].into_iter().nth(order);
            Requirement {
                acr_values: all(&acr),
                max_age: max_age.map(Seconds),
                scope: Scope::parse(scope),
                phishing_resistant,
                levels: levels.unwrap_or_default(),
                ..Requirement::default()
            }
        },
    )
}

fn answer() -> impl Strategy<Value = Claims> {
    let acr = vec!["urn:p:1", "urn:p:2", "urn:p:3", "urn:p:4", "AL2", "AL4", "urn:x", "phr", "0"];
    let acr = prop::collection::vec(prop::sample::select(acr), 0..2);
    let amr = prop::sample::subsequence(vec!["pop", "user", "hwk"], 0..3);
    let ago = prop::option::of(prop::sample::select(vec![0, 59, 599, 3599, 9999]));
    (acr, amr, ago).prop_map(|(acr, amr, ago)| claims(&acr, &amr, ago))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What covers is never met by an answer that does not meet what is covered.
    #[test]
    fn an_answer_that_meets_a_requirement_meets_what_it_covers(
        one in requirement(), two in requirement(), answer in answer(),
    ) {
        let two = two.in_order(&one.levels);
        if one.covers(&two) && check(&answer, &one, NOW).is_ok() {
            prop_assert_eq!(check(&answer, &two, NOW), Ok(()));
        }
    }

    /// What is merged is met only by what meets both, and covers both.
    #[test]
    fn an_answer_that_meets_both_is_what_a_merged_requirement_asks_for(
        one in requirement(), two in requirement(), answer in answer(),
    ) {
        let two = two.in_order(&one.levels);
        prop_assert_eq!(one.merge(&one), Some(one.clone()));
        if let Some(both) = one.merge(&two) {
            prop_assert!(both.covers(&one) && both.covers(&two), "{both:?}");
            if check(&answer, &both, NOW).is_ok() {
                prop_assert_eq!(check(&answer, &one, NOW), Ok(()));
                prop_assert_eq!(check(&answer, &two, NOW), Ok(()));
            }
        }
    }

    /// A value that is sent is one that is accepted, if the app has no order, or named it.
    #[test]
    fn what_is_asked_for_is_enough_when_it_comes_back(wanted in requirement()) {
        let fresh = |acr: &str| claims(&[acr], &["pop", "user"], Some(0));
        for acr in wanted.as_asked().acr_values {
            prop_assert!(wanted.is_met_by(core::slice::from_ref(&acr), &all(&["pop", "user"])), "{acr}");
            prop_assert_eq!(check(&fresh(&acr), &wanted, NOW), Ok(()));
        }
    }
}
