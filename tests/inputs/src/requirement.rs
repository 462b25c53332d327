//! What must hold for every demand, however it was written.

use stepup::protocol::challenge::step_up::{
    MAX_ACR_VALUES, MAX_MAX_AGE, MAX_SCOPES, MAX_VALUE_LENGTH,
};
use stepup::protocol::json::{read, write};
use stepup::protocol::requirement::Requirement;

/// A demand that a challenge has made: within its bounds, and fit to be sent.
pub fn from_challenge(requirement: &Requirement) {
    assert!(requirement.acr_values.len() <= MAX_ACR_VALUES);
    assert!(requirement.scope.iter().count() <= MAX_SCOPES);
    assert!(requirement.max_age.is_none_or(|age| age.0 <= MAX_MAX_AGE));
    for value in requirement.acr_values.iter().map(String::as_str).chain(requirement.scope.iter()) {
        assert!((1..=MAX_VALUE_LENGTH).contains(&value.len()), "{value:?}");
        assert!(value.bytes().all(|octet| octet.is_ascii_graphic()), "{value:?}");
        assert!(!value.contains(['"', '\\']), "{value:?}");
    }
    let named = requirement.acr_values.iter();
    assert!(named.clone().all(|one| named.clone().filter(|it| *it == one).count() == 1));
    assert_eq!(requirement.clone().checked().as_ref(), Ok(requirement));
    assert!(!requirement.phishing_resistant, "no challenge can say so");
    any(requirement);
}

/// A demand of whatever source.
pub fn any(requirement: &Requirement) {
    let json = write(requirement);
    let again: Requirement = read(&json).expect("what is written can be read again");
    assert_eq!(&again, requirement, "{json}");
    assert!(requirement.covers(requirement), "{requirement:?} does not cover itself");
    assert!(requirement.covers(&Requirement::default()), "{requirement:?}");
    let asked = requirement.as_asked();
    assert_eq!(asked.as_asked(), asked, "what is asked for changes when it is asked for again");
    if requirement.acr_values.iter().all(|acr| !acr.is_empty()) {
        let proved = requirement.acr_values.first().cloned();
        let met = requirement.is_met_by(proved.as_slice(), &["hwk".to_owned()]);
        assert!(met || requirement.phishing_resistant, "{requirement:?} by its own value");
    }
}

/// Two demands, of which one answer is to be enough.
pub fn both(one: &Requirement, two: &Requirement) {
    let Some(merged) = one.merge(two) else { return };
    assert!(merged.covers(one) && merged.covers(two), "{one:?} and {two:?} become {merged:?}");
    any(&merged);
}
