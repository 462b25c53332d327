//! Orders of levels, and requirements that are read by them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod properties;

use super::*;
use crate::protocol::assurance::{check, still_holds};
use crate::protocol::claims::Claims;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::units::{EpochMillis, EpochSeconds};

fn all(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

fn level(name: &str, acr: &[&str], amr: &[&[&str]]) -> Level {
    Level {
        name: name.to_owned(),
        acr: all(acr),
        amr: amr.iter().map(|methods| all(methods)).collect(),
        max_age: None,
        phishing_resistant: false,
    }
}

/// AL1 to AL4, called as the provider calls them.
fn plain() -> Levels {
    ["AL1", "AL2", "AL3", "AL4"].map(|name| level(name, &[name], &[])).to_vec().into()
}

/// Levels that each have another name at the provider, and a validity time.
fn timed() -> Levels {
    let timed = |name: &str, acr: &str, seconds: Option<u64>| Level {
        max_age: seconds.map(Seconds),
        ..level(name, &[acr], &[])
    };
    vec![
        timed("AL1", "urn:p:1", None),
        timed("AL2", "urn:p:2", Some(3600)),
        timed("AL3", "urn:p:3", Some(600)),
        timed("AL4", "urn:p:4", None),
    ]
    .into()
}

/// The third is one that cannot be phished.
fn marked() -> Levels {
    let mut levels = ["AL1", "AL2", "AL3", "AL4"].map(|name| level(name, &[name], &[])).to_vec();
    levels[2].phishing_resistant = true;
    levels.into()
}

fn wants(levels: &Levels, acr: &[&str]) -> Requirement {
    Requirement { acr_values: all(acr), ..Requirement::default() }.in_order(levels)
}

fn within(levels: &Levels, acr: &[&str], seconds: u64) -> Requirement {
    Requirement { max_age: Some(Seconds(seconds)), ..wants(levels, acr) }
}

fn resistant(levels: &Levels, acr: &[&str]) -> Requirement {
    Requirement { phishing_resistant: true, ..wants(levels, acr) }
}

/// An ID token by which the user authenticated so many seconds ago.
fn claims(acr: &[&str], amr: &[&str], ago: Option<i64>) -> Claims {
    Claims {
        iss: "https://login.example".into(),
        sub: "alice".into(),
        acr: all(acr),
        amr: all(amr),
        auth_time: ago.map(|ago| 1_800_000_000 - ago),
        iat: EpochSeconds(1_800_000_000),
        exp: EpochSeconds(1_800_000_300),
    }
}

const NOW: EpochSeconds = EpochSeconds(1_800_000_000);

fn code(claims: &Claims, requirement: &Requirement) -> Result<(), ErrorCode> {
    check(claims, requirement, NOW).map_err(|error| error.code)
}

const NOT_MET: Result<(), ErrorCode> = Err(ErrorCode::AssuranceNotMet);

#[test]
fn t04_a_higher_level_is_enough_and_a_lower_one_is_not() {
    let levels = plain();
    for (proved, wanted, met) in [
        ("AL3", "AL3", true),
        ("AL4", "AL3", true),
        ("AL2", "AL3", false),
        ("al4", "AL3", false),
        ("0", "AL1", false),
        ("AL5", "AL1", false),
    ] {
        let expect = if met { Ok(()) } else { NOT_MET };
        let outcome = code(&claims(&[proved], &[], None), &wants(&levels, &[wanted]));
        assert_eq!(outcome, expect, "{proved} for {wanted}");
    }
    assert_eq!(code(&claims(&[], &[], None), &wants(&levels, &["AL1"])), NOT_MET);
    assert_eq!(code(&claims(&["x", "AL4"], &[], None), &wants(&levels, &["AL3"])), Ok(()));
    // Without the order, the very same values compare exactly.
    let exactly = wants(&Levels::default(), &["AL3"]);
    assert_eq!(code(&claims(&["AL4"], &[], None), &exactly), NOT_MET);
}

#[test]
fn t04_of_several_levels_the_lowest_is_enough_and_what_is_no_level_compares_exactly() {
    let levels = plain();
    let either = wants(&levels, &["AL3", "AL2", "urn:x"]);
    for (proved, met) in [("AL2", true), ("AL4", true), ("urn:x", true), ("AL1", false)] {
        assert_eq!(code(&claims(&[proved], &[], None), &either).is_ok(), met, "{proved}");
    }
    let foreign = wants(&levels, &["urn:x"]);
    assert_eq!(code(&claims(&["AL4"], &[], None), &foreign), NOT_MET);
}

#[test]
fn t04_a_level_is_called_by_its_name_and_proved_by_the_providers_values() {
    let levels = timed();
    let al3 = wants(&levels, &["AL3"]);
    assert_eq!(al3.as_asked().acr_values, ["urn:p:3"]);
    assert_eq!(code(&claims(&["urn:p:3"], &[], Some(5)), &al3), Ok(()));
    assert_eq!(code(&claims(&["urn:p:4"], &[], Some(5)), &al3), Ok(()));
    // The name is the app's own: a provider that says it says nothing.
    assert_eq!(code(&claims(&["AL3"], &[], Some(5)), &al3), NOT_MET);
    // A challenge that names the provider's value means the level, and is repeated as it is.
    let by_value = wants(&levels, &["urn:p:3"]);
    assert_eq!(by_value.as_asked().acr_values, ["urn:p:3"]);
    assert_eq!(code(&claims(&["urn:p:4"], &[], Some(5)), &by_value), Ok(()));
    let several: Levels = vec![level("mfa", &["urn:a", "urn:b"], &[])].into();
    assert_eq!(wants(&several, &["mfa"]).as_asked().acr_values, ["urn:a", "urn:b"]);
    assert_eq!(wants(&several, &["urn:b", "mfa"]).as_asked().acr_values, ["urn:b", "urn:a"]);
}

#[test]
fn t04_where_the_provider_tells_no_acr_all_methods_of_one_list_prove_a_level() {
    let levels: Levels = vec![
        level("pwd", &[], &[&["pwd"]]),
        level("mfa", &["urn:mfa"], &[&["mfa"], &["pwd", "otp"]]),
    ]
    .into();
    let mfa = wants(&levels, &["mfa"]);
    assert_eq!(mfa.as_asked().acr_values, ["urn:mfa"]);
    for (acr, amr, met) in [
        (&[][..], &["mfa"][..], true),
        (&[], &["otp", "pwd"], true),
        (&[], &["pwd"], false),
        (&[], &["otp"], false),
        (&[], &["MFA"], false),
        (&[], &[], false),
        (&["urn:mfa"], &[], true),
        // It does tell one: that counts, whatever methods there were.
        (&["urn:other"], &["mfa"], false),
        (&["0"], &["mfa"], false),
    ] {
        assert_eq!(code(&claims(acr, amr, None), &mfa).is_ok(), met, "{acr:?} {amr:?}");
    }
    assert!(wants(&levels, &["pwd"]).as_asked().acr_values.is_empty());
}

#[test]
fn t05_a_level_holds_for_its_time() {
    let levels = timed();
    let al3 = wants(&levels, &["AL3"]);
    assert_eq!(al3.as_asked().max_age, Some(Seconds(600)));
    assert_eq!(within(&levels, &["AL3"], 60).within(), Some(Seconds(60)));
    assert_eq!(within(&levels, &["AL3"], 900).within(), Some(Seconds(600)));
    assert_eq!(wants(&levels, &["AL1"]).within(), None);
    let stale = Err(ErrorCode::AssuranceStale);
    assert_eq!(code(&claims(&["urn:p:3"], &[], Some(605)), &al3), Ok(()));
    assert_eq!(code(&claims(&["urn:p:3"], &[], Some(606)), &al3), stale);
    let unverifiable = Err(ErrorCode::AssuranceUnverifiable);
    assert_eq!(code(&claims(&["urn:p:3"], &[], None), &al3), unverifiable);
    // What has ceased to be a third level is a second one still.
    let received = EpochMillis(NOW.0 * 1000);
    let held = claims(&["urn:p:3"], &[], Some(100));
    let holds = |acr: &str, seconds: u64| {
        let now = received.plus(Seconds(seconds).millis());
        still_holds(&held, received, &wants(&levels, &[acr]), now)
    };
    assert!(holds("AL3", 499) && !holds("AL3", 500));
    assert!(holds("AL2", 3499) && !holds("AL2", 3500));
    assert!(holds("AL1", 99_999));
}

#[test]
fn a_level_holds_no_longer_than_those_below_it() {
    let levels = timed();
    let al4 = levels.rank_of("AL4");
    assert_eq!(al4.and_then(|rank| levels.at(rank)).and_then(|it| it.max_age), Some(Seconds(600)));
    let at = |seconds| levels.holding(al4, Some(Seconds(seconds).millis()));
    assert_eq!(at(599), levels.rank_of("AL4"));
    assert_eq!(at(600), levels.rank_of("AL2"));
    assert_eq!(at(3600), levels.rank_of("AL1"));
    assert_eq!(levels.holding(al4, None), levels.rank_of("AL1"));
    assert_eq!(levels.holding(None, None), None);
}

#[test]
fn what_cannot_be_phished_is_told_by_acr_or_level_or_methods() {
    let (none, marked) = (Levels::default(), marked());
    for (acr, amr, met) in [
        (&["phr"][..], &[][..], true),
        (&["phrh"], &[], true),
        (&["AL1", "phr"], &[], true),
        (&["PHR"], &[], false),
        (&["AL1"], &["phr"], true),
        (&[], &["pop", "user"], true),
        (&["AL1"], &["user", "pop", "mfa"], true),
        (&["0"], &["pop", "user"], false),
        (&["0"], &["phr"], false),
        (&[], &["pop"], false),
        (&[], &["hwk"], false),
        (&[], &["hwk", "user"], false),
        (&[], &["swk", "user"], false),
        (&[], &["user"], false),
        (&[], &["sc", "pin", "mfa"], false),
        (&[], &[], false),
    ] {
        let answer = claims(acr, amr, None);
        assert_eq!(code(&answer, &resistant(&none, &[])).is_ok(), met, "{acr:?} {amr:?}");
    }
    for (acr, met) in [("AL2", false), ("AL3", true), ("AL4", true)] {
        let answer = claims(&[acr], &[], None);
        assert_eq!(code(&answer, &resistant(&marked, &[])).is_ok(), met, "{acr}");
        assert_eq!(code(&answer, &resistant(&none, &[])), NOT_MET, "{acr}");
    }
    // It is a demand of its own: the level must be met as well.
    let both = resistant(&marked, &["AL4"]);
    assert_eq!(code(&claims(&["AL3"], &[], None), &both), NOT_MET);
    assert_eq!(code(&claims(&["phr"], &[], None), &both), NOT_MET);
    let low = resistant(&marked, &["AL2"]);
    assert_eq!(code(&claims(&["AL2"], &[], None), &low), NOT_MET);
    assert_eq!(code(&claims(&["AL2"], &["pop", "user"], None), &low), Ok(()));
}

#[test]
fn what_cannot_be_phished_is_asked_for_in_the_providers_words() {
    let (none, marked) = (Levels::default(), marked());
    for (levels, acr, asked) in [
        (&none, &[][..], &["phr"][..]),
        (&none, &["urn:x"], &["urn:x"]),
        (&marked, &[], &["AL3"]),
        (&marked, &["AL2"], &["AL3"]),
        (&marked, &["AL4"], &["AL4"]),
        (&marked, &["urn:x"], &["urn:x"]),
        (&plain(), &["AL2"], &["AL2"]),
    ] {
        assert_eq!(resistant(levels, acr).as_asked().acr_values, asked, "{acr:?}");
        assert_eq!(wants(levels, acr).as_asked().acr_values, acr, "{acr:?}");
    }
    // A value of that very level is high enough.
    let mut two = level("AL3", &["urn:a", "urn:b"], &[]);
    two.phishing_resistant = true;
    let levels = vec![two].into();
    assert_eq!(resistant(&levels, &["urn:b"]).as_asked().acr_values, ["urn:b"]);
}

#[test]
fn a_requirement_covers_and_merges_by_the_order() {
    let levels = timed();
    let wants = |acr: &[&str]| super::tests::wants(&levels, acr);
    for (ours, theirs, covered) in [
        (wants(&["AL4"]), wants(&["AL2"]), true),
        (wants(&["AL2"]), wants(&["AL4"]), false),
        (wants(&["AL3"]), wants(&["urn:p:2"]), true),
        (wants(&["AL2", "AL4"]), wants(&["AL3"]), false),
        (wants(&["AL3"]), wants(&["AL3", "urn:x"]), true),
        (wants(&["AL4", "urn:x"]), wants(&["AL3"]), false),
        (wants(&["urn:x"]), wants(&["AL1", "urn:x"]), true),
        (wants(&["AL4"]), wants(&["urn:x"]), false),
        (wants(&["AL4"]), within(&levels, &["AL2"], 600), true),
        (wants(&["AL4"]), within(&levels, &["AL2"], 599), false),
        (resistant(&levels, &["AL3"]), wants(&["AL2"]), true),
        (wants(&["AL3"]), resistant(&levels, &["AL2"]), false),
        (wants(&["phr"]), resistant(&levels, &[]), true),
    ] {
        assert_eq!(ours.covers(&theirs), covered, "{ours:?} covers {theirs:?}");
    }
    for (one, two, both) in [
        (&["AL2"][..], &["AL4"][..], Some(&["AL4"][..])),
        (&["AL2", "AL3"], &["AL3"], Some(&["AL3"])),
        (&["AL3", "urn:x"], &["AL2", "urn:x"], Some(&["AL3", "urn:x"])),
        (&["AL3", "urn:x"], &["urn:x"], Some(&["urn:x"])),
        (&["AL3"], &["urn:p:3"], Some(&["AL3"])),
        (&["AL3", "AL4"], &["AL4"], Some(&["AL4"])),
        (&["AL4"], &["urn:x"], None),
        (&[], &["AL4"], Some(&["AL4"])),
        (&["urn:x"], &[], Some(&["urn:x"])),
        (&[], &[], Some(&[])),
    ] {
        let merged = wants(one).merge(&wants(two)).map(|merged| merged.acr_values);
        assert_eq!(merged, both.map(all), "{one:?} and {two:?}");
    }
    // A time that came with a level is demanded also where the level is no alternative any more.
    let left = wants(&["urn:x", "AL2"]).merge(&wants(&["urn:x"])).unwrap();
    assert_eq!((left.acr_values, left.max_age), (all(&["urn:x"]), Some(Seconds(3600))));
    let marked = marked();
    assert!(super::tests::wants(&marked, &["AL4"]).covers(&resistant(&marked, &["AL1"])));
    let strict = within(&levels, &["AL2"], 60).merge(&resistant(&levels, &["AL4"]));
    let strict = strict.unwrap_or_default();
    assert_eq!((strict.within(), strict.phishing_resistant), (Some(Seconds(60)), true));
}

#[test]
fn what_reaches_a_level_reaches_those_below_it() {
    let marked = marked();
    for (wanted, reached, yes) in [
        (wants(&marked, &["AL2"]), &["AL3"][..], true),
        (wants(&marked, &["AL4"]), &["AL3"], false),
        (wants(&marked, &["AL4", "AL3"]), &["AL3"], true),
        (wants(&marked, &[]), &["AL3"], true),
        (wants(&marked, &["urn:x"]), &["AL4"], false),
        (wants(&marked, &["urn:x"]), &["urn:x"], true),
        (resistant(&marked, &[]), &["AL2"], false),
        (resistant(&marked, &["AL1"]), &["AL2"], false),
        (resistant(&marked, &["AL1"]), &["AL4"], true),
        (resistant(&marked, &["urn:x"]), &["AL4"], false),
        (resistant(&Levels::default(), &[]), &["AL2"], true),
    ] {
        assert_eq!(wanted.is_reached_by(&all(reached)), yes, "{wanted:?} by {reached:?}");
    }
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
    let good = level("AL1", &["urn:1"], &[&["pwd"]]);
    for (levels, fine) in [
        (vec![], true),
        (vec![good.clone(), level("AL2", &["AL2"], &[])], true),
        (vec![level("", &["a"], &[])], false),
        (vec![level("AL1", &[], &[])], false),
        (vec![level("AL1", &[], &[&[]])], false),
        (vec![level("AL1", &["0"], &[])], false),
        (vec![level("a b", &["a"], &[])], false),
        (vec![level("a", &["a\"b"], &[])], false),
        (vec![good.clone(), good.clone()], false),
        (vec![good.clone(), level("AL2", &["urn:1"], &[])], false),
        (vec![good.clone(), level("AL2", &["AL1"], &[])], false),
        (vec![good, level("urn:1", &["urn:2"], &[])], false),
    ] {
        let shown = format!("{levels:?}");
        let outcome = Levels::from(levels).check().map_err(|error| error.code);
        let expect = if fine { Ok(()) } else { Err(ErrorCode::ConfigurationInvalid) };
        assert_eq!(outcome, expect, "{shown}");
    }
}
